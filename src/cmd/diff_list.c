#include "cmd/diff_list.h"

#include "base/stop.h"
#include "cmd/diff_pair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Of a list, and of names in a folder: a million pairs, more than anybody takes screenshots of, with long paths. */
enum { MAX_LIST_BYTES = 256 * 1024 * 1024, MAX_PICTURES = 1000 * 1000 };

/* Of a run's name that its marked picture is called by. */
enum { MAX_NAME_BYTES = 60 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

static GPtrArray *new_list(void) {
    return g_ptr_array_new_with_free_func((GDestroyNotify)diff_pair_free);
}

static char *path_below(const char *folder, const char *name) {
    return folder ? g_build_filename(folder, name, NULL) : NULL;
}

/* ---- Folders ---- */

static bool is_png_name(const char *name) {
    size_t length = strlen(name);
    return length > 4 && g_ascii_strcasecmp(name + length - 4, ".png") == 0;
}

static bool is_folder_of_its_own(const char *path) {
    return g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static bool find_pictures(const char *root, const char *below, GPtrArray *names, GError **error);

/* Adds what an entry of a folder is: a picture, or all that are below it. below is its path below root. */
static bool take_entry(const char *root, const char *below, GPtrArray *names, GError **error) {
    g_autofree char *path = g_build_filename(root, below, NULL);
    if (is_folder_of_its_own(path))
        return find_pictures(root, below, names, error);
    if (is_png_name(below))
        g_ptr_array_add(names, g_strdup(below));
    if (stop_requested())
        error_set(error, ERROR_STOPPED, "stopped");
    else if (names->len > MAX_PICTURES)
        error_set(error, ERROR_INVALID, "%s: more than %d pictures", root, MAX_PICTURES);
    else
        return true;
    return false;
}

/* below is "" for root itself. */
static bool find_pictures(const char *root, const char *below, GPtrArray *names, GError **error) {
    g_autofree char *folder = *below ? g_build_filename(root, below, NULL) : g_strdup(root);
    g_autoptr(DIR) entries = opendir(folder);
    if (!entries)
        error_set_errno(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, errno, "%s", folder);
    for (const struct dirent *entry; entries && (entry = readdir(entries));) {
        g_autofree char *name = *below ? g_build_filename(below, entry->d_name, NULL) : g_strdup(entry->d_name);
        if (entry->d_name[0] != '.' && !take_entry(root, name, names, error))
            return false;
    }
    return entries != NULL;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *list_pictures(const char *root, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (!find_pictures(root, "", names, error))
        return NULL;
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

/* The two are sorted; a name that only one of them has makes half a pair. */
static GPtrArray *merge(const GPtrArray *references, const GPtrArray *runs, const char *reference_folder,
                        const char *run_folder, const char *output_folder) {
    GPtrArray *list = new_list();
    for (guint r = 0, q = 0; r < references->len || q < runs->len;) {
        int order = r == references->len ? 1 : q == runs->len ? -1 : strcmp(references->pdata[r], runs->pdata[q]);
        const char *name = order <= 0 ? references->pdata[r] : runs->pdata[q];
        DiffPair *pair = g_new0(DiffPair, 1);
        pair->name = g_strdup(name);
        pair->reference_path = order <= 0 ? path_below(reference_folder, name) : NULL;
        pair->run_path = order >= 0 ? path_below(run_folder, name) : NULL;
        pair->output_path = path_below(output_folder, name);
        g_ptr_array_add(list, pair);
        r += order <= 0;
        q += order >= 0;
    }
    return list;
}

GPtrArray *diff_list_folders(const char *reference_folder, const char *run_folder, const char *output_folder,
                             GError **error) {
    g_autoptr(GPtrArray) references = list_pictures(reference_folder, error);
    g_autoptr(GPtrArray) runs = references ? list_pictures(run_folder, error) : NULL;
    if (!runs)
        return NULL;
    if (references->len + runs->len > 0)
        return merge(references, runs, reference_folder, run_folder, output_folder);
    error_set(error, ERROR_NOT_FOUND, "no PNG below %s or %s", reference_folder, run_folder);
    return NULL;
}

/* ---- A list ---- */

/* All that comes out of a file, which may be a pipe. */
static GByteArray *read_all(int file, const char *name, GError **error) {
    g_autoptr(GByteArray) all = g_byte_array_new();
    uint8_t some[1 << 16];
    for (;;) {
        ssize_t n = read(file, some, sizeof some);
        int why = errno;
        g_byte_array_append(all, some, (guint)MAX(n, 0));
        if (stop_requested())
            error_set(error, ERROR_STOPPED, "stopped");
        else if (n < 0 && why != EINTR)
            error_set_errno(error, ERROR_FAILED, why, "cannot read %s", name);
        else if (all->len > MAX_LIST_BYTES)
            error_set(error, ERROR_INVALID, "%s: more than %d bytes", name, MAX_LIST_BYTES);
        else if (n == 0)
            return g_steal_pointer(&all);
        else
            continue;
        return NULL;
    }
}

static GByteArray *read_list(const char *path, GError **error) {
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", error);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        error_set_errno(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, errno, "%s", path);
        return NULL;
    }
    GByteArray *all = read_all(file, path, error);
    close(file);
    return all;
}

/* The two paths of a line, NULL if they cannot be told apart. */
static char **split_line(const char *line) {
    g_auto(GStrv) parts = g_strsplit(line, strchr(line, '\t') ? "\t" : " ", -1);
    bool good = g_strv_length(parts) == 2 && *parts[0] && *parts[1];
    return good ? g_steal_pointer(&parts) : NULL;
}

/* The number tells runs of the same name apart, and keeps the order. */
static char *numbered_path(const char *folder, guint number, const char *run_path) {
    g_autofree char *base = g_path_get_basename(run_path);
    if (is_png_name(base))
        base[strlen(base) - strlen(".png")] = '\0';
    g_autofree char *slug = g_strndup(base, MAX_NAME_BYTES);
    g_strcanon(slug, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.@", '_');
    g_autofree char *name = g_strdup_printf("%04u-%s.png", number, slug);
    return path_below(folder, name);
}

static bool add_line(const char *line, const char *output_folder, GPtrArray *list) {
    g_auto(GStrv) paths = split_line(line);
    if (!paths)
        return false;
    DiffPair *pair = g_new0(DiffPair, 1);
    pair->name = g_strdup(paths[1]);
    pair->reference_path = g_strdup(paths[0]);
    pair->run_path = g_strdup(paths[1]);
    pair->output_path = output_folder ? numbered_path(output_folder, list->len + 1, paths[1]) : NULL;
    g_ptr_array_add(list, pair);
    return true;
}

/* text ends with a NUL behind its last byte; others in it are no part of any path. */
static bool add_lines(char *text, size_t size, const char *name, const char *output_folder, GPtrArray *list,
                      GError **error) {
    unsigned number = 1;
    for (char *line = text, *end; line < text + size; line = end + 1, number++) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        end = end ? end : text + size;
        bool is_text = !memchr(line, '\0', (size_t)(end - line));
        *end = '\0';
        if (end > line && end[-1] == '\r')
            end[-1] = '\0';
        if (is_text && (*line == '\0' || add_line(line, output_folder, list)))
            continue;
        error_set(error, ERROR_INVALID, "%s:%u: must be two paths with a TAB between them", name, number);
        return false;
    }
    return true;
}

GPtrArray *diff_list_read(const char *path, const char *output_folder, GError **error) {
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    g_autoptr(GByteArray) all = read_list(path, error);
    g_autoptr(GPtrArray) list = all ? new_list() : NULL;
    if (!all)
        return NULL;
    size_t size = all->len;
    g_byte_array_append(all, (const uint8_t *)"", 1);
    if (!add_lines((char *)all->data, size, name, output_folder, list, error))
        return NULL;
    if (list->len > 0)
        return g_steal_pointer(&list);
    error_set(error, ERROR_NOT_FOUND, "%s: no pairs of pictures in it", name);
    return NULL;
}
