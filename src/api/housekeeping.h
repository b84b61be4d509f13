/* What a server does that nobody asks for: once a minute it looks for releases that are overdue (store/overdue.h), and removes
 * sessions that are over. Any number
 * of servers may do so. */
#pragma once

#include "api/api.h"

typedef struct Housekeeping Housekeeping;

/* Starts a thread, which ends soon after api_stop_waiting(). */
Housekeeping *housekeeping_start(Api *api);

/* Waits until it has ended, and frees it. */
void housekeeping_join(Housekeeping *housekeeping);
