/* `dpxdt import`: takes over the database of an old server. */
#include "import/import.h"

#include "cmd/data.h"
#include "cmd/progress.h"

#include <stdio.h>

typedef struct {
    char *from;
    bool dry_run;
    DataOptions data;
} Options;

static void options_clear(Options *options) {
    g_free(options->from);
    data_options_clear(&options->data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static void tell(void *unused, const char *line) {
    puts(line);
}

static void show(void *progress, int done, int all) {
    progress_show(progress, done, all);
}

static void print_counts(const ImportResult *result) {
    printf("%-12s %8s %8s %8s %8s\n", "", "new", "changed", "known", "left out");
    for (size_t i = 0; i < IMPORT_N_KINDS; i++) {
        const ImportCount *count = &result->counts[i];
        printf("%-12s %8d %8d %8d %8d\n", import_kind_name((ImportKind)i), count->n_new, count->n_changed,
               count->n_known, count->n_lost);
    }
    printf(g_dngettext(NULL, "%d problem\n", "%d problems\n", (gulong)result->n_problems), result->n_problems);
}

/* What is not there yet is as if it were there and empty. */
static DbPool *open_to_try(const Options *options, GError **error) {
    g_autoptr(GError) cause = NULL;
    DbPool *pool = data_open_to_read(&options->data, &cause);
    if (error_is(cause, ERROR_NOT_FOUND))
        return import_open_nothing(error);
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return pool;
}

static DbPool *open_target(const Options *options, GError **error) {
    return options->dry_run ? open_to_try(options, error) : data_open_database(&options->data, 1, true, error);
}

static int import(const Options *options, GError **error) {
    ImportResult result;
    g_autoptr(DbPool) from = import_open(options->from, error);
    g_autoptr(DbPool) to = from ? open_target(options, error) : NULL;
    g_autoptr(Blobs) blobs = to && !options->dry_run ? data_open_blobs(&options->data, error) : NULL;
    g_autoptr(SealKey) key = blobs ? data_open_key(&options->data, to, error) : NULL;
    if (!to || (!key && !options->dry_run))
        return 2;
    Progress progress = progress_begin("rows");
    const ImportOptions what = {.from = from,
                                .to = to,
                                .blobs = blobs,
                                .key = key,
                                .now_ms = g_get_real_time() / 1000,
                                .tell = tell,
                                .progress = show,
                                .data = &progress};
    bool done = import_run(&what, &result, error);
    progress_end(&progress);
    if (!done)
        return 2;
    print_counts(&result);
    fflush(stdout); /* where both go to one pipe, it is the last line there, too */
    if (options->dry_run)
        fputs("dpxdt import: this was a dry run: nothing was written\n", stderr);
    return result.n_problems > 0;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(Options) options = {0};
    gboolean dry_run = FALSE;
    const GOptionEntry entries[] = {
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from,
         "The old database: sqlite:PATH, mysql://... or postgresql://...", "URL"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "Tell what would come, and write nothing", NULL},
        DATA_ENTRIES(&options.data),
        KEY_ENTRY(&options.data),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options.data, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    options.dry_run = dry_run;
    if (options.from)
        return import(&options, error);
    error_set(error, ERROR_INVALID, "where is the old database? --from sqlite:PATH, or mysql://...");
    return 2;
}

const Command import_command = {
    "import",
    "",
    "Take over the database of a Python dpxdt server",
    "Takes over users, builds, owners, keys, releases, runs, files and the log, and tells of each row that\n"
    "does not come, or not as it was. The old database is only read. It can be repeated: what came before\n"
    "stays as it is here, and what is new there comes, too. docs/migrating.md has the steps.\n"
    "\n"
    "  dpxdt import --from sqlite:/srv/dpxdt/data.db --data /var/lib/dpxdt --dry-run\n"
    "  dpxdt import --from mysql://root@10.0.0.5/dpxdt --data /var/lib/dpxdt       (password: MYSQL_PWD)\n"
    "\n"
    "The exit status is 0 if all came, 1 if something did not, 2 or more if it broke off.",
    run,
};
