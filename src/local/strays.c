#include "local/strays.h"

#include "capture/capture.h"
#include "image/png.h"
#include "report/report.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* `dpxdt test .` in a project with all its packages must not become slow for a courtesy. */
enum { MOST_ENTRIES = 20000 };
/* A person gets the idea. */
enum { MOST_NAMED = 3 };

typedef struct {
    GHashTable *references; /* set of paths, borrowed */
    GPtrArray *strays;      /* of char *, paths */
    int n_entries;
} Search;

static bool is_folder(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool is_ours(const char *path) {
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    g_autoptr(GBytes) png = file ? g_mapped_file_get_bytes(file) : NULL;
    g_autofree char *note = png ? png_find_note(png, CAPTURE_NOTE) : NULL;
    return note != NULL;
}

static bool is_test_file(const char *name) {
    return g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml");
}

static bool is_of_its_own(const char *folder) {
    g_autofree char *index = g_build_filename(folder, "index.html", NULL);
    if (g_file_test(index, G_FILE_TEST_EXISTS) && report_check_gallery(folder, NULL))
        return true;
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    for (const char *name; entries && (name = g_dir_read_name(entries));)
        if (is_test_file(name))
            return true;
    return false;
}

static void search_folder(Search *search, const char *folder) {
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    for (const char *name; entries && search->n_entries < MOST_ENTRIES && (name = g_dir_read_name(entries));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        search->n_entries++;
        if (is_folder(path)) {
            if (strcmp(name, ".dpxdt") != 0 && !is_of_its_own(path))
                search_folder(search, path);
        } else if (g_str_has_suffix(name, ".png") && !g_hash_table_contains(search->references, path) &&
                   is_ours(path)) {
            g_ptr_array_add(search->strays, g_steal_pointer(&path));
        }
    }
}

static void take_references(GHashTable *references, const Suite *suite) {
    for (unsigned i = 0; i < suite->files->len; i++) {
        const TestFile *file = suite->files->pdata[i];
        for (unsigned j = 0; j < file->tests->len; j++)
            g_hash_table_add(references, ((const TestCase *)file->tests->pdata[j])->reference_path);
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *strays_describe(const Suite *suite) {
    g_autoptr(GHashTable) references = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) strays = g_ptr_array_new_with_free_func(g_free);
    Search search = {references, strays, 0};
    take_references(references, suite);
    search_folder(&search, suite->dir);
    if (strays->len == 0)
        return NULL;
    g_ptr_array_sort(strays, by_name);
    GString *words = g_string_new(NULL);
    g_string_printf(
        words, strays->len == 1 ? "%u picture belongs to no test any more:" : "%u pictures belong to no test any more:",
        strays->len);
    for (unsigned i = 0; i < strays->len && i < MOST_NAMED; i++)
        g_string_append_printf(words, "%s %s", i ? "," : "", (const char *)strays->pdata[i]);
    if (strays->len > MOST_NAMED)
        g_string_append(words, " ...");
    return g_string_free(words, FALSE);
}
