/* "Did you mean ...?" */
#pragma once

#include <stddef.h>

/* Returns the one of n_names known names that is nearest to what was written, or NULL if none is near enough to be
 * meant: at most a third of its letters wrong, '-', '_' and case not counted. Borrowed from names. Any thread. */
const char *suggest_name(const char *written, const char *const *names, size_t n_names);
