/* Only pixels that are opaque in both pictures are computed here; what shines through is rare in pages, and unsure. */
#include "diff/metric_avx2.h"

#if defined(__x86_64__)

#include "diff/avx2.h"

/* How far the yiq of floats may be from a limit, in parts of it, and still be unsure. Over all 511^3 differences of two
 * colours it is off by at most 4.6e-7 of its value. */
#define DOUBT 1e-5

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
        __m256i p = avx2_load(row->reference + (first + at) * bytes, row->format);
        __m256i q = avx2_load(row->run + (first + at) * bytes, row->format);
        uint64_t changed = unequal(p, q);
        if (changed == 0)
            continue;
        if (avx2_are_opaque(p, q))
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
