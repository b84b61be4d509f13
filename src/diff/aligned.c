#include "diff/aligned.h"

#include "image/png_reader.h"

/* One of the pictures, from which rows are taken from the top down. */
typedef struct {
    PngReader *reader;
    bool as_is; /* raw rows are pixels */
    bool drop_alpha;
} Source;

static bool source_open(Source *source, GBytes *png, const PngFormat *before, PixelFormat pixels, bool drop_alpha,
                        GError **error) {
    source->reader = png_reader_open_again(png, before->width, before->height, error);
    if (!source->reader)
        return false;
    const PngFormat *format = png_reader_format(source->reader);
    source->drop_alpha = drop_alpha && format->has_alpha;
    source->as_is = format->n_colors == 0 && format->channels == (int)pixels && !source->drop_alpha;
    return true;
}

static void source_clear(Source *source) {
    png_reader_free(source->reader);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Source, source_clear)

/* Where the run has no alpha channel that of the reference does not count. */
static const uint8_t *row_of(Source *source, int y, GError **error) {
    if (!png_reader_go_to(source->reader, y, error))
        return NULL;
    if (source->as_is)
        return png_reader_raw(source->reader);
    uint8_t *rgba = png_reader_rgba(source->reader, error);
    for (int x = 0; rgba && source->drop_alpha && x < png_reader_format(source->reader)->width; x++)
        rgba[4 * x + 3] = 255;
    return rgba;
}

static bool compare_band(Source *reference, Source *run, const Band *band, PixelFormat pixels, Comparison *comparison,
                         GError **error) {
    size_t offset = (size_t)band->x * (size_t)pixels;
    for (int i = 0; i < band->run_height; i++) {
        const uint8_t *reference_row = row_of(reference, band->reference_y + i, error);
        const uint8_t *run_row = reference_row ? row_of(run, band->run_y + i, error) : NULL;
        if (!run_row)
            return false;
        const CompareRow row = {
            .x = band->x,
            .y = band->run_y + i,
            .width = band->width,
            .reference = reference_row + offset,
            .run = run_row + offset,
            .dithered_anew = band->run_y != band->reference_y,
        };
        comparison_add(comparison, &row);
    }
    comparison_end_part(comparison);
    return true;
}

/* Bands from first on that are of the same columns. */
static guint end_of_group(const GArray *bands, guint first) {
    guint end = first + 1;
    while (end < bands->len && g_array_index(bands, Band, end).x == g_array_index(bands, Band, first).x)
        end++;
    return end;
}

bool aligned_compare(GBytes *reference_png, GBytes *run_png, const Formats *formats, const GArray *bands,
                     Comparison *comparison, GError **error) {
    PixelFormat pixels = formats->pixels;
    for (guint first = 0, end; first < bands->len; first = end) {
        g_auto(Source) reference = {0}, run = {0};
        end = end_of_group(bands, first);
        if (!source_open(&reference, reference_png, &formats->reference, pixels, !formats->run.has_alpha, error) ||
            !source_open(&run, run_png, &formats->run, pixels, false, error))
            return false;
        for (guint i = first; i < end; i++) {
            const Band *band = &g_array_index(bands, Band, i);
            if (band->kind == BAND_CHANGED && !compare_band(&reference, &run, band, pixels, comparison, error))
                return false;
        }
    }
    return true;
}
