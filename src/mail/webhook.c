#include "mail/webhook.h"

#include "store/build.h"
#include "store/release.h"
#include "version.h"

#include <string.h>

typedef struct {
    const json_t *payload;
    Release *release;
    Build *build;
} Told;

static void told_clear(Told *told) {
    g_clear_pointer(&told->release, release_free);
    g_clear_pointer(&told->build, build_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Told, told_clear)

static bool read_told(Db *db, void *data, GError **error) {
    Told *told = data;
    told_clear(told);
    told->release = release_load(db, delivery_number(told->payload, "release_id"), error);
    told->build = told->release ? build_load(db, told->release->build_id, error) : NULL;
    return told->build != NULL;
}

/* As release_status of the API calls them. */
static json_t *counts_of(const Release *release) {
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "pending", release->n_pending, "failed", release->n_failed,
                     "different", release->n_found, "approved", release->n_approved, "same", release->n_same, "new",
                     release->n_new);
}

static GBytes *write_body(const Told *told, const char *event, const char *origin) {
    const Release *release = told->release;
    g_autofree char *name = g_uri_escape_string(release->name, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("%s/release?id=%" G_GINT64_FORMAT "&name=%s&number=%d", origin,
                                           told->build->id, name, release->number);
    json_t *json =
        json_pack("{s:s, s:I, s:s, s:s, s:i, s:s, s:o, s:s}", "event", event, "build_id", (json_int_t)told->build->id,
                  "build_name", told->build->name, "release_name", release->name, "release_number", release->number,
                  "status", release_status_name(release->status), "counts", counts_of(release), "url", url);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return g_bytes_new_with_free_func(text, strlen(text), free, text);
}

static void post(const DeliveryMeans *means, const Task *task, const Told *told, const char *event, Delivery *out) {
    g_autoptr(GBytes) body = write_body(told, event, means->origin);
    const char *secret = told->build->webhook_secret ? told->build->webhook_secret : "";
    gsize size;
    const guchar *bytes = g_bytes_get_data(body, &size);
    g_autofree char *hmac =
        g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret), bytes, size);
    g_autofree char *signature = g_strconcat("X-Dpxdt-Signature: sha256=", hmac, NULL);
    g_autofree char *of_event = g_strconcat("X-Dpxdt-Event: ", event, NULL);
    g_autofree char *delivery = g_strdup_printf("X-Dpxdt-Delivery: %" G_GINT64_FORMAT, task->id);
    const char *const headers[] = {"Content-Type: application/json",
                                   "User-Agent: dpxdt/" DPXDT_VERSION,
                                   of_event,
                                   delivery,
                                   *secret ? signature : NULL,
                                   NULL};
    delivery_post(means, told->build->webhook_url, headers, body, out);
}

void webhook_deliver(const DeliveryMeans *means, const Task *task, const json_t *payload, Delivery *out) {
    g_auto(Told) told = {.payload = payload};
    g_autoptr(GError) error = NULL;
    const char *event = json_string_value(json_object_get(payload, "event"));
    if (!db_read(means->pool, read_told, &told, &error))
        delivery_set_unread(out, error);
    else if (!told.build->webhook_url)
        delivery_set(out, DELIVERY_DONE, "not sent: the build has no webhook any more");
    else if (!event)
        delivery_set(out, DELIVERY_FAILED, "the task says of no event");
    else
        post(means, task, &told, event, out);
}
