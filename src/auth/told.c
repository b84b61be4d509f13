#include "auth/told.h"

#include <glib.h>

char *told(const char *text, int most_letters) {
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *shown = g_string_new(NULL);
    int n = 0;
    for (const char *c = valid; *c && n < most_letters; c = g_utf8_next_char(c), n++)
        if (g_unichar_isprint(g_utf8_get_char(c)))
            g_string_append_unichar(shown, g_utf8_get_char(c));
    return g_string_free(shown, FALSE);
}
