/* A PNG as rows from the top down, each unfiltered only if it is asked for: a row that nobody wants to see, and on which
 * none depends that somebody wants to see, costs no more than inflating it. Memory is some hundred kilobytes, but for the
 * rare kinds that png_rows.h decodes whole. One thread at a time. */
#pragma once

#include "image/png_rows.h"

typedef struct PngReader PngReader;

/* Opens a PNG, which must outlive the reader; no row is at hand yet. Fails as png_rows_open() does. */
PngReader *png_reader_open(GBytes *png, GError **error) MUST_CHECK;

/* The same for a file that was seen before, and may be another one by now, if it is mapped: fails with ERROR_INVALID if
 * its size is not what it was. */
PngReader *png_reader_open_again(GBytes *png, int width, int height, GError **error) MUST_CHECK;

void png_reader_free(PngReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PngReader, png_reader_free)

const PngFormat *png_reader_format(const PngReader *reader);

/* Makes row y the one at hand: the same as now, or one farther down, within the picture. Fails as png_rows_read() does,
 * not necessarily at the first row that is corrupt. */
bool png_reader_go_to(PngReader *reader, int y, GError **error) MUST_CHECK;

/* The row at hand: its filter byte and row_size bytes as they stand in the file. Valid until the next png_reader_go_to(),
 * as are those below. */
const uint8_t *png_reader_filtered(const PngReader *reader);

/* The same, unfiltered: row_size bytes. */
const uint8_t *png_reader_raw(PngReader *reader);

/* Tells the reader that its row at hand, unfiltered, is equal to that of another one with the same format. This may save
 * it work; it costs nothing where it does not. */
void png_reader_share_row(PngReader *reader, PngReader *equal);

/* The same as RGBA, width * 4 bytes, in a buffer that the caller may write to. Fails for a color that is not in the
 * palette. */
uint8_t *png_reader_rgba(PngReader *reader, GError **error) MUST_CHECK;
