/* Whether a text was signed with a key. */
#pragma once

#include "auth/jwk.h"

#include <glib.h>

/* The signature is in the form of RFC 7518, 3. Its functions must be loaded. Any thread. */
bool signature_is_good(const JwkAlgorithm *algorithm, EVP_PKEY *key, const char *text, size_t size, GBytes *signature);
