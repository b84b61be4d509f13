#include "diff/rmse.h"

#include "image/png_reader.h"

#ifdef __x86_64__
#include "diff/avx2.h"
#endif

#include <math.h>
#include <string.h>

enum { PALETTE_COLORS = 256 };

double rmse_root(uint64_t sum, uint64_t pixels, int channels) {
    return sqrt((double)sum / RMSE_UNIT / ((double)pixels * channels));
}

/* Rows. */

/* The sum of the squared differences of the bytes of a row. */
static uint64_t byte_squares_plain(const uint8_t *a, const uint8_t *b, size_t size) {
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += rmse_square_of(a[i] - b[i]);
    return sum;
}

#ifdef __x86_64__

/* A lane adds at most 4 * 255^2 for 32 bytes, so it has room for half a million of them; a row has 131,068. */
AVX2 static uint64_t byte_squares_avx2(const uint8_t *a, const uint8_t *b, size_t size) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i lanes = zero;
    size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        __m256i p = _mm256_loadu_si256((const __m256i *)(a + i)), q = _mm256_loadu_si256((const __m256i *)(b + i));
        __m256i distance = _mm256_or_si256(_mm256_subs_epu8(p, q), _mm256_subs_epu8(q, p));
        __m256i low = _mm256_unpacklo_epi8(distance, zero), high = _mm256_unpackhi_epi8(distance, zero);
        lanes = _mm256_add_epi32(lanes, _mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high)));
    }
    uint32_t sums[8];
    _mm256_storeu_si256((__m256i *)sums, lanes);
    uint64_t sum = byte_squares_plain(a + i, b + i, size - i);
    for (int lane = 0; lane < 8; lane++)
        sum += sums[lane];
    return sum;
}

static uint64_t byte_squares(const uint8_t *a, const uint8_t *b, size_t size) {
    return (__builtin_cpu_supports("avx2") ? byte_squares_avx2 : byte_squares_plain)(a, b, size);
}

#else

static uint64_t byte_squares(const uint8_t *a, const uint8_t *b, size_t size) {
    return byte_squares_plain(a, b, size);
}

#endif

static bool are_opaque(const uint8_t *a, const uint8_t *b, size_t n) {
    uint8_t all = 255;
    for (size_t i = 0; i < n; i++)
        all &= a[4 * i + 3] & b[4 * i + 3];
    return all == 255;
}

void rmse_add_row(const uint8_t *reference, const uint8_t *run, int channels, size_t n, uint64_t *inout_color_sum,
                  uint64_t *inout_alpha_sum) {
    if (channels == 3 || are_opaque(reference, run, n)) {
        *inout_color_sum += 255 * 255 * byte_squares(reference, run, n * (size_t)channels);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        *inout_color_sum += rmse_of_colors(reference + 4 * i, run + 4 * i);
        *inout_alpha_sum += rmse_of_alpha(reference + 4 * i, run + 4 * i);
    }
}

/* Whether ImageMagick drops the alpha channel. */

/* What is known of the pixels so far. */
typedef struct {
    bool opaque, grey;
    GHashTable *colors; /* set of pixels: at most one more than a palette holds */
    uint32_t last;      /* the pixel that was looked up last: mostly the next one is the same */
} Facts;

static void look_at(Facts *facts, const uint8_t *rgba, int width) {
    for (int x = 0; x < width && facts->opaque; x++) {
        const uint8_t *p = rgba + 4 * x;
        uint32_t pixel;
        memcpy(&pixel, p, sizeof pixel);
        if (pixel == facts->last)
            continue;
        facts->last = pixel;
        facts->opaque = p[3] == 255;
        facts->grey = facts->grey && p[0] == p[1] && p[1] == p[2];
        if (g_hash_table_size(facts->colors) <= PALETTE_COLORS)
            g_hash_table_add(facts->colors, GUINT_TO_POINTER(pixel));
    }
}

static bool alpha_is_dropped(const Facts *facts) {
    return facts->opaque && (facts->grey || g_hash_table_size(facts->colors) <= PALETTE_COLORS);
}

int rmse_channels(GBytes *reference_png, const PngFormat *run) {
    if (!run->has_alpha)
        return 3;
    g_autoptr(PngReader) reader = png_reader_open(reference_png, NULL);
    const PngFormat *format = reader ? png_reader_format(reader) : NULL;
    if (!reader || format->width < run->width || format->height < run->height)
        return 4; /* what is filled up is transparent */
    g_autoptr(GHashTable) colors = g_hash_table_new(NULL, NULL);
    Facts facts = {true, true, colors, UINT32_MAX}; /* opaque white, whatever the byte order */
    g_hash_table_add(colors, GUINT_TO_POINTER(UINT32_MAX));
    for (int y = 0; y < run->height && alpha_is_dropped(&facts); y++) {
        const uint8_t *rgba = png_reader_go_to(reader, y, NULL) ? png_reader_rgba(reader, NULL) : NULL;
        if (!rgba)
            break;
        look_at(&facts, rgba, run->width);
    }
    return alpha_is_dropped(&facts) ? 3 : 4;
}
