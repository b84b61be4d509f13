#include "image/png_rows.h"

#include "base/mapped.h"
#include "image/inflate.h"
#include "image/png_chunk.h"

#include <string.h>

G_STATIC_ASSERT((int)PNG_ROWS_BEFORE == (int)INFLATE_HISTORY && (int)PNG_ROWS_AFTER == (int)INFLATE_AHEAD);

struct PngRows {
    PngFormat format;
    GBytes *png; /* borrowed */
    int next;    /* row to come */

    /* Where rows are inflated. */
    PngChunk chunk;   /* the one that is being read */
    size_t forgotten; /* bytes of the file */
    size_t n_taken;   /* how many bytes of it were */
    Inflate *inflate;

    Image *image; /* where the picture was decoded whole, or NULL */
};

static bool corrupt(GError **error, const char *what) {
    error_set(error, ERROR_INVALID, "corrupt: %s", what);
    return false;
}

/* What the inflater reads. */

/* What was read of a mapped file is given back, a good deal at a time. */
static void forget_read(PngRows *rows) {
    enum { FORGET_BYTES = 1024 * 1024 };
    size_t read = rows->chunk.end - rows->chunk.size;
    if (read < rows->forgotten + FORGET_BYTES)
        return;
    mapped_forget(rows->png, read);
    rows->forgotten = read;
}

/* An InflateSource: browsers write chunks of 4 KB. */
static bool give_pixels(void *from, uint8_t *out, size_t size, size_t *out_size, GError **error) {
    PngRows *rows = from;
    while (rows->n_taken == rows->chunk.size && strcmp(rows->chunk.type, "IDAT") == 0) {
        if (!png_chunk_at(rows->png, rows->chunk.end, &rows->chunk, error))
            return false;
        rows->n_taken = 0;
        forget_read(rows);
    }
    bool has_more = strcmp(rows->chunk.type, "IDAT") == 0;
    *out_size = has_more ? MIN(size, rows->chunk.size - rows->n_taken) : 0;
    memcpy(out, rows->chunk.data + rows->n_taken, *out_size);
    rows->n_taken += *out_size;
    return true;
}

/* Opening. */

static bool take_palette(PngFormat *format, const PngChunk *chunk, GError **error) {
    if (chunk->size == 0 || chunk->size % 3 != 0 || chunk->size > 3 * 256 || format->n_colors > 0)
        return corrupt(error, "PLTE: invalid palette");
    format->n_colors = (int)chunk->size / 3;
    for (int i = 0; i < format->n_colors; i++) {
        memcpy(format->colors[i], chunk->data + 3 * i, 3);
        format->colors[i][3] = 255;
    }
    return true;
}

static bool take_palette_alphas(PngFormat *format, const PngChunk *chunk, GError **error) {
    if (chunk->size == 0 || chunk->size > (size_t)format->n_colors || format->has_alpha)
        return corrupt(error, "tRNS: invalid transparency");
    format->has_alpha = true;
    for (size_t i = 0; i < chunk->size; i++)
        format->colors[i][3] = chunk->data[i];
    return true;
}

/* Goes to the first chunk of pixels, past all that does not say what they are. *out_plain is false if something does
 * which we leave to libpng. */
static bool find_pixels(PngRows *rows, const PngHeader *header, bool *out_plain, GError **error) {
    bool indexed = header->color_type == 3;
    if (!png_chunk_at(rows->png, PNG_FIRST_CHUNK, &rows->chunk, error)) /* the header, which has been read */
        return false;
    for (;;) {
        if (!png_chunk_at(rows->png, rows->chunk.end, &rows->chunk, error) ||
            !png_chunk_check_order(&rows->chunk, false, error))
            return false;
        const char *type = rows->chunk.type;
        if (strcmp(type, "IDAT") == 0)
            break;
        if (strcmp(type, "IEND") == 0)
            return corrupt(error, "there are no pixels");
        if (indexed && strcmp(type, "PLTE") == 0 && !take_palette(&rows->format, &rows->chunk, error))
            return false;
        if (indexed && strcmp(type, "tRNS") == 0 && !take_palette_alphas(&rows->format, &rows->chunk, error))
            return false;
        if (!indexed && strcmp(type, "tRNS") == 0)
            *out_plain = false;
    }
    return !indexed || rows->format.n_colors > 0 || corrupt(error, "there is no palette");
}

static bool open_whole(PngRows *rows, GError **error) {
    rows->image = png_decode(rows->png, error);
    if (!rows->image)
        return false;
    rows->format.channels = 4;
    rows->format.has_alpha = rows->image->has_alpha;
    rows->format.n_colors = 0;
    return true;
}

PngRows *png_rows_open(GBytes *png, GError **error) {
    static const int channels_of_type[] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    PngHeader header;
    if (!png_read_header(png, &header, error))
        return NULL;
    g_autoptr(PngRows) rows = g_new0(PngRows, 1);
    rows->png = png;
    rows->format.width = header.width;
    rows->format.height = header.height;
    rows->format.channels = channels_of_type[header.color_type];
    rows->format.has_alpha = header.color_type >= 4;
    bool plain = header.bit_depth == 8 && !header.interlaced;
    if (!find_pixels(rows, &header, &plain, error))
        return NULL;
    if (plain)
        rows->inflate = inflate_new(give_pixels, rows);
    else if (!open_whole(rows, error))
        return NULL;
    rows->format.row_size = (size_t)header.width * (size_t)rows->format.channels;
    return g_steal_pointer(&rows);
}

void png_rows_free(PngRows *rows) {
    if (!rows)
        return;
    image_free(rows->image);
    inflate_free(rows->inflate);
    g_free(rows);
}

const PngFormat *png_rows_format(const PngRows *rows) {
    return &rows->format;
}

/* Reading. */

static bool filters_are_known(const PngFormat *format, const uint8_t *filtered, int n) {
    for (int i = 0; i < n; i++)
        if (filtered[(size_t)i * (format->row_size + 1)] > FILTER_PAETH)
            return false;
    return true;
}

static size_t size_of_rows(const PngRows *rows, int n) {
    return (size_t)n * (rows->format.row_size + 1);
}

static bool inflate_rows(PngRows *rows, uint8_t *out, int n, GError **error) {
    size_t size = size_of_rows(rows, n), made;
    return inflate_read(rows->inflate, out, size, &made, error) &&
           (made == size || corrupt(error, "there are not enough pixels")) &&
           (filters_are_known(&rows->format, out, n) || corrupt(error, "a row has a filter that PNG does not have"));
}

/* Behind the last row there must be the end of the compressed data, and nothing more of the pixels. */
static bool finish_pixels(PngRows *rows, uint8_t *behind, GError **error) {
    size_t made;
    if (!inflate_read(rows->inflate, behind, 1, &made, error))
        return false;
    if (made > 0)
        return corrupt(error, "there are too many pixels");
    return inflate_has_ended(rows->inflate) || corrupt(error, "the compressed pixels break off");
}

/* From the chunk at hand, which may be the first behind the pixels already. */
static bool finish_file(PngRows *rows, GError **error) {
    bool behind_pixels = false;
    for (;;) {
        behind_pixels = behind_pixels || strcmp(rows->chunk.type, "IDAT") != 0;
        if (behind_pixels && !png_chunk_check_order(&rows->chunk, true, error))
            return false;
        if (strcmp(rows->chunk.type, "IEND") == 0)
            return true;
        if (!png_chunk_at(rows->png, rows->chunk.end, &rows->chunk, error))
            return false;
    }
}

static void copy_rows(const PngRows *rows, uint8_t *out, int n) {
    size_t size = rows->format.row_size;
    for (int i = 0; i < n; i++, out += size + 1) {
        *out = FILTER_NONE;
        memcpy(out + 1, image_row(rows->image, rows->next + i), size);
    }
}

bool png_rows_read(PngRows *rows, uint8_t *out_filtered, int n, GError **error) {
    const PngFormat *format = &rows->format;
    g_assert(n >= 0 && n <= format->height - rows->next);
    if (rows->image)
        copy_rows(rows, out_filtered, n);
    else if (!inflate_rows(rows, out_filtered, n, error))
        return false;
    rows->next += n;
    uint8_t *behind = out_filtered + size_of_rows(rows, n);
    return rows->image || rows->next < format->height ||
           (finish_pixels(rows, behind, error) && finish_file(rows, error));
}
