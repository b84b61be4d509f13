/* Two PNG files in, one Difference out.
 *
 *   equal bytes            the same
 *   lockstep               rows that differ, by place -> comparison -> the distortion, changed pixels
 *   row_watch              where much differs: which rows came, went, moved -> bands
 *   aligned                if there are bands: rows compared with those that they were -> changed pixels, once more
 *   regions, change        changed pixels -> areas, and what happened in them
 *
 * Everything is decoded as it is needed, a little at a time, and nothing is kept but what changed. */
#include "diff/diff.h"

#include "base/mapped.h"
#include "diff/aligned.h"
#include "diff/comparison.h"
#include "diff/fingerprint.h"
#include "diff/lockstep.h"
#include "diff/regions.h"
#include "diff/rmse.h"
#include "diff/row_watch.h"
#include "image/png.h"

#include <string.h>

/* What an area that came or went counts against changed pixels: most of a page is its ground. */
enum { GROUND_SHARE = 8 };

/* The two files, and how they are compared. */
typedef struct {
    GBytes *reference, *run;
    const char *reference_name, *run_name;
    const DiffOptions *options;
} Pair;

static Lockstep *open_pair(const Pair *pair, GError **error) {
    return lockstep_open(pair->reference, pair->reference_name, pair->run, pair->run_name, error);
}

/* Compares by place. If rows are worth being watched, *watch sees them. */
static bool compare_by_place(const Pair *pair, Lockstep *lockstep, RowWatch *watch, Comparison *comparison,
                             GError **error) {
    int width = lockstep_run(lockstep)->width;
    bool need_all = pair->options->ignore_antialiasing;
    g_autoptr(GError) cause = NULL;
    lockstep_want_all(lockstep, need_all);
    for (RowPair rows; lockstep_next(lockstep, &rows, &cause);) {
        bool watched = watch && row_watch_see(watch, &rows);
        lockstep_want_all(lockstep, need_all || watched);
        if (watch && row_watch_suspects(watch))
            comparison_stop_antialiasing(comparison);
        if (watch && row_watch_has_found(watch))
            comparison_reduce(comparison);
        const CompareRow row = {.y = rows.y, .width = width, .reference = rows.reference, .run = rows.run};
        if (rows.run && (need_all || !rows.equal))
            comparison_add(comparison, &row);
    }
    comparison_end_part(comparison);
    if (!cause)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static double find_distortion(const Pair *pair, const CompareResult *result, const PngFormat *run) {
    if (result->color_sum + result->alpha_sum == 0)
        return 0;
    int channels = rmse_channels(pair->reference, run);
    uint64_t pixels = (uint64_t)run->width * (uint64_t)run->height;
    return rmse_root(result->color_sum + (channels == 4 ? result->alpha_sum : 0), pixels, channels);
}

/* Rows that came, went or moved. */

static bool is_inside(Box inner, Box outer) {
    return inner.x >= outer.x && inner.y >= outer.y &&
           (int64_t)inner.x + inner.width <= (int64_t)outer.x + outer.width &&
           (int64_t)inner.y + inner.height <= (int64_t)outer.y + outer.height;
}

static uint64_t area_that_came_or_went(const GArray *bands) {
    uint64_t area = 0;
    for (guint i = 0; i < bands->len; i++) {
        const Band *band = &g_array_index(bands, Band, i);
        if (band->kind == BAND_INSERTED || band->kind == BAND_REMOVED)
            area += (uint64_t)band->width * (uint64_t)(band->reference_height + band->run_height);
    }
    return area;
}

/* Whether what bands say is less than what there is to say without them. */
static bool explains_better(const GArray *bands, const CompareResult *aligned, const CompareResult *by_place) {
    return aligned->changes->changed_pixels + area_that_came_or_went(bands) / GROUND_SHARE < by_place->counts[0];
}

/* Takes the other explanation, if there is a better one: then *result is exchanged, and the bands are returned. */
static bool explain_by_bands(const Pair *pair, const Formats *formats, const RowWatch *watch, CompareResult *result,
                             GArray **out_bands, GError **error) {
    g_autoptr(GArray) bands = watch ? row_watch_find_bands(watch) : NULL;
    if (!bands)
        return true;
    g_autoptr(Comparison) comparison = comparison_new(pair->options, &formats->run, formats->pixels, false);
    if (!aligned_compare(pair->reference, pair->run, formats, bands, comparison, error))
        return false;
    CompareResult aligned = comparison_take_result(comparison);
    bool is_longer = formats->reference.height != formats->run.height;
    if (is_longer || explains_better(bands, &aligned, result)) {
        aligned.color_sum = result->color_sum;
        aligned.alpha_sum = result->alpha_sum;
        compare_result_clear(result);
        *result = aligned;
        *out_bands = g_steal_pointer(&bands);
    } else {
        compare_result_clear(&aligned);
    }
    return true;
}

/* Areas, and the verdict. */

static double tolerance_of(const DiffOptions *options, Box box) {
    for (size_t i = options->n_tolerant_areas; i > 0; i--)
        if (is_inside(box, options->tolerant_areas[i - 1].box))
            return options->tolerant_areas[i - 1].tolerance;
    return options->tolerance;
}

static void set_regions(Difference *difference, const CompareResult *result, const DiffOptions *options, int channels) {
    GArray *regions = regions_find(result->changes, channels);
    for (guint i = 0; i < regions->len; i++) {
        Region *region = &g_array_index(regions, Region, i);
        region->tolerance = tolerance_of(options, region->box);
        difference->score = MAX(difference->score, region->score);
        difference->same = difference->same && region->score <= region->tolerance;
        difference->fingerprint += fingerprint_mix(region->fingerprint);
    }
    difference->n_regions = regions->len;
    g_array_set_size(regions, MIN(regions->len, DIFF_MAX_REGIONS));
    difference->regions = regions;
}

static void guess_changes(Difference *difference, const CompareResult *result) {
    for (guint i = 0; i < MIN(difference->regions->len, DIFF_MAX_GUESSES); i++) {
        Region *region = &g_array_index(difference->regions, Region, i);
        g_autoptr(Clip) clip = clips_cut(result->clips, region->box, CLIPS_MARGIN);
        region->change = change_guess(clip);
    }
}

static bool is_ignored(const Band *band, const DiffOptions *options) {
    const Box box = {band->x, band->run_y, band->width, band->run_height};
    for (size_t i = 0; i < options->n_ignored && band->kind == BAND_INSERTED; i++)
        if (is_inside(box, options->ignored[i]))
            return true;
    return false;
}

/* Rows that came, went or moved pass no tolerance; only those that came in an ignored area do not count. */
static bool bands_pass(const GArray *bands, const DiffOptions *options) {
    for (guint i = 0; bands && i < bands->len; i++) {
        const Band *band = &g_array_index(bands, Band, i);
        bool stayed = band->kind == BAND_EQUAL || band->kind == BAND_CHANGED;
        if (!stayed && !is_ignored(band, options))
            return false;
    }
    return true;
}

static Difference *new_difference(const PngFormat *reference, const PngFormat *run) {
    Difference *difference = g_new0(Difference, 1);
    difference->width = run->width;
    difference->height = run->height;
    difference->reference_width = reference->width;
    difference->reference_height = reference->height;
    difference->same = !difference_has_other_size(difference);
    return difference;
}

static Difference *tell(const Pair *pair, const Formats *formats, CompareResult *result, GArray *bands,
                        const RowWatch *watch) {
    const PngFormat *run = &formats->run;
    Difference *difference = new_difference(&formats->reference, run);
    difference->distortion = find_distortion(pair, result, run);
    difference->changed_pixels = result->changes->changed_pixels;
    memcpy(difference->counts, result->counts, sizeof difference->counts);
    difference->bands = bands;
    difference->same = difference->same && bands_pass(bands, pair->options);
    set_regions(difference, result, pair->options, run->has_alpha ? 4 : 3);
    guess_changes(difference, result);
    if (bands)
        difference->fingerprint += row_watch_fingerprint(watch, bands);
    difference->changes = g_steal_pointer(&result->changes);
    return difference;
}

/* A file that is mapped may be another one by now. */
static bool are_as_before(const Lockstep *lockstep, const Formats *formats, GError **error) {
    const PngFormat *reference = lockstep_reference(lockstep), *run = lockstep_run(lockstep);
    if (reference->width == formats->reference.width && reference->height == formats->reference.height &&
        run->width == formats->run.width && run->height == formats->run.height &&
        lockstep_pixels(lockstep) == formats->pixels)
        return true;
    error_set(error, ERROR_INVALID, "a file was written to while it was read");
    return false;
}

/* Once more, for what the first time was done only in part: rows were suspected to have moved, and have not. */
static bool compare_again(const Pair *pair, const Formats *formats, CompareResult *result, GError **error) {
    g_autoptr(Lockstep) lockstep = open_pair(pair, error);
    g_autoptr(Comparison) comparison = comparison_new(pair->options, &formats->run, formats->pixels, true);
    if (!lockstep || !are_as_before(lockstep, formats, error) ||
        !compare_by_place(pair, lockstep, NULL, comparison, error))
        return false;
    compare_result_clear(result);
    *result = comparison_take_result(comparison);
    return true;
}

/* Takes the lockstep, and puts it away before the files are decoded once more: of rare kinds it holds whole pictures. */
static Difference *compare(const Pair *pair, Lockstep *opened, GError **error) {
    g_autoptr(Lockstep) lockstep = opened;
    const Formats formats = {*lockstep_reference(lockstep), *lockstep_run(lockstep), lockstep_pixels(lockstep)};
    bool may_align = !pair->options->no_align && formats.reference.width == formats.run.width;
    g_autoptr(RowWatch) watch = may_align ? row_watch_new(&formats) : NULL;
    g_autoptr(Comparison) comparison = comparison_new(pair->options, &formats.run, formats.pixels, true);
    if (!compare_by_place(pair, lockstep, watch, comparison, error))
        return NULL;
    g_clear_pointer(&lockstep, lockstep_free);
    CompareResult result = comparison_take_result(comparison);
    GArray *bands = NULL;
    bool done = explain_by_bands(pair, &formats, watch, &result, &bands, error);
    if (done && !bands && comparison_is_partial(comparison))
        done = compare_again(pair, &formats, &result, error);
    Difference *difference = done ? tell(pair, &formats, &result, bands, watch) : NULL;
    compare_result_clear(&result);
    return difference;
}

/* Equal bytes are equal pictures, if they are a picture at all. */
static Difference *compare_equal_bytes(GBytes *png, const char *name, GError **error) {
    PngHeader header;
    if (!png_check(png, &header, error)) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    Difference *difference = g_new0(Difference, 1);
    difference->same = true;
    difference->width = difference->reference_width = header.width;
    difference->height = difference->reference_height = header.height;
    difference->regions = g_array_new(FALSE, FALSE, sizeof(Region));
    difference->changes = change_map_new(header.width, header.height);
    return difference;
}

/* A piece at a time, each of which is given back. */
static bool are_equal(GBytes *a, GBytes *b) {
    enum { PIECE_BYTES = 1024 * 1024 };
    size_t size_a, size_b;
    const char *bytes_a = g_bytes_get_data(a, &size_a), *bytes_b = g_bytes_get_data(b, &size_b);
    bool equal = size_a == size_b;
    for (size_t i = 0; equal && i < size_a; i += PIECE_BYTES) {
        equal = memcmp(bytes_a + i, bytes_b + i, MIN(PIECE_BYTES, size_a - i)) == 0;
        mapped_forget(a, i);
        mapped_forget(b, i);
    }
    return equal;
}

Difference *diff_png(GBytes *reference_png, GBytes *run_png, const DiffOptions *options, GError **error) {
    static const DiffOptions defaults = {0};
    if (!options)
        options = &defaults;
    const Pair pair = {
        .reference = reference_png,
        .run = run_png,
        .reference_name = options->reference_name ? options->reference_name : "the reference",
        .run_name = options->run_name ? options->run_name : "the run",
        .options = options,
    };
    if (are_equal(reference_png, run_png))
        return compare_equal_bytes(run_png, pair.reference_name, error);
    g_autoptr(Lockstep) lockstep = open_pair(&pair, error);
    return lockstep ? compare(&pair, g_steal_pointer(&lockstep), error) : NULL;
}

void difference_free(Difference *difference) {
    if (!difference)
        return;
    g_clear_pointer(&difference->regions, g_array_unref);
    g_clear_pointer(&difference->bands, g_array_unref);
    change_map_free(difference->changes);
    g_free(difference);
}

bool difference_has_other_size(const Difference *difference) {
    return difference->width != difference->reference_width || difference->height != difference->reference_height;
}

bool difference_has_any(const Difference *difference) {
    return difference_has_other_size(difference) || difference->changed_pixels > 0 || difference->bands;
}

char *diff_format_distortion(double distortion) {
    return g_strdup_printf("%.6g", distortion);
}
