/* Base64 of tokens: one text for some bytes, and no other. */
#include "base/base64url.h"

#include <glib.h>
#include <string.h>

static void bytes_come_back(void) {
    guint8 bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (guint8)(255 - i);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        g_autofree char *text = base64url_encode(bytes, n);
        g_autoptr(GBytes) back = base64url_decode(text, strlen(text));
        g_assert_nonnull(back);
        g_assert_cmpmem(bytes, n, g_bytes_get_data(back, NULL), g_bytes_get_size(back));
    }
}

/* RFC 7515, appendix C. */
static void the_example_of_the_standard_is_read(void) {
    static const guint8 bytes[] = {3, 236, 255, 224, 193};
    g_autofree char *text = base64url_encode(bytes, sizeof bytes);
    g_assert_cmpstr(text, ==, "A-z_4ME");
}

static void all_else_is_refused(void) {
    static const struct {
        const char *what, *text;
        size_t n;
    } cases[] = {
        {"padding", "A-z_4ME=", 8},
        {"padding of two", "AA==", 4},
        {"the other alphabet", "A+z/4ME", 7},
        {"a space", "A-z_ 4ME", 8},
        {"a line end", "A-z_4ME\n", 8},
        {"a NUL",
         "A-z_\0"
         "4ME",
         8},
        {"a NUL at the end", "A-z_4ME\0", 8},
        {"a dot", "A-z_.4ME", 8},
        {"a letter of another alphabet", "A-z_\xc3\xa4ME", 8},
        {"one letter too many", "A-z_A", 5},
        {"bits behind the end", "AB", 2},
        {"bits behind the end of two", "AAB", 3},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].what);
        g_assert_null(base64url_decode(cases[i].text, cases[i].n));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base64url/bytes-come-back", bytes_come_back);
    g_test_add_func("/base64url/the-example-of-the-standard-is-read", the_example_of_the_standard_is_read);
    g_test_add_func("/base64url/all-else-is-refused", all_else_is_refused);
    return g_test_run();
}
