#include "diff/cell_row.h"

#include "diff/rmse.h"

static uint32_t number_of(Pixel p) {
    return (uint32_t)p.red | (uint32_t)p.green << 8 | (uint32_t)p.blue << 16 | (uint32_t)p.alpha << 24;
}

CellRow cell_row_plain(const uint8_t *reference, const uint8_t *run, PixelFormat format, uint8_t bits,
                       const uint32_t *const columns[2]) {
    CellRow row = {.bits = bits};
    for (unsigned left = bits; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctz(left);
        Pixel p = pixel_at(reference, format, i), q = pixel_at(run, format, i);
        const uint8_t p_rgba[4] = {(uint8_t)p.red, (uint8_t)p.green, (uint8_t)p.blue, (uint8_t)p.alpha};
        const uint8_t q_rgba[4] = {(uint8_t)q.red, (uint8_t)q.green, (uint8_t)q.blue, (uint8_t)q.alpha};
        row.color_squares += rmse_of_colors(p_rgba, q_rgba);
        row.alpha_squares += rmse_of_alpha(p_rgba, q_rgba);
        for (int twin = 0; twin < 2; twin++) {
            const PrintFactors *factors = &fingerprint_factors[twin];
            row.print.of[twin] += (number_of(p) * factors->reference + number_of(q) * factors->run) * columns[twin][i];
        }
    }
    return row;
}

#ifdef __x86_64__

#include "diff/avx2.h"

/* The square of one level in an opaque pixel, in the units of rmse.h. */
enum { LEVEL_SQUARE = 255 * 255 };

AVX2 static inline uint32_t sum_of(__m256i lanes) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(sum);
}

/* All ones in the lanes of pixels whose bits are set. */
AVX2 static inline __m256i lanes_of(uint8_t bits) {
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits), bit), bit);
}

/* The sum of the squared differences of all bytes. */
AVX2 static inline uint32_t squares_of(__m256i p, __m256i q) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i distance = _mm256_or_si256(_mm256_subs_epu8(p, q), _mm256_subs_epu8(q, p));
    __m256i low = _mm256_unpacklo_epi8(distance, zero), high = _mm256_unpackhi_epi8(distance, zero);
    return sum_of(_mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high)));
}

AVX2 static inline uint32_t print_of(__m256i p, __m256i q, const PrintFactors *factors, const uint32_t *columns) {
    __m256i both = _mm256_add_epi32(_mm256_mullo_epi32(p, _mm256_set1_epi32((int)factors->reference)),
                                    _mm256_mullo_epi32(q, _mm256_set1_epi32((int)factors->run)));
    return sum_of(_mm256_mullo_epi32(both, _mm256_loadu_si256((const __m256i *)columns)));
}

/* Only of opaque pixels; others are rare. */
AVX2 static CellRow cell_row_avx2(const uint8_t *reference, const uint8_t *run, PixelFormat format, uint8_t bits,
                                  const uint32_t *const columns[2]) {
    __m256i p = avx2_load(reference, format), q = avx2_load(run, format);
    if (!avx2_are_opaque(p, q))
        return cell_row_plain(reference, run, format, bits, columns);
    __m256i lanes = lanes_of(bits);
    p = _mm256_and_si256(p, lanes);
    q = _mm256_and_si256(q, lanes);
    return (CellRow){
        .bits = bits,
        .color_squares = (uint64_t)LEVEL_SQUARE * squares_of(p, q),
        .print = {{print_of(p, q, &fingerprint_factors[0], columns[0]),
                   print_of(p, q, &fingerprint_factors[1], columns[1])}},
    };
}

CellRowKernel *cell_row_kernel(void) {
    return __builtin_cpu_supports("avx2") ? cell_row_avx2 : cell_row_plain;
}

#else

CellRowKernel *cell_row_kernel(void) {
    return cell_row_plain;
}

#endif
