/* Only pixels that are opaque in both pictures are computed here; what shines through is rare in pages, and unsure. */
#include "diff/metric_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* How far the yiq of floats may be from a limit, in parts of it, and still be unsure. Over all 511^3 differences of two
 * colours it is off by at most 4.6e-7 of its value. */
#define DOUBT 1e-5

enum { LANES = 8 };

/* Eight pixels as RGBA. Of RGB it reads the 24 bytes in two halves which overlap, and none behind them. */
AVX2 static inline __m256i load(const uint8_t *p, PixelFormat format) {
    if (format == PIXEL_RGBA)
        return _mm256_loadu_si256((const __m256i *)p);
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* from byte 0 */
                                            4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1 /* from 8 */);
    __m256i halves = _mm256_loadu2_m128i((const __m128i *)(p + 8), (const __m128i *)p);
    return _mm256_or_si256(_mm256_shuffle_epi8(halves, spread), _mm256_set1_epi32((int)0xff000000));
}

AVX2 static inline bool are_opaque(__m256i p, __m256i q) {
    return _mm256_testc_si256(_mm256_and_si256(p, q), _mm256_set1_epi32((int)0xff000000));
}

AVX2 static inline uint64_t bits_of(__m256i lanes) {
    return (uint64_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

AVX2 static inline uint64_t unequal(__m256i p, __m256i q) {
    return bits_of(_mm256_cmpeq_epi32(p, q)) ^ 0xff;
}

/* The difference in the channel that begins at a bit of the lanes. */
AVX2 static inline __m256 subtract(__m256i p, __m256i q, int shift) {
    const __m256i byte = _mm256_set1_epi32(0xff);
    __m256i a = _mm256_and_si256(_mm256_srli_epi32(p, shift), byte);
    __m256i b = _mm256_and_si256(_mm256_srli_epi32(q, shift), byte);
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(a, b));
}

AVX2 static inline __m256 weigh(__m256 red, float for_red, __m256 green, float for_green, __m256 blue, float for_blue) {
    return _mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(red, _mm256_set1_ps(for_red)),
                                       _mm256_mul_ps(green, _mm256_set1_ps(for_green))),
                         _mm256_mul_ps(blue, _mm256_set1_ps(for_blue)));
}

AVX2 static inline __m256 square(__m256 x) {
    return _mm256_mul_ps(x, x);
}

/* yiq_delta(), in floats. */
AVX2 static inline __m256 delta_of(__m256i reference, __m256i run) {
    __m256 red = subtract(reference, run, 0), green = subtract(reference, run, 8), blue = subtract(reference, run, 16);
    __m256 y = weigh(red, 0.29889531F, green, 0.58662247F, blue, 0.11448223F);
    __m256 i = weigh(red, 0.59597799F, green, -0.27417610F, blue, -0.32180189F);
    __m256 q = weigh(red, 0.21147017F, green, -0.52261711F, blue, 0.31114694F);
    return weigh(square(y), 0.5053F, square(i), 0.299F, square(q), 0.1957F);
}

AVX2 static inline uint64_t above(__m256 values, double limit) {
    return (uint64_t)_mm256_movemask_ps(_mm256_cmp_ps(values, _mm256_set1_ps((float)limit), _CMP_GT_OQ));
}

AVX2 static inline void sift_yiq_lanes(__m256i p, __m256i q, const MetricLimits *limits, size_t at, MetricWord *word) {
    __m256 delta = delta_of(p, q);
    for (size_t t = 0; t < limits->n; t++) {
        uint64_t surely = above(delta, limits->values[t] * (1 + DOUBT));
        uint64_t perhaps = above(delta, limits->values[t] * (1 - DOUBT));
        word->above[t] |= surely << at;
        word->unsure |= (perhaps ^ surely) << at;
    }
}

/* A level is a whole number: it is above a limit if it is above what remains of it without its fraction. */
AVX2 static inline void sift_exact_lanes(__m256i p, __m256i q, const MetricLimits *limits, size_t at,
                                         MetricWord *word) {
    __m256i levels = _mm256_or_si256(_mm256_subs_epu8(p, q), _mm256_subs_epu8(q, p));
    for (size_t t = 0; t < limits->n; t++) {
        __m256i excess = _mm256_subs_epu8(levels, _mm256_set1_epi8((char)(uint8_t)limits->values[t]));
        word->above[t] |= unequal(excess, _mm256_setzero_si256()) << at;
    }
}

typedef void SiftLanes(__m256i p, __m256i q, const MetricLimits *limits, size_t at, MetricWord *word);

/* Inlined into each sieve, so that format and sift_lanes are constants to it. */
AVX2 static inline __attribute__((always_inline)) void sift(const MetricRow *row, size_t first, size_t n,
                                                            const MetricLimits *limits, MetricWord *word,
                                                            SiftLanes *sift_lanes) {
    size_t bytes = (size_t)row->format, at = 0;
    for (; at + LANES <= n; at += LANES) {
        __m256i p = load(row->reference + (first + at) * bytes, row->format);
        __m256i q = load(row->run + (first + at) * bytes, row->format);
        uint64_t changed = unequal(p, q);
        if (changed == 0)
            continue;
        if (are_opaque(p, q))
            sift_lanes(p, q, limits, at, word);
        else
            word->unsure |= changed << at;
    }
    if (at < n)
        word->unsure |= ((UINT64_C(1) << (n - at)) - 1) << at;
}

AVX2 static void sift_exact(const MetricRow *row, size_t first, size_t n, const MetricLimits *limits,
                            MetricWord *word) {
    sift(row, first, n, limits, word, sift_exact_lanes);
}

AVX2 static void sift_yiq(const MetricRow *row, size_t first, size_t n, const MetricLimits *limits, MetricWord *word) {
    sift(row, first, n, limits, word, sift_yiq_lanes);
}

MetricSieve *metric_avx2_sieve(MetricKind kind) {
    if (!__builtin_cpu_supports("avx2"))
        return NULL;
    return kind == METRIC_EXACT ? sift_exact : kind == METRIC_YIQ ? sift_yiq : NULL;
}

#else

MetricSieve *metric_avx2_sieve(MetricKind kind) {
    return NULL;
}

#endif
