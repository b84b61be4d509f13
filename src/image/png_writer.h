/* A PNG as a stream of rows going out, the counterpart of png_rows.h: pictures of any height are written with a few
 * rows in memory, and the file that they become. It is made for speed: what libpng takes half a second for is done in
 * 30 ms, and becomes an eighth larger if it is a page, by half if it is mostly flat. A PngWriter is of one thread at a
 * time. */
#pragma once

#include "image/png_rows.h"

#include <glib.h>
#include <stdint.h>

typedef struct PngWriter PngWriter;

/* Starts a picture. Of the format, row_size and has_alpha are not looked at: they follow from the rest. A palette
 * (channels 1, n_colors 1 to 256) is written with an alpha for each colour if one is not opaque, and with 1, 2 or 4
 * bits a pixel where that is enough for its colours. The size must be within the limits of image.h. */
PngWriter *png_writer_new(const PngFormat *format);
void png_writer_free(PngWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PngWriter, png_writer_free)

/* Writes the next row: width * channels bytes. An index must be below n_colors. */
void png_writer_add_row(PngWriter *writer, const uint8_t *raw);

/* Takes the writer, which must have been given as many rows as the picture is high. Returns the file, which the caller
 * frees. The same rows give the same bytes, as long as the processor is of the same kind. */
GBytes *png_writer_end(PngWriter *writer);
