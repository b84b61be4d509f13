#include "mail/invitation.h"

#include "store/notice.h"
#include "store/owner.h"

#include <string.h>

typedef struct {
    const json_t *payload;
    Invitation *invitation;
    Build *build;
    User *by;    /* may be NULL */
    char *token; /* once it is made */
} Invited;

static void invited_clear(Invited *it) {
    g_clear_pointer(&it->invitation, invitation_free);
    g_clear_pointer(&it->build, build_free);
    g_clear_pointer(&it->by, user_free);
    g_clear_pointer(&it->token, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Invited, invited_clear)

static bool read_invited(Db *db, void *data, GError **error) {
    Invited *it = data;
    invited_clear(it);
    const char *email = json_string_value(json_object_get(it->payload, "email"));
    it->invitation = invitation_find(db, delivery_number(it->payload, "build_id"), email ? email : "",
                                     g_get_real_time() / 1000, error);
    it->build = it->invitation ? build_load(db, it->invitation->build_id, error) : NULL;
    if (it->build && it->invitation->invited_by)
        it->by = user_load(db, it->invitation->invited_by, NULL);
    return it->build != NULL;
}

static bool make_token(Db *db, void *data, GError **error) {
    Invited *it = data;
    g_clear_pointer(&it->token, g_free);
    return invitation_renew(db, it->invitation, &it->token, error);
}

static char *write_text(const InvitationMail *mail) {
    return g_strdup_printf("%s%sinvites you to own the build %s: to look at its releases, decide on them, and invite "
                           "others.\n\n%s/invitation?token=%s\n\n"
                           "The link is good for two weeks, and once. If you do not know what this is about, do "
                           "nothing.\n",
                           mail->by ? mail->by : "Somebody", " ", mail->build_name, mail->origin, mail->token);
}

static void send_mail(const DeliveryMeans *means, const Task *task, const json_t *payload, const Invited *it,
                      Delivery *out) {
    const InvitationMail mail = {means->origin, it->build->name, it->token, it->by ? it->by->email : NULL};
    const char *const to[] = {it->invitation->email, NULL};
    g_autofree char *text = write_text(&mail);
    g_autofree char *subject = g_strdup_printf("Invitation to %s", it->build->name);
    g_autofree char *id = g_strdup_printf("<invitation.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT ".%d%s>", task->id,
                                          task->created_ms, task->attempts, strrchr(means->smtp->from, '@'));
    Html *page = html_new();
    invitation_mail_html(page, &mail);
    html_raw(page, "\0"); /* it ends as a string */
    g_autoptr(GBytes) html = html_end(page);
    const MailMessage message = {.id = id,
                                 .time_s = task->created_ms / 1000,
                                 .from_name = means->smtp->from_name,
                                 .to = to,
                                 .subject = subject,
                                 .text = text,
                                 .html = g_bytes_get_data(html, NULL)};
    delivery_mail(means, payload, &message, out);
}

void invitation_deliver(const DeliveryMeans *means, const Task *task, const json_t *payload, Delivery *out) {
    g_auto(Invited) it = {.payload = payload};
    g_autoptr(GError) error = NULL;
    if (db_read(means->pool, read_invited, &it, &error) && delivery_begin(means, task, make_token, &it, &error))
        send_mail(means, task, payload, &it, out);
    else
        delivery_set_unread(out, error);
}
