#include "store/notice.h"

#include "queue/queue.h"
#include "store/owner.h"

#include <jansson.h>

typedef bool (*Add)(Db *db, const Task *task, int64_t now_ms, bool *out_added, GError **error);

/* Takes name and payload. */
static bool add(Db *db, Add how, const char *queue, int64_t build_id, char *name, json_t *payload, int64_t now_ms,
                GError **error) {
    g_autofree char *owned_name = name;
    char *text = json_dumps(payload, JSON_COMPACT | JSON_SORT_KEYS);
    const Task task = {
        .queue = (char *)queue,
        .name = owned_name,
        .build_id = build_id,
        .source = (char *)"server",
        .payload = text,
        .content_type = (char *)"application/json",
        .max_attempts = NOTICE_MOST_ATTEMPTS,
    };
    bool added, done = how(db, &task, now_ms, &added, error);
    free(text);
    json_decref(payload);
    return done;
}

/* Mail. */

static void add_once(GStrvBuilder *addresses, GHashTable *seen, const char *address) {
    if (g_hash_table_add(seen, (char *)address))
        g_strv_builder_add(addresses, address);
}

char **notice_recipients(Db *db, const Build *build, int64_t now_ms, GError **error) {
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) owners = owner_list(db, build->id, error);
    g_autoptr(GPtrArray) invitations = owners ? invitation_list(db, build->id, now_ms, error) : NULL;
    if (!invitations)
        return NULL;
    if (build->email_alias)
        add_once(addresses, seen, build->email_alias);
    for (guint i = 0; !build->email_alias && i < owners->len; i++)
        add_once(addresses, seen, ((const User *)g_ptr_array_index(owners, i))->email);
    for (guint i = 0; !build->email_alias && i < invitations->len; i++)
        add_once(addresses, seen, ((const Invitation *)g_ptr_array_index(invitations, i))->email);
    return g_strv_builder_end(addresses);
}

static bool has_runs(const Release *release) {
    return release->n_pending + release->n_failed + release->n_found + release->n_approved + release->n_same +
               release->n_new >
           0;
}

static bool add_mail(Db *db, const Build *build, const Release *release, int64_t now_ms, GError **error) {
    if (!build->send_email || !has_runs(release))
        return true;
    g_auto(GStrv) recipients = notice_recipients(db, build, now_ms, error);
    if (!recipients || !*recipients)
        return recipients != NULL;
    return add(db, queue_add_once, NOTICE_MAIL_QUEUE, build->id,
               g_strdup_printf(NOTICE_READY ":%" G_GINT64_FORMAT, release->id),
               json_pack("{s:s, s:I}", "kind", NOTICE_READY, "release_id", (json_int_t)release->id), now_ms, error);
}

/* The payload has the time, so that who is invited once more gets another mail, also while the first is on its way: its link
 * leads nowhere. */
bool notice_invitation(Db *db, int64_t build_id, const char *email, int64_t now_ms, GError **error) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, email, -1);
    return add(db, queue_add, NOTICE_MAIL_QUEUE, build_id,
               g_strdup_printf(NOTICE_INVITATION ":%" G_GINT64_FORMAT ":%.16s", build_id, hash),
               json_pack("{s:s, s:I, s:s, s:I}", "kind", NOTICE_INVITATION, "build_id", (json_int_t)build_id, "email",
                         email, "created", (json_int_t)now_ms),
               now_ms, error);
}

/* Programs. */

/* A release can be decided several times, and each of them is told once. */
static bool add_webhook(Db *db, const Build *build, const Release *release, const char *event, int64_t now_ms,
                        GError **error) {
    if (!build->webhook_url)
        return true;
    return add(db, queue_add_once, NOTICE_WEBHOOK_QUEUE, build->id,
               g_strdup_printf("webhook:%" G_GINT64_FORMAT ":%s:%" G_GINT64_FORMAT, release->id, event,
                               release->decided_ms),
               json_pack("{s:s, s:I}", "event", event, "release_id", (json_int_t)release->id), now_ms, error);
}

/* There is one task for a release, which tells what is then: one that waits stays, one that is over begins anew, and one that is
 * on its way looks when it is done whether it is still true. */
bool notice_release_status(Db *db, const Release *release, int64_t now_ms, GError **error) {
    if (!release->status_url)
        return true;
    return add(db, queue_add, NOTICE_STATUS_QUEUE, release->build_id,
               g_strdup_printf("status:%" G_GINT64_FORMAT, release->id),
               json_pack("{s:I}", "release_id", (json_int_t)release->id), now_ms, error);
}

bool notice_release_ready(Db *db, const Release *release, int64_t now_ms, GError **error) {
    g_autoptr(Build) build = build_load(db, release->build_id, error);
    return build && add_mail(db, build, release, now_ms, error) &&
           add_webhook(db, build, release, "release_ready", now_ms, error) &&
           notice_release_status(db, release, now_ms, error);
}

bool notice_release_decided(Db *db, const Release *release, int64_t now_ms, GError **error) {
    g_autoptr(Build) build = build_load(db, release->build_id, error);
    const char *event = release->status == RELEASE_GOOD ? "release_good" : "release_bad";
    return build && add_webhook(db, build, release, event, now_ms, error) &&
           notice_release_status(db, release, now_ms, error);
}
