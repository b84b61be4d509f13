/* `dpxdt fsck`: whether all that a server keeps is there, and fits together. */
#include "cmd/data.h"
#include "cmd/progress.h"
#include "store/artifact.h"
#include "store/fsck.h"

#include <stdio.h>

typedef struct {
    Db *db;
    Blobs *blobs;
    const DataOptions *options;
    Progress progress;
    int n_files, n_all, n_problems;
} Check;

static void tell(void *data, const char *problem) {
    Check *check = data;
    puts(problem);
    check->n_problems++;
}

/* What cannot be read at all is no finding, but ends the check. */
static bool check_file(void *data, const char *sha1, const char *sha256, int64_t size, GError **error) {
    Check *check = data;
    g_autoptr(GError) cause = NULL;
    progress_show(&check->progress, ++check->n_files, check->n_all);
    if (blobs_check(check->blobs, sha256, size, &cause))
        return true;
    if (!error_is(cause, ERROR_NOT_FOUND) && !error_is(cause, ERROR_INVALID)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    bool is_known;
    g_autofree char *problem = g_strdup_printf("file %s: %s", sha1, cause->message);
    if (!fsck_knows_file(check->db, sha1, &is_known, error))
        return false;
    if (is_known)
        tell(check, problem);
    return true;
}

static bool check_key(Db *db, Check *check, GError **error) {
    g_autofree char *problem = NULL;
    if (!data_check_key(check->options, db, &problem, error))
        return false;
    if (problem)
        tell(check, problem);
    return true;
}

static bool check_all(Db *db, Check *check, GError **error) {
    const Fsck fsck = {.tell = tell, .file = check_file, .data = check};
    check->n_all = (int)artifact_count(db, error);
    check->progress = progress_begin("files are looked at");
    bool done = check->n_all >= 0 && fsck_files(db, &fsck, error) >= 0;
    progress_end(&check->progress);
    return done && fsck_rows(db, &fsck, error) && check_key(db, check, error);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        KEY_ENTRY(&options),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    g_autoptr(DbPool) pool = data_open_database(&options, 1, false, error);
    g_autoptr(Blobs) blobs = pool ? data_open_blobs(&options, error) : NULL;
    g_autoptr(Db) db = blobs ? db_pool_take(pool, 0, error) : NULL;
    Check check = {.db = db, .blobs = blobs, .options = &options};
    if (!db || !check_all(db, &check, error))
        return 2;
    printf(g_dngettext(NULL, "%d file, ", "%d files, ", (gulong)check.n_files), check.n_files);
    printf(g_dngettext(NULL, "%d problem\n", "%d problems\n", (gulong)check.n_problems), check.n_problems);
    return check.n_problems > 0;
}

const Command fsck_command = {
    "fsck",
    "",
    "Check that all that a server keeps is there, and fits together",
    "Reads every file that the database knows, and compares its bytes with their hash; then looks whether\n"
    "runs name files that are there, and whether the counts of releases are right. A line for each\n"
    "problem, and how many there were. Nothing is changed, and the server may be running.\n"
    "\n"
    "  dpxdt fsck --data /var/lib/dpxdt\n"
    "\n"
    "The exit status is 0 if all is well, 1 if there are problems, 2 if it could not be found out.",
    run,
};
