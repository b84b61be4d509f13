#include "web/text.h"

#include "store/artifact.h"
#include "web/layout.h"
#include "web/redact.h"

#include <string.h>
#include <unistd.h>

enum { MOST_SHOWN = 256 * 1024 };

/* Which file. */

typedef enum { KIND_LOG, KIND_CONFIG, KIND_IMAGE } Kind;

static const char *const paths[] = {"/log", "/config", "/image"};

/* What a run has of a kind, before, diff and after; those without a title it never has. */
typedef struct {
    const char *type, *title, *file;
} Part;

enum { N_PARTS = 3 };

static void list_parts(const Run *run, Kind kind, Part out_parts[N_PARTS]) {
    const RunFacts *facts = &run->facts;
    const Part all[][N_PARTS] = {
        [KIND_LOG] = {{"before", "Log of before", facts->ref_log},
                      {"diff", "Log of the comparison", facts->diff_log},
                      {"after", "Log", facts->log}},
        [KIND_CONFIG] = {{"before", "Config of before", facts->ref_config},
                         {"diff", NULL, NULL},
                         {"after", "Config", facts->config}},
        [KIND_IMAGE] = {{"before", "Before", facts->ref_image},
                        {"diff", "Diff", facts->diff_image},
                        {"after", "After", facts->image}},
    };
    memcpy(out_parts, all[kind], sizeof all[kind]);
}

/* The one that type names, and the type of the next one that there is. */
static bool find_file(View *view, const Run *run, Kind kind, TextPage *out, GError **error) {
    Part parts[N_PARTS];
    const char *type = view_text(view, "type");
    size_t at = 0;
    list_parts(run, kind, parts);
    while (at < N_PARTS && (g_strcmp0(parts[at].type, type) != 0 || !parts[at].title))
        at++;
    if (at == N_PARTS)
        return view_refuse(view, 400, error, "The type must be before, diff or after; a config is before or after.");
    if (!parts[at].file)
        return view_refuse(view, 404, error, "This run has no such file.");
    out->path = paths[kind];
    out->type = parts[at].type;
    out->title = parts[at].title;
    out->file = parts[at].file;
    for (size_t i = 0; i < N_PARTS; i++)
        out->has[i] = parts[i].file != NULL;
    for (size_t i = 1; i < N_PARTS && !out->flip; i++)
        if (parts[(at + i) % N_PARTS].file)
            out->flip = parts[(at + i) % N_PARTS].type;
    return true;
}

/* The beginning of a file, as text, which the caller frees. */
static char *read_text(View *view, const char *sha1, bool *out_cut, GError **error) {
    int64_t size;
    g_autoptr(Artifact) artifact = artifact_load(view->db, view->build->id, sha1, error);
    int file = artifact ? artifact_open(artifact, view->web->blobs, view->web->key, &size, error) : -1;
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

/* What one is led to, beside the page. */
typedef struct {
    RunLine *line, *next, *previous;
} Beside;

static void beside_clear(Beside *beside) {
    run_line_free(beside->line);
    run_line_free(beside->next);
    run_line_free(beside->previous);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Beside, beside_clear)

/* The neighbour, if it has such a file. */
static bool find_neighbour(View *view, const Run *run, const RunLine *line, Neighbour which, Kind kind,
                           const char *type, RunLine **out, GError **error) {
    Part parts[N_PARTS];
    if (!run_list_neighbour(view->db, run->release_id, line, which, out, error))
        return false;
    g_autoptr(Run) its = *out ? run_find(view->db, run->release_id, (*out)->name, error) : NULL;
    if (!its)
        return !*out;
    list_parts(its, kind, parts);
    for (size_t i = 0; i < N_PARTS; i++)
        if (strcmp(parts[i].type, type) == 0 && !parts[i].file)
            g_clear_pointer(out, run_line_free);
    return true;
}

static bool find_beside(View *view, const Run *run, Kind kind, const char *type, Beside *out, GError **error) {
    out->line = run_list_find(view->db, run->release_id, run->name, error);
    return out->line && find_neighbour(view, run, out->line, NEIGHBOUR_NEXT, kind, type, &out->next, error) &&
           find_neighbour(view, run, out->line, NEIGHBOUR_PREVIOUS, kind, type, &out->previous, error);
}

static bool show(View *view, Kind kind, Access least, GError **error) {
    TextPage shown = {0};
    const char *typed = view_text(view, "test");
    g_auto(Beside) beside = {0};
    g_autofree char *name = g_utf8_normalize(typed ? typed : "", -1, G_NORMALIZE_NFC), *text = NULL, *redacted = NULL;
    g_autoptr(Release) release = view_find_release(view, least, error);
    g_autoptr(Run) run = release ? run_find(view->db, release->id, name, error) : NULL;
    if (!run || !find_file(view, run, kind, &shown, error) || !find_beside(view, run, kind, shown.type, &beside, error))
        return false;
    if (kind != KIND_IMAGE && !(text = read_text(view, shown.file, &shown.is_cut, error)))
        return false;
    redacted = kind == KIND_CONFIG ? redact_config(text) : NULL;
    shown.release = release;
    shown.run = run;
    shown.next = beside.next;
    shown.previous = beside.previous;
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
