/* Notes in a PNG's tEXt chunks: key, a zero byte, text. They let a picture say what took it without a second file. */
#include "image/png.h"

#include "image/png_chunk.h"

#include <string.h>

/* PNG specification, 11.3.3.1. */
enum { MAX_KEY = 79 };

GBytes *png_add_note(GBytes *png, const char *key, const char *text, GError **error) {
    size_t key_size = strlen(key), text_size = strlen(text);
    g_assert(key_size >= 1 && key_size <= MAX_KEY);
    PngHeader header;
    PngChunk ihdr;
    if (!png_read_header(png, &header, error) || !png_chunk_at(png, PNG_FIRST_CHUNK, &ihdr, error))
        return NULL;

    g_autofree char *note = g_malloc(key_size + 1 + text_size);
    memcpy(note, key, key_size + 1);
    memcpy(note + key_size + 1, text, text_size);

    size_t size = 0;
    const uint8_t *file = g_bytes_get_data(png, &size);
    g_autoptr(GByteArray) noted = g_byte_array_new();
    g_byte_array_append(noted, file, (guint)ihdr.end);
    png_chunk_append(noted, "tEXt", note, key_size + 1 + text_size);
    g_byte_array_append(noted, file + ihdr.end, (guint)(size - ihdr.end));
    return g_byte_array_free_to_bytes(g_steal_pointer(&noted));
}

/* The text in a chunk that is a note with this key; NULL for any other chunk. */
static char *text_of(const PngChunk *chunk, const char *key) {
    size_t key_size = strlen(key) + 1; /* with the zero byte */
    if (strcmp(chunk->type, "tEXt") != 0 || chunk->size < key_size || memcmp(chunk->data, key, key_size) != 0)
        return NULL;
    return g_utf8_make_valid((const char *)chunk->data + key_size, (gssize)(chunk->size - key_size));
}

char *png_find_note(GBytes *png, const char *key) {
    PngHeader header;
    PngChunk chunk = {.end = PNG_FIRST_CHUNK};
    if (!png_read_header(png, &header, NULL))
        return NULL;
    while (png_chunk_at(png, chunk.end, &chunk, NULL) && strcmp(chunk.type, "IDAT") != 0) {
        char *text = text_of(&chunk, key);
        if (text)
            return text;
    }
    return NULL;
}
