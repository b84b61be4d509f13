/* Bytes as text. Any thread. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* n bytes in lower-case hexadecimal, 2 * n characters, which the caller frees. */
char *hex_text(const void *bytes, size_t n);

/* The bytes that such a text stands for, in upper or lower case; g_autoptr(GBytes). NULL if it is none. */
GBytes *hex_bytes(const char *text);
