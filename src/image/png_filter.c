/* Filters of PNG rows (specification, 9.2), and rows to RGBA. A pixel depends on the one to its left, so wide registers
 * do not help; what does is to work on all bytes of a pixel at once, in one register. */
#include "image/png_rows.h"

#include <string.h>

#ifdef __x86_64__
#include <smmintrin.h>
#endif

bool png_filter_needs_above(uint8_t filter) {
    return filter >= FILTER_UP;
}

static uint8_t paeth(int left, int above, int corner) {
    int p = left + above - corner;
    int to_left = ABS(p - left), to_above = ABS(p - above), to_corner = ABS(p - corner);
    if (to_left <= to_above && to_left <= to_corner)
        return (uint8_t)left;
    return (uint8_t)(to_above <= to_corner ? above : corner);
}

/* The definition: for any number of channels, from a byte on. above may be NULL. */
static void unfilter_bytes(int filter, uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t from, size_t size,
                           size_t step) {
    for (size_t i = from; i < size; i++) {
        int left = i >= step ? raw[i - step] : 0;
        int up = above ? above[i] : 0;
        int corner = above && i >= step ? above[i - step] : 0;
        int guess = filter == FILTER_SUB       ? left
                    : filter == FILTER_UP      ? up
                    : filter == FILTER_AVERAGE ? (left + up) / 2
                                               : paeth(left, up, corner);
        raw[i] = (uint8_t)(in[i] + guess);
    }
}

static void unfilter_up(uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size) {
    for (size_t i = 0; i < size; i++)
        raw[i] = (uint8_t)(in[i] + above[i]);
}

#ifdef __x86_64__

#define SSE4 __attribute__((target("sse4.1")))

/* A pixel of 3 or 4 bytes. Where there are 3, the fourth is of the next pixel: it is read as long as there is one, and
 * what is written of it is written again. */
static inline __m128i load(const uint8_t *bytes) {
    int32_t pixel;
    memcpy(&pixel, bytes, 4);
    return _mm_cvtsi32_si128(pixel);
}

static inline void store(uint8_t *bytes, __m128i pixel) {
    int32_t value = _mm_cvtsi128_si32(pixel);
    memcpy(bytes, &value, 4);
}

SSE4 static inline void unfilter_sub_pixels(uint8_t *raw, const uint8_t *in, size_t size, size_t step) {
    __m128i left = _mm_setzero_si128();
    for (size_t i = 0; i < size; i += step) {
        left = _mm_add_epi8(left, load(in + i));
        store(raw + i, left);
    }
}

SSE4 static inline void unfilter_average_pixels(uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size,
                                                size_t step) {
    const __m128i one = _mm_set1_epi8(1);
    __m128i left = _mm_setzero_si128();
    for (size_t i = 0; i < size; i += step) {
        __m128i up = load(above + i);
        /* The processor's average rounds up; PNG's does not. */
        __m128i average = _mm_sub_epi8(_mm_avg_epu8(left, up), _mm_and_si128(_mm_xor_si128(left, up), one));
        left = _mm_add_epi8(average, load(in + i));
        store(raw + i, left);
    }
}

/* Which of left, up and corner is nearest to left + up - corner shows as well in where 3 * corner - left - up is: above both
 * left and up it is the lower of these that is nearest, below both the higher, between them the corner. What counts is how
 * long a pixel waits for the one to its left: this is five steps. In 16 bits a channel, as the sums need ten. */
SSE4 static inline __m128i paeth_pixels(__m128i left, __m128i up, __m128i corner) {
    __m128i bound = _mm_sub_epi16(_mm_sub_epi16(_mm_add_epi16(corner, _mm_add_epi16(corner, corner)), up), left);
    __m128i low = _mm_min_epi16(left, up), high = _mm_max_epi16(left, up);
    __m128i guess = _mm_blendv_epi8(low, corner, _mm_cmpgt_epi16(high, bound));
    return _mm_blendv_epi8(high, guess, _mm_cmpgt_epi16(bound, low));
}

SSE4 static inline void unfilter_paeth_pixels(uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size,
                                              size_t step) {
    const __m128i zero = _mm_setzero_si128();
    __m128i left = zero, corner = zero;
    for (size_t i = 0; i < size; i += step) {
        __m128i up = _mm_unpacklo_epi8(load(above + i), zero), change = _mm_unpacklo_epi8(load(in + i), zero);
        /* Bytes do not carry, and the upper one of each channel is 0. */
        left = _mm_add_epi8(paeth_pixels(left, up, corner), change);
        corner = up;
        store(raw + i, _mm_packus_epi16(left, left));
    }
}

/* Two rows, of which the second is a pixel behind: so it waits for the same step as the first. A register holds a pixel of
 * the first row and, in its upper half, the one of the second row that is below the pixel before. All but the last pixel of
 * the first row, and the last two of the second. */
SSE4 static inline __attribute__((always_inline)) void unfilter_two_paeth_pixels(uint8_t *raw, uint8_t *raw_below,
                                                                                 const uint8_t *in,
                                                                                 const uint8_t *in_below,
                                                                                 const uint8_t *above, size_t size,
                                                                                 size_t step) {
    const __m128i zero = _mm_setzero_si128();
    __m128i left = zero, corner = zero;
    for (size_t i = 0; i < size; i += step) {
        __m128i up = _mm_unpacklo_epi64(_mm_unpacklo_epi8(load(above + i), zero), left);
        __m128i below = i == 0 ? zero : load(in_below + i - step);
        __m128i change = _mm_unpacklo_epi8(_mm_unpacklo_epi32(load(in + i), below), zero);
        left = _mm_add_epi8(paeth_pixels(left, up, corner), change);
        corner = up;
        __m128i pixels = _mm_packus_epi16(left, left);
        store(raw + i, pixels);
        if (i > 0)
            store(raw_below + i - step, _mm_srli_si128(pixels, 4));
    }
}

SSE4 static void unfilter_two_paeth(uint8_t *raw, uint8_t *raw_below, const uint8_t *in, const uint8_t *in_below,
                                    const uint8_t *above, size_t size, size_t step) {
    if (step == 3)
        unfilter_two_paeth_pixels(raw, raw_below, in, in_below, above, size, 3);
    else
        unfilter_two_paeth_pixels(raw, raw_below, in, in_below, above, size, 4);
}

/* All but the last pixel, which has no byte behind it; returns how many bytes. With a constant step each becomes a loop
 * of its own. */
SSE4 static inline __attribute__((always_inline)) size_t unfilter_pixels(int filter, uint8_t *raw, const uint8_t *in,
                                                                         const uint8_t *above, size_t size,
                                                                         size_t step) {
    size_t done = size - step;
    if (filter == FILTER_SUB)
        unfilter_sub_pixels(raw, in, done, step);
    else if (filter == FILTER_AVERAGE)
        unfilter_average_pixels(raw, in, above, done, step);
    else
        unfilter_paeth_pixels(raw, in, above, done, step);
    return done;
}

SSE4 static size_t unfilter_sse4(int filter, uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size,
                                 size_t step) {
    if (filter != FILTER_SUB && !above)
        return 0;
    if (step == 3)
        return unfilter_pixels(filter, raw, in, above, size, 3);
    return step == 4 ? unfilter_pixels(filter, raw, in, above, size, 4) : 0;
}

static size_t unfilter_fast(int filter, uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size,
                            size_t step) {
    return __builtin_cpu_supports("sse4.1") ? unfilter_sse4(filter, raw, in, above, size, step) : 0;
}

/* Whether two rows were unfiltered as far as unfilter_two_paeth() does it. */
static bool unfilter_two_fast(uint8_t *raw, uint8_t *raw_below, const uint8_t *in, const uint8_t *in_below,
                              const uint8_t *above, size_t size, size_t step) {
    if (!__builtin_cpu_supports("sse4.1") || step < 3 || size < 2 * step)
        return false;
    unfilter_two_paeth(raw, raw_below, in, in_below, above, size - step, step);
    return true;
}

#else

static bool unfilter_two_fast(uint8_t *raw, uint8_t *raw_below, const uint8_t *in, const uint8_t *in_below,
                              const uint8_t *above, size_t size, size_t step) {
    return false;
}

static size_t unfilter_fast(int filter, uint8_t *raw, const uint8_t *in, const uint8_t *above, size_t size,
                            size_t step) {
    return 0;
}

#endif

void png_unfilter(const PngFormat *format, uint8_t *out_raw, const uint8_t *filtered, const uint8_t *above) {
    size_t size = format->row_size, step = (size_t)format->channels;
    int filter = filtered[0];
    const uint8_t *in = filtered + 1;
    if (filter == FILTER_NONE) {
        memcpy(out_raw, in, size);
    } else if (filter == FILTER_UP && above) {
        unfilter_up(out_raw, in, above, size);
    } else {
        size_t done = unfilter_fast(filter, out_raw, in, above, size, step);
        unfilter_bytes(filter, out_raw, in, above, done, size, step);
    }
}

void png_unfilter_two(const PngFormat *format, uint8_t *out_raw, const uint8_t *filtered, const uint8_t *above) {
    size_t size = format->row_size, step = (size_t)format->channels;
    uint8_t *below = out_raw + size;
    const uint8_t *filtered_below = filtered + 1 + size;
    bool both = filtered[0] == FILTER_PAETH && filtered_below[0] == FILTER_PAETH && above;
    if (both && unfilter_two_fast(out_raw, below, filtered + 1, filtered_below + 1, above, size, step)) {
        unfilter_bytes(FILTER_PAETH, out_raw, filtered + 1, above, size - step, size, step);
        unfilter_bytes(FILTER_PAETH, below, filtered_below + 1, out_raw, size - 2 * step, size, step);
    } else {
        png_unfilter(format, out_raw, filtered, above);
        png_unfilter(format, below, filtered_below, out_raw);
    }
}

/* To RGBA. */

static void put(uint8_t *out, uint8_t red, uint8_t green, uint8_t blue, uint8_t alpha) {
    const uint8_t pixel[] = {red, green, blue, alpha};
    memcpy(out, pixel, sizeof pixel);
}

static bool look_up_colors(const PngFormat *format, uint8_t *out, const uint8_t *raw) {
    for (int x = 0; x < format->width; x++) {
        if (raw[x] >= format->n_colors)
            return false;
        memcpy(out + 4 * x, format->colors[raw[x]], 4);
    }
    return true;
}

bool png_to_rgba(const PngFormat *format, uint8_t *out_rgba, const uint8_t *raw) {
    uint8_t *out = out_rgba;
    if (format->n_colors > 0)
        return look_up_colors(format, out, raw);
    switch (format->channels) {
    case 1:
        for (int x = 0; x < format->width; x++)
            put(out + 4 * x, raw[x], raw[x], raw[x], 255);
        break;
    case 2:
        for (int x = 0; x < format->width; x++)
            put(out + 4 * x, raw[2 * x], raw[2 * x], raw[2 * x], raw[2 * x + 1]);
        break;
    case 3:
        for (int x = 0; x < format->width; x++)
            put(out + 4 * x, raw[3 * x], raw[3 * x + 1], raw[3 * x + 2], 255);
        break;
    default:
        memcpy(out, raw, format->row_size);
    }
    return true;
}
