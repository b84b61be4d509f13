#include "mail/ready.h"

#include "store/artifact.h"
#include "store/notice.h"

#include <string.h>
#include <unistd.h>

/* A thumbnail has about 20 KB; but anybody with a key may say that a file is one. */
enum { MOST_PICTURE_BYTES = 1024 * 1024 };

static void picture_clear(ReadyPicture *picture) {
    g_free(picture->sha256);
    g_free(picture->id);
    g_clear_pointer(&picture->png, g_bytes_unref);
}

void ready_clear(Ready *ready) {
    g_clear_pointer(&ready->build, build_free);
    g_clear_pointer(&ready->release, release_free);
    g_clear_pointer(&ready->failed, g_ptr_array_unref);
    g_clear_pointer(&ready->groups, g_ptr_array_unref);
    for (int i = 0; i < ready->n_pictures; i++) {
        picture_clear(&ready->pictures[i]);
    }
    ready->n_pictures = 0;
    g_clear_pointer(&ready->to, g_strfreev);
    g_clear_pointer(&ready->counts, g_free);
}

/* What there is to say. */

typedef struct {
    const json_t *payload;
    Ready ready;
} Reading;

/* Those with the biggest change come first. A picture that is missing is no reason to say nothing. */
static void find_pictures(Db *db, Ready *ready) {
    for (guint i = 0; i < ready->groups->len && ready->n_pictures < READY_MOST_PICTURES; i++) {
        const RunLine *line = ((const RunGroup *)g_ptr_array_index(ready->groups, i))->first;
        g_autoptr(Artifact) artifact =
            line->thumbnail ? artifact_load(db, ready->build->id, line->thumbnail, NULL) : NULL;
        if (artifact && artifact->size <= MOST_PICTURE_BYTES)
            ready->pictures[ready->n_pictures++] =
                (ReadyPicture){.line = line, .sha256 = g_steal_pointer(&artifact->sha256)};
    }
}

static bool read_ready(Db *db, void *data, GError **error) {
    Reading *reading = data;
    Ready *ready = &reading->ready;
    ready_clear(ready);
    ready->release = release_load(db, delivery_number(reading->payload, "release_id"), error);
    ready->build = ready->release ? build_load(db, ready->release->build_id, error) : NULL;
    int64_t now_ms = g_get_real_time() / 1000;
    g_auto(GStrv) addresses = ready->build ? notice_recipients(db, ready->build, now_ms, error) : NULL;
    if (!addresses)
        return false;
    ready->to = delivery_recipients(reading->payload, (const char *const *)addresses);
    ready->counts = ready_counts(ready->release);
    ready->failed = run_list_lines(db, ready->release->id, ORDER_FAILED, NULL, NULL, READY_MOST_LISTED, error);
    ready->groups = ready->failed ? run_list_groups(db, ready->release->id, NULL, READY_MOST_LISTED, error) : NULL;
    if (ready->groups)
        find_pictures(db, ready);
    return ready->groups != NULL;
}

bool ready_preview(Db *db, int64_t release_id, const char *origin, Html *out, GError **error) {
    json_auto_t *payload = json_pack("{s:I}", "release_id", (json_int_t)release_id);
    Reading reading = {.payload = payload, .ready = {.origin = origin}};
    bool done = read_ready(db, &reading, error);
    while (reading.ready.n_pictures > 0)
        picture_clear(&reading.ready.pictures[--reading.ready.n_pictures]);
    if (done)
        ready_html(out, &reading.ready);
    ready_clear(&reading.ready);
    return done;
}

static bool has_changed_its_mind(const Ready *ready, Delivery *out) {
    const ReleaseStatus status = ready->release->status;
    if (status != RELEASE_REVIEWING)
        delivery_set(out, DELIVERY_DONE, "not sent: the release is %s by now", release_status_name(status));
    else if (!ready->build->send_email)
        delivery_set(out, DELIVERY_DONE, "not sent: the build wants no mail any more");
    else if (!*ready->to)
        delivery_set(out, DELIVERY_FAILED, "not sent: there is no address that mail can be sent to");
    else
        return false;
    return true;
}

/* The pictures. */

static GBytes *read_picture(Blobs *blobs, const char *sha256) {
    static const char signature[] = "\x89PNG\r\n\x1a\n";
    int64_t size;
    int file = blobs_open_file(blobs, sha256, &size, NULL);
    if (file < 0)
        return NULL;
    g_autofree char *bytes = size > 0 && size <= MOST_PICTURE_BYTES ? g_malloc((gsize)size) : NULL;
    bool is_whole = bytes && pread(file, bytes, (size_t)size, 0) == (ssize_t)size;
    close(file);
    bool is_png = is_whole && size > 8 && memcmp(bytes, signature, 8) == 0;
    return is_png ? g_bytes_new_take(g_steal_pointer(&bytes), (gsize)size) : NULL;
}

/* In words. */

char *ready_counts(const Release *release) {
    const struct {
        int n;
        const char *words;
    } all[] = {{release->n_failed, "failed"}, {release->n_found, "to look at"}, {release->n_approved, "approved"},
               {release->n_new, "new"},       {release->n_same, "the same"},    {release->n_pending, "waited for"}};
    g_autoptr(GString) text = g_string_new("");
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i].n > 0)
            g_string_append_printf(text, "%s%d %s", text->len > 0 ? ", " : "", all[i].n, all[i].words);
    return g_strdup(text->len > 0 ? text->str : "no pages");
}

int ready_n_failed_more(const Ready *ready) {
    return MAX(ready->release->n_failed - (int)ready->failed->len, 0);
}

int ready_n_different_more(const Ready *ready) {
    int n = ready->release->n_found + ready->release->n_approved;
    for (guint i = 0; i < ready->groups->len; i++)
        n -= ((const RunGroup *)g_ptr_array_index(ready->groups, i))->n;
    return MAX(n, 0);
}

/* What begins the address of the release's page, and of those of its runs. */
static char *url_of(const Ready *ready, const char *page) {
    g_autofree char *name = g_uri_escape_string(ready->release->name, NULL, FALSE);
    return g_strdup_printf("%s/%s?id=%" G_GINT64_FORMAT "&name=%s&number=%d", ready->origin, page, ready->build->id,
                           name, ready->release->number);
}

static void add_run_url(GString *text, const Ready *ready, const RunLine *line) {
    g_autofree char *url = url_of(ready, "run");
    g_autofree char *test = g_uri_escape_string(line->name, NULL, FALSE);
    g_string_append_printf(text, "    %s&test=%s\n", url, test);
}

static void add_more(GString *text, int n) {
    if (n > 0)
        g_string_append_printf(text, "  and %d more\n", n);
}

static void add_failed(GString *text, const Ready *ready) {
    if (ready->failed->len == 0)
        return;
    g_string_append(text, "\nFailed:\n");
    for (guint i = 0; i < ready->failed->len; i++) {
        const RunLine *line = g_ptr_array_index(ready->failed, i);
        g_string_append_printf(text, "  %s%s%s\n", line->name, line->summary ? ": " : "",
                               line->summary ? line->summary : "");
        add_run_url(text, ready, line);
    }
    add_more(text, ready_n_failed_more(ready));
}

static void add_different(GString *text, const Ready *ready) {
    if (ready->groups->len == 0)
        return;
    g_string_append(text, "\nDifferent, the biggest change first:\n");
    for (guint i = 0; i < ready->groups->len; i++) {
        const RunGroup *group = g_ptr_array_index(ready->groups, i);
        const RunLine *line = group->first;
        g_autofree char *others = group->n > 1 ? g_strdup_printf(" and %d more", group->n - 1) : g_strdup("");
        g_string_append_printf(text, "  %s%s: %s%s\n", line->name, others, line->summary ? line->summary : "different",
                               group->n_open == 0 ? " (approved)" : "");
        add_run_url(text, ready, line);
    }
    add_more(text, ready_n_different_more(ready));
}

char *ready_text(const Ready *ready) {
    g_autofree char *url = url_of(ready, "release");
    g_autoptr(GString) text = g_string_new("");
    g_string_append_printf(text, "Release %s #%d of %s is ready for review: %s.\n\n%s\n", ready->release->name,
                           ready->release->number, ready->build->name, ready->counts, url);
    add_failed(text, ready);
    add_different(text, ready);
    g_string_append_printf(text, "\n-- \nThe build: %s/build?id=%" G_GINT64_FORMAT "\n", ready->origin,
                           ready->build->id);
    g_string_append_printf(text, "Who gets mail: %s/settings?build_id=%" G_GINT64_FORMAT "\n", ready->origin,
                           ready->build->id);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The mail. */

/* Its ids are the same at each try, so that a mail that came twice counts once. */
static void send_mail(const DeliveryMeans *means, const Task *task, const json_t *payload, const Ready *ready,
                      Delivery *out) {
    g_autofree char *text = ready_text(ready);
    g_autofree char *subject = g_strdup_printf("%s: %s - Ready for review", ready->build->name, ready->release->name);
    g_autofree char *settings =
        g_strdup_printf("%s/settings?build_id=%" G_GINT64_FORMAT, ready->origin, ready->build->id);
    g_autofree char *id = g_strdup_printf("<ready.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "%s>", ready->release->id,
                                          task->created_ms, strrchr(means->smtp->from, '@'));
    MailImage images[READY_MOST_PICTURES];
    for (int i = 0; i < ready->n_pictures; i++)
        images[i] = (MailImage){ready->pictures[i].id, ready->pictures[i].png};
    Html *page = html_new();
    ready_html(page, ready);
    html_raw(page, "\0"); /* it ends as a string */
    g_autoptr(GBytes) html = html_end(page);
    const MailMessage message = {.id = id,
                                 .time_s = task->created_ms / 1000,
                                 .from_name = means->smtp->from_name,
                                 .to = (const char *const *)ready->to,
                                 .subject = subject,
                                 .text = text,
                                 .html = g_bytes_get_data(html, NULL),
                                 .images = images,
                                 .n_images = (size_t)ready->n_pictures,
                                 .unsubscribe = settings};
    delivery_mail(means, payload, &message, out);
}

static void read_pictures(Blobs *blobs, Ready *ready) {
    int n = 0;
    for (int i = 0; i < ready->n_pictures; i++) {
        ReadyPicture picture = ready->pictures[i];
        picture.png = read_picture(blobs, picture.sha256);
        picture.id = g_strdup_printf("%d.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "@dpxdt", n, ready->release->id,
                                     ready->written_ms);
        if (picture.png)
            ready->pictures[n++] = picture;
        else
            picture_clear(&picture);
    }
    ready->n_pictures = n;
}

void ready_deliver(const DeliveryMeans *means, const Task *task, const json_t *payload, Delivery *out) {
    g_autoptr(GError) error = NULL;
    Reading reading = {.payload = payload};
    g_auto(Ready) ready = {0};
    bool is_read = db_read(means->pool, read_ready, &reading, &error);
    ready = reading.ready;
    ready.origin = means->origin;
    ready.written_ms = task->created_ms;
    if (!is_read) {
        delivery_set_unread(out, error);
        return;
    }
    if (has_changed_its_mind(&ready, out))
        return;
    read_pictures(means->blobs, &ready);
    if (delivery_begin(means, task, NULL, NULL, &error))
        send_mail(means, task, payload, &ready, out);
    else
        delivery_set(out, DELIVERY_LATER, "%s", error->message);
}
