#include "web/activity.h"

enum { ENTRIES_ON_PAGE = 100 };

static bool activity(View *view, GError **error) {
    if (!view_find_build(view, "build_id", ACCESS_OWNER, error) || !view_need_fresh_user(view, error))
        return false;
    g_autoptr(GPtrArray) entries =
        audit_list_lines(view->db, view->build->id, view_number(view, "before", 0), ENTRIES_ON_PAGE + 1, error);
    if (!entries)
        return false;
    ActivityPage shown = {entries, 0};
    if (entries->len > ENTRIES_ON_PAGE) {
        g_ptr_array_set_size(entries, ENTRIES_ON_PAGE);
        shown.before = ((const AuditLine *)g_ptr_array_index(entries, ENTRIES_ON_PAGE - 1))->entry.id;
    }
    view_add_build_crumb(view);
    view_add_crumb(view, "Activity", NULL);
    activity_html(view->html, view, &shown);
    return true;
}

HttpResponse *web_activity(HttpRequest *request, void *web) {
    return view_show(request, web, activity);
}
