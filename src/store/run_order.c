#include "store/run_order.h"

#include <jansson.h>
#include <string.h>

void run_order_clear(RunOrder *order) {
    g_clear_pointer(&order->likeness, g_free);
    g_clear_pointer(&order->summary, g_free);
}

static OrderRank rank_of(RunStatus status) {
    switch (status) {
    case RUN_FAILED:
        return ORDER_FAILED;
    case RUN_DIFF_FOUND:
    case RUN_DIFF_APPROVED:
        return ORDER_DIFFERENT;
    case RUN_DATA_PENDING:
    case RUN_NEEDS_DIFF:
        return ORDER_PENDING;
    case RUN_NO_DIFF_NEEDED:
        return ORDER_NEW;
    case RUN_DIFF_NOT_FOUND:
        return ORDER_SAME;
    }
    g_assert_not_reached();
}

static char *first_characters(const char *text, glong most) {
    return g_utf8_strlen(text, -1) <= most ? g_strdup(text) : g_utf8_substring(text, 0, most);
}

static void read_findings(const char *text, RunOrder *out) {
    json_auto_t *findings = text ? json_loads(text, 0, NULL) : NULL;
    const char *likeness = json_string_value(json_object_get(findings, "fingerprint"));
    const char *summary = json_string_value(json_object_get(findings, "summary"));
    out->changed_pixels = MAX(json_integer_value(json_object_get(findings, "changed_pixels")), 0);
    if (likeness && strlen(likeness) <= MOST_LIKENESS)
        out->likeness = g_strdup(likeness);
    if (summary)
        out->summary = first_characters(summary, MOST_SUMMARY);
}

void run_order_of(const Run *run, RunOrder *out) {
    *out = (RunOrder){.rank = rank_of(run->status)};
    if (out->rank == ORDER_DIFFERENT)
        read_findings(run->facts.findings, out);
    out->weight = -out->changed_pixels;
    if (!out->likeness)
        out->likeness = out->rank == ORDER_DIFFERENT ? g_strdup_printf("#%" G_GINT64_FORMAT, run->id) : g_strdup("");
}
