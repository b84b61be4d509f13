#include "mail/delivery.h"

#include "base/mail_address.h"
#include "mail/smtp.h"
#include "net/egress.h"

#include <string.h>

enum {
    MOST_RECIPIENTS = 100,         /* as MailMessage has */
    POST_TIMEOUT_MS = 10 * 1000,   /* whoever has more to do is to do it behind his answer */
    POST_MOST_BYTES = 1024 * 1024, /* of an answer, of which nobody reads the body */
};

#define MAY_HAVE_BEEN "may have been sent: "

void delivery_clear(Delivery *delivery) {
    g_clear_pointer(&delivery->message, g_free);
    g_clear_pointer(&delivery->payload, g_free);
    g_clear_pointer(&delivery->told, g_free);
}

void delivery_set(Delivery *delivery, DeliveryResult result, const char *format, ...) {
    va_list values;
    va_start(values, format);
    g_free(delivery->message);
    delivery->message = g_strdup_vprintf(format, values);
    delivery->result = result;
    va_end(values);
}

void delivery_set_unread(Delivery *delivery, const GError *error) {
    if (error_is(error, ERROR_NOT_FOUND))
        delivery_set(delivery, DELIVERY_DONE, "not sent: %s", error->message);
    else
        delivery_set(delivery, DELIVERY_LATER, "%s", error->message);
}

int64_t delivery_number(const json_t *payload, const char *key) {
    return json_integer_value(json_object_get(payload, key));
}

/* Mail. */

typedef struct {
    const Task *task;
    DbWork other;
    void *data;
} Beginning;

static bool begin(Db *db, void *data, GError **error) {
    const Beginning *it = data;
    const LeaseHolder holder = {.queue = it->task->queue, .name = it->task->name, .lease = it->task->lease};
    return (!it->other || it->other(db, it->data, error)) &&
           queue_begin(db, &holder, MAY_HAVE_BEEN "the server ended, or lost its database, while it was at it",
                       g_get_real_time() / 1000, error);
}

bool delivery_begin(const DeliveryMeans *means, const Task *task, DbWork other, void *data, GError **error) {
    Beginning it = {task, other, data};
    return db_transact(means->pool, begin, &it, error);
}

static bool is_wanted(const json_t *only, const char *address) {
    size_t i;
    json_t *each;
    json_array_foreach (only, i, each)
        if (g_strcmp0(json_string_value(each), address) == 0)
            return true;
    return !only;
}

char **delivery_recipients(const json_t *payload, const char *const *addresses) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const json_t *only = json_object_get(payload, "only");
    for (size_t i = 0; addresses[i] && g_hash_table_size(seen) < MOST_RECIPIENTS; i++)
        if (mail_address_check(addresses[i], NULL) && is_wanted(only, addresses[i]) &&
            g_hash_table_add(seen, (char *)addresses[i]))
            g_strv_builder_add(builder, addresses[i]);
    return g_strv_builder_end(builder);
}

/* The payload for those who may have it later; NULL: there are none. *out_refused, which the caller frees, has the others. */
static char *find_refused(const json_t *payload, const GPtrArray *refusals, char **out_refused) {
    g_autoptr(GString) refused = g_string_new("");
    json_t *only = json_array();
    for (guint i = 0; i < refusals->len; i++) {
        const SmtpRefusal *refusal = g_ptr_array_index(refusals, i);
        if (refusal->is_final)
            g_string_append_printf(refused, ", not to %s (%s)", refusal->address, refusal->reply);
        else
            json_array_append_new(only, json_string(refusal->address));
    }
    bool has_others = json_array_size(only) > 0;
    json_t *left = json_copy((json_t *)payload);
    json_object_set_new(left, "only", only);
    char *text = json_dumps(left, JSON_COMPACT | JSON_SORT_KEYS);
    char *kept = has_others ? g_strdup(text) : NULL;
    free(text);
    json_decref(left);
    *out_refused = g_strdup(refused->str);
    return kept;
}

static void set_sent(const json_t *payload, const MailMessage *message, const SmtpOutcome *outcome, Delivery *out) {
    size_t n_to = g_strv_length((char **)message->to), n_sent = n_to - MIN(n_to, outcome->refusals->len);
    g_autofree char *refused = NULL;
    out->payload = find_refused(payload, outcome->refusals, &refused);
    delivery_set(out, out->payload ? DELIVERY_LATER : DELIVERY_DONE, "sent to %zu of %zu%s", n_sent, n_to, refused);
}

void delivery_mail(const DeliveryMeans *means, const json_t *payload, const MailMessage *message, Delivery *out) {
    g_auto(SmtpOutcome) outcome = {0};
    g_autoptr(GError) error = NULL;
    if (smtp_send(means->smtp, message, &outcome, &error)) {
        set_sent(payload, message, &outcome, out);
        return;
    }
    switch (outcome.result) {
    case SMTP_TRY_LATER:
        delivery_set(out, error_is(error, ERROR_STOPPED) ? DELIVERY_STOPPED : DELIVERY_LATER, "%s", error->message);
        return;
    case SMTP_SENT:
    case SMTP_REFUSED:
        delivery_set(out, DELIVERY_FAILED, "%s", error->message);
        return;
    case SMTP_UNKNOWN:
        delivery_set(out, DELIVERY_FAILED, MAY_HAVE_BEEN "%s", error->message);
        return;
    }
}

/* HTTP. */

static char *host_of(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    return g_strdup(host && *host ? host : "the address");
}

static bool check_egress(const DeliveryMeans *means, const char *url, const char *host, Delivery *out) {
    g_autoptr(GError) error = NULL;
    if (egress_check(url, means->allow_private, &error))
        return true;
    if (error_is(error, ERROR_DENIED))
        delivery_set(out, DELIVERY_FAILED, "%s leads to a private address, which is not allowed here", host);
    else
        delivery_set(out, DELIVERY_FAILED, "%s is no http or https address", host);
    return false;
}

/* What connects then is the proxy, to whom the name is only given. */
static bool has_proxy(void) {
    static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < G_N_ELEMENTS(variables); i++)
        if (g_getenv(variables[i]) && *g_getenv(variables[i]))
            return true;
    return false;
}

static bool note_status(void *data, int status, GHashTable *headers, GError **error) {
    *(int *)data = status;
    return true;
}

static void set_answered(const char *host, int status, Delivery *out) {
    if (status / 100 == 2)
        delivery_set(out, DELIVERY_DONE, "%s answered %d", host, status);
    else if (status / 100 == 3)
        delivery_set(out, DELIVERY_LATER, "%s answered %d, and redirects are not followed", host, status);
    else
        delivery_set(out, status == 410 ? DELIVERY_FAILED : DELIVERY_LATER, "%s answered %d", host, status);
}

/* An answer that is longer than anybody wants to read, or that breaks off, is one all the same. */
void delivery_post(const DeliveryMeans *means, const char *url, const char *const *headers, GBytes *body,
                   Delivery *out) {
    int status = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *host = host_of(url);
    const FetchRequest request = {
        .method = "POST",
        .url = url,
        .headers = headers,
        .body = body,
        .timeout_ms = POST_TIMEOUT_MS,
        .max_bytes = POST_MOST_BYTES,
        .begin = note_status,
        .begin_data = &status,
        .may_connect = means->allow_private || has_proxy() ? NULL : egress_allows,
        .ends_on_stop = true,
    };
    if (!check_egress(means, url, host, out))
        return;
    g_autoptr(FetchReply) reply = fetcher_run(means->fetcher, &request, &error);
    if (reply || status > 0)
        set_answered(host, status, out);
    else if (error_is(error, ERROR_STOPPED))
        delivery_set(out, DELIVERY_STOPPED, "%s", error->message);
    else
        delivery_set(out, error_is(error, ERROR_DENIED) ? DELIVERY_FAILED : DELIVERY_LATER, "%s: %s", host,
                     error->message);
}
