/* Asking a login service for JSON. */
#pragma once

#include "net/fetch.h"

#include <jansson.h>

typedef struct {
    int status;
    json_t *json;        /* an object; NULL if what came was none */
    int64_t lifetime_ms; /* for how long it may be kept: a minute at least, a day at most, an hour if nothing is said */
} HttpJson;

void http_json_clear(HttpJson *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpJson, http_json_clear)

/* Asks, for at most 10 s, and follows no redirect. Of the request only method, url, user, password, headers and body are
 * heeded. ERROR_TIMEOUT, ERROR_STOPPED, and ERROR_FAILED for whatever else gave no answer, or one of more than 1 MiB. Any
 * thread. */
bool http_json_ask(const FetchRequest *request, HttpJson *out_answer, GError **error) MUST_CHECK;
