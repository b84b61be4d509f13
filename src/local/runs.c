#include "local/runs.h"

#include "base/file.h"
#include "config/test_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char FOLDER[] = ".dpxdt";
static const char PREFIX[] = "run-";
static const char LAST[] = "last";
static const char RESULTS[] = "results.json";
/* Stands in FOLDER from the beginning of a run to its end. */
static const char UNFINISHED[] = "unfinished";

struct RunFolder {
    char *folder;
    char *parent; /* DIR/.dpxdt; NULL for a temporary folder, which nobody will look for */
    int lock;     /* see file_make_own_folder(); -1 for a temporary folder */
    bool ended;
};

static void remove_left_over(const char *parent) {
    g_autofree char *link = g_build_filename(parent, LAST, NULL);
    g_autofree char *last = g_file_read_link(link, NULL);
    file_remove_left_over(parent, PREFIX, last);
}

/* Its own .gitignore keeps the folder out of commits. */
static bool make_parent(const char *parent, GError **error) {
    g_autofree char *ignore = g_build_filename(parent, ".gitignore", NULL);
    if (!file_make_folder(parent, error))
        return false;
    return g_file_test(ignore, G_FILE_TEST_EXISTS) ||
           file_write_text(ignore, "# Pictures of the last run of dpxdt.\n*\n", error);
}

static bool make_folder(RunFolder *run, const char *dir, GError **error) {
    g_autofree char *parent = g_build_filename(dir, FOLDER, NULL);
    if (!make_parent(parent, error))
        return false;
    remove_left_over(parent);
    g_autofree char *unfinished = g_build_filename(parent, UNFINISHED, NULL);
    if (!file_write_scratch(unfinished, "", 0, error))
        return false;
    run->folder = file_make_own_folder(parent, PREFIX, 0777, &run->lock, error);
    if (run->folder)
        run->parent = g_steal_pointer(&parent);
    return run->folder != NULL;
}

RunFolder *run_folder_begin(const char *dir, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(RunFolder) run = g_new0(RunFolder, 1);
    run->lock = -1;
    if (make_folder(run, dir, &cause))
        return g_steal_pointer(&run);
    g_printerr("dpxdt: warning: %s; pictures go to a temporary folder, and there will be nothing to approve\n",
               cause->message);
    g_clear_error(&cause);
    run->folder = g_dir_make_tmp("dpxdt-run-XXXXXX", &cause);
    if (run->folder)
        return g_steal_pointer(&run);
    error_set(error, ERROR_FAILED, "no folder for pictures: %s", cause->message);
    return NULL;
}

const char *run_folder_path(const RunFolder *run) {
    return run->folder;
}

/* rename(2) replaces the link in one step, whoever else is doing the same. */
static bool point_last_at(const char *parent, const char *run_name, GError **error) {
    g_autofree char *link = g_build_filename(parent, LAST, NULL);
    g_autofree char *new = g_strdup_printf("%s/.%s-%s", parent, LAST, run_name);
    unlink(new); /* of one that was killed here, and had the same name */
    if (symlink(run_name, new) == 0 && rename(new, link) == 0)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot make %s", link);
    return false;
}

bool run_folder_end(RunFolder *run, const RunReport *report, GError **error) {
    g_autofree char *results = g_build_filename(run->folder, RESULTS, NULL);
    g_autofree char *name = g_path_get_basename(run->folder);
    if (!report_write_json(report, results, error) || (run->parent && !point_last_at(run->parent, name, error)))
        return false;
    run->ended = true;
    if (!run->parent)
        return true;
    g_autofree char *unfinished = g_build_filename(run->parent, UNFINISHED, NULL);
    unlink(unfinished);
    remove_left_over(run->parent);
    return true;
}

void run_folder_free(RunFolder *run) {
    if (!run)
        return;
    g_autoptr(GError) error = NULL;
    if (run->folder && !run->ended && !file_remove_tree(run->folder, &error))
        g_printerr("dpxdt: warning: %s\n", error->message);
    if (run->lock >= 0)
        close(run->lock);
    g_free(run->folder);
    g_free(run->parent);
    g_free(run);
}

/* Folders travel, by commits and by CI jobs, and then results.json is a stranger's word: it must not make us read or
 * write what lies elsewhere, be it by ".." or by a link. A file that is not there at all does no harm. */
static bool check_path(const char *what, const char *path, const char *run, GError **error) {
    g_autofree char *real = path ? realpath(path, NULL) : NULL;
    size_t n_run = strlen(run);
    if (!real || (strncmp(real, run, n_run) == 0 && real[n_run] == '/'))
        return true;
    error_set(error, ERROR_INVALID, "%s is %s, which is not in the folder of the run", what, path);
    return false;
}

static bool check_result(const Result *result, const char *run, GError **error) {
    const char *problem = test_name_check(result->name);
    if (problem) {
        error_set(error, ERROR_INVALID, "the name %s must %s", result->name, problem);
        return false;
    }
    return check_path("ref_path", result->ref_path, run, error) &&
           check_path("whole_ref_path", result->whole_ref_path, run, error) &&
           check_path("run_path", result->run_path, run, error) &&
           check_path("diff_path", result->diff_path, run, error) &&
           check_path("log_path", result->log_path, run, error) &&
           check_path("config_path", result->config_path, run, error);
}

/* The one path that is outside of the run's folder follows from the name. */
static void set_reference_path(Result *result, const char *dir) {
    g_autofree char *file = g_strconcat(result->name, ".png", NULL);
    g_free(result->reference_path);
    result->reference_path = g_build_filename(dir, file, NULL);
}

static bool check_report(const RunReport *report, const char *path, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *run = realpath(folder, NULL);
    if (!run) {
        error_set_errno(error, ERROR_FAILED, errno, "%s", folder);
        return false;
    }
    for (unsigned i = 0; i < report->results->len; i++) {
        if (!check_result(report->results->pdata[i], run, error)) {
            g_prefix_error(error, "%s: result %u: ", path, i + 1);
            return false;
        }
        set_reference_path(report->results->pdata[i], report->dir);
    }
    return true;
}

/* Who has stopped a run, and forgot, would take these pictures for that run's. */
static void warn_of_unfinished(const RunReport *report) {
    g_autofree char *unfinished = g_build_filename(report->dir, FOLDER, UNFINISHED, NULL);
    g_autoptr(GDateTime) started = g_date_time_new_from_unix_local(report->started_ms / 1000);
    g_autofree char *when = started ? g_date_time_format(started, "%Y-%m-%d %H:%M:%S") : g_strdup("before");
    if (g_file_test(unfinished, G_FILE_TEST_EXISTS))
        g_printerr("dpxdt: warning: a later run did not get to its end, or still goes on; this is the run of %s\n",
                   when);
}

RunReport *runs_read_last(const char *dir, GError **error) {
    g_autofree char *path = g_build_filename(dir, FOLDER, LAST, RESULTS, NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(RunReport) report = report_read_json(path, &cause);
    if (error_is(cause, ERROR_NOT_FOUND)) {
        error_set(error, ERROR_NOT_FOUND, "no test has run in %s yet (there is no %s); run `dpxdt test %s` first", dir,
                  path, dir);
        return NULL;
    }
    if (!report) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    run_report_move(report, dir);
    if (!check_report(report, path, error))
        return NULL;
    warn_of_unfinished(report);
    return g_steal_pointer(&report);
}

GHashTable *runs_read_durations(const char *dir) {
    GHashTable *durations_ms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *path = g_build_filename(dir, FOLDER, LAST, RESULTS, NULL);
    g_autoptr(RunReport) report = report_read_json(path, NULL);
    for (unsigned i = 0; report && i < report->results->len; i++) {
        const Result *result = report->results->pdata[i];
        gint64 *duration_ms = g_new(gint64, 1);
        *duration_ms = result->duration_ms;
        g_hash_table_insert(durations_ms, g_strdup(result->name), duration_ms);
    }
    return durations_ms;
}
