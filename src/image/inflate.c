#include "image/inflate.h"

#include "image/inflate_code.h"

#include <glib.h>
#include <string.h>

enum {
    INPUT_BYTES = 64 * 1024,
    /* More than the header of a block takes: with less at hand more is fetched. Where there is no more, so many zeros
     * stand behind the input. */
    LOW_INPUT = 1024,
    /* How far from the end of the input decoding stops, which reads eight bytes at a time, twice a turn. */
    LOOK_AHEAD = 32,
};

/* What is next in the input, its lowest bit first. Above the n of them there may be some that are in front of in, too. */
typedef struct {
    uint64_t bits;
    unsigned n;
    const uint8_t *in;
} Bits;

typedef enum { BLOCK_NONE, BLOCK_STORED, BLOCK_CODED, BLOCK_DONE } Block;

struct Inflate {
    InflateSource source;
    void *from;
    Bits bits;
    const uint8_t *end; /* of the input */
    bool is_all;        /* nothing comes behind that */
    bool has_begun;
    Block block;
    bool is_last;       /* the block at hand */
    size_t stored_left; /* bytes of a stored block */
    size_t n_made;      /* bytes in all, up to INFLATE_HISTORY */
    size_t n_ahead;     /* how many of them nobody asked for yet */
    unsigned literal_more_bits, distance_more_bits;
    uint32_t literals[LITERAL_TABLE];
    uint32_t distances[DISTANCE_TABLE];
    uint8_t input[INPUT_BYTES + LOW_INPUT];
};

Inflate *inflate_new(InflateSource source, void *from) {
    Inflate *inflate = g_malloc(sizeof *inflate);
    memset(inflate, 0, offsetof(Inflate, literals));
    inflate->source = source;
    inflate->from = from;
    inflate->bits.in = inflate->end = inflate->input;
    return inflate;
}

void inflate_free(Inflate *inflate) {
    g_free(inflate);
}

static bool invalid(GError **error) {
    error_set(error, ERROR_INVALID, "corrupt: invalid compressed data");
    return false;
}

/* Input. */

/* Makes room behind what is left of the input, and fills it. */
static bool fetch(Inflate *inflate, GError **error) {
    size_t size = (size_t)(inflate->end - inflate->bits.in), more = 0;
    memmove(inflate->input, inflate->bits.in, size);
    do {
        if (!inflate->source(inflate->from, inflate->input + size, INPUT_BYTES - size, &more, error))
            return false;
        size += more;
    } while (more > 0 && size < INPUT_BYTES);
    inflate->is_all = more == 0;
    inflate->bits.in = inflate->input;
    inflate->end = inflate->input + size;
    memset(inflate->input + size, 0, LOW_INPUT);
    return true;
}

/* Whether bits were taken that are not there, or there are no bytes where there should be. */
static bool has_broken_off(const Inflate *inflate) {
    ptrdiff_t behind = inflate->bits.in - inflate->end;
    return behind * 8 > (ptrdiff_t)inflate->bits.n || (behind >= 0 && inflate->is_all && inflate->stored_left > 0);
}

/* After it there are at least 56 bits. Those that were there above n are read again, and are the same. */
static inline void refill(Bits *bits) {
    uint64_t next;
    memcpy(&next, bits->in, sizeof next);
    bits->bits |= GUINT64_FROM_LE(next) << bits->n;
    bits->in += (63 - bits->n) >> 3;
    bits->n |= 56;
}

static inline uint64_t low_bits(uint64_t bits, unsigned n) {
    return bits & (((uint64_t)1 << n) - 1);
}

static inline void drop(Bits *bits, unsigned n) {
    bits->bits >>= n;
    bits->n -= n;
}

/* The next n bits, at most 16. */
static unsigned take(Bits *bits, unsigned n) {
    refill(bits);
    unsigned taken = (unsigned)low_bits(bits->bits, n);
    drop(bits, n);
    return taken;
}

/* The next whole byte becomes what in points to. */
static void align(Bits *bits) {
    bits->in -= bits->n >> 3;
    bits->bits = bits->n = 0;
}

/* How it begins. */

/* RFC 1950, 2.2: deflate with a window of at most 32 KB, a check, and no dictionary. */
static bool begin(Inflate *inflate, GError **error) {
    if (!fetch(inflate, error))
        return false;
    unsigned method = take(&inflate->bits, 8), flags = take(&inflate->bits, 8);
    inflate->has_begun = true;
    return ((method & 15) == 8 && method >> 4 <= 7 && (method << 8 | flags) % 31 == 0 && !(flags & 0x20)) ||
           invalid(error);
}

/* RFC 1951, 3.2.4. */
static bool begin_stored(Inflate *inflate, GError **error) {
    align(&inflate->bits);
    unsigned size = take(&inflate->bits, 16), check = take(&inflate->bits, 16);
    align(&inflate->bits);
    inflate->stored_left = size;
    return size == (check ^ 0xffff) || invalid(error);
}

static bool build_tables(Inflate *inflate, const uint8_t *lengths, int n_literals, int n_distances, GError **error) {
    return (inflate_code_literals(inflate->literals, &inflate->literal_more_bits, lengths, n_literals) &&
            inflate_code_distances(inflate->distances, &inflate->distance_more_bits, lengths + n_literals,
                                   n_distances)) ||
           invalid(error);
}

/* RFC 1951, 3.2.6. */
static bool begin_fixed(Inflate *inflate, GError **error) {
    uint8_t lengths[LITERAL_CODES + DISTANCE_CODES];
    memset(lengths, 8, LITERAL_CODES);
    memset(lengths + 144, 9, 256 - 144);
    memset(lengths + 256, 7, 280 - 256);
    memset(lengths + LITERAL_CODES, 5, DISTANCE_CODES);
    return build_tables(inflate, lengths, LITERAL_CODES, DISTANCE_CODES, error);
}

/* The lengths of n codes, written in a code whose table is at hand. From symbol 16 on they repeat something. */
static bool read_lengths(Bits *bits, const uint32_t table[LENGTH_TABLE], uint8_t *lengths, unsigned n) {
    for (unsigned i = 0; i < n;) {
        refill(bits);
        uint32_t entry = table[low_bits(bits->bits, LENGTH_BITS)];
        drop(bits, entry & ENTRY_BITS);
        uint32_t symbol = entry >> 16;
        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && i == 0)
            return false;
        int repeated = symbol == 16 ? lengths[i - 1] : 0;
        unsigned times = symbol == 16 ? 3 + take(bits, 2) : symbol == 17 ? 3 + take(bits, 3) : 11 + take(bits, 7);
        if (times > n - i)
            return false;
        memset(lengths + i, repeated, times);
        i += times;
    }
    return true;
}

/* RFC 1951, 3.2.7. */
static bool begin_dynamic(Inflate *inflate, GError **error) {
    static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint32_t table[LENGTH_TABLE];
    uint8_t lengths[LITERAL_CODES + DISTANCE_CODES], of_lengths[LENGTH_CODES] = {0};
    Bits *bits = &inflate->bits;
    unsigned n_literals = 257 + take(bits, 5), n_distances = 1 + take(bits, 5), n_lengths = 4 + take(bits, 4);
    for (unsigned i = 0; i < n_lengths; i++)
        of_lengths[order[i]] = (uint8_t)take(bits, 3);
    if (n_literals > LITERAL_CODES - 2 || n_distances > DISTANCE_CODES - 2 ||
        !inflate_code_lengths(table, of_lengths) || !read_lengths(bits, table, lengths, n_literals + n_distances))
        return invalid(error);
    return build_tables(inflate, lengths, (int)n_literals, (int)n_distances, error);
}

static bool begin_block(Inflate *inflate, GError **error) {
    static const struct {
        Block block;
        bool (*begin)(Inflate *inflate, GError **error);
    } types[] = {{BLOCK_STORED, begin_stored}, {BLOCK_CODED, begin_fixed}, {BLOCK_CODED, begin_dynamic}};
    inflate->is_last = take(&inflate->bits, 1);
    unsigned type = take(&inflate->bits, 2);
    if (type >= G_N_ELEMENTS(types))
        return invalid(error);
    inflate->block = types[type].block;
    return types[type].begin(inflate, error);
}

static void end_block(Inflate *inflate) {
    inflate->block = inflate->is_last ? BLOCK_DONE : BLOCK_NONE;
}

/* How it goes on. */

static void copy_stored(Inflate *inflate, uint8_t **inout, const uint8_t *stop) {
    size_t there = inflate->end > inflate->bits.in ? (size_t)(inflate->end - inflate->bits.in) : 0;
    size_t size = MIN(MIN(inflate->stored_left, there), (size_t)(stop - *inout));
    memcpy(*inout, inflate->bits.in, size);
    *inout += size;
    inflate->bits.in += size;
    inflate->stored_left -= size;
    if (inflate->stored_left == 0)
        end_block(inflate);
}

/* The first n bytes (n < 8) again and again, in eight. */
static inline uint64_t repeat(const uint8_t *bytes, size_t n) {
    static const uint64_t times[8] = {
        0x0000000000000000, 0x0101010101010101, 0x0001000100010001, 0x0001000001000001,
        0x0000000100000001, 0x0000010000000001, 0x0001000000000001, 0x0100000000000001,
    };
    uint64_t pattern;
    memcpy(&pattern, bytes, sizeof pattern);
    return GUINT64_TO_LE(low_bits(GUINT64_FROM_LE(pattern), 8 * (unsigned)n) * times[n]);
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
    return table[low_bits(bits->bits, n_bits)];
}

/* Where an entry says that it goes on in another table, that one's. */
static inline uint32_t follow(const uint32_t *table, unsigned more_bits, uint32_t entry, Bits *bits) {
    if (!(entry & ENTRY_TABLE))
        return entry;
    drop(bits, entry & ENTRY_BITS);
    return look_up(table + (entry >> 16), more_bits, bits);
}

static inline void put_literal(uint8_t **out, uint32_t entry, Bits *bits) {
    *(*out)++ = (uint8_t)(entry >> 16);
    drop(bits, entry & ENTRY_BITS);
}

/* An entry's base, and what the bits behind its code add to that. */
static inline size_t take_number(uint32_t entry, Bits *bits) {
    size_t number = (entry >> 16) + (low_bits(bits->bits, entry & ENTRY_BITS) >> (entry >> 8 & 15));
    drop(bits, entry & ENTRY_BITS);
    return number;
}

typedef enum { CODED_STOPPED, CODED_END, CODED_INVALID } Coded;

/* Until all that is wanted was made, and up to INFLATE_AHEAD more, or the input is low. No copy may come from in front of
 * first. */
static inline __attribute__((always_inline)) Coded decode_any(Inflate *inflate, uint8_t **inout, const uint8_t *stop,
                                                              const uint8_t *first) {
    /* At the end of all it is read on, until it is sure that something is missing. */
    const uint8_t *in_stop = inflate->is_all ? inflate->end + LOOK_AHEAD / 2 : inflate->end - LOOK_AHEAD;
    const uint32_t *literals = inflate->literals, *distances = inflate->distances;
    const unsigned literal_more_bits = inflate->literal_more_bits, distance_more_bits = inflate->distance_more_bits;
    Bits bits = inflate->bits;
    uint8_t *out = *inout;
    Coded result = CODED_STOPPED;
    refill(&bits);
    uint32_t entry = look_up(literals, LITERAL_BITS, &bits);
    while (out < stop && bits.in < in_stop) {
        if (entry & ENTRY_LITERAL) {
            put_literal(&out, entry, &bits);
            entry = look_up(literals, LITERAL_BITS, &bits);
            if (entry & ENTRY_LITERAL) {
                put_literal(&out, entry, &bits);
                entry = look_up(literals, LITERAL_BITS, &bits);
                if (entry & ENTRY_LITERAL) {
                    put_literal(&out, entry, &bits);
                    entry = look_up(literals, LITERAL_BITS, &bits);
                    refill(&bits);
                    continue;
                }
            }
            refill(&bits); /* a copy takes 48 bits at most */
        }
        if (G_UNLIKELY(entry & ENTRY_SPECIAL)) {
            entry = follow(literals, literal_more_bits, entry, &bits);
            if (entry & ENTRY_LITERAL) {
                put_literal(&out, entry, &bits);
                entry = look_up(literals, LITERAL_BITS, &bits);
                refill(&bits);
                continue;
            }
            if (G_UNLIKELY(entry & ENTRY_SPECIAL)) {
                drop(&bits, entry & ENTRY_BITS);
                result = entry & ENTRY_END ? CODED_END : CODED_INVALID;
                break;
            }
        }
        size_t length = take_number(entry, &bits);
        entry = look_up(distances, DISTANCE_BITS, &bits);
        if (G_UNLIKELY(entry & ENTRY_SPECIAL))
            entry = follow(distances, distance_more_bits, entry, &bits);
        size_t distance = take_number(entry, &bits);
        if (G_UNLIKELY(entry & ENTRY_SPECIAL) || distance > (size_t)(out - first)) {
            result = CODED_INVALID;
            break;
        }
        entry = look_up(literals, LITERAL_BITS, &bits);
        refill(&bits);
        out = copy_match(out, distance, length);
    }
    inflate->bits = bits;
    *inout = out;
    return result;
}

static Coded decode_plain(Inflate *inflate, uint8_t **inout, const uint8_t *stop, const uint8_t *first) {
    return decode_any(inflate, inout, stop, first);
}

#ifdef __x86_64__

/* The same, with shifts that do not have to go through one register, and wider copies. */
__attribute__((target("avx2,bmi,bmi2"))) static Coded decode_bmi2(Inflate *inflate, uint8_t **inout,
                                                                  const uint8_t *stop, const uint8_t *first) {
    return decode_any(inflate, inout, stop, first);
}

static Coded decode(Inflate *inflate, uint8_t **inout, const uint8_t *stop, const uint8_t *first) {
    bool has_bmi2 = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2");
    return (has_bmi2 ? decode_bmi2 : decode_plain)(inflate, inout, stop, first);
}

#else

static Coded decode(Inflate *inflate, uint8_t **inout, const uint8_t *stop, const uint8_t *first) {
    return decode_plain(inflate, inout, stop, first);
}

#endif

static bool step(Inflate *inflate, uint8_t **inout, const uint8_t *stop, const uint8_t *first, GError **error) {
    switch (inflate->block) {
    case BLOCK_NONE:
        return begin_block(inflate, error);
    case BLOCK_STORED:
        copy_stored(inflate, inout, stop);
        return true;
    case BLOCK_CODED: {
        Coded coded = decode(inflate, inout, stop, first);
        if (coded == CODED_END)
            end_block(inflate);
        return coded != CODED_INVALID || invalid(error);
    }
    case BLOCK_DONE:
        break;
    }
    return true;
}

bool inflate_read(Inflate *inflate, uint8_t *out, size_t size, size_t *out_size, GError **error) {
    uint8_t *at = out + inflate->n_ahead;
    const uint8_t *from = at, *stop = out + size, *first = at - inflate->n_made;
    if (!inflate->has_begun && !begin(inflate, error))
        return false;
    while (at < stop && inflate->block != BLOCK_DONE) {
        uint8_t *made = at;
        bool is_low = inflate->end - inflate->bits.in < LOW_INPUT && !inflate->is_all;
        if ((is_low && !fetch(inflate, error)) || !step(inflate, &made, stop, first, error))
            return false;
        if (has_broken_off(inflate))
            break;
        at = made;
    }
    inflate->n_made = MIN(inflate->n_made + (size_t)(at - from), INFLATE_HISTORY);
    inflate->n_ahead = at > stop ? (size_t)(at - stop) : 0;
    *out_size = MIN((size_t)(at - out), size);
    return true;
}
