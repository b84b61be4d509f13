/* `dpxdt gc`: removes old releases, and the bytes that nothing names any more. */
#include "cmd/data.h"
#include "cmd/progress.h"
#include "store/artifact.h"
#include "store/gc.h"

#include <stdio.h>

enum { DAY_S = 24 * 60 * 60 };

typedef struct {
    Progress progress;
    int n_expected; /* as many as the database names */
} Shown;

/* How many there are in all nobody knows before the end. */
static void show_progress(void *data, int64_t n) {
    Shown *shown = data;
    int done = (int)MIN(n, G_MAXINT - 1);
    progress_show(&shown->progress, done, MAX(done + 1, shown->n_expected));
}

/* "12 blobs (3.4 MB)" */
static char *blobs_text(int64_t n, int64_t bytes) {
    g_autofree char *size = g_format_size((guint64)bytes);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s (%s)", n, n == 1 ? "blob" : "blobs", size);
}

/* "  build 1: cut 7 #1, 40 runs" */
static void print_listed(const GcReport *report) {
    for (guint i = 0; i < report->releases->len; i++) {
        const GcRelease *release = g_ptr_array_index(report->releases, i);
        printf("  build %" G_GINT64_FORMAT ": %s #%d, %" G_GINT64_FORMAT " %s\n", release->build_id, release->name,
               release->number, release->n_runs, release->n_runs == 1 ? "run" : "runs");
    }
    int64_t n_more = report->n_releases - report->releases->len;
    if (report->releases->len > 0 && n_more > 0)
        printf("  and %" G_GINT64_FORMAT " more\n", n_more);
}

static char *minute_text(int64_t ms) {
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000 + 59); /* not a minute too early */
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M UTC") : g_strdup("a time that no calendar has");
}

static void print_waiting(const GcReport *report) {
    g_autofree char *first = minute_text(report->first_free_ms);
    g_autofree char *last = minute_text(report->last_free_ms);
    if (report->n_waiting == 1)
        printf("1 more bad release stays until %s, as it can be reopened until then (--unused)\n", first);
    else if (report->n_waiting > 1)
        printf("%" G_GINT64_FORMAT " more bad releases stay, the first until %s, the last until %s, as they can be "
               "reopened until then (--unused)\n",
               report->n_waiting, first, last);
}

static void print_blobs(const GcReport *report, bool is_dry) {
    g_autofree char *garbage = blobs_text(report->n_garbage, report->garbage_bytes);
    g_autofree char *gone = blobs_text(report->n_removed, report->removed_bytes);
    bool some_wait = report->n_removed < report->n_garbage && !report->is_held;
    printf("%s that nothing %s\n", garbage, is_dry ? "would name any more" : "names");
    printf("%s %s%s\n", gone, is_dry ? "of these would be removed at once" : "of these removed",
           some_wait ? "; the others stay for a while after it was noticed (--grace)" : "");
}

static void print_report(const GcReport *report, bool is_dry) {
    const char *removed = is_dry ? "would be removed" : "removed";
    printf("%" G_GINT64_FORMAT " old %s with %" G_GINT64_FORMAT " %s %s\n", report->n_releases,
           report->n_releases == 1 ? "release" : "releases", report->n_runs, report->n_runs == 1 ? "run" : "runs",
           removed);
    print_listed(report);
    print_waiting(report);
    printf("%" G_GINT64_FORMAT " %s of builds that no run names %s\n", report->n_files,
           report->n_files == 1 ? "file" : "files", removed);
    print_blobs(report, is_dry);
    if (report->is_held)
        puts("a backup is being made, so the rest stays until the next time");
}

static int clean(const DataOptions *options, const GcRules *rules, GError **error) {
    g_auto(GcReport) report = {0};
    g_autoptr(DbPool) pool = data_open_database(options, 1, false, error);
    g_autoptr(Blobs) blobs = pool ? data_open_blobs(options, error) : NULL;
    g_autoptr(Db) db = blobs ? db_pool_take(pool, 0, error) : NULL;
    Shown shown = {.n_expected = db ? (int)artifact_count(db, error) : -1};
    g_clear_pointer(&db, db_release);
    if (shown.n_expected < 0)
        return 2;
    shown.progress = progress_begin("blobs were looked at");
    bool done = gc_run(pool, blobs, rules, show_progress, &shown, &report, error);
    progress_end(&shown.progress);
    if (!done)
        return 2;
    print_report(&report, rules->is_dry);
    return 0;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    int grace_s = DAY_S, unused_s = DAY_S;
    gboolean is_dry = FALSE;
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &is_dry,
         "Tell what would be removed, releases by name, and change nothing", NULL},
        {"grace", 0, 0, G_OPTION_ARG_INT, &grace_s,
         "For so long bytes stay after it was noticed that nothing names them (default: 86400, a day)", "SECONDS"},
        {"unused", 0, 0, G_OPTION_ARG_INT, &unused_s,
         "For so long a file that no run names stays after it came, and a bad release (default: 86400)", "SECONDS"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    if (grace_s < 0 || unused_s < 0) {
        error_set(error, ERROR_INVALID, "%s: it cannot be less than 0", grace_s < 0 ? "--grace" : "--unused");
        return 2;
    }
    const GcRules rules = {
        .grace_ms = grace_s * INT64_C(1000), .unused_ms = unused_s * INT64_C(1000), .is_dry = is_dry};
    return clean(&options, &rules, error);
}

const Command gc_command = {
    "gc",
    "",
    "Remove old releases, and pictures that nothing needs any more",
    "Removes the bad releases that are older than those which their builds keep (`dpxdt build set`, or the\n"
    "settings of a build), files that no run names any more, and then bytes that nothing names. These go a\n"
    "day after that was noticed: so when it is run for the second time. Everything good and everything\n"
    "undecided stays. The server may be running, and so may several of these. To be run once a day.\n"
    "\n"
    "  dpxdt gc --data /var/lib/dpxdt --dry-run\n"
    "  dpxdt gc --data /var/lib/dpxdt",
    run,
};
