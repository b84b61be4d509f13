#include "image/image.h"

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
