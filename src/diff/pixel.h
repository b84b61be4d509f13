/* Pixels of a row as the file has them: RGB or RGBA, 8 bits a channel, alpha not premultiplied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What Chromium writes is RGB, and is compared without being widened. */
typedef enum { PIXEL_RGB = 3, PIXEL_RGBA = 4 } PixelFormat; /* the value is the bytes of a pixel */

typedef struct {
    int red, green, blue, alpha; /* 0 to 255; alpha is 255 in RGB */
} Pixel;

static inline Pixel pixel_at(const uint8_t *row, PixelFormat format, size_t x) {
    const uint8_t *p = row + (size_t)format * x;
    return (Pixel){p[0], p[1], p[2], format == PIXEL_RGBA ? p[3] : 255};
}

static inline bool pixel_equal(Pixel p, Pixel q) {
    return ((p.red ^ q.red) | (p.green ^ q.green) | (p.blue ^ q.blue) | (p.alpha ^ q.alpha)) == 0;
}
