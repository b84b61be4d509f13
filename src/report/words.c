#include "report/words.h"

#include <glib.h>

/* LRM, RLM, ALM, embeddings, overrides and isolates: with them a name could look like another one. */
static bool reorders_text(gunichar c) {
    return c == 0x200E || c == 0x200F || c == 0x061C || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* U+FFFE and U+FFFF are no characters, and not allowed in XML; U+2028 and U+2029 end lines. */
static bool is_unfit(gunichar c) {
    return g_unichar_iscntrl(c) || reorders_text(c) || (c & 0xFFFE) == 0xFFFE || c == 0x2028 || c == 0x2029;
}

char *words_clean(const char *text, bool keep_lines) {
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *clean = g_string_sized_new(64);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n' || c == '\t')
            g_string_append_c(clean, keep_lines ? (char)c : ' ');
        else if (c != '\r' || at[1] != '\n') /* the '\r' of a line's end goes silently */
            g_string_append_unichar(clean, is_unfit(c) ? 0xFFFD : c);
    }
    return g_string_free(clean, FALSE);
}

char *words_number(uint64_t number) {
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%" G_GUINT64_FORMAT, number);
    for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

char *words_duration(int64_t duration_ms) {
    int64_t seconds = (duration_ms + 500) / 1000;
    if (seconds < 60)
        return g_strdup_printf("%.1f s", (double)duration_ms / 1000);
    return g_strdup_printf("%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
}
