#include "cmd/diff_many.h"

#include "base/clock.h"
#include "base/stop.h"
#include "cmd/diff_pair.h"
#include "report/words.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many pairs may be done before one that is not: their lines wait in memory, and as JSON they may have 250 KB each. */
enum { MAX_AHEAD = 64 };

/* Nobody wonders earlier whether anything happens. */
enum { PROGRESS_AFTER_MS = 1000 };

typedef enum { OUTCOME_SAME, OUTCOME_DIFFERENT, OUTCOME_ALONE, OUTCOME_FAILED, N_OUTCOMES } Outcome;

/* What came out of a pair; text is its line, NULL until it is done. */
typedef struct {
    Outcome outcome;
    char *text;
} Told;

typedef struct {
    const GPtrArray *pairs; /* set once, with the next three */
    const DiffLine *line;
    bool live; /* there is somebody who sees the progress */
    int64_t started_ms;
    pthread_mutex_t lock; /* guards all below, and what is printed */
    pthread_cond_t told_more;
    guint n_taken, n_told;
    Told waiting[MAX_AHEAD]; /* pair i at i % MAX_AHEAD */
    guint counts[N_OUTCOMES];
    int write_errno; /* why standard output takes no more, or 0 */
} Many;

/* ---- One pair ---- */

/* Where its only file is: the folder that was given. */
static char *folder_of(const DiffPair *pair) {
    const char *path = pair->reference_path ? pair->reference_path : pair->run_path;
    g_autofree char *folder = g_strndup(path, strlen(path) - strlen(pair->name) - 1);
    return words_clean(folder, false);
}

static Told tell_alone(const Many *many, const DiffPair *pair, const char *name) {
    Told told = {OUTCOME_ALONE, NULL};
    g_autofree char *folder = folder_of(pair);
    told.text = many->line->json ? diff_pair_failure_to_json(pair, NULL, JSON_COMPACT)
                                 : g_strdup_printf("%s: only in %s", name, folder);
    return told;
}

static Told tell_failure(const Many *many, const DiffPair *pair, const char *name, const GError *error) {
    Told told = {OUTCOME_FAILED, NULL};
    g_autofree char *why = words_clean(error->message, false);
    told.text = many->line->json ? diff_pair_failure_to_json(pair, error, JSON_COMPACT)
                                 : g_strdup_printf("%s: error: %s", name, why);
    return told;
}

static Told compare(const Many *many, const DiffPair *pair) {
    g_autofree char *name = words_clean(pair->name, false);
    if (!pair->reference_path || !pair->run_path)
        return tell_alone(many, pair, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(Difference) difference = diff_pair_compare(pair, many->line, &error);
    if (!difference)
        return tell_failure(many, pair, name, error);
    Told told = {difference->same ? OUTCOME_SAME : OUTCOME_DIFFERENT, NULL};
    if (many->line->json) {
        told.text = diff_pair_to_json(pair, difference, many->line, JSON_COMPACT);
    } else {
        g_autofree char *summary = diff_pair_sum_up(difference);
        told.text = g_strdup_printf("%s: %s", name, summary);
    }
    return told;
}

/* ---- Printing ---- */

static void erase_progress(const Many *many) {
    if (many->live)
        fputs("\r\033[K", stderr);
}

static void show_progress(const Many *many) {
    if (many->live && many->n_told < many->pairs->len && clock_now_ms() - many->started_ms > PROGRESS_AFTER_MS)
        fprintf(stderr, "%u of %u", many->n_told, many->pairs->len);
}

/* Prints the lines that wait, up to the first pair that is not done. */
static void print_waiting(Many *many) {
    erase_progress(many);
    for (Told *told; (told = &many->waiting[many->n_told % MAX_AHEAD])->text; many->n_told++) {
        bool is_error = told->outcome == OUTCOME_FAILED && !many->line->json;
        fprintf(is_error ? stderr : stdout, "%s\n", told->text);
        many->counts[told->outcome]++;
        g_clear_pointer(&told->text, g_free);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        many->write_errno = errno;
    show_progress(many);
}

static void print_summary(const Many *many) {
    static const char *const words[] = {
        [OUTCOME_SAME] = "the same",
        [OUTCOME_DIFFERENT] = "different",
        [OUTCOME_ALONE] = "in one folder only",
        [OUTCOME_FAILED] = "not compared",
    };
    g_autofree char *all = words_number(many->pairs->len);
    printf("%s pair%s", all, many->pairs->len == 1 ? "" : "s");
    const char *before = ": ";
    for (size_t i = 0; i < N_OUTCOMES; i++) {
        g_autofree char *count = words_number(many->counts[i]);
        if (many->counts[i] > 0)
            printf("%s%s %s", before, count, words[i]);
        before = many->counts[i] > 0 ? ", " : before;
    }
    putchar('\n');
}

/* ---- The threads ---- */

static bool is_to_end(const Many *many) {
    return stop_requested() || many->write_errno != 0;
}

/* The next pair, or NULL if there is none or the end is near. */
static const DiffPair *take_pair(Many *many, guint *out_index) {
    const DiffPair *pair = NULL;
    pthread_mutex_lock(&many->lock);
    while (!is_to_end(many) && many->n_taken < many->pairs->len && many->n_taken - many->n_told >= MAX_AHEAD)
        pthread_cond_wait(&many->told_more, &many->lock);
    if (!is_to_end(many) && many->n_taken < many->pairs->len) {
        *out_index = many->n_taken++;
        pair = many->pairs->pdata[*out_index];
    }
    pthread_mutex_unlock(&many->lock);
    return pair;
}

static void give(Many *many, guint index, Told told) {
    pthread_mutex_lock(&many->lock);
    many->waiting[index % MAX_AHEAD] = told;
    if (!is_to_end(many))
        print_waiting(many);
    pthread_cond_broadcast(&many->told_more);
    pthread_mutex_unlock(&many->lock);
}

static void *work(void *data) {
    Many *many = data;
    guint index = 0;
    for (const DiffPair *pair; (pair = take_pair(many, &index));)
        give(many, index, compare(many, pair));
    return NULL;
}

/* The caller's thread is one of them. Fewer than wanted, where the machine gives no more, only take longer. */
static void work_together(Many *many) {
    guint jobs = many->line->jobs > 0 ? (guint)many->line->jobs : g_get_num_processors();
    guint n_wanted = MIN(jobs, many->pairs->len) - 1, n = 0;
    g_autofree pthread_t *threads = g_new(pthread_t, n_wanted);
    while (n < n_wanted && pthread_create(&threads[n], NULL, work, many) == 0)
        n++;
    work(many);
    for (guint i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* A reader who has gone wants no more, and that is no failure. */
static int exit_status(const Many *many, GError **error) {
    clearerr(stdout); /* what else went wrong with it is told here, where the reason is known */
    if (stop_requested())
        error_set(error, ERROR_STOPPED, "stopped");
    else if (many->write_errno != 0 && many->write_errno != EPIPE)
        error_set_errno(error, ERROR_FAILED, many->write_errno, "cannot write to standard output");
    if (many->counts[OUTCOME_FAILED] > 0)
        return 2;
    return many->counts[OUTCOME_DIFFERENT] + many->counts[OUTCOME_ALONE] > 0 ? 1 : 0;
}

/* ---- What must not be written over ---- */

/* What a path leads to, by whatever links; NULL if it leads nowhere. The caller frees it. */
static char *file_identity(const char *path) {
    struct stat facts;
    return path && stat(path, &facts) == 0
               ? g_strdup_printf("%ju %ju", (uintmax_t)facts.st_dev, (uintmax_t)facts.st_ino)
               : NULL;
}

static void add_identity(GHashTable *files, const char *path) {
    char *identity = file_identity(path);
    if (identity)
        g_hash_table_insert(files, identity, (char *)path);
}

/* Another pair's picture might be compared after it was written over. */
static bool check_outputs(const GPtrArray *pairs, GError **error) {
    g_autoptr(GHashTable) compared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < pairs->len; i++) {
        const DiffPair *pair = pairs->pdata[i];
        add_identity(compared, pair->reference_path);
        add_identity(compared, pair->run_path);
    }
    for (guint i = 0; i < pairs->len; i++) {
        const DiffPair *pair = pairs->pdata[i];
        g_autofree char *identity = file_identity(pair->output_path);
        if (identity && g_hash_table_contains(compared, identity)) {
            error_set(error, ERROR_INVALID, "-o: %s is one of the pictures that are compared, and not written over",
                      pair->output_path);
            return false;
        }
    }
    return true;
}

int diff_many_run(const GPtrArray *pairs, const DiffLine *line, GError **error) {
    if (line->output && !check_outputs(pairs, error))
        return 2;
    Many many = {.pairs = pairs, .line = line, .started_ms = clock_now_ms()};
    many.live = isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    pthread_mutex_init(&many.lock, NULL);
    pthread_cond_init(&many.told_more, NULL);
    work_together(&many);
    if (!is_to_end(&many) && !line->json)
        print_summary(&many);
    for (guint i = 0; i < MAX_AHEAD; i++)
        g_free(many.waiting[i].text);
    pthread_cond_destroy(&many.told_more);
    pthread_mutex_destroy(&many.lock);
    return exit_status(&many, error);
}
