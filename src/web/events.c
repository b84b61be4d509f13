#include "web/events.h"

#include "base/clock.h"

#include <jansson.h>
#include <string.h>

enum {
    /* A line that says nothing, so often: else proxies close, and nobody notices that the client has gone. */
    KEEP_ALIVE_MS = 15 * 1000,
    /* Then the browser connects anew, if its reader may still look. */
    LIFE_MS = 60 * 1000,
};

typedef struct {
    Web *web;
    char *address; /* of the reader */
    int64_t release_id, ends_ms;
    char *told;      /* the last that was */
    GString *unsent; /* of an event that did not fit */
    uint64_t seen;   /* news */
} Stream;

static void stream_free(void *data) {
    Stream *stream = data;
    places_give_back(stream->web->streams, stream->address);
    g_free(stream->address);
    g_free(stream->told);
    g_string_free(stream->unsent, TRUE);
    g_free(stream);
}

static json_t *release_to_json(const Release *release) {
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "release", release_status_name(release->status), "failed",
                     release->n_failed, "different", release->n_found, "approved", release->n_approved, "missing",
                     release->n_new, "passed", release->n_same, "pending", release->n_pending);
}

static bool read_state(Db *db, void *data, GError **error) {
    Stream *stream = data;
    g_autoptr(Release) release = release_load(db, stream->release_id, error);
    if (!release)
        return false;
    json_auto_t *json = release_to_json(release);
    char *text = json_dumps(json, JSON_COMPACT);
    if (g_strcmp0(text, stream->told) != 0)
        g_string_append_printf(stream->unsent, "data: %s\n\n", text);
    g_free(stream->told);
    stream->told = g_strdup(text);
    free(text);
    return true;
}

static ssize_t take(Stream *stream, char *out, size_t most) {
    size_t n = MIN(stream->unsent->len, most);
    memcpy(out, stream->unsent->str, n);
    g_string_erase(stream->unsent, 0, (gssize)n);
    return (ssize_t)n;
}

static ssize_t next(void *data, char *out, size_t most) {
    Stream *stream = data;
    int64_t quiet_ms = clock_now_ms() + KEEP_ALIVE_MS;
    while (stream->unsent->len == 0) {
        stream->seen = news_count(stream->web->news);
        if (clock_now_ms() > stream->ends_ms || !db_read(stream->web->pool, read_state, stream, NULL))
            return -1;
        if (stream->unsent->len > 0)
            break;
        if (!news_wait(stream->web->news, stream->seen, quiet_ms)) {
            if (clock_now_ms() < quiet_ms)
                return -1; /* the server is to end */
            g_string_append(stream->unsent, ": still here\n\n");
        }
    }
    return take(stream, out, most);
}

static bool events(View *view, GError **error) {
    g_autoptr(Release) release = view_find_release(view, ACCESS_PUBLIC, error);
    if (!release)
        return false;
    if (view_wants_json(view)) {
        view_answer_json(view, release_to_json(release));
        return true;
    }
    const char *address = http_request_address(view->request);
    if (!places_take(view->web->streams, address))
        return view_refuse(view, 503, error,
                           "Too many pages are waiting for news. This one asks now and then instead.");
    Stream *stream = g_new0(Stream, 1);
    *stream = (Stream){.web = view->web,
                       .address = g_strdup(address),
                       .release_id = release->id,
                       .ends_ms = clock_now_ms() + LIFE_MS,
                       .unsent = g_string_new("retry: 2000\n\n")};
    view->response = http_response_stream("text/event-stream", (HttpStream){next, stream_free, stream});
    http_response_add_header(view->response, "X-Accel-Buffering", "no"); /* or nginx would hold them back */
    return true;
}

HttpResponse *web_events(HttpRequest *request, void *web) {
    return view_show(request, web, events);
}
