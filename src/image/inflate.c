#include "image/inflate.h"

#include "image/inflate_bits.h"
#include "image/inflate_code.h"
#include "image/inflate_coder.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

enum {
    INPUT_BYTES = 16 * 1024,
    /* More than the header of a block takes: with less at hand more is fetched. Where there is no more, so many zeros
     * stand behind the input. */
    LOW_INPUT = 1024,
};
G_STATIC_ASSERT((int)INFLATE_AHEAD >= (int)CODER_OVERSHOOT && (int)LOW_INPUT > 2 * (int)CODER_LOOK_AHEAD);

typedef enum { BLOCK_FIRST, BLOCK_NEXT, BLOCK_STORED, BLOCK_CODED, BLOCK_DONE, BLOCK_INVALID } Block;

/* What codes mean. */
typedef struct {
    unsigned literal_more_bits, distance_more_bits;
    uint32_t literals[LITERAL_TABLE];
    uint32_t distances[DISTANCE_TABLE];
} Tables;

struct Inflate {
    InflateSource source;
    void *from;
    Bits bits;
    const uint8_t *end; /* of the input */
    bool is_all;        /* nothing comes behind that */
    Block block;        /* the one at hand, or what there is instead */
    bool is_last;
    size_t stored_left;   /* bytes of a stored block */
    size_t n_made;        /* bytes in all, up to INFLATE_HISTORY */
    size_t n_ahead;       /* how many of them nobody asked for yet */
    const Tables *tables; /* of the block at hand: own, or those of fixed codes */
    Tables own;
    uint8_t input[INPUT_BYTES + LOW_INPUT];
};

Inflate *inflate_new(InflateSource source, void *from) {
    Inflate *inflate = g_malloc(sizeof *inflate);
    memset(inflate, 0, offsetof(Inflate, own));
    inflate->source = source;
    inflate->from = from;
    inflate->bits.in = inflate->end = inflate->input;
    return inflate;
}

void inflate_free(Inflate *inflate) {
    g_free(inflate);
}

/* Input. */

/* Makes room behind what is left of the input, and fetches more. */
static bool fetch(Inflate *inflate, GError **error) {
    bits_give_back(&inflate->bits);
    size_t size = (size_t)(inflate->end - inflate->bits.in), more = 0;
    memmove(inflate->input, inflate->bits.in, size);
    do {
        if (!inflate->source(inflate->from, inflate->input + size, INPUT_BYTES - size, &more, error))
            return false;
        size += more;
    } while (more > 0 && size < LOW_INPUT);
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

/* Beginnings. False if they are invalid. */

/* RFC 1950, 2.2: deflate with a window of at most 32 KB, a check, and no dictionary. */
static bool begin_stream(Inflate *inflate) {
    unsigned method = bits_take(&inflate->bits, 8), flags = bits_take(&inflate->bits, 8);
    inflate->block = BLOCK_NEXT;
    return (method & 15) == 8 && method >> 4 <= 7 && (method << 8 | flags) % 31 == 0 && !(flags & 0x20);
}

/* RFC 1951, 3.2.4. */
static bool begin_stored(Inflate *inflate) {
    bits_align(&inflate->bits);
    unsigned size = bits_take(&inflate->bits, 16), check = bits_take(&inflate->bits, 16);
    bits_align(&inflate->bits);
    if (size != (check ^ 0xffff))
        return false;
    inflate->stored_left = size;
    return true;
}

static bool build_tables(Tables *tables, const uint8_t *lengths, unsigned n_literals, unsigned n_distances) {
    return inflate_code_literals(tables->literals, &tables->literal_more_bits, lengths, n_literals) &&
           inflate_code_distances(tables->distances, &tables->distance_more_bits, lengths + n_literals, n_distances);
}

static Tables fixed;
static pthread_once_t fixed_once = PTHREAD_ONCE_INIT;

/* RFC 1951, 3.2.6. */
static void build_fixed(void) {
    uint8_t lengths[LITERAL_CODES + DISTANCE_CODES];
    memset(lengths, 8, LITERAL_CODES);
    memset(lengths + 144, 9, 256 - 144);
    memset(lengths + 256, 7, 280 - 256);
    memset(lengths + LITERAL_CODES, 5, DISTANCE_CODES);
    g_assert(build_tables(&fixed, lengths, LITERAL_CODES, DISTANCE_CODES));
}

/* A block may have no more than 10 bits, so it must not take longer to begin than that. */
static bool begin_fixed(Inflate *inflate) {
    pthread_once(&fixed_once, build_fixed);
    inflate->tables = &fixed;
    return true;
}

/* The lengths of n codes, written in a code whose table is at hand. From symbol 16 on they repeat something. */
static bool read_lengths(Bits *bits, const uint32_t table[LENGTH_TABLE], uint8_t *lengths, unsigned n) {
    for (unsigned i = 0; i < n;) {
        bits_refill(bits);
        uint32_t entry = table[bits_low(bits->bits, LENGTH_BITS)];
        bits_drop(bits, entry & ENTRY_BITS);
        uint32_t symbol = entry >> 16;
        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && i == 0)
            return false;
        int repeated = symbol == 16 ? lengths[i - 1] : 0;
        unsigned times = symbol == 16   ? 3 + bits_take(bits, 2)
                         : symbol == 17 ? 3 + bits_take(bits, 3)
                                        : 11 + bits_take(bits, 7);
        if (times > n - i)
            return false;
        memset(lengths + i, repeated, times);
        i += times;
    }
    return true;
}

/* RFC 1951, 3.2.7. */
static bool begin_dynamic(Inflate *inflate) {
    static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint32_t table[LENGTH_TABLE];
    uint8_t lengths[LITERAL_CODES + DISTANCE_CODES], of_lengths[LENGTH_CODES] = {0};
    Bits *bits = &inflate->bits;
    unsigned n_literals = 257 + bits_take(bits, 5), n_distances = 1 + bits_take(bits, 5);
    unsigned n_lengths = 4 + bits_take(bits, 4);
    inflate->tables = &inflate->own;
    for (unsigned i = 0; i < n_lengths; i++)
        of_lengths[order[i]] = (uint8_t)bits_take(bits, 3);
    return n_literals <= LITERAL_CODES - 2 && n_distances <= DISTANCE_CODES - 2 &&
           inflate_code_lengths(table, of_lengths) && read_lengths(bits, table, lengths, n_literals + n_distances) &&
           build_tables(&inflate->own, lengths, n_literals, n_distances);
}

static bool begin_block(Inflate *inflate) {
    static const struct {
        Block block;
        bool (*begin)(Inflate *inflate);
    } types[] = {{BLOCK_STORED, begin_stored}, {BLOCK_CODED, begin_fixed}, {BLOCK_CODED, begin_dynamic}};
    inflate->is_last = bits_take(&inflate->bits, 1);
    unsigned type = bits_take(&inflate->bits, 2);
    if (type >= G_N_ELEMENTS(types))
        return false;
    inflate->block = types[type].block;
    return types[type].begin(inflate);
}

static void end_block(Inflate *inflate) {
    inflate->block = inflate->is_last ? BLOCK_DONE : BLOCK_NEXT;
}

/* Reading. */

/* What is being made. */
typedef struct {
    Inflate *inflate;
    uint8_t *at;          /* behind what was made */
    const uint8_t *stop;  /* where it is complete */
    const uint8_t *first; /* no copy may come from in front of it */
    bool has_broken_off;
} Reading;

static void copy_stored(Reading *reading) {
    Inflate *inflate = reading->inflate;
    size_t there = (size_t)MAX(inflate->end - inflate->bits.in, 0);
    size_t size = MIN(MIN(inflate->stored_left, there), (size_t)(reading->stop - reading->at));
    memcpy(reading->at, inflate->bits.in, size);
    reading->at += size;
    inflate->bits.in += size;
    inflate->stored_left -= size;
    if (inflate->stored_left == 0)
        end_block(inflate);
}

/* Goes on to where codes are to be decoded, if they are, before all is made or the data end in whatever way. Fails as the
 * source does. */
static bool go_to_codes(Reading *reading, GError **error) {
    Inflate *inflate = reading->inflate;
    while (reading->at < reading->stop && !reading->has_broken_off) {
        bool is_low = inflate->end - inflate->bits.in < LOW_INPUT && !inflate->is_all;
        if (is_low && !fetch(inflate, error))
            return false;
        switch (inflate->block) {
        case BLOCK_FIRST:
            if (!begin_stream(inflate))
                inflate->block = BLOCK_INVALID;
            break;
        case BLOCK_NEXT:
            if (!begin_block(inflate))
                inflate->block = BLOCK_INVALID;
            break;
        case BLOCK_STORED:
            copy_stored(reading);
            break;
        case BLOCK_CODED:
        case BLOCK_DONE:
        case BLOCK_INVALID:
            return true;
        }
        reading->has_broken_off = has_broken_off(inflate);
    }
    return true;
}

static bool wants_codes(const Reading *reading) {
    return reading->inflate->block == BLOCK_CODED && reading->at < reading->stop && !reading->has_broken_off;
}

static Coder coder_for(const Reading *reading) {
    const Inflate *inflate = reading->inflate;
    return (Coder){
        .bits = inflate->bits,
        .out = reading->at,
        .stop = reading->stop,
        .first = reading->first,
        /* At the end of all it is read on, until it is sure that something is missing. */
        .in_stop = inflate->is_all ? inflate->end + CODER_LOOK_AHEAD / 2 : inflate->end - CODER_LOOK_AHEAD,
        .literals = inflate->tables->literals,
        .distances = inflate->tables->distances,
        .literal_more_bits = inflate->tables->literal_more_bits,
        .distance_more_bits = inflate->tables->distance_more_bits,
    };
}

/* What was made of bits that are not there does not count. */
static void take_from_coder(Reading *reading, const Coder *coder, CoderState state) {
    Inflate *inflate = reading->inflate;
    inflate->bits = coder->bits;
    if (state == CODER_END)
        end_block(inflate);
    else if (state == CODER_INVALID)
        inflate->block = BLOCK_INVALID;
    reading->has_broken_off = has_broken_off(inflate);
    if (!reading->has_broken_off)
        reading->at = coder->out;
}

bool inflate_read(Inflate *inflate, uint8_t *out, size_t size, size_t *out_size, GError **error) {
    uint8_t *at = out + inflate->n_ahead;
    Reading reading = {inflate, at, out + size, at - inflate->n_made, false};
    for (;;) {
        if (!go_to_codes(&reading, error))
            return false;
        if (!wants_codes(&reading))
            break;
        Coder coder = coder_for(&reading);
        take_from_coder(&reading, &coder, coder_run(&coder));
    }
    if (inflate->block == BLOCK_INVALID && reading.at < reading.stop && !reading.has_broken_off) {
        error_set(error, ERROR_INVALID, "corrupt: invalid compressed data");
        return false;
    }
    *out_size = MIN((size_t)(reading.at - out), size);
    inflate->n_made = MIN((size_t)(reading.at - reading.first), INFLATE_HISTORY);
    inflate->n_ahead = (size_t)(reading.at - out) - *out_size;
    return true;
}

bool inflate_has_ended(const Inflate *inflate) {
    return inflate->block == BLOCK_DONE && inflate->n_ahead == 0;
}
