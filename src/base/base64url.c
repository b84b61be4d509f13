#include "base/base64url.h"

#include <string.h>

char *base64url_encode(const void *bytes, size_t n) {
    char *text = g_base64_encode(bytes, n);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    g_strdelimit(text, "=", '\0');
    return text;
}

/* In the form that GLib reads. */
static char *with_padding(const char *text, size_t n) {
    GString *padded = g_string_new_len(text, (gssize)n);
    while (padded->len % 4 != 0)
        g_string_append_c(padded, '=');
    for (size_t i = 0; i < n; i++)
        padded->str[i] = padded->str[i] == '-' ? '+' : padded->str[i] == '_' ? '/' : padded->str[i];
    return g_string_free(padded, FALSE);
}

/* GLib passes over what it does not know. Whether it did shows when what came of it is written again. */
GBytes *base64url_decode(const char *text, size_t n) {
    gsize size = 0;
    g_autofree char *padded = with_padding(text, n);
    g_autofree guchar *bytes = g_base64_decode(padded, &size);
    g_autofree char *again = base64url_encode(bytes, size);
    if (strlen(again) != n || memcmp(again, text, n) != 0)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}
