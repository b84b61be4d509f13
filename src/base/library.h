/* Libraries that are loaded when they are first needed. Those that bring many others with them (libcurl forty) take longer
 * to load than it takes to compare two screenshots, and who has no use for one need not have it installed.
 *
 *     #define FUNCTIONS(F) F(zlibVersion) F(crc32)
 *     static struct { FUNCTIONS(LIBRARY_POINTER) } zlib;
 *     static LIBRARY(zlib, FUNCTIONS, "libz.so.1", "zlib1g");
 *
 *     if (!library_load(&zlib_library, error))
 *         return NULL;
 *     zlib.crc32(0, bytes, size);
 *
 * The types of the functions are those of the library's own header. */
#pragma once

#include "base/error.h"

#include <pthread.h>
#include <stddef.h>

typedef struct {
    const char *file, *package;
    const char *const *names; /* of n functions; pointers to them go to the table, in the same order */
    size_t n;
    void *table;
    pthread_mutex_t lock; /* guards all below */
    bool is_loaded;
} Library;

/* Loads a library, for good, once. Fails with ERROR_NO_PROGRAM, and the name of the package to be installed, if it is not there
 * or too old. Any thread. */
bool library_load(Library *library, GError **error) MUST_CHECK;

/* A member of the table of functions, which has nothing else in it. */
#define LIBRARY_POINTER(name) __typeof__(&name) name;

/* table##_library: that which fills the table. */
#define LIBRARY(variable, FUNCTIONS, library_file, debian_package) \
    Library variable##_library = {                                 \
        .file = library_file,                                      \
        .package = debian_package,                                 \
        .names = (const char *const[]){FUNCTIONS(LIBRARY_NAME)},   \
        .n = sizeof(variable) / sizeof(void *),                    \
        .table = &(variable),                                      \
        .lock = PTHREAD_MUTEX_INITIALIZER,                         \
    }
#define LIBRARY_NAME(name) #name,
