#include "import/release_plan.h"

#include "store/run_row.h"

#include <string.h>

/* Rows. */

/* A row of the old table. */
typedef struct {
    int64_t id;
    char *name;
    int number;
    ReleaseStatus status;
    char *url;
    int64_t created_ms, modified_ms;
} OldRelease;

static void old_release_free(void *data) {
    OldRelease *row = data;
    g_free(row->name);
    g_free(row->url);
    g_free(row);
}

typedef struct {
    char *actor;
    int64_t at_ms;
} Approval;

static void approval_free(void *data) {
    Approval *approval = data;
    g_free(approval->actor);
    g_free(approval);
}

struct Plans {
    Import *import;
    ImportBuild *build;
    GPtrArray *groups; /* arrays of OldRelease with one name and number, by the id of their first */
    guint next;
    const char *distortion; /* the column */
    GHashTable *run_ids;    /* of a release -> GArray of int64_t */
    GHashTable *approvals;  /* of a run -> Approval */
    GHashTable *wants;      /* of a run -> WANTS_... */
    GHashTable *decided;    /* "31 good" -> when, int64_t */
};

static void *find(GHashTable *table, int64_t id) {
    return g_hash_table_lookup(table, &id);
}

static void put(GHashTable *table, int64_t id, void *value) {
    g_hash_table_replace(table, g_memdup2(&id, sizeof id), value);
}

static void add_to_list(GHashTable *table, int64_t id, int64_t value) {
    GArray *list = find(table, id);
    if (!list)
        put(table, id, list = g_array_new(FALSE, FALSE, sizeof(int64_t)));
    g_array_append_val(list, value);
}

/* What is read once: the old database has no index on most of what is asked for, so each table is gone through once a
 * build. */

static bool read_run_ids(Plans *plans, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(plans->import->old,
                 "SELECT r.release_id, r.id FROM run r JOIN \"release\" l ON l.id = r.release_id "
                 "WHERE l.build_id = ? ORDER BY r.id",
                 DB_INT(plans->build->old_id));
    while (db_next(query))
        add_to_list(plans->run_ids, db_int(query, 0), db_int(query, 1));
    return db_end(query, error);
}

static bool read_approvals(Plans *plans, GError **error) {
    g_autoptr(DbQuery) query = db_query(plans->import->old,
                                        "SELECT run_id, user_id, created FROM admin_log WHERE build_id = ? "
                                        "AND log_type = 'run_approved' AND run_id IS NOT NULL ORDER BY id",
                                        DB_INT(plans->build->old_id));
    while (db_next(query)) {
        Approval *approval = g_new0(Approval, 1);
        *approval = (Approval){g_strdup(db_text(query, 1)), old_time(query, 2)};
        put(plans->approvals, db_int(query, 0), approval);
    }
    return db_end(query, error);
}

/* Releases have no time at which they became good, and the log has. */
static bool read_decided(Plans *plans, GError **error) {
    g_autoptr(DbQuery) query = db_query(plans->import->old,
                                        "SELECT release_id, log_type, MAX(created) FROM admin_log WHERE build_id = ? "
                                        "AND log_type IN ('release_good', 'release_bad') GROUP BY release_id, log_type",
                                        DB_INT(plans->build->old_id));
    while (db_next(query)) {
        const int64_t at_ms = old_time(query, 2);
        char *key =
            g_strdup_printf("%" G_GINT64_FORMAT " %s", db_int(query, 0), old_text(query, 1) + strlen("release_"));
        g_hash_table_replace(plans->decided, key, g_memdup2(&at_ms, sizeof at_ms));
    }
    return db_end(query, error);
}

static bool read_tasks(Plans *plans, GError **error) {
    g_autoptr(DbQuery) query = db_query(plans->import->old,
                                        "SELECT run_id, task_id FROM work_queue WHERE build_id = ? AND status = 'live' "
                                        "AND queue_name = 'capture' AND run_id IS NOT NULL",
                                        DB_INT(plans->build->old_id));
    while (db_next(query)) {
        unsigned wants = g_str_has_suffix(old_text(query, 1), ":baseline") ? WANTS_REF_IMAGE : WANTS_IMAGE;
        int64_t run_id = db_int(query, 0);
        put(plans->wants, run_id, GUINT_TO_POINTER(GPOINTER_TO_UINT(find(plans->wants, run_id)) | wants));
    }
    return db_end(query, error);
}

/* Releases. */

static guint count_runs(const Plans *plans, int64_t release_id) {
    const GArray *ids = find(plans->run_ids, release_id);
    return ids ? ids->len : 0;
}

static void lose_release(Plans *plans, const OldRow *row, const char *why) {
    guint n_runs = count_runs(plans, row->id);
    plans->import->result->counts[IMPORT_RUNS].n_lost += (int)n_runs;
    if (n_runs > 0)
        import_lose(plans->import, IMPORT_RELEASES, row, "%s; and so are its %u runs", why, n_runs);
    else
        import_lose(plans->import, IMPORT_RELEASES, row, "%s", why);
}

/* NULL for one that cannot come. */
static OldRelease *read_release(Plans *plans, const DbQuery *query) {
    const OldRow *row = OLD_ROW("release", db_int(query, 0));
    const char *name = db_text(query, 1), *status = db_text(query, 3);
    int64_t number = db_int(query, 2);
    OldRelease found = {.id = row->id, .number = (int)number};
    g_autoptr(GError) cause = NULL;
    g_autofree char *checked = store_check_text(name ? name : "", STORE_MOST_NAME, "its name", &cause);
    if (checked && (number < 1 || number > G_MAXINT))
        error_set(&cause, ERROR_INVALID, "its number is %" G_GINT64_FORMAT, number);
    else if (checked && !release_status_from_name(status ? status : "", &found.status))
        error_set(&cause, ERROR_INVALID, "its status is %s, which is none", status ? status : "NULL");
    if (cause) {
        lose_release(plans, row, cause->message);
        return NULL;
    }
    found.name = g_steal_pointer(&checked);
    found.url = old_url(plans->import, row, "url", db_text(query, 4));
    found.created_ms = old_time(query, 5);
    found.modified_ms = MAX(old_time(query, 6), found.created_ms);
    return g_memdup2(&found, sizeof found);
}

/* Two that were begun at once may have got one number. Names that are written otherwise in Unicode are the same, too. */
static void add_to_group(Plans *plans, GHashTable *by_name, OldRelease *row) {
    g_autofree char *key = g_strdup_printf("%d %s", row->number, row->name);
    GPtrArray *group = g_hash_table_lookup(by_name, key);
    if (!group) {
        group = g_ptr_array_new_with_free_func(old_release_free);
        g_ptr_array_add(plans->groups, group);
        g_hash_table_insert(by_name, g_steal_pointer(&key), group);
    } else {
        import_note(plans->import, OLD_ROW("release", row->id), "is one with %" G_GINT64_FORMAT ", as both are %s, %d",
                    ((OldRelease *)g_ptr_array_index(group, 0))->id, row->name, row->number);
    }
    g_ptr_array_add(group, row);
}

static bool read_releases(Plans *plans, GError **error) {
    g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(DbQuery) query = db_query(plans->import->old,
                                        "SELECT id, name, number, status, url, created, modified FROM \"release\" "
                                        "WHERE build_id = ? ORDER BY id",
                                        DB_INT(plans->build->old_id));
    while (db_next(query)) {
        OldRelease *row = read_release(plans, query);
        if (row)
            add_to_group(plans, by_name, row);
    }
    return db_end(query, error);
}

Plans *plans_new(Import *import, ImportBuild *build, GError **error) {
    g_autoptr(Plans) plans = g_new0(Plans, 1);
    plans->import = import;
    plans->build = build;
    plans->groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    /* Of a FLOAT, MariaDB gives six digits as text, and what is behind them as a number. */
    const char *column = old_column(import, "run", "distortion", "NULL");
    bool is_there = strcmp(column, "NULL") != 0;
    plans->distortion = is_there ? db_pick(import->old, column, column, "CONCAT(distortion, '') + 0e0") : column;
    plans->run_ids = old_table_by_id((GDestroyNotify)g_array_unref);
    plans->approvals = old_table_by_id(approval_free);
    plans->wants = old_table_by_id(NULL);
    plans->decided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return read_run_ids(plans, error) && read_approvals(plans, error) && read_decided(plans, error) &&
                   read_tasks(plans, error) && read_releases(plans, error)
               ? g_steal_pointer(&plans)
               : NULL;
}

void plans_free(Plans *plans) {
    if (!plans)
        return;
    g_ptr_array_unref(plans->groups);
    g_hash_table_unref(plans->run_ids);
    g_hash_table_unref(plans->approvals);
    g_hash_table_unref(plans->wants);
    g_hash_table_unref(plans->decided);
    g_free(plans);
}

/* Runs. */

static void planned_run_free(void *data) {
    PlannedRun *planned = data;
    g_free(planned->run.name);
    run_facts_clear(&planned->run.facts);
    g_free(planned->actor);
    g_free(planned);
}

static bool is_url(const char *column) {
    return g_str_has_suffix(column, "url");
}

/* The SHA-1 of a file that is here, or comes; else NULL, which is told. */
static char *read_file(Plans *plans, const OldRow *row, const char *column, const char *sha1) {
    FileState state = sha1 && *sha1 ? import_file_state(plans->build, sha1) : FILE_HERE;
    if (state == FILE_FOREIGN)
        import_mend(plans->import, row, "comes without its %s: its build has no file %s", column, sha1);
    else if (state == FILE_LOST)
        import_mend(plans->import, row, "comes without its %s: the file %s does not come", column, sha1);
    bool comes = sha1 && *sha1 && (state == FILE_HERE || state == FILE_REMOVED);
    return comes ? g_strdup(sha1) : NULL;
}

enum { FIRST_TEXT = 5, N_TEXTS = 10 }; /* in the order of run_text_names */

static void read_facts(Plans *plans, const OldRow *row, const DbQuery *query, RunFacts *out) {
    for (size_t i = 0; i < N_TEXTS; i++) {
        const char *text = db_text(query, FIRST_TEXT + i), *column = run_text_names[i];
        *run_text(out, i) =
            is_url(column) ? old_url(plans->import, row, column, text) : read_file(plans, row, column, text);
    }
    out->distortion = db_real(query, FIRST_TEXT + N_TEXTS);
    out->has_distortion = !db_is_null(query, FIRST_TEXT + N_TEXTS) && out->distortion >= 0 && out->distortion <= 1;
    if (!out->has_distortion && !db_is_null(query, FIRST_TEXT + N_TEXTS))
        import_mend(plans->import, row, "comes without its distortion, which is %g", out->distortion);
}

static bool read_status(const char *text, RunStatus *out) {
    *out = run_row_status(text ? text : "");
    return text && strcmp(text, run_status_name(*out)) == 0;
}

/* NULL for one that cannot come. */
static PlannedRun *read_run(Plans *plans, const DbQuery *query) {
    Import *import = plans->import;
    const OldRow *row = OLD_ROW("run", db_int(query, 0));
    const char *name = db_text(query, 1), *status_name = db_text(query, 2);
    RunStatus status = RUN_DATA_PENDING;
    g_autoptr(GError) cause = NULL;
    g_autofree char *checked = store_check_text(name ? name : "", STORE_MOST_NAME, "its name", &cause);
    if (checked && !read_status(status_name, &status))
        error_set(&cause, ERROR_INVALID, "its status is %s, which is none", status_name ? status_name : "NULL");
    if (cause) {
        import_lose(import, IMPORT_RUNS, row, "%s", cause->message);
        return NULL;
    }
    PlannedRun *planned = g_new0(PlannedRun, 1);
    planned->run =
        (Run){.id = row->id, .build_id = plans->build->id, .name = g_steal_pointer(&checked), .status = status};
    planned->run.created_ms = old_time(query, 3);
    planned->run.modified_ms = MAX(old_time(query, 4), planned->run.created_ms);
    read_facts(plans, row, query, &planned->run.facts);
    planned->wants = GPOINTER_TO_UINT(find(plans->wants, row->id));
    const Approval *approval = find(plans->approvals, row->id);
    if (approval) {
        planned->actor = g_strdup(approval->actor);
        planned->approved_ms = approval->at_ms;
    }
    return planned;
}

static bool load_run(Plans *plans, int64_t id, PlannedRun **out_run, GError **error) {
    g_autofree char *sql = g_strdup_printf(
        "SELECT id, name, status, created, modified, url, image, log, config, ref_url, ref_image, ref_log, ref_config, "
        "diff_image, diff_log, %s FROM run WHERE id = ?",
        plans->distortion);
    g_autoptr(DbQuery) query = db_query(plans->import->old, sql, DB_INT(id));
    *out_run = db_next(query) ? read_run(plans, query) : NULL;
    return db_end(query, error);
}

/* Of two of one name, that which has a picture is it, or else the newer one. */
static void merge(Import *import, GHashTable *by_name, PlannedRun *later) {
    PlannedRun *earlier = g_hash_table_lookup(by_name, later->run.name);
    if (!earlier) {
        g_hash_table_insert(by_name, later->run.name, later);
        return;
    }
    bool later_stays = later->run.facts.image || !earlier->run.facts.image;
    PlannedRun *stays = later_stays ? later : earlier, *goes = later_stays ? earlier : later;
    import_note(import, OLD_ROW("run", goes->run.id), "is one with %" G_GINT64_FORMAT ", which has the same name%s",
                stays->run.id, stays->run.facts.image && !goes->run.facts.image ? " and a picture" : "");
    stays->wants |= goes->wants;
    g_hash_table_steal(by_name, goes->run.name);
    g_hash_table_insert(by_name, stays->run.name, stays);
    planned_run_free(goes);
}

static int compare_names(const void *a, const void *b) {
    const PlannedRun *const *one = a, *const *other = b;
    return strcmp((*one)->run.name, (*other)->run.name);
}

/* All runs of the releases of a group. */
static GPtrArray *read_runs(Plans *plans, const GPtrArray *group, GError **error) {
    g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, planned_run_free);
    for (guint i = 0; i < group->len; i++) {
        const GArray *ids = find(plans->run_ids, ((OldRelease *)g_ptr_array_index(group, i))->id);
        for (guint k = 0; ids && k < ids->len; k++) {
            PlannedRun *run;
            if (!load_run(plans, g_array_index(ids, int64_t, k), &run, error) || !import_go_on(plans->import, 1, error))
                return NULL;
            if (run)
                merge(plans->import, by_name, run);
        }
    }
    GPtrArray *runs = g_ptr_array_new_with_free_func(planned_run_free);
    GHashTableIter all;
    void *run;
    g_hash_table_iter_init(&all, by_name);
    while (g_hash_table_iter_next(&all, NULL, &run))
        g_ptr_array_add(runs, run);
    g_hash_table_steal_all(by_name);
    g_ptr_array_sort(runs, compare_names);
    return runs;
}

/* What a run is here. */

static bool has_pair(const RunFacts *facts) {
    return facts->image && facts->ref_image;
}

/* Whether it has the pictures that its status speaks of. */
static bool has_what_it_needs(const Run *run) {
    const RunFacts *facts = &run->facts;
    switch (run->status) {
    case RUN_DIFF_FOUND:
    case RUN_DIFF_APPROVED:
        return has_pair(facts) && facts->diff_image;
    case RUN_DIFF_NOT_FOUND:
        return has_pair(facts);
    case RUN_NO_DIFF_NEEDED:
        return facts->image;
    case RUN_DATA_PENDING:
    case RUN_NEEDS_DIFF:
    case RUN_FAILED:
        return true;
    }
    g_assert_not_reached();
}

/* A failure says of what, so that another report does not make it undone. */
static void fail(Run *run) {
    RunFacts *facts = &run->facts;
    run->status = RUN_FAILED;
    facts->run_failed = !facts->image || (facts->ref_config && !facts->ref_image);
    facts->diff_failed = !facts->run_failed;
}

/* Of an open release: what is to come still has a task, or somebody who will report it; else it never comes. */
static void settle_waiting(PlannedRun *planned, ReleaseStatus status) {
    Run *run = &planned->run;
    RunFacts *facts = &run->facts;
    bool lacks_image = !facts->image, lacks_ref = facts->ref_config && !facts->ref_image;
    planned->wants &= (lacks_image && facts->url && facts->config ? WANTS_IMAGE : 0u) |
                      (lacks_ref && facts->ref_url ? WANTS_REF_IMAGE : 0u);
    bool is_lost =
        (lacks_image && (facts->config || status == RELEASE_PROCESSING) && !(planned->wants & WANTS_IMAGE)) ||
        (lacks_ref && !(planned->wants & WANTS_REF_IMAGE));
    if (is_lost)
        fail(run);
    else if (has_pair(facts))
        run->status = strcmp(facts->image, facts->ref_image) == 0 ? RUN_DIFF_NOT_FOUND : RUN_NEEDS_DIFF;
    else
        run->status = lacks_image || lacks_ref ? RUN_DATA_PENDING : RUN_NO_DIFF_NEEDED;
}

static void settle_run(Import *import, PlannedRun *planned, ReleaseStatus status) {
    Run *run = &planned->run;
    bool waits = run->status == RUN_DATA_PENDING || run->status == RUN_NEEDS_DIFF;
    bool is_open = status == RELEASE_RECEIVING || status == RELEASE_PROCESSING;
    if (!has_what_it_needs(run)) {
        import_mend(import, OLD_ROW("run", run->id), "was %s, and counts as failed here: a picture is missing",
                    run_status_name(run->status));
        fail(run);
    }
    if (waits && is_open)
        settle_waiting(planned, status);
    else
        planned->wants = 0;
    if (run->status == RUN_FAILED || (waits && status == RELEASE_REVIEWING))
        fail(run);
}

/* Whatever waited in vain kept a release processing for ever. */
static void settle(Import *import, Plan *plan) {
    bool any_waits = false;
    for (guint i = 0; i < plan->runs->len; i++) {
        PlannedRun *planned = g_ptr_array_index(plan->runs, i);
        settle_run(import, planned, plan->release.status);
        any_waits = any_waits || planned->run.status == RUN_DATA_PENDING || planned->run.status == RUN_NEEDS_DIFF;
    }
    if (plan->release.status == RELEASE_PROCESSING && !any_waits)
        plan->release.status = RELEASE_REVIEWING;
}

/* A plan. */

static void digest_text(GChecksum *checksum, const char *text) {
    g_autofree char *line = text ? g_strconcat("=", text, "\n", NULL) : g_strdup("\n");
    g_checksum_update(checksum, (const guchar *)line, -1);
}

static void digest_run(GChecksum *checksum, const PlannedRun *planned) {
    const RunFacts *facts = &planned->run.facts;
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    digest_text(checksum, planned->run.name);
    digest_text(checksum, run_status_name(planned->run.status));
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        digest_text(checksum, *run_text((RunFacts *)facts, i));
    digest_text(checksum, facts->has_distortion ? g_ascii_dtostr(digits, sizeof digits, facts->distortion) : NULL);
    digest_text(checksum, planned->run.status == RUN_DIFF_APPROVED ? planned->actor : NULL);
    digest_text(checksum, (const char *const[]){"", "image", "reference", "both"}[planned->wants]);
}

static char *state_of(const Plan *plan) {
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    digest_text(checksum, release_status_name(plan->release.status));
    digest_text(checksum, plan->release.url);
    for (guint i = 0; i < plan->runs->len; i++)
        digest_run(checksum, g_ptr_array_index(plan->runs, i));
    return g_strdup(g_checksum_get_string(checksum));
}

/* The old server found the first one when it was asked for the name and the number, so that has the runs, if any has. */
static const OldRelease *choose(const Plans *plans, const GPtrArray *group) {
    for (guint i = 0; i < group->len; i++)
        if (count_runs(plans, ((OldRelease *)g_ptr_array_index(group, i))->id) > 0)
            return g_ptr_array_index(group, i);
    return g_ptr_array_index(group, 0);
}

static int64_t find_decided_ms(const Plans *plans, const OldRelease *row) {
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT " %s", row->id, release_status_name(row->status));
    const int64_t *at_ms = g_hash_table_lookup(plans->decided, key);
    return at_ms && *at_ms > 0 ? *at_ms : row->modified_ms;
}

void plan_free(Plan *plan) {
    if (!plan)
        return;
    g_free(plan->release.name);
    g_free(plan->release.url);
    if (plan->runs)
        g_ptr_array_unref(plan->runs);
    g_free(plan->known_as);
    g_free(plan->state);
    g_free(plan);
}

bool plans_next(Plans *plans, Plan **out_plan, GError **error) {
    if (plans->next >= plans->groups->len)
        return false;
    const GPtrArray *group = g_ptr_array_index(plans->groups, plans->next++);
    const OldRelease *row = choose(plans, group), *first = g_ptr_array_index(group, 0);
    g_autoptr(Plan) plan = g_new0(Plan, 1);
    plan->old_id = first->id;
    plan->known_as = known_number(first->id, first->created_ms);
    plan->release = (Release){.build_id = plans->build->id,
                              .name = g_strdup(row->name),
                              .number = row->number,
                              .status = row->status,
                              .url = g_strdup(row->url),
                              .created_ms = row->created_ms,
                              .modified_ms = row->modified_ms,
                              .decided_ms = find_decided_ms(plans, row)};
    for (guint i = 0; i < group->len; i++)
        put(plans->build->releases, ((OldRelease *)g_ptr_array_index(group, i))->id, g_strdup(plan->known_as));
    plan->runs = read_runs(plans, group, error);
    if (!plan->runs)
        return false;
    settle(plans->import, plan);
    plan->state = state_of(plan);
    *out_plan = g_steal_pointer(&plan);
    return true;
}
