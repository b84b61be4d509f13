#include "image/inflate_coder.h"

#include "image/inflate_code.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* The first n bytes (n < 8) again and again, in eight. */
static inline uint64_t repeat(const uint8_t *bytes, size_t n) {
    static const uint64_t times[8] = {
        0x0000000000000000, 0x0101010101010101, 0x0001000100010001, 0x0001000001000001,
        0x0000000100000001, 0x0000010000000001, 0x0001000000000001, 0x0100000000000001,
    };
    uint64_t pattern;
    memcpy(&pattern, bytes, sizeof pattern);
    return GUINT64_TO_LE(bits_low(GUINT64_FROM_LE(pattern), 8 * (unsigned)n) * times[n]);
}

/* Copies what stands distance bytes in front, which may reach into the copy. Most copies are short, and how long one is
 * cannot be foreseen, so the first bytes are copied wanted or not: up to 32 behind the copy are written, too. */
static inline uint8_t *copy_match(uint8_t *out, size_t distance, size_t length) {
    const uint8_t *from = out - distance;
    uint8_t *end = out + length;
    if (distance >= 8) {
        for (int i = 0; i < 4; i++, out += 8, from += 8)
            memcpy(out, from, 8);
        if (out >= end)
            return end;
        if (distance >= 32)
            for (; out < end; out += 32, from += 32)
                memcpy(out, from, 32);
        else
            for (; out < end; out += 8, from += 8)
                memcpy(out, from, 8);
    } else {
        static const uint8_t whole[8] = {0, 8, 8, 6, 8, 5, 6, 7}; /* bytes of whole repetitions */
        uint64_t pattern = repeat(from, distance);
        for (int i = 0; i < 3; i++, out += whole[distance])
            memcpy(out, &pattern, 8);
        for (; out < end; out += whole[distance])
            memcpy(out, &pattern, 8);
    }
    return end;
}

static inline uint32_t look_up(const uint32_t *table, unsigned n_bits, const Bits *bits) {
    return table[bits_low(bits->bits, n_bits)];
}

/* Where an entry says that it goes on in another table, that one's. */
static inline uint32_t follow(const uint32_t *table, unsigned more_bits, uint32_t entry, Bits *bits) {
    if (!(entry & ENTRY_TABLE))
        return entry;
    bits_drop(bits, entry & ENTRY_BITS);
    return look_up(table + (entry >> 16), more_bits, bits);
}

/* An entry's base, and what the bits behind its code add to that. */
static inline size_t take_number(uint32_t entry, Bits *bits) {
    size_t number = (entry >> 16) + (bits_low(bits->bits, entry & ENTRY_BITS) >> (entry >> 8 & 15));
    bits_drop(bits, entry & ENTRY_BITS);
    return number;
}

static inline void look_up_next(Coder *coder) {
    coder->entry = look_up(coder->literals, LITERAL_BITS, &coder->bits);
}

static inline void put_literal(Coder *coder) {
    *coder->out++ = (uint8_t)(coder->entry >> 16);
    bits_drop(&coder->bits, coder->entry & ENTRY_BITS);
    look_up_next(coder);
}

/* Makes one copy, or up to three literals. There are 64 bits at hand when it begins; a copy and the entry behind it need
 * 15 + 5 + 15 + 13 + 11 of them. */
static inline __attribute__((always_inline)) CoderState coder_step(Coder *coder) {
    Bits *bits = &coder->bits;
    if (coder->out >= coder->stop || bits->in >= coder->in_stop)
        return CODER_STOPPED;
    if (coder->entry & ENTRY_LITERAL) {
        put_literal(coder);
        if (coder->entry & ENTRY_LITERAL) {
            put_literal(coder);
            if (coder->entry & ENTRY_LITERAL) {
                put_literal(coder);
                bits_refill(bits);
                return CODER_GOING;
            }
        }
        bits_refill(bits);
    }
    if (G_UNLIKELY(coder->entry & ENTRY_SPECIAL)) {
        coder->entry = follow(coder->literals, coder->literal_more_bits, coder->entry, bits);
        if (coder->entry & ENTRY_LITERAL) {
            put_literal(coder);
            bits_refill(bits);
            return CODER_GOING;
        }
        if (G_UNLIKELY(coder->entry & ENTRY_SPECIAL)) {
            bits_drop(bits, coder->entry & ENTRY_BITS);
            return coder->entry & ENTRY_END ? CODER_END : CODER_INVALID;
        }
    }
    size_t length = take_number(coder->entry, bits);
    uint32_t entry = look_up(coder->distances, DISTANCE_BITS, bits);
    if (G_UNLIKELY(entry & ENTRY_SPECIAL))
        entry = follow(coder->distances, coder->distance_more_bits, entry, bits);
    size_t distance = take_number(entry, bits);
    if (G_UNLIKELY(entry & ENTRY_SPECIAL) || distance > (size_t)(coder->out - coder->first))
        return CODER_INVALID;
    look_up_next(coder);
    bits_refill(bits);
    coder->out = copy_match(coder->out, distance, length);
    return CODER_GOING;
}

static inline __attribute__((always_inline)) CoderState run_any(Coder *coder) {
    Coder here = *coder; /* which the compiler keeps in registers */
    bits_refill(&here.bits);
    look_up_next(&here);
    CoderState state;
    do
        state = coder_step(&here);
    while (state == CODER_GOING);
    *coder = here;
    return state;
}

static CoderState run_plain(Coder *coder) {
    return run_any(coder);
}

#ifdef __x86_64__

/* The same, with shifts that do not have to go through one register, and wider copies. */
__attribute__((target("avx2,bmi,bmi2"))) static CoderState run_bmi2(Coder *coder) {
    return run_any(coder);
}

CoderState coder_run(Coder *coder) {
    bool has_bmi2 = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2");
    return has_bmi2 ? run_bmi2(coder) : run_plain(coder);
}

#else

CoderState coder_run(Coder *coder) {
    return run_plain(coder);
}

#endif
