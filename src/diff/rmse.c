#include "diff/rmse.h"

#include <math.h>
#include <string.h>

enum { PALETTE_COLORS = 256 };

double rmse_root(uint64_t sum, uint64_t pixels, int channels) {
    return sqrt((double)sum / RMSE_UNIT / ((double)pixels * channels));
}

static uint32_t pixel_at(const Image *image, size_t index) {
    uint32_t pixel;
    memcpy(&pixel, image->pixels + 4 * index, sizeof pixel);
    return pixel;
}

static bool is_opaque(const Image *image, size_t n_pixels) {
    for (size_t i = 0; i < n_pixels; i++)
        if (image->pixels[4 * i + 3] != 255)
            return false;
    return true;
}

static bool is_grey(const Image *image, size_t n_pixels) {
    for (size_t i = 0; i < n_pixels; i++) {
        const uint8_t *p = image->pixels + 4 * i;
        if (p[0] != p[1] || p[1] != p[2])
            return false;
    }
    return true;
}

static bool fits_a_palette_with_white(const Image *image, size_t n_pixels) {
    g_autoptr(GHashTable) colors = g_hash_table_new(NULL, NULL);
    uint32_t last = UINT32_MAX; /* opaque white, whatever the byte order */
    g_hash_table_add(colors, GUINT_TO_POINTER(last));
    for (size_t i = 0; i < n_pixels && g_hash_table_size(colors) <= PALETTE_COLORS; i++) {
        uint32_t pixel = pixel_at(image, i);
        if (pixel != last)
            g_hash_table_add(colors, GUINT_TO_POINTER(pixel));
        last = pixel;
    }
    return g_hash_table_size(colors) <= PALETTE_COLORS;
}

int rmse_channels(const Image *reference, const Image *run) {
    size_t n_pixels = (size_t)reference->width * (size_t)reference->height;
    if (!run->has_alpha)
        return 3;
    bool alpha_dropped = is_opaque(reference, n_pixels) &&
                         (is_grey(reference, n_pixels) || fits_a_palette_with_white(reference, n_pixels));
    return alpha_dropped ? 3 : 4;
}
