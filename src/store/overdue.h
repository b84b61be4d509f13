/* Releases that wait in vain: a run that nobody reports any more must not keep the others from being looked at. All in a
 * transaction. */
#pragma once

#include "store/release.h"

/* What of a release waits still has failed, and its tasks are canceled. The release must be locked. */
bool overdue_fail_pending(Db *db, Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* Looks for releases whose deadline has passed. What was processing goes on to reviewing without what is missing. What was
 * receiving, and has got nothing new for as long, is given up: whoever was to end it has gone. Returns how many there were,
 * or -1. */
int64_t overdue_settle(Db *db, int64_t now_ms, GError **error);
