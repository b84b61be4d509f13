#include "cmd/web_options.h"

#include "cmd/command.h"

#include <string.h>

void web_options_clear(WebOptions *options) {
    g_clear_pointer(&options->public_url, g_free);
    g_clear_pointer(&options->trusted_proxies, g_free);
    g_clear_pointer(&options->issuer, g_free);
    g_clear_pointer(&options->client_id, g_free);
    g_clear_pointer(&options->hosted_domain, g_free);
    g_clear_pointer(&options->proxies, g_array_unref);
    g_clear_pointer(&options->oidc, oidc_provider_free);
}

/* A scheme and a host, and nothing behind them: pages are at the root. */
static bool check_public_url(char *url, GError **error) {
    g_autoptr(GUri) uri = NULL;
    size_t length = url ? strlen(url) : 0;
    if (!url)
        return true;
    if (length > 0 && url[length - 1] == '/')
        url[length - 1] = '\0';
    uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "", *path = uri ? g_uri_get_path(uri) : "";
    bool is_http = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    if (is_http && *path == '\0' && !g_uri_get_query(uri) && g_uri_get_host(uri) && *g_uri_get_host(uri) &&
        !g_uri_get_userinfo(uri))
        return true;
    error_set(error, ERROR_INVALID,
              "--public-url must be a scheme and a host, without a path, as https://dpxdt.example.com, and not %s",
              url);
    return false;
}

/* An empty entry is a mistake: of a variable that is not set, of a proxy that nobody named. */
static bool read_proxies(WebOptions *options, GError **error) {
    const char *all = options->trusted_proxies ? options->trusted_proxies : "";
    g_auto(GStrv) texts = g_strsplit(all, ",", -1);
    options->proxies = g_array_new(FALSE, FALSE, sizeof(IpBlock));
    for (guint i = 0; texts[i]; i++) {
        IpBlock block;
        if (*g_strstrip(texts[i]) == '\0') {
            error_set(error, ERROR_INVALID,
                      "--trusted-proxies: entry %u of \"%s\" is empty: between commas must be addresses, or blocks of "
                      "addresses as 10.0.0.0/8",
                      i + 1, all);
            return false;
        }
        if (!ip_block_parse(texts[i], &block, error)) {
            g_prefix_error(error, "--trusted-proxies: ");
            return false;
        }
        g_array_append_val(options->proxies, block);
    }
    return true;
}

static bool make_provider(WebOptions *options, int port, GError **error) {
    const char *secret = g_getenv("DPXDT_OIDC_CLIENT_SECRET");
    if (!options->issuer && !options->client_id && !options->hosted_domain)
        return true;
    const char *given = options->issuer      ? "--oidc-issuer"
                        : options->client_id ? "--oidc-client-id"
                                             : "--oidc-hosted-domain";
    const char *missing = !options->issuer      ? "--oidc-issuer, the login service"
                          : !options->client_id ? "--oidc-client-id, what the login service calls this server"
                          : !secret || !*secret ? "a secret, in the variable DPXDT_OIDC_CLIENT_SECRET"
                                                : NULL;
    if (missing) {
        error_set(error, ERROR_INVALID, "%s needs %s", given, missing);
        return false;
    }
    g_autofree char *local = g_strdup_printf("http://localhost:%d", port);
    g_autofree char *redirect = g_strconcat(options->public_url ? options->public_url : local, "/oauth2callback", NULL);
    const OidcSettings settings = {.issuer = options->issuer,
                                   .client_id = options->client_id,
                                   .client_secret = secret,
                                   .redirect_uri = redirect,
                                   .hosted_domain = options->hosted_domain};
    options->oidc = oidc_provider_new(&settings, error);
    if (!options->oidc)
        g_prefix_error(error, "--oidc-issuer: ");
    return options->oidc != NULL;
}

bool web_options_apply(WebOptions *options, int port, GError **error) {
    return check_public_url(options->public_url, error) && read_proxies(options, error) &&
           make_provider(options, port, error);
}
