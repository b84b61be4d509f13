/* Chance that nobody can foresee, from the kernel. Any thread. */
#pragma once

#include <stddef.h>

/* n bytes of it. */
void random_bytes(void *out, size_t n);

/* n bytes of it as text, which the caller frees: in lower-case hexadecimal, 2 * n characters; in base64 of URLs (RFC 4648,
 * 5) without padding, 4 characters for 3 bytes; in lower-case base32, 8 characters for 5 bytes, of which n is a multiple. */
char *random_hex(size_t n);
char *random_base64(size_t n);
char *random_base32(size_t n);
