#include "diff/antialias.h"

#include "diff/yiq.h"

/* What pixelmatch looks for: more neighbours than this which are equal. */
enum { FEW = 2 };

/* All below is compiled once for each format, as a constant; else it takes half as long again. */
#define INLINE static inline __attribute__((always_inline))

/* One of the two pictures. */
typedef struct {
    const uint8_t *const *rows; /* those of the window */
    PixelFormat format;
    int width;
} Picture;

/* The eight pixels around one, or fewer at the edges of the picture. */
typedef struct {
    int left, right, top, bottom;
    bool cut; /* by an edge */
} Neighbours;

INLINE Neighbours neighbours_of(Picture picture, int x, int row) {
    Neighbours around = {
        .left = x > 0 ? x - 1 : x,
        .right = x < picture.width - 1 ? x + 1 : x,
        .top = picture.rows[row - 1] ? row - 1 : row,
        .bottom = picture.rows[row + 1] ? row + 1 : row,
    };
    around.cut = around.right - around.left < 2 || around.bottom - around.top < 2;
    return around;
}

/* A neighbour, and how much brighter the pixel in the middle is. */
typedef struct {
    double brightness;
    int x, row;
} Extreme;

/* Finds the brightest and the darkest neighbour; of several, the one farthest to the left, and then to the top.
 * Returns false if there are not both, or if too many are as bright as the pixel itself. */
INLINE bool find_extremes(Picture picture, int x, size_t index, Extreme *out_min, Extreme *out_max) {
    Neighbours around = neighbours_of(picture, x, ANTIALIAS_REACH);
    Pixel middle = pixel_at(picture.rows[ANTIALIAS_REACH], picture.format, (size_t)x);
    Extreme min = {0}, max = {0};
    int equal = around.cut;
    for (int column = around.left; column <= around.right; column++) {
        for (int row = around.top; row <= around.bottom; row++) {
            if (column == x && row == ANTIALIAS_REACH)
                continue;
            Pixel other = pixel_at(picture.rows[row], picture.format, (size_t)column);
            double brightness = yiq_brightness(yiq_subtract(middle, other, index));
            if (brightness == 0 && ++equal > FEW)
                return false;
            if (brightness < min.brightness)
                min = (Extreme){brightness, column, row};
            else if (brightness > max.brightness)
                max = (Extreme){brightness, column, row};
        }
    }
    *out_min = min;
    *out_max = max;
    return min.brightness < 0 && max.brightness > 0;
}

/* A pixel as one number, only to be compared. */
INLINE uint32_t bits_at(Picture picture, int x, int row) {
    Pixel p = pixel_at(picture.rows[row], picture.format, (size_t)x);
    return (uint32_t)p.red | (uint32_t)p.green << 8 | (uint32_t)p.blue << 16 | (uint32_t)p.alpha << 24;
}

/* Whether it lies in a plain area. */
INLINE bool has_many_siblings(Picture picture, Extreme of) {
    Neighbours around = neighbours_of(picture, of.x, of.row);
    uint32_t middle = bits_at(picture, of.x, of.row);
    int equal = around.cut - 1; /* because the pixel itself is counted below */
    for (int row = around.top; row <= around.bottom; row++)
        for (int x = around.left; x <= around.right; x++)
            equal += bits_at(picture, x, row) == middle;
    return equal > FEW;
}

INLINE bool is_antialiased(Picture picture, Picture other, int x, size_t index) {
    Extreme min, max;
    return find_extremes(picture, x, index, &min, &max) &&
           ((has_many_siblings(picture, min) && has_many_siblings(other, min)) ||
            (has_many_siblings(picture, max) && has_many_siblings(other, max)));
}

INLINE bool find(const AntialiasWindow *window, PixelFormat format, int x) {
    Picture reference = {window->reference, format, window->width}, run = {window->run, format, window->width};
    size_t index = window->index + (size_t)x;
    return is_antialiased(reference, run, x, index) || is_antialiased(run, reference, x, index);
}

bool antialias_find(const AntialiasWindow *window, int x) {
    return window->format == PIXEL_RGB ? find(window, PIXEL_RGB, x) : find(window, PIXEL_RGBA, x);
}
