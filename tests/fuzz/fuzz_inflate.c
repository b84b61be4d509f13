/* Any bytes as compressed data, given to zlib and to our decompressor. What zlib takes, ours must take, and make the same
 * of it; what zlib refuses, ours must refuse. The first two bytes say in what pieces. */
#include "fuzz/fuzz.h"
#include "image/inflate.h"

#include "pieces.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

enum { MOST = 200 * 1000 };

/* Returns how many bytes came, with *out_result as zlib says. */
static size_t by_zlib(const uint8_t *bytes, size_t size, uint8_t *out, int *out_result) {
    z_stream stream = {0};
    g_assert(inflateInit2(&stream, 15) == Z_OK && inflateValidate(&stream, 0) == Z_OK);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = MOST;
    *out_result = inflate(&stream, Z_SYNC_FLUSH);
    size_t made = stream.total_out;
    inflateEnd(&stream);
    return made;
}

static size_t by_ours(const uint8_t *bytes, size_t size, size_t piece_in, size_t piece_out, uint8_t *out,
                      bool *out_good) {
    Pieces source = {bytes, size, piece_in, 0};
    g_autoptr(Inflate) inflate = inflate_new(pieces_give, &source);
    size_t made = 0, more = 0;
    do {
        g_autoptr(GError) error = NULL;
        if (!inflate_read(inflate, out + made, MIN(piece_out, MOST - made), &more, &error)) {
            *out_good = false;
            return made;
        }
        made += more;
    } while (more > 0 && made < MOST);
    *out_good = true;
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    g_autofree uint8_t *theirs = g_malloc(MOST + INFLATE_AHEAD), *ours = g_malloc(MOST + INFLATE_AHEAD);
    int result;
    bool good;
    size_t piece_in = 1 + (size_t)data[0] * data[0], piece_out = 1 + (size_t)data[1] * data[1];
    size_t n_theirs = by_zlib(data + 2, size - 2, theirs, &result);
    size_t n_ours = by_ours(data + 2, size - 2, piece_in, piece_out, ours, &good);
    bool is_whole = result == Z_STREAM_END || n_theirs == MOST;
    g_assert(!is_whole || (good && n_ours == n_theirs));
    g_assert(result != Z_DATA_ERROR || !good || n_ours < MOST);
    /* Of what is corrupt or breaks off, neither gives more than there is. */
    g_assert(memcmp(ours, theirs, MIN(n_ours, n_theirs)) == 0);
    g_assert(is_whole || n_ours <= n_theirs);
    return 0;
}
