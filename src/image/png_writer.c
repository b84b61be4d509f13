/* Rows are filtered, or packed if they are indices, and deflated by ISA-L into chunks of pixels.
 *
 * How a row is filtered decides how well it deflates. Of five filters two are enough here: as it is, where text and
 * boxes repeat what was drawn before, and by the row above, where gradients and photographs do not. Taken is the one
 * that leaves more bytes as they were a pixel to the left. In per cent of what libpng makes of it at level 6, a page of
 * 1280x8000 and its first screen, a photograph, and a page that diff has marked came to 113, 126, 112 and 152; with all
 * five filters and libpng's measure, the sum of absolute values, to 115, 128, 109 and 161, in twice the time. */
#include "image/png_writer.h"

#include "image/png_chunk.h"

#include <isa-l/igzip_lib.h>
#include <string.h>

enum {
    /* Of the rows that ISA-L is given at once; one always fits. One by one, rows of a mask, 160 bytes each, took 15
     * times as long and became 7 times as large: a repetition ends where what is given does. */
    FILTERED_SIZE = 128 * 1024,
    /* Of a chunk of pixels. Larger ones would save nothing: what stands around each is 12 bytes. */
    IDAT_SIZE = 64 * 1024,
    /* Of ISA-L's 0 to 3. Level 1 takes as long and level 0 no less, for files that are 1 and 20 % larger; level 3 takes
     * three times as long, and gains nothing. */
    LEVEL = 2,
    LEVEL_BUFFER_SIZE = ISAL_DEF_LVL2_DEFAULT,
    /* Of what is counted at once: a wide register's. */
    BLOCK = 16,
};

G_STATIC_ASSERT(FILTERED_SIZE >= 1 + 4 * IMAGE_MAX_SIDE);

struct PngWriter {
    PngFormat format;
    int bit_depth;     /* of a channel or an index */
    int next;          /* row to come */
    uint8_t *above;    /* the row above; zeros above the first, as PNG has it */
    uint8_t *filtered; /* rows to be deflated, each behind the byte that names its filter; FILTERED_SIZE bytes */
    size_t filled;     /* how many of these bytes are */
    GByteArray *file;
    uint8_t *deflated; /* the chunk of pixels at hand, IDAT_SIZE bytes */
    uint8_t *level_buffer;
    struct isal_zstream deflate;
};

/* Starting. */

static int find_bit_depth(const PngFormat *format) {
    int n = format->n_colors;
    if (n == 0 || n > 16)
        return 8;
    return n <= 2 ? 1 : n <= 4 ? 2 : 4;
}

static void append_header(PngWriter *writer) {
    static const uint8_t signature[PNG_FIRST_CHUNK] = {137, 'P', 'N', 'G', '\r', '\n', 26, '\n'};
    static const uint8_t type_of_channels[] = {[1] = 0, [2] = 4, [3] = 2, [4] = 6};
    const PngFormat *format = &writer->format;
    uint32_t width = GUINT32_TO_BE((uint32_t)format->width), height = GUINT32_TO_BE((uint32_t)format->height);
    uint8_t header[13] = {[8] = (uint8_t)writer->bit_depth};
    memcpy(header, &width, 4);
    memcpy(header + 4, &height, 4);
    header[9] = format->n_colors > 0 ? 3 : type_of_channels[format->channels];
    g_byte_array_append(writer->file, signature, sizeof signature);
    png_chunk_append(writer->file, "IHDR", header, sizeof header);
}

/* Alphas behind the last that is not opaque are left out: what is missing is opaque. */
static void append_palette(PngWriter *writer) {
    uint8_t colors[256 * 3] = {0}, alphas[256] = {0};
    size_t n_colors = (size_t)writer->format.n_colors, n_alphas = 0;
    for (size_t i = 0; i < n_colors; i++) {
        memcpy(colors + 3 * i, writer->format.colors[i], 3);
        alphas[i] = writer->format.colors[i][3];
        if (alphas[i] != 255)
            n_alphas = i + 1;
    }
    png_chunk_append(writer->file, "PLTE", colors, 3 * n_colors);
    if (n_alphas > 0)
        png_chunk_append(writer->file, "tRNS", alphas, n_alphas);
}

static void start_chunk(PngWriter *writer) {
    writer->deflate.next_out = writer->deflated;
    writer->deflate.avail_out = IDAT_SIZE;
}

static void start_deflating(PngWriter *writer) {
    isal_deflate_init(&writer->deflate);
    writer->deflate.gzip_flag = IGZIP_ZLIB;
    writer->deflate.level = LEVEL;
    writer->deflate.level_buf = writer->level_buffer;
    writer->deflate.level_buf_size = LEVEL_BUFFER_SIZE;
    start_chunk(writer);
}

PngWriter *png_writer_new(const PngFormat *format) {
    g_assert(format->width >= 1 && format->width <= IMAGE_MAX_SIDE);
    g_assert(format->height >= 1 && format->height <= IMAGE_MAX_SIDE);
    g_assert((int64_t)format->width * format->height <= IMAGE_MAX_PIXELS);
    g_assert(format->channels >= 1 && format->channels <= 4);
    g_assert(format->n_colors >= 0 && format->n_colors <= 256 && (format->n_colors == 0 || format->channels == 1));
    PngWriter *writer = g_new0(PngWriter, 1);
    writer->format = *format;
    writer->format.row_size = (size_t)format->width * (size_t)format->channels;
    writer->bit_depth = find_bit_depth(format);
    writer->above = g_malloc0(writer->format.row_size);
    writer->filtered = g_malloc(FILTERED_SIZE);
    writer->file = g_byte_array_new();
    writer->deflated = g_malloc(IDAT_SIZE);
    writer->level_buffer = g_malloc(LEVEL_BUFFER_SIZE);
    append_header(writer);
    if (format->n_colors > 0)
        append_palette(writer);
    start_deflating(writer);
    return writer;
}

void png_writer_free(PngWriter *writer) {
    if (!writer)
        return;
    g_free(writer->above);
    g_free(writer->filtered);
    g_clear_pointer(&writer->file, g_byte_array_unref);
    g_free(writer->deflated);
    g_free(writer->level_buffer);
    g_free(writer);
}

/* Rows. */

/* From the left in the highest bits; what is left over of the last byte is 0. */
static size_t pack(uint8_t *out, const uint8_t *indices, int width, int bit_depth) {
    int per_byte = 8 / bit_depth;
    uint8_t *start = out;
    for (int x = 0; x < width; x += per_byte) {
        unsigned byte = 0;
        for (int i = 0; i < per_byte; i++)
            byte = byte << bit_depth | (x + i < width ? indices[x + i] : 0);
        *out++ = (uint8_t)byte;
    }
    return (size_t)(out - start);
}

static void subtract(uint8_t *restrict out, const uint8_t *restrict raw, const uint8_t *restrict above, size_t size) {
    size_t i = 0;
    for (; i + BLOCK <= size; i += BLOCK)
        for (int j = 0; j < BLOCK; j++)
            out[i + j] = (uint8_t)(raw[i + j] - above[i + j]);
    for (; i < size; i++)
        out[i] = (uint8_t)(raw[i] - above[i]);
}

/* How many bytes are not as they were a pixel, step bytes, to the left. In blocks of a constant size, so that the
 * compiler does one at once. */
static size_t count_changes(const uint8_t *bytes, size_t size, size_t step) {
    size_t n = 0, i = step;
    for (; i + BLOCK <= size; i += BLOCK) {
        uint8_t in_block = 0;
        for (int j = 0; j < BLOCK; j++)
            in_block += bytes[i + j] != bytes[i + j - step];
        n += in_block;
    }
    for (; i < size; i++)
        n += bytes[i] != bytes[i - step];
    return n;
}

static void append_filtered(PngWriter *writer, const uint8_t *raw) {
    uint8_t *out = writer->filtered + writer->filled;
    size_t size = writer->format.row_size, step = (size_t)writer->format.channels;
    out[0] = FILTER_UP;
    subtract(out + 1, raw, writer->above, size);
    if (count_changes(out + 1, size, step) >= count_changes(raw, size, step)) {
        out[0] = FILTER_NONE;
        memcpy(out + 1, raw, size);
    }
    memcpy(writer->above, raw, size);
    writer->filled += 1 + size;
}

/* Neighbouring indices are no neighbouring colours, so differences between them mean nothing. */
static void append_indices(PngWriter *writer, const uint8_t *indices) {
    uint8_t *out = writer->filtered + writer->filled;
    size_t size = writer->format.row_size;
    out[0] = FILTER_NONE;
    if (writer->bit_depth < 8)
        size = pack(out + 1, indices, writer->format.width, writer->bit_depth);
    else
        memcpy(out + 1, indices, size);
    writer->filled += 1 + size;
}

static void end_chunk(PngWriter *writer) {
    png_chunk_append(writer->file, "IDAT", writer->deflated, IDAT_SIZE - writer->deflate.avail_out);
    start_chunk(writer);
}

/* Deflates all rows that wait for it. What does not come out at once does with the next ones. */
static void deflate(PngWriter *writer) {
    struct isal_zstream *stream = &writer->deflate;
    stream->next_in = writer->filtered;
    stream->avail_in = (uint32_t)writer->filled;
    do {
        if (stream->avail_out == 0)
            end_chunk(writer);
        int result = isal_deflate(stream);
        g_assert(result == COMP_OK);
    } while (stream->avail_in > 0);
    writer->filled = 0;
}

void png_writer_add_row(PngWriter *writer, const uint8_t *raw) {
    g_assert(writer->next < writer->format.height);
    writer->next++;
    if (FILTERED_SIZE - writer->filled < 1 + writer->format.row_size)
        deflate(writer);
    if (writer->format.n_colors > 0)
        append_indices(writer, raw);
    else
        append_filtered(writer, raw);
}

GBytes *png_writer_end(PngWriter *writer) {
    g_assert(writer->next == writer->format.height);
    writer->deflate.end_of_stream = 1;
    while (writer->deflate.internal_state.state != ZSTATE_END)
        deflate(writer);
    end_chunk(writer);
    png_chunk_append(writer->file, "IEND", NULL, 0);
    GBytes *file = g_byte_array_free_to_bytes(g_steal_pointer(&writer->file));
    png_writer_free(writer);
    return file;
}
