/* A chunk is: the size of its data (32 bits, big-endian), four letters, the data, and the CRC of letters and data.
 * PNG specification, 5.3. */
#include "image/png_chunk.h"

#include <isa-l/crc.h>
#include <string.h>

enum { BEFORE_DATA = 8, AFTER_DATA = 4 };

/* The specification keeps the highest bit free. */
static const uint32_t max_size = INT32_MAX;

uint32_t png_chunk_number(const uint8_t *data) {
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static bool is_type(const uint8_t *letters) {
    for (int i = 0; i < 4; i++)
        if (!g_ascii_isalpha((char)letters[i]))
            return false;
    return true;
}

bool png_chunk_at(GBytes *png, size_t offset, PngChunk *out_chunk, GError **error) {
    size_t file_size = 0;
    const uint8_t *file = g_bytes_get_data(png, &file_size);
    size_t left = offset < file_size ? file_size - offset : 0;
    if (left < BEFORE_DATA + AFTER_DATA) {
        error_set(error, ERROR_INVALID, "the file is cut off after %zu bytes", file_size);
        return false;
    }
    const uint8_t *start = file + offset;
    uint32_t size = png_chunk_number(start);
    if (!is_type(start + 4) || size > max_size) {
        error_set(error, ERROR_INVALID, "corrupt: there is no chunk at byte %zu", offset);
        return false;
    }
    PngChunk chunk = {.data = start + BEFORE_DATA, .size = size};
    memcpy(chunk.type, start + 4, 4);
    if (size > left - BEFORE_DATA - AFTER_DATA) {
        error_set(error, ERROR_INVALID, "the file is cut off after %zu bytes, in its chunk %s", file_size, chunk.type);
        return false;
    }
    if (crc32_gzip_refl(0, start + 4, 4 + chunk.size) != png_chunk_number(chunk.data + size)) {
        error_set(error, ERROR_INVALID, "corrupt: %s: CRC error", chunk.type);
        return false;
    }
    chunk.end = offset + BEFORE_DATA + chunk.size + AFTER_DATA;
    *out_chunk = chunk;
    return true;
}

static void append_number(GByteArray *bytes, uint32_t number) {
    uint32_t big_endian = GUINT32_TO_BE(number);
    g_byte_array_append(bytes, (const uint8_t *)&big_endian, sizeof big_endian);
}

bool png_chunk_check_order(const PngChunk *chunk, bool behind_pixels, GError **error) {
    bool is_palette = strcmp(chunk->type, "PLTE") == 0, is_end = strcmp(chunk->type, "IEND") == 0;
    bool is_pixels = strcmp(chunk->type, "IDAT") == 0, is_alphas = strcmp(chunk->type, "tRNS") == 0;
    if (behind_pixels ? is_palette || is_pixels || is_alphas : strcmp(chunk->type, "IHDR") == 0)
        error_set(error, ERROR_INVALID, "corrupt: %s: out of place", chunk->type);
    else if (g_ascii_isupper(chunk->type[0]) && !is_palette && !is_pixels && !is_end)
        error_set(error, ERROR_INVALID, "corrupt: %s: unknown critical chunk", chunk->type);
    else
        return true;
    return false;
}

void png_chunk_append(GByteArray *bytes, const char *type, const void *data, size_t size) {
    g_assert(size <= max_size);
    append_number(bytes, (uint32_t)size);
    guint start = bytes->len;
    g_byte_array_append(bytes, (const uint8_t *)type, 4);
    g_byte_array_append(bytes, data, (guint)size);
    append_number(bytes, crc32_gzip_refl(0, bytes->data + start, 4 + size));
}
