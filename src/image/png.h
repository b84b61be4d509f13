/* PNG files: decoding with limits, and the notes that a file carries beside its pixels. All functions: any
 * thread. */
#pragma once

#include "image/image.h"

/* The most bytes of a file that are worth reading: nearly 2 bytes a pixel of the largest picture that we take, where
 * screenshots have 0.1 to 0.5. For file_read(). */
enum { PNG_MAX_BYTES = 512 * 1024 * 1024 };

/* What a PNG's header says. */
typedef struct {
    int width, height; /* within the limits of image.h */
    int bit_depth;     /* 1, 2, 4, 8 or 16, of a channel or a palette's index */
    int color_type;    /* 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA */
    bool interlaced;
} PngHeader;

/* Reads the header alone. Fails with ERROR_INVALID for what is no PNG (and says what it is, for a JPEG, a WebP, a
 * GIF, a web page, a Git LFS pointer ...), and for a size beyond the limits of image.h. */
bool png_read_header(GBytes *png, PngHeader *out_header, GError **error) MUST_CHECK;

/* Reads the header and verifies the checksum of every chunk up to the end of the picture. Fails as png_read_header()
 * does, and for a file that is cut off, has a wrong checksum, or a chunk that may not stand where it does. Nothing is
 * decompressed, so pixels that were written wrongly in the first place go unnoticed. */
bool png_check(GBytes *png, PngHeader *out_header, GError **error) MUST_CHECK;

/* Decodes any PNG; 16 bits become 8, rounded. Fails with ERROR_INVALID, naming what is wrong, if it is truncated or
 * corrupt in any chunk. Chunks that do not say what the pixels are (text, colour profiles) are not looked into, and
 * what follows the end of the picture is not read. The caller frees the picture. */
Image *png_decode(GBytes *png, GError **error) MUST_CHECK;

/* Returns the same file with a tEXt chunk "key: text" right behind its header, without touching its pixels; key is 1
 * to 79 Latin-1 letters. Fails with ERROR_INVALID for what is no PNG. */
GBytes *png_add_note(GBytes *png, const char *key, const char *text, GError **error) MUST_CHECK;

/* The text of the first tEXt chunk with this key before the pixels, or NULL if there is none. What is no UTF-8 in it
 * is replaced. The caller frees it. */
char *png_find_note(GBytes *png, const char *key);
