/* AWS Signature Version 4, from its description in the manual of S3 ("Authenticating Requests"). It is ours since
 * libcurl's (CURLOPT_AWS_SIGV4, in 7.88) is refused by Ceph for any request, and makes no URLs for others. A request is
 * put in words ("canonical"), these are hashed, and the hash is signed with a key that is good for a day, a region and
 * S3. */
#include "blob/s3_sign.h"

#include "base/hex.h"

#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { KEY_BYTES = 32 };

typedef struct {
    guint8 bytes[KEY_BYTES];
} Key;

/* When, and for what a signature is good. */
typedef struct {
    char *time, *day; /* 20130524T000000Z, 20130524 */
    char *scope;
} Moment;

static void moment_init(Moment *moment, const S3Keys *keys, int64_t now_s) {
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(now_s);
    moment->time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    moment->day = g_date_time_format(now, "%Y%m%d");
    moment->scope = g_strdup_printf("%s/%s/s3/aws4_request", moment->day, keys->region);
}

static void moment_clear(Moment *moment) {
    g_free(moment->time);
    g_free(moment->day);
    g_free(moment->scope);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Moment, moment_clear)

/* Pairs. */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const S3Pair *)a)->name, ((const S3Pair *)b)->name);
}

/* Of S3Pair, which belong to the request. */
static GArray *new_pairs(const S3Pair *pairs, size_t n) {
    GArray *array = g_array_new(FALSE, FALSE, sizeof(S3Pair));
    return n > 0 ? g_array_append_vals(array, pairs, (guint)n) : array;
}

static void add_pair(GArray *pairs, const char *name, const char *value) {
    const S3Pair pair = {name, value};
    g_array_append_val(pairs, pair);
}

/* "a=b&c=d", sorted by name. */
static char *query_text(GArray *pairs) {
    GString *text = g_string_new(NULL);
    g_array_sort(pairs, compare_names);
    for (guint i = 0; i < pairs->len; i++) {
        const S3Pair *pair = &g_array_index(pairs, S3Pair, i);
        g_string_append_printf(text, "%s%s=", i > 0 ? "&" : "", pair->name);
        g_string_append_uri_escaped(text, pair->value, NULL, FALSE);
    }
    return g_string_free(text, FALSE);
}

static char *names_text(const GArray *headers) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < headers->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ";" : "", g_array_index(headers, S3Pair, i).name);
    return g_string_free(text, FALSE);
}

/* URLs. */

static char *escape_path(const S3Request *request) {
    return g_uri_escape_string(request->path, "/", FALSE);
}

static const char *host_of(const S3Request *request) {
    return strstr(request->endpoint, "://") + strlen("://");
}

static char *url_with(const S3Request *request, const char *query) {
    g_autofree char *path = escape_path(request);
    return g_strconcat(request->endpoint, path, *query ? "?" : "", query, NULL);
}

char *s3_url(const S3Request *request) {
    g_autoptr(GArray) pairs = new_pairs(request->query, request->n_query);
    g_autofree char *query = query_text(pairs);
    return url_with(request, query);
}

/* Signatures. */

/* The request in words. Headers are sorted. */
static char *canonical(const S3Request *request, const char *query, const GArray *headers, const char *sha256) {
    g_autofree char *path = escape_path(request);
    g_autofree char *names = names_text(headers);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s\n%s\n%s\n", request->method, path, query);
    for (guint i = 0; i < headers->len; i++) {
        const S3Pair *header = &g_array_index(headers, S3Pair, i);
        g_string_append_printf(text, "%s:%s\n", header->name, header->value);
    }
    g_string_append_printf(text, "\n%s\n%s", names, sha256);
    return g_string_free(text, FALSE);
}

static Key hmac(const void *key, size_t size, const char *text) {
    Key result;
    gsize n = sizeof result.bytes;
    g_autoptr(GHmac) hash = g_hmac_new(G_CHECKSUM_SHA256, key, size);
    g_hmac_update(hash, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(hash, result.bytes, &n);
    return result;
}

/* Each key signs the next word. */
static char *signature(const S3Keys *keys, const Moment *moment, const char *canonical_text) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, canonical_text, -1);
    g_autofree char *to_sign = g_strjoin("\n", ALGORITHM, moment->time, moment->scope, hash, NULL);
    g_autofree char *secret = g_strconcat("AWS4", keys->secret_key, NULL);
    const char *const words[] = {keys->region, "s3", "aws4_request", to_sign};
    Key key = hmac(secret, strlen(secret), moment->day);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        key = hmac(key.bytes, sizeof key.bytes, words[i]);
    return hex_text(key.bytes, sizeof key.bytes);
}

/* "AWS4-HMAC-SHA256 Credential=..." */
static char *authorization(const S3Request *request, const S3Keys *keys, const Moment *moment, const GArray *headers) {
    g_autoptr(GArray) pairs = new_pairs(request->query, request->n_query);
    g_autofree char *query = query_text(pairs);
    g_autofree char *text = canonical(request, query, headers, request->sha256);
    g_autofree char *names = names_text(headers);
    g_autofree char *signed_by = signature(keys, moment, text);
    return g_strdup_printf(ALGORITHM " Credential=%s/%s,SignedHeaders=%s,Signature=%s", keys->access_key, moment->scope,
                           names, signed_by);
}

char **s3_sign(const S3Request *request, const S3Keys *keys, int64_t now_s) {
    g_auto(Moment) moment;
    moment_init(&moment, keys, now_s);
    g_autoptr(GArray) headers = new_pairs(request->headers, request->n_headers);
    add_pair(headers, "host", host_of(request));
    add_pair(headers, "x-amz-content-sha256", request->sha256);
    add_pair(headers, "x-amz-date", moment.time);
    if (keys->session_token)
        add_pair(headers, "x-amz-security-token", keys->session_token);
    g_array_sort(headers, compare_names);
    g_autofree char *signed_by = authorization(request, keys, &moment, headers);
    add_pair(headers, "authorization", signed_by);

    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    for (guint i = 0; i < headers->len; i++) {
        const S3Pair *header = &g_array_index(headers, S3Pair, i);
        g_autofree char *line = g_strdup_printf("%s: %s", header->name, header->value);
        g_strv_builder_add(lines, line);
    }
    return g_strv_builder_end(lines);
}

char *s3_presign(const S3Request *request, const S3Keys *keys, int64_t now_s, int valid_s) {
    g_auto(Moment) moment;
    moment_init(&moment, keys, now_s);
    g_autofree char *credential = g_strdup_printf("%s/%s", keys->access_key, moment.scope);
    g_autofree char *expires = g_strdup_printf("%d", valid_s);
    g_autoptr(GArray) pairs = new_pairs(request->query, request->n_query);
    add_pair(pairs, "X-Amz-Algorithm", ALGORITHM);
    add_pair(pairs, "X-Amz-Credential", credential);
    add_pair(pairs, "X-Amz-Date", moment.time);
    add_pair(pairs, "X-Amz-Expires", expires);
    add_pair(pairs, "X-Amz-SignedHeaders", "host");
    if (keys->session_token)
        add_pair(pairs, "X-Amz-Security-Token", keys->session_token);
    g_autofree char *query = query_text(pairs);

    g_autoptr(GArray) headers = new_pairs(NULL, 0);
    add_pair(headers, "host", host_of(request));
    g_autofree char *text = canonical(request, query, headers, "UNSIGNED-PAYLOAD");
    g_autofree char *signed_by = signature(keys, &moment, text);
    g_autofree char *signed_query = g_strdup_printf("%s&X-Amz-Signature=%s", query, signed_by);
    return url_with(request, signed_query);
}
