#include "base/hex.h"

#include <string.h>

char *hex_text(const void *bytes, size_t n) {
    const unsigned char *next = bytes;
    GString *text = g_string_sized_new(2 * n);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", next[i]);
    return g_string_free(text, FALSE);
}

GBytes *hex_bytes(const char *text) {
    size_t n = strlen(text) / 2;
    g_autofree unsigned char *bytes = g_malloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]), low = g_ascii_xdigit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return NULL;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return text[2 * n] == '\0' ? g_bytes_new_take(g_steal_pointer(&bytes), n) : NULL;
}
