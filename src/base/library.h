/* Libraries that are loaded when they are first needed. Those that bring many others with them (libcurl forty) take longer
 * to load than it takes to compare two screenshots, and who has no use for one need not have it installed. */
#pragma once

#include "base/error.h"

#include <stddef.h>

typedef struct {
    const char *name;
    void *function; /* where a pointer to it goes */
} LibrarySymbol;

/* Loads a library, for good, and finds n functions in it. Fails with ERROR_FAILED, and the name of the package to be
 * installed, if it is not there or too old. Any thread, but one at a time for the same functions. */
bool library_load(const char *file, const char *package, const LibrarySymbol *symbols, size_t n,
                  GError **error) MUST_CHECK;
