/* Hashes of bytes that come piece by piece, by OpenSSL, which is loaded when it is needed (base/library.h): it uses what
 * the processor has for them, and is five times as fast as GLib's. One thread at a time. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Digest Digest;

/* Begins to compute SHA-1 and SHA-256 of the same bytes. Fails with ERROR_NO_PROGRAM if OpenSSL is not installed. */
Digest *digest_new(GError **error) MUST_CHECK;
void digest_free(Digest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digest, digest_free)

void digest_add(Digest *digest, const void *data, size_t size);

/* Both, in lower-case hexadecimal; the caller frees them. Nothing may be added afterwards. */
void digest_end(Digest *digest, char **out_sha1, char **out_sha256);
