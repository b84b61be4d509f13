/* A PNG file as the row of chunks that it is: what can be known and changed without decoding. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the first chunk stands: behind the signature. */
enum { PNG_FIRST_CHUNK = 8 };

typedef struct {
    char type[5];        /* four ASCII letters: "IHDR" */
    const uint8_t *data; /* size bytes, borrowed from the file */
    size_t size;
    size_t end; /* the offset in the file of what follows the chunk */
} PngChunk;

/* Reads the chunk that starts at an offset of the file, and verifies its checksum. Fails with ERROR_INVALID if it is
 * not whole or not right. Any thread. */
bool png_chunk_at(GBytes *png, size_t offset, PngChunk *out_chunk, GError **error) MUST_CHECK;

/* Whether a chunk other than the first may stand before, or among or behind the pixels. What has a capital letter first must
 * be understood, and we know IHDR, which is the first, PLTE, IDAT and IEND; behind the pixels nothing more may be said of
 * them. Fails with ERROR_INVALID. Any thread. */
bool png_chunk_check_order(const PngChunk *chunk, bool behind_pixels, GError **error) MUST_CHECK;

/* Appends a whole chunk to bytes. type is four ASCII letters. Any thread. */
void png_chunk_append(GByteArray *bytes, const char *type, const void *data, size_t size);

/* A big-endian number of 32 bits, as PNG has them. */
uint32_t png_chunk_number(const uint8_t *data);
