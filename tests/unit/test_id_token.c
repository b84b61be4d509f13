/* The claims of a token: one that passes, and for each rule one that does not. */
#include "auth/id_token.h"
#include "auth/oidc.h"

#include <glib.h>
#include <string.h>

enum { NOW_S = 1700000000 };

static const IdTokenRules any_domain = {"https://op.example/realm", "us", "n0nce", NULL, NOW_S};
static const IdTokenRules one_domain = {"https://op.example/realm", "us", "n0nce", "Example.org", NOW_S};

/* A token that is good, with members that a case has instead, or has not (null), as JSON. */
static json_t *claims_with(const char *changes) {
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:b, s:s}", "iss", "https://op.example/realm",
                               "sub", "1234", "aud", "us", "nonce", "n0nce", "exp", NOW_S + 300, "iat", NOW_S, "email",
                               "Alice@Example.ORG", "email_verified", 1, "name", "Alice");
    json_auto_t *changed = json_loads(changes, 0, NULL);
    const char *name;
    json_t *value;
    g_assert_nonnull(changed);
    json_object_foreach (changed, name, value) {
        if (json_is_null(value))
            json_object_del(claims, name);
        else
            json_object_set(claims, name, value);
    }
    return claims;
}

static void assert_refused(const char *changes, const IdTokenRules *rules, const char *says) {
    json_auto_t *claims = claims_with(changes);
    g_autoptr(GError) error = NULL;
    g_test_message("%.80s", changes);
    g_assert_null(id_token_read(claims, rules, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_DENIED);
    if (!strstr(error->message, says))
        g_error("\"%s\" does not say \"%s\"", error->message, says);
}

static OidcPerson *expect_person(const char *changes, const IdTokenRules *rules) {
    json_auto_t *claims = claims_with(changes);
    g_autoptr(GError) error = NULL;
    g_test_message("%.80s", changes);
    OidcPerson *person = id_token_read(claims, rules, &error);
    g_assert_no_error(error);
    return person;
}

static void a_good_token_gives_a_person(void) {
    g_autoptr(OidcPerson) person = expect_person("{\"hd\": \"example.org\"}", &any_domain);
    g_assert_cmpstr(person->subject, ==, "1234");
    g_assert_cmpstr(person->email, ==, "Alice@example.org");
    g_assert_cmpstr(person->name, ==, "Alice");
    g_assert_cmpstr(person->hosted_domain, ==, "example.org");
}

static void what_is_allowed_passes(void) {
    static const char *const cases[] = {
        "{\"aud\": [\"us\"]}",
        "{\"aud\": [\"us\"], \"azp\": \"us\"}",
        "{\"aud\": \"us\", \"azp\": \"us\"}",
        "{\"aud\": [\"others\", \"us\"], \"azp\": \"us\"}",
        "{\"exp\": 1699999941}",
        "{\"exp\": 1699999940.5}",
        "{\"exp\": 1.7e9}",
        "{\"iat\": 1700000060}",
        "{\"nbf\": 1700000060}",
        "{\"email_verified\": \"true\"}",
        "{\"unknown\": [1, 2]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(OidcPerson) person = expect_person(cases[i], &any_domain);
    }
}

static void each_rule_is_heeded(void) {
    static const struct {
        const char *changes, *says;
    } cases[] = {
        {"{\"iss\": null}", "another issuer"},
        {"{\"iss\": \"https://evil.example\"}", "another issuer"},
        {"{\"iss\": \"https://op.example/realm/\"}", "another issuer"},
        {"{\"iss\": \"https://OP.example/realm\"}", "another issuer"},
        {"{\"iss\": [\"https://op.example/realm\"]}", "another issuer"},
        {"{\"aud\": null}", "another program"},
        {"{\"aud\": \"others\"}", "another program"},
        {"{\"aud\": \"US\"}", "another program"},
        {"{\"aud\": []}", "another program"},
        {"{\"aud\": [\"others\"]}", "another program"},
        {"{\"aud\": [\"us\", 1], \"azp\": \"us\"}", "another program"},
        {"{\"aud\": {\"us\": \"us\"}}", "another program"},
        {"{\"aud\": [\"us\", \"others\"]}", "another program"},
        {"{\"aud\": [\"us\", \"us\"]}", "another program"},
        {"{\"aud\": [\"us\", \"others\"], \"azp\": \"others\"}", "another program"},
        {"{\"aud\": \"us\", \"azp\": \"others\"}", "another program"},
        {"{\"aud\": \"us\", \"azp\": 1}", "another program"},
        {"{\"nonce\": null}", "another login"},
        {"{\"nonce\": \"other\"}", "another login"},
        {"{\"nonce\": \"n0ncf\"}", "another login"},
        {"{\"nonce\": \"\"}", "another login"},
        {"{\"nonce\": 0}", "another login"},
        {"{\"exp\": null}", "from when to when"},
        {"{\"exp\": \"1700000300\"}", "from when to when"},
        {"{\"exp\": 1699999940}", "has expired"},
        {"{\"exp\": -1}", "has expired"},
        {"{\"iat\": null}", "from when to when"},
        {"{\"iat\": true}", "from when to when"},
        {"{\"iat\": 1700000061}", "of the future"},
        {"{\"nbf\": 1700000061}", "not valid yet"},
        {"{\"nbf\": \"soon\"}", "from when to when"},
        {"{\"sub\": null}", "whom it is about"},
        {"{\"sub\": \"\"}", "whom it is about"},
        {"{\"sub\": 1234}", "whom it is about"},
        {"{\"sub\": \"a\\nb\"}", "whom it is about"},
        {"{\"email\": null}", "did not tell your e-mail address"},
        {"{\"email\": 1}", "did not tell your e-mail address"},
        {"{\"email\": \"\"}", "an e-mail address that is none"},
        {"{\"email\": \"alice\"}", "an e-mail address that is none"},
        {"{\"email\": \"@example.org\"}", "an e-mail address that is none"},
        {"{\"email\": \"alice@\"}", "an e-mail address that is none"},
        {"{\"email\": \"alice@example.org\\r\\nBcc: all@example.org\"}", "an e-mail address that is none"},
        {"{\"email\": \"alice smith@example.org\"}", "an e-mail address that is none"},
        {"{\"email_verified\": null}", "must be verified"},
        {"{\"email_verified\": false}", "must be verified"},
        {"{\"email_verified\": \"false\"}", "must be verified"},
        {"{\"email_verified\": \"True\"}", "must be verified"},
        {"{\"email_verified\": 1}", "must be verified"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].changes, &any_domain, cases[i].says);
}

static void a_domain_lets_in_its_own_accounts_only(void) {
    static const char *const cases[] = {
        "{}",
        "{\"hd\": \"evil.example\"}",
        "{\"hd\": \"\"}",
        "{\"hd\": true}",
        "{\"hd\": [\"example.org\"]}",
        "{\"hd\": \"example.org.evil.example\"}",
        "{\"hd\": \"example.org\", \"email\": \"alice@evil.example\"}",
        "{\"hd\": \"example.org\", \"email\": \"alice@sub.example.org\"}",
        "{\"hd\": \"example.org\", \"email\": \"alice@example.org@evil.example\"}",
    };
    g_autoptr(OidcPerson) person = expect_person("{\"hd\": \"example.org\"}", &one_domain);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i], &one_domain, "only accounts of Example.org may log in here");
}

static void names_are_for_pages(void) {
    static const struct {
        const char *changes, *name;
    } cases[] = {
        {"{\"name\": null}", "Alice@example.org"},
        {"{\"name\": \"\"}", "Alice@example.org"},
        {"{\"name\": \" \\n\\t \"}", "Alice@example.org"},
        {"{\"name\": 7}", "Alice@example.org"},
        {"{\"name\": \" J\\u00fcrgen\\r\\n <b>M\\u001b[1m\\u202e \"}", "J\u00fcrgen <b>M[1m"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(OidcPerson) person = expect_person(cases[i].changes, &any_domain);
        g_assert_cmpstr(person->name, ==, cases[i].name);
    }
}

static void long_values_are_refused_or_cut(void) {
    g_autofree char *longest = g_strnfill(255, 'x'), *long_name = g_strnfill(5000, 'y');
    g_autofree char *fine = g_strdup_printf("{\"sub\": \"%s\", \"name\": \"%s\"}", longest, long_name);
    g_autofree char *subject = g_strdup_printf("{\"sub\": \"%sx\"}", longest);
    g_autofree char *email = g_strdup_printf("{\"email\": \"%s@example.org\"}", longest);
    g_autoptr(OidcPerson) person = expect_person(fine, &any_domain);
    g_assert_cmpstr(person->subject, ==, longest);
    g_assert_cmpuint(strlen(person->name), ==, 100);
    assert_refused(subject, &any_domain, "whom it is about");
    assert_refused(email, &any_domain, "an e-mail address that is none");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/id_token/a-good-token-gives-a-person", a_good_token_gives_a_person);
    g_test_add_func("/id_token/what-is-allowed-passes", what_is_allowed_passes);
    g_test_add_func("/id_token/each-rule-is-heeded", each_rule_is_heeded);
    g_test_add_func("/id_token/a-domain-lets-in-its-own-accounts-only", a_domain_lets_in_its_own_accounts_only);
    g_test_add_func("/id_token/names-are-for-pages", names_are_for_pages);
    g_test_add_func("/id_token/long-values-are-refused-or-cut", long_values_are_refused_or_cut);
    return g_test_run();
}
