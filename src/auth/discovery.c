#include "auth/discovery.h"

#include "base/ip_block.h"

#include <string.h>

/* Addresses. */

/* What GLib and libcurl could read each in its own way is refused. */
static bool is_plain(const char *url) {
    for (const char *c = url; *c; c++)
        if (!g_ascii_isgraph(*c) || *c == '\\')
            return false;
    return true;
}

static GUri *parse(const char *url) {
    GUri *uri = is_plain(url) ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    bool is_secure = uri && (strcmp(g_uri_get_scheme(uri), "https") == 0 ||
                             (strcmp(g_uri_get_scheme(uri), "http") == 0 && host && ip_is_loopback(host)));
    if (is_secure && host && *host && !g_uri_get_userinfo(uri) && !g_uri_get_fragment(uri))
        return uri;
    g_clear_pointer(&uri, g_uri_unref);
    return NULL;
}

bool discovery_check_url(const char *url, GError **error) {
    g_autoptr(GUri) uri = parse(url);
    if (!uri)
        error_set(error, ERROR_INVALID, "%s is no https address", url);
    return uri != NULL;
}

bool discovery_check_issuer(const char *issuer, GError **error) {
    g_autoptr(GUri) uri = parse(issuer);
    bool is_issuer = uri && !g_uri_get_query(uri);
    if (!is_issuer)
        error_set(error, ERROR_INVALID, "%s is no issuer: an https address without ? and #", issuer);
    return is_issuer;
}

/* Behind the issuer's path, which is kept (Discovery, 4). */
char *discovery_url(const char *issuer) {
    size_t n = strlen(issuer);
    return g_strdup_printf("%.*s/.well-known/openid-configuration", (int)(n - g_str_has_suffix(issuer, "/")), issuer);
}

/* The document. */

static const char *text_of(const json_t *document, const char *name) {
    return json_string_value(json_object_get(document, name));
}

/* The name of the issuer must be equal letter by letter (Discovery, 4.3): else whoever could write a document could speak
 * for another. */
bool discovery_check(const json_t *document, const char *issuer, GError **error) {
    static const char *const addresses[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    if (g_strcmp0(text_of(document, "issuer"), issuer) != 0) {
        error_set(error, ERROR_FAILED, "it says that it is another issuer");
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        const char *url = text_of(document, addresses[i]);
        if (url && discovery_check_url(url, NULL))
            continue;
        error_set(error, ERROR_FAILED, "its %s is %s", addresses[i], url ? "no https address" : "missing");
        return false;
    }
    return true;
}

const char *discovery_authorization_endpoint(const json_t *document) {
    return text_of(document, "authorization_endpoint");
}

const char *discovery_token_endpoint(const json_t *document) {
    return text_of(document, "token_endpoint");
}

const char *discovery_jwks_uri(const json_t *document) {
    return text_of(document, "jwks_uri");
}

static bool has(const json_t *list, const char *name) {
    const json_t *each;
    size_t i;
    json_array_foreach (list, i, each) {
        if (g_strcmp0(json_string_value(each), name) == 0)
            return true;
    }
    return false;
}

/* Who says nothing takes it in the header (Discovery, 3). */
bool discovery_wants_secret_in_body(const json_t *document) {
    const json_t *methods = json_object_get(document, "token_endpoint_auth_methods_supported");
    return has(methods, "client_secret_post") && !has(methods, "client_secret_basic");
}

bool discovery_names_issuer(const json_t *document) {
    return json_is_true(json_object_get(document, "authorization_response_iss_parameter_supported"));
}
