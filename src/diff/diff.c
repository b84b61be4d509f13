/* Two PNG files in, one Difference out: decode them in lockstep, compare row by row into a ChangeMap and two sums, and
 * read the rest from these: distortion, regions, verdict, the marked picture. */
#include "diff/diff.h"

#include "diff/change_map.h"
#include "diff/lockstep.h"
#include "diff/regions.h"
#include "diff/rmse.h"
#include "image/png.h"

#include <string.h>

/* What the loop over the pixels reads and fills. */
typedef struct {
    const DiffOptions *options;
    const PngFormat *run;
    uint8_t *ignored; /* for each pixel of the row at hand, whether it is; NULL if nothing is */
    ChangeMap *changes;
    uint64_t color_sum, alpha_sum; /* of all changed pixels, as in rmse.h */
} Comparison;

/* Part of a box may lie outside the picture, and a stranger's box may end beyond the range of int. */
static void find_ignored_in_row(const Comparison *comparison, int y) {
    int64_t width = comparison->run->width;
    memset(comparison->ignored, 0, (size_t)width);
    for (size_t i = 0; i < comparison->options->n_ignored; i++) {
        Box box = comparison->options->ignored[i];
        int64_t left = MAX(box.x, 0), right = MIN((int64_t)box.x + box.width, width);
        if (y >= box.y && y < (int64_t)box.y + box.height && left < right)
            memset(comparison->ignored + left, 1, (size_t)(right - left));
    }
}

static void compare_pixel(Comparison *comparison, int x, int y, const uint8_t *p, const uint8_t *q) {
    uint64_t color = rmse_of_colors(p, q), alpha = rmse_of_alpha(p, q);
    if (color + alpha == 0)
        return;
    comparison->color_sum += color;
    comparison->alpha_sum += alpha;
    change_map_add(comparison->changes, x, y, color + alpha);
}

static void compare_row(Comparison *comparison, const RowPair *pair) {
    const uint8_t *p = pair->reference, *q = pair->run;
    if (comparison->ignored)
        find_ignored_in_row(comparison, pair->y);
    for (int x = 0; x < comparison->run->width; x++, p += 4, q += 4)
        if (memcmp(p, q, 4) != 0 && !(comparison->ignored && comparison->ignored[x]))
            compare_pixel(comparison, x, pair->y, p, q);
}

static double compute_distortion(const Comparison *comparison, GBytes *reference_png) {
    if (comparison->changes->changed_pixels == 0)
        return 0;
    int channels = rmse_channels(reference_png, comparison->run);
    uint64_t pixels = (uint64_t)comparison->run->width * (uint64_t)comparison->run->height;
    uint64_t sum = comparison->color_sum + (channels == 4 ? comparison->alpha_sum : 0);
    return rmse_root(sum, pixels, channels);
}

/* A fifth of its colour on white: the old tool laid a white veil of 0.8 over the page. */
static void fade_pixel(uint8_t *out, const uint8_t *pixel) {
    for (int channel = 0; channel < 3; channel++) {
        int on_white = (pixel[channel] * pixel[3] + 255 * (255 - pixel[3]) + 127) / 255;
        out[channel] = (uint8_t)((on_white + 4 * 255 + 2) / 5);
    }
    out[3] = 255;
}

static void paint_cell(Image *image, const ChangeMap *changes, size_t cell_index) {
    static const uint8_t red[4] = {255, 0, 0, 255};
    int left = (int)(cell_index % (size_t)changes->columns) * CELL_SIDE;
    int top = (int)(cell_index / (size_t)changes->columns) * CELL_SIDE;
    for (uint64_t bits = changes->cells[cell_index].bits; bits != 0; bits &= bits - 1) {
        int bit = __builtin_ctzll(bits);
        memcpy(image_row(image, top + bit / CELL_SIDE) + 4 * (left + bit % CELL_SIDE), red, 4);
    }
}

static Image *mark(const Image *run, const ChangeMap *changes) {
    Image *marked = image_new(run->width, run->height, false);
    size_t n_pixels = (size_t)run->width * (size_t)run->height;
    for (size_t i = 0; i < n_pixels; i++)
        fade_pixel(marked->pixels + 4 * i, run->pixels + 4 * i);
    size_t n_cells = (size_t)changes->columns * (size_t)changes->rows;
    for (size_t i = 0; i < n_cells; i++)
        paint_cell(marked, changes, i);
    return marked;
}

static double highest_score(const GArray *regions) {
    double highest = 0;
    for (guint i = 0; i < regions->len; i++)
        highest = MAX(highest, g_array_index(regions, Region, i).score);
    return highest;
}

static void set_regions(Difference *difference, const Comparison *comparison) {
    int channels = comparison->run->has_alpha ? 4 : 3;
    GArray *regions = regions_find(comparison->changes, channels);
    difference->score = highest_score(regions);
    difference->n_regions = regions->len;
    if (regions->len > DIFF_MAX_REGIONS)
        g_array_set_size(regions, DIFF_MAX_REGIONS);
    difference->regions = regions;
}

static bool has_other_size(const Difference *difference) {
    return difference->width != difference->reference_width || difference->height != difference->reference_height;
}

/* The pictures that a person looks at, of what is different. Both files were decoded once, so they can be. */
static bool make_pictures(Difference *difference, const ChangeMap *changes, GBytes *reference_png, GBytes *run_png,
                          const DiffOptions *options, GError **error) {
    bool want_marked = options->want_marked && (has_other_size(difference) || changes->changed_pixels > 0);
    if (!want_marked && !has_other_size(difference))
        return true;
    g_autoptr(Image) run = png_decode(run_png, error);
    g_autoptr(Image) reference = run && has_other_size(difference) ? png_decode(reference_png, error) : NULL;
    if (!run || (has_other_size(difference) && !reference))
        return false;
    if (want_marked)
        difference->marked = mark(run, changes);
    if (reference) {
        const uint8_t fill[4] = {0, 0, 0, run->has_alpha ? 0 : 255};
        difference->resized_reference = image_place(reference, run->width, run->height, run->has_alpha, fill);
    }
    return true;
}

static Difference *new_difference(const PngFormat *reference, const PngFormat *run) {
    Difference *difference = g_new0(Difference, 1);
    difference->width = run->width;
    difference->height = run->height;
    difference->reference_width = reference->width;
    difference->reference_height = reference->height;
    return difference;
}

static Difference *compare(Lockstep *lockstep, GBytes *reference_png, GBytes *run_png, const DiffOptions *options,
                           GError **error) {
    const PngFormat *run = lockstep_run(lockstep);
    g_autoptr(ChangeMap) changes = change_map_new(run->width, run->height);
    g_autofree uint8_t *ignored = options->n_ignored > 0 ? g_malloc((size_t)run->width) : NULL;
    Comparison comparison = {options, run, ignored, changes, 0, 0};
    g_autoptr(GError) cause = NULL;
    for (RowPair pair; lockstep_next(lockstep, &pair, &cause);)
        compare_row(&comparison, &pair);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    g_autoptr(Difference) difference = new_difference(lockstep_reference(lockstep), run);
    difference->distortion = compute_distortion(&comparison, reference_png);
    difference->changed_pixels = changes->changed_pixels;
    set_regions(difference, &comparison);
    difference->same = !has_other_size(difference) && difference->score <= options->tolerance;
    if (!make_pictures(difference, changes, reference_png, run_png, options, error))
        return NULL;
    return g_steal_pointer(&difference);
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
    return difference;
}

Difference *diff_png(GBytes *reference_png, GBytes *run_png, const DiffOptions *options, GError **error) {
    static const DiffOptions defaults = {0};
    if (!options)
        options = &defaults;
    const char *reference_name = options->reference_name ? options->reference_name : "the reference";
    const char *run_name = options->run_name ? options->run_name : "the run";

    if (g_bytes_equal(reference_png, run_png))
        return compare_equal_bytes(run_png, reference_name, error);
    g_autoptr(Lockstep) lockstep = lockstep_open(reference_png, reference_name, run_png, run_name, error);
    return lockstep ? compare(lockstep, reference_png, run_png, options, error) : NULL;
}

void difference_free(Difference *difference) {
    if (!difference)
        return;
    g_clear_pointer(&difference->regions, g_array_unref);
    image_free(difference->resized_reference);
    image_free(difference->marked);
    g_free(difference);
}

char *diff_format_distortion(double distortion) {
    return g_strdup_printf("%.6g", distortion);
}
