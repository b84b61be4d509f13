#include "web/keys.h"

enum { MOST_KEYS = 1000 };

/* Shows the page with what has become of a form, if there was one. */
static bool show(View *view, KeysPage *shown, GError **error) {
    g_autoptr(GPtrArray) keys = api_key_list(view->db, view->build->id, MOST_KEYS, error);
    if (!keys)
        return false;
    view_add_build_crumb(view);
    view_add_crumb(view, "API keys", NULL);
    shown->keys = keys;
    keys_html(view->html, view, shown);
    return true;
}

static bool find_build(View *view, GError **error) {
    return view_find_build(view, "build_id", ACCESS_OWNER, error) && view_need_fresh_user(view, error);
}

static bool keys(View *view, GError **error) {
    KeysPage shown = {0};
    return find_build(view, error) && show(view, &shown, error);
}

HttpResponse *web_keys(HttpRequest *request, void *web) {
    return view_show(request, web, keys);
}

/* The page is the answer itself, as the secret can be found nowhere any more. */
static bool create(View *view, GError **error) {
    g_autofree char *id = NULL, *secret = NULL;
    g_autoptr(GError) cause = NULL;
    const char *purpose = view_text(view, "purpose");
    if (!find_build(view, error))
        return false;
    if (api_key_create(view->db, view->build->id, purpose ? purpose : "", view->now_ms, &id, &secret, &cause)) {
        KeysPage shown = {.id = id, .secret = secret};
        return view_audit(view, AUDIT_CREATED_API_KEY, 0, 0, id, error) && show(view, &shown, error);
    }
    if (!error_is(cause, ERROR_INVALID)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    KeysPage shown = {.purpose = purpose, .problem = cause->message};
    view->status = 422;
    return show(view, &shown, error);
}

HttpResponse *web_create_key(HttpRequest *request, void *web) {
    return view_change(request, web, create);
}

/* A key of another build is as if it were not there. */
static ApiKey *find_key(View *view, const char *id, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(ApiKey) key = api_key_load(view->db, id ? id : "", &cause);
    if (key && key->build_id == view->build->id)
        return g_steal_pointer(&key);
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        (void)!view_refuse(view, 404, error, "There is no such key.");
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static bool revoke_key(View *view, GError **error) {
    const char *id = view_text(view, "id");
    if (!find_build(view, error))
        return false;
    g_autoptr(ApiKey) key = find_key(view, id, error);
    if (!key)
        return false;
    g_autofree char *path = g_strdup_printf("/api_keys?build_id=%" G_GINT64_FORMAT, view->build->id);
    view_go(view, path);
    return api_key_revoke(view->db, key->id, view->now_ms, error) &&
           view_audit(view, AUDIT_REVOKED_API_KEY, 0, 0, key->id, error);
}

HttpResponse *web_revoke_key(HttpRequest *request, void *web) {
    return view_change(request, web, revoke_key);
}
