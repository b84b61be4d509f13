#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    (void)unused;
    f->folder = g_dir_make_tmp("dpxdt-test-XXXXXX", NULL);
    g_assert_nonnull(f->folder);
}

static void tear_down(Fixture *f, const void *unused) {
    (void)unused;
    g_assert_true(file_remove_tree(f->folder, NULL));
    g_free(f->folder);
}

static char *in_folder(const Fixture *f, const char *name) {
    return g_build_filename(f->folder, name, NULL);
}

static void assert_holds(const char *path, const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, 1000, &error);
    g_assert_no_error(error);
    size_t size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_assert_cmpmem(data, size, text, strlen(text));
}

static unsigned count_entries(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void what_is_written_is_read_and_folders_are_made(Fixture *f, const void *unused) {
    g_autofree char *path = in_folder(f, "a/b/c.txt");
    g_assert_true(file_write_text(path, "one", NULL));
    assert_holds(path, "one");
    g_assert_true(file_write(path, "", 0, NULL));
    assert_holds(path, "");
    g_assert_true(file_write_scratch(path, "three", 5, NULL));
    assert_holds(path, "three");
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    g_assert_true(file_write_bytes(path, empty, NULL));
    assert_holds(path, "");
}

static void nothing_is_left_beside_what_is_written(Fixture *f, const void *unused) {
    g_autofree char *path = in_folder(f, "a.txt");
    g_assert_true(file_write_text(path, "one", NULL));
    g_assert_true(file_write_text(path, "two", NULL));
    g_assert_cmpuint(count_entries(f->folder), ==, 1);
}

/* As on a full disk: the kernel takes no byte beyond the limit. */
static void a_failed_write_leaves_the_old_content(Fixture *f, const void *unused) {
    g_autofree char *path = in_folder(f, "a.txt");
    g_autoptr(GError) error = NULL;
    struct rlimit before, small = {.rlim_cur = 2};
    g_assert_true(file_write_text(path, "old", NULL));
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small.rlim_max = before.rlim_max;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    g_assert_false(file_write_text(path, "new", &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_true(error_is(error, ERROR_FAILED));
    assert_holds(path, "old");
}

static void a_folder_in_the_way_is_an_error_with_its_path(Fixture *f, const void *unused) {
    g_autofree char *folder = in_folder(f, "here");
    g_autofree char *below = in_folder(f, "file/below");
    g_autofree char *file = in_folder(f, "file");
    g_autoptr(GError) is_folder = NULL;
    g_autoptr(GError) is_file = NULL;
    g_assert_true(file_make_folder(folder, NULL));
    g_assert_true(file_make_folder(folder, NULL));
    g_assert_false(file_write_text(folder, "x", &is_folder));
    g_assert_nonnull(strstr(is_folder->message, folder));
    g_assert_true(file_write_text(file, "x", NULL));
    g_assert_false(file_write_text(below, "x", &is_file));
    g_assert_nonnull(strstr(is_file->message, file));
}

static void what_cannot_be_read_says_why(Fixture *f, const void *unused) {
    static const struct {
        const char *name;
        ErrorCode code;
        const char *words;
    } cases[] = {
        {"none", ERROR_NOT_FOUND, "No such file"},
        {"folder", ERROR_INVALID, "not a file"},
        {"pipe", ERROR_INVALID, "not a file"},
        {"large", ERROR_INVALID, "11 bytes, at most 10 are read"},
        {"large/below", ERROR_FAILED, "Not a directory"},
    };
    g_autofree char *folder = in_folder(f, "folder");
    g_autofree char *pipe = in_folder(f, "pipe");
    g_autofree char *large = in_folder(f, "large");
    g_assert_true(file_make_folder(folder, NULL));
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_true(file_write_text(large, "12345678901", NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = in_folder(f, cases[i].name);
        g_autoptr(GError) error = NULL;
        g_test_message("%s", path);
        g_assert_null(file_read(path, 10, &error));
        g_assert_true(error_is(error, cases[i].code));
        g_assert_nonnull(strstr(error->message, path));
        g_assert_nonnull(strstr(error->message, cases[i].words));
    }
}

static void a_tree_goes_and_links_in_it_are_not_followed(Fixture *f, const void *unused) {
    g_autofree char *outside = in_folder(f, "outside/kept.txt");
    g_autofree char *inside = in_folder(f, "tree/deep/er/gone.txt");
    g_autofree char *tree = in_folder(f, "tree");
    g_autofree char *link = in_folder(f, "tree/link");
    g_autofree char *dangling = in_folder(f, "tree/dangling");
    g_assert_true(file_write_text(outside, "kept", NULL));
    g_assert_true(file_write_text(inside, "gone", NULL));
    g_assert_cmpint(symlink("../outside", link), ==, 0);
    g_assert_cmpint(symlink("nowhere", dangling), ==, 0);
    g_assert_true(file_remove_tree(tree, NULL));
    g_assert_false(g_file_test(tree, G_FILE_TEST_EXISTS));
    assert_holds(outside, "kept");
    g_assert_true(file_remove_tree(tree, NULL));
    g_assert_true(file_remove_tree(outside, NULL));
    g_assert_false(g_file_test(outside, G_FILE_TEST_EXISTS));
}

static void a_folder_is_left_over_when_its_lock_is_free(Fixture *f, const void *unused) {
    (void)unused;
    int ours = -1, gone = -1, kept = -1;
    g_autofree char *our_path = file_make_own_folder(f->folder, "run-", 0700, &ours, NULL);
    g_autofree char *gone_path = file_make_own_folder(f->folder, "run-", 0700, &gone, NULL);
    g_autofree char *kept_path = file_make_own_folder(f->folder, "run-", 0700, &kept, NULL);
    g_autofree char *kept_name = g_path_get_basename(kept_path);
    g_autofree char *other = in_folder(f, "other/file");
    g_autofree char *file = in_folder(f, "run-file");
    g_autofree char *link = in_folder(f, "run-link");
    g_autofree char *in_gone = g_build_filename(gone_path, "a/file", NULL);
    g_assert_true(file_write_text(in_gone, "x", NULL) && file_write_text(other, "x", NULL) &&
                  file_write_text(file, "x", NULL));
    g_assert_cmpint(symlink("other", link), ==, 0);
    g_assert_cmpint(fcntl(ours, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    close(gone);
    close(kept);

    file_remove_left_over(f->folder, "run-", kept_name);
    g_assert_true(g_file_test(our_path, G_FILE_TEST_IS_DIR));
    g_assert_false(g_file_test(gone_path, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(kept_path, G_FILE_TEST_IS_DIR));
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_holds(other, "x");
    assert_holds(file, "x");

    close(ours);
    file_remove_left_over(f->folder, "run-", NULL);
    g_assert_false(g_file_test(our_path, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(kept_path, G_FILE_TEST_EXISTS));
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD("/file/what-is-written-is-read-and-folders-are-made", what_is_written_is_read_and_folders_are_made);
    ADD("/file/nothing-is-left-beside-what-is-written", nothing_is_left_beside_what_is_written);
    ADD("/file/a-failed-write-leaves-the-old-content", a_failed_write_leaves_the_old_content);
    ADD("/file/a-folder-in-the-way-is-an-error-with-its-path", a_folder_in_the_way_is_an_error_with_its_path);
    ADD("/file/what-cannot-be-read-says-why", what_cannot_be_read_says_why);
    ADD("/file/a-tree-goes-and-links-in-it-are-not-followed", a_tree_goes_and_links_in_it_are_not_followed);
    ADD("/file/a-folder-is-left-over-when-its-lock-is-free", a_folder_is_left_over_when_its_lock_is_free);
    return g_test_run();
}
