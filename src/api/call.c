#include "api/call.h"

#include "base/clock.h"
#include "base/secret.h"

#include <string.h>

/* Replies. */

static HttpResponse *json_response(int status, json_t *json) {
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
    HttpResponse *response = http_response_text(status, "application/json", text);
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
    http_response_add_header(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    http_response_add_header(response, "Cache-Control", "no-store");
    free(text);
    json_decref(json);
    return response;
}

HttpResponse *call_error_response(int status, const char *message) {
    g_autofree char *valid = g_utf8_make_valid(message, -1);
    HttpResponse *response = json_response(status, json_pack("{s:s}", "error", valid));
    if (status == 401)
        http_response_add_header(response, "WWW-Authenticate", "Basic realm=\"API key required\"");
    return response;
}

HttpResponse *api_refuse(const HttpRequest *request, int status, const char *why, void *api) {
    return call_error_response(status, why);
}

/* What is not there is 400, as it always was: where it is 404, the call says so. */
static int status_of(const GError *error) {
    int status = error_http_status(db_error_code(error));
    return status == 404 ? 400 : status;
}

/* What it was is in the log. */
static HttpResponse *fail(const Call *call, const GError *error) {
    int status = call->status ? call->status : status_of(error);
    http_request_set_note(call->request, error->message);
    return call_error_response(status, db_error_told(error));
}

/* The work, with the call as it is before it. */
typedef struct {
    Call *call;
    DbWork work;
} Attempt;

static void forget(Call *call) {
    json_object_clear(call->reply);
    g_clear_pointer(&call->response, http_response_free);
    if (call->answer)
        call->free_answer_data(call->answer_data);
    call->answer = NULL;
    g_clear_pointer(&call->actor, g_free);
    g_clear_pointer(&call->names, g_ptr_array_unref);
    memset(call->counts, 0, sizeof call->counts);
    call->nothing_yet = false;
    call->status = 0;
}

static bool attempt(Db *db, void *data, GError **error) {
    Attempt *attempt = data;
    forget(attempt->call);
    return attempt->work(db, attempt->call, error);
}

void call_answer_with(Call *call, CallAnswer *answer, void *data, GDestroyNotify free_data) {
    call->answer = answer;
    call->answer_data = data;
    call->free_answer_data = free_data;
}

static HttpResponse *answer(Call *call, GError **error) {
    if (!*error && call->answer)
        call->response = call->answer(call, call->answer_data, error);
    if (*error)
        return fail(call, *error);
    for (MetricCount i = 0; i < METRIC_N_COUNTS; i++)
        if (call->counts[i] > 0)
            metrics_add(&call->api->metrics, i, call->counts[i]);
    return call->response ? g_steal_pointer(&call->response) : json_response(200, json_incref(call->reply));
}

/* How work is done: db_transact() or db_read(). */
typedef bool (*Doer)(DbPool *pool, DbWork work, void *data, GError **error);

static HttpResponse *run(HttpRequest *request, Api *api, Doer doer, DbWork work, int64_t deadline_ms) {
    Call call = {.api = api, .request = request, .reply = json_object()};
    Attempt tried = {&call, work};
    g_autoptr(GError) error = NULL;
    uint64_t seen;
    do {
        seen = news_count(&api->news);
        call.now_ms = g_get_real_time() / 1000;
        if (doer(api->pool, attempt, &tried, &error) && doer == db_transact && !call.nothing_yet)
            news_tell(&api->news);
        /* Who has gone must not be given what others wait for. */
    } while (!error && call.nothing_yet && news_wait(&api->news, seen, deadline_ms) &&
             !http_request_is_given_up(request));
    HttpResponse *response = answer(&call, &error);
    forget(&call);
    json_decref(call.reply);
    return response;
}

static int64_t patience_of(const HttpRequest *request) {
    const Call call = {.request = (HttpRequest *)request};
    int wait_s = MIN(call_optional_number(&call, "wait", 0), CALL_MOST_WAIT_S);
    return clock_now_ms() + wait_s * INT64_C(1000);
}

HttpResponse *call_run(HttpRequest *request, void *api, DbWork work) {
    return run(request, api, db_transact, work, 0);
}

HttpResponse *call_read(HttpRequest *request, void *api, DbWork work) {
    return run(request, api, db_read, work, 0);
}

HttpResponse *call_wait_and_run(HttpRequest *request, void *api, DbWork work) {
    return run(request, api, db_transact, work, patience_of(request));
}

HttpResponse *call_wait_and_read(HttpRequest *request, void *api, DbWork work) {
    return run(request, api, db_read, work, patience_of(request));
}

/* Parameters. */

const char *call_optional_text(const Call *call, const char *name) {
    const char *text = http_request_parameter(call->request, name);
    return text && *text ? text : NULL;
}

const char *call_name(Call *call, const char *name, GError **error) {
    const char *text = call_text(call, name, error);
    if (!text)
        return NULL;
    if (!call->names)
        call->names = g_ptr_array_new_with_free_func(g_free);
    char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    g_ptr_array_add(call->names, composed);
    return composed;
}

const char *call_text(Call *call, const char *name, GError **error) {
    const char *text = call_optional_text(call, name);
    if (!text)
        error_set(error, ERROR_INVALID, "%s required", name);
    return text;
}

int call_optional_number(const Call *call, const char *name, int fallback) {
    const char *text = call_optional_text(call, name);
    gint64 number;
    bool is_number = text && g_ascii_string_to_signed(text, 10, 1, G_MAXINT, &number, NULL);
    return is_number ? (int)number : fallback;
}

bool call_number(Call *call, const char *name, int *out_number, GError **error) {
    *out_number = call_optional_number(call, name, 0);
    if (*out_number == 0)
        error_set(error, ERROR_INVALID, "%s required", name);
    return *out_number != 0;
}

void call_put_text(Call *call, const char *key, const char *text) {
    json_object_set_new(call->reply, key, text ? json_string(text) : json_null());
}

void call_put_number(Call *call, const char *key, int64_t number) {
    json_object_set_new(call->reply, key, json_integer(number));
}

void call_put_success(Call *call) {
    json_object_set_new(call->reply, "success", json_true());
}

/* Who may. */

static bool deny(Call *call, int status, GError **error, const char *message) {
    call->status = status;
    error_set(error, ERROR_DENIED, "%s", message);
    return false;
}

static ApiKey *superuser(const char *id) {
    ApiKey *key = g_new0(ApiKey, 1);
    key->id = g_strdup(id);
    key->is_superuser = true;
    return key;
}

/* A key, as often as somebody may be wrong. */
static ApiKey *check_key(Call *call, Db *db, const char *id, const char *secret, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autofree char *who = g_strdup_printf("%s %s", http_request_address(call->request), id);
    if (limit_is_used_up(call->api->wrong_keys, who)) {
        deny(call, 429, error, "too often with a wrong key; wait a minute");
        return NULL;
    }
    ApiKey *key = api_key_check(db, id, secret, &cause);
    if (error_is(cause, ERROR_DENIED))
        (void)limit_allow(call->api->wrong_keys, who);
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return key;
}

/* The key of the caller, or NULL. Where nobody is asked, it is a superuser's; so a browser must not be used by a page
 * that it shows. */
static ApiKey *find_key(Call *call, Db *db, GError **error) {
    const char *id, *secret, *own_secret = call->api->own_secret;
    if (call->api->ignore_auth && http_request_is_from_elsewhere(call->request)) {
        deny(call, 403, error, "a page of another site may not do this");
        return NULL;
    }
    if (call->api->ignore_auth)
        return superuser("anonymous_superuser");
    if (!http_request_credentials(call->request, &id, &secret)) {
        deny(call, 401, error, "API key required");
        return NULL;
    }
    if (own_secret && strcmp(id, API_OWN_KEY) == 0 && secret_equals(secret, own_secret))
        return superuser(id);
    return check_key(call, db, id, secret, error);
}

static bool build_exists(Call *call, Db *db, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT id FROM builds WHERE id = ?", DB_INT(call->build_id));
    bool is_there = db_next(query);
    return db_end(query, error) && (is_there || deny(call, 404, error, "build must exist"));
}

/* A build that is not the key's is as if it were not there. */
bool call_allow_build(Call *call, Db *db, GError **error) {
    call->build_id = call_optional_number(call, "build_id", 0);
    if (call->build_id == 0)
        return deny(call, 400, error, "build_id required");
    g_autoptr(ApiKey) key = find_key(call, db, error);
    if (!key || !build_exists(call, db, error))
        return false;
    if (!key->is_superuser && key->build_id != call->build_id)
        return deny(call, 404, error, "API key must have access");
    call->actor = g_strdup(key->id);
    return true;
}

static bool allow_build(Db *db, void *call, GError **error) {
    return call_allow_build(call, db, error);
}

HttpResponse *call_refuse_stranger(HttpRequest *request, void *api) {
    g_autoptr(HttpResponse) response = call_read(request, api, allow_build);
    return response->status == 200 ? NULL : g_steal_pointer(&response);
}

static bool allow_key(Db *db, void *call, GError **error) {
    g_autoptr(ApiKey) key = find_key(call, db, error);
    return key != NULL;
}

bool call_has_key(HttpRequest *request, void *api) {
    g_autoptr(HttpResponse) response = call_read(request, api, allow_key);
    return response->status == 200;
}

bool call_allow_superuser(Call *call, Db *db, GError **error) {
    g_autoptr(ApiKey) key = find_key(call, db, error);
    if (!key)
        return false;
    if (!key->is_superuser) {
        g_autofree char *message = g_strdup_printf("API key='%s' must be a super user", key->id);
        return deny(call, 403, error, message);
    }
    call->actor = g_strdup(key->id);
    return true;
}

/* Releases. */

typedef Release *(*Finder)(Db *db, int64_t build_id, const char *name, int number, GError **error);

static Release *find_release(Call *call, Db *db, Finder find, GError **error) {
    int number;
    const char *name = call_name(call, "release_name", error);
    if (!name || !call_number(call, "release_number", &number, error))
        return NULL;
    return find(db, call->build_id, name, number, error);
}

Release *call_find_release(Call *call, Db *db, GError **error) {
    return find_release(call, db, release_find, error);
}

Release *call_lock_release(Call *call, Db *db, GError **error) {
    return find_release(call, db, release_lock, error);
}

char *call_results_url(const Call *call, const Release *release) {
    g_autofree char *name = g_uri_escape_string(release->name, NULL, false);
    return g_strdup_printf("%s/release?id=%" G_GINT64_FORMAT "&name=%s&number=%d", http_request_origin(call->request),
                           release->build_id, name, release->number);
}

bool call_audit(const Call *call, Db *db, AuditKind kind, const Release *release, int64_t run_id, GError **error) {
    const AuditEntry entry = {.build_id = release->build_id,
                              .release_id = release->id,
                              .run_id = run_id,
                              .kind = kind,
                              .actor = call->actor,
                              .address = (char *)http_request_address(call->request)};
    return audit_add(db, &entry, call->now_ms, error);
}
