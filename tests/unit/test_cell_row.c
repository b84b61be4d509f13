#include "diff/cell_row.h"

#include "diff/rmse.h"

#include <glib.h>
#include <string.h>

static void fill_randomly(uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)g_test_rand_int();
}

static void make_opaque(uint8_t *rgba) {
    for (int i = 0; i < 8; i++)
        rgba[4 * i + 3] = 255;
}

static void the_fast_kernel_comes_to_what_the_plain_one_does(void) {
    CellRowKernel *kernel = cell_row_kernel();
    for (int round = 0; round < 20000; round++) {
        uint8_t reference[32], run[32];
        uint32_t columns[2][8];
        fill_randomly(reference, sizeof reference);
        fill_randomly(run, sizeof run);
        fill_randomly((uint8_t *)columns, sizeof columns);
        PixelFormat format = g_test_rand_bit() ? PIXEL_RGB : PIXEL_RGBA;
        if (g_test_rand_bit()) {
            make_opaque(reference);
            make_opaque(run);
        }
        const uint32_t *const factors[2] = {columns[0], columns[1]};
        uint8_t bits = (uint8_t)g_test_rand_int();
        CellRow fast = kernel(reference, run, format, bits, factors);
        CellRow plain = cell_row_plain(reference, run, format, bits, factors);
        g_assert_cmpuint(fast.bits, ==, plain.bits);
        g_assert_cmpuint(fast.color_squares, ==, plain.color_squares);
        g_assert_cmpuint(fast.alpha_squares, ==, plain.alpha_squares);
        g_assert_cmpmem(&fast.print, sizeof fast.print, &plain.print, sizeof plain.print);
    }
}

static void the_squares_of_a_row_are_those_of_its_pixels(void) {
    for (int round = 0; round < 2000; round++) {
        int channels = g_test_rand_int_range(3, 5);
        size_t n = (size_t)g_test_rand_int_range(0, 100);
        g_autofree uint8_t *reference = g_malloc(4 * n), *run = g_malloc(4 * n);
        fill_randomly(reference, 4 * n);
        fill_randomly(run, 4 * n);
        for (size_t i = 0; round % 2 == 0 && i < n; i++)
            reference[4 * i + 3] = run[4 * i + 3] = 255;
        uint64_t color_sum = 1, alpha_sum = 2, expected_color_sum = 1, expected_alpha_sum = 2;
        rmse_add_row(reference, run, channels, n, &color_sum, &alpha_sum);
        for (size_t i = 0; i < n; i++) {
            Pixel p = pixel_at(reference, (PixelFormat)channels, i), q = pixel_at(run, (PixelFormat)channels, i);
            const uint8_t p_rgba[4] = {(uint8_t)p.red, (uint8_t)p.green, (uint8_t)p.blue, (uint8_t)p.alpha};
            const uint8_t q_rgba[4] = {(uint8_t)q.red, (uint8_t)q.green, (uint8_t)q.blue, (uint8_t)q.alpha};
            expected_color_sum += rmse_of_colors(p_rgba, q_rgba);
            expected_alpha_sum += rmse_of_alpha(p_rgba, q_rgba);
        }
        g_assert_cmpuint(color_sum, ==, expected_color_sum);
        g_assert_cmpuint(alpha_sum, ==, expected_alpha_sum);
    }
}

static void pixels_without_a_bit_count_as_equal(void) {
    const uint8_t black[32] = {0};
    uint8_t white[32];
    const uint32_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    const uint32_t *const columns[2] = {ones, ones};
    memset(white, 255, sizeof white);
    CellRow row = cell_row_kernel()(black, white, PIXEL_RGB, 0x81, columns);
    g_assert_cmpfloat((double)row.color_squares, ==, 2 * 3 * RMSE_UNIT);
}

/* Of a change from p to q in one pixel. */
static uint64_t fingerprint_of(uint32_t p, uint32_t q, int x, int y) {
    g_autofree uint32_t *first = fingerprint_columns(0, 2000), *second = fingerprint_columns(1, 2000);
    const uint32_t *const columns[2] = {first + x, second + x};
    CellRow row = cell_row_plain((const uint8_t *)&p, (const uint8_t *)&q, PIXEL_RGBA, 1, columns);
    PrintSum sum = fingerprint_in_row(row.print, fingerprint_row(y));
    return fingerprint_of_region(sum, (Box){x, y, 1, 1});
}

static void a_fingerprint_is_of_what_changed_and_not_of_where(void) {
    uint64_t print = fingerprint_of(0xff112233, 0xff445566, 0, 0);
    g_assert_cmpuint(print, ==, fingerprint_of(0xff112233, 0xff445566, 1234, 32000));
    g_assert_cmpuint(print, !=, fingerprint_of(0xff445566, 0xff112233, 0, 0));
    g_assert_cmpuint(print, !=, fingerprint_of(0xff112233, 0xff445567, 0, 0));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cell_row/the-fast-kernel-comes-to-what-the-plain-one-does",
                    the_fast_kernel_comes_to_what_the_plain_one_does);
    g_test_add_func("/cell_row/the-squares-of-a-row-are-those-of-its-pixels",
                    the_squares_of_a_row_are_those_of_its_pixels);
    g_test_add_func("/cell_row/pixels-without-a-bit-count-as-equal", pixels_without_a_bit_count_as_equal);
    g_test_add_func("/cell_row/a-fingerprint-is-of-what-changed-and-not-of-where",
                    a_fingerprint_is_of_what_changed_and_not_of_where);
    return g_test_run();
}
