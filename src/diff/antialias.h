/* Is a pixel that changed just the edge of a shape, drawn a little differently? pixelmatch 7's answer, to the pixel.
 *
 * V. Vysniauskas, "Anti-aliased pixel and intensity slope detector", Elektronika ir Elektrotechnika 95(7), 2009, as
 * written in pixelmatch 7.2.0, index.js, antialiased(): a pixel is antialiased if at most two of its eight neighbours
 * are as bright as it, some are brighter and some darker, and either the brightest or the darkest of them has, in both
 * pictures, at least three neighbours of its own colour. (Where a picture ends counts as one such neighbour.)
 *
 * Pixels next to each other are compared as in yiq.h. What this hides, and that it hides more than noise, is in
 * docs/diff.md. */
#pragma once

#include "diff/pixel.h"

#include <stdbool.h>

/* Rows above and below the one in the middle which the answer depends on. */
enum { ANTIALIAS_REACH = 2, ANTIALIAS_ROWS = 2 * ANTIALIAS_REACH + 1 };

/* The rows y - 2 to y + 2 of two pictures of one size: all that a stream needs to keep. */
typedef struct {
    /* Whole rows, without padding; NULL for those above the top or below the bottom, in both. */
    const uint8_t *reference[ANTIALIAS_ROWS], *run[ANTIALIAS_ROWS];
    PixelFormat format; /* of both */
    int width;
    size_t index; /* of the first pixel of the row in the middle: y * width. Matters where alpha is below 255 */
} AntialiasWindow;

/* Whether pixel x of the row in the middle, which differs, is antialiased in either picture. Takes about 100 ns. Any
 * thread. */
bool antialias_find(const AntialiasWindow *window, int x);
