#include "web/settings.h"

#include "base/random.h"
#include "net/egress.h"

/* MOST_TOLD: two addresses, a name and an address of mail have room in one entry of the activity. */
enum { SECRET_BYTES = 24, MOST_TOKEN = 500, MOST_TOLD = 600 };

static void problems_clear(SettingsProblems *problems) {
    g_free(problems->name);
    g_free(problems->email_alias);
    g_free(problems->webhook_url);
    g_free(problems->status_prefix);
    g_free(problems->keep_releases);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SettingsProblems, problems_clear)

static void show(View *view, const Build *build, const SettingsProblems *problems, bool saved) {
    view_add_build_crumb(view);
    view_add_crumb(view, "Settings", NULL);
    settings_html(view->html, view, build, problems, saved);
}

static bool settings(View *view, GError **error) {
    const SettingsProblems none = {0};
    if (!view_find_build(view, "build_id", ACCESS_OWNER, error))
        return false;
    show(view, view->build, &none, view_text(view, "saved") != NULL);
    return true;
}

HttpResponse *web_settings(HttpRequest *request, void *web) {
    return view_show(request, web, settings);
}

/* What was typed into a field, checked by check(), which the caller frees: "" is NULL. *out_problem is set if it will
 * not do. */
typedef char *(*Checker)(const View *view, const char *text, GError **error);

static char *read_field(const View *view, const char *name, Checker check, char **out_problem) {
    g_autoptr(GError) error = NULL;
    const char *typed = view_text(view, name);
    g_autofree char *plain = g_strstrip(g_strdup(typed ? typed : ""));
    if (!*plain)
        return NULL;
    char *checked = check(view, plain, &error);
    if (checked)
        return checked;
    *out_problem = g_strdup(error->message);
    return g_steal_pointer(&plain);
}

static char *check_name(const View *view, const char *text, GError **error) {
    return store_check_text(text, STORE_MOST_NAME, "the name", error);
}

static char *check_email(const View *view, const char *text, GError **error) {
    return user_check_email(text, error);
}

static char *check_url(const View *view, const char *text, GError **error) {
    g_autofree char *url = store_check_text(text, STORE_MOST_URL, "the address", error);
    return url && egress_check(url, true, error) ? g_steal_pointer(&url) : NULL;
}

static char *check_token(const View *view, const char *text, GError **error) {
    return store_check_text(text, MOST_TOKEN, "the token", error);
}

/* A token stands in no page: a field that is left empty keeps it, as long as the address is the same. */
static char *read_token(const View *view, const char *prefix, char **out_problem) {
    char *typed = read_field(view, "status_token", check_token, out_problem);
    bool is_same = prefix && g_strcmp0(prefix, view->build->status_prefix) == 0;
    return typed || !is_same ? typed : g_strdup(view->build->status_token);
}

/* A field that is left empty keeps all. */
static int read_keep(const View *view, char **out_problem) {
    g_autoptr(GError) error = NULL;
    int n = 0;
    const char *typed = view_text(view, "keep_releases");
    g_autofree char *plain = g_strstrip(g_strdup(typed ? typed : ""));
    if (*plain && !build_read_keep(plain, &n, &error))
        *out_problem = g_strdup(error->message);
    return n;
}

/* looked: what was found where the addresses lead. */
static Build *read_settings(const View *view, const SettingsProblems *looked, SettingsProblems *problems) {
    Build *build = g_new0(Build, 1);
    build->id = view->build->id;
    build->name = read_field(view, "name", check_name, &problems->name);
    build->is_public = view_text(view, "public") != NULL;
    build->send_email = view_text(view, "send_email") != NULL;
    build->email_alias = read_field(view, "email_alias", check_email, &problems->email_alias);
    build->webhook_url = read_field(view, "webhook_url", check_url, &problems->webhook_url);
    if (build->webhook_url && !problems->webhook_url)
        problems->webhook_url = g_strdup(looked->webhook_url);
    build->webhook_secret = !build->webhook_url           ? NULL
                            : view->build->webhook_secret ? g_strdup(view->build->webhook_secret)
                                                          : random_base64(SECRET_BYTES);
    build->status_prefix = read_field(view, "status_prefix", check_url, &problems->status_prefix);
    if (build->status_prefix && !problems->status_prefix)
        problems->status_prefix = g_strdup(looked->status_prefix);
    build->status_token = read_token(view, build->status_prefix, &problems->status_prefix);
    build->keep_releases = read_keep(view, &problems->keep_releases);
    if (!build->name && !problems->name)
        problems->name = g_strdup("a name is needed");
    if (build->status_prefix && !g_str_has_suffix(build->status_prefix, "/") && !problems->status_prefix)
        problems->status_prefix = g_strdup("it must end with a /, so that no other host begins like it");
    return build;
}

bool settings_have_problem(const SettingsProblems *problems) {
    return problems->name || problems->email_alias || problems->webhook_url || problems->status_prefix ||
           problems->keep_releases;
}

/* An address, for the activity: it may have secrets in its name and password and in its query. */
static char *told_url(const char *url) {
    g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
    g_autofree char *plain =
        uri ? g_uri_to_string_partial(uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT) : NULL;
    return plain ? g_utf8_substring(plain, 0, MIN(g_utf8_strlen(plain, -1), MOST_TOLD)) : NULL;
}

static bool differs(const char *a, const char *b) {
    return g_strcmp0(a, b) != 0;
}

/* What an owner changed, in words, which the caller frees; "": nothing. */
static char *tell_changes(const Build *was, const Build *is) {
    g_autofree char *webhook = told_url(is->webhook_url), *statuses = told_url(is->status_prefix);
    g_autofree char *keeps = build_keep_text(is->keep_releases);
    const struct {
        bool is_changed;
        const char *what, *value;
    } changes[] = {
        {differs(is->name, was->name), "named", is->name},
        {is->is_public != was->is_public, is->is_public ? "public" : "private", NULL},
        {is->send_email != was->send_email, is->send_email ? "mail" : "no mail", NULL},
        {differs(is->email_alias, was->email_alias), is->email_alias ? "mail to" : "mail to all owners",
         is->email_alias},
        {differs(is->webhook_url, was->webhook_url), is->webhook_url ? "webhook" : "no webhook", webhook},
        {differs(is->status_prefix, was->status_prefix), is->status_prefix ? "statuses at" : "no statuses", statuses},
        {differs(is->status_token, was->status_token), is->status_token ? "token changed" : "no token", NULL},
        {is->keep_releases != was->keep_releases, keeps, NULL},
    };
    GString *told = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++)
        if (changes[i].is_changed)
            g_string_append_printf(told, "%s%s%s%s", told->len > 0 ? ", " : "", changes[i].what,
                                   changes[i].value ? " " : "", changes[i].value ? changes[i].value : "");
    return g_string_free(told, FALSE);
}

static bool change_settings(View *view, GError **error) {
    g_auto(SettingsProblems) problems = {0};
    if (!view_find_build(view, "build_id", ACCESS_OWNER, error))
        return false;
    g_autoptr(Build) build = read_settings(view, view->data, &problems);
    if (settings_have_problem(&problems)) {
        view->status = 422;
        show(view, build, &problems, false);
        return true;
    }
    g_autofree char *what = tell_changes(view->build, build);
    g_autofree char *path = g_strdup_printf("/settings?build_id=%" G_GINT64_FORMAT "&saved=yes", build->id);
    view_go(view, path);
    return !*what || (build_save(view->db, build, view->now_ms, error) &&
                      view_audit(view, AUDIT_CHANGED_SETTINGS, 0, 0, what, error));
}

static bool may_change(View *view, GError **error) {
    return view_find_build(view, "build_id", ACCESS_OWNER, error);
}

/* What is wrong with where an address leads, which the caller frees; NULL: nothing, or that is no address. */
static char *look_up(const HttpRequest *request, const Web *web, const char *field) {
    g_autoptr(GError) error = NULL;
    const char *typed = http_request_field(request, field);
    g_autofree char *url = g_strstrip(g_strdup(typed ? typed : ""));
    bool is_private = *url && egress_check(url, true, NULL) && !egress_check(url, web->allow_private, &error);
    return is_private ? g_strdup(error->message) : NULL;
}

/* A name is looked up, which takes its time, before there is a transaction, and for owners only. */
HttpResponse *web_change_settings(HttpRequest *request, void *web) {
    HttpResponse *refusal = view_refuse_form(request, web, may_change);
    if (refusal)
        return refusal;
    g_auto(SettingsProblems) looked = {.webhook_url = look_up(request, web, "webhook_url"),
                                       .status_prefix = look_up(request, web, "status_prefix")};
    return view_change_with(request, web, change_settings, &looked);
}
