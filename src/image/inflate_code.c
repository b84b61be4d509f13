#include "image/inflate_code.h"

#include <string.h>

enum { END_OF_BLOCK = 256 };

/* What symbols mean: an entry of a code of 0 bits. */

static uint32_t base_entry(int base, int more_bits) {
    return (uint32_t)base << 16 | (uint32_t)more_bits;
}

/* RFC 1951, 3.2.5: after the first eight, each four lengths have one bit more than those before. */
static uint32_t literal_meaning(int symbol) {
    if (symbol < END_OF_BLOCK)
        return ENTRY_LITERAL | (uint32_t)symbol << 16;
    if (symbol == END_OF_BLOCK)
        return ENTRY_SPECIAL | ENTRY_END;
    int i = symbol - END_OF_BLOCK - 1;
    if (i < 8)
        return base_entry(3 + i, 0);
    if (i < 28)
        return base_entry(3 + ((4 + i % 4) << (i / 4 - 1)), i / 4 - 1);
    return i == 28 ? base_entry(258, 0) : ENTRY_SPECIAL;
}

/* The same in pairs. */
static uint32_t distance_meaning(int symbol) {
    if (symbol < 4)
        return base_entry(1 + symbol, 0);
    if (symbol < 30)
        return base_entry(1 + ((2 + symbol % 2) << (symbol / 2 - 1)), symbol / 2 - 1);
    return ENTRY_SPECIAL;
}

static uint32_t length_meaning(int symbol) {
    return base_entry(symbol, 0);
}

/* Tables. */

static uint32_t entry_of(uint32_t meaning, int n_bits) {
    uint32_t bits = (uint32_t)n_bits;
    return meaning + bits + (meaning & ENTRY_LITERAL ? 0 : bits << 8);
}

/* Codes stand in the input from their highest bit on, all else from its lowest. */
static unsigned reversed(unsigned code, int n_bits) {
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
    code = (code & 0x00ff) << 8 | code >> 8;
    return code >> (16 - n_bits);
}

/* RFC 1951, 3.2.2: the first code of each length. False if there are more codes than bits for them, or less; one code of
 * one bit is enough for what may have that. */
static bool first_codes(unsigned first[LONGEST_CODE + 1], const uint8_t *lengths, unsigned n, bool may_be_one) {
    int count[LONGEST_CODE + 1] = {0};
    for (unsigned i = 0; i < n; i++)
        count[lengths[i]]++;
    int n_codes = (int)n - count[0], left = 1;
    unsigned code = 0;
    count[0] = 0;
    for (int bits = 1; bits <= LONGEST_CODE; bits++) {
        code = (code + (unsigned)count[bits - 1]) << 1;
        first[bits] = code;
        left = 2 * left - count[bits];
        if (left < 0)
            return false;
    }
    return left == 0 || (may_be_one && (n_codes == 0 || (n_codes == 1 && count[1] == 1)));
}

static int longest(const uint8_t *lengths, unsigned n) {
    int found = 0;
    for (unsigned i = 0; i < n; i++)
        found = lengths[i] > found ? lengths[i] : found;
    return found;
}

/* Writes the entry wherever its code is followed by other bits. */
static void spread(uint32_t *table, int table_bits, unsigned code, int n_bits, uint32_t meaning) {
    uint32_t entry = entry_of(meaning, n_bits);
    for (unsigned at = code; at < 1u << table_bits; at += 1u << n_bits)
        table[at] = entry;
}

/* Returns how many bits tables behind the first are looked into with, or -1 if there is no such code. */
static int build(uint32_t *table, int table_bits, const uint8_t *lengths, unsigned n, bool may_be_one,
                 uint32_t meaning(int symbol)) {
    unsigned next[LONGEST_CODE + 1];
    if (!first_codes(next, lengths, n, may_be_one))
        return -1;
    int more_bits = longest(lengths, n) - table_bits;
    unsigned end = 1u << table_bits;
    for (unsigned i = 0; i < end; i++)
        table[i] = ENTRY_SPECIAL;
    for (unsigned i = 0; i < n; i++) {
        int n_bits = lengths[i];
        if (n_bits == 0)
            continue;
        unsigned code = reversed(next[n_bits]++, n_bits);
        if (n_bits <= table_bits) {
            spread(table, table_bits, code, n_bits, meaning((int)i));
            continue;
        }
        uint32_t *head = &table[code & ((1u << table_bits) - 1)];
        if (*head == ENTRY_SPECIAL) {
            *head = ENTRY_SPECIAL | ENTRY_TABLE | end << 16 | (uint32_t)table_bits;
            end += 1u << more_bits;
        }
        spread(table + (*head >> 16), more_bits, code >> table_bits, n_bits - table_bits, meaning((int)i));
    }
    return more_bits > 0 ? more_bits : 0;
}

bool inflate_code_literals(uint32_t table[LITERAL_TABLE], unsigned *out_more_bits, const uint8_t *lengths, unsigned n) {
    int more_bits = n > END_OF_BLOCK && lengths[END_OF_BLOCK] > 0
                        ? build(table, LITERAL_BITS, lengths, n, true, literal_meaning)
                        : -1;
    if (more_bits < 0)
        return false;
    *out_more_bits = (unsigned)more_bits;
    return true;
}

bool inflate_code_distances(uint32_t table[DISTANCE_TABLE], unsigned *out_more_bits, const uint8_t *lengths,
                            unsigned n) {
    int more_bits = build(table, DISTANCE_BITS, lengths, n, true, distance_meaning);
    if (more_bits < 0)
        return false;
    *out_more_bits = (unsigned)more_bits;
    return true;
}

bool inflate_code_lengths(uint32_t table[LENGTH_TABLE], const uint8_t lengths[LENGTH_CODES]) {
    return build(table, LENGTH_BITS, lengths, LENGTH_CODES, false, length_meaning) >= 0;
}
