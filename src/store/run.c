#include "store/run.h"

#include "store/run_order.h"
#include "store/run_row.h"

#include <string.h>

static const struct {
    const char *name;
    const char *count; /* of the release, in which it is counted */
} statuses[] = {
    [RUN_DATA_PENDING] = {"data_pending", "n_pending"},
    [RUN_NEEDS_DIFF] = {"needs_diff", "n_pending"},
    [RUN_DIFF_NOT_FOUND] = {"diff_not_found", "n_same"},
    [RUN_DIFF_FOUND] = {"diff_found", "n_found"},
    [RUN_DIFF_APPROVED] = {"diff_approved", "n_approved"},
    [RUN_NO_DIFF_NEEDED] = {"no_diff_needed", "n_new"},
    [RUN_FAILED] = {"failed", "n_failed"},
};

const char *run_status_name(RunStatus status) {
    return statuses[status].name;
}

const char *run_row_count(RunStatus status) {
    return statuses[status].count;
}

RunStatus run_row_status(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (strcmp(statuses[i].name, name) == 0)
            return (RunStatus)i;
    return RUN_FAILED;
}

const char *const run_text_names[RUN_N_TEXTS] = {
    "url",     "image",      "log",        "config",   "ref_url",  "ref_image",
    "ref_log", "ref_config", "diff_image", "diff_log", "findings", "thumbnail",
};

char **run_text(RunFacts *facts, size_t index) {
    char **const texts[RUN_N_TEXTS] = {
        &facts->url,     &facts->image,      &facts->log,        &facts->config,   &facts->ref_url,  &facts->ref_image,
        &facts->ref_log, &facts->ref_config, &facts->diff_image, &facts->diff_log, &facts->findings, &facts->thumbnail,
    };
    return texts[index];
}

void run_facts_clear(RunFacts *facts) {
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        g_free(*run_text(facts, i));
    memset(facts, 0, sizeof *facts);
}

void run_free(Run *run) {
    if (!run)
        return;
    g_free(run->name);
    run_facts_clear(&run->facts);
    g_free(run);
}

/* Rows. */

Run *run_row_read(const DbQuery *query, size_t first) {
    Run *run = g_new0(Run, 1);
    RunFacts *facts = &run->facts;
    run->id = db_int(query, first);
    run->release_id = db_int(query, first + 1);
    run->build_id = db_int(query, first + 2);
    run->name = g_strdup(db_text(query, first + 3));
    run->status = run_row_status(db_text(query, first + 4));
    run->created_ms = db_int(query, first + 5);
    run->modified_ms = db_int(query, first + 6);
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        *run_text(facts, i) = g_strdup(db_text(query, first + 7 + i));
    size_t next = first + 7 + RUN_N_TEXTS;
    facts->has_distortion = !db_is_null(query, next);
    facts->distortion = db_real(query, next);
    facts->run_failed = db_int(query, next + 1) != 0;
    facts->diff_failed = db_int(query, next + 2) != 0;
    return run;
}

bool run_row_write(Db *db, const Run *run, GError **error) {
    const RunFacts *facts = &run->facts;
    g_auto(RunOrder) order;
    run_order_of(run, &order);
    return db_change(db, error,
                     "UPDATE runs SET status = ?, modified = ?, url = ?, image = ?, log = ?, config = ?, ref_url = ?, "
                     "ref_image = ?, ref_log = ?, ref_config = ?, diff_image = ?, diff_log = ?, findings = ?, "
                     "thumbnail = ?, distortion = ?, run_failed = ?, diff_failed = ?, sort_rank = ?, sort_weight = ?, "
                     "likeness = ?, summary = ?, changed_pixels = ?, batch = NULL WHERE id = ?",
                     DB_TEXT(run_status_name(run->status)), DB_INT(run->modified_ms), DB_TEXT(facts->url),
                     DB_TEXT(facts->image), DB_TEXT(facts->log), DB_TEXT(facts->config), DB_TEXT(facts->ref_url),
                     DB_TEXT(facts->ref_image), DB_TEXT(facts->ref_log), DB_TEXT(facts->ref_config),
                     DB_TEXT(facts->diff_image), DB_TEXT(facts->diff_log), DB_TEXT(facts->findings),
                     DB_TEXT(facts->thumbnail), facts->has_distortion ? DB_REAL(facts->distortion) : DB_NULL,
                     DB_INT(facts->run_failed), DB_INT(facts->diff_failed), DB_INT(order.rank), DB_INT(order.weight),
                     DB_TEXT(order.likeness), DB_TEXT(order.summary), DB_INT(order.changed_pixels),
                     DB_INT(run->id)) == 1;
}

/* Finding. */

/* Without an error if there is none. */
static Run *look_up(Db *db, int64_t release_id, const char *name, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " RUN_COLUMNS "FROM runs r WHERE r.release_id = ? AND r.name = ?",
                                        DB_INT(release_id), DB_TEXT(name));
    g_autoptr(Run) run = db_next(query) ? run_row_read(query, 0) : NULL;
    return db_end(query, error) ? g_steal_pointer(&run) : NULL;
}

static Run *create(Db *db, Release *release, const char *name, int64_t now_ms, GError **error) {
    int64_t id = db_insert(db, error,
                           "INSERT INTO runs (release_id, build_id, name, status, sort_rank, created, modified) "
                           "VALUES (?, ?, ?, 'data_pending', ?, ?, ?) RETURNING id",
                           DB_INT(release->id), DB_INT(release->build_id), DB_TEXT(name), DB_INT(ORDER_PENDING),
                           DB_INT(now_ms), DB_INT(now_ms));
    if (id < 0 || !release_count(db, release, NULL, run_row_count(RUN_DATA_PENDING), 1, now_ms, error))
        return NULL;
    return look_up(db, release->id, name, error);
}

Run *run_find_or_create(Db *db, Release *release, const char *name, int64_t now_ms, GError **error) {
    g_autofree char *checked = store_check_text(name, STORE_MOST_NAME, "run_name", error);
    g_autoptr(GError) cause = NULL;
    if (!checked)
        return NULL;
    Run *run = look_up(db, release->id, checked, &cause);
    if (!run && !cause)
        run = create(db, release, checked, now_ms, &cause);
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return run;
}

Run *run_find(Db *db, int64_t release_id, const char *name, GError **error) {
    g_autoptr(GError) cause = NULL;
    Run *run = look_up(db, release_id, name, &cause);
    if (!run && !cause)
        error_set(&cause, ERROR_NOT_FOUND, "run does not exist");
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return run;
}

Run *run_load(Db *db, int64_t id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " RUN_COLUMNS "FROM runs r WHERE r.id = ?", DB_INT(id));
    g_autoptr(Run) run = db_next(query) ? run_row_read(query, 0) : NULL;
    if (db_end(query, error) && !run)
        error_set(error, ERROR_NOT_FOUND, "run does not exist");
    return g_steal_pointer(&run);
}

/* From elsewhere. */

static bool find_or_add(Db *db, Run *run, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Run) there = look_up(db, run->release_id, run->name, &cause);
    if (!there && !cause)
        run->id = db_insert(db, &cause,
                            "INSERT INTO runs (release_id, build_id, name, status, created, modified) "
                            "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                            DB_INT(run->release_id), DB_INT(run->build_id), DB_TEXT(run->name),
                            DB_TEXT(run_status_name(run->status)), DB_INT(run->created_ms), DB_INT(run->modified_ms));
    if (there)
        run->id = there->id;
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return run->id > 0;
}

bool run_put(Db *db, Run *run, GError **error) {
    return find_or_add(db, run, error) && run_row_write(db, run, error);
}

bool run_recount(Db *db, int64_t release_id, GError **error) {
    if (db_change(db, error,
                  "UPDATE releases SET n_pending = 0, n_failed = 0, n_found = 0, n_approved = 0, n_same = 0, n_new = 0 "
                  "WHERE id = ?",
                  DB_INT(release_id)) != 1)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *sql = g_strdup_printf("UPDATE releases SET %s = %s + (SELECT COUNT(*) FROM runs "
                                               "WHERE release_id = ? AND status = ?) WHERE id = ?",
                                               statuses[i].count, statuses[i].count);
        if (db_change(db, error, sql, DB_INT(release_id), DB_TEXT(statuses[i].name), DB_INT(release_id)) != 1)
            return false;
    }
    return true;
}

/* Baselines. There are two ways to one. Through the runs of the page: these are many where it is in thousands of releases.
 * Through the good releases, the one that was decided last first, to the first which has a picture of the page: as a rule that
 * is the first of all, but where the page is new, there is none. So a page of few runs is looked for by these, and any other by
 * releases; then there are as many steps as good releases were decided since it was last seen in one. */

enum { FEW_RUNS = 64 };

/* The runs of a page, at most so many. PostgreSQL, if it takes the page for one that is on each second row or so, reads the table
 * from its beginning rather than an index, and may not see one for long; so it is asked for what follows in the index. */
#define RUNS_OF_PAGE \
    "FROM (SELECT id, build_id, name FROM runs WHERE build_id = ? AND name = ? ORDER BY id LIMIT ?) few "
#define RUNS_BEHIND                                                                     \
    "FROM (SELECT id, build_id, name FROM runs WHERE (build_id, name, id) > (?, ?, 0) " \
    "ORDER BY build_id, name, id LIMIT ?) few "
#define OF_PAGE "few.build_id = ? AND few.name = ? "

/* Queries them, whose statement has before and after around these. */
#define QUERY_FEW(db, before, after, build_id, name, most)                                                    \
    db_query(db, db_pick(db, before RUNS_OF_PAGE after, before RUNS_BEHIND after, before RUNS_OF_PAGE after), \
             DB_INT(build_id), DB_TEXT(name), DB_INT(most), DB_INT(build_id), DB_TEXT(name))

static bool has_few_runs(Db *db, int64_t build_id, const char *name, bool *out_has, GError **error) {
    g_autoptr(DbQuery) query = QUERY_FEW(db, "SELECT COUNT(*) ", "WHERE " OF_PAGE, build_id, name, FEW_RUNS + 1);
    *out_has = db_next(query) && db_int(query, 0) <= FEW_RUNS;
    return db_end(query, error);
}

#define LAST_DECIDED "ORDER BY l.decided DESC, l.id DESC LIMIT 1"

/* Others may add some since they were counted, so twice as many would do. */
static DbQuery *query_by_runs(Db *db, int64_t build_id, const char *name) {
    return QUERY_FEW(db, "SELECT " RUN_COLUMNS,
                     "JOIN runs r ON r.id = few.id JOIN releases l ON l.id = r.release_id "
                     "WHERE " OF_PAGE "AND r.image IS NOT NULL AND l.status = 'good' " LAST_DECIDED,
                     build_id, name, 2 * FEW_RUNS);
}

#define BY_RELEASES(hint)                                                                       \
    "SELECT " RUN_COLUMNS "FROM releases l " hint "CROSS JOIN runs r WHERE l.build_id = ? AND " \
    "l.status = 'good' AND r.release_id = l.id AND r.name = ? AND r.image IS NOT NULL " LAST_DECIDED

/* MariaDB would now and then take another index, and sort all of them. */
static DbQuery *query_by_releases(Db *db, int64_t build_id, const char *name) {
    const char *sql =
        db_pick(db, BY_RELEASES(""), BY_RELEASES(""), BY_RELEASES("FORCE INDEX (releases_last_decided) "));
    return db_query(db, sql, DB_INT(build_id), DB_TEXT(name));
}

Run *run_find_baseline(Db *db, int64_t build_id, const char *name, Release **out_release, GError **error) {
    bool has_few;
    if (!has_few_runs(db, build_id, name, &has_few, error))
        return NULL;
    g_autoptr(DbQuery) query = has_few ? query_by_runs(db, build_id, name) : query_by_releases(db, build_id, name);
    g_autoptr(Run) run = db_next(query) ? run_row_read(query, 0) : NULL;
    if (!db_end(query, error))
        return NULL;
    if (!run) {
        error_set(error, ERROR_NOT_FOUND, "Run not found");
        return NULL;
    }
    *out_release = release_load(db, run->release_id, error);
    return *out_release ? g_steal_pointer(&run) : NULL;
}

GPtrArray *run_list(Db *db, int64_t release_id, const char *after, int most, GError **error) {
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " RUN_COLUMNS "FROM runs r WHERE r.release_id = ? AND r.name > ? ORDER BY r.name LIMIT ?",
                 DB_INT(release_id), DB_TEXT(after ? after : ""), DB_INT(most));
    while (db_next(query))
        g_ptr_array_add(runs, run_row_read(query, 0));
    return db_end(query, error) ? g_steal_pointer(&runs) : NULL;
}
