#include "auth/oidc.h"

#include "auth/discovery.h"
#include "auth/id_token.h"
#include "auth/provider.h"
#include "auth/token.h"
#include "auth/told.h"
#include "base/base64url.h"
#include "base/random.h"
#include "base/secret.h"
#include "net/form.h"

#include <string.h>

enum {
    SECRET_BYTES = 32,       /* as RFC 7636, 7.1 wants it of the verifier */
    MOST_CODE_BYTES = 4096,  /* Microsoft's have about 1000 */
    MOST_TOLD_LETTERS = 200, /* of a description: a line or two */
};

void oidc_login_clear(OidcLogin *login) {
    g_clear_pointer(&login->state, g_free);
    g_clear_pointer(&login->nonce, g_free);
    g_clear_pointer(&login->code_verifier, g_free);
}

void oidc_person_free(OidcPerson *person) {
    if (!person)
        return;
    g_free(person->subject);
    g_free(person->email);
    g_free(person->name);
    g_free(person->hosted_domain);
    g_free(person);
}

/* To the service. */

/* S256 of RFC 7636, 4.2. */
static char *challenge_of(const char *code_verifier) {
    guint8 digest[32];
    gsize size = sizeof digest;
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(hash, (const guchar *)code_verifier, (gssize)strlen(code_verifier));
    g_checksum_get_digest(hash, digest, &size);
    return base64url_encode(digest, size);
}

/* Core, 3.1.2.1. The address may have a query, which stays (RFC 6749, 3.1). */
static char *login_url(const OidcProvider *provider, const char *endpoint, const OidcLogin *login) {
    g_autofree char *challenge = challenge_of(login->code_verifier);
    g_autoptr(GString) query = g_string_new(NULL);
    form_add(query, "response_type", "code");
    form_add(query, "client_id", provider->client_id);
    form_add(query, "redirect_uri", provider->redirect_uri);
    form_add(query, "scope", "openid email profile");
    form_add(query, "state", login->state);
    form_add(query, "nonce", login->nonce);
    form_add(query, "code_challenge", challenge);
    form_add(query, "code_challenge_method", "S256");
    form_add(query, "hd", provider->hosted_domain);
    return g_strconcat(endpoint, strchr(endpoint, '?') ? "&" : "?", query->str, NULL);
}

bool oidc_begin(OidcProvider *provider, OidcLogin *out_login, char **out_url, GError **error) {
    json_auto_t *discovery = provider_discovery(provider, error);
    if (!discovery)
        return false;
    *out_login = (OidcLogin){
        .state = random_base64(SECRET_BYTES),
        .nonce = random_base64(SECRET_BYTES),
        .code_verifier = random_base64(SECRET_BYTES),
    };
    *out_url = login_url(provider, discovery_authorization_endpoint(discovery), out_login);
    return true;
}

/* And back. */

/* RFC 9207, 2.4: before anything else in the answer is believed. */
const char *oidc_issuer(const OidcProvider *provider) {
    return provider->issuer;
}

static bool check_issuer(OidcProvider *provider, const char *iss, GError **error) {
    json_auto_t *discovery = provider_discovery(provider, error);
    if (!discovery)
        return false;
    if (iss ? strcmp(iss, provider->issuer) == 0 : !discovery_names_issuer(discovery))
        return true;
    error_set(error, ERROR_DENIED, "this is no answer of the login service");
    return false;
}

/* Core, 3.1.2.6. */
static void explain_refusal(const OidcCallback *callback, GError **error) {
    g_autofree char *name = told(callback->error, MOST_TOLD_LETTERS);
    g_autofree char *description = told(callback->error_description, MOST_TOLD_LETTERS);
    ErrorCode code = strcmp(name, "access_denied") == 0 ? ERROR_DENIED : ERROR_FAILED;
    error_set(error, code, "the login service says: %s%s%s", name, *description ? ": " : "", description);
}

const char *oidc_read_callback(OidcProvider *provider, const OidcLogin *login, const OidcCallback *callback,
                               GError **error) {
    if (!callback->state || !secret_equals(callback->state, login->state)) {
        error_set(error, ERROR_DENIED, "this is no answer to the login that was begun");
        return NULL;
    }
    if (!check_issuer(provider, callback->iss, error))
        return NULL;
    if (callback->error)
        explain_refusal(callback, error);
    else if (!callback->code || !*callback->code || strlen(callback->code) > MOST_CODE_BYTES)
        error_set(error, ERROR_FAILED, "the login service gave no code");
    else
        return callback->code;
    return NULL;
}

bool oidc_finish(OidcProvider *provider, const OidcLogin *login, const char *code, OidcPerson **out_person,
                 GError **error) {
    json_auto_t *discovery = provider_discovery(provider, error);
    g_autofree char *token = discovery ? token_fetch(provider, discovery, login, code, error) : NULL;
    json_auto_t *claims = token ? provider_verify(provider, discovery, token, error) : NULL;
    if (!claims)
        return false;
    const IdTokenRules rules = {
        .issuer = provider->issuer,
        .client_id = provider->client_id,
        .nonce = login->nonce,
        .hosted_domain = provider->hosted_domain,
        .now_s = g_get_real_time() / G_USEC_PER_SEC,
    };
    OidcPerson *person = id_token_read(claims, &rules, error);
    if (!person)
        return false;
    *out_person = person;
    return true;
}
