/* Files as bytes that are not copied but mapped. What of them is in memory counts as the program's own, so who reads a
 * large one from its beginning to its end gives back what is behind him. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* The bytes of a file that is open for reading; the descriptor may be closed afterwards. They change if the file does, and
 * reading behind its end, if it is made shorter, is a SIGBUS. NULL with ERROR_FAILED where it cannot be mapped. */
GBytes *mapped_new(int file, GError **error) MUST_CHECK;

/* The first size bytes are not needed for now: the memory in which they are is given back. They can be read again, and come
 * from the file then. Does nothing where bytes are no mapping. */
void mapped_forget(GBytes *bytes, size_t size);
