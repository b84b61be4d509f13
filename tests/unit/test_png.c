#include "image/png.h"

#include "image/png_chunk.h"
#include "image/png_rows.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

static const uint8_t signature[PNG_FIRST_CHUNK] = {137, 'P', 'N', 'G', '\r', '\n', 26, '\n'};

/* What a PNG is made of, for tests that need one which pictures_encode() does not write. */
typedef struct {
    uint32_t width, height;
    uint8_t bit_depth, color_type, interlace;
    const char *before_type; /* of a chunk between header and pixels, or NULL */
    const char *before;
    size_t before_size;
    const char *rows; /* with their filter bytes */
    size_t rows_size;
} Parts;

static void append_header(GByteArray *file, const Parts *parts) {
    uint32_t width = GUINT32_TO_BE(parts->width), height = GUINT32_TO_BE(parts->height);
    uint8_t header[13] = {[8] = parts->bit_depth, [9] = parts->color_type, [12] = parts->interlace};
    memcpy(header, &width, 4);
    memcpy(header + 4, &height, 4);
    g_byte_array_append(file, signature, sizeof signature);
    png_chunk_append(file, "IHDR", header, sizeof header);
}

static void append_pixels(GByteArray *file, const void *rows, size_t size) {
    uLongf compressed_size = compressBound(size);
    g_autofree uint8_t *compressed = g_malloc(compressed_size);
    g_assert_cmpint(compress(compressed, &compressed_size, rows, size), ==, Z_OK);
    png_chunk_append(file, "IDAT", compressed, compressed_size);
}

static GBytes *assemble(const Parts *parts) {
    GByteArray *file = g_byte_array_new();
    append_header(file, parts);
    if (parts->before_type)
        png_chunk_append(file, parts->before_type, parts->before, parts->before_size);
    append_pixels(file, parts->rows, parts->rows_size);
    png_chunk_append(file, "IEND", "", 0);
    return g_byte_array_free_to_bytes(file);
}

static Image *make_noise(int width, int height, bool has_alpha) {
    Image *image = image_new(width, height, has_alpha);
    for (int i = 0; i < width * height * 4; i++)
        image->pixels[i] = !has_alpha && i % 4 == 3 ? 255 : (uint8_t)g_test_rand_int();
    return image;
}

static GBytes *encode(const Image *image) {
    g_autoptr(GError) error = NULL;
    GBytes *png = pictures_encode(image);
    g_assert_no_error(error);
    return png;
}

/* The picture as the stream of its rows gives it, some rows at a time. */
static Image *decode_by_rows(GBytes *png, GError **error) {
    g_autoptr(PngRows) rows = png_rows_open(png, error);
    if (!rows)
        return NULL;
    const PngFormat *format = png_rows_format(rows);
    g_autoptr(Image) image = image_new(format->width, format->height, format->has_alpha);
    size_t stride = format->row_size + 1;
    g_autofree uint8_t *buffer = g_malloc(PNG_ROWS_BEFORE + (size_t)format->height * stride + PNG_ROWS_AFTER);
    g_autofree uint8_t *raw = g_malloc(2 * format->row_size);
    for (int y = 0; y < format->height; y++) {
        uint8_t *here = raw + (size_t)(y % 2) * format->row_size,
                *above = raw + (size_t)((y + 1) % 2) * format->row_size;
        uint8_t *filtered = buffer + PNG_ROWS_BEFORE + (size_t)y * stride;
        if (y % 3 == 0 && !png_rows_read(rows, filtered, MIN(3, format->height - y), error))
            return NULL;
        png_unfilter(format, here, filtered, y > 0 ? above : NULL);
        if (!png_to_rgba(format, image_row(image, y), here)) {
            error_set(error, ERROR_INVALID, "corrupt: a pixel's color is not in the palette");
            return NULL;
        }
    }
    return g_steal_pointer(&image);
}

static void assert_rows_are(GBytes *png, const Image *image) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) by_rows = decode_by_rows(png, &error);
    g_assert_no_error(error);
    size_t size = (size_t)(image->width * image->height * 4);
    g_assert_cmpmem(by_rows->pixels, size, image->pixels, size);
    g_assert_cmpint(by_rows->has_alpha, ==, image->has_alpha);
}

static void assert_pixels(GBytes *png, const void *pixels, bool has_alpha) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = png_decode(png, &error);
    g_assert_no_error(error);
    size_t size = (size_t)(image->width * image->height * 4);
    g_assert_cmpmem(image->pixels, size, pixels, size);
    g_assert_cmpint(image->has_alpha, ==, has_alpha);
    assert_rows_are(png, image);
}

/* words: what the message contains. */
static void assert_refused(GBytes *png, const char *words) {
    g_autoptr(GError) error = NULL;
    g_assert_null(png_decode(png, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    if (!strstr(error->message, words))
        g_error("'%s' does not say '%s'", error->message, words);
    g_clear_error(&error);
    g_assert_null(decode_by_rows(png, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    g_test_message("by rows: %s", error->message);
}

static void a_picture_survives_encoding_and_decoding(void) {
    static const int sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {33, 20}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (int has_alpha = 0; has_alpha <= 1; has_alpha++) {
            g_autoptr(Image) image = make_noise(sizes[i][0], sizes[i][1], has_alpha);
            g_autoptr(GBytes) png = encode(image);
            assert_pixels(png, image->pixels, has_alpha);
        }
    }
}

static void the_same_picture_gives_the_same_bytes(void) {
    g_autoptr(Image) image = make_noise(50, 50, true);
    g_autoptr(GBytes) first = encode(image);
    g_autoptr(GBytes) second = encode(image);
    g_assert_true(g_bytes_equal(first, second));
}

static void a_picture_without_alpha_is_written_as_rgb(void) {
    g_autoptr(Image) image = make_noise(5, 4, false);
    g_autoptr(GBytes) png = encode(image);
    PngHeader header;
    g_assert_true(png_read_header(png, &header, NULL));
    g_assert_cmpint(header.color_type, ==, 2);
    g_assert_cmpint(header.bit_depth, ==, 8);
    g_assert_cmpint(header.width, ==, 5);
    g_assert_cmpint(header.height, ==, 4);
}

static int guess(int filter, int left, int above, int corner) {
    int p = left + above - corner;
    int to_left = ABS(p - left), to_above = ABS(p - above), to_corner = ABS(p - corner);
    int paeth = to_left <= to_above && to_left <= to_corner ? left : to_above <= to_corner ? above : corner;
    return (int[]){0, left, above, (left + above) / 2, paeth}[filter];
}

/* A picture of random bytes, each row with a random filter. Nearly every row of a real picture is smooth, and noise would
 * hide what goes wrong at the ends of the range: so most bytes are near their neighbours. */
static GBytes *make_filtered(uint8_t color_type, int channels, int width, int height) {
    size_t size = (size_t)(width * channels);
    g_autofree uint8_t *raw = g_malloc0(size * (size_t)(height + 1)); /* with a row of zeros above */
    g_autoptr(GByteArray) rows = g_byte_array_new();
    for (size_t i = size; i < size * (size_t)(height + 1); i++)
        raw[i] =
            g_test_rand_bit() ? (uint8_t)(raw[i - size] + g_test_rand_int_range(-3, 4)) : (uint8_t)g_test_rand_int();
    for (int y = 1; y <= height; y++) {
        const uint8_t *row = raw + (size_t)y * size, *above = row - size;
        uint8_t filter = (uint8_t)g_test_rand_int_range(0, 5);
        g_byte_array_append(rows, &filter, 1);
        for (int i = 0; i < (int)size; i++) {
            bool first = i < channels;
            int left = first ? 0 : row[i - channels], corner = first ? 0 : above[i - channels];
            uint8_t byte = (uint8_t)(row[i] - guess(filter, left, above[i], corner));
            g_byte_array_append(rows, &byte, 1);
        }
    }
    g_autofree char *palette = g_malloc0(3 * 256);
    const Parts parts = {
        (uint32_t)width, (uint32_t)height,         8,        color_type, 0, color_type == 3 ? "PLTE" : NULL, palette,
        3 * 256,         (const char *)rows->data, rows->len};
    return assemble(&parts);
}

static void rows_are_the_same_with_every_filter_and_width(void) {
    static const struct {
        uint8_t color_type;
        int channels;
    } kinds[] = {{0, 1}, {2, 3}, {3, 1}, {4, 2}, {6, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (int width = 1; width < 70; width++) {
            g_autoptr(GBytes) png = make_filtered(kinds[i].color_type, kinds[i].channels, width, 17);
            g_autoptr(Image) image = png_decode(png, NULL);
            assert_rows_are(png, image);
        }
}

static void two_rows_at_once_are_the_same_as_one_after_the_other(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    for (int channels = 1; channels <= 4; channels++)
        for (int width = 1; width < 40; width++)
            for (int filters = 0; filters < 25; filters++) {
                const PngFormat format = {.width = width, .channels = channels, .row_size = (size_t)(width * channels)};
                size_t size = format.row_size;
                g_autofree uint8_t *above = g_malloc(size), *filtered = g_malloc(2 * (1 + size));
                g_autofree uint8_t *single = g_malloc(2 * size), *both = g_malloc(2 * size);
                for (size_t i = 0; i < size; i++)
                    above[i] = (uint8_t)g_rand_int(rand);
                for (size_t i = 0; i < 2 * (1 + size); i++)
                    filtered[i] = (uint8_t)g_rand_int(rand);
                filtered[0] = (uint8_t)(filters / 5);
                filtered[1 + size] = (uint8_t)(filters % 5);
                png_unfilter(&format, single, filtered, above);
                png_unfilter(&format, single + size, filtered + 1 + size, single);
                png_unfilter_two(&format, both, filtered, above);
                g_assert_cmpmem(both, 2 * size, single, 2 * size);
            }
}

#define BYTES(literal) literal, sizeof literal - 1

static void every_pixel_format_becomes_rgba(void) {
    static const struct {
        Parts parts;
        const char *pixels;
        bool has_alpha;
    } formats[] = {
        {{3, 1, 1, 0, 0, NULL, NULL, 0, BYTES("\0\x40")}, "\0\0\0\xff\xff\xff\xff\xff\0\0\0\xff", false},
        {{2, 1, 2, 0, 0, NULL, NULL, 0, BYTES("\0\x60")}, "\x55\x55\x55\xff\xaa\xaa\xaa\xff", false},
        {{2, 1, 4, 0, 0, NULL, NULL, 0, BYTES("\0\x1f")}, "\x11\x11\x11\xff\xff\xff\xff\xff", false},
        {{1, 2, 8, 0, 0, NULL, NULL, 0, BYTES("\0\x12\0\x34")}, "\x12\x12\x12\xff\x34\x34\x34\xff", false},
        {{2, 1, 8, 0, 0, "tRNS", BYTES("\0\x12"), BYTES("\0\x12\x13")}, "\x12\x12\x12\0\x13\x13\x13\xff", true},
        {{1, 1, 8, 2, 0, NULL, NULL, 0, BYTES("\0\1\2\3")}, "\1\2\3\xff", false},
        {{2, 1, 8, 2, 0, "tRNS", BYTES("\0\1\0\2\0\3"), BYTES("\0\1\2\3\1\2\4")}, "\1\2\3\0\1\2\4\xff", true},
        {{2, 1, 8, 3, 0, "PLTE", BYTES("abcdef"), BYTES("\0\1\0")},
         "def\xff"
         "abc\xff",
         false},
        {{3, 1, 1, 3, 0, "PLTE", BYTES("abcdef"), BYTES("\0\x40")},
         "abc\xff"
         "def\xff"
         "abc\xff",
         false},
        {{1, 1, 8, 4, 0, NULL, NULL, 0, BYTES("\0\x12\x80")}, "\x12\x12\x12\x80", true},
        {{1, 1, 8, 6, 0, NULL, NULL, 0, BYTES("\0\1\2\3\4")}, "\1\2\3\4", true},
        {{1, 1, 16, 6, 0, NULL, NULL, 0, BYTES("\0\1\1\2\2\3\3\4\4")}, "\1\2\3\4", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GBytes) png = assemble(&formats[i].parts);
        assert_pixels(png, formats[i].pixels, formats[i].has_alpha);
    }
}

/* As ImageMagick does: x / 257, rounded. 0x0180 is 1.494 of 8 bits, 0x0182 1.502. */
static void sixteen_bits_are_rounded_to_eight(void) {
    const Parts parts = {3, 1, 16, 0, 0, NULL, NULL, 0, BYTES("\0\x01\x80\x01\x82\xff\xff")};
    g_autoptr(GBytes) png = assemble(&parts);
    assert_pixels(png, "\1\1\1\xff\2\2\2\xff\xff\xff\xff\xff", false);
}

/* Of 2x2 pixels, Adam7's first pass has the top left, the sixth the top right, the seventh the lower row. */
static void an_interlaced_picture_is_put_together(void) {
    const Parts grey = {2, 2, 8, 0, 1, NULL, NULL, 0, BYTES("\0\1\0\2\0\3\4")};
    g_autoptr(GBytes) png = assemble(&grey);
    assert_pixels(png, "\1\1\1\xff\2\2\2\xff\3\3\3\xff\4\4\4\xff", false);

    const Parts palette = {2, 2, 8, 3, 1, "PLTE", BYTES("abcdef"), BYTES("\0\1\0\0\0\0\1")};
    g_autoptr(GBytes) with_palette = assemble(&palette);
    assert_pixels(with_palette,
                  "def\xff"
                  "abc\xff"
                  "abc\xff"
                  "def\xff",
                  false);
}

static void an_alpha_table_goes_with_its_palette(void) {
    const Parts parts = {3, 1, 8, 3, 0, NULL, NULL, 0, BYTES("\0\0\1\2")};
    GByteArray *file = g_byte_array_new();
    append_header(file, &parts);
    png_chunk_append(file, "PLTE", BYTES("abcdefghi"));
    png_chunk_append(file, "tRNS", BYTES("\0\x80"));
    append_pixels(file, parts.rows, parts.rows_size);
    png_chunk_append(file, "IEND", "", 0);
    g_autoptr(GBytes) png = g_byte_array_free_to_bytes(file);
    assert_pixels(png, "abc\0def\x80ghi\xff", true);
}

static void an_index_beyond_the_palette_is_refused(void) {
    const Parts parts = {2, 1, 8, 3, 0, "PLTE", BYTES("abcdef"), BYTES("\0\1\2")};
    g_autoptr(GBytes) png = assemble(&parts);
    assert_refused(png, "not in the palette");
}

static void a_file_that_is_cut_off_anywhere_is_refused(void) {
    g_autoptr(Image) image = make_noise(9, 9, true);
    g_autoptr(GBytes) whole = encode(image);
    for (size_t size = 8; size < g_bytes_get_size(whole); size++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(whole, 0, size);
        assert_refused(part, "cut off");
    }
}

static void a_byte_that_flipped_anywhere_is_noticed(void) {
    g_autoptr(Image) image = make_noise(3, 3, true);
    g_autoptr(GBytes) whole = encode(image);
    for (size_t at = 0; at < g_bytes_get_size(whole); at++) {
        for (int bit = 0; bit < 8; bit++) {
            GByteArray *bytes = g_bytes_unref_to_array(g_bytes_ref(whole));
            bytes->data[at] ^= (uint8_t)(1 << bit);
            g_autoptr(GBytes) flipped = g_byte_array_free_to_bytes(bytes);
            assert_refused(flipped, "");
        }
    }
}

static void what_is_no_png_is_named(void) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } files[] = {
        {BYTES(""), "the file is empty"},
        {BYTES("\x89PN"), "not a PNG"},
        {BYTES("\xff\xd8\xff\xe0"), "but a JPEG"},
        {BYTES("RIFF\0\0\0\0WEBP"), "but a WebP"},
        {BYTES("RIFF\0\0\0\0WAVE"), "not a PNG"},
        {BYTES("GIF89a"), "but a GIF"},
        {BYTES("<HTML>"), "but a web page"},
        {BYTES("version https://git-lfs.github.com/spec/v1"), "but a Git LFS pointer"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) file = g_bytes_new_static(files[i].bytes, files[i].size);
        assert_refused(file, files[i].words);
    }
}

static void a_size_beyond_the_limits_is_refused_by_the_header(void) {
    static const uint32_t sizes[][2] = {{100000, 100000},       {32768, 1}, {1, 32768}, {32767, 32767}, {UINT32_MAX, 1},
                                        {INT32_MAX, INT32_MAX}, {0, 1},     {1, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const Parts parts = {sizes[i][0], sizes[i][1], 8, 6, 0, NULL, NULL, 0, BYTES("\0")};
        g_autoptr(GBytes) png = assemble(&parts);
        PngHeader header;
        g_assert_false(png_read_header(png, &header, NULL));
        assert_refused(png, sizes[i][0] && sizes[i][1] ? "are too many" : "no pixels");
    }
}

static void a_pixel_format_that_png_has_not_is_refused(void) {
    static const uint8_t formats[][2] = {{0, 0}, {3, 0}, {32, 0}, {8, 1}, {4, 2},  {16, 3},
                                         {4, 4}, {8, 5}, {1, 6},  {8, 7}, {8, 255}};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const Parts parts = {1, 1, formats[i][0], formats[i][1], 0, NULL, NULL, 0, BYTES("\0\0")};
        g_autoptr(GBytes) png = assemble(&parts);
        assert_refused(png, "no pixel format");
    }
}

static void pixels_that_do_not_fill_the_picture_or_overflow_it_are_refused(void) {
    static const Parts too_few = {2, 2, 8, 0, 0, NULL, NULL, 0, BYTES("\0\1\2")};
    static const Parts too_many = {2, 2, 8, 0, 0, NULL, NULL, 0, BYTES("\0\1\2\0\3\4\0\5\6")};
    static const Parts bad_filter = {2, 1, 8, 0, 0, NULL, NULL, 0, BYTES("\5\1\2")};
    static const Parts *const all[] = {&too_few, &too_many, &bad_filter};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autoptr(GBytes) png = assemble(all[i]);
        assert_refused(png, "corrupt: ");
    }
}

static void chunks_that_are_not_about_pixels_may_hold_anything(void) {
    static const char *const types[] = {"zTXt", "iTXt", "iCCP", "gAMA", "sRGB", "eXIf", "prVt"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        const Parts parts = {1, 1, 8, 2, 0, types[i], BYTES("nonsense"), BYTES("\0\1\2\3")};
        g_autoptr(GBytes) png = assemble(&parts);
        assert_pixels(png, "\1\2\3\xff", false);
    }
}

/* Libpng's own limit is 8 MB; a file with a large colour profile is a picture all the same. */
static void a_chunk_that_is_not_about_pixels_may_be_large(void) {
    g_autofree char *zeros = g_malloc0(9000000);
    const Parts parts = {1, 1, 8, 2, 0, "iCCP", zeros, 9000000, BYTES("\0\1\2\3")};
    g_autoptr(GBytes) png = assemble(&parts);
    assert_pixels(png, "\1\2\3\xff", false);
}

static void a_check_sees_checksums_but_not_pixels(void) {
    const Parts parts = {2, 2, 8, 0, 0, NULL, NULL, 0, BYTES("\0\1\2")}; /* a row is missing */
    g_autoptr(GBytes) png = assemble(&parts);
    PngHeader header;
    g_assert_true(png_check(png, &header, NULL));
    g_assert_cmpint(header.width, ==, 2);

    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(png, 0, g_bytes_get_size(png) - 1);
    g_assert_false(png_check(cut, &header, NULL));
}

static void a_note_is_found_again_and_changes_no_pixel(void) {
    g_autoptr(Image) image = make_noise(5, 5, true);
    g_autoptr(GBytes) plain = encode(image);
    g_autoptr(GBytes) one = png_add_note(plain, "browser", "Chromium 120, --flag=\xc3\xa4", NULL);
    g_autoptr(GBytes) two = png_add_note(one, "brows", "", NULL);
    assert_pixels(two, image->pixels, true);

    g_autofree char *browser = png_find_note(two, "browser");
    g_autofree char *empty = png_find_note(two, "brows");
    g_assert_cmpstr(browser, ==, "Chromium 120, --flag=\xc3\xa4");
    g_assert_cmpstr(empty, ==, "");
    g_assert_null(png_find_note(two, "bro"));
    g_assert_null(png_find_note(plain, "browser"));
}

static void the_newest_note_of_a_key_counts(void) {
    g_autoptr(Image) image = image_new(1, 1, false);
    g_autoptr(GBytes) plain = encode(image);
    g_autoptr(GBytes) old = png_add_note(plain, "key", "old", NULL);
    g_autoptr(GBytes) new = png_add_note(old, "key", "new", NULL);
    g_autofree char *text = png_find_note(new, "key");
    g_assert_cmpstr(text, ==, "new");
}

static void a_note_from_a_stranger_is_made_valid_text(void) {
    const Parts parts = {1,
                         1,
                         8,
                         0,
                         0,
                         "tEXt",
                         BYTES("key\0a\xff"
                               "b\0c"),
                         BYTES("\0\1")};
    g_autoptr(GBytes) png = assemble(&parts);
    g_autofree char *text = png_find_note(png, "key");
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_true(g_str_has_prefix(text, "a"));
}

static void what_is_no_png_takes_and_has_no_note(void) {
    g_autoptr(GBytes) text = g_bytes_new_static(BYTES("no picture"));
    g_autoptr(GError) error = NULL;
    g_assert_null(png_add_note(text, "key", "text", &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    g_assert_null(png_find_note(text, "key"));
}

static void a_placed_picture_is_cropped_and_filled(void) {
    g_autoptr(Image) image = image_new(2, 2, true);
    memcpy(image->pixels, "AAA\1BBB\2CCC\3DDD\4", 16);
    g_autoptr(Image) clear = pictures_place(image, 3, 1, true, (const uint8_t *)"xyz\0");
    g_assert_cmpmem(clear->pixels, 12, "AAA\1BBB\2xyz\0", 12);
    g_autoptr(Image) opaque = pictures_place(image, 1, 3, false, (const uint8_t *)"xyz\xff");
    g_assert_cmpmem(opaque->pixels, 12,
                    "AAA\xff"
                    "CCC\xff"
                    "xyz\xff",
                    12);
    g_assert_false(opaque->has_alpha);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/png/a-picture-survives-encoding-and-decoding", a_picture_survives_encoding_and_decoding);
    g_test_add_func("/png/the-same-picture-gives-the-same-bytes", the_same_picture_gives_the_same_bytes);
    g_test_add_func("/png/a-picture-without-alpha-is-written-as-rgb", a_picture_without_alpha_is_written_as_rgb);
    g_test_add_func("/png/every-pixel-format-becomes-rgba", every_pixel_format_becomes_rgba);
    g_test_add_func("/png/sixteen-bits-are-rounded-to-eight", sixteen_bits_are_rounded_to_eight);
    g_test_add_func("/png/an-interlaced-picture-is-put-together", an_interlaced_picture_is_put_together);
    g_test_add_func("/png/an-alpha-table-goes-with-its-palette", an_alpha_table_goes_with_its_palette);
    g_test_add_func("/png/an-index-beyond-the-palette-is-refused", an_index_beyond_the_palette_is_refused);
    g_test_add_func("/png/a-file-that-is-cut-off-anywhere-is-refused", a_file_that_is_cut_off_anywhere_is_refused);
    g_test_add_func("/png/a-byte-that-flipped-anywhere-is-noticed", a_byte_that_flipped_anywhere_is_noticed);
    g_test_add_func("/png/what-is-no-png-is-named", what_is_no_png_is_named);
    g_test_add_func("/png/a-size-beyond-the-limits-is-refused-by-the-header",
                    a_size_beyond_the_limits_is_refused_by_the_header);
    g_test_add_func("/png/a-pixel-format-that-png-has-not-is-refused", a_pixel_format_that_png_has_not_is_refused);
    g_test_add_func("/png/pixels-that-do-not-fill-the-picture-or-overflow-it-are-refused",
                    pixels_that_do_not_fill_the_picture_or_overflow_it_are_refused);
    g_test_add_func("/png/chunks-that-are-not-about-pixels-may-hold-anything",
                    chunks_that_are_not_about_pixels_may_hold_anything);
    g_test_add_func("/png/a-chunk-that-is-not-about-pixels-may-be-large",
                    a_chunk_that_is_not_about_pixels_may_be_large);
    g_test_add_func("/png/a-check-sees-checksums-but-not-pixels", a_check_sees_checksums_but_not_pixels);
    g_test_add_func("/png/a-note-is-found-again-and-changes-no-pixel", a_note_is_found_again_and_changes_no_pixel);
    g_test_add_func("/png/the-newest-note-of-a-key-counts", the_newest_note_of_a_key_counts);
    g_test_add_func("/png/a-note-from-a-stranger-is-made-valid-text", a_note_from_a_stranger_is_made_valid_text);
    g_test_add_func("/png/what-is-no-png-takes-and-has-no-note", what_is_no_png_takes_and_has_no_note);
    g_test_add_func("/png/a-placed-picture-is-cropped-and-filled", a_placed_picture_is_cropped_and_filled);
    g_test_add_func("/png/rows-are-the-same-with-every-filter-and-width",
                    rows_are_the_same_with_every_filter_and_width);
    g_test_add_func("/png/two-rows-at-once-are-the-same-as-one-after-the-other",
                    two_rows_at_once_are_the_same_as_one_after_the_other);
    return g_test_run();
}
