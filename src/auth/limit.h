/* How often somebody may do something: so many times a minute, and some at once. Kept in memory, for each server: whoever asks two
 * servers may do twice as much. Any thread. */
#pragma once

#include <stdbool.h>

typedef struct Limit Limit;

/* burst: how many at once, before they are counted by time. */
Limit *limit_new(int per_minute, int burst);
void limit_free(Limit *limit);

/* Whether who is called so may do it now; then it is counted. */
bool limit_allow(Limit *limit, const char *who);

/* Whether he may not, without counting anything. */
bool limit_is_used_up(Limit *limit, const char *who);
