/* The decompressor beside zlib, whatever was compressed, however, and in whatever pieces it comes and goes. */
#include "image/inflate.h"

#include "base/error.h"
#include "pieces.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

enum { BIG = 300 * 1000 };

/* All that comes, read in pieces; at most limit bytes. NULL if it is corrupt. */
static GByteArray *inflate_all(const uint8_t *bytes, size_t size, size_t piece_in, size_t piece_out, size_t limit) {
    Pieces source = {bytes, size, piece_in, 0};
    g_autoptr(Inflate) inflate = inflate_new(pieces_give, &source);
    g_autofree uint8_t *buffer = g_malloc(limit + INFLATE_AHEAD);
    size_t made = 0, more = 0;
    do {
        g_autoptr(GError) error = NULL;
        if (!inflate_read(inflate, buffer + made, MIN(piece_out, limit - made), &more, &error)) {
            g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
            return NULL;
        }
        made += more;
    } while (more > 0 && made < limit);
    return g_byte_array_append(g_byte_array_new(), buffer, (guint)made);
}

static GByteArray *deflate_all(const uint8_t *bytes, size_t size, int level, int strategy, int memory) {
    z_stream stream = {0};
    g_assert_cmpint(deflateInit2(&stream, level, Z_DEFLATED, 15, memory, strategy), ==, Z_OK);
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)deflateBound(&stream, size) + 1000);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out->data;
    stream.avail_out = out->len;
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)stream.total_out);
    deflateEnd(&stream);
    return out;
}

/* Contents. */

static void fill_with_zeros(uint8_t *bytes, size_t size, GRand *rand) {
    memset(bytes, 0, size);
}

static void fill_with_noise(uint8_t *bytes, size_t size, GRand *rand) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)g_rand_int(rand);
}

/* Repetitions of any distance and length, near and far, short and long. */
static void fill_with_copies(uint8_t *bytes, size_t size, GRand *rand) {
    for (size_t i = 0; i < size;) {
        size_t distance = (size_t)g_rand_int_range(rand, 1, g_rand_boolean(rand) ? 40 : 40000);
        size_t length = (size_t)g_rand_int_range(rand, 1, g_rand_boolean(rand) ? 20 : 600);
        bytes[i++] = (uint8_t)g_rand_int(rand);
        for (size_t n = 0; n < length && i < size && distance <= i; n++, i++)
            bytes[i] = bytes[i - distance];
    }
}

/* Each value half as often as the one before: the codes are as long as they can be. */
static void fill_with_rarer_and_rarer(uint8_t *bytes, size_t size, GRand *rand) {
    for (size_t i = 0; i < size; i++) {
        uint8_t value = 0;
        while (value < 40 && g_rand_boolean(rand))
            value++;
        bytes[i] = value;
    }
}

static const struct {
    const char *what;
    void (*fill)(uint8_t *bytes, size_t size, GRand *rand);
} contents[] = {
    {"zeros", fill_with_zeros},
    {"noise", fill_with_noise},
    {"copies", fill_with_copies},
    {"values-rarer-and-rarer", fill_with_rarer_and_rarer},
};

static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};

static void gives_back_what_zlib_compressed(const void *data) {
    size_t content = GPOINTER_TO_SIZE(data);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autofree uint8_t *bytes = g_malloc(BIG);
    contents[content].fill(bytes, BIG, rand);
    for (int level = 0; level <= 9; level++)
        for (size_t s = 0; s < G_N_ELEMENTS(strategies); s++) {
            g_autoptr(GByteArray) z = deflate_all(bytes, BIG, level, strategies[s], 1 + level % 9);
            g_autoptr(GByteArray) out = inflate_all(z->data, z->len, SIZE_MAX, SIZE_MAX, BIG + 10);
            g_assert_nonnull(out);
            g_assert_cmpmem(out->data, out->len, bytes, BIG);
        }
}

static void comes_and_goes_in_pieces_of_any_size(void) {
    static const size_t pieces[] = {1, 2, 7, 100, 4096, 65536};
    g_autoptr(GRand) rand = g_rand_new_with_seed(8);
    g_autofree uint8_t *bytes = g_malloc(BIG);
    for (int level = 0; level <= 6; level += 3) {
        fill_with_copies(bytes, BIG, rand);
        g_autoptr(GByteArray) z = deflate_all(bytes, BIG, level, Z_DEFAULT_STRATEGY, 8);
        for (size_t in = 0; in < G_N_ELEMENTS(pieces); in++)
            for (size_t out = 0; out < G_N_ELEMENTS(pieces); out++) {
                g_autoptr(GByteArray) all = inflate_all(z->data, z->len, pieces[in], pieces[out], BIG + 10);
                g_assert_cmpmem(all->data, all->len, bytes, BIG);
            }
    }
}

/* Where more input is fetched, part of what is at hand is bits and part is bytes. */
static void any_kind_of_block_may_begin_anywhere(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(12);
    uint8_t bytes[9000];
    for (size_t i = 0; i < 300; i++) {
        z_stream stream = {0};
        g_autoptr(GByteArray) z = g_byte_array_new(), expected = g_byte_array_new();
        g_byte_array_set_size(z, 1000 * 1000);
        deflateInit2(&stream, 6, Z_DEFLATED, 15, 1, Z_DEFAULT_STRATEGY);
        stream.next_out = z->data;
        stream.avail_out = z->len;
        for (int part = 0; part < 20; part++) {
            size_t size = (size_t)g_rand_int_range(rand, 1, sizeof bytes);
            contents[g_rand_int_range(rand, 0, G_N_ELEMENTS(contents))].fill(bytes, size, rand);
            g_byte_array_append(expected, bytes, (guint)size);
            deflateParams(&stream, g_rand_int_range(rand, 0, 10), strategies[g_rand_int_range(rand, 0, 5)]);
            stream.next_in = bytes;
            stream.avail_in = (uInt)size;
            g_assert_cmpint(deflate(&stream, part < 19 ? Z_BLOCK : Z_FINISH), >=, 0);
        }
        deflateEnd(&stream);
        size_t piece = (size_t)g_rand_int_range(rand, 1, 3000);
        g_autoptr(GByteArray) out = inflate_all(z->data, stream.total_out, piece, 100000, expected->len + 10);
        g_assert_nonnull(out);
        g_assert_cmpmem(out->data, out->len, expected->data, expected->len);
    }
}

static void is_empty_where_nothing_was_compressed(void) {
    g_autoptr(GByteArray) z = deflate_all((const uint8_t *)"", 0, 6, Z_DEFAULT_STRATEGY, 8);
    g_autoptr(GByteArray) out = inflate_all(z->data, z->len, 100, 100, 100);
    g_assert_cmpint(out->len, ==, 0);
}

static void does_not_make_more_than_is_there_of_data_that_break_off(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    uint8_t bytes[3000];
    fill_with_copies(bytes, sizeof bytes, rand);
    for (size_t s = 0; s < G_N_ELEMENTS(strategies); s++) {
        g_autoptr(GByteArray) z = deflate_all(bytes, sizeof bytes, 6, strategies[s], 8);
        for (guint size = 0; size + 5 < z->len; size++) { /* without the checksum, and a byte */
            g_autoptr(GByteArray) out = inflate_all(z->data, size, 100, 100, 4000);
            g_assert_true(!out || out->len < sizeof bytes);
            g_assert_true(!out || out->len == 0 || memcmp(out->data, bytes, out->len) == 0);
        }
    }
}

/* Everything is there, but the end. */
static void data_that_break_off_have_not_ended(void) {
    for (int whole = 0; whole <= 1; whole++) {
        z_stream stream = {0};
        uint8_t z[1000], out[100 + INFLATE_AHEAD], bytes[100] = "some bytes";
        g_assert_cmpint(deflateInit(&stream, 6), ==, Z_OK);
        stream.next_in = bytes;
        stream.avail_in = sizeof bytes;
        stream.next_out = z;
        stream.avail_out = sizeof z;
        g_assert_cmpint(deflate(&stream, whole ? Z_FINISH : Z_SYNC_FLUSH), >=, Z_OK);
        Pieces source = {z, stream.total_out, SIZE_MAX, 0};
        deflateEnd(&stream);
        g_autoptr(Inflate) inflate = inflate_new(pieces_give, &source);
        size_t made, more;
        g_assert_true(inflate_read(inflate, out, sizeof bytes, &made, NULL));
        g_assert_cmpmem(out, made, bytes, sizeof bytes);
        g_assert_true(inflate_read(inflate, out + made, 1, &more, NULL));
        g_assert_cmpuint(more, ==, 0);
        g_assert_cmpint(inflate_has_ended(inflate), ==, whole);
    }
}

/* What is wrong with each is what zlib says of it. */
static void refuses_what_is_no_deflate(void) {
    static const struct {
        const char *what;
        const char *bytes;
        size_t size;
    } cases[] = {
        {"another method", "\x79\x9c\x03\x00", 4},
        {"a wrong check of the header", "\x78\x9d\x03\x00", 4},
        {"a dictionary", "\x78\xbb\x03\x00", 4},
        {"a window of more than 32 KB", "\x88\x1c\x03\x00", 4},
        {"a block of type 3", "\x78\x9c\x07", 3},
        {"a stored block whose sizes differ", "\x78\x9c\x01\x01\x00\xff\xff", 7},
        {"more codes than there may be", "\x78\x9c\xfd\xff\xff\xff\xff\xff\xff\xff", 10},
        {"a copy from in front of the beginning", "\x78\x9c\x03\x02\x00", 5},
        {"a distance that means nothing", "\x78\x9c\x63\x00\x7e", 5},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t bytes[60] = {0}; /* so that nothing breaks off */
        memcpy(bytes, cases[i].bytes, cases[i].size);
        g_autoptr(GByteArray) out = inflate_all(bytes, sizeof bytes, 100, 100, 100);
        if (out)
            g_test_message("%s was not refused", cases[i].what);
        g_assert_null(out);
    }
}

static bool break_source(void *from, uint8_t *out, size_t size, size_t *out_size, GError **error) {
    error_set(error, ERROR_FAILED, "the source is broken");
    return false;
}

static void hands_on_why_its_source_failed(void) {
    g_autoptr(Inflate) inflate = inflate_new(break_source, NULL);
    g_autoptr(GError) error = NULL;
    uint8_t out[1 + INFLATE_AHEAD];
    size_t size;
    g_assert_false(inflate_read(inflate, out, 1, &size, &error));
    g_assert_cmpstr(error->message, ==, "the source is broken");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autofree char *name = g_strdup_printf("/inflate/gives-back-%s-that-zlib-compressed", contents[i].what);
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), gives_back_what_zlib_compressed);
    }
    g_test_add_func("/inflate/comes-and-goes-in-pieces-of-any-size", comes_and_goes_in_pieces_of_any_size);
    g_test_add_func("/inflate/any-kind-of-block-may-begin-anywhere", any_kind_of_block_may_begin_anywhere);
    g_test_add_func("/inflate/is-empty-where-nothing-was-compressed", is_empty_where_nothing_was_compressed);
    g_test_add_func("/inflate/does-not-make-more-than-is-there-of-data-that-break-off",
                    does_not_make_more_than_is_there_of_data_that_break_off);
    g_test_add_func("/inflate/data-that-break-off-have-not-ended", data_that_break_off_have_not_ended);
    g_test_add_func("/inflate/refuses-what-is-no-deflate", refuses_what_is_no_deflate);
    g_test_add_func("/inflate/hands-on-why-its-source-failed", hands_on_why_its_source_failed);
    return g_test_run();
}
