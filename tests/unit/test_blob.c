/* Bytes by their hash, in a folder. */
#include "blob/blob.h"

#include "base/file.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of "hello" and of nothing, by sha1sum and sha256sum. */
#define HELLO_SHA1 "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
#define HELLO_SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct {
    char *folder;
    Blobs *blobs;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autofree char *above = g_dir_make_tmp("dpxdt-blob-XXXXXX", &error);
    f->folder = g_build_filename(above, "blobs", NULL);
    f->blobs = blobs_open(f->folder, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, const void *unused) {
    g_autofree char *above = g_path_get_dirname(f->folder);
    blobs_free(f->blobs);
    g_assert_true(file_remove_tree(above, NULL));
    g_free(f->folder);
}

static char *path_of(Fixture *f, const char *sha256) {
    return g_strdup_printf("%s/%.2s/%s", f->folder, sha256, sha256);
}

static guint count_files(const char *folder) {
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        n++;
    return n;
}

static guint n_coming(Fixture *f) {
    g_autofree char *coming = g_build_filename(f->folder, "new", NULL);
    return count_files(coming);
}

static void what_is_put_is_found_by_its_hash(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    for (int twice = 0; twice < 2; twice++) {
        g_auto(BlobFacts) facts = {0};
        g_assert_true(blobs_put(f->blobs, "hello", 5, &facts, &error));
        g_assert_cmpstr(facts.sha1, ==, HELLO_SHA1);
        g_assert_cmpstr(facts.sha256, ==, HELLO_SHA256);
        g_assert_cmpint(facts.size, ==, 5);
    }
    int64_t size;
    char bytes[10];
    int file = blobs_open_file(f->blobs, HELLO_SHA256, &size, &error);
    g_assert_cmpint(file, >=, 0);
    g_assert_cmpint(read(file, bytes, sizeof bytes), ==, 5);
    g_assert_cmpmem(bytes, 5, "hello", 5);
    g_assert_cmpint(size, ==, 5);
    close(file);
    g_assert_true(blobs_check(f->blobs, HELLO_SHA256, 5, &error));
    g_assert_cmpuint(n_coming(f), ==, 0);
}

static void bytes_may_come_in_pieces_or_be_none(Fixture *f, const void *unused) {
    g_auto(BlobFacts) empty = {0};
    g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, NULL);
    g_assert_true(blob_writer_add(writer, "he", 2, NULL) && blob_writer_add(writer, "llo", 3, NULL));
    for (int twice = 0; twice < 2; twice++)
        g_assert_cmpstr(blob_writer_end(writer, NULL)->sha256, ==, HELLO_SHA256);
    g_assert_true(blobs_put(f->blobs, "", 0, &empty, NULL));
    g_assert_cmpstr(empty.sha256, ==, EMPTY_SHA256);
}

static void what_is_not_ended_leaves_nothing(Fixture *f, const void *unused) {
    {
        g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, NULL);
        g_assert_true(blob_writer_add(writer, "hello", 5, NULL));
        g_assert_cmpuint(n_coming(f), ==, 1);
    }
    g_assert_cmpuint(n_coming(f), ==, 0);
    g_assert_cmpuint(count_files(f->folder), ==, 1);
}

static void what_is_not_there_is_not_found(Fixture *f, const void *unused) {
    static const char *const hashes[] = {EMPTY_SHA256, "", "short", "../../../../etc/passwd",
                                         "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"};
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        g_autoptr(GError) error = NULL;
        int64_t size;
        g_assert_cmpint(blobs_open_file(f->blobs, hashes[i], &size, &error), ==, -1);
        g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    }
}

static void bytes_that_were_changed_are_told(Fixture *f, const void *unused) {
    static const char *const others[] = {"hellO", "hell", "hello!"};
    g_auto(BlobFacts) facts = {0};
    g_assert_true(blobs_put(f->blobs, "hello", 5, &facts, NULL));
    g_autofree char *path = path_of(f, HELLO_SHA256);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(file_write_text(path, others[i], NULL));
        g_assert_false(blobs_check(f->blobs, HELLO_SHA256, 5, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
}

static void a_place_that_cannot_be_written_to_is_refused(void) {
    g_autoptr(GError) error = NULL;
    g_assert_null(blobs_open("/dev/null/blobs", &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
}

#define TEST(name, function) g_test_add("/blob/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("what-is-put-is-found-by-its-hash", what_is_put_is_found_by_its_hash);
    TEST("bytes-may-come-in-pieces-or-be-none", bytes_may_come_in_pieces_or_be_none);
    TEST("what-is-not-ended-leaves-nothing", what_is_not_ended_leaves_nothing);
    TEST("what-is-not-there-is-not-found", what_is_not_there_is_not_found);
    TEST("bytes-that-were-changed-are-told", bytes_that_were_changed_are_told);
    g_test_add_func("/blob/a-place-that-cannot-be-written-to-is-refused", a_place_that_cannot_be_written_to_is_refused);
    return g_test_run();
}
