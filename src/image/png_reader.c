#include "image/png_reader.h"

#include <string.h>

enum {
    /* How much is inflated at once: it should stay in the processor's cache, with all that is made of it. */
    PIECE_BYTES = 64 * 1024,
    /* How far back rows can be unfiltered. The last row of a chunk always is, wanted or not, with all that it depends on:
     * pages have some hundred rows that depend on the one above. */
    CHUNK_BYTES = 256 * 1024,
};

struct PngReader {
    PngRows *rows;
    const PngFormat *format;
    size_t stride;   /* of a filtered row, with its filter byte */
    int piece_rows;  /* how many rows are read at once */
    int chunk_rows;  /* how many rows a chunk has; the last may have less */
    int top;         /* the first row of the chunk at hand */
    int n_rows;      /* how many of it were read; 0 before the first */
    int y;           /* the row at hand */
    uint8_t *buffer; /* what png_rows_read() wants in front of rows, the chunk at hand, and what it wants behind */
    uint8_t *raw;    /* the unfiltered rows of the chunk; in front of them, that above the chunk */
    bool *is_raw;    /* whether each of these is known */
    uint8_t *rgba;
};

PngReader *png_reader_open(GBytes *png, GError **error) {
    g_autoptr(PngReader) reader = g_new0(PngReader, 1);
    reader->rows = png_rows_open(png, error);
    if (!reader->rows)
        return NULL;
    const PngFormat *format = reader->format = png_rows_format(reader->rows);
    reader->stride = format->row_size + 1;
    reader->piece_rows = (int)MAX(PIECE_BYTES / reader->stride, 1);
    reader->chunk_rows = (int)CLAMP(CHUNK_BYTES / reader->stride, 1, (size_t)format->height);
    reader->buffer = g_malloc(PNG_ROWS_BEFORE + (size_t)reader->chunk_rows * reader->stride + PNG_ROWS_AFTER);
    reader->raw = g_malloc((size_t)(reader->chunk_rows + 1) * format->row_size);
    reader->is_raw = g_new0(bool, (size_t)reader->chunk_rows + 1);
    reader->rgba = g_malloc(4 * (size_t)format->width);
    return g_steal_pointer(&reader);
}

PngReader *png_reader_open_again(GBytes *png, int width, int height, GError **error) {
    g_autoptr(PngReader) reader = png_reader_open(png, error);
    if (!reader || (reader->format->width == width && reader->format->height == height))
        return g_steal_pointer(&reader);
    error_set(error, ERROR_INVALID, "a file was written to while it was read");
    return NULL;
}

void png_reader_free(PngReader *reader) {
    if (!reader)
        return;
    png_rows_free(reader->rows);
    g_free(reader->buffer);
    g_free(reader->raw);
    g_free(reader->is_raw);
    g_free(reader->rgba);
    g_free(reader);
}

const PngFormat *png_reader_format(const PngReader *reader) {
    return reader->format;
}

/* Unfiltering, as late as possible. Rows are counted from the chunk's first one here; -1 is that above it. */

static uint8_t *raw_row(const PngReader *reader, int i) {
    return reader->raw + (size_t)(i + 1) * reader->format->row_size;
}

static uint8_t *filtered_row(const PngReader *reader, int i) {
    return reader->buffer + PNG_ROWS_BEFORE + (size_t)i * reader->stride;
}

/* Whether row i and the one below are to be unfiltered at once: that takes hardly longer than one of them, and the row below
 * will be wanted, too, if that above was. */
static bool is_worth_two(const PngReader *reader, int i) {
    return i + 1 < reader->n_rows && reader->is_raw[i] && !reader->is_raw[i + 2] &&
           *filtered_row(reader, i) == FILTER_PAETH && *filtered_row(reader, i + 1) == FILTER_PAETH;
}

/* Makes row i of the chunk known; that above the chunk is. */
static void find_raw(PngReader *reader, int i) {
    int from = i;
    while (from >= 0 && !reader->is_raw[from + 1] && png_filter_needs_above(*filtered_row(reader, from)))
        from--;
    for (from = MAX(from, 0); from <= i; from++) {
        if (reader->is_raw[from + 1])
            continue;
        const uint8_t *above = from == 0 && reader->top == 0 ? NULL : raw_row(reader, from - 1);
        bool two = is_worth_two(reader, from);
        (two ? png_unfilter_two : png_unfilter)(reader->format, raw_row(reader, from), filtered_row(reader, from),
                                                above);
        reader->is_raw[from + 1] = true;
        if (two)
            reader->is_raw[from + 2] = true;
    }
}

/* From chunk to chunk. */

/* The last row becomes that above the next chunk. */
static void go_to_next_chunk(PngReader *reader) {
    int n = reader->n_rows;
    find_raw(reader, n - 1);
    memcpy(raw_row(reader, -1), raw_row(reader, n - 1), reader->format->row_size);
    memmove(reader->buffer, filtered_row(reader, n) - PNG_ROWS_BEFORE, PNG_ROWS_BEFORE + PNG_ROWS_AFTER);
    memset(reader->is_raw, 0, (size_t)(reader->chunk_rows + 1) * sizeof *reader->is_raw);
    reader->is_raw[0] = true;
    reader->top += n;
    reader->n_rows = 0;
}

static bool read_piece(PngReader *reader, GError **error) {
    if (reader->n_rows == reader->chunk_rows)
        go_to_next_chunk(reader);
    int left = MIN(reader->chunk_rows - reader->n_rows, reader->format->height - reader->top - reader->n_rows);
    int n = MIN(reader->piece_rows, left);
    if (!png_rows_read(reader->rows, filtered_row(reader, reader->n_rows), n, error))
        return false;
    reader->n_rows += n;
    return true;
}

bool png_reader_go_to(PngReader *reader, int y, GError **error) {
    g_assert(y >= reader->y && y < reader->format->height);
    while (y >= reader->top + reader->n_rows)
        if (!read_piece(reader, error))
            return false;
    reader->y = y;
    return true;
}

/* The row at hand. */

const uint8_t *png_reader_filtered(const PngReader *reader) {
    return filtered_row(reader, reader->y - reader->top);
}

const uint8_t *png_reader_raw(PngReader *reader) {
    find_raw(reader, reader->y - reader->top);
    return raw_row(reader, reader->y - reader->top);
}

/* Only the last row of a chunk has to be known, whoever wants it. */
void png_reader_share_row(PngReader *reader, PngReader *equal) {
    int i = reader->y - reader->top;
    if (i != reader->chunk_rows - 1 || reader->is_raw[i + 1])
        return;
    memcpy(raw_row(reader, i), png_reader_raw(equal), reader->format->row_size);
    reader->is_raw[i + 1] = true;
}

uint8_t *png_reader_rgba(PngReader *reader, GError **error) {
    if (png_to_rgba(reader->format, reader->rgba, png_reader_raw(reader)))
        return reader->rgba;
    error_set(error, ERROR_INVALID, "corrupt: a pixel's color is not in the palette");
    return NULL;
}
