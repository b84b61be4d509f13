/* Pictures in memory: 8 bits a channel, red green blue alpha, not premultiplied. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A larger picture is refused by its header, before anything is allocated for it: Chromium paints no side longer
 * than 32,767 px, and 300 Mpx are 1.2 GB of pixels here. */
enum { IMAGE_MAX_SIDE = 32767, IMAGE_MAX_PIXELS = 300 * 1000 * 1000 };

/* A rectangle of pixels, from the picture's top left corner. Width and height are at least 1. */
typedef struct {
    int x, y, width, height;
} Box;

typedef struct {
    int width, height; /* at least 1 each */
    bool has_alpha;    /* the file had an alpha channel or a transparent colour; else alpha is 255 */
    uint8_t *pixels;   /* width * height * 4 bytes, row after row from the top, without padding */
} Image;

/* Makes a picture of transparent black. The sides must be within the limits above. */
Image *image_new(int width, int height, bool has_alpha);
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* The first of the width * 4 bytes of row y. */
uint8_t *image_row(const Image *image, int y);
