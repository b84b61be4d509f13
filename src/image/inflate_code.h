/* The prefix codes of deflate (RFC 1951, 3.2.2) as tables: what the next bits of the input mean. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    LITERAL_CODES = 288, /* literals, the end of the block, lengths; the last two mean nothing */
    DISTANCE_CODES = 32, /* the last two mean nothing */
    LENGTH_CODES = 19,   /* of the lengths of the other codes */
    LONGEST_CODE = 15,   /* bits */
    /* With so many bits a table is looked into. Longer codes go on in a table of their own behind it; at least two share
     * each of these. */
    LITERAL_BITS = 11,
    DISTANCE_BITS = 8,
    LENGTH_BITS = 7,
    LITERAL_TABLE = (1 << LITERAL_BITS) + LITERAL_CODES / 2 * (1 << (LONGEST_CODE - LITERAL_BITS)),
    DISTANCE_TABLE = (1 << DISTANCE_BITS) + DISTANCE_CODES / 2 * (1 << (LONGEST_CODE - DISTANCE_BITS)),
    LENGTH_TABLE = 1 << LENGTH_BITS,
};

/* An entry of a table. Bits 0-5 are how many bits it takes from the input, and above that:
 *
 *     ENTRY_LITERAL   and the byte at 16
 *     ENTRY_SPECIAL   and ENTRY_TABLE: it goes on in the table that begins with the entry whose number is at 16;
 *                     or ENTRY_END: the end of the block; or neither: no code
 *     a number        its base at 16, and at 8-11 how many of the bits are the code's; those behind it are added */
#define ENTRY_LITERAL (1u << 31)
#define ENTRY_SPECIAL (1u << 15)
#define ENTRY_TABLE (1u << 14)
#define ENTRY_END (1u << 13)
#define ENTRY_BITS 63

/* Build a table from the number of bits of each of n codes, 0 where there is none. False if these make no code, as zlib
 * has it: none may be left over, but of distances there may be a single code of one bit, or none; the end of a block must
 * have one. Longer codes go on in tables that are looked into with *out_more_bits. */
bool inflate_code_literals(uint32_t table[LITERAL_TABLE], unsigned *out_more_bits, const uint8_t *lengths, unsigned n);
bool inflate_code_distances(uint32_t table[DISTANCE_TABLE], unsigned *out_more_bits, const uint8_t *lengths,
                            unsigned n);

/* Here an entry's base is the symbol. */
bool inflate_code_lengths(uint32_t table[LENGTH_TABLE], const uint8_t lengths[LENGTH_CODES]);
