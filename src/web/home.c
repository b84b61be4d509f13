#include "web/home.h"

enum { BUILDS_ON_PAGE = 100 };

/* What stands among one's own is not told twice. */
static void remove_own(GPtrArray *builds, const GPtrArray *mine) {
    for (guint i = builds->len; i-- > 0;)
        for (guint j = 0; j < mine->len; j++)
            if (((const Build *)builds->pdata[i])->id == ((const Build *)mine->pdata[j])->id) {
                g_ptr_array_remove_index(builds, i);
                break;
            }
}

static bool home(View *view, GError **error) {
    /* Where anybody is let in, nobody is a stranger. */
    if (view->web->ignore_auth && !view_need_user(view, error))
        return false;
    const User *user = view_user(view);
    int64_t before = view_number(view, "before", 0);
    g_autoptr(GPtrArray) mine = user && user->is_superuser ? build_list(view->db, before, BUILDS_ON_PAGE + 1, error)
                                : user ? owner_list_builds(view->db, user->id, before, BUILDS_ON_PAGE + 1, error)
                                       : g_ptr_array_new();
    g_autoptr(GPtrArray) public_builds =
        mine ? owner_list_builds(view->db, NULL, user ? 0 : before, BUILDS_ON_PAGE + 1, error) : NULL;
    if (!public_builds)
        return false;
    GPtrArray *paged = user ? mine : public_builds;
    Home shown = {mine, public_builds, paged->len > BUILDS_ON_PAGE};
    if (shown.more)
        g_ptr_array_set_size(paged, BUILDS_ON_PAGE);
    remove_own(public_builds, mine);
    home_html(view->html, view, &shown);
    return true;
}

HttpResponse *web_home(HttpRequest *request, void *web) {
    return view_show(request, web, home);
}

/* New builds. */

static bool show_form(View *view, GError **error) {
    if (!view_need_fresh_user(view, error))
        return false;
    view_add_crumb(view, "New build", NULL);
    new_html(view->html, view, "", false, NULL);
    return true;
}

HttpResponse *web_new(HttpRequest *request, void *web) {
    return view_show(request, web, show_form);
}

static bool show_problem(View *view, const char *name, bool is_public, const GError *cause) {
    view->status = 422;
    view_add_crumb(view, "New build", NULL);
    new_html(view->html, view, name, is_public, cause->message);
    return true;
}

static bool create(View *view, GError **error) {
    g_autoptr(GError) cause = NULL;
    const char *typed = view_text(view, "name");
    const char *name = typed ? typed : "";
    bool is_public = view_text(view, "public") != NULL;
    if (!view_need_fresh_user(view, error))
        return false;
    int64_t id = build_create(view->db, name, is_public, view->now_ms, &cause);
    if (error_is(cause, ERROR_INVALID))
        return show_problem(view, name, is_public, cause);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    view->build = build_load(view->db, id, error);
    if (!view->build || !owner_add(view->db, id, view_user(view)->id, view->now_ms, error) ||
        !view_audit(view, AUDIT_CREATED_BUILD, 0, 0, view->build->name, error))
        return false;
    g_autofree char *path = view_path_of_build(id);
    view_go(view, path);
    return true;
}

HttpResponse *web_create(HttpRequest *request, void *web) {
    return view_change(request, web, create);
}
