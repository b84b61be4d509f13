#include "cmd/diff_line.h"

#include "base/suggest.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

/* A thread more than there are processors makes nothing faster; the limit is for typing mistakes. */
enum { MAX_JOBS = 256 };

/* What can be written for options that take one of a few words. */
static const char *const styles[] = {"mask", "faded", "classic", NULL};
static const char *const color_sets[] = {"red", "safe", NULL};
static const char *const metrics[] = {"exact", "yiq", "oklab", "ciede2000", NULL};
static const char *const antialiasings[] = {"count", "ignore", NULL};

/* The options as they were written. */
typedef struct {
    char *style, *colors, *color, *metric, *threshold, *antialiasing;
    char **ignore, **tolerant_areas;
    double tolerance;
    gboolean align, no_align;
} Written;

static void written_clear(Written *written) {
    g_free(written->style);
    g_free(written->colors);
    g_free(written->color);
    g_free(written->metric);
    g_free(written->threshold);
    g_free(written->antialiasing);
    g_strfreev(written->ignore);
    g_strfreev(written->tolerant_areas);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Written, written_clear)

/* Refuses a word, with the one that may have been meant. Returns false. */
static bool refuse_word(const char *option, const char *written, const char *const *words, GError **error) {
    g_autofree char *all = g_strjoinv(", ", (char **)words);
    const char *meant = suggest_name(written, words, g_strv_length((char **)words));
    error_set(error, ERROR_INVALID, "%s %s: must be one of %s%s%s%s", option, written, all,
              meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
    return false;
}

/* Numbers. */

static bool parse_number(const char *text, double most, double *out_number) {
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= 0 && number <= most)) /* so put, it refuses nan, too */
        return false;
    *out_number = number;
    return true;
}

static bool parse_box(const char *text, Box *out_box) {
    static const int least[] = {0, 0, 1, 1};
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    gint64 numbers[4];
    bool good = g_strv_length(parts) == G_N_ELEMENTS(numbers);
    for (size_t i = 0; good && i < G_N_ELEMENTS(numbers); i++)
        good = g_ascii_string_to_signed(parts[i], 10, least[i], IMAGE_MAX_SIDE, &numbers[i], NULL);
    if (good)
        *out_box = (Box){(int)numbers[0], (int)numbers[1], (int)numbers[2], (int)numbers[3]};
    return good;
}

static bool parse_tolerant_area(const char *text, TolerantArea *out_area) {
    g_auto(GStrv) parts = g_strsplit(text, "=", -1);
    return g_strv_length(parts) == 2 && parse_box(parts[0], &out_area->box) &&
           parse_number(parts[1], 1, &out_area->tolerance);
}

/* "#rrggbb". */
static bool parse_color(const char *text, uint8_t out_rgb[3]) {
    if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    unsigned long rgb = strtoul(text + 1, NULL, 16);
    for (int channel = 0; channel < 3; channel++)
        out_rgb[channel] = (uint8_t)(rgb >> (16 - 8 * channel));
    return true;
}

/* What counts as changed. */

static bool take_areas(const Written *written, DiffLine *line, GError **error) {
    for (char **text = written->ignore; text && *text; text++) {
        Box box;
        if (!parse_box(*text, &box)) {
            error_set(error, ERROR_INVALID, "--ignore %s: must be x,y,width,height in pixels, such as 0,0,320,40",
                      *text);
            return false;
        }
        g_array_append_val(line->ignored, box);
    }
    for (char **text = written->tolerant_areas; text && *text; text++) {
        TolerantArea area;
        if (!parse_tolerant_area(*text, &area)) {
            error_set(error, ERROR_INVALID,
                      "--tolerant-area %s: must be x,y,width,height=N in pixels, N from 0 to 1, such as 0,0,320,40=0.1",
                      *text);
            return false;
        }
        g_array_append_val(line->tolerant_areas, area);
    }
    return true;
}

/* They must ascend: that the first one decides would be a surprise if it were not the lowest. */
static bool parse_thresholds(const char *text, DiffLine *line, GError **error) {
    const MetricFacts *facts = metric_facts(line->options.metric);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    line->options.n_thresholds = g_strv_length(parts);
    if (line->options.n_thresholds < 1 || line->options.n_thresholds > METRIC_MAX_THRESHOLDS) {
        error_set(error, ERROR_INVALID, "--threshold %s: must be 1 to %d numbers with commas between them", text,
                  METRIC_MAX_THRESHOLDS);
        return false;
    }
    for (size_t i = 0; i < line->options.n_thresholds; i++) {
        if (!parse_number(parts[i], facts->max_threshold, &line->thresholds[i])) {
            error_set(error, ERROR_INVALID, "--threshold %s: must be from 0 to %g for --metric %s, such as %g", text,
                      facts->max_threshold, facts->name, facts->usual_threshold);
            return false;
        }
        if (i > 0 && line->thresholds[i] <= line->thresholds[i - 1]) {
            error_set(error, ERROR_INVALID, "--threshold %s: must ascend; the first one decides", text);
            return false;
        }
    }
    return true;
}

static bool take_metric(const Written *written, DiffLine *line, GError **error) {
    if (written->metric && !metric_find(written->metric, &line->options.metric))
        return refuse_word("--metric", written->metric, metrics, error);
    if (written->antialiasing && !g_strv_contains(antialiasings, written->antialiasing))
        return refuse_word("--antialiasing", written->antialiasing, antialiasings, error);
    line->options.ignore_antialiasing = g_strcmp0(written->antialiasing, "ignore") == 0;
    line->options.thresholds = line->thresholds;
    line->options.n_thresholds = 1;
    line->thresholds[0] = metric_facts(line->options.metric)->usual_threshold;
    return !written->threshold || parse_thresholds(written->threshold, line, error);
}

static bool take_tolerances(const Written *written, DiffLine *line, GError **error) {
    line->ignored = g_array_new(FALSE, FALSE, sizeof(Box));
    line->tolerant_areas = g_array_new(FALSE, FALSE, sizeof(TolerantArea));
    if (!(written->tolerance >= 0 && written->tolerance <= 1)) { /* so put, it refuses nan, too */
        error_set(error, ERROR_INVALID, "--tolerance must be from 0 to 1, not %g", written->tolerance);
        return false;
    }
    if (!take_areas(written, line, error))
        return false;
    line->options.tolerance = written->tolerance;
    line->options.ignored = (const Box *)(void *)line->ignored->data;
    line->options.n_ignored = line->ignored->len;
    line->options.tolerant_areas = (const TolerantArea *)(void *)line->tolerant_areas->data;
    line->options.n_tolerant_areas = line->tolerant_areas->len;
    return true;
}

/* The marked picture. */

static bool take_colors(const Written *written, DiffLine *line, GError **error) {
    const MarkColors *colors = mark_find_colors(written->colors ? written->colors : color_sets[0]);
    if (!colors)
        return refuse_word("--colors", written->colors, color_sets, error);
    line->colors = *colors;
    if (!written->color || parse_color(written->color, line->colors.changed))
        return true;
    error_set(error, ERROR_INVALID, "--color %s: must be #rrggbb, such as #e6007e", written->color);
    return false;
}

/* What would have no effect is refused: who wrote it expects one. */
static bool check_picture(const Written *written, const DiffLine *line, GError **error) {
    const char *of_picture = written->style    ? "--style"
                             : written->colors ? "--colors"
                             : written->color  ? "--color"
                                               : NULL;
    if (of_picture && !line->output)
        error_set(error, ERROR_INVALID, "%s is of the picture that -o writes, and -o is missing", of_picture);
    else if (line->style == MARK_CLASSIC && (written->colors || written->color))
        error_set(error, ERROR_INVALID, "--style classic has colors of its own");
    else if (line->style == MARK_CLASSIC && written->align)
        error_set(error, ERROR_INVALID, "--style classic compares by place, and does not go with --align");
    else if (written->align && written->no_align)
        error_set(error, ERROR_INVALID, "--align and --no-align are opposites");
    else
        return true;
    return false;
}

static bool take_picture(const Written *written, DiffLine *line, GError **error) {
    if (written->style && !mark_style_from_name(written->style, &line->style))
        return refuse_word("--style", written->style, styles, error);
    line->options.no_align = written->no_align || line->style == MARK_CLASSIC;
    return take_colors(written, line, error) && check_picture(written, line, error);
}

static bool check_jobs(const DiffLine *line, GError **error) {
    if (line->jobs >= 0 && line->jobs <= MAX_JOBS)
        return true;
    error_set(error, ERROR_INVALID, "--jobs must be from 1 to %d (or 0 for the default), not %d", MAX_JOBS, line->jobs);
    return false;
}

bool diff_line_parse(const Command *command, int *argc, char ***argv, DiffLine *line, GError **error) {
    g_auto(Written) written = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &line->output,
         "Write a picture of what changed, if anything did; of many pairs, into this folder", "OUT.png"},
        {"style", 0, 0, G_OPTION_ARG_STRING, &written.style,
         "mask (the default: only what changed), faded (on the page), or classic (as of old)", "STYLE"},
        {"colors", 0, 0, G_OPTION_ARG_STRING, &written.colors, "red (the default), or safe for the color-blind", "SET"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &written.color, "The color of what changed", "#RRGGBB"},
        {"metric", 0, 0, G_OPTION_ARG_STRING, &written.metric,
         "How pixels are compared: exact (the default), yiq, oklab or ciede2000", "METRIC"},
        {"threshold", 0, 0, G_OPTION_ARG_STRING, &written.threshold,
         "Pixels farther apart than this have changed; further ones are counted only", "N[,N...]"},
        {"antialiasing", 0, 0, G_OPTION_ARG_STRING, &written.antialiasing,
         "count (the default) or ignore pixels at the edges of shapes", "WHAT"},
        {"ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &written.ignore,
         "Leave this area of the second picture out; may be given again", "X,Y,WIDTH,HEIGHT"},
        {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &written.tolerance,
         "Let areas pass that differ by no more than N, 0 to 1 (default 0)", "N"},
        {"tolerant-area", 0, 0, G_OPTION_ARG_STRING_ARRAY, &written.tolerant_areas,
         "A tolerance for areas in this one; may be given again", "X,Y,WIDTH,HEIGHT=N"},
        {"align", 0, 0, G_OPTION_ARG_NONE, &written.align, "Find rows that came, went or moved (the default)", NULL},
        {"no-align", 0, 0, G_OPTION_ARG_NONE, &written.no_align, "Compare by place only", NULL},
        {"pairs", 0, 0, G_OPTION_ARG_FILENAME, &line->pairs_path,
         "Compare many: each line of FILE (- is standard input) is A.png, a TAB, B.png", "FILE"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &line->jobs, "Pairs at once (default: one for each processor)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &line->json, "Print JSON; of many pairs, one line each", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    return command_parse(command, entries, argc, argv, error) && take_tolerances(&written, line, error) &&
           take_metric(&written, line, error) && take_picture(&written, line, error) && check_jobs(line, error);
}

void diff_line_clear(DiffLine *line) {
    g_free(line->output);
    g_free(line->pairs_path);
    g_clear_pointer(&line->ignored, g_array_unref);
    g_clear_pointer(&line->tolerant_areas, g_array_unref);
}
