#include "web/build.h"

enum { RELEASES_ON_PAGE = 50 };

static bool build(View *view, GError **error) {
    if (!view_find_build(view, "id", ACCESS_PUBLIC, error))
        return false;
    int64_t before = view_number(view, "before", 0);
    g_autoptr(GPtrArray) releases = release_list(view->db, view->build->id, before, RELEASES_ON_PAGE + 1, error);
    if (!releases)
        return false;
    BuildPage shown = {releases, 0};
    if (releases->len > RELEASES_ON_PAGE) {
        g_ptr_array_set_size(releases, RELEASES_ON_PAGE);
        shown.before = ((const Release *)g_ptr_array_index(releases, RELEASES_ON_PAGE - 1))->id;
    }
    view_add_crumb(view, view->build->name, NULL);
    build_html(view->html, view, &shown);
    return true;
}

HttpResponse *web_build(HttpRequest *request, void *web) {
    return view_show(request, web, build);
}
