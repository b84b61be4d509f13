/* Bytes by their hash, in a folder and, if DPXDT_TEST_BLOBS names one (tests/db/with_s3.py), in a store. */
#include "blob/blob.h"

#include "base/file.h"
#include "base/random.h"

#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of "hello" and of nothing, by sha1sum and sha256sum. */
#define HELLO_SHA1 "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
#define HELLO_SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct {
    char *folder; /* NULL: they are in a store */
    Blobs *blobs;
} Fixture;

static void set_up_disk(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autofree char *above = g_dir_make_tmp("dpxdt-blob-XXXXXX", &error);
    f->folder = g_build_filename(above, "blobs", NULL);
    f->blobs = blobs_open(f->folder, &error);
    g_assert_no_error(error);
}

/* The place of the environment, with a prefix. */
static char *store_with(const char *prefix) {
    g_auto(GStrv) halves = g_strsplit(g_getenv("DPXDT_TEST_BLOBS"), "?", 2);
    return g_strdup_printf("%s/%s?%s", halves[0], prefix, halves[1]);
}

/* Each test has a prefix of its own. */
static void set_up_store(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autofree char *prefix = random_hex(8);
    g_autofree char *place = store_with(prefix);
    f->blobs = blobs_open(place, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, const void *unused) {
    g_autofree char *above = f->folder ? g_path_get_dirname(f->folder) : NULL;
    blobs_free(f->blobs);
    g_assert_true(!above || file_remove_tree(above, NULL));
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
}

static void assert_is_kept(Blobs *blobs, const char *sha256, const void *bytes, size_t size) {
    g_autoptr(GError) error = NULL;
    int64_t found_size = 0;
    int file = blobs_open_file(blobs, sha256, &found_size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(found_size, ==, (int64_t)size);
    g_autofree char *found = g_malloc(size + 1);
    size_t n = 0;
    for (ssize_t got; (got = read(file, found + n, size + 1 - n)) > 0; n += (size_t)got)
        ;
    g_assert_cmpmem(found, n, bytes, size);
    close(file);
    g_assert_true(blobs_check(blobs, sha256, (int64_t)size, &error));
}

static void bytes_may_come_in_pieces_or_be_none(Fixture *f, const void *unused) {
    g_auto(BlobFacts) empty = {0};
    g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, NULL);
    g_assert_true(blob_writer_add(writer, "he", 2, NULL) && blob_writer_add(writer, "llo", 3, NULL));
    for (int twice = 0; twice < 2; twice++)
        g_assert_cmpstr(blob_writer_end(writer, NULL)->sha256, ==, HELLO_SHA256);
    g_assert_true(blobs_put(f->blobs, "", 0, &empty, NULL));
    g_assert_cmpstr(empty.sha256, ==, EMPTY_SHA256);
    assert_is_kept(f->blobs, HELLO_SHA256, "hello", 5);
    assert_is_kept(f->blobs, EMPTY_SHA256, "", 0);
}

static void bytes_may_be_many(Fixture *f, const void *unused) {
    const size_t size = 5 * 1024 * 1024 + 1;
    g_autofree char *bytes = g_malloc(size);
    g_auto(BlobFacts) facts = {0};
    random_bytes(bytes, size);
    g_assert_true(blobs_put(f->blobs, bytes, size, &facts, NULL));
    assert_is_kept(f->blobs, facts.sha256, bytes, size);
}

static void what_is_not_ended_leaves_nothing(Fixture *f, const void *unused) {
    {
        g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, NULL);
        g_assert_true(blob_writer_add(writer, "hello", 5, NULL));
        g_assert_cmpuint(n_coming(f), ==, 1);
    }
    g_assert_cmpuint(n_coming(f), ==, 0);
    g_assert_cmpuint(count_files(f->folder), ==, 1);
    g_auto(BlobFacts) facts = {0};
    g_assert_true(blobs_put(f->blobs, "hello", 5, &facts, NULL));
    g_assert_cmpuint(n_coming(f), ==, 0);
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

/* Removing. */

static void assert_is_gone(Blobs *blobs, const char *sha256) {
    g_autoptr(GError) error = NULL;
    int64_t size;
    g_assert_cmpint(blobs_open_file(blobs, sha256, &size, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
}

static void what_is_removed_is_gone_and_others_stay(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_auto(BlobFacts) hello = {0}, empty = {0};
    g_assert_true(blobs_put(f->blobs, "hello", 5, &hello, NULL) && blobs_put(f->blobs, "", 0, &empty, NULL));
    for (int twice = 0; twice < 2; twice++) {
        g_assert_true(blobs_remove(f->blobs, HELLO_SHA256, &error));
        g_assert_no_error(error);
        assert_is_gone(f->blobs, HELLO_SHA256);
    }
    g_assert_true(blobs_remove(f->blobs, "../../etc/passwd", &error));
    assert_is_kept(f->blobs, EMPTY_SHA256, "", 0);
}

static void what_was_removed_is_kept_once_more_by_who_has_written_it(Fixture *f, const void *unused) {
    const size_t size = 200 * 1000 + 1;
    g_autofree char *bytes = g_malloc(size);
    g_autoptr(GError) error = NULL;
    g_autoptr(BlobWriter) writer = blob_writer_new(f->blobs, NULL);
    random_bytes(bytes, size);
    g_assert_true(blob_writer_add(writer, bytes, size, NULL));
    const BlobFacts *facts = blob_writer_end(writer, NULL);
    for (int twice = 0; twice < 2; twice++) {
        g_assert_true(blobs_remove(f->blobs, facts->sha256, NULL));
        g_assert_true(blob_writer_renew(writer, &error));
        g_assert_no_error(error);
        assert_is_kept(f->blobs, facts->sha256, bytes, size);
    }
}

static void what_is_held_is_not_removed(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_auto(BlobFacts) hello = {0}, empty = {0};
    g_assert_true(blobs_put(f->blobs, "hello", 5, &hello, NULL));
    int lock = blobs_hold(f->blobs, &error);
    g_assert_no_error(error);
    g_assert_false(blobs_remove(f->blobs, HELLO_SHA256, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
    assert_is_kept(f->blobs, HELLO_SHA256, "hello", 5);
    g_assert_true(blobs_put(f->blobs, "", 0, &empty, NULL));
    close(lock);
    g_assert_true(blobs_remove(f->blobs, HELLO_SHA256, NULL));
}

static void a_store_cannot_be_held(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(blobs_hold(f->blobs, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
}

/* Lists. */

static bool note(const char *sha256, int64_t size, void *data, GError **error) {
    g_assert_true(g_hash_table_insert(data, g_strdup(sha256), GINT_TO_POINTER((int)size)));
    return true;
}

/* Hashes -> sizes. */
static GHashTable *list(Blobs *blobs) {
    g_autoptr(GError) error = NULL;
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_assert_true(blobs_list(blobs, note, seen, &error));
    g_assert_no_error(error);
    return seen;
}

static void what_is_kept_is_listed_with_its_size(Fixture *f, const void *unused) {
    g_autoptr(GHashTable) before = list(f->blobs);
    g_autoptr(BlobWriter) coming = blob_writer_new(f->blobs, NULL);
    g_auto(BlobFacts) hello = {0}, again = {0}, empty = {0};
    g_assert_true(blobs_put(f->blobs, "hello", 5, &hello, NULL) && blobs_put(f->blobs, "hello", 5, &again, NULL));
    g_assert_true(blobs_put(f->blobs, "", 0, &empty, NULL));
    g_autoptr(GHashTable) seen = list(f->blobs);
    g_assert_cmpuint(g_hash_table_size(before), ==, 0);
    g_assert_cmpuint(g_hash_table_size(seen), ==, 2);
    g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(seen, HELLO_SHA256)), ==, 5);
    g_assert_true(g_hash_table_contains(seen, EMPTY_SHA256));
}

static bool refuse(const char *sha256, int64_t size, void *data, GError **error) {
    ++*(int *)data;
    error_set(error, ERROR_STOPPED, "enough");
    return false;
}

static void a_visitor_may_break_off(Fixture *f, const void *unused) {
    g_auto(BlobFacts) hello = {0}, empty = {0};
    g_autoptr(GError) error = NULL;
    int visits = 0;
    g_assert_true(blobs_put(f->blobs, "hello", 5, &hello, NULL) && blobs_put(f->blobs, "", 0, &empty, NULL));
    g_assert_false(blobs_list(f->blobs, refuse, &visits, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_STOPPED);
    g_assert_cmpint(visits, ==, 1);
}

static void what_others_keep_there_is_not_listed(Fixture *f, const void *unused) {
    static const char *const names[] = {"readme", "2c/readme", "2c/f3/" HELLO_SHA256, "2c/f2/" HELLO_SHA256 ".tmp",
                                        HELLO_SHA256};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->folder, names[i], NULL);
        g_assert_true(file_write_text(path, "hello", NULL));
    }
    g_autofree char *folder =
        g_build_filename(f->folder, "48/6e/486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7", NULL);
    g_assert_true(file_make_folder(folder, NULL));
    g_autoptr(GHashTable) seen = list(f->blobs);
    g_assert_cmpuint(g_hash_table_size(seen), ==, 0);
}

/* Many at once. */

enum { N_THREADS = 20 };

typedef struct {
    Blobs *blobs;
    int n, each; /* which of the threads it is, and how many objects it makes */
} Work;

/* Bytes of its own, and some that all threads put at the same time. */
static void *put_many(void *data) {
    Work *work = data;
    for (int i = 0; i < work->each; i++) {
        g_autoptr(GError) error = NULL;
        g_auto(BlobFacts) own = {0}, shared = {0};
        g_autofree char *text = g_strdup_printf("%d of %d", i, work->n);
        g_assert_true(blobs_put(work->blobs, text, strlen(text), &own, &error));
        g_assert_no_error(error);
        if (i > 5)
            continue;
        g_assert_true(blobs_put(work->blobs, "hello", 5, &shared, &error));
        assert_is_kept(work->blobs, own.sha256, text, strlen(text));
        assert_is_kept(work->blobs, HELLO_SHA256, "hello", 5);
    }
    return NULL;
}

/* In a store more than it lists at once, which is 1,000. */
static void many_threads_may_put_and_read_at_once(Fixture *f, const void *unused) {
    pthread_t threads[N_THREADS];
    Work work[N_THREADS];
    int each = f->folder ? 5 : 60;
    for (int i = 0; i < N_THREADS; i++) {
        work[i] = (Work){f->blobs, i, each};
        g_assert_cmpint(pthread_create(&threads[i], NULL, put_many, &work[i]), ==, 0);
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    g_autoptr(GHashTable) seen = list(f->blobs);
    g_assert_cmpuint(g_hash_table_size(seen), ==, (guint)(N_THREADS * each + 1));
}

/* Places. */

static void make_old(const char *path) {
    const struct timespec old = {.tv_sec = time(NULL) - 25 * 60 * 60}, times[] = {old, old};
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static void what_was_left_over_is_removed_after_a_day(Fixture *f, const void *unused) {
    g_autofree char *old = g_build_filename(f->folder, "new", "dpxdt-OLDOLD", NULL);
    g_autofree char *recent = g_build_filename(f->folder, "new", "dpxdt-RECENT", NULL);
    g_autoptr(GError) error = NULL;
    g_auto(BlobFacts) facts = {0};
    g_assert_true(file_write_text(old, "hel", NULL) && file_write_text(recent, "hel", NULL));
    g_assert_true(blobs_put(f->blobs, "hello", 5, &facts, NULL));
    g_autofree char *kept = path_of(f, HELLO_SHA256);
    make_old(old);
    make_old(kept);
    g_autoptr(Blobs) again = blobs_open(f->folder, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(n_coming(f), ==, 1);
    g_assert_cmpint(access(recent, F_OK), ==, 0);
    assert_is_kept(again, HELLO_SHA256, "hello", 5);
}

static void a_place_that_cannot_be_written_to_is_refused(void) {
    g_autoptr(GError) error = NULL;
    g_assert_null(blobs_open("/dev/null/blobs", &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
}

static void assert_does_not_open(const char *place, ErrorCode code, const char *says) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Blobs) blobs = blobs_open(place, &error);
    g_assert_null(blobs);
    g_assert_error(error, DPXDT_ERROR, (int)code);
    if (!strstr(error->message, says))
        g_error("\"%s\" does not say \"%s\"", error->message, says);
}

static void wrong_keys_are_refused(void) {
    static const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *right = g_strdup(g_getenv(names[i]));
        g_setenv(names[i], "wrong", TRUE);
        assert_does_not_open(g_getenv("DPXDT_TEST_BLOBS"), ERROR_DENIED, "HTTP 403");
        g_setenv(names[i], right, TRUE);
    }
}

static void a_bucket_that_is_not_there_is_not_found(void) {
    const char *endpoint = strchr(g_getenv("DPXDT_TEST_BLOBS"), '?');
    g_autofree char *place = g_strconcat("s3://not-there", endpoint, NULL);
    assert_does_not_open(place, ERROR_NOT_FOUND, "there is no bucket not-there at http://127.0.0.1:");
}

static void add_tests(bool is_disk) {
    static const struct {
        const char *name;
        void (*function)(Fixture *f, const void *unused);
        bool is_of_disks;
    } tests[] = {
        {"what-is-not-there-is-not-found", what_is_not_there_is_not_found, false},
        {"bytes-that-were-changed-are-told", bytes_that_were_changed_are_told, true},
        {"what-is-not-ended-leaves-nothing", what_is_not_ended_leaves_nothing, true},
        {"what-others-keep-there-is-not-listed", what_others_keep_there_is_not_listed, true},
        {"what-was-left-over-is-removed-after-a-day", what_was_left_over_is_removed_after_a_day, true},
        {"what-is-held-is-not-removed", what_is_held_is_not_removed, true},
        {"what-is-removed-is-gone-and-others-stay", what_is_removed_is_gone_and_others_stay, false},
        {"what-was-removed-is-kept-once-more-by-who-has-written-it",
         what_was_removed_is_kept_once_more_by_who_has_written_it, false},
        {"what-is-put-is-found-by-its-hash", what_is_put_is_found_by_its_hash, false},
        {"bytes-may-come-in-pieces-or-be-none", bytes_may_come_in_pieces_or_be_none, false},
        {"bytes-may-be-many", bytes_may_be_many, false},
        {"what-is-kept-is-listed-with-its-size", what_is_kept_is_listed_with_its_size, false},
        {"a-visitor-may-break-off", a_visitor_may_break_off, false},
        {"many-threads-may-put-and-read-at-once", many_threads_may_put_and_read_at_once, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/blob/%s/%s", is_disk ? "disk" : "store", tests[i].name);
        if (is_disk || !tests[i].is_of_disks)
            g_test_add(path, Fixture, NULL, is_disk ? set_up_disk : set_up_store, tests[i].function, tear_down);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/blob/disk/a-place-that-cannot-be-written-to-is-refused",
                    a_place_that_cannot_be_written_to_is_refused);
    add_tests(true);
    if (g_getenv("DPXDT_TEST_BLOBS")) {
        g_test_add_func("/blob/store/wrong-keys-are-refused", wrong_keys_are_refused);
        g_test_add_func("/blob/store/a-bucket-that-is-not-there-is-not-found", a_bucket_that_is_not_there_is_not_found);
        g_test_add("/blob/store/a-store-cannot-be-held", Fixture, NULL, set_up_store, a_store_cannot_be_held,
                   tear_down);
        add_tests(false);
    }
    return g_test_run();
}
