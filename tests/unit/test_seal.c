/* Bytes that are kept encrypted. */
#include "blob/seal.h"

#include "base/file.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 64 bytes: 0, 1, 2 ... */
#define OTHER_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
#define SECRET "{\"httpPassword\":\"open sesame\"}"

enum { THREADS = 8 };

typedef struct {
    char *folder, *path;
    Blobs *blobs;
    SealKey *key;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->folder = g_dir_make_tmp("dpxdt-seal-XXXXXX", &error);
    f->path = g_build_filename(f->folder, "secret.key", NULL);
    g_autofree char *blobs = g_build_filename(f->folder, "blobs", NULL);
    f->blobs = blobs_open(blobs, &error);
    f->key = seal_key_load(f->path, true, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, const void *unused) {
    seal_key_free(f->key);
    blobs_free(f->blobs);
    g_assert_true(file_remove_tree(f->folder, NULL));
    g_free(f->path);
    g_free(f->folder);
}

/* Keeps the secret; under what is the caller's. */
static char *put(Fixture *f, const SealKey *key, BlobFacts *out_facts) {
    g_autoptr(GError) error = NULL;
    char *sha256 = NULL;
    int64_t size;
    g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, &error);
    g_assert_true(seal_put(writer, key, SECRET, strlen(SECRET), out_facts, &sha256, &size, &error));
    g_assert_no_error(error);
    g_assert_cmpint(size, >, out_facts->size);
    return sha256;
}

static char *read_file(int file, int64_t size) {
    char *text = g_malloc0((size_t)size + 1);
    g_assert_cmpint(file, >=, 0);
    g_assert_cmpint(read(file, text, (size_t)size), ==, size);
    close(file);
    return text;
}

static void what_is_kept_is_opened_with_its_key(Fixture *f, const void *unused) {
    g_auto(BlobFacts) facts = {0};
    g_autoptr(GError) error = NULL;
    int64_t size;
    g_autofree char *sha256 = put(f, f->key, &facts);
    g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA1, SECRET, -1);
    g_assert_cmpstr(facts.sha1, ==, expected);
    g_assert_cmpint(facts.size, ==, (int64_t)strlen(SECRET));
    int file = seal_open_file(f->blobs, f->key, sha256, &size, &error);
    g_assert_no_error(error);
    g_autofree char *opened = read_file(file, size);
    g_assert_cmpstr(opened, ==, SECRET);
}

static void what_is_on_the_disk_has_nothing_of_it(Fixture *f, const void *unused) {
    g_auto(BlobFacts) facts = {0};
    g_autofree char *sha256 = put(f, f->key, &facts);
    int64_t size;
    int file = blobs_open_file(f->blobs, sha256, &size, NULL);
    g_autofree char *kept = read_file(file, size);
    g_assert_null(memmem(kept, (size_t)size, "sesame", 6));
    g_assert_null(memmem(kept, (size_t)size, "http", 4));
}

static void the_same_bytes_are_kept_once(Fixture *f, const void *unused) {
    g_auto(BlobFacts) facts = {0}, again = {0};
    g_autofree char *first = put(f, f->key, &facts), *second = put(f, f->key, &again);
    g_assert_cmpstr(first, ==, second);
}

static void another_key_opens_nothing(Fixture *f, const void *unused) {
    g_auto(BlobFacts) facts = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *sha256 = put(f, f->key, &facts), *path = g_build_filename(f->folder, "other.key", NULL);
    int64_t size;
    g_assert_true(file_write_text(path, OTHER_KEY, NULL));
    g_autoptr(SealKey) other = seal_key_load(path, false, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(seal_key_name(other), !=, seal_key_name(f->key));
    g_assert_cmpint(seal_open_file(f->blobs, other, sha256, &size, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
}

static void what_was_changed_or_never_encrypted_does_not_open(Fixture *f, const void *unused) {
    static const char *const texts[] = {"", "short", "sixteen letters.", "as long as a tag, and some bytes more"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(BlobFacts) facts = {0};
        g_autoptr(GError) error = NULL;
        int64_t size;
        g_assert_true(blobs_put(f->blobs, texts[i], strlen(texts[i]), &facts, NULL));
        g_assert_cmpint(seal_open_file(f->blobs, f->key, facts.sha256, &size, &error), ==, -1);
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
}

static void a_key_that_was_made_is_its_owners_alone_and_stays(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    GStatBuf about;
    g_assert_cmpint(g_stat(f->path, &about), ==, 0);
    g_assert_cmpint(about.st_mode & 0777, ==, 0600);
    g_autoptr(SealKey) again = seal_key_load(f->path, true, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(seal_key_name(again), ==, seal_key_name(f->key));
}

static void a_file_that_is_no_key_is_refused(Fixture *f, const void *unused) {
    static const char *const texts[] = {"", "password", "AAEC", OTHER_KEY "AAEC"};
    g_autofree char *path = g_build_filename(f->folder, "no.key", NULL);
    g_autoptr(GError) missing = NULL;
    g_assert_null(seal_key_load(path, false, &missing));
    g_assert_error(missing, DPXDT_ERROR, ERROR_NOT_FOUND);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(file_write_text(path, texts[i], NULL));
        g_assert_null(seal_key_load(path, true, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, path));
    }
}

static void a_key_in_two_lines_is_one(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autofree char *one = g_build_filename(f->folder, "one.key", NULL),
                    *two = g_build_filename(f->folder, "two.key", NULL);
    g_autofree char *broken = g_strdup_printf("%.64s\n%s\n", OTHER_KEY, &OTHER_KEY[64]);
    g_assert_true(file_write_text(one, OTHER_KEY, NULL) && file_write_text(two, broken, NULL));
    g_autoptr(SealKey) first = seal_key_load(one, false, &error), second = seal_key_load(two, false, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(seal_key_name(first), ==, seal_key_name(second));
}

static void *load(void *path) {
    g_autoptr(SealKey) key = seal_key_load(path, true, NULL);
    return key ? g_strdup(seal_key_name(key)) : NULL;
}

static void several_who_make_one_at_once_have_the_same(Fixture *f, const void *unused) {
    g_autofree char *path = g_build_filename(f->folder, "new.key", NULL), *first = NULL;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, load, path), ==, 0);
    for (int i = 0; i < THREADS; i++) {
        void *name = NULL;
        g_assert_cmpint(pthread_join(threads[i], &name), ==, 0);
        g_assert_nonnull(name);
        if (!first)
            first = g_strdup(name);
        g_assert_cmpstr(name, ==, first);
        g_free(name);
    }
}

static void add(const char *name, void (*test)(Fixture *f, const void *unused)) {
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    add("/seal/what-is-kept-is-opened-with-its-key", what_is_kept_is_opened_with_its_key);
    add("/seal/what-is-on-the-disk-has-nothing-of-it", what_is_on_the_disk_has_nothing_of_it);
    add("/seal/the-same-bytes-are-kept-once", the_same_bytes_are_kept_once);
    add("/seal/another-key-opens-nothing", another_key_opens_nothing);
    add("/seal/what-was-changed-or-never-encrypted-does-not-open", what_was_changed_or_never_encrypted_does_not_open);
    add("/seal/a-key-that-was-made-is-its-owners-alone-and-stays", a_key_that_was_made_is_its_owners_alone_and_stays);
    add("/seal/a-file-that-is-no-key-is-refused", a_file_that_is_no_key_is_refused);
    add("/seal/a-key-in-two-lines-is-one", a_key_in_two_lines_is_one);
    add("/seal/several-who-make-one-at-once-have-the-same", several_who_make_one_at_once_have_the_same);
    return g_test_run();
}
