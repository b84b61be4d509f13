#include "store/release.h"

#include "queue/queue.h"
#include "store/audit.h"
#include "store/build.h"
#include "store/notice.h"
#include "store/overdue.h"

#include <string.h>

#define COLUMNS                                                                                           \
    "id, build_id, name, number, status, url, created, modified, decided, n_pending, n_failed, n_found, " \
    "n_approved, n_same, n_new, status_url "

static const char *const status_names[] = {
    [RELEASE_RECEIVING] = "receiving",
    [RELEASE_PROCESSING] = "processing",
    [RELEASE_REVIEWING] = "reviewing",
    [RELEASE_GOOD] = "good",
    [RELEASE_BAD] = "bad",
};

const char *release_status_name(ReleaseStatus status) {
    return status_names[status];
}

bool release_status_from_name(const char *name, ReleaseStatus *out_status) {
    for (size_t i = 0; i < G_N_ELEMENTS(status_names); i++)
        if (strcmp(status_names[i], name) == 0) {
            *out_status = (ReleaseStatus)i;
            return true;
        }
    return false;
}

void release_free(Release *release) {
    if (!release)
        return;
    g_free(release->name);
    g_free(release->url);
    g_free(release->status_url);
    g_free(release);
}

/* Finding. */

static Release *read_release(const DbQuery *query) {
    Release *release = g_new0(Release, 1);
    release->id = db_int(query, 0);
    release->build_id = db_int(query, 1);
    release->name = g_strdup(db_text(query, 2));
    release->number = (int)db_int(query, 3);
    release->status = RELEASE_BAD;
    release_status_from_name(db_text(query, 4), &release->status);
    release->url = g_strdup(db_text(query, 5));
    release->created_ms = db_int(query, 6);
    release->modified_ms = db_int(query, 7);
    release->decided_ms = db_int(query, 8);
    release->n_pending = (int)db_int(query, 9);
    release->n_failed = (int)db_int(query, 10);
    release->n_found = (int)db_int(query, 11);
    release->n_approved = (int)db_int(query, 12);
    release->n_same = (int)db_int(query, 13);
    release->n_new = (int)db_int(query, 14);
    release->status_url = g_strdup(db_text(query, 15));
    return release;
}

static Release *take_release(DbQuery *query, GError **error) {
    Release *release = db_next(query) ? read_release(query) : NULL;
    if (db_end(query, error) && !release)
        error_set(error, ERROR_NOT_FOUND, "release does not exist");
    return release;
}

#define BY_NAME "SELECT " COLUMNS "FROM releases WHERE build_id = ? AND name = ? AND number = ?"

Release *release_lock(Db *db, int64_t build_id, const char *name, int number, GError **error) {
    const char *sql = db_pick(db, BY_NAME, BY_NAME " FOR UPDATE", BY_NAME " FOR UPDATE");
    g_autoptr(DbQuery) query = db_query(db, sql, DB_INT(build_id), DB_TEXT(name), DB_INT(number));
    return take_release(query, error);
}

Release *release_find(Db *db, int64_t build_id, const char *name, int number, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, BY_NAME, DB_INT(build_id), DB_TEXT(name), DB_INT(number));
    return take_release(query, error);
}

#define BY_ID "SELECT " COLUMNS "FROM releases WHERE id = ?"

Release *release_lock_by_id(Db *db, int64_t id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, db_pick(db, BY_ID, BY_ID " FOR UPDATE", BY_ID " FOR UPDATE"), DB_INT(id));
    return take_release(query, error);
}

Release *release_load(Db *db, int64_t id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, BY_ID, DB_INT(id));
    return take_release(query, error);
}

/* Each is looked at when both are alike, which is to take no time. */
enum { MOST_COMPARED = 2000 };

static bool has_equal_counts(const Release *release, const Release *other) {
    return release->n_pending + other->n_pending == 0 && release->n_failed + other->n_failed == 0 &&
           release->n_found + release->n_approved == other->n_found + other->n_approved &&
           release->n_same == other->n_same && release->n_new == other->n_new;
}

bool release_is_like_last(Db *db, const Release *release, bool *out_is, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Release) last = release_find(db, release->build_id, release->name, release->number - 1, &cause);
    *out_is = false;
    if (!last && !error_is(cause, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    int n = release->n_found + release->n_approved + release->n_same + release->n_new;
    if (!last || n == 0 || n > MOST_COMPARED || !has_equal_counts(release, last))
        return true;
    g_autoptr(DbQuery) query = db_query(
        db,
        "SELECT a.id FROM runs a LEFT JOIN runs b ON b.release_id = ? AND b.name = a.name WHERE a.release_id = ? "
        "AND (b.id IS NULL OR COALESCE(a.image, '') <> COALESCE(b.image, '') OR "
        "COALESCE(a.ref_image, '') <> COALESCE(b.ref_image, '')) LIMIT 1",
        DB_INT(last->id), DB_INT(release->id));
    *out_is = !db_next(query);
    return db_end(query, error);
}

GPtrArray *release_list(Db *db, int64_t build_id, int64_t before, int most, GError **error) {
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify)release_free);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " COLUMNS "FROM releases WHERE build_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
                 DB_INT(build_id), DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    while (db_next(query))
        g_ptr_array_add(releases, read_release(query));
    return db_end(query, error) ? g_steal_pointer(&releases) : NULL;
}

/* Going on. */

static bool set_status(Db *db, Release *release, ReleaseStatus status, int64_t now_ms, GError **error) {
    bool is_decided = status == RELEASE_GOOD || status == RELEASE_BAD;
    bool is_processing = status == RELEASE_PROCESSING;
    if (db_change(db, error, "UPDATE releases SET status = ?, modified = ?, decided = ?, deadline = ? WHERE id = ?",
                  DB_TEXT(release_status_name(status)), DB_INT(now_ms), is_decided ? DB_INT(now_ms) : DB_NULL,
                  is_processing ? DB_INT(now_ms + RELEASE_DEADLINE_MS) : DB_NULL, DB_INT(release->id)) != 1)
        return false;
    release->status = status;
    release->decided_ms = is_decided ? now_ms : 0;
    return true;
}

static bool go_on_if_nothing_is_pending(Db *db, Release *release, int64_t now_ms, GError **error) {
    return release->status != RELEASE_PROCESSING || release->n_pending > 0 ||
           (set_status(db, release, RELEASE_REVIEWING, now_ms, error) &&
            notice_release_ready(db, release, now_ms, error));
}

static bool is_decided(const Release *release) {
    return release->status == RELEASE_GOOD || release->status == RELEASE_BAD;
}

bool release_check_open(const Release *release, GError **error) {
    bool is_closed = is_decided(release);
    if (is_closed)
        error_set(error, ERROR_BUSY, "release is closed: it is %s", release_status_name(release->status));
    return !is_closed;
}

bool release_runs_done(Db *db, Release *release, int64_t now_ms, GError **error) {
    if (release->status != RELEASE_RECEIVING)
        return true;
    return set_status(db, release, RELEASE_PROCESSING, now_ms, error) &&
           go_on_if_nothing_is_pending(db, release, now_ms, error);
}

static int *count_of(Release *release, const char *column) {
    const struct {
        const char *column;
        int *count;
    } counts[] = {
        {"n_pending", &release->n_pending},   {"n_failed", &release->n_failed}, {"n_found", &release->n_found},
        {"n_approved", &release->n_approved}, {"n_same", &release->n_same},     {"n_new", &release->n_new},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (strcmp(counts[i].column, column) == 0)
            return counts[i].count;
    g_assert_not_reached();
}

static bool add_to_count(Db *db, Release *release, const char *column, int n, int64_t now_ms, GError **error) {
    g_autofree char *sql =
        g_strdup_printf("UPDATE releases SET %s = %s + ?, modified = ? WHERE id = ?", column, column);
    *count_of(release, column) += n;
    return db_change(db, error, sql, DB_INT(n), DB_INT(now_ms), DB_INT(release->id)) == 1;
}

bool release_count(Db *db, Release *release, const char *from_count, const char *to_count, int n, int64_t now_ms,
                   GError **error) {
    return (g_strcmp0(from_count, to_count) == 0 || n == 0 ||
            ((!from_count || add_to_count(db, release, from_count, -n, now_ms, error)) &&
             add_to_count(db, release, to_count, n, now_ms, error))) &&
           go_on_if_nothing_is_pending(db, release, now_ms, error);
}

bool release_decide(Db *db, Release *release, ReleaseStatus status, int64_t now_ms, GError **error) {
    bool was_decided = is_decided(release);
    bool decides = status == RELEASE_GOOD || status == RELEASE_BAD;
    if (decides && !was_decided)
        return queue_cancel(db, release->id, now_ms, error) >= 0 && set_status(db, release, status, now_ms, error) &&
               notice_release_decided(db, release, now_ms, error);
    if (was_decided && status == RELEASE_REVIEWING)
        return set_status(db, release, status, now_ms, error) && overdue_fail_pending(db, release, now_ms, error) &&
               notice_release_status(db, release, now_ms, error);
    error_set(error, ERROR_INVALID, "a release that is %s cannot become %s", release_status_name(release->status),
              release_status_name(status));
    return false;
}

/* Beginning. */

/* The newest attempt of that name, or NULL if there is none; *out_failed if the database failed. */
static Release *find_last(Db *db, int64_t build_id, const char *name, bool *out_failed, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " COLUMNS "FROM releases WHERE build_id = ? AND name = ? ORDER BY number DESC LIMIT 1",
                 DB_INT(build_id), DB_TEXT(name));
    Release *release = db_next(query) ? read_release(query) : NULL;
    *out_failed = !db_end(query, error);
    return release;
}

/* The highest number of that name that was removed (retention.h), or 0. */
static bool find_removed(Db *db, int64_t build_id, const char *name, int *out_number, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT number FROM removed_releases WHERE build_id = ? AND name = ?",
                                        DB_INT(build_id), DB_TEXT(name));
    *out_number = db_next(query) ? (int)db_int(query, 0) : 0;
    return db_end(query, error);
}

/* Nobody waits for it any more. */
static bool give_up(Db *db, Release *release, const char *why, int64_t now_ms, GError **error) {
    const AuditEntry entry = {
        .build_id = release->build_id, .release_id = release->id, .kind = AUDIT_RELEASE_BAD, .message = (char *)why};
    return queue_cancel(db, release->id, now_ms, error) >= 0 && set_status(db, release, RELEASE_BAD, now_ms, error) &&
           audit_add(db, &entry, now_ms, error) && notice_release_decided(db, release, now_ms, error);
}

bool release_give_up_if_silent(Db *db, Release *release, int64_t now_ms, GError **error) {
    int64_t deadline_ms = release->modified_ms + RELEASE_DEADLINE_MS;
    if (deadline_ms <= now_ms)
        return give_up(db, release, "given up: it was never ended, and got no new run for a day", now_ms, error);
    return db_change(db, error, "UPDATE releases SET deadline = ? WHERE id = ?", DB_INT(deadline_ms),
                     DB_INT(release->id)) == 1;
}

static Release *insert(Db *db, int64_t build_id, const char *name, int number, const char *url, int64_t now_ms,
                       GError **error) {
    int64_t id = db_insert(db, error,
                           "INSERT INTO releases (build_id, name, number, status, url, created, modified, deadline) "
                           "VALUES (?, ?, ?, 'receiving', ?, ?, ?, ?) RETURNING id",
                           DB_INT(build_id), DB_TEXT(name), DB_INT(number), DB_TEXT(url), DB_INT(now_ms),
                           DB_INT(now_ms), DB_INT(now_ms + RELEASE_DEADLINE_MS));
    if (id < 0)
        return NULL;
    Release *release = g_new0(Release, 1);
    release->id = id;
    release->build_id = build_id;
    release->name = g_strdup(name);
    release->number = number;
    release->url = g_strdup(url);
    release->created_ms = now_ms;
    return release;
}

/* The build is locked, so that two who begin the same get two numbers. */
Release *release_create(Db *db, int64_t build_id, const char *name, const char *url, int64_t now_ms, GError **error) {
    g_autofree char *checked = store_check_text(name, STORE_MOST_NAME, "release_name", error);
    g_autofree char *checked_url = url && *url ? store_check_text(url, STORE_MOST_URL, "url", error) : NULL;
    if (!checked || (url && *url && !checked_url) || !store_lock_build(db, build_id, error))
        return NULL;
    bool failed;
    int removed;
    g_autoptr(Release) last = find_last(db, build_id, checked, &failed, error);
    if (failed || !find_removed(db, build_id, checked, &removed, error) ||
        (last && last->status == RELEASE_PROCESSING &&
         !give_up(db, last, "given up: another one of this name was begun", now_ms, error)))
        return NULL;
    return insert(db, build_id, checked, MAX(last ? last->number : 0, removed) + 1, checked_url, now_ms, error);
}

bool release_set_status_url(Db *db, Release *release, const char *url, int64_t now_ms, GError **error) {
    g_autoptr(Build) build = build_load(db, release->build_id, error);
    if (!build || !build_check_status_url(build, url, error) ||
        db_change(db, error, "UPDATE releases SET status_url = ? WHERE id = ?", DB_TEXT(url), DB_INT(release->id)) != 1)
        return false;
    g_free(release->status_url);
    release->status_url = g_strdup(url);
    return notice_release_status(db, release, now_ms, error);
}

/* From elsewhere. */

bool release_put(Db *db, Release *release, int64_t now_ms, GError **error) {
    bool has_deadline = release->status == RELEASE_RECEIVING || release->status == RELEASE_PROCESSING;
    DbValue deadline = has_deadline ? DB_INT(now_ms + RELEASE_DEADLINE_MS) : DB_NULL;
    DbValue decided = is_decided(release) ? DB_INT(release->decided_ms) : DB_NULL;
    if (release->id != 0)
        return db_change(db, error,
                         "UPDATE releases SET status = ?, url = ?, created = ?, modified = ?, decided = ?, "
                         "deadline = ? WHERE id = ?",
                         DB_TEXT(release_status_name(release->status)), DB_TEXT(release->url),
                         DB_INT(release->created_ms), DB_INT(release->modified_ms), decided, deadline,
                         DB_INT(release->id)) == 1;
    release->id = db_insert(db, error,
                            "INSERT INTO releases (build_id, name, number, status, url, created, modified, decided, "
                            "deadline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                            DB_INT(release->build_id), DB_TEXT(release->name), DB_INT(release->number),
                            DB_TEXT(release_status_name(release->status)), DB_TEXT(release->url),
                            DB_INT(release->created_ms), DB_INT(release->modified_ms), decided, deadline);
    return release->id > 0;
}

bool release_last_change(Db *db, int64_t id, int64_t *out_ms, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT l.modified, (SELECT MAX(r.modified) FROM runs r WHERE r.release_id = "
                                        "l.id) FROM releases l WHERE l.id = ?",
                                        DB_INT(id));
    *out_ms = db_next(query) ? MAX(db_int(query, 0), db_int(query, 1)) : 0;
    return db_end(query, error);
}
