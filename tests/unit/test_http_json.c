/* How long what a login service says may be kept, and what is taken for an answer. */
#include "auth/http_json.h"
#include "http/server.h"

#include <glib.h>
#include <string.h>

enum { STOP_MS = 5000, MINUTE_S = 60, HOUR_S = 60 * 60, DAY_S = 24 * 60 * 60 };

/* What is answered: set before it is asked for. */
typedef struct {
    HttpPart part;
    HttpServer *server;
    int status;
    const char *body, *header, *value;
} Service;

static HttpResponse *answer(HttpRequest *request, void *data) {
    const Service *service = data;
    HttpResponse *response = http_response_text(service->status, "application/json", service->body);
    if (service->header)
        http_response_add_header(response, service->header, service->value);
    return response;
}

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    return http_response_text(status, "text/plain", why);
}

static void set_up(Service *service, const void *unused) {
    static const HttpRoute routes[] = {{"GET", "/", answer}};
    service->part = (HttpPart){routes, G_N_ELEMENTS(routes), service};
    const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &service->part,
        .n_parts = 1,
        .request_timeout_ms = STOP_MS,
        .refuse = refuse,
    };
    g_autoptr(GError) error = NULL;
    service->server = http_server_start(&config, &error);
    g_assert_no_error(error);
}

static void tear_down(Service *service, const void *unused) {
    g_assert_true(http_server_stop(service->server, STOP_MS));
}

static bool ask(const Service *service, HttpJson *out_answer, GError **error) {
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/", http_server_port(service->server));
    const FetchRequest request = {.method = "GET", .url = url};
    return http_json_ask(&request, out_answer, error);
}

static void an_answer_is_kept_for_an_hour_or_as_it_says_within_reason(Service *service, const void *unused) {
    static const struct {
        const char *value;
        int seconds;
    } cases[] = {
        {NULL, HOUR_S},
        {"public", HOUR_S},
        {"max-age=", MINUTE_S},
        {"max-age=7200", 7200},
        {"public, max-age=24060, must-revalidate, no-transform", 24060},
        {"Public,MAX-AGE=300", 300},
        {"max-age=0", MINUTE_S},
        {"max-age=-5", DAY_S}, /* as strtoull(3) has it */
        {"max-age=86401", DAY_S},
        {"max-age=99999999999999999999999999", DAY_S},
        {"no-store, max-age=7200", MINUTE_S},
        {"no-cache", MINUTE_S},
    };
    service->status = 200;
    service->body = "{}";
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HttpJson) got = {0};
        service->header = cases[i].value ? "Cache-Control" : NULL;
        service->value = cases[i].value;
        g_assert_true(ask(service, &got, NULL));
        g_assert_cmpint(got.lifetime_ms, ==, 1000 * (int64_t)cases[i].seconds);
    }
}

static void what_is_no_object_is_no_json(Service *service, const void *unused) {
    static const char *const cases[] = {"", "[]", "1", "{", "{\"a\": 1, \"a\": 1}", "{} x", "\xff"};
    service->status = 200;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HttpJson) got = {0};
        service->body = cases[i];
        g_assert_true(ask(service, &got, NULL));
        g_assert_null(got.json);
    }
}

static void an_error_has_its_object_too(Service *service, const void *unused) {
    g_auto(HttpJson) got = {0};
    service->status = 400;
    service->body = "{\"error\": \"invalid_grant\"}";
    g_assert_true(ask(service, &got, NULL));
    g_assert_cmpint(got.status, ==, 400);
    g_assert_cmpstr(json_string_value(json_object_get(got.json, "error")), ==, "invalid_grant");
}

static void a_redirect_is_not_followed(Service *service, const void *unused) {
    g_auto(HttpJson) got = {0};
    service->status = 302;
    service->body = "";
    service->header = "Location";
    service->value = "/";
    g_assert_true(ask(service, &got, NULL));
    g_assert_cmpint(got.status, ==, 302);
}

static void more_than_1_mib_is_refused(Service *service, const void *unused) {
    g_autofree char *filling = g_strnfill(1024 * 1024 - 2, ' ');
    g_autofree char *fits = g_strdup_printf("{%s}", filling), *too_long = g_strdup_printf("{%s }", filling);
    g_auto(HttpJson) got = {0};
    g_autoptr(GError) error = NULL;
    service->status = 200;
    service->body = fits;
    g_assert_true(ask(service, &got, NULL));
    g_assert_nonnull(got.json);
    service->body = too_long;
    g_assert_false(ask(service, &got, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
}

#define TEST(name, function) g_test_add("/http_json/" name, Service, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("an-answer-is-kept-for-an-hour-or-as-it-says-within-reason",
         an_answer_is_kept_for_an_hour_or_as_it_says_within_reason);
    TEST("what-is-no-object-is-no-json", what_is_no_object_is_no_json);
    TEST("an-error-has-its-object-too", an_error_has_its_object_too);
    TEST("a-redirect-is-not-followed", a_redirect_is_not_followed);
    TEST("more-than-1-mib-is-refused", more_than_1_mib_is_refused);
    return g_test_run();
}
