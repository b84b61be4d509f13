/* Base64 as it stands in tokens and keys (RFC 7515, 2): the alphabet of URLs, without padding. Any thread. */
#pragma once

#include <glib.h>

/* The caller frees it. */
char *base64url_encode(const void *bytes, size_t n);

/* What n characters stand for. NULL for all that base64url_encode() would not write: padding, white space, another alphabet,
 * bits behind the end. So a signature has one form, and nobody can change a token that stays good. */
GBytes *base64url_decode(const char *text, size_t n);
