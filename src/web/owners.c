#include "web/owners.h"

#include "store/notice.h"

static bool show(View *view, OwnersPage *shown, GError **error) {
    g_autoptr(GPtrArray) owners = owner_list(view->db, view->build->id, error);
    g_autoptr(GPtrArray) invitations = owners ? invitation_list(view->db, view->build->id, view->now_ms, error) : NULL;
    if (!invitations)
        return false;
    view_add_build_crumb(view);
    view_add_crumb(view, "Owners", NULL);
    shown->owners = owners;
    shown->invitations = invitations;
    owners_html(view->html, view, shown);
    return true;
}

static bool find_build(View *view, GError **error) {
    return view_find_build(view, "build_id", ACCESS_OWNER, error) && view_need_fresh_user(view, error);
}

static bool owners(View *view, GError **error) {
    OwnersPage shown = {0};
    return find_build(view, error) && show(view, &shown, error);
}

HttpResponse *web_owners(HttpRequest *request, void *web) {
    return view_show(request, web, owners);
}

/* The link is in the mail alone, so that who has it has the address, too; where there is no mail, it is shown. */
static bool show_invited(View *view, const char *email, const char *token, GError **error) {
    g_autofree char *link = g_strdup_printf("%s/invitation?token=%s", http_request_origin(view->request), token);
    OwnersPage shown = {0};
    if (view->web->sends_mail)
        shown.mailed = email;
    else
        shown.link = link;
    return (!view->web->sends_mail || notice_invitation(view->db, view->build->id, email, view->now_ms, error)) &&
           show(view, &shown, error);
}

static bool invite(View *view, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autofree char *token = NULL;
    const char *typed = view_text(view, "email_address");
    if (!find_build(view, error))
        return false;
    g_autofree char *email = user_check_email(typed ? typed : "", &cause);
    bool is_too_much = email && !limit_allow(view->web->invitations, view_user(view)->id);
    if (!email || is_too_much) {
        OwnersPage shown = {.email = typed,
                            .problem = email ? "You invited many people just now. Wait a minute." : cause->message};
        view->status = email ? 429 : 422;
        return show(view, &shown, error);
    }
    return invitation_create(view->db, view->build->id, email, view_user(view)->id, view->now_ms, &token, error) &&
           view_audit(view, AUDIT_INVITED_NEW_ADMIN, 0, 0, email, error) && show_invited(view, email, token, error);
}

HttpResponse *web_invite(HttpRequest *request, void *web) {
    return view_change(request, web, invite);
}

/* Owners are removed by their id, invitations by their address. */
static bool remove_owner(View *view, GError **error) {
    const char *user_id = view_text(view, "user_id"), *email = view_text(view, "email_address");
    bool is_owner;
    if (!find_build(view, error))
        return false;
    g_autofree char *path = g_strdup_printf("/admins?build_id=%" G_GINT64_FORMAT, view->build->id);
    view_go(view, path);
    if (email)
        return invitation_revoke(view->db, view->build->id, email, error) &&
               view_audit(view, AUDIT_REVOKED_ADMIN, 0, 0, email, error);
    if (!owner_is(view->db, view->build->id, user_id ? user_id : "", &is_owner, error))
        return false;
    if (!is_owner)
        return view_refuse(view, 404, error, "There is no such owner.");
    g_autoptr(User) user = user_load(view->db, user_id, error);
    return user && owner_remove(view->db, view->build->id, user->id, error) &&
           view_audit(view, AUDIT_REVOKED_ADMIN, 0, 0, user->email, error);
}

HttpResponse *web_remove_owner(HttpRequest *request, void *web) {
    return view_change(request, web, remove_owner);
}
