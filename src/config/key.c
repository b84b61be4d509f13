#include "config/key.h"

#include "base/suggest.h"

#include <glib.h>

static const Key keys[] = {
    {"Enter", "Enter", "Enter", 13, "\r"},
    {"Escape", "Escape", "Escape", 27, NULL},
    {"Tab", "Tab", "Tab", 9, NULL},
    {"Space", " ", "Space", 32, " "},
    {"Backspace", "Backspace", "Backspace", 8, NULL},
    {"Delete", "Delete", "Delete", 46, NULL},
    {"Insert", "Insert", "Insert", 45, NULL},
    {"Home", "Home", "Home", 36, NULL},
    {"End", "End", "End", 35, NULL},
    {"PageUp", "PageUp", "PageUp", 33, NULL},
    {"PageDown", "PageDown", "PageDown", 34, NULL},
    {"ArrowUp", "ArrowUp", "ArrowUp", 38, NULL},
    {"ArrowDown", "ArrowDown", "ArrowDown", 40, NULL},
    {"ArrowLeft", "ArrowLeft", "ArrowLeft", 37, NULL},
    {"ArrowRight", "ArrowRight", "ArrowRight", 39, NULL},
    {"F1", "F1", "F1", 112, NULL},
    {"F2", "F2", "F2", 113, NULL},
    {"F3", "F3", "F3", 114, NULL},
    {"F4", "F4", "F4", 115, NULL},
    {"F5", "F5", "F5", 116, NULL},
    {"F6", "F6", "F6", 117, NULL},
    {"F7", "F7", "F7", 118, NULL},
    {"F8", "F8", "F8", 119, NULL},
    {"F9", "F9", "F9", 120, NULL},
    {"F10", "F10", "F10", 121, NULL},
    {"F11", "F11", "F11", 122, NULL},
    {"F12", "F12", "F12", 123, NULL},
};

const Key *key_find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_str_equal(keys[i].name, name))
            return &keys[i];
    return NULL;
}

bool key_is_character(const char *text) {
    return g_utf8_strlen(text, -1) == 1 && !g_unichar_iscntrl(g_utf8_get_char(text));
}

char *key_advice(const char *name) {
    const char *names[G_N_ELEMENTS(keys) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        names[i] = keys[i].name;
    const char *near = suggest_name(name, names, G_N_ELEMENTS(keys));
    if (near)
        return g_strdup_printf("be one character or the name of a key (did you mean %s?)", near);
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    return g_strdup_printf("be one character or the name of a key (%s)", all);
}
