#include "local/hint.h"

#include "base/suggest.h"

/* More than three make no hint. */
enum { MOST_NAMES = 3 };

GPtrArray *hint_names(const Suite *suite) {
    GPtrArray *names = g_ptr_array_new();
    for (unsigned i = 0; i < suite->files->len; i++) {
        const TestFile *file = suite->files->pdata[i];
        for (unsigned j = 0; j < file->tests->len; j++)
            g_ptr_array_add(names, ((const TestCase *)file->tests->pdata[j])->name);
    }
    return names;
}

char *hint_for_name(const char *written, const GPtrArray *names) {
    g_autoptr(GString) hint = g_string_new(NULL);
    int found = 0;
    for (unsigned i = 0; *written && i < names->len && found < MOST_NAMES; i++)
        if (g_str_has_prefix(names->pdata[i], written))
            g_string_append_printf(hint, "%s%s", found++ ? " or " : "", (const char *)names->pdata[i]);
    const char *nearest = suggest_name(written, (const char *const *)names->pdata, names->len);
    if (found == 0 && nearest)
        g_string_append(hint, nearest);
    return hint->len ? g_strdup_printf("; did you mean %s?", hint->str) : g_strdup("");
}
