#include "web/email.h"

#include "mail/ready.h"

static bool email(View *view, GError **error) {
    const HttpRequest *request = view->request;
    const User *user = view_user(view);
    gint64 build, number;
    if (!user || !user->is_superuser ||
        !g_ascii_string_to_signed(http_request_segment(request, "build"), 10, 1, G_MAXINT64, &build, NULL) ||
        !g_ascii_string_to_signed(http_request_segment(request, "number"), 10, 1, G_MAXINT, &number, NULL))
        return view_refuse(view, 404, error, "There is no such page.");
    g_autofree char *name = g_utf8_normalize(http_request_segment(request, "name"), -1, G_NORMALIZE_NFC);
    g_autoptr(Release) release = release_find(view->db, build, name, (int)number, error);
    return release && ready_preview(view->db, release->id, http_request_origin(request), view->html, error);
}

HttpResponse *web_email(HttpRequest *request, void *web) {
    return view_show(request, web, email);
}
