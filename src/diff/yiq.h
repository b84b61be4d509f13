/* How different two colours are in YIQ, the colours of NTSC television: what pixelmatch 7, and by it most tools of this
 * kind, compute. Source: Yu. Kotsarenko, F. Ramos, "Measuring perceived color difference using YIQ NTSC transmission
 * color space in mobile applications" (2010), as written in pixelmatch 7.2.0, index.js, colorDelta() and
 * brightnessDelta().
 *
 * Each operation on doubles is pixelmatch's, in its order, so that the results are its own to the last bit (the build
 * forbids the compiler to contract them). tests/web/pixelmatch.mjs asks pixelmatch. */
#pragma once

#include "diff/pixel.h"

/* What yiq_delta() is at most; pixelmatch's number. */
#define YIQ_MAX_DELTA 35215.0

/* The difference of two colours in sRGB, -255 to 255 each. */
typedef struct {
    double red, green, blue;
} YiqStep;

/* A shade of the background that pixelmatch lays below pixels which are not opaque: 48 or 207 by the number of the
 * byte in its buffer, of which `spread` makes a pattern that no picture is likely to have. */
static inline int yiq_background(size_t index, double spread) {
    return 48 + 159 * (int)((int64_t)(4.0 * (double)index / spread) % 2);
}

/* Pixels over their background, p less q. index is the place, y * width + x, that this depends on. Red is always on
 * 48, because pixelmatch asks whether the number of the first of four bytes is odd. */
static inline YiqStep yiq_subtract(Pixel p, Pixel q, size_t index) {
    if (p.alpha == 255 && q.alpha == 255)
        return (YiqStep){p.red - q.red, p.green - q.green, p.blue - q.blue};
    int alpha = p.alpha - q.alpha;
    return (YiqStep){
        .red = (p.red * p.alpha - q.red * q.alpha - 48 * alpha) / 255.0,
        .green = (p.green * p.alpha - q.green * q.alpha - yiq_background(index, 1.618033988749895) * alpha) / 255.0,
        .blue = (p.blue * p.alpha - q.blue * q.alpha - yiq_background(index, 2.618033988749895) * alpha) / 255.0,
    };
}

/* The difference in brightness, -255 to 255. */
static inline double yiq_brightness(YiqStep step) {
    return step.red * 0.29889531 + step.green * 0.58662247 + step.blue * 0.11448223;
}

/* The square of the distance, 0 to YIQ_MAX_DELTA. */
static inline double yiq_delta(YiqStep step) {
    double y = yiq_brightness(step);
    double i = step.red * 0.59597799 - step.green * 0.27417610 - step.blue * 0.32180189;
    double q = step.red * 0.21147017 - step.green * 0.52261711 + step.blue * 0.31114694;
    return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q;
}
