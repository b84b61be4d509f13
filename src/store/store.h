/* What all of store/ has in common: how a row is locked until the end of a transaction, and the limits of what a stranger
 * may write into one. Functions of this folder work on a connection, in a transaction of the caller's where they say so;
 * times are milliseconds since 1970, UTC. */
#pragma once

#include "db/db.h"

enum {
    STORE_MOST_NAME = 255, /* characters of a build's, release's or run's name */
    STORE_MOST_URL = 2048,
};

/* Text that is kept: valid UTF-8 in its composed form (NFC), of 1 to most characters, without control characters. what is
 * what it is called in the message. Returns a copy that the caller frees, or NULL with ERROR_INVALID. */
char *store_check_text(const char *text, size_t most, const char *what, GError **error) MUST_CHECK;

/* Locks a build, so that others who lock it wait, and finds out whether it is there: ERROR_NOT_FOUND. */
bool store_lock_build(Db *db, int64_t build_id, GError **error) MUST_CHECK;

/* The same for any number who share it: only those who lock it wait. */
bool store_share_build(Db *db, int64_t build_id, GError **error) MUST_CHECK;
