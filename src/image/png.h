/* PNG files: decoding with limits, encoding, and the notes that a file carries beside its pixels. All functions: any
 * thread. */
#pragma once

#include "image/image.h"

/* What a PNG's header says. */
typedef struct {
    int width, height;
    int bit_depth;
    int color_type; /* 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA, as in the PNG specification */
} PngHeader;

/* Reads the header alone. Fails with ERROR_INVALID for what is no PNG (and says what it is, for a JPEG, a WebP or a
 * GIF), and for a size beyond the limits of image.h. */
bool png_read_header(GBytes *png, PngHeader *out_header, GError **error) MUST_CHECK;

/* Decodes any PNG. Fails with ERROR_INVALID, naming what is wrong, if it is truncated or corrupt in any chunk. */
Image *png_decode(GBytes *png, GError **error) MUST_CHECK;

/* Encodes as RGBA, or RGB for a picture without alpha. The same picture gives the same bytes. */
GBytes *png_encode(const Image *image, GError **error) MUST_CHECK;

/* Returns the same file with a tEXt chunk "key: text" right behind its header, without touching its pixels; key is 1
 * to 79 Latin-1 letters. Fails with ERROR_INVALID for what is no PNG. */
GBytes *png_add_note(GBytes *png, const char *key, const char *text, GError **error) MUST_CHECK;

/* The text of the first tEXt chunk with this key before the pixels, or NULL if there is none. The caller frees it. */
char *png_find_note(GBytes *png, const char *key);
