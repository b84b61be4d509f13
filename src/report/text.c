/* What `dpxdt test` and `dpxdt update` print while they run, in two forms.
 *
 * The plain form goes into pipes and is parsed by scripts older than this program: its lines, their order and their
 * spaces are the old tool's. The live form is for eyes; it may change. */
#include "report/text.h"

#include "base/clock.h"
#include "diff/diff.h"
#include "report/story.h"
#include "report/bar.h"
#include "report/words.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The summary lists this many bad results: some screens. The gallery has them all. */
enum { MOST_LISTED = 15 };
/* Of a message: the trace of a script's error goes on for long. Its log has all. */
enum { MOST_LINES = 12 };

struct TextReport {
    int n_tests; /* set once, with the next four */
    bool update, live, color, unicode;
    int64_t started_ms;   /* clock_now_ms() */
    pthread_mutex_t lock; /* guards all below, and what is on the screen */
    char **running;       /* live: the name of each test that is being worked on, by index */
    char **waiting;       /* plain: the lines of each test that ended before one ahead of it, by index */
    int next;             /* plain: the first test whose lines are not printed yet */
    int n_done;
    int counts[RESULT_FAILED + 1];
    bool bar_shown;
};

/* ---- Terminal ---- */

typedef enum { STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW } Style;

static const char *const escapes[] = {
    [STYLE_NONE] = "",          [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
    [STYLE_RED] = "\033[1;31m", [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[1;33m",
};

static const struct {
    const char *unicode, *ascii;
    Style style;
} marks[] = {
    [RESULT_PASSED] = {"✓", "ok", STYLE_GREEN},    [RESULT_UPDATED] = {"↻", "up", STYLE_YELLOW},
    [RESULT_UNCHANGED] = {"✓", "ok", STYLE_GREEN}, [RESULT_DIFFERENT] = {"≠", "!=", STYLE_RED},
    [RESULT_MISSING] = {"?", "??", STYLE_YELLOW},  [RESULT_FAILED] = {"✗", "XX", STYLE_RED},
};

static void add_styled(const TextReport *report, GString *out, Style style, const char *text) {
    bool styled = report->color && style != STYLE_NONE;
    g_string_append_printf(out, "%s%s%s", styled ? escapes[style] : "", text, styled ? "\033[0m" : "");
}

/* ---- The plain form ---- */

static void add_path(GString *out, const char *label, const char *path) {
    g_autofree char *clean = words_clean(path, false);
    if (path)
        g_string_append_printf(out, "  %s %s\n", label, clean);
}

/* "<folder>/{ref_resized,screenshot.png,diff.png}", which a shell expands; just the paths if the folders differ. */
static void add_all_paths(GString *out, const Result *result) {
    const char *paths[] = {result->ref_path, result->run_path, result->diff_path};
    g_autofree char *folder = result->run_path ? g_path_get_dirname(result->run_path) : NULL;
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GString) full = g_string_new(NULL);
    bool together = folder != NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (!paths[i])
            continue;
        g_autofree char *its_folder = g_path_get_dirname(paths[i]);
        g_autofree char *name = g_path_get_basename(paths[i]);
        together = together && strcmp(folder, its_folder) == 0;
        g_string_append_printf(names, "%s%s", names->len ? "," : "", name);
        g_string_append_printf(full, "%s%s", full->len ? " " : "", paths[i]);
    }
    g_autofree char *braced = g_strdup_printf("%s/{%s}", folder, names->str);
    g_autofree char *clean = words_clean(together ? braced : full->str, false);
    g_string_append_printf(out, " (all):     %s\n", clean);
}

/* Deeper than anything that the old tool said, so that a page cannot put words into its mouth. */
static const char DEEP[] = "      ";

static void add_indented(GString *out, const char *text) {
    g_autofree char *clean = words_clean(text, false);
    g_string_append_printf(out, "%s%s\n", DEEP, clean);
}

static void add_why(GString *out, const Result *result) {
    g_autofree char *why = story_why(result);
    g_auto(GStrv) lines = g_strsplit(why, "\n", -1);
    for (char **line = lines; *line; line++)
        g_string_append_printf(out, "%s%s\n", line == lines ? "  " : DEEP, *line);
}

static void add_remarks(GString *out, const Result *result) {
    g_auto(GStrv) remarks = g_strsplit(result->remarks ? result->remarks : "", "\n", -1);
    for (char **remark = remarks; *remark; remark++) {
        g_autofree char *note = g_strdup_printf("note: %s", *remark);
        add_indented(out, note);
    }
}

static void add_other_areas(GString *out, const Result *result) {
    g_autofree char *areas = story_other_areas(result);
    g_auto(GStrv) lines = g_strsplit(areas, "\n", -1);
    for (char **line = lines; *line; line++)
        g_string_append_printf(out, "%s  %s\n", DEEP, *line);
}

/* What the old tool did not say, below what it did. */
static void add_more(GString *out, const Result *result) {
    g_autofree char *change = story_change(result);
    if (change)
        add_indented(out, change);
    if (result->status == RESULT_DIFFERENT)
        add_other_areas(out, result);
    if (result->message && !(result->status == RESULT_MISSING || result->status == RESULT_FAILED))
        add_indented(out, result->message);
    add_remarks(out, result);
    if (result->status == RESULT_FAILED && result->log_path) {
        g_autofree char *log = g_strdup_printf("Log: %s", result->log_path);
        add_indented(out, log);
    }
    if (result->attempts > 1)
        g_string_append_printf(out, "%s(attempt %d)\n", DEEP, result->attempts);
}

static void add_plain_difference(GString *out, const Result *result) {
    g_autofree char *distortion = diff_format_distortion(result->distortion);
    g_string_append_printf(out, "  %s distortion\n", distortion);
    add_path(out, "Ref: ", result->ref_path);
    add_path(out, "Run: ", result->run_path);
    add_path(out, "Diff:", result->diff_path);
    add_all_paths(out, result);
}

static bool was_compared(const Result *result) {
    return result->status == RESULT_PASSED || result->status == RESULT_DIFFERENT;
}

static void add_plain_outcome(GString *out, const char *name, const Result *result) {
    g_autofree char *reference = words_clean(result->reference_path, false);
    switch (result->status) {
    case RESULT_PASSED:
        g_string_append_printf(out, "%s passed (%s)\n", name, result->changed_pixels ? "within tolerance" : "no diff");
        break;
    case RESULT_UPDATED:
        g_string_append_printf(out, "%s: Updated %s\n", name, reference);
        break;
    case RESULT_UNCHANGED:
        g_string_append_printf(out, "%s: Unchanged %s\n", name, reference);
        break;
    case RESULT_DIFFERENT:
        g_string_append_printf(out, "%s failed\n", name);
        add_plain_difference(out, result);
        break;
    case RESULT_MISSING:
    case RESULT_FAILED:
        g_string_append_printf(out, "%s failed\n", name);
        add_why(out, result);
        break;
    }
}

static char *plain_lines(const Result *result) {
    GString *out = g_string_new(NULL);
    g_autofree char *name = words_clean(result->name, false);
    g_string_append_printf(out, "%s: Running webpage capture process\n", name);
    if (was_compared(result))
        g_string_append_printf(out,
                               "%s: Resizing reference image\n"
                               "%s: Running perceptual diff process\n",
                               name, name);
    add_plain_outcome(out, name, result);
    add_more(out, result);
    return g_string_free(out, FALSE);
}

/* Prints the lines that wait, up to the first test that has not ended, or with all of them past it too. */
static void print_waiting(TextReport *report, bool all) {
    for (; report->next < report->n_tests; report->next++) {
        char *lines = report->waiting[report->next];
        if (!lines && !all)
            return;
        if (lines)
            fputs(lines, stdout);
        g_clear_pointer(&report->waiting[report->next], g_free);
    }
}

/* ---- The live form ---- */

static void erase_bar(TextReport *report) {
    if (report->bar_shown)
        fputs("\r\033[K", stdout);
    report->bar_shown = false;
}

/* ", 3 different, 1 failed": the counts of those that there are. */
static void add_counts(GString *out, const int counts[], const char *before) {
    static const ResultStatus order[] = {RESULT_FAILED,  RESULT_DIFFERENT, RESULT_MISSING,
                                         RESULT_UPDATED, RESULT_UNCHANGED, RESULT_PASSED};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        if (counts[order[i]] == 0)
            continue;
        g_string_append_printf(out, "%s%d %s", before, counts[order[i]], result_status_name(order[i]));
        before = ", ";
    }
}

/* From the pace so far; not before a few tests have ended, since the first ones also wait for the browser. */
static void add_time_left(const TextReport *report, GString *out) {
    int left = report->n_tests - report->n_done;
    if (report->n_done < 3 || left <= 0)
        return;
    int64_t past_ms = clock_now_ms() - report->started_ms;
    int64_t seconds = (past_ms * left / report->n_done + 999) / 1000;
    if (seconds < 100)
        g_string_append_printf(out, "  about %d s left", (int)seconds);
    else
        g_string_append_printf(out, "  about %d min left", (int)((seconds + 30) / 60));
}

static void add_running(const TextReport *report, GString *out) {
    const char *before = report->update ? "  taking: " : "  checking: ";
    for (int i = 0; i < report->n_tests; i++) {
        if (!report->running[i])
            continue;
        g_string_append_printf(out, "%s%s", before, report->running[i]);
        before = ", ";
    }
}

/* One column less than there are: a terminal that is full to the last one starts a new line. */
static void draw_bar(TextReport *report) {
    if (report->n_done == report->n_tests)
        return;
    int width = bar_terminal_width(STDOUT_FILENO);
    g_autoptr(GString) line = g_string_new(NULL);
    int counts[G_N_ELEMENTS(report->counts)];
    memcpy(counts, report->counts, sizeof counts);
    counts[RESULT_PASSED] = counts[RESULT_UNCHANGED] = 0;

    bar_add(line, report->n_done, report->n_tests, width);
    g_string_append_printf(line, " %d of %d", report->n_done, report->n_tests);
    add_counts(line, counts, ", ");
    add_time_left(report, line);
    add_running(report, line);
    g_autofree char *fitting = bar_cut(line->str, width - 1);
    fputs(fitting, stdout);
    report->bar_shown = true;
}

/* What happened in a few words; nothing to say where it is as it should be. */
static char *live_words(const Result *result) {
    g_autofree char *why = result_is_bad(result) ? story_why(result) : NULL;
    g_autofree char *change = story_change(result);
    if (result->status == RESULT_PASSED && change)
        return g_strdup_printf("within tolerance, %s", change);
    if (result->status == RESULT_MISSING)
        return g_strdup("has no reference image yet");
    if (why)
        return words_clean(why, false);
    return g_strdup(result->status == RESULT_PASSED ? "" : result_status_name(result->status));
}

/* "mark name  what happened  0.8 s (attempt 2)", the name and the words cut to what the line holds. */
static void print_live(const TextReport *report, const Result *result) {
    g_autofree char *duration = words_duration(result->duration_ms);
    g_autofree char *attempt = result->attempts > 1 ? g_strdup_printf(" (attempt %d)", result->attempts) : g_strdup("");
    g_autofree char *end = g_strdup_printf("  %s%s", duration, attempt);
    const char *mark = report->unicode ? marks[result->status].unicode : marks[result->status].ascii;
    int room = MAX(bar_terminal_width(STDOUT_FILENO) - 1 - bar_width_of(mark) - 3 - bar_width_of(end), 10);

    g_autofree char *words = live_words(result);
    g_autofree char *clean_name = words_clean(result->name, false);
    g_autofree char *name = bar_cut(clean_name, *words ? MAX(room / 2, room - bar_width_of(words)) : room);
    g_autofree char *fitting = bar_cut(words, room - bar_width_of(name));

    g_autoptr(GString) line = g_string_new(NULL);
    add_styled(report, line, marks[result->status].style, mark);
    g_string_append_c(line, ' ');
    add_styled(report, line, result_is_bad(result) ? STYLE_BOLD : STYLE_NONE, name);
    g_string_append_printf(line, "%s%s", *fitting ? "  " : "", fitting);
    add_styled(report, line, STYLE_DIM, end);
    g_string_append_c(line, '\n');
    add_remarks(line, result);
    fputs(line->str, stdout);
}

/* Adds the text in lines of the terminal's width, broken between words only, so that a long URL can still be copied. */
static void add_wrapped(GString *out, int indent, const char *text) {
    int room = MAX(bar_terminal_width(STDOUT_FILENO) - 1 - indent, 20), used = 0;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_string_append_printf(out, "%*s", indent, "");
    for (char **word = words; *word; word++) {
        int width = bar_width_of(*word);
        if (used > 0 && used + 1 + width > room) {
            g_string_append_printf(out, "\n%*s", indent, "");
            used = 0;
        }
        g_string_append_printf(out, "%s%s", used > 0 ? " " : "", *word);
        used += (used > 0) + width;
    }
    g_string_append_c(out, '\n');
}

static void add_whole_why(GString *out, int indent, const Result *result) {
    g_autofree char *why = story_why(result);
    g_auto(GStrv) lines = g_strsplit(why, "\n", -1);
    for (int i = 0; lines[i] && i < MOST_LINES; i++)
        add_wrapped(out, indent, lines[i]);
    if (g_strv_length(lines) > MOST_LINES)
        add_wrapped(out, indent, "(and more)");
}

static void add_wrapped_areas(GString *out, int indent, const Result *result) {
    g_autofree char *areas = story_other_areas(result);
    g_auto(GStrv) lines = g_strsplit(areas, "\n", -1);
    for (char **line = lines; *line; line++)
        add_wrapped(out, indent, *line);
}

static void print_bad_result(const TextReport *report, const Result *result) {
    enum { INDENT = 13 };
    const char *status = result_status_name(result->status);
    const char *picture = result->diff_path ? result->diff_path : result->run_path;
    const char *path = picture ? picture : result->log_path;
    g_autofree char *name = words_clean(result->name, false);
    g_autofree char *where = words_clean(path, false);
    g_autoptr(GString) lines = g_string_new("  ");
    add_styled(report, lines, marks[result->status].style, status);
    g_string_append_printf(lines, "%*s%s\n", (int)(INDENT - 2 - strlen(status)), "", name);
    add_whole_why(lines, INDENT, result);
    if (result->status == RESULT_DIFFERENT)
        add_wrapped_areas(lines, INDENT + 2, result);
    if (path)
        g_string_append_printf(lines, "%*s%s\n", INDENT, "", where);
    fputs(lines->str, stdout);
}

static void print_bad_results(const TextReport *report, const RunReport *run) {
    int listed = 0, bad = run_report_count_bad(run);
    for (guint i = 0; i < run->results->len && listed < MOST_LISTED; i++) {
        const Result *result = run->results->pdata[i];
        if (!result_is_bad(result))
            continue;
        print_bad_result(report, result);
        listed++;
    }
    if (bad > listed)
        printf("  and %d more\n", bad - listed);
}

/* The commands that come next, ready to be copied. */
static void print_next_steps(const RunReport *run) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+@";
    g_autofree char *clean = words_clean(run->dir, false);
    g_autofree char *dir = clean[strspn(clean, plain)] ? g_shell_quote(clean) : g_strdup(clean);
    printf("\nSee what happened:   dpxdt report %s\n", dir);
    if (run_report_count(run, RESULT_DIFFERENT) + run_report_count(run, RESULT_MISSING) > 0)
        printf("If it is as wanted:  dpxdt approve %s\n", dir);
    if (run_report_count(run, RESULT_MISSING) > 0)
        printf("To take references:  dpxdt update %s\n", dir);
}

static void print_live_summary(const TextReport *report, const RunReport *run) {
    g_autoptr(GString) line = g_string_new("\n");
    g_autofree char *duration = words_duration(run->duration_ms);
    add_counts(line, report->counts, "");
    g_string_append_printf(line, "%sin %s", line->len > 1 ? " " : "No tests ", duration);
    puts(line->str);
    if (run_report_count_bad(run) == 0)
        return;
    putchar('\n');
    print_bad_results(report, run);
    print_next_steps(run);
}

/* ---- Both ---- */

TextReport *text_report_new(int n_tests, bool update, bool live, bool color) {
    TextReport *report = g_new0(TextReport, 1);
    report->n_tests = n_tests;
    report->update = update;
    report->live = live;
    report->color = color;
    report->unicode = g_get_charset(NULL);
    report->started_ms = clock_now_ms();
    pthread_mutex_init(&report->lock, NULL);
    report->running = g_new0(char *, (gsize)n_tests + 1);
    report->waiting = g_new0(char *, (gsize)n_tests + 1);
    return report;
}

static void free_texts(char **texts, int n) {
    for (int i = 0; i < n; i++)
        g_free(texts[i]);
    g_free(texts);
}

void text_report_free(TextReport *report) {
    if (!report)
        return;
    erase_bar(report); /* an error ended the run, and its message comes next */
    fflush(stdout);
    free_texts(report->running, report->n_tests);
    free_texts(report->waiting, report->n_tests);
    pthread_mutex_destroy(&report->lock);
    g_free(report);
}

void text_report_line(TextReport *report, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *clean = words_clean(text, true);

    pthread_mutex_lock(&report->lock);
    erase_bar(report);
    puts(clean);
    if (report->live)
        draw_bar(report);
    fflush(stdout);
    pthread_mutex_unlock(&report->lock);
}

void text_report_begin(TextReport *report, int index, const char *name) {
    g_assert(index >= 0 && index < report->n_tests);
    if (!report->live)
        return;
    pthread_mutex_lock(&report->lock);
    g_free(report->running[index]);
    report->running[index] = words_clean(name, false);
    erase_bar(report);
    draw_bar(report);
    fflush(stdout);
    pthread_mutex_unlock(&report->lock);
}

void text_report_result(TextReport *report, int index, const Result *result) {
    g_assert(index >= 0 && index < report->n_tests);
    pthread_mutex_lock(&report->lock);
    report->n_done++;
    report->counts[result->status]++;
    g_clear_pointer(&report->running[index], g_free);
    if (report->live) {
        erase_bar(report);
        print_live(report, result);
        draw_bar(report);
    } else {
        g_free(report->waiting[index]);
        report->waiting[index] = plain_lines(result);
        print_waiting(report, false);
    }
    fflush(stdout);
    pthread_mutex_unlock(&report->lock);
}

static const char *words_for_good(const TextReport *report) {
    return report->update && report->live ? "All references are up to date.\n" : "All tests passed!\n";
}

/* A run that was stopped must not say that all is well. */
static void print_verdict(const TextReport *report, const RunReport *run) {
    int bad = run_report_count_bad(run);
    if (report->n_done < report->n_tests)
        fprintf(stderr, "%d test(s) did not run.\n", report->n_tests - report->n_done);
    if (bad > 0)
        fprintf(stderr, "%d test(s) failed.\n", bad);
    else if (report->n_done == report->n_tests)
        fputs(words_for_good(report), stderr);
}

void text_report_end(TextReport *report, const RunReport *run) {
    pthread_mutex_lock(&report->lock);
    erase_bar(report);
    if (report->live)
        print_live_summary(report, run);
    else
        print_waiting(report, true);
    fflush(stdout);
    print_verdict(report, run);
    pthread_mutex_unlock(&report->lock);
}
