#include "base/hex.h"

#include <string.h>

/* Without printf: where there is no memory, GLib's leaves out what it should have added. */
char *hex_text(const void *bytes, size_t n) {
    const unsigned char *next = bytes;
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[next[i] >> 4];
        text[2 * i + 1] = digits[next[i] & 15];
    }
    text[2 * n] = '\0';
    return text;
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
