/* A PNG as a stream of rows, so that pictures of any height can be compared in a few hundred kilobytes.
 *
 * Rows are handed out as they stand in the file, filtered (PNG specification, 9): two rows that are equal before
 * unfiltering, below rows that are equal, are equal, and most of the work can be left undone. Kinds of PNG which no
 * browser writes (interlaced, 16 bits, less than 8 bits, transparent colours) are decoded whole, and come out as RGBA
 * rows without a filter. A PngRows is of one thread at a time; png_unfilter() and png_to_rgba() of any. */
#pragma once

#include "image/png.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a byte in front of each row may be. */
typedef enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH } PngFilter;

typedef struct {
    int width, height;      /* pixels */
    int channels;           /* bytes a pixel: 1 grey or index, 2 grey and alpha, 3 RGB, 4 RGBA */
    bool has_alpha;         /* some pixels may be transparent, by what the header and the palette say */
    size_t row_size;        /* width * channels: bytes of a row, without that of the filter */
    int n_colors;           /* of the palette, 0 if there is none */
    uint8_t colors[256][4]; /* RGBA */
} PngFormat;

typedef struct PngRows PngRows;

/* Opens a PNG. png must outlive it. Fails as png_read_header() does, and with ERROR_INVALID for a corrupt palette or,
 * where the picture is decoded whole, as png_decode() does. */
PngRows *png_rows_open(GBytes *png, GError **error) MUST_CHECK;
void png_rows_free(PngRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PngRows, png_rows_free)

const PngFormat *png_rows_format(const PngRows *rows);

/* Rows are made out of those that were read before: so many bytes of them, or all, stand in front of where more are read;
 * and so many bytes behind these belong to the PngRows, and must still stand there, behind them, when more are read. */
enum { PNG_ROWS_BEFORE = 32 * 1024, PNG_ROWS_AFTER = 512 };

/* Reads the next n rows, each a filter byte (a PngFilter) and row_size bytes, into a buffer with room as above. Fails with ERROR_INVALID if what comes is
 * corrupt or cut off: checksums of the chunks that were needed are verified, and behind the last row that of all pixels
 * and the chunks to the end of the picture. No more rows than the height may be asked for. */
bool png_rows_read(PngRows *rows, uint8_t *out_filtered, int n, GError **error) MUST_CHECK;

/* Unfilters a row into out_raw (row_size bytes). above is the raw row above, elsewhere than out_raw; NULL for the first
 * one. */
void png_unfilter(const PngFormat *format, uint8_t *out_raw, const uint8_t *filtered, const uint8_t *above);

/* The same with two rows, one below the other, of which both stand without a gap in filtered, and go without one into
 * out_raw. Much faster than one after the other, if both are FILTER_PAETH. */
void png_unfilter_two(const PngFormat *format, uint8_t *out_raw, const uint8_t *filtered, const uint8_t *above);

/* Whether what a row is depends on the row above. */
bool png_filter_needs_above(uint8_t filter);

/* Turns a raw row into RGBA of 8 bits, width * 4 bytes. False if a pixel's colour is not in the palette. */
bool png_to_rgba(const PngFormat *format, uint8_t *out_rgba, const uint8_t *raw);
