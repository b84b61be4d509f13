/* Login by OpenID Connect: a service that the administrator names says who somebody is. The authorization code flow of
 * OpenID Connect Core 1.0 (3.1), with PKCE (RFC 7636), state and nonce, as a client that has a secret. The service must put
 * the e-mail address into its token, as Google, Keycloak and Dex do; it is not asked for by itself (UserInfo).
 *
 *     /login:     oidc_begin() -> keep the OidcLogin with the browser's session, and send the browser to the URL
 *     /callback:  the kept OidcLogin, found by the session -> oidc_read_callback() -> oidc_finish() -> the person
 *
 * Sessions, and what a person may do, are matters of others. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>

/* What the administrator has set up; all of it is copied. */
typedef struct {
    const char *issuer; /* https, or http on loopback; letter by letter as the service writes it */
    const char *client_id, *client_secret;
    const char *redirect_uri;  /* of our callback, as the service knows it */
    const char *hosted_domain; /* only accounts of this domain of Google's Workspace may log in; NULL or "": any */
} OidcSettings;

/* A login that has begun. Each is 256 random bits in Base64 of URLs, and good for one callback: whoever keeps them in a row
 * takes the row away before oidc_finish(). */
typedef struct {
    char *state;         /* comes back in the callback (RFC 6749, 10.12) */
    char *nonce;         /* comes back in the token (OpenID Connect Core, 15.5.2) */
    char *code_verifier; /* never leaves the server before the code comes (RFC 7636, 4.1) */
} OidcLogin;

void oidc_login_clear(OidcLogin *login);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OidcLogin, oidc_login_clear)

/* Who has logged in. All is UTF-8, and printable. */
typedef struct OidcPerson {
    char *subject;       /* of the issuer: never given to another person; 1 to 255 bytes */
    char *email;         /* verified by the service; its domain in lower case; at most 254 bytes */
    char *name;          /* at most 100 letters; the address if there is none */
    char *hosted_domain; /* hd of the token, or NULL */
} OidcPerson;

void oidc_person_free(OidcPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OidcPerson, oidc_person_free)

/* A login service. It keeps what the service says of itself, and its keys, for as long as the service allows (a minute to a
 * day, else an hour); a token with an unknown key has the keys fetched anew, at most once a minute. Any thread, as all
 * functions below; each may take 10 s for each request (oidc_begin() 1, oidc_read_callback() 1, oidc_finish() 4), and is
 * broken off with ERROR_STOPPED when the program is to end. No message has a secret, a code or a token in it. */
typedef struct OidcProvider OidcProvider;

/* Asks nobody yet, so a service that is down is only told at a login. ERROR_INVALID for settings that cannot work, or that
 * would not be safe. */
OidcProvider *oidc_provider_new(const OidcSettings *settings, GError **error) MUST_CHECK;
void oidc_provider_free(OidcProvider *provider);

/* Its issuer, as it was set. */
const char *oidc_issuer(const OidcProvider *provider);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OidcProvider, oidc_provider_free)

/* Begins a login: where the browser is to be sent, which the caller frees, and what to keep until it comes back.
 * ERROR_TIMEOUT or ERROR_FAILED if the service does not answer, or not as one should. */
bool oidc_begin(OidcProvider *provider, OidcLogin *out_login, char **out_url, GError **error) MUST_CHECK;

/* The parameters of the callback's query; NULL for those that are not there. */
typedef struct {
    const char *state, *code, *iss;
    const char *error, *error_description;
} OidcCallback;

/* The code, which belongs to the callback. ERROR_DENIED if it is not the answer to this login, or one of another issuer (RFC
 * 9207), or if the service refused the person; ERROR_FAILED if the service had some other trouble. What it said of that is in
 * the message, shortened, without control characters: it is still text of a stranger. ERROR_TIMEOUT as oidc_begin(). */
const char *oidc_read_callback(OidcProvider *provider, const OidcLogin *login, const OidcCallback *callback,
                               GError **error) MUST_CHECK;

/* Changes the code for a token, verifies that, and gives the person, whom the caller frees. ERROR_DENIED if the code is not
 * good any more, the token is wrong, or the person may not come in: no address, not a verified one, not of the hosted domain.
 * ERROR_TIMEOUT or ERROR_FAILED as oidc_begin(). */
bool oidc_finish(OidcProvider *provider, const OidcLogin *login, const char *code, OidcPerson **out_person,
                 GError **error) MUST_CHECK;
