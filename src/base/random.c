#include "base/random.h"

#include "base/base64url.h"
#include "base/hex.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n) {
    char *next = out;
    while (n > 0) {
        ssize_t got = getrandom(next, n, 0);
        g_assert(got > 0 || errno == EINTR);
        next += MAX(got, 0);
        n -= (size_t)MAX(got, 0);
    }
}

char *random_hex(size_t n) {
    g_autofree unsigned char *bytes = g_malloc(n);
    random_bytes(bytes, n);
    return hex_text(bytes, n);
}

char *random_base64(size_t n) {
    g_autofree unsigned char *bytes = g_malloc(n);
    random_bytes(bytes, n);
    return base64url_encode(bytes, n);
}

char *random_base32(size_t n) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    g_autofree unsigned char *bytes = g_malloc(n);
    random_bytes(bytes, n);
    GString *text = g_string_sized_new(8 * n / 5);
    for (size_t i = 0; i + 5 <= n; i += 5) {
        guint64 bits = 0;
        for (size_t j = 0; j < 5; j++)
            bits = bits << 8 | bytes[i + j];
        for (int shift = 35; shift >= 0; shift -= 5)
            g_string_append_c(text, digits[bits >> shift & 31]);
    }
    return g_string_free(text, FALSE);
}
