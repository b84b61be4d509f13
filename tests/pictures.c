#include "pictures.h"

#include <png.h>
#include <string.h>

/* Each pixel without its alpha. */
static uint8_t *to_rgb(const Image *image) {
    size_t n_pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *rgb = g_malloc(3 * n_pixels);
    for (size_t i = 0; i < n_pixels; i++)
        memcpy(rgb + 3 * i, image->pixels + 4 * i, 3);
    return rgb;
}

GBytes *pictures_encode(const Image *image) {
    png_image facts = {.version = PNG_IMAGE_VERSION};
    facts.width = (png_uint_32)image->width;
    facts.height = (png_uint_32)image->height;
    facts.format = image->has_alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
    g_autofree uint8_t *rgb = image->has_alpha ? NULL : to_rgb(image);
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(facts);
    uint8_t *file = g_malloc(size);
    g_assert_true(png_image_write_to_memory(&facts, file, &size, 0, rgb ? rgb : image->pixels, 0, NULL));
    return g_bytes_new_take(file, size);
}

static void fill_row(uint8_t *row, int from, int to, const uint8_t fill[4]) {
    for (int x = from; x < to; x++)
        memcpy(row + 4 * x, fill, 4);
}

static void drop_alpha(uint8_t *row, int width) {
    for (int x = 0; x < width; x++)
        row[4 * x + 3] = 255;
}

Image *pictures_place(const Image *image, int width, int height, bool has_alpha, const uint8_t fill[4]) {
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
