/* Hashes of rows: equal for equal rows, and others for others. */
#include "diff/row_hash.h"

#include <glib.h>
#include <string.h>

enum { WIDTH = 300, STRIPS = 64 };

static void every_pixel_counts(void) {
    RowStrips strips = row_strips_of(WIDTH);
    uint8_t row[3 * WIDTH], other[3 * WIDTH];
    for (size_t i = 0; i < sizeof row; i++)
        row[i] = (uint8_t)g_test_rand_int();
    for (size_t i = 0; i < sizeof row; i++) {
        uint64_t hashes[STRIPS] = {0}, others[STRIPS] = {0};
        memcpy(other, row, sizeof row);
        other[i]++;
        row_hash(&strips, PIXEL_RGB, row, hashes);
        row_hash(&strips, PIXEL_RGB, other, others);
        g_assert_cmpint(memcmp(hashes, others, sizeof hashes), !=, 0);
    }
}

/* What is multiplied by 0 is not forgotten: this is the number with which a pixel's bytes are mixed. */
static void no_pixel_makes_the_others_forgotten(void) {
    static const uint64_t secret = UINT64_C(0xe7037ed1a0b428db);
    RowStrips strips = row_strips_of(WIDTH);
    uint8_t row[4 * WIDTH] = {0}, other[4 * WIDTH] = {0};
    for (size_t i = 0; i + 16 <= sizeof row; i += 16) {
        memcpy(row + i, &secret, sizeof secret);
        memcpy(other + i, &secret, sizeof secret);
    }
    other[12] = 255;
    uint64_t hashes[STRIPS] = {0}, others[STRIPS] = {0};
    row_hash(&strips, PIXEL_RGBA, row, hashes);
    row_hash(&strips, PIXEL_RGBA, other, others);
    g_assert_cmpint(memcmp(hashes, others, sizeof hashes), !=, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/row_hash/every-pixel-counts", every_pixel_counts);
    g_test_add_func("/row_hash/no-pixel-makes-the-others-forgotten", no_pixel_makes_the_others_forgotten);
    return g_test_run();
}
