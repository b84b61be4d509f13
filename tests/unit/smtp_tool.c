/* Sends a mail, for tests/program/test_mail.py. On standard input is JSON:
 *
 *     {"url", "from", "user", "password", "tls", "ca_file", "timeout_ms",
 *      "id", "time_s", "from_name", "to": [...], "subject", "text", "html", "unsubscribe",
 *      "images": [{"id", "file"}, ...]}
 *
 * of which all but url, from, id, to, subject and text may be missing. On standard output is what came of it:
 *
 *     {"result": "sent" | "later" | "refused" | "unknown", "code": a number as in base/error.h or null, "message": or null,
 *      "refusals": [[address, reply, is_final], ...]} */
#include "base/file.h"
#include "base/stop.h"
#include "mail/smtp.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>

enum { MAX_PICTURE_BYTES = 64 * 1024 * 1024 };

static SmtpSettings *read_settings(json_t *json) {
    SmtpOptions options = {0};
    int timeout_ms = SMTP_TIMEOUT_MS;
    g_autoptr(GError) error = NULL;
    if (json_unpack(json, "{s:s, s:s, s?s, s?s, s?s, s?s, s?i}", "url", &options.url, "from", &options.from, "user",
                    &options.user, "password", &options.password, "tls", &options.tls, "ca_file", &options.ca_file,
                    "timeout_ms", &timeout_ms) != 0)
        g_error("no settings");
    SmtpSettings *settings = smtp_settings_new(&options, &error);
    if (!settings)
        g_error("%s", error->message);
    settings->timeout_ms = timeout_ms;
    return settings;
}

static const char **read_recipients(json_t *list) {
    const char **to = g_new0(const char *, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        to[i] = json_string_value(json_array_get(list, i));
    return to;
}

static MailImage *read_images(json_t *list) {
    MailImage *images = g_new0(MailImage, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = NULL;
        g_autoptr(GError) error = NULL;
        if (json_unpack(json_array_get(list, i), "{s:s, s:s}", "id", &images[i].id, "file", &path) != 0)
            g_error("no picture");
        images[i].png = file_read(path, MAX_PICTURE_BYTES, &error);
        if (!images[i].png)
            g_error("%s", error->message);
    }
    return images;
}

static void print_outcome(const SmtpOutcome *outcome, const GError *error) {
    static const char *const results[] = {
        [SMTP_SENT] = "sent",
        [SMTP_TRY_LATER] = "later",
        [SMTP_REFUSED] = "refused",
        [SMTP_UNKNOWN] = "unknown",
    };
    json_t *refusals = json_array();
    for (guint i = 0; i < outcome->refusals->len; i++) {
        const SmtpRefusal *refusal = g_ptr_array_index(outcome->refusals, i);
        json_array_append_new(refusals, json_pack("[s, s, b]", refusal->address, refusal->reply, refusal->is_final));
    }
    json_t *code = error ? json_integer(error->code) : json_null();
    json_t *json = json_pack("{s:s, s:o, s:s?, s:o}", "result", results[outcome->result], "code", code, "message",
                             error ? error->message : NULL, "refusals", refusals);
    json_dumpf(json, stdout, 0);
    json_decref(json);
}

int main(void) {
    stop_install();
    json_t *json = json_loadf(stdin, 0, NULL), *to = json_object_get(json, "to"),
           *images = json_object_get(json, "images");
    json_int_t time_s = 0;
    MailMessage message = {.n_images = json_array_size(images)};
    if (json_unpack(json, "{s:s, s?I, s?s, s:s, s:s, s?s, s?s}", "id", &message.id, "time_s", &time_s, "from_name",
                    &message.from_name, "subject", &message.subject, "text", &message.text, "html", &message.html,
                    "unsubscribe", &message.unsubscribe) != 0)
        g_error("no mail");
    g_autoptr(SmtpSettings) settings = read_settings(json);
    g_autofree const char **recipients = read_recipients(to);
    g_autofree MailImage *pictures = read_images(images);
    message.time_s = time_s;
    message.to = recipients;
    message.images = pictures;
    g_auto(SmtpOutcome) outcome;
    g_autoptr(GError) error = NULL;
    bool is_sent = smtp_send(settings, &message, &outcome, &error);
    g_assert_true(is_sent == (outcome.result == SMTP_SENT) && is_sent == !error);
    print_outcome(&outcome, error);
    for (size_t i = 0; i < message.n_images; i++)
        g_bytes_unref(pictures[i].png);
    json_decref(json);
    return 0;
}
