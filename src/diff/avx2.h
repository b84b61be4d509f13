/* What the AVX2 kernels share. Only for files that are made for x86-64. */
#pragma once

#include "diff/pixel.h"

#include <immintrin.h>
#include <stdint.h>

#define AVX2 __attribute__((target("avx2")))

/* How many pixels are taken at a time. */
enum { LANES = 8 };

/* Eight pixels as RGBA. Of RGB it reads the 24 bytes in two halves which overlap, and none behind them. */
AVX2 static inline __m256i avx2_load(const uint8_t *p, PixelFormat format) {
    if (format == PIXEL_RGBA)
        return _mm256_loadu_si256((const __m256i *)p);
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* from byte 0 */
                                            4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1 /* from 8 */);
    __m256i halves = _mm256_loadu2_m128i((const __m128i *)(p + 8), (const __m128i *)p);
    return _mm256_or_si256(_mm256_shuffle_epi8(halves, spread), _mm256_set1_epi32((int)0xff000000));
}

AVX2 static inline bool avx2_are_opaque(__m256i p, __m256i q) {
    return _mm256_testc_si256(_mm256_and_si256(p, q), _mm256_set1_epi32((int)0xff000000));
}
