/* The links of an HTML document, as broken as it may be. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>

/* Where a document leads that came from an address: a and area (href), frame and iframe (src), and a refresh by meta.
 * Pages of http and https only, as crawl/address.h writes them, each once, in order of appearance. Links in comments,
 * scripts and the like are none.
 * content_type is the header, "" if there is none. *out_all is false where there are more than can be read. Returns an
 * array of char *, or NULL with ERROR_NO_PROGRAM if libxml2 is not installed. Any thread. */
GPtrArray *links_find(GUri *address, GBytes *document, const char *content_type, bool *out_all,
                      GError **error) MUST_CHECK;
