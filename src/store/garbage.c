#include "store/garbage.h"

/* Rescuing. */

typedef enum { NO_GARBAGE, NOTICED, CLAIMED, REMOVED } State;

static bool lock_row(Db *db, const char *sha256, int64_t now_ms, State *out_state, GError **error) {
    static const char sql[] = "SELECT claimed, removed FROM garbage WHERE sha256 = ?";
    static const char locking_sql[] = "SELECT claimed, removed FROM garbage WHERE sha256 = ? FOR UPDATE";
    g_autoptr(DbQuery) query = db_query(db, db_pick(db, sql, locking_sql, locking_sql), DB_TEXT(sha256));
    bool is_there = db_next(query);
    bool is_claimed = is_there && !db_is_null(query, 0), is_removed = is_there && !db_is_null(query, 1);
    bool is_over = is_removed || (is_claimed && db_int(query, 0) <= now_ms - GARBAGE_CLAIM_MS);
    *out_state = !is_there ? NO_GARBAGE : is_over ? REMOVED : is_claimed ? CLAIMED : NOTICED;
    return db_end(query, error);
}

static bool delete_row(Db *db, const char *sha256, GError **error) {
    return db_change(db, error, "DELETE FROM garbage WHERE sha256 = ?", DB_TEXT(sha256)) >= 0;
}

static bool keep_again(BlobWriter *writer, const char *sha256, GError **error) {
    if (writer)
        return blob_writer_renew(writer, error);
    error_set(error, ERROR_BUSY, "the bytes %s were removed: they must be brought once more", sha256);
    return false;
}

bool garbage_rescue(Db *db, const char *sha256, BlobWriter *writer, int64_t now_ms, GError **error) {
    State state;
    if (!lock_row(db, sha256, now_ms, &state, error))
        return false;
    if (state == CLAIMED) {
        g_set_error(error, DB_ERROR, DB_ERROR_BUSY, "the bytes %s are being removed", sha256);
        return false;
    }
    return state == NO_GARBAGE ||
           ((state != REMOVED || keep_again(writer, sha256, error)) && delete_row(db, sha256, error));
}

/* Noticing. */

bool garbage_is_named(Db *db, const char *sha256, bool *out_is, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT sha1 FROM artifacts WHERE sha256 = ?", DB_TEXT(sha256));
    *out_is = db_next(query);
    return db_end(query, error);
}

/* What was removed and is there again was brought since, by somebody who has not named it yet, or never will: that is
 * noticed when the removal is forgotten. */
bool garbage_notice(Db *db, const char *sha256, int64_t size, int64_t now_ms, GError **error) {
    return db_change_if_new(db, error, "INSERT INTO garbage (sha256, size, noticed) VALUES (?, ?, ?)", DB_TEXT(sha256),
                            DB_INT(size), DB_INT(now_ms)) >= 0;
}

bool garbage_is_due(Db *db, const char *sha256, int64_t noticed_before_ms, bool *out_is, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT sha256 FROM garbage WHERE sha256 = ? AND removed IS NULL AND noticed <= ?",
                 DB_TEXT(sha256), DB_INT(noticed_before_ms));
    *out_is = db_next(query);
    return db_end(query, error);
}

/* Claiming. */

void garbage_item_free(GarbageItem *item) {
    if (!item)
        return;
    g_free(item->sha256);
    g_free(item);
}

/* *out_free: nobody has named the bytes, or is about to, as long as this transaction lasts. */
static bool try_name(Db *db, const char *sha256, bool *out_free, GError **error) {
    g_autofree char *no_sha1 = g_strdup_printf("gc%.38s", sha256);
    int64_t n = db_change_if_new(db, error, "INSERT INTO artifacts (sha1, sha256, size, created) VALUES (?, ?, 0, 0)",
                                 DB_TEXT(no_sha1), DB_TEXT(sha256));
    *out_free = n == 1;
    return n == 0 || (n == 1 && db_change(db, error, "DELETE FROM artifacts WHERE sha1 = ?", DB_TEXT(no_sha1)) == 1);
}

/* *out_claimed: not if somebody else has claimed it meanwhile. */
static bool claim(Db *db, const char *sha256, int64_t now_ms, bool *out_claimed, GError **error) {
    bool is_free;
    *out_claimed = false;
    if (!try_name(db, sha256, &is_free, error))
        return false;
    if (!is_free)
        return delete_row(db, sha256, error);
    int64_t n = db_change(db, error,
                          "UPDATE garbage SET claimed = ? WHERE sha256 = ? AND removed IS NULL AND (claimed IS NULL OR "
                          "claimed <= ?)",
                          DB_INT(now_ms), DB_TEXT(sha256), DB_INT(now_ms - GARBAGE_CLAIM_MS));
    *out_claimed = n == 1;
    return n >= 0;
}

static GPtrArray *list_due(Db *db, int64_t noticed_before_ms, int64_t now_ms, int most, GError **error) {
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)garbage_item_free);
    g_autoptr(DbQuery) query =
        db_query(db,
                 "SELECT sha256, size FROM garbage WHERE removed IS NULL AND noticed <= ? AND (claimed IS NULL OR "
                 "claimed <= ?) ORDER BY sha256 LIMIT ?",
                 DB_INT(noticed_before_ms), DB_INT(now_ms - GARBAGE_CLAIM_MS), DB_INT(most));
    while (db_next(query)) {
        GarbageItem *item = g_new0(GarbageItem, 1);
        item->sha256 = g_strdup(db_text(query, 0));
        item->size = db_int(query, 1);
        g_ptr_array_add(items, item);
    }
    return db_end(query, error) ? g_steal_pointer(&items) : NULL;
}

GPtrArray *garbage_claim(Db *db, int64_t noticed_before_ms, int64_t now_ms, int most, bool *out_more, GError **error) {
    g_autoptr(GPtrArray) items = list_due(db, noticed_before_ms, now_ms, most, error);
    *out_more = items && items->len == (guint)most;
    for (guint i = items ? items->len : 0; i > 0; i--) {
        const GarbageItem *item = g_ptr_array_index(items, i - 1);
        bool is_claimed;
        if (!claim(db, item->sha256, now_ms, &is_claimed, error))
            return NULL;
        if (!is_claimed)
            g_ptr_array_remove_index(items, i - 1);
    }
    return g_steal_pointer(&items);
}

bool garbage_set_removed(Db *db, const char *sha256, int64_t claimed_ms, int64_t now_ms, GError **error) {
    return db_change(db, error, "UPDATE garbage SET removed = ? WHERE sha256 = ? AND claimed = ?", DB_INT(now_ms),
                     DB_TEXT(sha256), DB_INT(claimed_ms)) >= 0;
}

bool garbage_give_back(Db *db, const char *sha256, int64_t claimed_ms, GError **error) {
    return db_change(db, error,
                     "UPDATE garbage SET claimed = NULL WHERE sha256 = ? AND claimed = ? AND removed IS NULL",
                     DB_TEXT(sha256), DB_INT(claimed_ms)) >= 0;
}

bool garbage_forget(Db *db, int64_t now_ms, GError **error) {
    return db_change(db, error, "DELETE FROM garbage WHERE removed <= ?", DB_INT(now_ms - GARBAGE_REMOVED_MS)) >= 0;
}
