#include "report/words.h"

#include "diff/diff.h"
#include "report/findings.h"

/* Areas that are told one by one, besides the largest: the gallery has them all. */
enum { MOST_OTHER_AREAS = 4 };

/* LRM, RLM, ALM, embeddings, overrides and isolates: with them a name could look like another one. */
static bool reorders_text(gunichar c) {
    return c == 0x200E || c == 0x200F || c == 0x061C || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* U+FFFE and U+FFFF are no characters, and not allowed in XML; U+2028 and U+2029 end lines. */
static bool is_unfit(gunichar c) {
    return g_unichar_iscntrl(c) || reorders_text(c) || (c & 0xFFFE) == 0xFFFE || c == 0x2028 || c == 0x2029;
}

char *words_clean(const char *text, bool keep_lines) {
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *clean = g_string_sized_new(64);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n' || c == '\t')
            g_string_append_c(clean, keep_lines ? (char)c : ' ');
        else if (c != '\r' || at[1] != '\n') /* the '\r' of a line's end goes silently */
            g_string_append_unichar(clean, is_unfit(c) ? 0xFFFD : c);
    }
    return g_string_free(clean, FALSE);
}

char *words_number(uint64_t number) {
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%" G_GUINT64_FORMAT, number);
    for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

char *words_duration(int64_t duration_ms) {
    int64_t seconds = (duration_ms + 500) / 1000;
    if (seconds < 60)
        return g_strdup_printf("%.1f s", (double)duration_ms / 1000);
    return g_strdup_printf("%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
}

char *words_change(const Result *result) {
    return findings_summary(result->changed_pixels, result->regions, result->n_regions, result->bands, result->width);
}

char *words_other_areas(const Result *result) {
    GString *lines = g_string_new(NULL);
    for (guint i = 1; result->regions && i < result->regions->len && i <= MOST_OTHER_AREAS; i++) {
        g_autofree char *line = findings_region(&g_array_index(result->regions, Region, i));
        g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", line);
    }
    return g_string_free(lines, FALSE);
}

/* The area that is farthest above its tolerance; NULL if there is none, or if no tolerance was set for it. */
static const Region *worst_above_tolerance(const Result *result) {
    const Region *worst = NULL;
    for (guint i = 0; result->regions && i < result->regions->len; i++) {
        const Region *region = &g_array_index(result->regions, Region, i);
        if (region->score > region->tolerance &&
            (!worst || region->score - region->tolerance > worst->score - worst->tolerance))
            worst = region;
    }
    return worst && worst->tolerance > 0 ? worst : NULL;
}

/* "; the score of the area at (335,111) is 0.457, its tolerance 0.2", or "". */
static char *tolerance_words(const Result *result) {
    const Region *worst = worst_above_tolerance(result);
    return !worst ? g_strdup("")
                  : g_strdup_printf("; the score of the area at (%d,%d) is %.3g, its tolerance %.3g", worst->box.x,
                                    worst->box.y, worst->score, worst->tolerance);
}

static char *why_different(const Result *result) {
    g_autofree char *distortion = diff_format_distortion(result->distortion);
    g_autofree char *change = words_change(result);
    g_autofree char *tolerance = tolerance_words(result);
    return g_strdup_printf("%s distortion%s%s%s%s%s", distortion, change ? ", " : "", change ? change : "", tolerance,
                           result->message ? "; " : "", result->message ? result->message : "");
}

/* What a page throws has whatever its author put there; in a list of tests it must stay one block. */
static char *without_empty_lines(const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *kept = g_string_new(NULL);
    for (char **line = lines; *line; line++)
        if (*g_strchomp(*line))
            g_string_append_printf(kept, "%s%s", kept->len ? "\n" : "", *line);
    return g_string_free(kept, FALSE);
}

char *words_why(const Result *result) {
    g_autofree char *why = NULL;
    if (result->status == RESULT_DIFFERENT)
        why = why_different(result);
    else if (result->message)
        why = g_strdup(result->message);
    else if (result->status == RESULT_MISSING)
        why = g_strdup_printf("Reference image %s does not exist. Try running in update mode.",
                              result->reference_path ? result->reference_path : result->name);
    g_autofree char *clean = words_clean(why, true);
    return without_empty_lines(clean);
}
