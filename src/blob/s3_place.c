#include "blob/s3_place.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define DEFAULT_REGION "us-east-1"

enum { MIN_BUCKET_LENGTH = 3, MAX_BUCKET_LENGTH = 63 }; /* by the manual of S3 */
/* Keys have at most 1,024 bytes there, and 70 of them are ours. */
enum { MAX_PREFIX_LENGTH = 900 };

void s3_place_free(S3Place *place) {
    if (!place)
        return;
    char *const texts[] = {place->bucket, place->prefix,     place->endpoint,   place->path,
                           place->region, place->access_key, place->secret_key, place->session_token};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(place);
}

static bool consists_of(const char *text, const char *characters) {
    return *text && text[strspn(text, characters)] == '\0';
}

/* The parts of the URL. */

static bool read_bucket(S3Place *place, const char *bucket, GError **error) {
    size_t length = strlen(bucket);
    if (length >= MIN_BUCKET_LENGTH && length <= MAX_BUCKET_LENGTH && consists_of(bucket, LETTERS DIGITS ".-") &&
        g_ascii_isalnum(bucket[0]) && g_ascii_isalnum(bucket[length - 1]) && !strstr(bucket, "..")) {
        place->bucket = g_strdup(bucket);
        return true;
    }
    error_set(error, ERROR_INVALID, "the bucket is \"%s\": %d to %d of a-z, 0-9, - and . are allowed", bucket,
              MIN_BUCKET_LENGTH, MAX_BUCKET_LENGTH);
    return false;
}

/* GUri has gone the steps of "." and ".." by now. libcurl would, too, and the signature would be for another path. */
static bool read_prefix(S3Place *place, const char *path, GError **error) {
    g_autofree char *prefix = g_strdup(*path == '/' ? path + 1 : path);
    size_t length = strlen(prefix);
    if (length > 1 && prefix[length - 1] == '/')
        prefix[--length] = '\0';
    g_auto(GStrv) folders = g_strsplit(prefix, "/", -1);
    bool is_good = length <= MAX_PREFIX_LENGTH;
    for (char **folder = folders; *folder; folder++)
        is_good = is_good && consists_of(*folder, LETTERS CAPITALS DIGITS "-_.");
    if (!is_good)
        error_set(error, ERROR_INVALID,
                  "the prefix is \"%s\": names of A-Z, a-z, 0-9, -, _ and . with / between them are allowed, up to %d "
                  "characters",
                  prefix, MAX_PREFIX_LENGTH);
    else
        place->prefix = g_strconcat(prefix, length > 0 ? "/" : "", NULL);
    return is_good;
}

static bool read_region(S3Place *place, const char *region, GError **error) {
    const char *ours = g_getenv("AWS_REGION");
    const char *chosen = region ? region : ours && *ours ? ours : DEFAULT_REGION;
    if (consists_of(chosen, LETTERS CAPITALS DIGITS "-_")) {
        place->region = g_strdup(chosen);
        return true;
    }
    error_set(error, ERROR_INVALID, "the region is \"%s\": A-Z, a-z, 0-9, - and _ are allowed", chosen);
    return false;
}

/* The port is named in the Host header, which is signed, only if it is not the scheme's own. */
static char *endpoint_text(GUri *uri) {
    const char *scheme = g_uri_get_scheme(uri);
    g_autofree char *host = g_ascii_strdown(g_uri_get_host(uri), -1);
    bool is_ipv6 = strchr(host, ':') != NULL;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, is_ipv6 ? "%s://[%s]" : "%s://%s", scheme, host);
    int port = g_uri_get_port(uri), own_port = strcmp(scheme, "https") == 0 ? 443 : 80;
    if (port > 0 && port != own_port)
        g_string_append_printf(text, ":%d", port);
    return g_string_free(text, FALSE);
}

static bool is_server(GUri *uri) {
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri), *path = g_uri_get_path(uri);
    return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && host &&
           consists_of(host, LETTERS CAPITALS DIGITS "-_.:") && (*path == '\0' || strcmp(path, "/") == 0) &&
           !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) && !g_uri_get_fragment(uri);
}

/* Stores that are not Amazon's have no name in the DNS for each bucket. */
static bool read_endpoint(S3Place *place, const char *endpoint, GError **error) {
    if (!endpoint) {
        place->endpoint = g_strdup_printf("https://%s.s3.%s.amazonaws.com", place->bucket, place->region);
        place->path = g_strdup("/");
        return true;
    }
    g_autoptr(GUri) uri = g_uri_parse(endpoint, G_URI_FLAGS_NONE, NULL);
    if (!uri || !is_server(uri)) {
        error_set(error, ERROR_INVALID, "the endpoint is \"%s\": http://HOST:PORT or https://HOST:PORT is expected",
                  endpoint);
        return false;
    }
    place->endpoint = endpoint_text(uri);
    place->path = g_strdup_printf("/%s/", place->bucket);
    return true;
}

/* The certificate of Amazon's is for one name below s3.REGION.amazonaws.com, and a bucket with dots in it is
 * several. */
static bool check_dots(const S3Place *place, const char *endpoint, GError **error) {
    if (endpoint || !strchr(place->bucket, '.'))
        return true;
    error_set(error, ERROR_INVALID,
              "the bucket %s has a dot in its name, so endpoint=https://s3.%s.amazonaws.com is needed", place->bucket,
              place->region);
    return false;
}

static bool check_parameters(GHashTable *parameters, GError **error) {
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, parameters);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (strcmp(name, "endpoint") != 0 && strcmp(name, "region") != 0) {
            error_set(error, ERROR_INVALID, "there is no parameter \"%s\": endpoint and region are allowed",
                      (char *)name);
            return false;
        }
    return true;
}

/* Keys. */

/* What no key has is most often the end of a line, from a file with the key in it. */
static bool read_key(const char *name, bool is_needed, char **out_key, GError **error) {
    const char *key = g_getenv(name);
    if (!key || !*key) {
        if (is_needed)
            error_set(error, ERROR_INVALID, "%s is not set in the environment", name);
        return !is_needed;
    }
    for (const char *next = key; *next; next++)
        if (!g_ascii_isgraph(*next)) {
            error_set(error, ERROR_INVALID, "%s has a space, the end of a line or another such character in it", name);
            return false;
        }
    *out_key = g_strdup(key);
    return true;
}

static bool read_keys(S3Place *place, GError **error) {
    return read_key("AWS_ACCESS_KEY_ID", true, &place->access_key, error) &&
           read_key("AWS_SECRET_ACCESS_KEY", true, &place->secret_key, error) &&
           read_key("AWS_SESSION_TOKEN", false, &place->session_token, error);
}

/* All of it. */

static bool read_url(S3Place *place, const char *url, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED_QUERY, &cause);
    const char *query = uri && g_uri_get_query(uri) ? g_uri_get_query(uri) : "";
    g_autoptr(GHashTable) parameters = uri ? g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, &cause) : NULL;
    if (!parameters || !g_uri_get_host(uri) || g_uri_get_userinfo(uri) || g_uri_get_port(uri) != -1 ||
        g_uri_get_fragment(uri)) {
        error_set(error, ERROR_INVALID, "s3://BUCKET/PREFIX?endpoint=URL&region=REGION is expected%s%s",
                  cause ? ": " : "", cause ? cause->message : "");
        return false;
    }
    const char *endpoint = g_hash_table_lookup(parameters, "endpoint");
    return check_parameters(parameters, error) && read_bucket(place, g_uri_get_host(uri), error) &&
           read_prefix(place, g_uri_get_path(uri), error) &&
           read_region(place, g_hash_table_lookup(parameters, "region"), error) && check_dots(place, endpoint, error) &&
           read_endpoint(place, endpoint, error);
}

static S3Place *read_place(const char *url, bool with_keys, GError **error) {
    g_autoptr(S3Place) place = g_new0(S3Place, 1);
    if (read_url(place, url, error) && (!with_keys || read_keys(place, error)))
        return g_steal_pointer(&place);
    g_prefix_error(error, "%s: ", url);
    return NULL;
}

S3Place *s3_place_new(const char *url, GError **error) {
    return read_place(url, true, error);
}

bool s3_place_check(const char *url, GError **error) {
    g_autoptr(S3Place) place = read_place(url, false, error);
    return place != NULL;
}
