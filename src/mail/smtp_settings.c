#include "mail/smtp_settings.h"

#include "base/ip_block.h"
#include "base/mail_address.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

enum { PORT_RELAY = 25, PORT_TLS = 465, PORT_SUBMISSION = 587 };

static const char *const tls_names[] = {
    [SMTP_TLS_REQUIRED] = "required",
    [SMTP_TLS_OPPORTUNISTIC] = "opportunistic",
    [SMTP_TLS_NONE] = "none",
};

void smtp_settings_free(SmtpSettings *settings) {
    if (!settings)
        return;
    g_free(settings->url);
    g_free(settings->server);
    g_free(settings->from);
    g_free(settings->user);
    g_free(settings->password);
    g_free(settings->ca_file);
    g_free(settings);
}

static bool refuse(GError **error, const char *why) {
    error_set(error, ERROR_INVALID, "%s", why);
    return false;
}

/* What may be a password is not shown. */
static bool refuse_url(GError **error, const char *url, const char *why) {
    error_set(error, ERROR_INVALID, "%s is no address of a mail server: %s", strchr(url, '@') ? "what is given" : url,
              why);
    return false;
}

static bool is_host(const char *host) {
    struct in6_addr v6;
    if (strchr(host, ':'))
        return inet_pton(AF_INET6, host, &v6) == 1;
    for (const char *c = host; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr(".-_", *c))
            return false;
    return *host != '\0';
}

static const char *what_is_wrong(GUri *uri) {
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri), *path = g_uri_get_path(uri);
    if (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0)
        return "it must begin with smtp:// or smtps://";
    if (g_uri_get_userinfo(uri))
        return "user and password do not belong there, where others can read them";
    if (!host || !is_host(host))
        return "it must be as smtp://HOST:PORT";
    if ((*path && strcmp(path, "/") != 0) || g_uri_get_query(uri) || g_uri_get_fragment(uri))
        return "behind host and port may be nothing";
    return g_uri_get_port(uri) == 0 ? "there is no port 0" : NULL;
}

/* Where to. */
static bool read_url(SmtpSettings *settings, const char *url, GError **error) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *wrong = uri ? what_is_wrong(uri) : "it must be as smtp://HOST:PORT";
    if (wrong)
        return refuse_url(error, url, wrong);
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri);
    int port = strcmp(scheme, "smtps") == 0 ? PORT_TLS : ip_is_loopback(host) ? PORT_RELAY : PORT_SUBMISSION;
    if (g_uri_get_port(uri) > 0)
        port = g_uri_get_port(uri);
    bool is_v6 = strchr(host, ':');
    settings->server = g_strdup_printf("%s%s%s:%d", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
    settings->url = g_strdup_printf("%s://%s", scheme, settings->server);
    return true;
}

static bool find_tls(const char *name, SmtpTls *out_tls, GError **error) {
    for (size_t i = 0; i < G_N_ELEMENTS(tls_names); i++) {
        if (strcmp(name, tls_names[i]) == 0) {
            *out_tls = (SmtpTls)i;
            return true;
        }
    }
    error_set(error, ERROR_INVALID, "%s is no way to use TLS for mail: there are required, opportunistic and none",
              name);
    return false;
}

static bool read_tls(SmtpSettings *settings, const SmtpOptions *options, GError **error) {
    g_autoptr(GUri) uri = g_uri_parse(settings->url, G_URI_FLAGS_NONE, NULL);
    bool is_smtps = strcmp(g_uri_get_scheme(uri), "smtps") == 0, is_near = ip_is_loopback(g_uri_get_host(uri));
    settings->tls = is_near && !is_smtps ? SMTP_TLS_NONE : SMTP_TLS_REQUIRED;
    if (options->tls && !find_tls(options->tls, &settings->tls, error))
        return false;
    if (is_smtps && settings->tls != SMTP_TLS_REQUIRED)
        return refuse(error, "a mail server at smtps:// always has TLS: it cannot be opportunistic or none");
    if (options->password && settings->tls != SMTP_TLS_REQUIRED && !is_near)
        return refuse(error, "a password goes to a mail server on another machine only where TLS is required");
    if (options->ca_file && access(options->ca_file, R_OK) != 0) {
        error_set(error, ERROR_INVALID, "%s, certificates for mail servers, cannot be read", options->ca_file);
        return false;
    }
    settings->ca_file = g_strdup(options->ca_file);
    return true;
}

static bool read_who(SmtpSettings *settings, const SmtpOptions *options, GError **error) {
    if (!options->from)
        return refuse(error, "mail needs an address that it comes from");
    settings->from = mail_address_normalize(options->from, error);
    if (!settings->from) {
        g_prefix_error(error, "the address that mail comes from: ");
        return false;
    }
    if (!options->user != !options->password)
        return refuse(error, "a mail server wants both a user and a password, or none");
    settings->user = g_strdup(options->user);
    settings->password = g_strdup(options->password);
    return true;
}

SmtpSettings *smtp_settings_new(const SmtpOptions *options, GError **error) {
    g_autoptr(SmtpSettings) settings = g_new0(SmtpSettings, 1);
    settings->timeout_ms = SMTP_TIMEOUT_MS;
    if (!read_url(settings, options->url, error) || !read_tls(settings, options, error) ||
        !read_who(settings, options, error))
        return NULL;
    return g_steal_pointer(&settings);
}
