#include "crawl/address.h"

#include <string.h>

/* That of sitemaps.org. A page can name ten thousand addresses and each is kept, so they must not be as long as they
 * like. */
enum { MAX_ADDRESS_BYTES = 2048 };
/* Two lines of a terminal: longer ones hide what the message says of them. */
enum { MAX_SHOWN_BYTES = 200 };

/* Relaxed: a '%' without digits stays, as in browsers. Encoded: %2F is not the same as '/'. */
static const GUriFlags flags = G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE;

/* What stays as it is in a path and in a query, beside letters, digits and "-._~"; all else becomes %XX, as in
 * browsers. */
static const char path_characters[] = "%/!$&'()*+,;=:@[]|^";
static const char query_characters[] = "%/?!$&'()*+,;=:@[]|^\\`{}";

/* Letters, digits, '-', '_' and '.': other names were made ASCII before. A ':' is of IPv6, or was escaped. */
static bool is_host(const char *host) {
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
    if (!host || !*host || strspn(host, characters) != strlen(host))
        return false;
    return !strchr(host, ':') || g_hostname_is_ip_address(host);
}

static bool is_page_scheme(const char *scheme) {
    return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

/* NULL where there is no such page. */
static GUri *normalise(GUri *uri) {
    /* To GLib, where it is relaxed, a host ends with ';', too. */
    bool has_path = *g_uri_get_path(uri) == '/';
    if (!is_page_scheme(g_uri_get_scheme(uri)) || !is_host(g_uri_get_host(uri)) || !has_path)
        return NULL;
    g_autofree char *host = g_ascii_strdown(g_uri_get_host(uri), -1);
    g_autofree char *path = g_uri_escape_string(g_uri_get_path(uri), path_characters, FALSE);
    const char *query = g_uri_get_query(uri);
    g_autofree char *escaped_query = query ? g_uri_escape_string(query, query_characters, FALSE) : NULL;
    return g_uri_build(flags, g_uri_get_scheme(uri), NULL, host, g_uri_get_port(uri), path, escaped_query, NULL);
}

/* Browsers take "\" for "/", but not in a query. */
static char *with_slashes(const char *reference) {
    char *text = g_strdup(reference);
    size_t n = strcspn(text, "?#");
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\\')
            text[i] = '/';
    return text;
}

/* Against base, which may be NULL. */
static GUri *parse(GUri *base, const char *reference, GError **error) {
    g_autofree char *text = with_slashes(reference);
    g_autoptr(GUri) uri = g_uri_parse_relative(base, text, flags, error);
    return uri ? normalise(uri) : NULL;
}

static bool is_short(GUri *address) {
    g_autofree char *text = address_text(address);
    return strlen(text) <= MAX_ADDRESS_BYTES;
}

char *address_shown(const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    size_t size = strnlen(valid, MAX_SHOWN_BYTES);
    while ((valid[size] & 0xc0) == 0x80) /* within a character */
        size--;
    valid[size] = '\0';
    return valid;
}

GUri *address_parse(const char *text, GError **error) {
    g_autoptr(GError) why = NULL;
    g_autoptr(GUri) address = strlen(text) <= MAX_ADDRESS_BYTES ? parse(NULL, text, &why) : NULL;
    if (address && !is_short(address)) /* by what was escaped */
        g_clear_pointer(&address, g_uri_unref);
    g_autofree char *shown = address_shown(text);
    if (!address)
        error_set(error, ERROR_INVALID, "%s is not the address of a page, as http://example.com/%s%s", shown,
                  why ? ": " : "", why ? why->message : "");
    return g_steal_pointer(&address);
}

char *address_resolve(GUri *base, const char *reference) {
    if (strlen(reference) > MAX_ADDRESS_BYTES)
        return NULL;
    g_autoptr(GUri) uri = parse(base, reference, NULL);
    g_autofree char *address = uri ? address_text(uri) : NULL;
    return address && strlen(address) <= MAX_ADDRESS_BYTES ? g_steal_pointer(&address) : NULL;
}

char *address_text(GUri *address) {
    return g_uri_to_string(address);
}
