/* The files that `dpxdt diff` reads. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* A file's bytes, at most PNG_MAX_BYTES, not copied but mapped: so they change if the file does. If it is made shorter
 * meanwhile, the program ends with a message and exit status 2. Errors as of file_read(). Any thread. */
GBytes *diff_file_map(const char *path, GError **error) MUST_CHECK;

/* Sees to it that the program ends so. Called once, before the first file is mapped. */
void diff_file_install(void);
