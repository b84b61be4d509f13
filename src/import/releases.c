/* Releases, each with its runs, in one transaction: whole, or not at all. */
#include "import/release_plan.h"

#include "queue/queue.h"
#include "store/run_task.h"

/* Who approved a run, where the old log does not say. */
#define SOMEBODY "imported"

typedef struct {
    Import *import;
    Plan *plan;
    const Known *known; /* NULL: it comes for the first time */
} Brought;

static bool write_tasks(Db *db, const Release *release, const PlannedRun *planned, int64_t now_ms, GError **error) {
    const Run *run = &planned->run;
    const RunFacts *facts = &run->facts;
    bool is_open = release->status == RELEASE_RECEIVING || release->status == RELEASE_PROCESSING;
    if (is_open && run->status == RUN_NEEDS_DIFF)
        return run_add_diff_task(db, release, run, now_ms, error);
    return (!(planned->wants & WANTS_IMAGE) ||
            run_add_capture_task(db, release, run, facts->url, facts->config, false, now_ms, error)) &&
           (!(planned->wants & WANTS_REF_IMAGE) ||
            run_add_capture_task(db, release, run, facts->ref_url, facts->ref_config, true, now_ms, error));
}

/* That nobody approves it any more is of interest only where somebody did. */
static bool write_decision(Db *db, const PlannedRun *planned, bool is_again, GError **error) {
    const Run *run = &planned->run;
    if (run->status == RUN_DIFF_APPROVED)
        return run_put_decision(db, run, planned->actor ? planned->actor : SOMEBODY,
                                planned->approved_ms ? planned->approved_ms : run->modified_ms, error);
    return !is_again || run->status != RUN_DIFF_FOUND || run_put_decision(db, run, NULL, 0, error);
}

static bool write_runs(Db *db, const Brought *brought, GError **error) {
    Plan *plan = brought->plan;
    for (guint i = 0; i < plan->runs->len; i++) {
        PlannedRun *planned = g_ptr_array_index(plan->runs, i);
        planned->run.release_id = plan->release.id;
        if (!run_put(db, &planned->run, error) || !write_decision(db, planned, brought->known, error) ||
            !write_tasks(db, &plan->release, planned, brought->import->options->now_ms, error))
            return false;
    }
    return run_recount(db, plan->release.id, error);
}

static bool write_release(Db *db, void *data, GError **error) {
    const Brought *brought = data;
    Plan *plan = brought->plan;
    int64_t now_ms = brought->import->options->now_ms;
    Known known = {.state = plan->state};
    plan->release.id = brought->known ? brought->known->new_id : 0;
    if ((brought->known && queue_cancel(db, plan->release.id, now_ms, error) < 0) ||
        !release_put(db, &plan->release, now_ms, error) || !write_runs(db, brought, error) ||
        !release_last_change(db, plan->release.id, &known.modified_ms, error))
        return false;
    known.new_id = plan->release.id;
    return known_put(db, "release", plan->release.build_id, plan->known_as, &known, error);
}

/* What was removed here may be named again, by a release that is new. */
static bool bring_files(Import *import, ImportBuild *build, const Plan *plan, GError **error) {
    for (guint i = 0; i < plan->runs->len; i++) {
        PlannedRun *planned = g_ptr_array_index(plan->runs, i);
        for (size_t k = 0; k < RUN_N_TEXTS; k++) {
            const char *text = *run_text(&planned->run.facts, k);
            bool was_removed = text && import_file_state(build, text) == FILE_REMOVED;
            if (was_removed && !import_file_again(import, build, text, error))
                return false;
        }
    }
    return true;
}

/* *out_ms: when the release was changed last that it is here; 0: there is none. */
static bool find_here(Import *import, const Plan *plan, const Known *known, int64_t *out_ms, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return false;
    if (known)
        return release_last_change(db, known->new_id, out_ms, error);
    g_autoptr(Release) another =
        release_find(db, plan->release.build_id, plan->release.name, plan->release.number, &cause);
    *out_ms = another ? MAX(another->modified_ms, 1) : 0;
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static void count(Import *import, const Plan *plan, const Known *known, bool has_changed) {
    ImportCount *releases = &import->result->counts[IMPORT_RELEASES], *runs = &import->result->counts[IMPORT_RUNS];
    int n = (int)plan->runs->len;
    releases->n_new += !known;
    releases->n_changed += known && has_changed;
    releases->n_known += known && !has_changed;
    runs->n_new += known ? 0 : n;
    runs->n_changed += known && has_changed ? n : 0;
    runs->n_known += known && !has_changed ? n : 0;
}

static bool bring(Import *import, ImportBuild *build, Plan *plan, const Known *known, GError **error) {
    const OldRow *row = OLD_ROW("release", plan->old_id);
    int64_t modified_ms;
    if (!find_here(import, plan, known, &modified_ms, error))
        return false;
    if (!known && modified_ms != 0) {
        import->result->counts[IMPORT_RUNS].n_lost += (int)plan->runs->len;
        import_lose(import, IMPORT_RELEASES, row, "there is another %s, %d here", plan->release.name,
                    plan->release.number);
        return true;
    }
    bool has_changed = known && modified_ms != 0 && g_strcmp0(known->state, plan->state) != 0;
    bool changed_here = known && modified_ms != known->modified_ms;
    if (has_changed && changed_here)
        import_mend(import, row, "was changed there and here since it came: it stays as it is here");
    bool writes = !known || (has_changed && !changed_here);
    Brought brought = {import, plan, known};
    count(import, plan, known, has_changed && !changed_here);
    return !writes || (bring_files(import, build, plan, error) && import_write(import, write_release, &brought, error));
}

bool import_releases(Import *import, ImportBuild *build, GError **error) {
    g_autoptr(GHashTable) known = known_load(import, "release", build->id, error);
    g_autoptr(Plans) plans = known ? plans_new(import, build, error) : NULL;
    g_autoptr(GError) cause = NULL;
    if (!plans)
        return false;
    for (;;) {
        g_autoptr(Plan) plan = NULL;
        if (!plans_next(plans, &plan, &cause))
            break;
        if (!bring(import, build, plan, g_hash_table_lookup(known, plan->known_as), error))
            return false;
    }
    if (!cause)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}
