/* What a login service says of itself (OpenID Connect Discovery 1.0), as the JSON that it is. Any thread. */
#pragma once

#include "base/error.h"

#include <jansson.h>

/* Whether an address is https, or http on this very machine, as in tests: over any other, whoever is on the way could log in
 * as anybody. ERROR_INVALID, with the address, if not. */
bool discovery_check_url(const char *url, GError **error) MUST_CHECK;

/* The same of an issuer, which has no query either (Discovery, 3). */
bool discovery_check_issuer(const char *issuer, GError **error) MUST_CHECK;

/* Where an issuer says it; the caller frees it. */
char *discovery_url(const char *issuer);

/* Whether it is of this issuer, has all that we need, and leads only to addresses as above; ERROR_FAILED if not. The
 * functions below are for those that passed, and what they return belongs to the document. */
bool discovery_check(const json_t *document, const char *issuer, GError **error) MUST_CHECK;

const char *discovery_authorization_endpoint(const json_t *document);
const char *discovery_token_endpoint(const json_t *document);
const char *discovery_jwks_uri(const json_t *document);

/* Whether the client's secret is to be sent in the body, as the service takes it in no header. */
bool discovery_wants_secret_in_body(const json_t *document);

/* Whether each answer says whose it is (RFC 9207). */
bool discovery_names_issuer(const json_t *document);
