/* A line with a token, and below it a list of keys, both of anybody's making -> claims -> person. It may be refused,
 * with a message; it may not crash, leak or hang, and a person who comes of it has all that one must have. The list
 * may be a service's document instead, which leads to good addresses if it is taken. */

#include "auth/discovery.h"
#include "auth/id_token.h"
#include "auth/jwks.h"
#include "auth/jwt.h"
#include "auth/oidc.h"
#include "base/base64url.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void expect_good_error(bool ok, const GError *error) {
    g_assert_true(ok == (error == NULL));
    g_assert_true(!error || g_utf8_validate(error->message, -1, NULL));
}

static void read_claims(const json_t *claims) {
    static const IdTokenRules rules = {"https://op.example", "us", "n0nce", NULL, 1700000000};
    g_autoptr(GError) error = NULL;
    g_autoptr(OidcPerson) person = id_token_read(claims, &rules, &error);
    expect_good_error(person != NULL, error);
    if (person)
        g_assert_true(*person->subject && strchr(person->email, '@') && g_utf8_validate(person->name, -1, NULL));
}

static void verify(const char *token, const json_t *jwks) {
    g_autoptr(GError) error = NULL;
    json_auto_t *claims = jwt_verify(token, jwks, &error);
    expect_good_error(claims != NULL, error);
    if (claims)
        read_claims(claims);
}

/* As if the signature were good, which it seldom is. */
static void read_second_part(const char *token) {
    g_auto(GStrv) parts = g_strsplit(token, ".", 3);
    g_autoptr(GBytes) bytes = g_strv_length(parts) == 3 ? base64url_decode(parts[1], strlen(parts[1])) : NULL;
    if (!bytes || g_bytes_get_size(bytes) == 0)
        return;
    g_autofree char *again = base64url_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_assert_cmpstr(again, ==, parts[1]);
    json_auto_t *claims =
        json_loadb(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(claims))
        read_claims(claims);
}

static void read_document(const json_t *json) {
    g_autoptr(GError) error = NULL;
    bool ok = discovery_check(json, "https://op.example", &error);
    expect_good_error(ok, error);
    if (!ok)
        return;
    g_assert_true(discovery_check_url(discovery_authorization_endpoint(json), NULL));
    g_assert_true(discovery_check_url(discovery_token_endpoint(json), NULL));
    g_assert_true(discovery_check_url(discovery_jwks_uri(json), NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line_end = memchr(data, '\n', size);
    size_t n = line_end ? (size_t)(line_end - data) : size;
    g_autofree char *token = g_strndup((const char *)data, n);
    json_auto_t *json =
        line_end ? json_loadb((const char *)line_end, size - n, JSON_REJECT_DUPLICATES, NULL) : json_object();
    read_second_part(token);
    if (json_is_object(json))
        read_document(json);
    if (json_is_object(json) && jwks_check(json, NULL))
        verify(token, json);
    return 0;
}
