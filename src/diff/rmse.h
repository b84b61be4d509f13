/* How different two pixels are, and the one number that the old tool made of all of them: its "distortion".
 *
 * It ran ImageMagick 6, on the reference and the run:
 *
 *     composite -compose src -gravity NorthWest reference run ref_resized
 *     compare -verbose -metric RMSE -highlight-color Red -compose Src ref_resized run diff.png
 *
 * and read the number in brackets behind "all:". That is, for pixels p of the reference and q of the run with
 * alphas a and b, all from 0 to 1 (magick/compare.c, GetMeanSquaredDistortion()):
 *
 *     sqrt(sum over pixels of ((a*p - b*q)^2 for red, green and blue, + (a - b)^2 if n is 4) / (pixels * n))
 *
 * n is 4 if ref_resized has an alpha channel, else 3. It has one if the run has one, unless composite dropped it:
 * ImageMagick's PNG encoder keeps the alpha of an opaque picture only where this fits neither into grey nor into a
 * palette of 256. It adds its background colour to that palette, which is white, so 256 colours fit only if white is
 * among them, and else 255.
 *
 * tests/program/test_distortion.py asks ImageMagick. When this was written, 16,000 random pairs of 22 pixel formats
 * agreed to the last digit printed; without the background, 36 of 15,000 did not, all of exactly 256 colours.
 *
 * Not followed: 16 bits a channel, which ImageMagick compares as they are, and we at 8 bits, so that about three
 * digits agree (all of them where the file holds 8-bit pixels, each written twice); and a bKGD chunk in the run, which
 * names another background.
 *
 * With channels of 0 to 255 all of this is whole numbers: the squares below are in units of 1/RMSE_UNIT, and their
 * sum over the largest picture, 3e8 pixels * 4 * 65025^2 = 5.1e18, fits into 64 bits. So it is exact, in any order. */
#pragma once

#include "image/png_rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* (255 * 255)^2: what the square of black against white is, in one channel. */
#define RMSE_UNIT (65025.0 * 65025.0)

static inline uint64_t rmse_square_of(int difference) {
    return (uint64_t)((int64_t)difference * difference);
}

/* The squared difference of two RGBA pixels in red, green and blue together. */
static inline uint64_t rmse_of_colors(const uint8_t *p, const uint8_t *q) {
    uint64_t sum = 0;
    for (int channel = 0; channel < 3; channel++)
        sum += rmse_square_of(p[3] * p[channel] - q[3] * q[channel]);
    return sum;
}

/* The squared difference in alpha. Together with that of the colours it is 0 if and only if the pixels look alike on
 * any ground. */
static inline uint64_t rmse_of_alpha(const uint8_t *p, const uint8_t *q) {
    return rmse_square_of(255 * (p[3] - q[3]));
}

/* Adds up both squares of all pixels of a row: n pixels of 3 or 4 channels of two pictures. */
void rmse_add_row(const uint8_t *reference, const uint8_t *run, int channels, size_t n, uint64_t *inout_color_sum,
                  uint64_t *inout_alpha_sum);

/* The root of the mean of so many channels of so many pixels, whose squares sum up to sum; 0 to 1. */
double rmse_root(uint64_t sum, uint64_t pixels, int channels);

/* n of the formula above, 3 or 4, for a reference, a PNG that can be decoded, on the canvas of a run. Looks only as far
 * into the reference as it takes to know. */
int rmse_channels(GBytes *reference_png, const PngFormat *run);
