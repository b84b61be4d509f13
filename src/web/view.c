#include "web/view.h"

#include "auth/login.h"
#include "web/layout.h"

#include <jansson.h>
#include <string.h>

static void crumb_free(void *data) {
    Crumb *crumb = data;
    g_free(crumb->text);
    g_free(crumb->url);
    g_free(crumb);
}

/* What a page is before its work, and after it. */
static void begin(View *view) {
    view->html = html_new();
    view->crumbs = g_ptr_array_new_with_free_func(crumb_free);
    view->now_ms = g_get_real_time() / 1000;
    view->status = 0;
    view->is_sent_to_log_in = false;
    view->access = ACCESS_NONE;
}

static void forget(View *view) {
    g_clear_pointer(&view->html, html_free);
    g_clear_pointer(&view->crumbs, g_ptr_array_unref);
    g_clear_pointer(&view->session, session_free);
    g_clear_pointer(&view->build, build_free);
    g_clear_pointer(&view->response, http_response_free);
}

/* Answers. */

/* Nothing but what is ours, and no frame around it. */
static void add_headers(const View *view, HttpResponse *response) {
    static const char *const headers[][2] = {
        {"Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
                                    "connect-src 'self'; form-action 'self'; "
                                    "frame-ancestors 'none'; base-uri 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        http_response_add_header(response, headers[i][0], headers[i][1]);
    if (g_str_has_prefix(http_request_origin(view->request), "https://"))
        http_response_add_header(response, "Strict-Transport-Security", "max-age=31536000");
}

static HttpResponse *html_response(View *view) {
    return http_response_bytes(view->status ? view->status : 200, "text/html; charset=utf-8",
                               html_end(g_steal_pointer(&view->html)));
}

static int status_of(const GError *error) {
    return error_http_status(db_error_code(error));
}

static const char *told(int status, const GError *error) {
    return status == 500 ? "The server failed. Its log says why." : db_error_told(error);
}

static HttpResponse *fail(View *view, const GError *error) {
    int status = view->status ? view->status : status_of(error);
    const char *message = told(status, error);
    http_request_set_note(view->request, error->message);
    g_clear_pointer(&view->response, http_response_free);
    view->status = status;
    if (view_wants_json(view)) {
        view_answer_json(view, json_pack("{s:s}", "error", message));
        view->response->status = status;
        return g_steal_pointer(&view->response);
    }
    html_free(view->html);
    view->html = html_new();
    g_ptr_array_set_size(view->crumbs, 0);
    layout_error(view->html, view, status, message);
    return html_response(view);
}

static HttpResponse *answer(View *view, const GError *error) {
    HttpResponse *response = error && !view->is_sent_to_log_in ? fail(view, error)
                             : view->response                  ? g_steal_pointer(&view->response)
                                                               : html_response(view);
    add_headers(view, response);
    return response;
}

/* Work. */

typedef struct {
    View *view;
    ViewWork *work;
    bool is_form;
} Attempt;

static bool check_form(View *view, GError **error) {
    return view_need_user(view, error) && session_check_form(view->session, view->request, error);
}

static bool attempt(Db *db, void *data, GError **error) {
    Attempt *attempt = data;
    View *view = attempt->view;
    forget(view);
    begin(view);
    view->db = db;
    return session_find(db, view->request, view->now_ms, &view->session, error) &&
           (!attempt->is_form || check_form(view, error)) && attempt->work(view, error);
}

typedef bool (*Doer)(DbPool *pool, DbWork work, void *data, GError **error);

static HttpResponse *run(HttpRequest *request, Web *web, Doer doer, ViewWork *work, bool is_form, void *data) {
    View view = {.web = web, .request = request, .data = data};
    Attempt tried = {&view, work, is_form};
    g_autoptr(GError) error = NULL;
    begin(&view);
    if (doer(web->pool, attempt, &tried, &error) && doer == db_transact)
        news_tell(web->news);
    HttpResponse *response = answer(&view, error);
    forget(&view);
    return response;
}

HttpResponse *view_show(HttpRequest *request, void *web, ViewWork *work) {
    return run(request, web, db_read, work, false, NULL);
}

HttpResponse *view_show_with(HttpRequest *request, void *web, ViewWork *work, void *data) {
    return run(request, web, db_read, work, false, data);
}

HttpResponse *view_change(HttpRequest *request, void *web, ViewWork *work) {
    return run(request, web, db_transact, work, true, NULL);
}

HttpResponse *view_change_with(HttpRequest *request, void *web, ViewWork *work, void *data) {
    return run(request, web, db_transact, work, true, data);
}

/* Work that tells whether another one would be done. */
typedef struct {
    ViewWork *may;
    bool is_allowed;
} Question;

static bool ask(View *view, GError **error) {
    Question *question = view->data;
    question->is_allowed = question->may(view, error);
    return question->is_allowed;
}

HttpResponse *view_refuse_form(HttpRequest *request, void *web, ViewWork *may) {
    Question question = {may, false};
    HttpResponse *response = run(request, web, db_read, ask, true, &question);
    if (question.is_allowed)
        g_clear_pointer(&response, http_response_free);
    return response;
}

HttpResponse *web_refuse(const HttpRequest *request, int status, const char *why, Web *web) {
    View view = {.web = web, .request = (HttpRequest *)request};
    begin(&view);
    view.status = status;
    layout_error(view.html, &view, status, why);
    HttpResponse *response = html_response(&view);
    add_headers(&view, response);
    forget(&view);
    return response;
}

/* Answers of another kind. */

void view_go(View *view, const char *path) {
    http_response_free(view->response);
    view->response = http_response_see_other(path);
}

void view_answer_json(View *view, struct json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    http_response_free(view->response);
    view->response = http_response_text(200, "application/json", text);
    free(text);
    json_decref(json);
}

bool view_wants_json(const View *view) {
    const char *accept = http_request_header(view->request, "Accept");
    return accept && g_str_has_prefix(accept, "application/json");
}

bool view_refuse(View *view, int status, GError **error, const char *message) {
    view->status = status;
    error_set(error, ERROR_DENIED, "%s", message);
    return false;
}

/* Who may. */

const User *view_user(const View *view) {
    return view->session ? view->session->user : NULL;
}

/* Where a form stands, which browsers tell: its own address is none that can be looked at, and lacks what is in its
 * fields. */
static const char *page_of_form(const View *view) {
    const char *referer = http_request_header(view->request, "Referer"), *origin = http_request_origin(view->request);
    return login_safe_path(referer && g_str_has_prefix(referer, origin) ? referer + strlen(origin) : NULL);
}

/* To log in, and back here; a form that was sent is not sent again, so back to its page. */
static bool send_to_log_in(View *view, GError **error) {
    bool is_form = strcmp(http_request_method(view->request), "POST") == 0;
    const char *target = is_form ? page_of_form(view) : http_request_target(view->request);
    g_autofree char *escaped = g_uri_escape_string(target, NULL, FALSE);
    g_autofree char *path = g_strconcat("/login?next=", escaped, NULL);
    if (view_wants_json(view))
        return view_refuse(view, 401, error, "You are not logged in any more.");
    view_go(view, path);
    view->is_sent_to_log_in = true;
    error_set(error, ERROR_DENIED, "nobody is logged in");
    return false;
}

bool view_need_user(View *view, GError **error) {
    return view->session || send_to_log_in(view, error);
}

bool view_need_fresh_user(View *view, GError **error) {
    bool is_fresh = view->session && view->now_ms - view->session->created_ms <= SESSION_FRESH_MS;
    return is_fresh || send_to_log_in(view, error);
}

bool view_need_superuser(View *view, GError **error) {
    if (!view_need_user(view, error))
        return false;
    return view->session->user->is_superuser || view_refuse(view, 403, error, "This page is for superusers.");
}

static bool deny_build(View *view, GError **error) {
    if (!view->session)
        return send_to_log_in(view, error);
    return view_refuse(view, 404, error, "There is no such build, or it is not yours.");
}

/* A stranger is sent to log in whether there is such a build or not. */
bool view_find_build(View *view, const char *parameter, Access least, GError **error) {
    g_autoptr(GError) cause = NULL;
    view->build = build_load(view->db, view_number(view, parameter, 0), &cause);
    if (error_is(cause, ERROR_NOT_FOUND))
        return deny_build(view, error);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!access_find(view->db, view_user(view), view->build, &view->access, error))
        return false;
    if (view->access >= least)
        return true;
    if (view->access == ACCESS_NONE || !view->session)
        return deny_build(view, error);
    return view_refuse(view, 403, error, "Only owners of this build may do this.");
}

typedef Release *(*Finder)(Db *db, int64_t build_id, const char *name, int number, GError **error);

static Release *find_release(View *view, Access least, Finder find, GError **error) {
    if (!view_find_build(view, "id", least, error))
        return NULL;
    const char *name = view_text(view, "name");
    g_autofree char *composed = name ? g_utf8_normalize(name, -1, G_NORMALIZE_NFC) : NULL;
    int number = (int)MIN(view_number(view, "number", 0), G_MAXINT);
    return find(view->db, view->build->id, composed ? composed : "", number, error);
}

Release *view_find_release(View *view, Access least, GError **error) {
    return find_release(view, least, release_find, error);
}

Release *view_lock_release(View *view, Access least, GError **error) {
    return find_release(view, least, release_lock, error);
}

/* Parameters. */

const char *view_text(const View *view, const char *name) {
    const char *text = http_request_parameter(view->request, name);
    return text && *text ? text : NULL;
}

int64_t view_number(const View *view, const char *name, int64_t fallback) {
    const char *text = view_text(view, name);
    gint64 number;
    return text && g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &number, NULL) ? number : fallback;
}

/* The rest. */

void view_add_crumb(View *view, const char *text, const char *url) {
    Crumb *crumb = g_new0(Crumb, 1);
    *crumb = (Crumb){g_strdup(text), g_strdup(url)};
    g_ptr_array_add(view->crumbs, crumb);
}

void view_add_build_crumb(View *view) {
    g_autofree char *path = view_path_of_build(view->build->id);
    view_add_crumb(view, view->build->name, path);
}

void view_add_release_crumbs(View *view, const Release *release, bool is_here) {
    g_autofree char *path = view_path_of_release(view->build->id, release->name, release->number);
    g_autofree char *title = g_strdup_printf("%s #%d", release->name, release->number);
    view_add_build_crumb(view);
    view_add_crumb(view, title, is_here ? NULL : path);
}

bool view_audit(const View *view, AuditKind kind, int64_t release_id, int64_t run_id, const char *message,
                GError **error) {
    const AuditEntry entry = {.build_id = view->build->id,
                              .release_id = release_id,
                              .run_id = run_id,
                              .kind = kind,
                              .actor = view->session->user->id,
                              .address = (char *)http_request_address(view->request),
                              .message = (char *)message};
    return audit_add(view->db, &entry, view->now_ms, error);
}

char *view_path_of_build(int64_t build_id) {
    return g_strdup_printf("/build?id=%" G_GINT64_FORMAT, build_id);
}

char *view_path_of_release(int64_t build_id, const char *name, int number) {
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    return g_strdup_printf("/release?id=%" G_GINT64_FORMAT "&name=%s&number=%d", build_id, escaped, number);
}

char *view_path_of_run(int64_t build_id, const char *name, int number, const char *run_name) {
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE),
                    *run = g_uri_escape_string(run_name, NULL, FALSE);
    return g_strdup_printf("/run?id=%" G_GINT64_FORMAT "&name=%s&number=%d&test=%s", build_id, escaped, number, run);
}
