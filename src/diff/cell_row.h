/* Eight pixels of a row, as they are added to a cell of change_map.h: how different they are, and their part of the
 * fingerprint. Any thread. */
#pragma once

#include "diff/fingerprint.h"
#include "diff/pixel.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t bits;                          /* bit i: pixel i has changed; the others count as equal */
    uint64_t color_squares, alpha_squares; /* the sums of those of rmse.h */
    PrintSum print;                        /* without the factor of the row */
} CellRow;

/* Looks at pixels of a row of two pictures, from x on, of which eight, or at least as many as bits are, are in the row.
 * columns are the factors for x and what follows. This is the definition. */
CellRow cell_row_plain(const uint8_t *reference, const uint8_t *run, PixelFormat format, uint8_t bits,
                       const uint32_t *const columns[2]);

typedef CellRow CellRowKernel(const uint8_t *reference, const uint8_t *run, PixelFormat format, uint8_t bits,
                              const uint32_t *const columns[2]);

/* The fastest kernel that this processor runs, which comes to the same; all eight pixels must be in the row. */
CellRowKernel *cell_row_kernel(void);
