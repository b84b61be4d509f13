/* Logs in at a login service, for tests/program/test_oidc.py:
 *
 *     oidc_tool ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI [HOSTED_DOMAIN]
 *
 * reads a JSON object a line from standard input, and answers each with one. {} begins a login: {"url", "state", "nonce",
 * "code_verifier"}. {"state", "nonce", "code_verifier", "callback"}, where the latter is an object with the parameters of the
 * callback, ends it: {"subject", "email", "name", "hosted_domain"}. Whatever fails gives {"error": "denied", "message"}, with
 * the name of its code. One provider does all of it, with what it keeps. */
#include "auth/oidc.h"

#include <jansson.h>
#include <stdio.h>

static const char *const code_names[] = {
    [ERROR_FAILED] = "failed", [ERROR_INVALID] = "invalid", [ERROR_NOT_FOUND] = "not found",
    [ERROR_DENIED] = "denied", [ERROR_BUSY] = "busy",       [ERROR_TIMEOUT] = "timeout",
    [ERROR_GONE] = "gone",     [ERROR_STOPPED] = "stopped",
};

static void answer(json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    g_assert(text);
    puts(text);
    fflush(stdout);
    free(text);
    json_decref(json);
}

static void answer_error(const GError *error) {
    answer(json_pack("{s:s, s:s}", "error", code_names[error->code], "message", error->message));
}

static const char *text_of(const json_t *json, const char *name) {
    return json_string_value(json_object_get(json, name));
}

static void begin(OidcProvider *provider) {
    g_auto(OidcLogin) login = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *url = NULL;
    if (oidc_begin(provider, &login, &url, &error))
        answer(json_pack("{s:s, s:s, s:s, s:s}", "url", url, "state", login.state, "nonce", login.nonce,
                         "code_verifier", login.code_verifier));
    else
        answer_error(error);
}

static void finish(OidcProvider *provider, const json_t *asked) {
    const json_t *query = json_object_get(asked, "callback");
    g_auto(OidcLogin) login = {
        .state = g_strdup(text_of(asked, "state")),
        .nonce = g_strdup(text_of(asked, "nonce")),
        .code_verifier = g_strdup(text_of(asked, "code_verifier")),
    };
    const OidcCallback callback = {
        .state = text_of(query, "state"),
        .code = text_of(query, "code"),
        .iss = text_of(query, "iss"),
        .error = text_of(query, "error"),
        .error_description = text_of(query, "error_description"),
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(OidcPerson) person = NULL;
    const char *code = oidc_read_callback(provider, &login, &callback, &error);
    if (code && oidc_finish(provider, &login, code, &person, &error))
        answer(json_pack("{s:s, s:s, s:s, s:s?}", "subject", person->subject, "email", person->email, "name",
                         person->name, "hosted_domain", person->hosted_domain));
    else
        answer_error(error);
}

int main(int argc, char **argv) {
    if (argc < 5)
        g_error("usage: oidc_tool ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI [HOSTED_DOMAIN]");
    const OidcSettings settings = {
        .issuer = argv[1],
        .client_id = argv[2],
        .client_secret = argv[3],
        .redirect_uri = argv[4],
        .hosted_domain = argc > 5 ? argv[5] : NULL,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(OidcProvider) provider = oidc_provider_new(&settings, &error);
    if (!provider)
        g_error("%s", error->message);
    json_t *asked;
    while ((asked = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL))) {
        if (json_object_size(asked) > 0)
            finish(provider, asked);
        else
            begin(provider);
        json_decref(asked);
    }
    return 0;
}
