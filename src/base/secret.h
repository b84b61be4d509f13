/* Comparing what nobody may guess. Any thread. */
#pragma once

#include <stdbool.h>

/* Whether both are the same text, in a time that tells nothing of where they differ. */
bool secret_equals(const char *a, const char *b);
