#include "auth/provider.h"

#include "auth/cached.h"
#include "auth/discovery.h"
#include "auth/jwks.h"
#include "auth/jwt.h"

#include <string.h>

/* Settings. */

static bool is_set(const char *text) {
    return text && *text;
}

/* RFC 6749, 3.1.2. That it is ours, and under https, is a matter of the site. */
static bool is_web_address(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    bool is_http = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    return is_http && is_set(g_uri_get_host(uri)) && !g_uri_get_fragment(uri);
}

static bool check_settings(const OidcSettings *settings, GError **error) {
    if (!is_set(settings->issuer) || !is_set(settings->client_id) || !is_set(settings->client_secret) ||
        !is_set(settings->redirect_uri)) {
        error_set(error, ERROR_INVALID, "a login service needs an issuer, a client id, a secret and a redirect URI");
        return false;
    }
    if (is_web_address(settings->redirect_uri))
        return discovery_check_issuer(settings->issuer, error);
    error_set(error, ERROR_INVALID, "%s is no http or https address", settings->redirect_uri);
    return false;
}

OidcProvider *oidc_provider_new(const OidcSettings *settings, GError **error) {
    if (!check_settings(settings, error))
        return NULL;
    OidcProvider *provider = g_new0(OidcProvider, 1);
    provider->issuer = g_strdup(settings->issuer);
    provider->client_id = g_strdup(settings->client_id);
    provider->client_secret = g_strdup(settings->client_secret);
    provider->redirect_uri = g_strdup(settings->redirect_uri);
    provider->hosted_domain = is_set(settings->hosted_domain) ? g_strdup(settings->hosted_domain) : NULL;
    provider->discovery_url = discovery_url(settings->issuer);
    provider->discovery = cached_document_new();
    provider->jwks = cached_document_new();
    return provider;
}

void oidc_provider_free(OidcProvider *provider) {
    if (!provider)
        return;
    cached_document_free(provider->jwks);
    cached_document_free(provider->discovery);
    g_free(provider->issuer);
    g_free(provider->client_id);
    g_free(provider->client_secret);
    g_free(provider->redirect_uri);
    g_free(provider->hosted_domain);
    g_free(provider->discovery_url);
    g_free(provider);
}

/* Documents. */

static bool check_discovery(const json_t *json, const void *data, GError **error) {
    const OidcProvider *provider = data;
    return discovery_check(json, provider->issuer, error);
}

static bool check_jwks(const json_t *json, const void *unused, GError **error) {
    return jwks_check(json, error);
}

static json_t *completed(json_t *document, GError **error) {
    if (!document)
        g_prefix_error(error, "the login service cannot be used: ");
    return document;
}

json_t *provider_discovery(OidcProvider *provider, GError **error) {
    return completed(
        cached_document_get(provider->discovery, provider->discovery_url, check_discovery, provider, error), error);
}

/* Tokens. */

static json_t *get_jwks(OidcProvider *provider, const json_t *discovery, bool newer, GError **error) {
    const char *url = discovery_jwks_uri(discovery);
    return completed(newer ? cached_document_renew(provider->jwks, url, check_jwks, NULL, error)
                           : cached_document_get(provider->jwks, url, check_jwks, NULL, error),
                     error);
}

static void refuse(const GError *cause, GError **error) {
    bool is_theirs = error_is(cause, ERROR_DENIED) || error_is(cause, ERROR_NOT_FOUND);
    error_set(error, is_theirs ? ERROR_DENIED : (ErrorCode)cause->code, "the token of the login service is refused: %s",
              cause->message);
}

/* A key that is not in the list may be a new one (OpenID Connect Core 1.0, 10.1.1). */
json_t *provider_verify(OidcProvider *provider, const json_t *discovery, const char *token, GError **error) {
    for (bool newer = false;; newer = true) {
        g_autoptr(GError) cause = NULL;
        json_auto_t *jwks = get_jwks(provider, discovery, newer, error);
        if (!jwks)
            return NULL;
        json_t *claims = jwt_verify(token, jwks, &cause);
        if (!claims && !newer && error_is(cause, ERROR_NOT_FOUND))
            continue;
        if (!claims)
            refuse(cause, error);
        return claims;
    }
}
