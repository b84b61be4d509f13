#include "local/local.h"

#include "base/clock.h"
#include "base/stop.h"
#include "config/suite.h"
#include "local/filter.h"
#include "local/hint.h"
#include "local/order.h"
#include "local/outputs.h"
#include "local/runs.h"
#include "local/site.h"
#include "local/strays.h"
#include "local/trial.h"
#include "report/text.h"
#include "report/words.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More pages at once than this do not get faster on any machine, and each needs some 100 MB. */
enum { MAX_JOBS = 64 };

/* One run of the command. Worker threads take the tests of one file after the other. */
typedef struct {
    const LocalOptions *options;
    Browser *browser;
    TextReport *text;
    RunFolder *run; /* where its files go */
    int jobs;
    GHashTable *durations_ms; /* see order.h */

    /* Of the file whose tests are being run; set while no worker runs. */
    const TestFile *file;
    Site *site;
    GPtrArray *tests; /* of TestCase: those that the filter lets through */
    GArray *order;    /* of unsigned: in which order they are run */
    int first_index;  /* the number of the first of them in the whole suite */

    pthread_mutex_t lock; /* guards all below */
    unsigned next;        /* how many were taken */
    Result **results;     /* by index in the whole suite */
    char *note;           /* what took the pictures */
    bool note_differs;    /* a reference was taken by something else, and the user has been told */
    GError *error;        /* why the run ends early */
} LocalRun;

static void warn_of_other_browser(LocalRun *run, const char *reference_path, const char *then, const char *now) {
    run->note_differs = true;
    g_printerr(
        "dpxdt: warning: %s was taken by %s, and this is %s: pictures may differ without any change of the page\n",
        reference_path, then, now);
}

static void take_note(LocalRun *run, const Result *result) {
    const char *now = result->browser, *then = result->reference_browser;
    pthread_mutex_lock(&run->lock);
    if (now && then && strcmp(now, then) != 0 && !run->note_differs)
        warn_of_other_browser(run, result->reference_path, then, now);
    if (!run->note)
        run->note = g_strdup(now);
    pthread_mutex_unlock(&run->lock);
}

/* A path in the run's folder with a number: names have '/', and may be very long. */
static char *numbered_path(const LocalRun *run, const char *prefix, int number, const char *name) {
    g_autofree char *slug = g_strndup(name, 60);
    g_strcanon(slug, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.@", '_');
    g_autofree char *numbered = g_strdup_printf("%s%04d-%s", prefix, number, slug);
    return g_build_filename(run_folder_path(run->run), numbered, NULL);
}

static Result *try_until_good(LocalRun *run, const TestCase *test, int index, GError **error) {
    g_autofree char *folder = numbered_path(run, "", index + 1, test->name);
    const Trial trial = {.browser = run->browser, .site = run->site, .folder = folder, .update = run->options->update};
    for (int attempt = 1;; attempt++) {
        g_autoptr(Result) result = trial_run(&trial, test, error);
        if (!result)
            return NULL;
        take_note(run, result);
        result->attempts = attempt;
        if (!result_is_bad(result) || result->status == RESULT_MISSING || attempt > run->options->retries)
            return g_steal_pointer(&result);
    }
}

/* The next test to run, or NULL if there is none, or the run is to end. */
static const TestCase *take_test(LocalRun *run, int *out_index) {
    const TestCase *test = NULL;
    pthread_mutex_lock(&run->lock);
    if (!run->error && run->next < run->tests->len) {
        unsigned index = g_array_index(run->order, unsigned, run->next++);
        *out_index = run->first_index + (int)index;
        test = run->tests->pdata[index];
    }
    pthread_mutex_unlock(&run->lock);
    return test;
}

static void *work(void *data) {
    LocalRun *run = data;
    int index = 0;
    for (const TestCase *test; (test = take_test(run, &index));) {
        GError *error = NULL;
        text_report_begin(run->text, index, test->name);
        Result *result = try_until_good(run, test, index, &error);
        if (result) {
            result->file = g_strdup(run->file->path);
            text_report_result(run->text, index, result);
        }
        pthread_mutex_lock(&run->lock);
        run->results[index] = result;
        if (error && run->error)
            g_error_free(error);
        else if (error)
            run->error = error;
        pthread_mutex_unlock(&run->lock);
    }
    return NULL;
}

/* Fewer threads than wanted, where the machine gives no more, only take longer. */
static bool run_workers(LocalRun *run, GError **error) {
    pthread_t threads[MAX_JOBS];
    int n_wanted = MIN(run->jobs, (int)run->tests->len), n_threads = 0, why = 0;
    run->next = 0;
    while (n_threads < n_wanted && (why = pthread_create(&threads[n_threads], NULL, work, run)) == 0)
        n_threads++;
    for (int i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    if (n_threads == 0)
        error_set_errno(error, ERROR_FAILED, why, "cannot start a thread");
    else if (run->error)
        g_propagate_error(error, g_steal_pointer(&run->error));
    else
        return true;
    return false;
}

static bool run_file(LocalRun *run, const TestFile *file, int number, GError **error) {
    g_autofree char *base = g_path_get_basename(file->path);
    g_autofree char *path = numbered_path(run, "setup-", number, base);
    g_autofree char *log = g_strconcat(path, ".log", NULL);
    g_autoptr(Site) site = site_start(file, log, error);
    if (!site)
        return false;
    if (file->wait_for.url)
        text_report_line(run->text, "Request for %s succeeded, continuing with tests...", file->wait_for.url);
    run->file = file;
    run->site = site;
    bool fine = run_workers(run, error);
    run->site = NULL;
    return fine;
}

static GPtrArray *chosen_tests(const TestFile *file, const char *filter) {
    GPtrArray *tests = g_ptr_array_new();
    for (unsigned i = 0; i < file->tests->len; i++) {
        const TestCase *test = file->tests->pdata[i];
        if (filter_matches(filter, test->name))
            g_ptr_array_add(tests, file->tests->pdata[i]);
    }
    return tests;
}

static int count_chosen(const Suite *suite, const char *filter) {
    int count = 0;
    for (unsigned i = 0; i < suite->files->len; i++) {
        g_autoptr(GPtrArray) tests = chosen_tests(suite->files->pdata[i], filter);
        count += (int)tests->len;
    }
    return count;
}

static bool run_files(LocalRun *run, const Suite *suite, GError **error) {
    int index = 0;
    for (unsigned i = 0; i < suite->files->len; i++) {
        const TestFile *file = suite->files->pdata[i];
        g_autoptr(GPtrArray) tests = chosen_tests(file, run->options->filter);
        g_autoptr(GArray) order = order_by_duration(tests, run->jobs > 1 ? run->durations_ms : NULL);
        run->tests = tests;
        run->order = order;
        run->first_index = index;
        index += (int)tests->len;
        if (tests->len > 0 && !run_file(run, file, (int)i + 1, error))
            return false;
    }
    return true;
}

static RunReport *make_report(LocalRun *run, int n_tests, int64_t started_wall_ms, int64_t started_ms) {
    RunReport *report = run_report_new(run->options->dir, run->options->update);
    report->started_ms = started_wall_ms;
    report->duration_ms = clock_now_ms() - started_ms;
    report->browser = g_strdup(run->note);
    for (int i = 0; i < n_tests; i++)
        if (run->results[i])
            g_ptr_array_add(report->results, g_steal_pointer(&run->results[i]));
    return report;
}

static void show_gallery_progress(int done, int total, void *data) {
    (void)data;
    g_printerr("\rgallery: %d of %d%s", done, total, done == total ? "\n" : "");
}

static bool write_reports(const LocalRun *run, const RunReport *report, GError **error) {
    const LocalOptions *options = run->options;
    if (options->json_path && !report_write_json(report, options->json_path, error))
        return false;
    if (options->junit_path && !report_write_junit(report, options->junit_path, error))
        return false;
    if (options->github) {
        g_autofree char *annotations = report_to_github(report);
        fputs(annotations, stdout);
    }
    if (!options->report_dir)
        return true;
    if (!report_write_gallery(report, options->report_dir, options->live ? show_gallery_progress : NULL, NULL, error))
        return false;
    if (options->live)
        printf("The gallery is       %s/index.html\n", options->report_dir);
    return true;
}

/* Keeps, prints and writes what is known. */
static bool tell(LocalRun *run, const RunReport *report, GError **error) {
    bool kept = run_folder_end(run->run, report, error);
    text_report_end(run->text, report);
    return kept && write_reports(run, report, error);
}

/* Who renames a test, or takes one out, forgets its picture. */
static void tell_of_strays(const Suite *suite) {
    g_autofree char *words = strays_describe(suite);
    g_autofree char *clean = words ? words_clean(words, false) : NULL;
    if (clean)
        g_printerr("dpxdt: note: %s\n", clean);
}

/* Where the second file's server does not come up, the results of the first are still worth telling; where we were
 * stopped, the run before stays the last one. */
static int run_suite(LocalRun *run, const Suite *suite, int n_tests, GError **error) {
    int64_t wall_ms = g_get_real_time() / 1000, started_ms = clock_now_ms();
    g_autoptr(GError) cause = NULL, telling = NULL;
    bool fine = run_files(run, suite, &cause);
    g_autoptr(RunReport) report = make_report(run, n_tests, wall_ms, started_ms);
    bool worth_telling = fine || (report->results->len > 0 && !error_is(cause, ERROR_STOPPED));
    if (worth_telling && !tell(run, report, &telling)) {
        if (fine)
            g_propagate_error(error, g_steal_pointer(&telling));
        else
            g_printerr("dpxdt: warning: %s\n", telling->message);
    }
    if (fine && !run->options->filter)
        tell_of_strays(suite);
    if (!fine)
        g_propagate_error(error, g_steal_pointer(&cause));
    return run_report_count_bad(report) > 0 ? 1 : 0;
}

static int open_and_run(const LocalOptions *options, const Suite *suite, int n_tests, GError **error) {
    const BrowserSetup setup = {.program = options->browser};
    g_autoptr(Browser) browser = browser_new(&setup, error);
    if (!browser)
        return 2;
    g_autoptr(RunFolder) folder = run_folder_begin(options->dir, error);
    if (!folder)
        return 2;
    g_autoptr(GHashTable) durations_ms = runs_read_durations(options->dir);
    g_autoptr(TextReport) text = text_report_new(n_tests, options->update, options->live, options->color);
    g_autofree Result **results = g_new0(Result *, n_tests);
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int jobs = options->jobs > 0 ? options->jobs : (3 * processors + 1) / 2;
    LocalRun run = {.options = options,
                    .browser = browser,
                    .text = text,
                    .run = folder,
                    .jobs = CLAMP(jobs, 1, MAX_JOBS),
                    .durations_ms = durations_ms,
                    .results = results};
    pthread_mutex_init(&run.lock, NULL);
    int status = run_suite(&run, suite, n_tests, error);
    pthread_mutex_destroy(&run.lock);
    g_free(run.note);
    for (int i = 0; i < n_tests; i++)
        result_free(results[i]);
    return status;
}

/* Loads the suite, says what is odd about it, and checks that the filter leaves something. */
static Suite *load(const LocalOptions *options, int *out_n_tests, GError **error) {
    g_autoptr(Suite) suite = suite_load(options->dir, error);
    if (!suite)
        return NULL;
    for (unsigned i = 0; i < suite->warnings->len; i++)
        g_printerr("dpxdt: warning: %s\n", (const char *)suite->warnings->pdata[i]);
    *out_n_tests = count_chosen(suite, options->filter);
    if (*out_n_tests > 0)
        return g_steal_pointer(&suite);
    g_autoptr(GPtrArray) names = hint_names(suite);
    g_autofree char *hint = hint_for_name(options->filter, names);
    error_set(error, ERROR_INVALID, "no test matches --test-filter %s%s; `dpxdt test %s --list-tests` lists all",
              options->filter, hint, options->dir);
    return NULL;
}

int local_run(const LocalOptions *options, GError **error) {
    int n_tests = 0;
    g_autoptr(Suite) suite = load(options, &n_tests, error);
    if (!suite || !outputs_check(options, suite, error))
        return 2;
    int status = open_and_run(options, suite, n_tests, error);
    /* Scripts know 2 for whatever keeps these commands from beginning. */
    if (error && (error_is(*error, ERROR_NO_PROGRAM) || error_is(*error, ERROR_NOT_NOW)))
        (*error)->code = ERROR_NOT_FOUND;
    return status;
}

bool local_list(const LocalOptions *options, GError **error) {
    int n_tests = 0;
    g_autoptr(Suite) suite = load(options, &n_tests, error);
    if (!suite)
        return false;
    for (unsigned i = 0; i < suite->files->len; i++) {
        g_autoptr(GPtrArray) tests = chosen_tests(suite->files->pdata[i], options->filter);
        for (unsigned j = 0; j < tests->len; j++)
            puts(((const TestCase *)tests->pdata[j])->name);
    }
    return true;
}
