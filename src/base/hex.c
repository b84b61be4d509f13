#include "base/hex.h"

#include <glib.h>

char *hex_text(const void *bytes, size_t n) {
    const unsigned char *next = bytes;
    GString *text = g_string_sized_new(2 * n);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", next[i]);
    return g_string_free(text, FALSE);
}
