/* Any bytes as a PNG file: decoded, compared, given a note. Nothing may crash, and what is promised of good files must
 * hold. */
#include "diff/diff.h"
#include "diff/mark.h"
#include "image/png.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A larger picture takes memory and time, and finds nothing that a smaller one does not. */
enum { MAX_PIXELS = 1000 * 1000 };

static uint32_t number_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The same file with right checksums. Without it no change of a byte would get past them. */
static GBytes *repair(const uint8_t *data, size_t size) {
    uint8_t *bytes = g_memdup2(data, size);
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = number_at(bytes + at);
        if (length > size - at - 12)
            break;
        uint32_t crc = GUINT32_TO_BE((uint32_t)crc32_z(0, bytes + at + 4, length + 4));
        memcpy(bytes + at + 8 + length, &crc, 4);
        at += 12 + length;
    }
    return g_bytes_new_take(bytes, size);
}

static GBytes *encode(const Image *image) {
    GBytes *png = pictures_encode(image);
    g_assert_nonnull(png);
    return png;
}

static void check_good_picture(GBytes *png, const Image *image) {
    g_autoptr(GBytes) noted = png_add_note(png, "key", "text", NULL);
    g_autofree char *text = png_find_note(noted, "key");
    g_assert_cmpstr(text, ==, "text");

    /* Rows are read more strictly than libpng does it, which does not look at compressed data behind the last pixel. */
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) written_again = encode(image);
    g_autoptr(Difference) none = diff_png(written_again, noted, NULL, &error);
    g_assert_true(none ? none->same : g_str_has_prefix(error->message, "the run: corrupt: "));
}

/* Both ways round; what differs can be painted. */
static void check_pair(GBytes *png, GBytes *other) {
    static const Box ignored[] = {{1, 1, 2, 2}};
    static const double thresholds[] = {0.1, 0.2};
    const DiffOptions exact = {.ignored = ignored, .n_ignored = 1};
    const DiffOptions yiq = {
        .metric = METRIC_YIQ, .thresholds = thresholds, .n_thresholds = 2, .ignore_antialiasing = true};
    g_autoptr(Difference) to = diff_png(other, png, &exact, NULL);
    g_autoptr(Difference) from = diff_png(png, other, &yiq, NULL);
    g_assert_true(!to == !from);
    if (!to)
        return;
    g_autoptr(GBytes) mask = mark_png(to, png, MARK_MASK, NULL, NULL);
    g_autoptr(GBytes) faded = mark_png(from, other, MARK_FADED, NULL, NULL);
    g_autoptr(GBytes) placed = mark_place_reference(to, other, png, NULL);
    g_assert_true(mask && faded && placed);
}

static void check_against_small_picture(GBytes *png) {
    g_autoptr(Image) small = image_new(20, 3, false);
    g_autoptr(GBytes) small_png = encode(small);
    check_pair(png, small_png);
}

/* Rows that came at the top, and others that moved. */
static void check_against_moved_rows(GBytes *png, const Image *image) {
    int height = MIN(image->height + 70, IMAGE_MAX_SIDE);
    g_autoptr(Image) moved = image_new(image->width, height, image->has_alpha);
    for (int y = 0; y < height; y++)
        memcpy(image_row(moved, y), image_row(image, (y + 30) % image->height), 4 * (size_t)image->width);
    g_autoptr(GBytes) moved_png = encode(moved);
    check_pair(png, moved_png);
}

static void check(GBytes *png) {
    PngHeader header;
    g_autofree char *text = png_find_note(png, "key");
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
    g_autoptr(Difference) itself = diff_png(png, png, NULL, NULL);
    g_assert_true(!itself || itself->same);
    if (png_read_header(png, &header, NULL) && header.width * header.height > MAX_PIXELS)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = png_decode(png, &error);
    g_assert_true(!image == (error != NULL));
    if (image) {
        check_good_picture(png, image);
        check_against_small_picture(png);
        check_against_moved_rows(png, image);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GBytes) as_is = g_bytes_new(data, size);
    g_autoptr(GBytes) repaired = repair(data, size);
    check(as_is);
    if (!g_bytes_equal(as_is, repaired))
        check(repaired);
    return 0;
}
