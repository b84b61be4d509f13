#include "store/gc.h"

#include "base/clock.h"
#include "base/stop.h"
#include "store/build.h"
#include "store/garbage.h"
#include "store/release.h"
#include "store/retention.h"

#include <string.h>

enum {
    BUILDS_AT_ONCE = 1000,
    ROWS_AT_ONCE = 200, /* rows that are removed in one transaction */
    LISTED_AT_ONCE = 500,
    /* Who brings the same bytes as are claimed waits for them: so not for many. */
    CLAIMED_AT_ONCE = 20,
};

typedef struct {
    DbPool *pool;
    Blobs *blobs;
    const GcRules *rules;
    GcProgress *progress;
    void *progress_data;
    GcReport *report;
    int64_t now_ms, began_ms;

    GHashTable *going;  /* when dry: SHA-256s that would have no row any more -> NULL */
    GHashTable *owners; /* when dry: SHA-1s -> how many builds would lose them */

    GPtrArray *listed; /* of GarbageItem: bytes that are there and have not been looked up yet */
    int64_t n_listed, n_named;
} Gc;

static void listed_free(void *data) {
    GcRelease *release = data;
    g_free(release->name);
    g_free(release);
}

void gc_report_clear(GcReport *report) {
    g_clear_pointer(&report->releases, g_ptr_array_unref);
}

static int64_t wall_ms(void) {
    return g_get_real_time() / 1000;
}

/* Releases. */

typedef struct {
    const Gc *gc;
    int64_t build_id, n_runs; /* of the release of one try; -1: it was none that may go */
    bool was_last;
} Removal;

static bool remove_release(Db *db, void *data, GError **error) {
    Removal *removal = data;
    const Gc *gc = removal->gc;
    g_autoptr(GArray) ids = retention_list(db, removal->build_id, gc->now_ms - gc->rules->unused_ms, 1, error);
    removal->n_runs = -1;
    removal->was_last = ids && ids->len == 0;
    return removal->was_last ||
           (ids && retention_remove(db, g_array_index(ids, int64_t, 0), gc->now_ms, &removal->n_runs, error));
}

static bool remove_releases(Gc *gc, int64_t build_id, GError **error) {
    Removal removal = {.gc = gc, .build_id = build_id};
    do {
        if (!stop_check(error) || !db_transact(gc->pool, remove_release, &removal, error))
            return false;
        gc->report->n_releases += removal.n_runs >= 0;
        gc->report->n_runs += MAX(removal.n_runs, 0);
    } while (!removal.was_last);
    return true;
}

/* Those which stay for now, because somebody may reopen them. */
static bool count_waiting(Db *db, Gc *gc, int64_t build_id, GError **error) {
    GcReport *report = gc->report;
    RetentionWaiting waiting;
    if (!retention_count_waiting(db, build_id, gc->now_ms - gc->rules->unused_ms, &waiting, error))
        return false;
    if (waiting.n == 0)
        return true;
    int64_t first = waiting.first_ms + gc->rules->unused_ms, last = waiting.last_ms + gc->rules->unused_ms;
    report->first_free_ms = report->n_waiting == 0 ? first : MIN(report->first_free_ms, first);
    report->last_free_ms = MAX(report->last_free_ms, last);
    report->n_waiting += waiting.n;
    return true;
}

static bool count_waiting_now(Gc *gc, int64_t build_id, GError **error) {
    g_autoptr(Db) db = db_pool_take(gc->pool, 0, error);
    return db && count_waiting(db, gc, build_id, error);
}

/* Files of a build. */

typedef struct {
    const Gc *gc;
    int64_t build_id, n;
} Files;

static bool remove_files(Db *db, void *data, GError **error) {
    Files *files = data;
    files->n = retention_remove_files(db, files->build_id, files->gc->now_ms - files->gc->rules->unused_ms, error);
    return files->n >= 0;
}

/* Others wait for the build while its files are looked through once more, so only if there is something to remove. */
static bool count_files(Db *db, void *data, GError **error) {
    Files *files = data;
    g_autoptr(GPtrArray) found =
        retention_list_files(db, files->build_id, NULL, files->gc->now_ms - files->gc->rules->unused_ms, error);
    files->n = found ? (int64_t)found->len : 0;
    return found != NULL;
}

static bool clean_build(Gc *gc, int64_t build_id, GError **error) {
    Files files = {.gc = gc, .build_id = build_id};
    if (!remove_releases(gc, build_id, error) || !count_waiting_now(gc, build_id, error) ||
        !db_read(gc->pool, count_files, &files, error))
        return false;
    if (files.n > 0 && !db_transact(gc->pool, remove_files, &files, error))
        return false;
    gc->report->n_files += files.n;
    return true;
}

/* What would be, if it were removed: whatever is looked up changes nothing. */

typedef struct {
    Gc *gc;
    int64_t build_id;
} Look;

/* It may be gone by now. */
static bool list_release(Db *db, Gc *gc, int64_t id, int64_t n_runs, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (gc->report->releases->len >= GC_MOST_LISTED)
        return true;
    g_autoptr(Release) release = release_load(db, id, &cause);
    if (!release && !error_is(cause, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!release)
        return true;
    const GcRelease listed = {release->build_id, g_strdup(release->name), release->number, n_runs};
    g_ptr_array_add(gc->report->releases, g_memdup2(&listed, sizeof listed));
    return true;
}

static bool count_releases(Db *db, const Look *look, GHashTable *releases, GError **error) {
    Gc *gc = look->gc;
    g_autoptr(GArray) ids = retention_list(db, look->build_id, gc->now_ms - gc->rules->unused_ms, 0, error);
    for (guint i = 0; ids && i < ids->len; i++) {
        const int64_t *id = &g_array_index(ids, int64_t, i);
        int64_t n_runs = retention_count_runs(db, *id, error);
        if (n_runs < 0 || !list_release(db, gc, *id, n_runs, error))
            return false;
        gc->report->n_releases++;
        gc->report->n_runs += n_runs;
        g_hash_table_add(releases, g_memdup2(id, sizeof *id));
    }
    return ids != NULL;
}

static bool look_at_build(Db *db, void *data, GError **error) {
    const Look *look = data;
    Gc *gc = look->gc;
    g_autoptr(GHashTable) releases = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (!count_releases(db, look, releases, error) || !count_waiting(db, gc, look->build_id, error))
        return false;
    g_autoptr(GPtrArray) files =
        retention_list_files(db, look->build_id, releases, gc->now_ms - gc->rules->unused_ms, error);
    for (guint i = 0; files && i < files->len; i++) {
        const char *sha1 = g_ptr_array_index(files, i);
        gpointer n = g_hash_table_lookup(gc->owners, sha1);
        g_hash_table_replace(gc->owners, g_strdup(sha1), GINT_TO_POINTER(GPOINTER_TO_INT(n) + 1));
        gc->report->n_files++;
    }
    return files != NULL;
}

/* Each build. */

static bool list_builds(Db *db, void *data, GError **error) {
    GArray *ids = data;
    g_array_set_size(ids, 0);
    for (int64_t before = 0;;) {
        g_autoptr(GPtrArray) builds = build_list(db, before, BUILDS_AT_ONCE, error);
        if (!builds || builds->len == 0)
            return builds != NULL;
        for (guint i = 0; i < builds->len; i++) {
            before = ((const Build *)g_ptr_array_index(builds, i))->id;
            g_array_append_val(ids, before);
        }
    }
}

static bool clean_builds(Gc *gc, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!db_read(gc->pool, list_builds, ids, error))
        return false;
    for (guint i = 0; i < ids->len; i++) {
        Look look = {gc, g_array_index(ids, int64_t, i)};
        g_autoptr(Db) db = gc->rules->is_dry ? db_pool_take(gc->pool, 0, error) : NULL;
        if (gc->rules->is_dry ? !db || !look_at_build(db, &look, error) : !clean_build(gc, look.build_id, error))
            return false;
    }
    return true;
}

/* Rows of artifacts that no build has. */

typedef struct {
    char *after;
    guint n; /* of one try */
} Unowned;

static bool remove_unowned(Db *db, void *data, GError **error) {
    Unowned *unowned = data;
    g_autoptr(GPtrArray) files = retention_list_unowned(db, unowned->after, ROWS_AT_ONCE, error);
    for (guint i = 0; files && i < files->len; i++)
        if (!retention_remove_unowned(db, g_ptr_array_index(files, i), error))
            return false;
    unowned->n = files ? files->len : 0;
    if (unowned->n == 0)
        return files != NULL;
    g_free(unowned->after);
    unowned->after = g_strdup(g_ptr_array_index(files, files->len - 1));
    return true;
}

static bool remove_all_unowned(Gc *gc, GError **error) {
    Unowned unowned = {.after = g_strdup("")};
    bool done;
    do
        done = stop_check(error) && db_transact(gc->pool, remove_unowned, &unowned, error);
    while (done && unowned.n > 0);
    g_free(unowned.after);
    return done;
}

/* When dry: those that no build would have. */
static bool add_going(Db *db, Gc *gc, const char *sha1, int n, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT a.sha256, (SELECT COUNT(*) FROM build_artifacts b WHERE b.sha1 = "
                                        "a.sha1) FROM artifacts a WHERE a.sha1 = ?",
                                        DB_TEXT(sha1));
    if (db_next(query) && db_int(query, 1) <= n)
        g_hash_table_add(gc->going, g_strdup(db_text(query, 0)));
    return db_end(query, error);
}

static bool look_for_unowned(Db *db, Gc *gc, GError **error) {
    GHashTableIter owners;
    gpointer sha1, n;
    g_hash_table_iter_init(&owners, gc->owners);
    while (g_hash_table_iter_next(&owners, &sha1, &n))
        if (!add_going(db, gc, sha1, GPOINTER_TO_INT(n), error))
            return false;
    g_autoptr(GPtrArray) unowned = retention_list_unowned(db, "", G_MAXINT, error);
    for (guint i = 0; unowned && i < unowned->len; i++)
        if (!add_going(db, gc, g_ptr_array_index(unowned, i), 0, error))
            return false;
    return unowned != NULL;
}

/* Bytes: which of those that are there nothing names. */

static bool is_due(Db *db, const Gc *gc, const char *sha256, bool *out_is, GError **error) {
    *out_is = gc->rules->grace_ms == 0;
    return *out_is || garbage_is_due(db, sha256, gc->now_ms - gc->rules->grace_ms, out_is, error);
}

static bool add_garbage(Db *db, Gc *gc, const GarbageItem *item, GError **error) {
    bool due = false;
    gc->report->n_garbage++;
    gc->report->garbage_bytes += item->size;
    if (!gc->rules->is_dry)
        return garbage_notice(db, item->sha256, item->size, gc->now_ms, error);
    if (!is_due(db, gc, item->sha256, &due, error))
        return false;
    gc->report->n_removed += due;
    gc->report->removed_bytes += due ? item->size : 0;
    return true;
}

/* Leaves in listed what is named by nothing. */
static bool look_up(Db *db, void *data, GError **error) {
    Gc *gc = data;
    for (guint i = gc->listed->len; i > 0; i--) {
        const GarbageItem *item = g_ptr_array_index(gc->listed, i - 1);
        bool is_named;
        if (!garbage_is_named(db, item->sha256, &is_named, error))
            return false;
        gc->n_named += is_named;
        if (is_named && !g_hash_table_contains(gc->going, item->sha256))
            g_ptr_array_remove_index_fast(gc->listed, i - 1);
    }
    return true;
}

static bool note_listed(Db *db, void *data, GError **error) {
    Gc *gc = data;
    const GcReport before = *gc->report;
    for (guint i = 0; i < gc->listed->len; i++)
        if (!add_garbage(db, gc, g_ptr_array_index(gc->listed, i), error)) {
            *gc->report = before;
            return false;
        }
    return true;
}

static bool end_listed(Gc *gc, GError **error) {
    gc->n_listed += gc->listed->len;
    bool done = db_read(gc->pool, look_up, gc, error) &&
                (gc->listed->len == 0 || (gc->rules->is_dry ? db_read : db_transact)(gc->pool, note_listed, gc, error));
    g_ptr_array_set_size(gc->listed, 0);
    if (done && gc->progress)
        gc->progress(gc->progress_data, gc->n_listed);
    return done && stop_check(error);
}

static bool take_listed(const char *sha256, int64_t size, void *data, GError **error) {
    Gc *gc = data;
    GarbageItem *item = g_new0(GarbageItem, 1);
    item->sha256 = g_strdup(sha256);
    item->size = size;
    g_ptr_array_add(gc->listed, item);
    return gc->listed->len < LISTED_AT_ONCE || end_listed(gc, error);
}

static bool knows_files(Db *db, bool *out_knows, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT sha1 FROM artifacts LIMIT 1");
    *out_knows = db_next(query);
    return db_end(query, error);
}

/* Nothing of what is there is of this database: that of another server was named, or its place. */
static bool check_place(Gc *gc, GError **error) {
    bool knows = false;
    if (gc->n_listed == 0 || gc->n_named > 0)
        return true;
    g_autoptr(Db) db = db_pool_take(gc->pool, 0, error);
    if (!db || !knows_files(db, &knows, error))
        return false;
    if (knows)
        error_set(error, ERROR_INVALID,
                  "there are %" G_GINT64_FORMAT
                  " blobs, and the database, which knows others, knows none of them: one of "
                  "the two is another server's. None was removed",
                  gc->n_listed);
    return !knows;
}

static bool notice_all(Gc *gc, GError **error) {
    return blobs_list(gc->blobs, take_listed, gc, error) && end_listed(gc, error) && check_place(gc, error);
}

/* Bytes: removing. */

typedef struct {
    const Gc *gc;
    GPtrArray *items; /* of GarbageItem */
    guint n_removed;  /* the first of them are gone */
    guint n_begun;    /* of the first of them nobody knows whether they are */
    int64_t claimed_ms;
    bool is_more;
} Sweep;

static bool claim(Db *db, void *data, GError **error) {
    Sweep *sweep = data;
    sweep->claimed_ms = wall_ms();
    g_clear_pointer(&sweep->items, g_ptr_array_unref);
    sweep->items = garbage_claim(db, sweep->gc->began_ms - sweep->gc->rules->grace_ms, sweep->claimed_ms,
                                 CLAIMED_AT_ONCE, &sweep->is_more, error);
    return sweep->items != NULL;
}

/* What was not begun is given back: of the rest it says itself what became of it, or nobody knows. */
static bool settle(Db *db, void *data, GError **error) {
    const Sweep *sweep = data;
    int64_t now_ms = wall_ms();
    for (guint i = 0; i < sweep->items->len; i++) {
        const char *sha256 = ((const GarbageItem *)g_ptr_array_index(sweep->items, i))->sha256;
        bool done = i < sweep->n_removed ? garbage_set_removed(db, sha256, sweep->claimed_ms, now_ms, error)
                    : i < sweep->n_begun ? true
                                         : garbage_give_back(db, sha256, sweep->claimed_ms, error);
        if (!done)
            return false;
    }
    return true;
}

/* As far as the claim lasts. False with an error. */
static bool remove_claimed(Sweep *sweep, int64_t deadline_ms, GError **error) {
    const Gc *gc = sweep->gc;
    for (guint i = 0; i < sweep->items->len && clock_now_ms() < deadline_ms; i++) {
        const GarbageItem *item = g_ptr_array_index(sweep->items, i);
        g_autoptr(GError) cause = NULL;
        if (blobs_remove(gc->blobs, item->sha256, &cause)) {
            sweep->n_removed = sweep->n_begun = i + 1;
            gc->report->n_removed++;
            gc->report->removed_bytes += item->size;
            continue;
        }
        gc->report->is_held = error_is(cause, ERROR_BUSY);
        if (gc->report->is_held)
            return true;
        sweep->n_begun = i + 1;
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return true;
}

/* The claim's time is taken before it is made, so that it never lasts longer for us than for others. */
static bool sweep_some(Gc *gc, bool *out_more, GError **error) {
    const int64_t deadline_ms = clock_now_ms() + GARBAGE_CLAIM_USE_MS;
    Sweep sweep = {.gc = gc};
    bool done = db_transact(gc->pool, claim, &sweep, error) && remove_claimed(&sweep, deadline_ms, error);
    *out_more = sweep.is_more && !gc->report->is_held;
    if (sweep.items && sweep.items->len > 0)
        done = db_transact(gc->pool, settle, &sweep, done ? error : NULL) && done;
    g_clear_pointer(&sweep.items, g_ptr_array_unref);
    return done;
}

static bool sweep_all(Gc *gc, GError **error) {
    bool is_more = true;
    while (is_more)
        if (!stop_check(error) || !sweep_some(gc, &is_more, error))
            return false;
    return true;
}

static bool forget(Db *db, void *data, GError **error) {
    return garbage_forget(db, ((const Gc *)data)->now_ms, error);
}

/* All. */

static bool run_dry(Gc *gc, GError **error) {
    if (!clean_builds(gc, error))
        return false;
    g_autoptr(Db) db = db_pool_take(gc->pool, 0, error);
    if (!db || !look_for_unowned(db, gc, error))
        return false;
    g_clear_pointer(&db, db_release);
    return notice_all(gc, error);
}

static bool run(Gc *gc, GError **error) {
    if (!clean_builds(gc, error) || !remove_all_unowned(gc, error) || !db_transact(gc->pool, forget, gc, error) ||
        !notice_all(gc, error))
        return false;
    gc->began_ms = wall_ms();
    return sweep_all(gc, error);
}

bool gc_run(DbPool *pool, Blobs *blobs, const GcRules *rules, GcProgress *progress, void *data, GcReport *out_report,
            GError **error) {
    Gc gc = {
        .pool = pool,
        .blobs = blobs,
        .rules = rules,
        .progress = progress,
        .progress_data = data,
        .report = out_report,
        .now_ms = wall_ms(),
        .going = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .listed = g_ptr_array_new_with_free_func((GDestroyNotify)garbage_item_free),
    };
    *out_report = (GcReport){.releases = g_ptr_array_new_with_free_func(listed_free)};
    bool done = rules->is_dry ? run_dry(&gc, error) : run(&gc, error);
    g_hash_table_unref(gc.going);
    g_hash_table_unref(gc.owners);
    g_ptr_array_unref(gc.listed);
    return done;
}
