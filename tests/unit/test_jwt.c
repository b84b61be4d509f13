/* Signatures of tokens that the tests sign themselves, and those of an example in the standard; and all the ways in which
 * one could be talked into taking a wrong one (RFC 8725). */
#include "auth/jwt.h"
#include "base/base64url.h"
#include "tokens.h"

#include <glib.h>
#include <string.h>

#define CLAIMS "{\"sub\": \"alice\"}"

typedef struct {
    TokenKey *rsa, *other_rsa, *weak, *ec, *other_curve;
    json_t *jwks; /* kid "rsa", "weak", "ec", "other-curve", and such as are for something else */
} Keys;

static void add_key(json_t *jwks, json_t *jwk, const char *name, json_t *value) {
    if (name)
        json_object_set_new(jwk, name, value);
    json_array_append_new(json_object_get(jwks, "keys"), jwk);
}

static void set_up(Keys *keys) {
    keys->rsa = token_key_new_rsa(2048);
    keys->other_rsa = token_key_new_rsa(2048);
    keys->weak = token_key_new_rsa(1024);
    keys->ec = token_key_new_ec("P-256");
    keys->other_curve = token_key_new_ec("P-384");
    keys->jwks = json_pack("{s:[]}", "keys");
    add_key(keys->jwks, token_key_jwk(keys->rsa, "rsa"), NULL, NULL);
    add_key(keys->jwks, token_key_jwk(keys->weak, "weak"), NULL, NULL);
    add_key(keys->jwks, token_key_jwk(keys->ec, "ec"), "use", json_string("sig"));
    add_key(keys->jwks, token_key_jwk(keys->other_curve, "other-curve"), NULL, NULL);
    add_key(keys->jwks, token_key_jwk(keys->rsa, "encrypts"), "use", json_string("enc"));
    add_key(keys->jwks, token_key_jwk(keys->rsa, "wraps"), "key_ops", json_pack("[s, s]", "wrapKey", "sign"));
    add_key(keys->jwks, token_key_jwk(keys->rsa, "verifies"), "key_ops", json_pack("[i, s]", 1, "verify"));
    add_key(keys->jwks, token_key_jwk(keys->rsa, "rs256-only"), "alg", json_string("RS256"));
}

static void tear_down(Keys *keys) {
    token_key_free(keys->rsa);
    token_key_free(keys->other_rsa);
    token_key_free(keys->weak);
    token_key_free(keys->ec);
    token_key_free(keys->other_curve);
    json_decref(keys->jwks);
}

static void assert_alice(json_t *claims, const GError *error) {
    g_assert_no_error(error);
    g_assert_cmpstr(json_string_value(json_object_get(claims, "sub")), ==, "alice");
    json_decref(claims);
}

/* That it is refused, with these words and without the token. */
static void assert_refused(const char *token, const json_t *jwks, ErrorCode code, const char *says) {
    g_autoptr(GError) error = NULL;
    g_assert_null(jwt_verify(token, jwks, &error));
    g_assert_error(error, DPXDT_ERROR, (int)code);
    if (!strstr(error->message, says))
        g_error("\"%s\" does not say \"%s\"", error->message, says);
    g_assert_true(strlen(token) < 10 || !strstr(error->message, token));
}

static void good_signatures_are_taken(gconstpointer data) {
    const Keys *keys = data;
    const struct {
        const TokenKey *key;
        const char *how, *header;
    } cases[] = {
        {keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}"},
        {keys->rsa, "PS256", "{\"alg\": \"PS256\", \"kid\": \"rsa\"}"},
        {keys->rsa, "PS256", "{\"alg\": \"PS256\", \"kid\": \"verifies\"}"},
        {keys->ec, "ES256", "{\"alg\": \"ES256\", \"kid\": \"ec\"}"},
        {keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rs256-only\", \"typ\": \"JWT\"}"},
        {keys->ec, "ES256", "{\"typ\": \"jwt\", \"alg\": \"ES256\", \"unknown\": {\"a\": [1]}}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *token = token_sign(cases[i].key, cases[i].how, cases[i].header, CLAIMS);
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].header);
        assert_alice(jwt_verify(token, keys->jwks, &error), error);
    }
}

/* RFC 7515, appendix A.3; its payload is that of A.1. */
static void the_example_of_the_standard_is_taken(gconstpointer unused) {
    static const char token[] =
        "eyJhbGciOiJFUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    json_auto_t *jwks =
        json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "keys", "kty", "EC", "crv", "P-256", "x",
                  "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    g_autoptr(GError) error = NULL;
    json_auto_t *claims = jwt_verify(token, jwks, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_string_value(json_object_get(claims, "iss")), ==, "joe");
}

static void signatures_that_are_not_the_keys_are_refused(gconstpointer data) {
    const Keys *keys = data;
    const struct {
        const char *what;
        const TokenKey *key;
        const char *how, *header, *says;
    } cases[] = {
        {"another key", keys->other_rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"PSS instead of PKCS 1", keys->rsa, "PS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"PKCS 1 instead of PSS", keys->rsa, "RS256", "{\"alg\": \"PS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"another salt", keys->rsa, "PS256-SALT", "{\"alg\": \"PS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"another hash", keys->rsa, "RS512", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"DER", keys->ec, "ES256-DER", "{\"alg\": \"ES256\", \"kid\": \"ec\"}", "signature is wrong"},
        {"RSA's for ECDSA", keys->rsa, "RS256", "{\"alg\": \"ES256\", \"kid\": \"ec\"}", "signature is wrong"},
        {"a weak key", keys->weak, "RS256", "{\"alg\": \"RS256\", \"kid\": \"weak\"}", "less than 2048 bits"},
        {"a hash too long for us", keys->rsa, "RS512", "{\"alg\": \"RS512\", \"kid\": \"rsa\"}", "not signed by"},
        {"an extension", keys->rsa, "RS256",
         "{\"alg\": \"RS256\", \"kid\": \"rsa\", \"crit\": [\"b64\"], \"b64\": true}", "extension"},
        {"an empty list of extensions", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\", \"crit\": []}",
         "extension"},
        {"an access token", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\", \"typ\": \"at+jwt\"}",
         "for something else"},
        {"a type that is no text", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\", \"typ\": 1}",
         "for something else"},
        {"an id that is no text", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": 1}", "is no text"},
        {"no algorithm", keys->rsa, "RS256", "{\"kid\": \"rsa\"}", "not signed by"},
        {"another letter case", keys->rsa, "RS256", "{\"alg\": \"rs256\", \"kid\": \"rsa\"}", "not signed by"},
        {"two algorithms", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"alg\": \"RS256\", \"kid\": \"rsa\"}", "no JSON"},
        {"a list of algorithms", keys->rsa, "RS256", "{\"alg\": [\"RS256\"], \"kid\": \"rsa\"}", "not signed by"},
        {"a NUL in the algorithm", keys->rsa, "RS256", "{\"alg\": \"RS256\\u0000\", \"kid\": \"rsa\"}", "no JSON"},
        {"a header that is a list", keys->rsa, "RS256", "[\"RS256\"]", "no JSON"},
        {"text behind the header", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"} x", "no JSON"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *token = token_sign(cases[i].key, cases[i].how, cases[i].header, CLAIMS);
        g_test_message("%s", cases[i].what);
        assert_refused(token, keys->jwks, ERROR_DENIED, cases[i].says);
    }
}

static void keys_that_are_not_there_are_told(gconstpointer data) {
    const Keys *keys = data;
    const struct {
        const char *what;
        const TokenKey *key;
        const char *how, *header, *says;
    } cases[] = {
        {"an unknown id", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"new\"}", "does not list"},
        {"RSA by a key for ECDSA", keys->ec, "ES256", "{\"alg\": \"RS256\", \"kid\": \"ec\"}", "does not list"},
        {"ECDSA by a key for RSA", keys->rsa, "RS256", "{\"alg\": \"ES256\", \"kid\": \"rsa\"}", "does not list"},
        {"another curve", keys->ec, "ES256", "{\"alg\": \"ES256\", \"kid\": \"other-curve\"}", "does not list"},
        {"a key that encrypts", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"encrypts\"}", "does not list"},
        {"a key that wraps", keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"wraps\"}", "does not list"},
        {"a key for another padding", keys->rsa, "PS256", "{\"alg\": \"PS256\", \"kid\": \"rs256-only\"}",
         "does not list"},
        {"one of several", keys->rsa, "RS256", "{\"alg\": \"RS256\"}", "which of"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *token = token_sign(cases[i].key, cases[i].how, cases[i].header, CLAIMS);
        g_test_message("%s", cases[i].what);
        assert_refused(token, keys->jwks, ERROR_NOT_FOUND, cases[i].says);
    }
}

static void a_public_key_is_no_shared_secret(gconstpointer data) {
    const Keys *keys = data;
    g_autofree char *pem = token_key_pem(keys->rsa);
    json_auto_t *jwk = token_key_jwk(keys->rsa, "rsa");
    char *json = json_dumps(jwk, JSON_COMPACT);
    const char *const secrets[] = {pem, json, json_string_value(json_object_get(jwk, "n"))};
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_autofree char *token = token_sign_shared(secrets[i], "{\"alg\": \"HS256\", \"kid\": \"rsa\"}", CLAIMS);
        g_autofree char *disguised = token_sign_shared(secrets[i], "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", CLAIMS);
        assert_refused(token, keys->jwks, ERROR_DENIED, "not signed by");
        assert_refused(disguised, keys->jwks, ERROR_DENIED, "signature is wrong");
    }
    free(json);
}

static void an_unsigned_token_is_refused(gconstpointer data) {
    const Keys *keys = data;
    static const struct {
        const char *header, *says;
    } cases[] = {
        {"{\"alg\": \"none\"}", "not signed by"},
        {"{\"alg\": \"None\", \"kid\": \"rsa\"}", "not signed by"},
        {"{\"alg\": \"\", \"kid\": \"rsa\"}", "not signed by"},
        {"{\"alg\": null, \"kid\": \"rsa\"}", "not signed by"},
        {"{\"alg\": \"RS256\", \"kid\": \"rsa\"}", "signature is wrong"},
        {"{\"alg\": \"ES256\", \"kid\": \"ec\"}", "signature is wrong"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *token = token_unsigned(cases[i].header, CLAIMS);
        assert_refused(token, keys->jwks, ERROR_DENIED, cases[i].says);
    }
}

/* ECDSA takes r = s = 0 for anything, if one forgets to look (CVE-2022-21449). */
static void a_signature_of_zeros_is_refused(gconstpointer data) {
    const Keys *keys = data;
    static const guint8 zeros[64];
    g_autofree char *beginning = token_unsigned("{\"alg\": \"ES256\", \"kid\": \"ec\"}", CLAIMS);
    g_autofree char *signature = base64url_encode(zeros, sizeof zeros);
    g_autofree char *token = g_strconcat(beginning, signature, NULL);
    assert_refused(token, keys->jwks, ERROR_DENIED, "signature is wrong");
}

static char *with_changed(const char *token, const char *where, char to) {
    char *changed = g_strdup(token);
    char *c = changed + (where - token);
    *c = *c == to ? (char)(to + 1) : to;
    return changed;
}

static void no_letter_may_change(gconstpointer data) {
    const Keys *keys = data;
    static const char *const hows[] = {"RS256", "PS256", "ES256"};
    for (size_t i = 0; i < G_N_ELEMENTS(hows); i++) {
        bool is_ec = strcmp(hows[i], "ES256") == 0;
        g_autofree char *header = g_strdup_printf("{\"alg\": \"%s\", \"kid\": \"%s\"}", hows[i], is_ec ? "ec" : "rsa");
        g_autofree char *token = token_sign(is_ec ? keys->ec : keys->rsa, hows[i], header, CLAIMS);
        for (const char *c = token; *c; c++) {
            g_autofree char *changed = with_changed(token, c, 'A');
            g_assert_null(jwt_verify(changed, keys->jwks, NULL));
        }
    }
}

static void a_token_has_one_form(gconstpointer data) {
    const Keys *keys = data;
    g_autofree char *token = token_sign(keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", CLAIMS);
    g_auto(GStrv) parts = g_strsplit(token, ".", 3);
    g_autofree char *cut = g_strndup(token, strlen(token) - 1), *cut_more = g_strndup(token, strlen(token) - 4);
    g_autofree char *empty_signature = g_strdup_printf("%s.%s.", parts[0], parts[1]);
    g_autofree char *two = g_strdup_printf("%s.%s", parts[0], parts[1]);
    g_autofree char *four = g_strdup_printf("%s.", token), *five = g_strdup_printf("%s.x.y", token);
    g_autofree char *dot_first = g_strdup_printf(".%s", token);
    g_autofree char *padded = g_strdup_printf("%s==", token), *spaced = g_strdup_printf("%s ", token);
    g_autofree char *line = g_strdup_printf("%s.%s\n.%s", parts[0], parts[1], parts[2]);
    g_autofree char *no_claims = g_strdup_printf("%s..%s", parts[0], parts[2]);
    g_autofree char *no_header = g_strdup_printf(".%s.%s", parts[1], parts[2]);
    const struct {
        const char *token, *says;
    } cases[] = {
        {"", "not three parts"},
        {".", "not three parts"},
        {"..", "no JSON object"},
        {"...", "not three parts"},
        {"x", "not three parts"},
        {parts[0], "not three parts"},
        {two, "not three parts"},
        {four, "not three parts"},
        {five, "not three parts"},
        {dot_first, "not three parts"},
        {cut, "signature is wrong"},
        {cut_more, "signature is wrong"},
        {empty_signature, "signature is wrong"},
        {padded, "signature is wrong"},
        {spaced, "signature is wrong"},
        {line, "signature is wrong"},
        {no_claims, "signature is wrong"},
        {no_header, "no JSON object"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].token, keys->jwks, ERROR_DENIED, cases[i].says);
}

static void nothing_stands_behind_a_signature(gconstpointer data) {
    const Keys *keys = data;
    g_autofree char *rsa = token_sign(keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", CLAIMS);
    g_autofree char *ec = token_sign(keys->ec, "ES256", "{\"alg\": \"ES256\", \"kid\": \"ec\"}", CLAIMS);
    const char *const tokens[] = {rsa, ec};
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++) {
        const char *last = strrchr(tokens[i], '.') + 1;
        g_autoptr(GBytes) signature = base64url_decode(last, strlen(last));
        g_autoptr(GByteArray) longer = g_byte_array_new();
        g_byte_array_append(longer, g_bytes_get_data(signature, NULL), (guint)g_bytes_get_size(signature));
        g_byte_array_append(longer, (const guint8 *)"", 1);
        g_autofree char *text = base64url_encode(longer->data, longer->len);
        g_autofree char *token = g_strdup_printf("%.*s%s", (int)(last - tokens[i]), tokens[i], text);
        assert_refused(token, keys->jwks, ERROR_DENIED, "signature is wrong");
    }
}

static void claims_are_one_object_without_doubles(gconstpointer data) {
    const Keys *keys = data;
    static const char *const cases[] = {
        "",
        "null",
        "\"alice\"",
        "[]",
        "{\"sub\": \"alice\", \"sub\": \"bob\"}",
        "{\"sub\": \"alice\"",
        "{} {}",
        "{\"sub\": \"\xff\"}",
        "{\"sub\": \"a\\u0000b\"}",
        "{\"a\": {\"b\": 1, \"b\": 2}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *token = token_sign(keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", cases[i]);
        assert_refused(token, keys->jwks, ERROR_DENIED, "no JSON object");
    }
}

static void a_token_has_16_kib_at_most(gconstpointer data) {
    const Keys *keys = data;
    static const struct {
        size_t n;
        bool is_good;
    } cases[] = {{11900, true}, {12300, false}, {1000000, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *filling = g_strnfill(cases[i].n, 'x');
        g_autofree char *claims = g_strdup_printf("{\"sub\": \"alice\", \"x\": \"%s\"}", filling);
        g_autofree char *token = token_sign(keys->rsa, "RS256", "{\"alg\": \"RS256\", \"kid\": \"rsa\"}", claims);
        g_autoptr(GError) error = NULL;
        if (cases[i].is_good)
            assert_alice(jwt_verify(token, keys->jwks, &error), error);
        else
            assert_refused(token, keys->jwks, ERROR_DENIED, "more than 16384 bytes");
    }
}

/* A list with one key, of which a member is another one or gone (NULL), and a token that the whole key has signed. */
static void broken_keys_are_refused(gconstpointer data) {
    const Keys *keys = data;
    static const struct {
        const char *how, *name, *value;
        ErrorCode code;
        const char *says;
    } cases[] = {
        {"RS256", "n", NULL, ERROR_DENIED, "broken"},
        {"RS256", "n", "", ERROR_DENIED, "broken"},
        {"RS256", "n", "AQAB", ERROR_DENIED, "less than 2048"},
        {"RS256", "n", "not base64!", ERROR_DENIED, "broken"},
        {"RS256", "e", NULL, ERROR_DENIED, "broken"},
        {"RS256", "e", "AQ", ERROR_DENIED, "broken"},   /* 1: each message is its own signature */
        {"RS256", "e", "AA", ERROR_DENIED, "broken"},   /* 0 */
        {"RS256", "e", "AAAB", ERROR_DENIED, "broken"}, /* 1 behind zeros */
        {"RS256", "e", "BA", ERROR_DENIED, "broken"},   /* 4 */
        {"RS256", "e", "AQAAAAAAAAAB", ERROR_DENIED, "broken"},
        {"RS256", "kty", "oct", ERROR_NOT_FOUND, "does not list"},
        {"RS256", "kty", NULL, ERROR_NOT_FOUND, "does not list"},
        {"ES256", "x", NULL, ERROR_DENIED, "broken"},
        {"ES256", "x", "AQAB", ERROR_DENIED, "broken"},
        {"ES256", "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", ERROR_DENIED, "broken"}, /* not on the curve */
        {"ES256", "y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERROR_DENIED, "broken"},
        {"ES256", "crv", "P-384", ERROR_NOT_FOUND, "does not list"},
        {"ES256", "crv", NULL, ERROR_NOT_FOUND, "does not list"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const TokenKey *key = strcmp(cases[i].how, "RS256") == 0 ? keys->rsa : keys->ec;
        json_auto_t *jwk = token_key_jwk(key, NULL);
        if (cases[i].value)
            json_object_set_new(jwk, cases[i].name, json_string(cases[i].value));
        else
            json_object_del(jwk, cases[i].name);
        json_auto_t *jwks = json_pack("{s:[O]}", "keys", jwk);
        g_autofree char *header = g_strdup_printf("{\"alg\": \"%s\"}", cases[i].how);
        g_autofree char *token = token_sign(key, cases[i].how, header, CLAIMS);
        g_test_message("%s %s", cases[i].name, cases[i].value);
        assert_refused(token, jwks, cases[i].code, cases[i].says);
    }
}

/* RFC 8725, 3.10: jwk, jku, x5c in the header are the sender's own word. */
static void a_key_in_the_token_is_not_looked_at(gconstpointer data) {
    const Keys *keys = data;
    json_auto_t *jwk = token_key_jwk(keys->other_rsa, "rsa");
    json_auto_t *header =
        json_pack("{s:s, s:s, s:O, s:s}", "alg", "RS256", "kid", "rsa", "jwk", jwk, "jku", "http://127.0.0.1:1/keys");
    char *text = json_dumps(header, 0);
    g_autofree char *token = token_sign(keys->other_rsa, "RS256", text, CLAIMS);
    assert_refused(token, keys->jwks, ERROR_DENIED, "signature is wrong");
    free(text);
}

#define TEST(name, function) g_test_add_data_func("/jwt/" name, &keys, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    Keys keys;
    set_up(&keys);
    TEST("good-signatures-are-taken", good_signatures_are_taken);
    TEST("the-example-of-the-standard-is-taken", the_example_of_the_standard_is_taken);
    TEST("signatures-that-are-not-the-keys-are-refused", signatures_that_are_not_the_keys_are_refused);
    TEST("keys-that-are-not-there-are-told", keys_that_are_not_there_are_told);
    TEST("a-public-key-is-no-shared-secret", a_public_key_is_no_shared_secret);
    TEST("an-unsigned-token-is-refused", an_unsigned_token_is_refused);
    TEST("a-signature-of-zeros-is-refused", a_signature_of_zeros_is_refused);
    TEST("no-letter-may-change", no_letter_may_change);
    TEST("a-token-has-one-form", a_token_has_one_form);
    TEST("nothing-stands-behind-a-signature", nothing_stands_behind_a_signature);
    TEST("claims-are-one-object-without-doubles", claims_are_one_object_without_doubles);
    TEST("a-token-has-16-kib-at-most", a_token_has_16_kib_at_most);
    TEST("broken-keys-are-refused", broken_keys_are_refused);
    TEST("a-key-in-the-token-is-not-looked-at", a_key_in_the_token_is_not_looked_at);
    int status = g_test_run();
    tear_down(&keys);
    return status;
}
