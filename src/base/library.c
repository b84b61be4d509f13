#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *file, const char *package, const LibrarySymbol *symbols, size_t n, GError **error) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < n; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (!symbol)
            library = NULL;
        /* A pointer to a function and one to an object have no common type in C; POSIX has them of one size. */
        memcpy(symbols[i].function, &symbol, sizeof symbol);
    }
    if (!library)
        error_set(error, ERROR_FAILED, "%s (package %s) is needed for this: %s", file, package, dlerror());
    return library != NULL;
}
