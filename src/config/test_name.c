#include "config/test_name.h"

#include <stdbool.h>
#include <string.h>

/* Bytes: NAME_MAX of Linux' file systems, 255, less ".png", less ".XXXXXX" which file_write() adds for a moment. */
#define MAX_COMPONENT 244
/* Bytes: PATH_MAX is 4096, and DIR and the folders of temporary files need room too. */
#define MAX_NAME 1000

typedef struct {
    char *where;
    bool is_folder;
} Taken;

static const char *check_component(const char *component) {
    if (!*component)
        return "have no empty part: no / at its begin or end, and no //";
    if (g_str_equal(component, ".") || g_str_equal(component, ".."))
        return "not have . or .. as a part, since its picture stays in the folder of the tests";
    if (strlen(component) > MAX_COMPONENT)
        return "have at most " G_STRINGIFY(MAX_COMPONENT) " bytes between one / and the next";
    return NULL;
}

const char *test_name_check(const char *name) {
    if (!*name)
        return "have at least one character";
    if (strlen(name) > MAX_NAME)
        return "have at most " G_STRINGIFY(MAX_NAME) " bytes";
    for (const char *p = name; *p; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return "have no line breaks or other control characters";
    g_auto(GStrv) components = g_strsplit(name, "/", -1);
    for (size_t i = 0; components[i]; i++) {
        const char *problem = check_component(components[i]);
        if (problem)
            return problem;
    }
    return g_str_equal(components[0], ".dpxdt") ? "not begin with .dpxdt, which is dpxdt's own folder" : NULL;
}

static void taken_free(void *taken) {
    Taken *t = taken;
    g_free(t->where);
    g_free(t);
}

GHashTable *test_name_table_new(void) {
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, taken_free);
}

/* Takes one path; as a folder it may be taken more than once. */
static const char *take_path(GHashTable *table, const char *path, bool is_folder, const char *where) {
    const Taken *other = g_hash_table_lookup(table, path);
    if (other)
        return other->is_folder && is_folder ? NULL : other->where;
    Taken taken = {g_strdup(where), is_folder};
    g_hash_table_insert(table, g_strdup(path), g_memdup2(&taken, sizeof taken));
    return NULL;
}

const char *test_name_take(GHashTable *table, const char *name, const char *where) {
    g_autofree char *file = g_strconcat(name, ".png", NULL);
    for (char *slash = strchr(file, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(file, (size_t)(slash - file));
        const char *other = take_path(table, folder, true, where);
        if (other)
            return other;
    }
    return take_path(table, file, false, where);
}
