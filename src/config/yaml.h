/* YAML text -> json_t: libyaml reads the syntax, this gives it its meaning. document.c is the caller; see there for
 * what is accepted. */
#pragma once

#include "config/document.h"

/* Returns a new reference to the root, with the place of every value noted in document, or NULL with error. */
json_t *yaml_compose(Document *document, const char *text, size_t size, Place *out_place, GError **error) MUST_CHECK;
