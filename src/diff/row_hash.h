/* Rows of pixels -> the hashes by strips that align.h asks for. The same row has the same hash on every machine. Any
 * thread. */
#pragma once

#include "diff/pixel.h"

#include <stddef.h>
#include <stdint.h>

/* How a picture is cut into strips of columns. */
typedef struct {
    int width, strip_width, n_strips; /* the last strip goes to the right edge */
} RowStrips;

RowStrips row_strips_of(int width);

/* Hashes a row: n_strips numbers. They are good, but not cryptographic: whoever wants a row to look equal to another one
 * can make it so. */
void row_hash(const RowStrips *strips, PixelFormat format, const uint8_t *row, uint64_t *out_hashes);
