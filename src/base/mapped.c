#include "base/mapped.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* What begins where: to give back memory of another kind would be to lose what is in it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *mappings; /* set of addresses; NULL: there are none yet */

static void note(const void *begin, bool is_mapped) {
    pthread_mutex_lock(&lock);
    if (!mappings)
        mappings = g_hash_table_new(NULL, NULL);
    if (is_mapped)
        g_hash_table_add(mappings, (gpointer)begin);
    else
        g_hash_table_remove(mappings, begin);
    pthread_mutex_unlock(&lock);
}

static bool is_mapped(const void *begin) {
    pthread_mutex_lock(&lock);
    bool found = mappings && g_hash_table_contains(mappings, begin);
    pthread_mutex_unlock(&lock);
    return found;
}

static void unmap(void *data) {
    GMappedFile *file = data;
    note(g_mapped_file_get_contents(file), false);
    g_mapped_file_unref(file);
}

GBytes *mapped_new(int file, GError **error) {
    g_autoptr(GError) cause = NULL;
    GMappedFile *mapped = g_mapped_file_new_from_fd(file, FALSE, &cause);
    if (!mapped) {
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return NULL;
    }
    const char *bytes = g_mapped_file_get_contents(mapped);
    note(bytes, true);
    return g_bytes_new_with_free_func(bytes, g_mapped_file_get_length(mapped), unmap, mapped);
}

void mapped_forget(GBytes *bytes, size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = MIN(size, g_bytes_get_size(bytes)) / page * page;
    const void *begin = g_bytes_get_data(bytes, NULL);
    if (whole > 0 && is_mapped(begin))
        madvise((void *)begin, whole, MADV_DONTNEED);
}
