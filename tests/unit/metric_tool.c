/* Counts the pixels of PNGs that differ, for tests which ask others for the same:
 *
 *     metric_tool KIND THRESHOLD,THRESHOLD... REFERENCE RUN REFERENCE RUN ...
 *
 * prints a line for each pair: for each threshold how many differ, and then for each how many of these are not
 * antialiased. Pictures without alpha are compared as RGB. */
#include "base/file.h"
#include "diff/antialias.h"
#include "diff/metric.h"
#include "image/png.h"

#include <glib.h>
#include <string.h>

typedef struct {
    Image *reference, *run; /* of one size */
    PixelFormat format;
    const Metric *metric;
    size_t n_thresholds;
    size_t differ[METRIC_MAX_THRESHOLDS], solid[METRIC_MAX_THRESHOLDS];
} Comparison;

static Image *load(const char *path) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) png = file_read(path, PNG_MAX_BYTES, &error);
    Image *image = png ? png_decode(png, &error) : NULL;
    if (!image)
        g_error("%s: %s", path, error->message);
    return image;
}

/* Moves the pixels together, in place. */
static void drop_alpha(Image *image) {
    size_t n_pixels = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < n_pixels; i++)
        memmove(image->pixels + 3 * i, image->pixels + 4 * i, 3);
}

static const uint8_t *row_at(const Comparison *comparison, const Image *image, int y) {
    if (y < 0 || y >= image->height)
        return NULL;
    return image->pixels + (size_t)y * (size_t)image->width * comparison->format;
}

static AntialiasWindow window_at(const Comparison *comparison, int y) {
    int width = comparison->run->width;
    AntialiasWindow window = {.format = comparison->format, .width = width, .index = (size_t)y * (size_t)width};
    for (int i = 0; i < ANTIALIAS_ROWS; i++) {
        window.reference[i] = row_at(comparison, comparison->reference, y + i - ANTIALIAS_REACH);
        window.run[i] = row_at(comparison, comparison->run, y + i - ANTIALIAS_REACH);
    }
    return window;
}

static void count_pixel(Comparison *comparison, const AntialiasWindow *window, const uint64_t *bits, size_t x) {
    size_t n_words = metric_words((size_t)window->width);
    if (!(bits[x / 64] >> (x % 64) & 1))
        return;
    bool solid = !antialias_find(window, (int)x);
    for (size_t t = 0; t < comparison->n_thresholds; t++) {
        size_t differs = bits[t * n_words + x / 64] >> (x % 64) & 1;
        comparison->differ[t] += differs;
        comparison->solid[t] += differs && solid;
    }
}

static void compare_row(Comparison *comparison, int y, uint64_t *bits) {
    AntialiasWindow window = window_at(comparison, y);
    const MetricRow row = {
        .reference = window.reference[ANTIALIAS_REACH],
        .run = window.run[ANTIALIAS_REACH],
        .format = comparison->format,
        .n = (size_t)window.width,
        .index = window.index,
    };
    metric_compare_row(comparison->metric, &row, bits);
    for (size_t x = 0; x < row.n; x++)
        count_pixel(comparison, &window, bits, x);
}

static void print_counts(const Comparison *comparison) {
    for (size_t t = 0; t < comparison->n_thresholds; t++)
        g_print("%zu ", comparison->differ[t]);
    for (size_t t = 0; t < comparison->n_thresholds; t++)
        g_print("%zu%s", comparison->solid[t], t + 1 < comparison->n_thresholds ? " " : "\n");
}

static void compare_files(const Metric *metric, size_t n_thresholds, const char *reference_path, const char *run_path) {
    g_autoptr(Image) reference = load(reference_path);
    g_autoptr(Image) run = load(run_path);
    if (reference->width != run->width || reference->height != run->height)
        g_error("%s and %s have not one size", reference_path, run_path);
    Comparison comparison = {reference, run, PIXEL_RGBA, metric, n_thresholds, {0}, {0}};
    if (!reference->has_alpha && !run->has_alpha) {
        comparison.format = PIXEL_RGB;
        drop_alpha(reference);
        drop_alpha(run);
    }
    g_autofree uint64_t *bits = g_new(uint64_t, n_thresholds * metric_words((size_t)run->width));
    for (int y = 0; y < run->height; y++)
        compare_row(&comparison, y, bits);
    print_counts(&comparison);
}

int main(int argc, char **argv) {
    MetricKind kind;
    if (argc < 3 || !metric_find(argv[1], &kind))
        g_error("usage: metric_tool KIND THRESHOLD,... REFERENCE RUN ...");
    g_auto(GStrv) words = g_strsplit(argv[2], ",", METRIC_MAX_THRESHOLDS);
    double thresholds[METRIC_MAX_THRESHOLDS];
    size_t n_thresholds = g_strv_length(words);
    for (size_t t = 0; t < n_thresholds; t++)
        thresholds[t] = g_ascii_strtod(words[t], NULL);
    g_autoptr(Metric) metric = metric_new(kind, thresholds, n_thresholds);
    for (int i = 3; i + 1 < argc; i += 2)
        compare_files(metric, n_thresholds, argv[i], argv[i + 1]);
    return 0;
}
