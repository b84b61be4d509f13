/* RunReport -> workflow commands of GitHub Actions, which become notes beside the lines of the YAML file in a pull
 * request. GitHub shows ten of them a step and keeps the others in the log; the escapes are those of its toolkit
 * (packages/core/src/command.ts). */
#include "report/report.h"

#include "report/story.h"
#include "report/words.h"

#include <string.h>

static const char MESSAGE_ESCAPED[] = "%\r\n";
static const char PROPERTY_ESCAPED[] = "%\r\n:,";

static void add_escaped(GString *out, const char *text, const char *escaped) {
    g_autofree char *clean = words_clean(text, true);
    for (const char *at = clean; *at; at++) {
        if (strchr(escaped, *at))
            g_string_append_printf(out, "%%%02X", (guint)*at);
        else
            g_string_append_c(out, *at);
    }
}

static const char *headline(ResultStatus status) {
    if (status == RESULT_DIFFERENT)
        return "looks different";
    return status == RESULT_MISSING ? "has no reference image" : "failed";
}

static void add_annotation(GString *out, const Result *result) {
    g_autofree char *title = g_strdup_printf("%s: %s", result->name, headline(result->status));
    g_autofree char *why = story_why(result);
    g_string_append(out, "::error ");
    if (result->file) {
        g_string_append(out, "file=");
        add_escaped(out, result->file, PROPERTY_ESCAPED);
        g_string_append_printf(out, ",line=%d,", MAX(result->line, 1));
    }
    g_string_append(out, "title=");
    add_escaped(out, title, PROPERTY_ESCAPED);
    g_string_append(out, "::");
    add_escaped(out, why, MESSAGE_ESCAPED);
    g_string_append_c(out, '\n');
}

char *report_to_github(const RunReport *report) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < report->results->len; i++) {
        const Result *result = report->results->pdata[i];
        if (result_is_bad(result))
            add_annotation(out, result);
    }
    return g_string_free(out, FALSE);
}
