#include "auth/http_json.h"

#include <string.h>

enum {
    TIMEOUT_MS = 10 * 1000,   /* somebody sits there and waits */
    MOST_BYTES = 1024 * 1024, /* what services say of themselves has some KB */
    LEAST_LIFETIME_S = 60,    /* else each login would be three requests */
    USUAL_LIFETIME_S = 60 * 60,
    MOST_LIFETIME_S = 24 * 60 * 60, /* so that a key which was withdrawn is believed for a day at most */
};

void http_json_clear(HttpJson *answer) {
    json_decref(answer->json);
    answer->json = NULL;
}

/* Cache-Control: public, max-age=3600 */
static int64_t lifetime_ms(const FetchReply *reply) {
    const char *rules = g_hash_table_lookup(reply->headers, "cache-control");
    g_autofree char *lower = g_ascii_strdown(rules ? rules : "", -1);
    const char *age = strstr(lower, "max-age=");
    if (strstr(lower, "no-store") || strstr(lower, "no-cache"))
        return LEAST_LIFETIME_S * 1000;
    guint64 seconds = age ? g_ascii_strtoull(age + strlen("max-age="), NULL, 10) : USUAL_LIFETIME_S;
    return (int64_t)CLAMP(seconds, LEAST_LIFETIME_S, MOST_LIFETIME_S) * 1000;
}

static json_t *read_object(GBytes *body) {
    gsize size;
    const char *text = g_bytes_get_data(body, &size);
    json_t *json = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

bool http_json_ask(const FetchRequest *request, HttpJson *out_answer, GError **error) {
    FetchRequest limited = {
        .method = request->method,
        .url = request->url,
        .user = request->user,
        .password = request->password,
        .headers = request->headers,
        .body = request->body,
        .timeout_ms = TIMEOUT_MS,
        .max_bytes = MOST_BYTES,
        .ends_on_stop = true,
    };
    g_autoptr(GError) cause = NULL;
    g_autoptr(Fetcher) fetcher = fetcher_new(&cause);
    g_autoptr(FetchReply) reply = fetcher ? fetcher_run(fetcher, &limited, &cause) : NULL;
    if (!reply) {
        bool is_told = error_is(cause, ERROR_TIMEOUT) || error_is(cause, ERROR_STOPPED);
        error_set(error, is_told ? (ErrorCode)cause->code : ERROR_FAILED, "%s", cause->message);
        return false;
    }
    *out_answer = (HttpJson){reply->status, read_object(reply->body), lifetime_ms(reply)};
    return true;
}
