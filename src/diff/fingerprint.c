#include "diff/fingerprint.h"

#include <glib.h>

/* Odd, and without pattern: factors of well-known hash functions (MurmurHash3, xxHash). A and B are 5 modulo 8, so that
 * they have the longest period there is. */
const PrintFactors fingerprint_factors[2] = {
    {0x85ebca6b, 0xc2b2ae35, 0x9e3779b5, 0xcc9e2d55},
    {0x85ebca77, 0xc2b2ae3d, 0x27d4eb2d, 0x165667b5},
};

/* By squaring. */
static uint32_t power(uint32_t base, uint32_t exponent) {
    uint32_t result = 1;
    for (; exponent != 0; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

/* Odd numbers modulo 2^32 have an order that divides 2^30, so base^-n is base^(2^30 - n). */
static uint32_t inverse_power(uint32_t base, int exponent) {
    return power(base, (UINT32_C(1) << 30) - (uint32_t)exponent);
}

uint32_t *fingerprint_columns(int twin, size_t n) {
    uint32_t *columns = g_new(uint32_t, n);
    uint32_t factor = 1;
    for (size_t x = 0; x < n; x++, factor *= fingerprint_factors[twin].column)
        columns[x] = factor;
    return columns;
}

PrintSum fingerprint_row(int y) {
    return (PrintSum){{power(fingerprint_factors[0].row, (uint32_t)y), power(fingerprint_factors[1].row, (uint32_t)y)}};
}

uint64_t fingerprint_of_region(PrintSum sum, Box box) {
    uint64_t moved = 0;
    for (int twin = 0; twin < 2; twin++) {
        const PrintFactors *factors = &fingerprint_factors[twin];
        uint32_t here = sum.of[twin] * inverse_power(factors->column, box.x) * inverse_power(factors->row, box.y);
        moved = moved << 32 | here;
    }
    uint64_t size = (uint64_t)box.width << 32 | (uint64_t)box.height;
    return fingerprint_mix(moved ^ fingerprint_mix(size)) | 1;
}
