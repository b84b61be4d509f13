/* 16 bytes at a time are folded into 64 bits by a multiplication of 64 by 64 bits, as wyhash by Wang Yi does it, who has
 * shown it to be good; pixels are never as random as its tests. */
#include "diff/row_hash.h"

#include "diff/align.h"
#include "diff/change_map.h"

#include <string.h>

/* Odd, with as many ones as zeros. */
static const uint64_t SECRET_1 = UINT64_C(0xa0761d6478bd642f), SECRET_2 = UINT64_C(0xe7037ed1a0b428db);

/* A multiple of the cells of change_map.h, so that no cell is in two groups of columns. */
RowStrips row_strips_of(int width) {
    int least = (width + ALIGN_MAX_STRIPS - 1) / ALIGN_MAX_STRIPS;
    int strip_width = MAX(ALIGN_MIN_STRIP_WIDTH, (least + CELL_SIDE - 1) / CELL_SIDE * CELL_SIDE);
    return (RowStrips){width, strip_width, MAX(width / strip_width, 1)};
}

/* With what was multiplied in it, or a factor of 0 would forget the other. */
static inline uint64_t fold(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ a ^ b;
}

static inline uint64_t read_8(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t hash_bytes(const uint8_t *bytes, size_t size) {
    uint64_t hash = SECRET_1 ^ size;
    for (; size >= 16; bytes += 16, size -= 16)
        hash = fold(read_8(bytes) ^ SECRET_2, read_8(bytes + 8) ^ hash);
    uint8_t rest[16] = {0};
    memcpy(rest, bytes, size);
    return fold(read_8(rest) ^ SECRET_2, read_8(rest + 8) ^ hash);
}

void row_hash(const RowStrips *strips, PixelFormat format, const uint8_t *row, uint64_t *out_hashes) {
    size_t step = (size_t)format * (size_t)strips->strip_width;
    size_t last = (size_t)strips->n_strips - 1;
    for (size_t strip = 0; strip < last; strip++)
        out_hashes[strip] = hash_bytes(row + strip * step, step);
    out_hashes[last] = hash_bytes(row + last * step, (size_t)format * (size_t)strips->width - last * step);
}
