/* Logins by many threads at one provider, and settings that cannot work. What a login consists of is tested by
 * tests/program/test_oidc.py. */
#include "auth/oidc.h"
#include "http/server.h"
#include "tokens.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

enum { STOP_MS = 5000, THREADS = 8, LOGINS = 4 };

/* Settings. */

#define ISSUER "https://op.example"
#define CALLBACK "https://dpxdt.example/oauth2callback"

static void settings_that_cannot_work_are_refused(void) {
    static const struct {
        OidcSettings settings;
        const char *says;
    } cases[] = {
        {{NULL, "id", "secret", CALLBACK, NULL}, "needs an issuer"},
        {{"", "id", "secret", CALLBACK, NULL}, "needs an issuer"},
        {{ISSUER, "", "secret", CALLBACK, NULL}, "needs an issuer"},
        {{ISSUER, "id", NULL, CALLBACK, NULL}, "needs an issuer"},
        {{ISSUER, "id", "secret", "", NULL}, "needs an issuer"},
        {{"http://op.example", "id", "secret", CALLBACK, NULL}, "http://op.example is no issuer"},
        {{"op.example", "id", "secret", CALLBACK, NULL}, "op.example is no issuer"},
        {{ISSUER "?x", "id", "secret", CALLBACK, NULL}, "is no issuer"},
        {{ISSUER, "id", "secret", "/oauth2callback", NULL}, "/oauth2callback is no http or https address"},
        {{ISSUER, "id", "secret", "javascript:x", NULL}, "is no http or https address"},
        {{ISSUER, "id", "secret", CALLBACK "#x", NULL}, "is no http or https address"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(oidc_provider_new(&cases[i].settings, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

static void nobody_is_asked_before_a_login(void) {
    const OidcSettings settings = {"http://127.0.0.1:1", "id", "secret", CALLBACK, ""};
    g_autoptr(GError) error = NULL;
    g_autoptr(OidcProvider) provider = oidc_provider_new(&settings, &error);
    g_auto(OidcLogin) login = {0};
    g_autofree char *url = NULL;
    g_assert_no_error(error);
    g_assert_false(oidc_begin(provider, &login, &url, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
    g_assert_null(login.state);
    g_assert_null(url);
}

/* A service. Its codes are the nonce that its token is to have. */

typedef struct {
    HttpPart part;
    HttpServer *server;
    char *issuer;
    TokenKey *keys[2];
    OidcProvider *provider;
    pthread_mutex_t lock; /* guards all below */
    int key;              /* which it signs with, and lists */
    bool is_down;
    int n_discoveries, n_lists;
} Service;

static HttpResponse *json_response(json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    HttpResponse *response = http_response_text(200, "application/json", text);
    free(text);
    json_decref(json);
    return response;
}

static HttpResponse *tell_itself(HttpRequest *request, void *data) {
    Service *service = data;
    pthread_mutex_lock(&service->lock);
    service->n_discoveries++;
    bool is_down = service->is_down;
    pthread_mutex_unlock(&service->lock);
    if (is_down)
        return http_response_text(503, "text/plain", "down");
    return json_response(json_pack("{s:s, s:s+, s:s+, s:s+}", "issuer", service->issuer, "authorization_endpoint",
                                   service->issuer, "/authorize", "token_endpoint", service->issuer, "/token",
                                   "jwks_uri", service->issuer, "/keys"));
}

static HttpResponse *list_keys(HttpRequest *request, void *data) {
    Service *service = data;
    pthread_mutex_lock(&service->lock);
    service->n_lists++;
    int key = service->key;
    pthread_mutex_unlock(&service->lock);
    return json_response(json_pack("{s:[o]}", "keys", token_key_jwk(service->keys[key], key ? "second" : "first")));
}

static HttpResponse *give_token(HttpRequest *request, void *data) {
    Service *service = data;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    pthread_mutex_lock(&service->lock);
    int key = service->key;
    pthread_mutex_unlock(&service->lock);
    json_auto_t *claims =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:b}", "iss", service->issuer, "sub", "1", "aud", "id", "nonce",
                  http_request_field(request, "code"), "exp", (json_int_t)now + 300, "iat", (json_int_t)now, "email",
                  "alice@example.org", "email_verified", 1);
    char *text = json_dumps(claims, 0);
    g_autofree char *token =
        token_sign(service->keys[key], "ES256",
                   key ? "{\"alg\": \"ES256\", \"kid\": \"second\"}" : "{\"alg\": \"ES256\", \"kid\": \"first\"}",
                   text);
    free(text);
    return json_response(json_pack("{s:s}", "id_token", token));
}

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    return http_response_text(status, "text/plain", why);
}

static void set_up(Service *service, const void *unused) {
    static const HttpRoute routes[] = {
        {"GET", "/.well-known/openid-configuration", tell_itself},
        {"GET", "/keys", list_keys},
        {"POST", "/token", give_token},
    };
    service->part = (HttpPart){routes, G_N_ELEMENTS(routes), service};
    const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &service->part,
        .n_parts = 1,
        .max_body = 10000,
        .request_timeout_ms = STOP_MS,
        .refuse = refuse,
    };
    g_autoptr(GError) error = NULL;
    pthread_mutex_init(&service->lock, NULL);
    for (int i = 0; i < 2; i++)
        service->keys[i] = token_key_new_ec("P-256");
    service->server = http_server_start(&config, &error);
    g_assert_no_error(error);
    service->issuer = g_strdup_printf("http://127.0.0.1:%d", http_server_port(service->server));
    const OidcSettings settings = {service->issuer, "id", "secret", CALLBACK, NULL};
    service->provider = oidc_provider_new(&settings, &error);
    g_assert_no_error(error);
}

static void tear_down(Service *service, const void *unused) {
    oidc_provider_free(service->provider);
    g_assert_true(http_server_stop(service->server, STOP_MS));
    for (int i = 0; i < 2; i++)
        token_key_free(service->keys[i]);
    pthread_mutex_destroy(&service->lock);
    g_free(service->issuer);
}

static void set_key(Service *service, int key) {
    pthread_mutex_lock(&service->lock);
    service->key = key;
    pthread_mutex_unlock(&service->lock);
}

static void set_down(Service *service, bool is_down) {
    pthread_mutex_lock(&service->lock);
    service->is_down = is_down;
    pthread_mutex_unlock(&service->lock);
}

static void assert_asked(Service *service, int n_discoveries, int n_lists) {
    pthread_mutex_lock(&service->lock);
    g_assert_cmpint(service->n_discoveries, ==, n_discoveries);
    g_assert_cmpint(service->n_lists, ==, n_lists);
    pthread_mutex_unlock(&service->lock);
}

/* Threads. */

static void *log_in(void *data) {
    Service *service = data;
    for (int i = 0; i < LOGINS; i++) {
        g_auto(OidcLogin) login = {0};
        g_autoptr(OidcPerson) person = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *url = NULL;
        bool is_in = oidc_begin(service->provider, &login, &url, &error) &&
                     oidc_finish(service->provider, &login, login.nonce, &person, &error);
        g_assert_no_error(error);
        g_assert_true(is_in);
        g_assert_cmpstr(person->email, ==, "alice@example.org");
    }
    return NULL;
}

static void *fail_to_log_in(void *data) {
    Service *service = data;
    g_auto(OidcLogin) login = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *url = NULL;
    g_assert_false(oidc_begin(service->provider, &login, &url, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "it answered with status 503"));
    return NULL;
}

static void in_threads(Service *service, void *(*work)(void *)) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, work, service), ==, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void many_logins_fetch_documents_once(Service *service, const void *unused) {
    in_threads(service, log_in);
    assert_asked(service, 1, 1);
}

static void a_new_key_is_fetched_once_for_all(Service *service, const void *unused) {
    in_threads(service, log_in);
    set_key(service, 1);
    in_threads(service, log_in);
    assert_asked(service, 1, 2);
}

static void all_are_told_of_a_service_that_is_down(Service *service, const void *unused) {
    set_down(service, true);
    in_threads(service, fail_to_log_in);
    set_down(service, false);
    in_threads(service, log_in);
}

#define TEST(name, function) g_test_add("/oidc/" name, Service, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/oidc/settings-that-cannot-work-are-refused", settings_that_cannot_work_are_refused);
    g_test_add_func("/oidc/nobody-is-asked-before-a-login", nobody_is_asked_before_a_login);
    TEST("many-logins-fetch-documents-once", many_logins_fetch_documents_once);
    TEST("a-new-key-is-fetched-once-for-all", a_new_key_is_fetched_once_for_all);
    TEST("all-are-told-of-a-service-that-is-down", all_are_told_of_a_service_that_is_down);
    return g_test_run();
}
