#include "report/story.h"

#include "diff/diff.h"
#include "report/findings.h"
#include "report/words.h"

/* Areas that are told one by one, besides the largest: the gallery has them all. */
enum { MOST_OTHER_AREAS = 4 };

char *story_change(const Result *result) {
    return findings_summary(result->changed_pixels, result->regions, result->n_regions, result->bands, result->width);
}

char *story_other_areas(const Result *result) {
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
    g_autofree char *change = story_change(result);
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

char *story_why(const Result *result) {
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
