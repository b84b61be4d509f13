/* Bytes as text. Any thread. */
#pragma once

#include <stddef.h>

/* n bytes in lower-case hexadecimal, 2 * n characters, which the caller frees. */
char *hex_text(const void *bytes, size_t n);
