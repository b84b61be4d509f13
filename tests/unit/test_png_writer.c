#include "image/png_writer.h"

#include <glib.h>
#include <string.h>

/* Rows to be written, and the pixels that they are. */
typedef struct {
    PngFormat format;
    uint8_t *raw;
    uint8_t *rgba;
} Picture;

static void picture_free(Picture *picture) {
    g_free(picture->raw);
    g_free(picture->rgba);
    g_free(picture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Picture, picture_free)

/* A picture of zeros. */
static Picture *make_empty(int width, int height, int channels, int n_colors) {
    Picture *picture = g_new0(Picture, 1);
    size_t row_size = (size_t)width * (size_t)channels;
    picture->format = (PngFormat){width, height, channels, false, row_size, n_colors, {{0}}};
    picture->raw = g_malloc0(row_size * (size_t)height);
    picture->rgba = g_malloc((size_t)width * (size_t)height * 4);
    return picture;
}

static void set_opaque_palette(PngFormat *format) {
    for (int i = 0; i < 4 * format->n_colors; i++)
        format->colors[i / 4][i % 4] = i % 4 == 3 ? 255 : (uint8_t)g_test_rand_int();
}

static uint8_t random_byte(const PngFormat *format) {
    return (uint8_t)g_test_rand_int_range(0, format->n_colors > 0 ? format->n_colors : 256);
}

/* Noise, which nothing can deflate; but the upper half of a larger picture is a gradient, so that both filters come. */
static Picture *make(int width, int height, int channels, int n_colors) {
    Picture *picture = make_empty(width, height, channels, n_colors);
    size_t row_size = picture->format.row_size;
    set_opaque_palette(&picture->format);
    for (size_t i = 0; i < row_size * (size_t)height; i++) {
        size_t y = i / row_size;
        bool is_noise = n_colors > 0 || y >= (size_t)height / 2;
        picture->raw[i] = is_noise ? random_byte(&picture->format) : (uint8_t)(i % row_size * (i % row_size) / 7 + y);
    }
    return picture;
}

static GBytes *write_picture(const Picture *picture) {
    PngWriter *writer = png_writer_new(&picture->format);
    for (size_t y = 0; y < (size_t)picture->format.height; y++)
        png_writer_add_row(writer, picture->raw + y * picture->format.row_size);
    return png_writer_end(writer);
}

/* What the rows are as RGBA, by png_to_rgba(), which test_png.c tests. */
static void assert_pixels(const uint8_t *pixels, const Picture *picture) {
    size_t size = (size_t)picture->format.width * 4;
    for (size_t y = 0; y < (size_t)picture->format.height; y++) {
        g_assert_true(png_to_rgba(&picture->format, picture->rgba, picture->raw + y * picture->format.row_size));
        g_assert_cmpmem(pixels + y * size, size, picture->rgba, size);
    }
}

static void assert_decodes(GBytes *png, const Picture *picture, bool has_alpha) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = png_decode(png, &error);
    g_assert_no_error(error);
    g_assert_cmpint(image->width, ==, picture->format.width);
    g_assert_cmpint(image->height, ==, picture->format.height);
    g_assert_cmpint(image->has_alpha, ==, has_alpha);
    assert_pixels(image->pixels, picture);
}

static void assert_comes_by_rows(GBytes *png, const Picture *picture) {
    g_autoptr(GError) error = NULL;
    g_autoptr(PngRows) rows = png_rows_open(png, &error);
    g_assert_no_error(error);
    const PngFormat *format = png_rows_format(rows);
    size_t stride = format->row_size + 1;
    g_autofree uint8_t *buffer = g_malloc(PNG_ROWS_BEFORE + (size_t)format->height * stride + PNG_ROWS_AFTER);
    g_autofree uint8_t *raw = g_malloc(format->row_size * (size_t)format->height);
    g_autoptr(Image) image = image_new(format->width, format->height, format->has_alpha);
    for (int y = 0; y < format->height; y++) {
        uint8_t *here = raw + (size_t)y * format->row_size;
        uint8_t *filtered = buffer + PNG_ROWS_BEFORE + (size_t)y * stride;
        g_assert_true(png_rows_read(rows, filtered, 1, &error));
        png_unfilter(format, here, filtered, y > 0 ? here - format->row_size : NULL);
        g_assert_true(png_to_rgba(format, image_row(image, y), here));
    }
    assert_pixels(image->pixels, picture);
}

static PngHeader assert_survives(const Picture *picture, bool has_alpha) {
    g_autoptr(GBytes) png = write_picture(picture);
    g_autoptr(GError) error = NULL;
    PngHeader header;
    g_assert_true(png_check(png, &header, &error));
    g_assert_false(header.interlaced);
    assert_decodes(png, picture, has_alpha);
    assert_comes_by_rows(png, picture);
    return header;
}

static const int sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {7, 9}, {64, 64}, {333, 250}, {32767, 3}, {2, 32767}};

static void rows_survive_writing_in_every_format(void) {
    static const int type_of_channels[] = {[1] = 0, [2] = 4, [3] = 2, [4] = 6};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (int channels = 1; channels <= 4; channels++) {
            g_autoptr(Picture) picture = make(sizes[i][0], sizes[i][1], channels, 0);
            PngHeader header = assert_survives(picture, channels % 2 == 0);
            g_assert_cmpint(header.color_type, ==, type_of_channels[channels]);
            g_assert_cmpint(header.bit_depth, ==, 8);
        }
    }
}

static void indices_take_no_more_bits_than_their_palette_needs(void) {
    static const int bit_depths[][2] = {{1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 4}, {16, 4}, {17, 8}, {256, 8}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(bit_depths); j++) {
            g_autoptr(Picture) picture = make(sizes[i][0], sizes[i][1], 1, bit_depths[j][0]);
            PngHeader header = assert_survives(picture, false);
            g_assert_cmpint(header.color_type, ==, 3);
            g_assert_cmpint(header.bit_depth, ==, bit_depths[j][1]);
        }
    }
}

static void a_color_of_a_palette_may_be_transparent(void) {
    static const int n_colors[] = {1, 2, 3, 16, 17, 256};
    for (size_t i = 0; i < G_N_ELEMENTS(n_colors); i++) {
        g_autoptr(Picture) first = make(61, 40, 1, n_colors[i]);
        first->format.colors[0][3] = 0;
        assert_survives(first, true);
        g_autoptr(Picture) last = make(61, 40, 1, n_colors[i]);
        last->format.colors[n_colors[i] - 1][3] = 128;
        assert_survives(last, true);
    }
}

/* 16 MB of noise: it cannot become smaller, and must not become much larger. */
static void what_cannot_be_deflated_takes_no_more_than_its_own_size(void) {
    g_autoptr(Picture) picture = make_empty(4000, 1000, 4, 0);
    size_t size = picture->format.row_size * 1000;
    for (size_t i = 0; i < size; i++)
        picture->raw[i] = (uint8_t)g_test_rand_int();
    g_autoptr(GBytes) png = write_picture(picture);
    g_assert_cmpuint(g_bytes_get_size(png), >, size);
    g_assert_cmpuint(g_bytes_get_size(png), <, size + size / 500);
    assert_decodes(png, picture, true);
}

static void a_tall_picture_of_one_color_becomes_a_small_file(void) {
    g_autoptr(Picture) mask = make_empty(1280, 32767, 1, 2);
    g_autoptr(GBytes) mask_png = write_picture(mask);
    g_assert_cmpuint(g_bytes_get_size(mask_png), <, 10 * 1000);

    g_autoptr(Picture) page = make_empty(1280, 8000, 3, 0);
    memset(page->raw, 250, page->format.row_size * 8000);
    g_autoptr(GBytes) page_png = write_picture(page);
    g_assert_cmpuint(g_bytes_get_size(page_png), <, 150 * 1000);
    assert_decodes(page_png, page, false);
}

static void a_row_like_the_one_above_costs_little(void) {
    g_autoptr(Picture) picture = make_empty(1000, 1000, 3, 0);
    for (size_t i = 0; i < picture->format.row_size; i++)
        picture->raw[i] = (uint8_t)g_test_rand_int();
    for (size_t y = 1; y < 1000; y++)
        memcpy(picture->raw + y * picture->format.row_size, picture->raw, picture->format.row_size);
    g_autoptr(GBytes) png = write_picture(picture);
    g_assert_cmpuint(g_bytes_get_size(png), <, 30 * 1000);
    assert_decodes(png, picture, false);
}

static void the_same_rows_give_the_same_bytes(void) {
    static const int formats[][2] = {{3, 0}, {4, 0}, {1, 2}, {1, 256}};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(Picture) picture = make(400, 300, formats[i][0], formats[i][1]);
        g_autoptr(GBytes) first = write_picture(picture);
        g_autoptr(GBytes) second = write_picture(picture);
        g_assert_true(g_bytes_equal(first, second));
    }
}

static void a_writer_may_be_left_before_its_end(void) {
    g_autoptr(Picture) picture = make(10, 10, 3, 0);
    g_autoptr(PngWriter) writer = png_writer_new(&picture->format);
    png_writer_add_row(writer, picture->raw);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/png-writer/rows-survive-writing-in-every-format", rows_survive_writing_in_every_format);
    g_test_add_func("/png-writer/indices-take-no-more-bits-than-their-palette-needs",
                    indices_take_no_more_bits_than_their_palette_needs);
    g_test_add_func("/png-writer/a-color-of-a-palette-may-be-transparent", a_color_of_a_palette_may_be_transparent);
    g_test_add_func("/png-writer/what-cannot-be-deflated-takes-no-more-than-its-own-size",
                    what_cannot_be_deflated_takes_no_more_than_its_own_size);
    g_test_add_func("/png-writer/a-tall-picture-of-one-color-becomes-a-small-file",
                    a_tall_picture_of_one_color_becomes_a_small_file);
    g_test_add_func("/png-writer/a-row-like-the-one-above-costs-little", a_row_like_the_one_above_costs_little);
    g_test_add_func("/png-writer/the-same-rows-give-the-same-bytes", the_same_rows_give_the_same_bytes);
    g_test_add_func("/png-writer/a-writer-may-be-left-before-its-end", a_writer_may_be_left_before_its_end);
    return g_test_run();
}
