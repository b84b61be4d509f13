/* In which order the tests of a file are run: those first that took longest the last time, so that at the end no
 * processor waits for the one that has just begun with a long one. Any thread. */
#pragma once

#include <glib.h>

/* Returns the indices of tests (of TestCase), as a GArray of unsigned that the caller frees. durations_ms has how long
 * tests took, by name, as gint64; those that are not in it come first. Of equals the first comes first; if it is NULL,
 * all are equal. */
GArray *order_by_duration(const GPtrArray *tests, GHashTable *durations_ms);
