/* Releases that have been processing for too long: a run that nobody reports any more must not keep the others from being
 * looked at. */
#pragma once

#include "db/db.h"

#include <stdint.h>

/* What waits still of such releases has failed, its tasks are canceled, and the releases go on to reviewing. Returns how many
 * there were, or -1. In a transaction. */
int64_t overdue_settle(Db *db, int64_t now_ms, GError **error);
