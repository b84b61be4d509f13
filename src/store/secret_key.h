/* Which key the configs of a database are encrypted with: all servers on it must have the same. */
#pragma once

#include "blob/seal.h"
#include "store/store.h"

/* Whether one was noted. */
bool secret_key_is_noted(Db *db, bool *out_is, GError **error) MUST_CHECK;

/* Whether it is the one that is noted, or none is: else ERROR_INVALID. */
bool secret_key_check(Db *db, const SealKey *key, GError **error) MUST_CHECK;

/* Notes the key, if none is, in a transaction. Fails with ERROR_INVALID if another one is. */
bool secret_key_note(Db *db, const SealKey *key, GError **error) MUST_CHECK;
