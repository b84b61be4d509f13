#include "diff/lockstep.h"

#include "image/png.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>

/* A page: bands of flat colour, of gradient and of noise, so that the encoder chooses filters of every kind. */
static Image *make_page(int width, int height, bool has_alpha) {
    Image *image = image_new(width, height, has_alpha);
    int kind = 0, color = 0;
    for (int y = 0; y < height; y++) {
        if (y == 0 || g_test_rand_int_range(0, 12) == 0) {
            kind = g_test_rand_int_range(0, 4);
            color = g_test_rand_int_range(0, 256);
        }
        for (int i = 0; i < 4 * width; i++) {
            int value = kind == 0 ? color : kind == 1 ? color + i / 8 : kind == 2 ? color + y : (int)g_test_rand_int();
            image_row(image, y)[i] = !has_alpha && i % 4 == 3 ? 255 : (uint8_t)value;
        }
    }
    return image;
}

static Image *copy(const Image *image, int width, int height, bool has_alpha) {
    const uint8_t fill[4] = {9, 9, 9, 255};
    return pictures_place(image, width, height, has_alpha, fill);
}

static void change_some(Image *image) {
    for (int n = g_test_rand_int_range(0, 5); n > 0; n--) {
        int y = g_test_rand_int_range(0, image->height), x = g_test_rand_int_range(0, image->width);
        int rows = g_test_rand_int_range(1, MIN(40, image->height - y) + 1);
        for (int i = 0; i < rows; i++)
            image_row(image, y + i)[4 * x] ^= (uint8_t)g_test_rand_int_range(1, 256);
    }
}

/* The pixels of a row that came out, as RGBA. */
static void assert_pixels(const Lockstep *lockstep, const uint8_t *row, const uint8_t *expected, int width) {
    size_t bytes = lockstep_pixels(lockstep);
    for (int x = 0; x < width; x++) {
        g_assert_cmpmem(row + bytes * (size_t)x, bytes, expected + 4 * x, bytes);
        g_assert_true(bytes == 4 || expected[4 * x + 3] == 255);
    }
}

/* Decoding both wholly, and laying the reference on the run's canvas, must lead to the same rows. */
static void assert_rows(const Image *reference, const Image *run, bool all) {
    const uint8_t fill[4] = {0, 0, 0, run->has_alpha ? 0 : 255};
    g_autoptr(Image) placed = pictures_place(reference, run->width, run->height, run->has_alpha, fill);
    g_autoptr(GBytes) reference_png = pictures_encode(reference);
    g_autoptr(GBytes) run_png = pictures_encode(run);
    g_autoptr(GError) error = NULL;
    g_autoptr(Lockstep) lockstep = lockstep_open(reference_png, "a", run_png, "b", &error);
    g_assert_no_error(error);
    lockstep_want_all(lockstep, all);
    RowPair pair = {.y = -1};
    for (int y = 0; y < run->height; y++) {
        bool in_reference = y < reference->height;
        bool equal = memcmp(image_row(placed, y), image_row(run, y), 4 * (size_t)run->width) == 0;
        if (equal && !all && in_reference)
            continue;
        g_assert_true(lockstep_next(lockstep, &pair, &error));
        g_assert_cmpint(pair.y, ==, y);
        g_assert_cmpint(pair.equal, ==, equal && in_reference);
        g_assert_cmpint(pair.in_reference, ==, in_reference);
        assert_pixels(lockstep, pair.reference, image_row(placed, y), run->width);
        assert_pixels(lockstep, pair.run, image_row(run, y), run->width);
    }
    for (int y = run->height; y < reference->height; y++) {
        g_assert_true(lockstep_next(lockstep, &pair, &error));
        g_assert_cmpint(pair.y, ==, y);
        g_assert_true(pair.in_reference && !pair.equal && !pair.run);
    }
    g_assert_false(lockstep_next(lockstep, &pair, &error));
    g_assert_no_error(error);
}

static void rows_that_differ_are_found_and_others_if_wanted(void) {
    for (int i = 0; i < 60; i++) {
        bool has_alpha = g_test_rand_bit();
        int width = g_test_rand_int_range(1, 500), height = g_test_rand_int_range(1, 1200);
        g_autoptr(Image) reference = make_page(width, height, has_alpha);
        g_autoptr(Image) run = copy(reference, width, height, has_alpha);
        change_some(run);
        assert_rows(reference, run, false);
        assert_rows(reference, run, true);
    }
}

static void so_they_are_where_sizes_and_pixel_formats_differ(void) {
    for (int i = 0; i < 60; i++) {
        int width = g_test_rand_int_range(1, 300), height = g_test_rand_int_range(1, 700);
        g_autoptr(Image) reference = make_page(width, height, g_test_rand_bit());
        g_autoptr(Image) run = copy(reference, g_test_rand_bit() ? width : g_test_rand_int_range(1, 300),
                                    g_test_rand_bit() ? height : g_test_rand_int_range(1, 700), g_test_rand_bit());
        change_some(run);
        assert_rows(reference, run, false);
        assert_rows(reference, run, true);
    }
}

static void assert_fails(GBytes *reference, GBytes *run, const char *words) {
    RowPair pair;
    g_autoptr(GError) error = NULL;
    g_autoptr(Lockstep) lockstep = lockstep_open(reference, "one", run, "other", &error);
    while (lockstep && lockstep_next(lockstep, &pair, &error))
        continue;
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, words);
}

static void a_picture_that_is_corrupt_below_the_other_is_found_and_named(void) {
    g_autoptr(Image) low = make_page(300, 20, false);
    g_autoptr(Image) high = make_page(300, 900, false);
    g_autoptr(GBytes) good = pictures_encode(low);
    g_autoptr(GBytes) whole = pictures_encode(high);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) - 12);
    g_autofree char *words = g_strdup_printf("other: the file is cut off after %zu bytes", g_bytes_get_size(cut));
    g_autofree char *again = g_strdup_printf("one: the file is cut off after %zu bytes", g_bytes_get_size(cut));
    assert_fails(good, cut, words);
    assert_fails(cut, good, again);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lockstep/rows-that-differ-are-found-and-others-if-wanted",
                    rows_that_differ_are_found_and_others_if_wanted);
    g_test_add_func("/lockstep/so-they-are-where-sizes-and-pixel-formats-differ",
                    so_they_are_where_sizes_and_pixel_formats_differ);
    g_test_add_func("/lockstep/a-picture-that-is-corrupt-below-the-other-is-found-and-named",
                    a_picture_that_is_corrupt_below_the_other_is_found_and_named);
    return g_test_run();
}
