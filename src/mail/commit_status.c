#include "mail/commit_status.h"

#include "mail/ready.h"
#include "store/build.h"
#include "store/release.h"
#include "version.h"

#include <string.h>

/* By which those who show several statuses of a commit tell them apart. */
#define CONTEXT "dpxdt"

typedef enum { STATE_PENDING, STATE_SUCCESS, STATE_FAILURE } State;

/* "Create a commit status" of GitHub and Gitea; "Set commit pipeline status" of GitLab. */
static const struct {
    const char *github, *gitlab;
} state_names[] = {
    [STATE_PENDING] = {"pending", "pending"},
    [STATE_SUCCESS] = {"success", "success"},
    [STATE_FAILURE] = {"failure", "failed"},
};

/* What there is to tell of a release. The caller frees the description. */
static State state_of(const Release *release, char **out_description) {
    bool is_fine = release->n_found + release->n_failed == 0;
    switch (release->status) {
    case RELEASE_RECEIVING:
    case RELEASE_PROCESSING:
        *out_description = g_strdup("being compared");
        return STATE_PENDING;
    case RELEASE_REVIEWING:
        *out_description = is_fine && release->n_same + release->n_new + release->n_approved > 0 ? ready_counts(release)
                           : is_fine                                                             ? g_strdup("no pages")
                           : release->n_failed == 0 ? g_strdup_printf("%d to look at", release->n_found)
                           : release->n_found == 0
                               ? g_strdup_printf("%d failed", release->n_failed)
                               : g_strdup_printf("%d to look at, %d failed", release->n_found, release->n_failed);
        return is_fine ? STATE_SUCCESS : STATE_FAILURE;
    case RELEASE_GOOD:
        *out_description = g_strdup("good");
        return STATE_SUCCESS;
    case RELEASE_BAD:
        *out_description = g_strdup("bad");
        return STATE_FAILURE;
    }
    g_assert_not_reached();
}

/* State and description in one, to compare. */
static char *told_of(const Release *release) {
    g_autofree char *description = NULL;
    State state = state_of(release, &description);
    return g_strdup_printf("%s: %s", state_names[state].github, description);
}

bool commit_status_is_current(Db *db, const json_t *payload, const char *told, bool *out_is, GError **error) {
    g_autoptr(Release) release = release_lock_by_id(db, delivery_number(payload, "release_id"), error);
    g_autofree char *now = release ? told_of(release) : NULL;
    *out_is = now && strcmp(now, told) == 0;
    return release != NULL;
}

/* What there is. */

typedef struct {
    const json_t *payload;
    Release *release;
    Build *build;
    bool is_overtaken; /* by another release for the same commit */
} Told;

static void told_clear(Told *told) {
    g_clear_pointer(&told->release, release_free);
    g_clear_pointer(&told->build, build_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Told, told_clear)

static bool find_newer(Db *db, Told *told, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT id FROM releases WHERE build_id = ? AND id > ? AND status_url = ? LIMIT 1",
                 DB_INT(told->build->id), DB_INT(told->release->id), DB_TEXT(told->release->status_url));
    told->is_overtaken = db_next(query);
    return db_end(query, error);
}

static bool read_told(Db *db, void *data, GError **error) {
    Told *told = data;
    told_clear(told);
    told->release = release_load(db, delivery_number(told->payload, "release_id"), error);
    told->build = told->release ? build_load(db, told->release->build_id, error) : NULL;
    return told->build && (!told->release->status_url || find_newer(db, told, error));
}

/* What is said to each of them. */

static GBytes *take_text(char *text) {
    return g_bytes_new_take(text, strlen(text));
}

static GBytes *write_json(State state, const char *target, const char *description) {
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "state", state_names[state].github, "target_url", target,
                             "description", description, "context", CONTEXT);
    char *text = json_dumps(json, JSON_COMPACT);
    GBytes *body = g_bytes_new(text, strlen(text));
    free(text);
    json_decref(json);
    return body;
}

static GBytes *write_form(State state, const char *target, const char *description) {
    g_autofree char *url = g_uri_escape_string(target, NULL, FALSE);
    g_autofree char *words = g_uri_escape_string(description, NULL, FALSE);
    return take_text(
        g_strdup_printf("state=%s&target_url=%s&description=%s&name=" CONTEXT, state_names[state].gitlab, url, words));
}

static bool is_gitlab(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
    return uri && strstr(g_uri_get_path(uri), "/api/v4/projects/");
}

static void post(const DeliveryMeans *means, const Told *told, Delivery *out) {
    const Release *release = told->release;
    const char *token = told->build->status_token;
    bool gitlab = is_gitlab(release->status_url);
    g_autofree char *name = g_uri_escape_string(release->name, NULL, FALSE);
    g_autofree char *target = g_strdup_printf("%s/release?id=%" G_GINT64_FORMAT "&name=%s&number=%d", means->origin,
                                              told->build->id, name, release->number);
    g_autofree char *description = NULL;
    State state = state_of(release, &description);
    g_autoptr(GBytes) body = gitlab ? write_form(state, target, description) : write_json(state, target, description);
    g_autofree char *authorization = g_strconcat(gitlab ? "PRIVATE-TOKEN: " : "Authorization: token ", token, NULL);
    const char *const headers[] = {
        gitlab ? "Content-Type: application/x-www-form-urlencoded" : "Content-Type: application/json",
        "Accept: application/json", "User-Agent: dpxdt/" DPXDT_VERSION, token ? authorization : NULL, NULL};
    out->told = told_of(release);
    delivery_post(means, release->status_url, headers, body, out);
}

void commit_status_deliver(const DeliveryMeans *means, const Task *task, const json_t *payload, Delivery *out) {
    g_auto(Told) told = {.payload = payload};
    g_autoptr(GError) error = NULL;
    if (!db_read(means->pool, read_told, &told, &error))
        delivery_set_unread(out, error);
    else if (!told.release->status_url)
        delivery_set(out, DELIVERY_DONE, "not sent: the release has no status_url");
    else if (told.is_overtaken)
        delivery_set(out, DELIVERY_DONE, "not sent: a newer release tells of this commit");
    else if (!build_check_status_url(told.build, told.release->status_url, NULL))
        delivery_set(out, DELIVERY_FAILED, "not sent: the build's prefix for statuses is another one by now");
    else
        post(means, &told, out);
}
