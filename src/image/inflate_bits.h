/* The input of inflate.c, bit by bit, the lowest of each byte first (RFC 1951, 3.1.1). Eight bytes are read at a time,
 * so as many must stand where in points to. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t bits; /* those at hand, the next one lowest; above n of them there are some that in points to, too */
    unsigned n;
    const uint8_t *in; /* what comes behind the n bits */
} Bits;

/* After it there are 64 bits at hand, of which 56 or more are counted. Those which were there are read again, and are the
 * same. */
static inline void bits_refill(Bits *bits) {
    uint64_t next;
    memcpy(&next, bits->in, sizeof next);
    bits->bits |= GUINT64_FROM_LE(next) << bits->n;
    bits->in += (63 - bits->n) >> 3;
    bits->n |= 56;
}

/* The lowest n of the value's bits, n < 64. */
static inline uint64_t bits_low(uint64_t value, unsigned n) {
    return value & (((uint64_t)1 << n) - 1);
}

static inline void bits_drop(Bits *bits, unsigned n) {
    bits->bits >>= n;
    bits->n -= n;
}

/* The next n bits, at most 32, wherever they are. */
static inline unsigned bits_take(Bits *bits, unsigned n) {
    bits_refill(bits);
    unsigned taken = (unsigned)bits_low(bits->bits, n);
    bits_drop(bits, n);
    return taken;
}

/* Keeps what is left of a byte that was begun; all behind that is what in points to. */
static inline void bits_give_back(Bits *bits) {
    bits->in -= bits->n >> 3;
    bits->n &= 7;
    bits->bits = bits_low(bits->bits, bits->n);
}

/* The same, and what is left of a byte is passed over. */
static inline void bits_align(Bits *bits) {
    bits_give_back(bits);
    bits->bits = bits->n = 0;
}
