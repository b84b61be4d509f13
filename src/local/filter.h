/* Which tests to run: googletest's patterns. */
#pragma once

#include <stdbool.h>

/* Whether a name is meant by a filter: patterns with '*' (anything) and '?' (one character), separated by ':'; behind a
 * '-' those that are not meant. "a*:b*-a1" is all that begin with a or b, but a1. An empty or NULL filter means all. A
 * pattern without '*' and '?' means that very name. Any thread. */
bool filter_matches(const char *filter, const char *name);
