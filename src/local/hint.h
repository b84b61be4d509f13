/* "Did you mean ...?" for the names of tests. */
#pragma once

#include "config/suite.h"

#include <glib.h>

/* The names of all tests of a suite, borrowed from it. The caller frees the array. */
GPtrArray *hint_names(const Suite *suite);

/* Words to put behind "there is no test WRITTEN": "; did you mean home@desk or home@phone?" if names begin with it, as
 * those of viewports do, or if one is nearly the same; else "". The caller frees them. Any thread. */
char *hint_for_name(const char *written, const GPtrArray *names);
