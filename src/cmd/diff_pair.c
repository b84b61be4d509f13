#include "cmd/diff_pair.h"

#include "base/file.h"
#include "base/stop.h"
#include "cmd/diff_file.h"
#include "report/findings.h"
#include "report/words.h"

#include <sys/stat.h>

/* A person reads the first few; --json has more. */
enum { MAX_PRINTED_REGIONS = 20 };

void diff_pair_free(DiffPair *pair) {
    if (!pair)
        return;
    g_free(pair->name);
    g_free(pair->reference_path);
    g_free(pair->run_path);
    g_free(pair->output_path);
    g_free(pair);
}

/* Comparing. */

static bool is_same_file(const char *a, const char *b) {
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static bool write_marked(const DiffPair *pair, const DiffLine *line, const Difference *difference, GBytes *run,
                         GError **error) {
    if (is_same_file(pair->output_path, pair->reference_path) || is_same_file(pair->output_path, pair->run_path)) {
        error_set(error, ERROR_INVALID, "%s: is one of the two pictures, and not written over", pair->output_path);
        return false;
    }
    g_autoptr(GBytes) marked = mark_png(difference, run, line->style, &line->colors, error);
    return marked && file_write_bytes(pair->output_path, marked, error);
}

Difference *diff_pair_compare(const DiffPair *pair, const DiffLine *line, GError **error) {
    DiffOptions options = line->options;
    options.reference_name = pair->reference_path;
    options.run_name = pair->run_path;
    g_autoptr(GBytes) reference = diff_file_map(pair->reference_path, error);
    g_autoptr(GBytes) run = reference ? diff_file_map(pair->run_path, error) : NULL;
    g_autoptr(Difference) difference = run ? diff_png(reference, run, &options, error) : NULL;
    if (!difference)
        return NULL;
    if (!stop_check(error))
        return NULL;
    if (pair->output_path && difference_has_any(difference) && !write_marked(pair, line, difference, run, error))
        return NULL;
    return g_steal_pointer(&difference);
}

/* For a person. The lines are the old ones; there are readers of them. */

static const char *plural(uint64_t number) {
    return number == 1 ? "" : "s";
}

static void add_size(GString *out, const Difference *difference) {
    g_string_append_printf(out, "size changed from %dx%d to %dx%d", difference->reference_width,
                           difference->reference_height, difference->width, difference->height);
}

static void add_counts(GString *out, const Difference *difference, const DiffLine *line) {
    g_autofree char *changed = words_number(difference->changed_pixels);
    g_autofree char *all = words_number((uint64_t)difference->width * (uint64_t)difference->height);
    g_autofree char *areas = words_number(difference->n_regions);
    g_string_append_printf(out, "%s pixel%s changed of %s in %s area%s\n", changed, plural(difference->changed_pixels),
                           all, areas, plural(difference->n_regions));
    for (size_t i = 0; line->options.n_thresholds > 1 && i < line->options.n_thresholds; i++) {
        g_autofree char *count = words_number(difference->counts[i]);
        g_string_append_printf(out, "%s pixel%s above %.6g\n", count, plural(difference->counts[i]),
                               line->thresholds[i]);
    }
}

static void add_bands(GString *out, const Difference *difference) {
    g_autoptr(GPtrArray) bands = findings_bands(difference->bands, difference->width);
    for (guint i = 0; i < bands->len; i++)
        g_string_append_printf(out, "%s\n", (const char *)bands->pdata[i]);
}

static void add_regions(GString *out, const Difference *difference) {
    guint n_printed = MIN(difference->regions->len, MAX_PRINTED_REGIONS);
    for (guint i = 0; i < n_printed; i++) {
        g_autofree char *region = findings_region(&g_array_index(difference->regions, Region, i));
        g_string_append_printf(out, "  %s\n", region);
    }
    if (difference->n_regions > n_printed) {
        g_autofree char *left = words_number(difference->n_regions - n_printed);
        g_string_append_printf(out, "  and %s more\n", left);
    }
}

char *diff_pair_tell(const Difference *difference, const DiffLine *line) {
    GString *out = g_string_new(NULL);
    if (difference->same)
        g_string_append(out, difference_has_any(difference) ? "same, within the tolerance\n" : "same\n");
    if (difference_has_other_size(difference)) {
        add_size(out, difference);
        g_string_append_c(out, '\n');
    }
    if (difference->changed_pixels > 0 || difference->bands) {
        g_autofree char *distortion = diff_format_distortion(difference->distortion);
        g_string_append_printf(out, "%s distortion\n", distortion);
        add_bands(out, difference);
    }
    if (difference->changed_pixels > 0) {
        add_counts(out, difference, line);
        if (line->options.tolerance > 0 || line->options.n_tolerant_areas > 0)
            g_string_append_printf(out, "%.6g is the worst score of an area, %.6g the tolerance\n", difference->score,
                                   line->options.tolerance);
        add_regions(out, difference);
    }
    return g_string_free(out, FALSE);
}

char *diff_pair_sum_up(const Difference *difference) {
    if (!difference_has_any(difference))
        return g_strdup("same");
    GString *out = g_string_new(difference->same ? "same, within the tolerance: " : NULL);
    g_autofree char *distortion = diff_format_distortion(difference->distortion);
    g_autofree char *summary = findings_summary(difference->changed_pixels, difference->regions, difference->n_regions,
                                                difference->bands, difference->width);
    g_string_append_printf(out, "%s distortion", distortion);
    if (difference_has_other_size(difference)) {
        g_string_append(out, ", ");
        add_size(out, difference);
    }
    if (summary)
        g_string_append_printf(out, ", %s", summary);
    return g_string_free(out, FALSE);
}

/* For programs. */

static void set_numbers(json_t *json, const Difference *difference) {
    const struct {
        const char *key;
        json_int_t value;
    } numbers[] = {
        {"changed_pixels", (json_int_t)difference->changed_pixels},
        {"width", difference->width},
        {"height", difference->height},
        {"reference_width", difference->reference_width},
        {"reference_height", difference->reference_height},
        {"n_regions", (json_int_t)difference->n_regions},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        json_object_set_new(json, numbers[i].key, json_integer(numbers[i].value));
}

static void set_counts(json_t *json, const Difference *difference, const DiffLine *line) {
    json_t *thresholds = json_array(), *counts = json_array();
    for (size_t i = 0; i < line->options.n_thresholds; i++) {
        json_array_append_new(thresholds, json_real(line->thresholds[i]));
        json_array_append_new(counts, json_integer((json_int_t)difference->counts[i]));
    }
    json_object_set_new(json, "metric", json_string(metric_facts(line->options.metric)->name));
    json_object_set_new(json, "thresholds", thresholds);
    json_object_set_new(json, "counts", counts);
}

/* JSON is UTF-8: a path that is not loses those bytes. */
static json_t *path_to_json(const char *path) {
    g_autofree char *valid = path ? g_utf8_make_valid(path, -1) : NULL;
    return valid ? json_string(valid) : json_null();
}

static json_t *new_object(const DiffPair *pair) {
    json_t *json = json_object();
    if (pair->name) {
        json_object_set_new(json, "reference", path_to_json(pair->reference_path));
        json_object_set_new(json, "run", path_to_json(pair->run_path));
    }
    return json;
}

/* Real numbers with six digits: those of the old tool's distortion. */
static char *take_text(json_t *json, size_t flags) {
    char *text = json_dumps(json, flags | JSON_REAL_PRECISION(6));
    json_decref(json);
    return text;
}

char *diff_pair_to_json(const DiffPair *pair, const Difference *difference, const DiffLine *line, size_t flags) {
    g_autofree char *fingerprint = findings_fingerprint(difference->fingerprint);
    json_t *json = new_object(pair);
    json_object_set_new(json, "same", json_boolean(difference->same));
    json_object_set_new(json, "distortion", json_real(difference->distortion));
    json_object_set_new(json, "score", json_real(difference->score));
    set_counts(json, difference, line);
    set_numbers(json, difference);
    json_object_set_new(json, "fingerprint", json_string(fingerprint));
    json_object_set_new(json, "bands", findings_bands_to_json(difference->bands, difference->width));
    json_object_set_new(json, "regions", findings_regions_to_json(difference->regions));
    return take_text(json, flags);
}

char *diff_pair_failure_to_json(const DiffPair *pair, const GError *error, size_t flags) {
    json_t *json = new_object(pair);
    if (error)
        json_object_set_new(json, "error", path_to_json(error->message));
    else
        json_object_set_new(json, "same", json_false());
    return take_text(json, flags);
}
