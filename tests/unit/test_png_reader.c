#include "image/png_reader.h"

#include "image/png_writer.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>

/* Rows of flat color, of gradients and of noise, so that both kinds of filters of png_writer.h are chosen; libpng's
 * encoder chooses the others. */
static Image *make_page(int width, int height) {
    Image *image = image_new(width, height, false);
    int kind = 0;
    for (int y = 0; y < height; y++) {
        if (g_test_rand_int_range(0, 40) == 0)
            kind = g_test_rand_int_range(0, 3);
        for (int i = 0; i < 4 * width; i++) {
            int value = kind == 0 ? 200 : kind == 1 ? y + i / 4 : (int)g_test_rand_int();
            image_row(image, y)[i] = i % 4 == 3 ? 255 : (uint8_t)value;
        }
    }
    return image;
}

static GBytes *write_by_png_writer(const Image *image) {
    const PngFormat format = {.width = image->width, .height = image->height, .channels = 4};
    PngWriter *writer = png_writer_new(&format);
    for (int y = 0; y < image->height; y++)
        png_writer_add_row(writer, image_row(image, y));
    return png_writer_end(writer);
}

/* Goes down in steps, and looks at some of the rows on which it stops. */
static void read_some_rows(const Image *image, GBytes *png) {
    g_autoptr(GError) error = NULL;
    g_autoptr(PngReader) reader = png_reader_open(png, &error);
    g_assert_no_error(error);
    int stride = g_test_rand_int_range(1, 300);
    for (int y = g_test_rand_int_range(0, stride); y < image->height; y += g_test_rand_int_range(0, stride) + 1) {
        g_assert_true(png_reader_go_to(reader, y, &error));
        if (g_test_rand_int_range(0, 3) == 0)
            continue;
        const uint8_t *rgba = png_reader_rgba(reader, &error);
        g_assert_cmpmem(rgba, 4 * (size_t)image->width, image_row(image, y), 4 * (size_t)image->width);
    }
}

static void any_rows_can_be_looked_at_on_the_way_down(void) {
    for (int round = 0; round < 12; round++) {
        g_autoptr(Image) image = make_page(g_test_rand_int_range(1, 400), g_test_rand_int_range(1, 3000));
        g_autoptr(GBytes) by_libpng = pictures_encode(image);
        g_autoptr(GBytes) by_us = write_by_png_writer(image);
        for (int i = 0; i < 5; i++) {
            read_some_rows(image, by_libpng);
            read_some_rows(image, by_us);
        }
    }
}

static void a_row_can_be_shared_with_a_reader_that_has_it(void) {
    g_autoptr(Image) image = make_page(300, 2500);
    g_autoptr(GBytes) png = pictures_encode(image);
    g_autoptr(PngReader) one = png_reader_open(png, NULL), other = png_reader_open(png, NULL);
    for (int y = 0; y < image->height; y++) {
        g_assert_true(png_reader_go_to(one, y, NULL) && png_reader_go_to(other, y, NULL));
        png_reader_share_row(other, one);
        if (y % 777 == 776)
            g_assert_cmpmem(png_reader_rgba(other, NULL), 1200, image_row(image, y), 1200);
    }
}

static void what_is_cut_off_fails_where_it_ends(void) {
    g_autoptr(Image) image = make_page(200, 4000);
    g_autoptr(GBytes) png = pictures_encode(image);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(png, 0, g_bytes_get_size(png) / 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(PngReader) reader = png_reader_open(cut, &error);
    g_assert_no_error(error);
    g_assert_true(png_reader_go_to(reader, 0, &error));
    g_assert_false(png_reader_go_to(reader, 3999, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/png_reader/any-rows-can-be-looked-at-on-the-way-down", any_rows_can_be_looked_at_on_the_way_down);
    g_test_add_func("/png_reader/a-row-can-be-shared-with-a-reader-that-has-it",
                    a_row_can_be_shared_with_a_reader_that_has_it);
    g_test_add_func("/png_reader/what-is-cut-off-fails-where-it-ends", what_is_cut_off_fails_where_it_ends);
    return g_test_run();
}
