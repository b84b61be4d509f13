/* Each row is first painted with the numbers of a palette of five: ground, changed, inserted, removed, moved. */
#include "diff/mark.h"

#include "image/png_reader.h"
#include "image/png_writer.h"

#include <string.h>

enum { GROUND, CHANGED, INSERTED, REMOVED, MOVED, N_MARKS };

/* Of the 2 pixels that a line has where rows went. */
enum { LINE_HEIGHT = 2 };

/* How opaque rows that came or moved are painted: what they show must stay readable. */
enum { BAND_ALPHA = 112 };

static const struct {
    const char *name;
    MarkColors colors;
} color_sets[] = {
    {"red", {{0xff, 0x00, 0x00}, {0x00, 0x72, 0xb2}, {0xe6, 0x9f, 0x00}, {0x00, 0x9e, 0x73}}},
    {"safe", {{0xe6, 0x00, 0x7e}, {0x00, 0x72, 0xb2}, {0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9}}},
};

static const char *const style_names[] = {[MARK_MASK] = "mask", [MARK_FADED] = "faded", [MARK_CLASSIC] = "classic"};

const MarkColors *mark_find_colors(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(color_sets); i++)
        if (strcmp(color_sets[i].name, name) == 0)
            return &color_sets[i].colors;
    return NULL;
}

bool mark_style_from_name(const char *name, MarkStyle *out_style) {
    for (size_t i = 0; i < G_N_ELEMENTS(style_names); i++) {
        if (strcmp(style_names[i], name) == 0) {
            *out_style = (MarkStyle)i;
            return true;
        }
    }
    return false;
}

/* Painting a row of marks. */

static uint8_t mark_of_band(const Band *band, int y) {
    bool in_run = y >= band->run_y && y < band->run_y + band->run_height;
    if (band->kind == BAND_INSERTED && in_run)
        return INSERTED;
    if (band->kind == BAND_MOVED && in_run)
        return MOVED;
    bool at_gap = y >= band->run_y - LINE_HEIGHT / 2 && y < band->run_y + LINE_HEIGHT / 2;
    return band->kind == BAND_REMOVED && at_gap ? REMOVED : GROUND;
}

static void paint_bands(const Difference *difference, int y, uint8_t *marks) {
    for (guint i = 0; difference->bands && i < difference->bands->len; i++) {
        const Band *band = &g_array_index(difference->bands, Band, i);
        uint8_t mark = band->is_jitter ? GROUND : mark_of_band(band, y);
        if (mark != GROUND)
            memset(marks + band->x, mark, (size_t)band->width);
    }
}

static void paint_changes(const Difference *difference, int y, uint8_t *marks) {
    if (!difference->changes->numbers[y / CELL_SIDE])
        return;
    for (int column = 0; column < difference->changes->columns; column++)
        for (unsigned bits = change_map_bits(difference->changes, column, y); bits != 0; bits &= bits - 1)
            marks[column * CELL_SIDE + __builtin_ctz(bits)] = CHANGED;
}

static void paint_row(const Difference *difference, int y, uint8_t *marks) {
    memset(marks, GROUND, (size_t)difference->width);
    paint_bands(difference, y, marks);
    paint_changes(difference, y, marks);
}

/* Styles. */

static void set_color(uint8_t color[4], const uint8_t rgb[3], uint8_t alpha) {
    memcpy(color, rgb, 3);
    color[3] = alpha;
}

static void set_palette(uint8_t palette[][4], const MarkColors *colors) {
    memset(palette[GROUND], 0, 4);
    set_color(palette[CHANGED], colors->changed, 255);
    set_color(palette[INSERTED], colors->inserted, BAND_ALPHA);
    set_color(palette[REMOVED], colors->removed, 255);
    set_color(palette[MOVED], colors->moved, BAND_ALPHA);
}

static void set_classic_palette(uint8_t palette[][4]) {
    static const uint8_t red[3] = {255, 0, 0}, white[3] = {255, 255, 255};
    for (int mark = 0; mark < N_MARKS; mark++)
        set_color(palette[mark], white, 0xcc);
    set_color(palette[CHANGED], red, 255);
}

static GBytes *write_palette(const Difference *difference, const PngFormat *format) {
    PngWriter *writer = png_writer_new(format);
    g_autofree uint8_t *marks = g_malloc((size_t)difference->width);
    for (int y = 0; y < difference->height; y++) {
        paint_row(difference, y, marks);
        png_writer_add_row(writer, marks);
    }
    return png_writer_end(writer);
}

/* A fifth of a color on white: the old tool laid a white veil of 0.8 over the page. */
static uint8_t fade_level(int level, int alpha) {
    int on_white = (level * alpha + 255 * (255 - alpha) + 127) / 255;
    return (uint8_t)((on_white + 4 * 255 + 2) / 5);
}

/* Most pixels are opaque: faded has what becomes of their levels. */
static void fade(uint8_t out[3], const uint8_t rgba[4], const uint8_t faded[256]) {
    for (int channel = 0; channel < 3; channel++)
        out[channel] = rgba[3] == 255 ? faded[rgba[channel]] : fade_level(rgba[channel], rgba[3]);
}

static void lay_over(uint8_t out[3], const uint8_t color[4]) {
    for (int channel = 0; channel < 3; channel++)
        out[channel] = (uint8_t)((color[channel] * color[3] + out[channel] * (255 - color[3]) + 127) / 255);
}

static GBytes *write_faded(const Difference *difference, GBytes *run_png, uint8_t palette[][4], GError **error) {
    g_autoptr(PngReader) reader = png_reader_open_again(run_png, difference->width, difference->height, error);
    if (!reader)
        return NULL;
    const PngFormat format = {.width = difference->width, .height = difference->height, .channels = 3};
    g_autoptr(PngWriter) writer = png_writer_new(&format);
    g_autofree uint8_t *marks = g_malloc((size_t)difference->width);
    g_autofree uint8_t *rgb = g_malloc(3 * (size_t)difference->width);
    uint8_t faded[256];
    for (int level = 0; level < 256; level++)
        faded[level] = fade_level(level, 255);
    for (int y = 0; y < difference->height; y++) {
        const uint8_t *row = png_reader_go_to(reader, y, error) ? png_reader_rgba(reader, error) : NULL;
        if (!row)
            return NULL;
        paint_row(difference, y, marks);
        for (int x = 0; x < difference->width; x++) {
            fade(rgb + 3 * x, row + 4 * x, faded);
            if (marks[x] != GROUND)
                lay_over(rgb + 3 * x, palette[marks[x]]);
        }
        png_writer_add_row(writer, rgb);
    }
    return png_writer_end(g_steal_pointer(&writer));
}

GBytes *mark_png(const Difference *difference, GBytes *run_png, MarkStyle style, const MarkColors *colors,
                 GError **error) {
    PngFormat format = {.width = difference->width, .height = difference->height, .channels = 1};
    format.n_colors = difference->bands ? N_MARKS : CHANGED + 1; /* the fewer, the fewer bits a pixel */
    if (style == MARK_CLASSIC)
        set_classic_palette(format.colors);
    else
        set_palette(format.colors, colors ? colors : &color_sets[0].colors);
    return style == MARK_FADED ? write_faded(difference, run_png, format.colors, error)
                               : write_palette(difference, &format);
}

GBytes *mark_place_reference(const Difference *difference, GBytes *reference_png, GBytes *run_png, GError **error) {
    g_autoptr(PngReader) reference =
        png_reader_open_again(reference_png, difference->reference_width, difference->reference_height, error);
    g_autoptr(PngRows) run = reference ? png_rows_open(run_png, error) : NULL;
    if (!run)
        return NULL;
    bool has_alpha = png_rows_format(run)->has_alpha;
    int width = png_reader_format(reference)->width;
    const PngFormat format = {.width = difference->width, .height = difference->height, .channels = has_alpha ? 4 : 3};
    g_autoptr(PngWriter) writer = png_writer_new(&format);
    g_autofree uint8_t *out = g_malloc((size_t)(format.width * format.channels));
    for (int y = 0; y < format.height; y++) {
        bool has_row = y < png_reader_format(reference)->height;
        const uint8_t *row =
            has_row && png_reader_go_to(reference, y, error) ? png_reader_rgba(reference, error) : NULL;
        if (has_row && !row)
            return NULL;
        memset(out, 0, (size_t)(format.width * format.channels)); /* black, or transparent */
        for (int x = 0; row && x < MIN(width, format.width); x++)
            memcpy(out + x * format.channels, row + 4 * x, (size_t)format.channels);
        png_writer_add_row(writer, out);
    }
    return png_writer_end(g_steal_pointer(&writer));
}
