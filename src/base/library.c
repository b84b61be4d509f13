#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

/* A pointer to a function and one to an object have no common type in C; POSIX has them of one size. */
static bool find_functions(const Library *library, void *handle) {
    for (size_t i = 0; i < library->n; i++) {
        void *function = dlsym(handle, library->names[i]);
        if (!function)
            return false;
        memcpy((char *)library->table + i * sizeof function, &function, sizeof function);
    }
    return true;
}

bool library_load(Library *library, GError **error) {
    pthread_mutex_lock(&library->lock);
    if (!library->is_loaded) {
        void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
        library->is_loaded = handle && find_functions(library, handle);
        if (!library->is_loaded)
            error_set(error, ERROR_NO_PROGRAM, "%s (package %s) is needed for this: %s", library->file, library->package,
                      dlerror());
    }
    bool is_loaded = library->is_loaded;
    pthread_mutex_unlock(&library->lock);
    return is_loaded;
}
