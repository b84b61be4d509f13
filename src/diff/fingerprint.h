/* The same change on another page, or in another place, has the same fingerprint: so a person can judge it once.
 *
 * Of changed pixels, at x, y, from p to q (RGBA as a number, red in its lowest byte), it is the sum of
 *
 *     (p * P + q * Q) * A^x * B^y    modulo 2^32, twice, with different P, Q, A and B
 *
 * A sum can be made in any order, cell by cell; and since A and B are odd, they have inverses: A^-x0 * B^-y0 moves the
 * whole to where its box begins. It is no cryptographic hash: whoever wants two changes to look alike can have it so. */
#pragma once

#include "image/image.h"

#include <stddef.h>
#include <stdint.h>

/* The sum and its twin. */
typedef struct {
    uint32_t of[2];
} PrintSum;

typedef struct {
    uint32_t reference, run, column, row; /* P, Q, A, B */
} PrintFactors;

extern const PrintFactors fingerprint_factors[2];

/* Powers of A for n columns. The caller frees them. */
uint32_t *fingerprint_columns(int twin, size_t n);

/* Powers of B for a row. */
PrintSum fingerprint_row(int y);

/* What a sum over pixels in a row becomes with the row's powers. */
static inline PrintSum fingerprint_in_row(PrintSum sum, PrintSum row) {
    return (PrintSum){{sum.of[0] * row.of[0], sum.of[1] * row.of[1]}};
}

static inline void fingerprint_add(PrintSum *sum, PrintSum other) {
    sum->of[0] += other.of[0];
    sum->of[1] += other.of[1];
}

/* The fingerprint of a region, from the sum over its pixels. Never 0. */
uint64_t fingerprint_of_region(PrintSum sum, Box box);

/* Spreads all bits of a number over all others: David Stafford's "Mix 13", as in SplitMix64. */
static inline uint64_t fingerprint_mix(uint64_t bits) {
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}
