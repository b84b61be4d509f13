#include "image/image.h"

#include <string.h>

Image *image_new(int width, int height, bool has_alpha) {
    g_assert(width >= 1 && width <= IMAGE_MAX_SIDE && height >= 1 && height <= IMAGE_MAX_SIDE);
    g_assert((int64_t)width * height <= IMAGE_MAX_PIXELS);
    Image *image = g_new(Image, 1);
    image->width = width;
    image->height = height;
    image->has_alpha = has_alpha;
    image->pixels = g_malloc0((size_t)width * (size_t)height * 4);
    return image;
}

void image_free(Image *image) {
    if (!image)
        return;
    g_free(image->pixels);
    g_free(image);
}

uint8_t *image_row(const Image *image, int y) {
    return image->pixels + (size_t)y * (size_t)image->width * 4;
}

static void fill_row(uint8_t *row, int from, int to, const uint8_t color[4]) {
    for (int x = from; x < to; x++)
        memcpy(row + 4 * x, color, 4);
}

static void drop_alpha(uint8_t *row, int width) {
    for (int x = 0; x < width; x++)
        row[4 * x + 3] = 255;
}

Image *image_place(const Image *image, int width, int height, bool has_alpha, const uint8_t fill[4]) {
    Image *placed = image_new(width, height, has_alpha);
    for (int y = 0; y < height; y++) {
        uint8_t *row = image_row(placed, y);
        int copied = y < image->height ? MIN(width, image->width) : 0;
        if (copied > 0)
            memcpy(row, image_row(image, y), (size_t)copied * 4);
        fill_row(row, copied, width, fill);
        if (!has_alpha)
            drop_alpha(row, width);
    }
    return placed;
}
