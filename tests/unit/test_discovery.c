/* What a login service says of itself: which addresses are trusted, and which documents. */
#include "auth/discovery.h"

#include <glib.h>
#include <string.h>

#define ISSUER "https://op.example/realm"

static void safe_addresses_pass(void) {
    static const char *const urls[] = {
        "https://op.example",  "https://op.example:8443/a/b?c=d",
        "HTTPS://op.example/", "http://127.0.0.1:1234/x",
        "http://127.9.9.9",    "http://localhost:80/",
        "http://LOCALHOST/",   "http://[::1]:1234/",
        "https://10.0.0.1/", /* whoever names a login service in his own network means it */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++)
        g_assert_true(discovery_check_url(urls[i], NULL));
}

static void other_addresses_are_refused(void) {
    static const char *const urls[] = {
        "",
        "op.example",
        "//op.example/",
        "https:",
        "https://",
        "https:///x",
        "http://op.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://[::2]/",
        "http://[::ffff:127.0.0.1]/",
        "https://user@op.example/",
        "https://user:password@op.example/",
        "https://op.example/#x",
        "https://op.example/a b",
        "https://op.example/\n",
        "https://evil.example\\@op.example/",
        "https://op.example/a\\b",
        "https://op.ex\xc3\xa4mple/",
        "ftp://op.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", urls[i]);
        g_assert_false(discovery_check_url(urls[i], &error));
        g_assert_true(error_is(error, ERROR_INVALID));
    }
}

static void an_issuer_has_no_query(void) {
    g_assert_true(discovery_check_issuer(ISSUER, NULL));
    g_assert_true(discovery_check_issuer("http://127.0.0.1:1", NULL));
    g_assert_false(discovery_check_issuer(ISSUER "?a", NULL));
    g_assert_false(discovery_check_issuer(ISSUER "#a", NULL));
    g_assert_false(discovery_check_issuer("http://op.example", NULL));
}

static void the_path_of_an_issuer_is_kept(void) {
    static const struct {
        const char *issuer, *url;
    } cases[] = {
        {"https://op.example", "https://op.example/.well-known/openid-configuration"},
        {"https://op.example/", "https://op.example/.well-known/openid-configuration"},
        {"https://op.example/a/b", "https://op.example/a/b/.well-known/openid-configuration"},
        {"https://op.example/a/b/", "https://op.example/a/b/.well-known/openid-configuration"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *url = discovery_url(cases[i].issuer);
        g_assert_cmpstr(url, ==, cases[i].url);
    }
}

static json_t *document_with(const char *name, json_t *value) {
    json_t *document = json_pack("{s:s, s:s, s:s, s:s}", "issuer", ISSUER, "authorization_endpoint",
                                 "https://op.example/authorize?a=b", "token_endpoint", "https://op.example/token",
                                 "jwks_uri", "https://op.example/keys");
    if (name && value)
        json_object_set_new(document, name, value);
    else if (name)
        json_object_del(document, name);
    return document;
}

static void a_document_leads_to_its_endpoints(void) {
    json_auto_t *document = document_with(NULL, NULL);
    g_assert_true(discovery_check(document, ISSUER, NULL));
    g_assert_cmpstr(discovery_authorization_endpoint(document), ==, "https://op.example/authorize?a=b");
    g_assert_cmpstr(discovery_token_endpoint(document), ==, "https://op.example/token");
    g_assert_cmpstr(discovery_jwks_uri(document), ==, "https://op.example/keys");
}

static void a_document_that_lies_is_refused(void) {
    static const struct {
        const char *name, *value, *says;
    } cases[] = {
        {"issuer", NULL, "another issuer"},
        {"issuer", "https://op.example/realm/", "another issuer"},
        {"issuer", "https://evil.example", "another issuer"},
        {"authorization_endpoint", NULL, "authorization_endpoint is missing"},
        {"authorization_endpoint", "http://op.example/authorize", "authorization_endpoint is no https address"},
        {"authorization_endpoint", "javascript:alert(1)", "authorization_endpoint is no https address"},
        {"token_endpoint", NULL, "token_endpoint is missing"},
        {"token_endpoint", "http://169.254.169.254/latest/meta-data/", "token_endpoint is no https address"},
        {"jwks_uri", NULL, "jwks_uri is missing"},
        {"jwks_uri", "file:///etc/keys", "jwks_uri is no https address"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_auto_t *document = document_with(cases[i].name, cases[i].value ? json_string(cases[i].value) : NULL);
        g_autoptr(GError) error = NULL;
        g_assert_false(discovery_check(document, ISSUER, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

static void the_secret_goes_where_it_is_wanted(void) {
    static const struct {
        const char *methods;
        bool in_body;
    } cases[] = {
        {"null", false},
        {"[]", false},
        {"[\"client_secret_basic\"]", false},
        {"[\"client_secret_post\", \"client_secret_basic\"]", false},
        {"[\"client_secret_post\"]", true},
        {"[1, \"private_key_jwt\", \"client_secret_post\"]", true},
        {"\"client_secret_post\"", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *methods = json_loads(cases[i].methods, JSON_DECODE_ANY, NULL);
        json_auto_t *document = document_with("token_endpoint_auth_methods_supported", methods);
        g_assert_cmpint(discovery_wants_secret_in_body(document), ==, cases[i].in_body);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discovery/safe-addresses-pass", safe_addresses_pass);
    g_test_add_func("/discovery/other-addresses-are-refused", other_addresses_are_refused);
    g_test_add_func("/discovery/an-issuer-has-no-query", an_issuer_has_no_query);
    g_test_add_func("/discovery/the-path-of-an-issuer-is-kept", the_path_of_an_issuer_is_kept);
    g_test_add_func("/discovery/a-document-leads-to-its-endpoints", a_document_leads_to_its_endpoints);
    g_test_add_func("/discovery/a-document-that-lies-is-refused", a_document_that_lies_is_refused);
    g_test_add_func("/discovery/the-secret-goes-where-it-is-wanted", the_secret_goes_where_it_is_wanted);
    return g_test_run();
}
