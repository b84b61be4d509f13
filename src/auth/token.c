#include "auth/token.h"

#include "auth/discovery.h"
#include "auth/http_json.h"
#include "auth/provider.h"
#include "net/form.h"

#include <string.h>

/* "unsupported_grant_type", and those of extensions. */
enum { MOST_ERROR_BYTES = 64 };

static GBytes *request_body(const OidcProvider *provider, const OidcLogin *login, const char *code, bool has_secret) {
    GString *form = g_string_new(NULL);
    form_add(form, "grant_type", "authorization_code");
    form_add(form, "code", code);
    form_add(form, "redirect_uri", provider->redirect_uri);
    form_add(form, "code_verifier", login->code_verifier); /* RFC 7636, 4.5 */
    form_add(form, "client_id", has_secret ? provider->client_id : NULL);
    form_add(form, "client_secret", has_secret ? provider->client_secret : NULL);
    return g_string_free_to_bytes(form);
}

/* The secret is in the header, unless the service takes it only in the body (Core, 9); there, too, it is escaped (RFC 6749,
 * 2.3.1). */
static bool ask(const OidcProvider *provider, const json_t *discovery, GBytes *body, bool in_body, HttpJson *out_answer,
                GError **error) {
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                                          NULL};
    g_autofree char *user = g_uri_escape_string(provider->client_id, NULL, FALSE);
    g_autofree char *password = g_uri_escape_string(provider->client_secret, NULL, FALSE);
    const FetchRequest request = {
        .method = "POST",
        .url = discovery_token_endpoint(discovery),
        .user = in_body ? NULL : user,
        .password = password,
        .headers = headers,
        .body = body,
    };
    if (http_json_ask(&request, out_answer, error))
        return true;
    g_prefix_error(error, "the login service cannot be used: %s: ", request.url);
    return false;
}

/* Of an error only its name is told, and only if it looks like one (RFC 6749, 5.2): a description could repeat what we
 * sent. */
static void explain(const HttpJson *answer, GError **error) {
    const char *name = json_string_value(json_object_get(answer->json, "error"));
    bool is_name =
        name && strlen(name) <= MOST_ERROR_BYTES && name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
    if (g_strcmp0(name, "invalid_grant") == 0)
        error_set(error, ERROR_DENIED, "this login was used already, or took too long: begin again");
    else if (is_name)
        error_set(error, ERROR_FAILED, "the login service gives no token: %s", name);
    else
        error_set(error, ERROR_FAILED, "the login service gives no token: it answered with status %d", answer->status);
}

char *token_fetch(const OidcProvider *provider, const json_t *discovery, const OidcLogin *login, const char *code,
                  GError **error) {
    bool in_body = discovery_wants_secret_in_body(discovery);
    g_autoptr(GBytes) body = request_body(provider, login, code, in_body);
    g_auto(HttpJson) answer = {0};
    if (!ask(provider, discovery, body, in_body, &answer, error))
        return NULL;
    const char *token = json_string_value(json_object_get(answer.json, "id_token"));
    if (answer.status == 200 && token)
        return g_strdup(token);
    explain(&answer, error);
    return NULL;
}
