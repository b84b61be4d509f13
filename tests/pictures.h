/* Pictures for tests: PNGs as another encoder than ours makes them, and pictures cut and filled up in the plainest way. */
#pragma once

#include "image/image.h"

/* Encodes by libpng, with all its filters, as RGBA, or RGB for a picture without alpha. The caller frees it. */
GBytes *pictures_encode(const Image *image);

/* A picture of another size with the same top left corner: cropped where smaller, filled with the four bytes of
 * fill (red, green, blue, alpha) where larger. Without has_alpha the alpha of image is dropped: colours stay what
 * they are, whatever shone through. The caller frees it. */
Image *pictures_place(const Image *image, int width, int height, bool has_alpha, const uint8_t fill[4]);
