#include "diff/rmse.h"

#include "image/png_reader.h"

#include <math.h>
#include <string.h>

enum { PALETTE_COLORS = 256 };

double rmse_root(uint64_t sum, uint64_t pixels, int channels) {
    return sqrt((double)sum / RMSE_UNIT / ((double)pixels * channels));
}

/* What is known of the pixels so far. */
typedef struct {
    bool opaque, grey;
    GHashTable *colors; /* set of pixels: at most one more than a palette holds */
    uint32_t last;      /* the pixel that was looked up last: mostly the next one is the same */
} Facts;

static void look_at(Facts *facts, const uint8_t *rgba, int width) {
    for (int x = 0; x < width && facts->opaque; x++) {
        const uint8_t *p = rgba + 4 * x;
        uint32_t pixel;
        memcpy(&pixel, p, sizeof pixel);
        if (pixel == facts->last)
            continue;
        facts->last = pixel;
        facts->opaque = p[3] == 255;
        facts->grey = facts->grey && p[0] == p[1] && p[1] == p[2];
        if (g_hash_table_size(facts->colors) <= PALETTE_COLORS)
            g_hash_table_add(facts->colors, GUINT_TO_POINTER(pixel));
    }
}

static bool alpha_is_dropped(const Facts *facts) {
    return facts->opaque && (facts->grey || g_hash_table_size(facts->colors) <= PALETTE_COLORS);
}

int rmse_channels(GBytes *reference_png, const PngFormat *run) {
    if (!run->has_alpha)
        return 3;
    g_autoptr(PngReader) reader = png_reader_open(reference_png, NULL);
    const PngFormat *format = reader ? png_reader_format(reader) : NULL;
    if (!reader || format->width < run->width || format->height < run->height)
        return 4; /* what is filled up is transparent */
    g_autoptr(GHashTable) colors = g_hash_table_new(NULL, NULL);
    Facts facts = {true, true, colors, UINT32_MAX}; /* opaque white, whatever the byte order */
    g_hash_table_add(colors, GUINT_TO_POINTER(UINT32_MAX));
    for (int y = 0; y < run->height && alpha_is_dropped(&facts); y++) {
        const uint8_t *rgba = png_reader_go_to(reader, y, NULL) ? png_reader_rgba(reader, NULL) : NULL;
        if (!rgba)
            break;
        look_at(&facts, rgba, run->width);
    }
    return alpha_is_dropped(&facts) ? 3 : 4;
}
