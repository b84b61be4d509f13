#include "mail/smtp_settings.h"

#include "base/file.h"
#include "base/ip_block.h"
#include "base/mail_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PORT_RELAY = 25, PORT_TLS = 465, PORT_SUBMISSION = 587 };
/* All that a system trusts are a quarter of a megabyte. */
enum { MOST_CA_BYTES = 16 * 1024 * 1024 };

static const char as_what[] = "it must be as smtp://HOST:PORT or smtps://HOST:PORT";
static const char which_ports[] = "its port must be a number from 1 to 65535";

/* Who sends mail that comes from an address alone. */
#define USUAL_NAME "dpxdt"

/* What ends a name, or begins another address (RFC 5322, 3.2.3, of which brackets and dots mislead nobody). */
#define NEEDS_QUOTES "\"<>@,;:\\"

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
    g_free(settings->from_name);
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
    const char *shown = strchr(url, '@') ? "what is given" : *url ? url : "nothing";
    error_set(error, ERROR_INVALID, "--smtp: %s is no address of a mail server: %s", shown, why);
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
        return as_what;
    if ((*path && strcmp(path, "/") != 0) || g_uri_get_query(uri) || g_uri_get_fragment(uri))
        return "behind host and port may be nothing";
    return g_uri_get_port(uri) == 0 ? which_ports : NULL;
}

/* Where to. */
static bool read_url(SmtpSettings *settings, const char *url, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, &cause);
    bool is_port = g_error_matches(cause, G_URI_ERROR, G_URI_ERROR_BAD_PORT);
    const char *wrong = uri ? what_is_wrong(uri) : is_port ? which_ports : as_what;
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
    error_set(error, ERROR_INVALID, "--smtp-tls must be required, opportunistic or none, not %s", name);
    return false;
}

/* Without any libcurl trusts nobody, and says so only when the first mail is to go. */
static bool check_certificates(const char *path, GError **error) {
    if (access(path, R_OK) != 0) {
        error_set(error, ERROR_INVALID, "--smtp-ca-file: %s cannot be read: %s", path, g_strerror(errno));
        return false;
    }
    g_autoptr(GBytes) text = file_read(path, MOST_CA_BYTES, error);
    if (!text) {
        g_prefix_error(error, "--smtp-ca-file: ");
        return false;
    }
    bool has_some = g_strstr_len(g_bytes_get_data(text, NULL), (gssize)g_bytes_get_size(text), "-----BEGIN ");
    if (!has_some)
        error_set(error, ERROR_INVALID, "--smtp-ca-file: %s has no certificate in it: PEM is expected", path);
    return has_some;
}

static bool read_tls(SmtpSettings *settings, const SmtpOptions *options, GError **error) {
    g_autoptr(GUri) uri = g_uri_parse(settings->url, G_URI_FLAGS_NONE, NULL);
    bool is_smtps = strcmp(g_uri_get_scheme(uri), "smtps") == 0, is_near = ip_is_loopback(g_uri_get_host(uri));
    settings->tls = is_near && !is_smtps ? SMTP_TLS_NONE : SMTP_TLS_REQUIRED;
    if (options->tls && !find_tls(options->tls, &settings->tls, error))
        return false;
    if (is_smtps && settings->tls != SMTP_TLS_REQUIRED)
        return refuse(error, "--smtp-tls must be required for a mail server at smtps://, which always has TLS");
    if (options->password && settings->tls != SMTP_TLS_REQUIRED && !is_near)
        return refuse(error, "--smtp-tls must be required where a password goes to another machine");
    if (options->ca_file && !check_certificates(options->ca_file, error))
        return false;
    settings->ca_file = g_strdup(options->ca_file);
    return true;
}

/* Who mail comes from. */

static bool is_quoted(const char *name) {
    size_t size = strlen(name);
    return size >= 2 && name[0] == '"' && name[size - 1] == '"';
}

/* What is between the quotes (RFC 5322, 3.2.4). NULL: one of the quotes does not end it. */
static char *unquote(const char *quoted) {
    const char *end = quoted + strlen(quoted) - 1, *at = quoted + 1;
    g_autoptr(GString) name = g_string_new(NULL);
    for (; at < end && *at != '"'; at++) {
        if (*at == '\\')
            at++;
        g_string_append_c(name, *at);
    }
    return at == end ? g_strdup(name->str) : NULL;
}

static bool is_line_of_utf8(const char *text) {
    bool is_fine = g_utf8_validate(text, -1, NULL);
    for (const char *at = text; is_fine && *at; at = g_utf8_next_char(at))
        is_fine = !g_unichar_iscntrl(g_utf8_get_char(at));
    return is_fine;
}

/* The name in front of an address; NULL with the error. */
static char *read_name(const char *given, GError **error) {
    if (!is_line_of_utf8(given)) {
        refuse(error, "--mail-from: the name must be one line of UTF-8");
        return NULL;
    }
    char *name = is_quoted(given) ? unquote(given) : strpbrk(given, NEEDS_QUOTES) ? NULL : g_strdup(given);
    if (!name)
        error_set(error, ERROR_INVALID,
                  "--mail-from: %s is no name of who sends mail: one with any of " NEEDS_QUOTES
                  " must be in quotes, as \"Shots, Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it",
                  given);
    return name;
}

/* "NAME <ADDRESS>", or the address alone. */
static bool read_from(SmtpSettings *settings, const char *from, GError **error) {
    if (!from)
        return refuse(error, "--smtp needs --mail-from, the address that mail comes from, as dpxdt@example.com");
    const char *begin = g_str_has_suffix(from, ">") ? strrchr(from, '<') : NULL;
    g_autofree char *address = begin ? g_strndup(begin + 1, strlen(begin) - 2) : g_strdup(from);
    g_autofree char *before = g_strndup(from, begin ? (size_t)(begin - from) : 0);
    settings->from_name = read_name(*g_strstrip(before) ? before : USUAL_NAME, error);
    if (!settings->from_name)
        return false;
    settings->from = mail_address_normalize(address, error);
    if (!settings->from)
        g_prefix_error(error, "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": ");
    return settings->from != NULL;
}

static bool read_user(SmtpSettings *settings, const SmtpOptions *options, GError **error) {
    if (options->user && !options->password)
        return refuse(error, "--smtp-user needs a password, in the variable DPXDT_SMTP_PASSWORD");
    if (options->password && !options->user)
        return refuse(error, "--smtp-user is missing: whose password is in DPXDT_SMTP_PASSWORD");
    settings->user = g_strdup(options->user);
    settings->password = g_strdup(options->password);
    return true;
}

SmtpSettings *smtp_settings_new(const SmtpOptions *options, GError **error) {
    g_autoptr(SmtpSettings) settings = g_new0(SmtpSettings, 1);
    settings->timeout_ms = SMTP_TIMEOUT_MS;
    if (!read_url(settings, options->url, error) || !read_tls(settings, options, error) ||
        !read_from(settings, options->from, error) || !read_user(settings, options, error))
        return NULL;
    return g_steal_pointer(&settings);
}
