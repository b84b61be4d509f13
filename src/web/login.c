/* From "/login" to the login service and back to "/oauth2callback". Between the two there is nothing but a cookie, by which the
 * browser that comes back is known to be the one that went, and a row in the database. */
#include "web/login.h"

#include "auth/login.h"
#include "base/log.h"

#include <string.h>

#define STATE_COOKIE "dpxdt_login"

/* A name that services cannot give out. */
#define ANYBODY "anonymous_superuser"
#define EMAIL_OF_ANYBODY "superuser@example.com"

/* Coming in. */

/* A new session, whatever cookie came, and away to where one wanted to go. */
static bool let_in(View *view, const char *user_id, const char *next, GError **error) {
    g_autofree char *token = session_begin(view->db, user_id, http_request_address(view->request), view->now_ms, error);
    if (!token || (view->session && !session_end(view->db, view->session->token, error)))
        return false;
    log_event(LOG_INFO, "login", LOG_TEXT("user", user_id), LOG_TEXT("address", http_request_address(view->request)),
              LOG_TEXT("request", http_request_id(view->request)));
    view_go(view, login_safe_path(next));
    session_set_cookie(view->request, view->response, token);
    session_set_short_cookie(view->request, view->response, STATE_COOKIE, "", 0);
    return true;
}

static bool let_anybody_in(View *view, GError **error) {
    g_autoptr(User) user = user_log_in(view->db, ANYBODY, EMAIL_OF_ANYBODY, "Anybody", view->now_ms, error);
    return user && user_set_superuser(view->db, user->id, true, error) &&
           let_in(view, user->id, view_text(view, "next"), error);
}

/* A login that the service knows of, or why it does not. */
typedef struct {
    OidcLogin login;
    char *url;
    GError *error;
} Departure;

static void departure_clear(Departure *departure) {
    oidc_login_clear(&departure->login);
    g_free(departure->url);
    g_clear_error(&departure->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Departure, departure_clear)

static bool send_to_service(View *view, GError **error) {
    Departure *departure = view->data;
    if (departure->error) {
        g_propagate_error(error, g_error_copy(departure->error));
        return false;
    }
    const OidcLogin *login = &departure->login;
    const PendingLogin kept = {login->nonce, login->code_verifier, (char *)login_safe_path(view_text(view, "next"))};
    if (!login_keep(view->db, login->state, &kept, view->now_ms, error))
        return false;
    view_go(view, departure->url);
    session_set_short_cookie(view->request, view->response, STATE_COOKIE, login->state, LOGIN_MOST_MS / 1000);
    return true;
}

static bool refuse_flood(View *view, GError **error) {
    return view_refuse(view, 429, error, "Too many logins from your address. Wait a minute.");
}

static bool tell_of_no_service(View *view, GError **error) {
    view->status = 503;
    no_login_html(view->html, view);
    return true;
}

/* No connection to the database is held while the service is asked. */
HttpResponse *web_login(HttpRequest *request, void *data) {
    const Web *web = data;
    g_auto(Departure) departure = {0};
    if (!limit_allow(web->logins, http_request_address(request)))
        return view_show(request, data, refuse_flood);
    if (web->ignore_auth)
        return view_show(request, data, let_anybody_in);
    if (!web->oidc)
        return view_show(request, data, tell_of_no_service);
    (void)!oidc_begin(web->oidc, &departure.login, &departure.url, &departure.error);
    return view_show_with(request, data, send_to_service, &departure);
}

/* Coming back. */

/* Google's users have had ids of their own since the first dpxdt. The others are of their issuer. */
static char *id_of(const Web *web, const OidcPerson *person) {
    const char *issuer = oidc_issuer(web->oidc);
    if (strcmp(issuer, "https://accounts.google.com") == 0)
        return g_strconcat("google_oauth2:", person->subject, NULL);
    g_autofree char *both = g_strconcat(issuer, " ", person->subject, NULL);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
    return g_strdup_printf("oidc:%.40s", hash);
}

/* Somebody who is back: with what was agreed on when he went, and as whom the service knows him. */
typedef struct {
    PendingLogin pending;
    OidcPerson *person;
    GError *error;
} Return;

static void return_clear(Return *back) {
    pending_login_clear(&back->pending);
    oidc_person_free(back->person);
    g_clear_error(&back->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Return, return_clear)

static bool find_pending(View *view, GError **error) {
    Return *back = view->data;
    const char *state = session_cookie(view->request, STATE_COOKIE);
    if (!view->web->oidc)
        return view_refuse(view, 404, error, "There is no login service.");
    if (!state || !*state)
        return view_refuse(view, 400, error,
                           "This login was begun in another browser, or too long ago. Log in once more.");
    return login_take(view->db, state, view->now_ms, &back->pending, error);
}

static bool ask_service(const HttpRequest *request, OidcProvider *oidc, Return *back, GError **error) {
    const OidcLogin kept = {(char *)session_cookie(request, STATE_COOKIE), back->pending.nonce, back->pending.verifier};
    const OidcCallback callback = {
        .state = http_request_query(request, "state"),
        .code = http_request_query(request, "code"),
        .iss = http_request_query(request, "iss"),
        .error = http_request_query(request, "error"),
        .error_description = http_request_query(request, "error_description"),
    };
    const char *code = oidc_read_callback(oidc, &kept, &callback, error);
    return code && oidc_finish(oidc, &kept, code, &back->person, error);
}

static bool welcome(View *view, GError **error) {
    Return *back = view->data;
    if (back->error) {
        g_propagate_error(error, g_error_copy(back->error));
        return false;
    }
    g_autofree char *id = id_of(view->web, back->person);
    g_autoptr(User) user = user_log_in(view->db, id, back->person->email, back->person->name, view->now_ms, error);
    return user && let_in(view, user->id, back->pending.next_path, error);
}

HttpResponse *web_callback(HttpRequest *request, void *data) {
    const Web *web = data;
    g_auto(Return) back = {0};
    if (!limit_allow(web->logins, http_request_address(request)))
        return view_show(request, data, refuse_flood);
    HttpResponse *refusal = view_show_with(request, data, find_pending, &back);
    if (!back.pending.nonce)
        return refusal;
    http_response_free(refusal);
    (void)!ask_service(request, web->oidc, &back, &back.error);
    return view_show_with(request, data, welcome, &back);
}

/* Going. */

static bool logout(View *view, GError **error) {
    bool everywhere = http_request_field(view->request, "everywhere") != NULL;
    if (everywhere ? !session_end_all(view->db, view_user(view)->id, error)
                   : !session_end(view->db, view->session->token, error))
        return false;
    view_go(view, "/");
    session_set_cookie(view->request, view->response, NULL);
    return true;
}

/* A link that leads here must not log anybody out: it shows who one is, with the button. */
static bool offer_logout(View *view, GError **error) {
    view_go(view, "/whoami");
    return true;
}

HttpResponse *web_logout(HttpRequest *request, void *web) {
    bool is_form = strcmp(http_request_method(request), "POST") == 0;
    return is_form ? view_change(request, web, logout) : view_show(request, web, offer_logout);
}

static bool whoami(View *view, GError **error) {
    if (!view_need_user(view, error))
        return false;
    view_add_crumb(view, "You", NULL);
    whoami_html(view->html, view);
    return true;
}

HttpResponse *web_whoami(HttpRequest *request, void *web) {
    return view_show(request, web, whoami);
}

/* Invitations. */

static bool invitation(View *view, GError **error) {
    const char *token = view_text(view, "token");
    if (!view_need_user(view, error))
        return false;
    view_add_crumb(view, "Invitation", NULL);
    invitation_html(view->html, view, token ? token : "");
    return true;
}

HttpResponse *web_invitation(HttpRequest *request, void *web) {
    return view_show(request, web, invitation);
}

static bool accept(View *view, GError **error) {
    const char *token = http_request_field(view->request, "token");
    g_autoptr(Invitation) accepted =
        invitation_accept(view->db, token ? token : "", view_user(view)->id, view->now_ms, error);
    view->build = accepted ? build_load(view->db, accepted->build_id, error) : NULL;
    if (!view->build || !view_audit(view, AUDIT_INVITE_ACCEPTED, 0, 0, accepted->email, error))
        return false;
    g_autofree char *path = view_path_of_build(accepted->build_id);
    view_go(view, path);
    return true;
}

HttpResponse *web_accept_invitation(HttpRequest *request, void *web) {
    return view_change(request, web, accept);
}
