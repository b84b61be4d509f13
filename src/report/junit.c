/* RunReport -> JUnit's XML, which has no owner and no standard: this is what Jenkins, GitLab and the common actions of
 * GitHub all read. A YAML file is a test suite. */
#include "report/report.h"

#include "base/file.h"
#include "report/story.h"
#include "report/words.h"

#include <string.h>

/* Appends with each %s escaped. The texts must be clean: XML cannot hold control characters in any form. */
static void add(GString *xml, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(GString *xml, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    g_string_append(xml, text);
}

static void add_text_attribute(GString *xml, const char *name, const char *text) {
    g_autofree char *clean = words_clean(text, false);
    add(xml, " %s=\"%s\"", name, clean);
}

/* A failure is a page that looks wrong, an error one that could not be looked at. */
static void add_problem(GString *xml, const Result *result) {
    const char *element = result->status == RESULT_FAILED ? "error" : "failure";
    g_autofree char *why = story_why(result);
    add(xml, "      <%s type=\"%s\"", element, result_status_name(result->status));
    g_autofree char *areas = story_other_areas(result);
    add_text_attribute(xml, "message", why);
    add(xml, ">%s%s%s</%s>\n", why, *areas ? "\n" : "", areas, element);
}

static void add_system_out(GString *xml, const Result *result) {
    const struct {
        const char *label, *text;
    } lines[] = {
        {"URL:  ", result->url},       {"Ref:  ", result->ref_path}, {"Run:  ", result->run_path},
        {"Diff: ", result->diff_path}, {"Log:  ", result->log_path},
    };
    g_string_append(xml, "      <system-out>");
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *clean = words_clean(lines[i].text, false);
        if (lines[i].text)
            add(xml, "%s%s\n", lines[i].label, clean);
    }
    g_string_append(xml, "</system-out>\n");
}

/* Jenkins takes what is behind the last dot of a class name for the class and the rest for its package, so the file's
 * own suffix must go. */
static char *class_name(const char *file) {
    const char *dot = file ? strrchr(file, '.') : NULL;
    return dot ? g_strndup(file, (size_t)(dot - file)) : g_strdup(file);
}

static void add_test_case(GString *xml, const Result *result) {
    g_autofree char *class = class_name(result->file);
    g_string_append(xml, "    <testcase");
    add_text_attribute(xml, "name", result->name);
    add_text_attribute(xml, "classname", class);
    if (result->file)
        add_text_attribute(xml, "file", result->file);
    add(xml, " line=\"%d\" time=\"%.3f\">\n", result->line, (double)result->duration_ms / 1000);
    if (result_is_bad(result))
        add_problem(xml, result);
    add_system_out(xml, result);
    g_string_append(xml, "    </testcase>\n");
}

typedef struct {
    int tests, failures, errors;
    int64_t duration_ms;
} Counts;

static Counts count(const RunReport *report, guint first, guint end) {
    Counts counts = {.tests = (int)(end - first)};
    for (guint i = first; i < end; i++) {
        const Result *result = report->results->pdata[i];
        counts.errors += result->status == RESULT_FAILED;
        counts.failures += result_is_bad(result) && result->status != RESULT_FAILED;
        counts.duration_ms += result->duration_ms;
    }
    return counts;
}

static void add_counts(GString *xml, Counts counts) {
    add(xml, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\" time=\"%.3f\"", counts.tests, counts.failures,
        counts.errors, (double)counts.duration_ms / 1000);
}

/* The results from first on which are of the same file, as one suite. Returns the index behind them. */
static guint add_suite(GString *xml, const RunReport *report, guint first, const char *timestamp) {
    const Result *one = report->results->pdata[first];
    guint end = first + 1;
    while (end < report->results->len && g_strcmp0(((const Result *)report->results->pdata[end])->file, one->file) == 0)
        end++;

    g_string_append(xml, "  <testsuite");
    add_text_attribute(xml, "name", one->file ? one->file : report->dir);
    add_counts(xml, count(report, first, end));
    add(xml, " timestamp=\"%s\">\n", timestamp);
    for (guint i = first; i < end; i++)
        add_test_case(xml, report->results->pdata[i]);
    g_string_append(xml, "  </testsuite>\n");
    return end;
}

bool report_write_junit(const RunReport *report, const char *path, GError **error) {
    g_autoptr(GDateTime) started = g_date_time_new_from_unix_utc(report->started_ms / 1000);
    g_autofree char *timestamp = started ? g_date_time_format(started, "%Y-%m-%dT%H:%M:%S") : NULL;
    Counts all = count(report, 0, report->results->len);
    all.duration_ms = report->duration_ms; /* by the clock: tests run side by side */

    g_autoptr(GString) xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_text_attribute(xml, "name", report->dir);
    add_counts(xml, all);
    g_string_append(xml, ">\n");
    for (guint i = 0; i < report->results->len;)
        i = add_suite(xml, report, i, timestamp ? timestamp : "");
    g_string_append(xml, "</testsuites>\n");
    return file_write(path, xml->str, xml->len, error);
}
