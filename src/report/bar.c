#include "report/bar.h"

#include <sys/ioctl.h>

int bar_terminal_width(int terminal) {
    struct winsize size = {0};
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static int columns_of(gunichar c) {
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

int bar_width_of(const char *text) {
    int width = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        width += columns_of(g_utf8_get_char(at));
    return width;
}

char *bar_cut(const char *text, int columns) {
    if (bar_width_of(text) <= columns)
        return g_strdup(text);
    const char *end = text;
    int width = 2;
    while (*end && width + columns_of(g_utf8_get_char(end)) <= columns) {
        width += columns_of(g_utf8_get_char(end));
        end = g_utf8_next_char(end);
    }
    return columns < 2 ? g_strdup("") : g_strdup_printf("%.*s..", (int)(end - text), text);
}

void bar_add(GString *out, int done, int all, int width) {
    int columns = CLAMP(width / 4, 8, 30);
    int filled = all ? columns * done / all : 0;
    g_string_append_c(out, '[');
    for (int i = 0; i < columns; i++)
        g_string_append_c(out, i < filled ? '=' : i == filled ? '>' : ' ');
    g_string_append_c(out, ']');
}
