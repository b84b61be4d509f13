/* References of tests that are gone. */
#pragma once

#include "config/suite.h"

/* Words on the pictures below the suite's folder that dpxdt took for tests which are not in the suite any more, or NULL if
 * there are none. Folders with test files of their own, and galleries, are passed over. The caller frees it. */
char *strays_describe(const Suite *suite);
