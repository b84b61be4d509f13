/* Files that are mapped, and bytes that are not. */
#include "base/mapped.h"

#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 1000 * 1000 };

static GBytes *map_noise(const char *noise) {
    g_autoptr(GError) error = NULL;
    char path[] = "/tmp/dpxdt-mapped-XXXXXX";
    int file = mkstemp(path);
    g_assert_cmpint(write(file, noise, SIZE), ==, SIZE);
    GBytes *mapped = mapped_new(file, &error);
    g_assert_no_error(error);
    close(file);
    unlink(path);
    return mapped;
}

/* KB of it that this process holds, be it in the kernel's cache or not. */
static guint64 resident_kb(GBytes *bytes) {
    g_autofree char *start = g_strdup_printf("%lx-", (unsigned long)(uintptr_t)g_bytes_get_data(bytes, NULL));
    g_autofree char *mappings = NULL;
    g_assert_true(g_file_get_contents("/proc/self/smaps", &mappings, NULL, NULL));
    const char *found = strstr(mappings, start), *rss = found ? strstr(found, "Rss:") : NULL;
    g_assert_nonnull(rss);
    return g_ascii_strtoull(rss + strlen("Rss:"), NULL, 10);
}

static void what_is_forgotten_takes_no_memory_and_can_be_read_again(void) {
    g_autofree char *noise = g_malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        noise[i] = (char)g_test_rand_int();
    g_autoptr(GBytes) mapped = map_noise(noise);
    g_assert_cmpmem(g_bytes_get_data(mapped, NULL), g_bytes_get_size(mapped), noise, SIZE);
    guint64 before = resident_kb(mapped);
    mapped_forget(mapped, SIZE / 2);
    g_assert_cmpuint(resident_kb(mapped), <=, before * 6 / 10);
    mapped_forget(mapped, 10 * SIZE);
    g_assert_cmpuint(resident_kb(mapped), <=, before / 10);
    g_assert_cmpmem(g_bytes_get_data(mapped, NULL), g_bytes_get_size(mapped), noise, SIZE);
}

static void bytes_that_are_not_mapped_are_kept(void) {
    g_autofree char *noise = g_strnfill(SIZE, 'x');
    g_autoptr(GBytes) mapped = map_noise(noise);
    g_autoptr(GBytes) copied = g_bytes_new(noise, SIZE);
    mapped_forget(copied, SIZE);
    g_assert_cmpmem(g_bytes_get_data(copied, NULL), SIZE, noise, SIZE);
    g_clear_pointer(&mapped, g_bytes_unref);
    mapped_forget(copied, SIZE);
    g_assert_cmpmem(g_bytes_get_data(copied, NULL), SIZE, noise, SIZE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mapped/what-is-forgotten-takes-no-memory-and-can-be-read-again",
                    what_is_forgotten_takes_no_memory_and_can_be_read_again);
    g_test_add_func("/mapped/bytes-that-are-not-mapped-are-kept", bytes_that_are_not_mapped_are_kept);
    return g_test_run();
}
