#include "web/text.h"

#include "store/artifact.h"
#include "web/layout.h"
#include "web/redact.h"

#include <string.h>
#include <unistd.h>

enum { MOST_SHOWN = 256 * 1024 };

/* Which file. */

typedef enum { KIND_LOG, KIND_CONFIG, KIND_IMAGE } Kind;

/* The file that type names: before, diff or after. */
static bool find_file(View *view, const Run *run, Kind kind, const char **out_sha1, const char **out_title,
                      GError **error) {
    const RunFacts *facts = &run->facts;
    const struct {
        const char *type;
        const char *files[3], *titles[3]; /* by Kind */
    } types[] = {
        {"before",
         {facts->ref_log, facts->ref_config, facts->ref_image},
         {"Log of before", "Config of before", "Before"}},
        {"diff", {facts->diff_log, NULL, facts->diff_image}, {"Log of the comparison", NULL, "Diff"}},
        {"after", {facts->log, facts->config, facts->image}, {"Log", "Config", "After"}},
    };
    const char *type = view_text(view, "type");
    for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].type, type) != 0 || !types[i].titles[kind])
            continue;
        *out_sha1 = types[i].files[kind];
        *out_title = types[i].titles[kind];
        return *out_sha1 || view_refuse(view, 404, error, "This run has no such file.");
    }
    return view_refuse(view, 400, error, "The type must be before, diff or after; a config is before or after.");
}

/* The beginning of a file, as text, which the caller frees. */
static char *read_text(View *view, const char *sha1, bool *out_cut, GError **error) {
    int64_t size;
    g_autoptr(Artifact) artifact = artifact_load(view->db, view->build->id, sha1, error);
    int file = artifact ? blobs_open_file(view->web->blobs, artifact->sha256, &size, error) : -1;
    if (file < 0)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    char bytes[8192];
    for (ssize_t n; text->len < MOST_SHOWN && (n = read(file, bytes, sizeof bytes)) > 0;)
        g_string_append_len(text, bytes, n);
    close(file);
    *out_cut = (int64_t)text->len < size;
    return g_utf8_make_valid(text->str, (gssize)text->len);
}

/* Pages. */

static void add_crumbs(View *view, const Release *release, const Run *run, const char *title) {
    g_autofree char *path = view_path_of_run(view->build->id, release->name, release->number, run->name);
    view_add_release_crumbs(view, release, false);
    view_add_crumb(view, run->name, path);
    view_add_crumb(view, title, NULL);
}

static bool show(View *view, Kind kind, Access least, GError **error) {
    TextPage shown = {0};
    const char *typed = view_text(view, "test");
    g_autofree char *name = g_utf8_normalize(typed ? typed : "", -1, G_NORMALIZE_NFC), *text = NULL, *redacted = NULL;
    g_autoptr(Release) release = view_find_release(view, least, error);
    g_autoptr(Run) run = release ? run_find(view->db, release->id, name, error) : NULL;
    if (!run || !find_file(view, run, kind, &shown.file, &shown.title, error))
        return false;
    if (kind != KIND_IMAGE && !(text = read_text(view, shown.file, &shown.is_cut, error)))
        return false;
    redacted = kind == KIND_CONFIG ? redact_config(text) : NULL;
    shown.release = release;
    shown.run = run;
    shown.text = redacted ? redacted : text;
    shown.image = kind == KIND_IMAGE ? shown.file : NULL;
    add_crumbs(view, release, run, shown.title);
    text_html(view->html, view, &shown);
    return true;
}

static bool show_log(View *view, GError **error) {
    return show(view, KIND_LOG, ACCESS_OWNER, error);
}

static bool show_config(View *view, GError **error) {
    return show(view, KIND_CONFIG, ACCESS_OWNER, error);
}

static bool show_image(View *view, GError **error) {
    return show(view, KIND_IMAGE, ACCESS_PUBLIC, error);
}

HttpResponse *web_log(HttpRequest *request, void *web) {
    return view_show(request, web, show_log);
}

HttpResponse *web_config(HttpRequest *request, void *web) {
    return view_show(request, web, show_config);
}

HttpResponse *web_image(HttpRequest *request, void *web) {
    return view_show(request, web, show_image);
}
