#include "capture/devtools.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* A screenshot of the largest page is below this, as base64; what is longer is not meant well. */
static const size_t MAX_MESSAGE_BYTES = 1 << 30;
/* A page that writes to its console for ever must not fill our memory: what it says beyond this is dropped. Of all other
 * events none is dropped before there are so many that the page cannot be meant well. */
enum { MAX_WAITING_WORDS = 1000, MAX_WAITING_EVENTS = 100000 };
/* A browser that takes no command for so long hangs. */
enum { WRITE_TIMEOUT_MS = 15000 };

struct Devtools {
    int write_fd, read_fd; /* set once */
    int wake_fd[2];        /* closing [1] ends the reader */
    pthread_t reader;
    pthread_mutex_t write_lock; /* one message at a time */
    pthread_mutex_t lock;       /* guards all below, and all sessions and calls */
    GHashTable *everybody;      /* set of CdpSession */
    GHashTable *sessions;       /* session id -> CdpSession, for events; the browser's own events interest nobody */
    GHashTable *calls;          /* message id -> Call that still waits */
    unsigned last_id;
    bool gone;
};

struct CdpSession {
    Devtools *devtools; /* set once, as are all up to deadline */
    char *id;           /* "" for the browser itself */
    CdpHandler handler;
    void *data;
    int64_t deadline_ms;    /* touched by the session's own thread alone */
    pthread_cond_t changed; /* an event or a reply came, or the browser went; guarded by the devtools' lock */
    unsigned news;          /* how often it was signalled, so that none is missed; guarded likewise */
    GQueue events;          /* of json_t, whole messages; guarded likewise */
    bool crashed;           /* guarded likewise */
};

struct Call {
    CdpSession *session;
    const char *method;
    unsigned id;
    char *reply; /* the whole message once it came; guarded by the devtools' lock */
};

/* Everything that the reader does. */

static void signal_news(CdpSession *session) {
    session->news++;
    pthread_cond_signal(&session->changed);
}

static void give_reply(Devtools *devtools, unsigned id, const char *message, size_t size) {
    Call *call = g_hash_table_lookup(devtools->calls, GUINT_TO_POINTER(id));
    if (!call)
        return; /* cdp_send() waits for none */
    g_hash_table_remove(devtools->calls, GUINT_TO_POINTER(id));
    call->reply = g_strndup(message, size);
    signal_news(call->session);
}

/* Whether it tells of what a page says, which only its log is interested in. */
static bool is_word(const char *method) {
    return strcmp(method, "Runtime.consoleAPICalled") == 0 || strcmp(method, "Runtime.exceptionThrown") == 0;
}

static void give_event(Devtools *devtools, const char *message, size_t size) {
    json_t *event = json_loadb(message, size, JSON_ALLOW_NUL, NULL);
    const char *method = json_string_value(json_object_get(event, "method"));
    const char *id = json_string_value(json_object_get(event, "sessionId"));
    CdpSession *session = method && id ? g_hash_table_lookup(devtools->sessions, id) : NULL;

    if (session && strcmp(method, "Inspector.targetCrashed") == 0)
        session->crashed = true;
    if (!session || session->events.length >= (is_word(method) ? MAX_WAITING_WORDS : MAX_WAITING_EVENTS)) {
        json_decref(event);
        return;
    }
    g_queue_push_tail(&session->events, event);
    signal_news(session);
}

/* Replies begin with their id and may be megabytes of screenshot: they go unparsed to who waits. Events are small. */
static void give(Devtools *devtools, const char *message, size_t size) {
    static const char reply[] = "{\"id\":";
    pthread_mutex_lock(&devtools->lock);
    if (size > sizeof reply && memcmp(message, reply, sizeof reply - 1) == 0)
        give_reply(devtools, (unsigned)g_ascii_strtoull(message + sizeof reply - 1, NULL, 10), message, size);
    else
        give_event(devtools, message, size);
    pthread_mutex_unlock(&devtools->lock);
}

static void tell_that_it_went(Devtools *devtools) {
    GHashTableIter iter;
    void *session;
    pthread_mutex_lock(&devtools->lock);
    devtools->gone = true;
    g_hash_table_iter_init(&iter, devtools->everybody);
    while (g_hash_table_iter_next(&iter, &session, NULL))
        signal_news(session);
    pthread_mutex_unlock(&devtools->lock);
}

/* Waits for bytes; false if there will be none: closed, told to end, or asked to stop. */
static bool wait_for_bytes(Devtools *devtools) {
    struct pollfd wait[] = {{.fd = devtools->read_fd, .events = POLLIN},
                            {.fd = devtools->wake_fd[0], .events = POLLIN},
                            {.fd = stop_fd(), .events = POLLIN}};
    while (poll(wait, G_N_ELEMENTS(wait), -1) < 0)
        if (errno != EINTR)
            return false;
    return !wait[1].revents && !wait[2].revents;
}

/* Messages end with a NUL. The buffer holds the beginning of one message, and what came with it. */
static void *read_messages(void *data) {
    Devtools *devtools = data;
    size_t size = 0, room = 1 << 20;
    char *buffer = g_malloc(room);

    while (wait_for_bytes(devtools)) {
        ssize_t got = read(devtools->read_fd, buffer + size, room - size);
        if (got <= 0)
            break;
        size_t looked_at = size;
        char *message = buffer, *end;
        size += (size_t)got;
        while ((end = memchr(MAX(message, buffer + looked_at), 0,
                             size - (size_t)(MAX(message, buffer + looked_at) - buffer)))) {
            give(devtools, message, (size_t)(end - message));
            message = end + 1;
        }
        size -= (size_t)(message - buffer);
        memmove(buffer, message, size);
        if (size == room && room < MAX_MESSAGE_BYTES)
            buffer = g_realloc(buffer, room *= 2);
        if (size == room)
            break;
    }
    g_free(buffer);
    tell_that_it_went(devtools);
    return NULL;
}

Devtools *devtools_new(int write_fd, int read_fd) {
    Devtools *devtools = g_new0(Devtools, 1);
    devtools->write_fd = write_fd;
    devtools->read_fd = read_fd;
    fcntl(write_fd, F_SETFL, O_NONBLOCK);  /* so that a browser that hangs cannot hang us in write() */
    fcntl(read_fd, F_SETPIPE_SZ, 1 << 20); /* screenshots in few pieces; the default of 64 KiB does too */
    if (pipe2(devtools->wake_fd, O_CLOEXEC) < 0)
        g_error("no pipe for the reader: %s", g_strerror(errno));
    pthread_mutex_init(&devtools->write_lock, NULL);
    pthread_mutex_init(&devtools->lock, NULL);
    devtools->everybody = g_hash_table_new(NULL, NULL);
    devtools->sessions = g_hash_table_new(g_str_hash, g_str_equal);
    devtools->calls = g_hash_table_new(NULL, NULL);
    pthread_create(&devtools->reader, NULL, read_messages, devtools);
    return devtools;
}

void devtools_free(Devtools *devtools) {
    if (!devtools)
        return;
    close(devtools->wake_fd[1]);
    pthread_join(devtools->reader, NULL);
    close(devtools->wake_fd[0]);
    close(devtools->write_fd);
    close(devtools->read_fd);
    g_hash_table_unref(devtools->everybody);
    g_hash_table_unref(devtools->sessions);
    g_hash_table_unref(devtools->calls);
    pthread_mutex_destroy(&devtools->lock);
    pthread_mutex_destroy(&devtools->write_lock);
    g_free(devtools);
}

void devtools_give_up(Devtools *devtools) {
    tell_that_it_went(devtools);
}

bool devtools_is_gone(Devtools *devtools) {
    pthread_mutex_lock(&devtools->lock);
    bool gone = devtools->gone;
    pthread_mutex_unlock(&devtools->lock);
    return gone;
}

CdpSession *cdp_new(Devtools *devtools, const char *session_id, CdpHandler handler, void *data) {
    CdpSession *session = g_new0(CdpSession, 1);
    session->devtools = devtools;
    session->id = g_strdup(session_id ? session_id : "");
    session->handler = handler;
    session->data = data;
    clock_cond_init(&session->changed);
    g_queue_init(&session->events);
    pthread_mutex_lock(&devtools->lock);
    g_hash_table_add(devtools->everybody, session);
    if (*session->id)
        g_hash_table_insert(devtools->sessions, session->id, session);
    pthread_mutex_unlock(&devtools->lock);
    return session;
}

static void free_event(void *event) {
    json_decref(event);
}

void cdp_free(CdpSession *session) {
    if (!session)
        return;
    pthread_mutex_lock(&session->devtools->lock);
    g_hash_table_remove(session->devtools->everybody, session);
    if (*session->id)
        g_hash_table_remove(session->devtools->sessions, session->id);
    pthread_mutex_unlock(&session->devtools->lock);
    g_queue_clear_full(&session->events, free_event);
    pthread_cond_destroy(&session->changed);
    g_free(session->id);
    g_free(session);
}

void cdp_set_deadline(CdpSession *session, int64_t deadline_ms) {
    session->deadline_ms = deadline_ms;
}

int64_t cdp_deadline(const CdpSession *session) {
    return session->deadline_ms;
}

static bool write_all(int fd, const char *data, size_t size) {
    int64_t deadline = clock_now_ms() + WRITE_TIMEOUT_MS;
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
            continue;
        }
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (poll(&wait, 1, clock_left_ms(deadline)) == 0 || stop_requested())
            return false;
    }
    return true;
}

static void write_message(Devtools *devtools, unsigned id, const char *session_id, const char *method, json_t *params) {
    json_t *message = json_pack("{s:i, s:s, s:o*}", "id", (int)id, "method", method, "params", params);
    if (*session_id)
        json_object_set_new(message, "sessionId", json_string(session_id));
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    g_assert(text); /* only if we packed something that is no JSON */
    pthread_mutex_lock(&devtools->write_lock);
    bool written = write_all(devtools->write_fd, text, strlen(text) + 1);
    pthread_mutex_unlock(&devtools->write_lock);
    free(text);
    if (!written)
        tell_that_it_went(devtools);
}

static unsigned next_id(Devtools *devtools) {
    pthread_mutex_lock(&devtools->lock);
    unsigned id = ++devtools->last_id;
    pthread_mutex_unlock(&devtools->lock);
    return id;
}

void cdp_send(CdpSession *session, const char *method, json_t *params) {
    cdp_send_to(session, session->id, method, params);
}

void cdp_send_to(CdpSession *session, const char *session_id, const char *method, json_t *params) {
    write_message(session->devtools, next_id(session->devtools), session_id, method, params);
}

Call *cdp_begin(CdpSession *session, const char *method, json_t *params) {
    return cdp_begin_to(session, session->id, method, params);
}

Call *cdp_begin_to(CdpSession *session, const char *session_id, const char *method, json_t *params) {
    Devtools *devtools = session->devtools;
    Call *call = g_new0(Call, 1);
    call->session = session;
    call->method = method;
    pthread_mutex_lock(&devtools->lock);
    call->id = ++devtools->last_id;
    g_hash_table_insert(devtools->calls, GUINT_TO_POINTER(call->id), call);
    pthread_mutex_unlock(&devtools->lock);
    write_message(devtools, call->id, session_id, method, params);
    return call;
}

void call_free(Call *call) {
    if (!call)
        return;
    pthread_mutex_lock(&call->session->devtools->lock);
    g_hash_table_remove(call->session->devtools->calls, GUINT_TO_POINTER(call->id));
    pthread_mutex_unlock(&call->session->devtools->lock);
    g_free(call->reply);
    g_free(call);
}

bool call_is_done(Call *call) {
    pthread_mutex_lock(&call->session->devtools->lock);
    bool done = call->reply != NULL;
    pthread_mutex_unlock(&call->session->devtools->lock);
    return done;
}

/* Why waiting makes no sense any more, if so; asked with the lock held. */
static bool is_hopeless(CdpSession *session, int64_t until, GError **error) {
    if (stop_requested())
        error_set(error, ERROR_STOPPED, "stopped");
    else if (session->devtools->gone)
        error_set(error, ERROR_GONE, "the browser ended");
    else if (session->crashed)
        error_set(error, ERROR_FAILED, "the page's process crashed");
    else if (clock_now_ms() >= until)
        error_set(error, ERROR_TIMEOUT, "timed out");
    else
        return false;
    return true;
}

/* Hands out the events that wait, but none that come meanwhile: a page may make them faster than they are handled. The
 * lock is held, but not while the handler runs. */
static void handle_events(CdpSession *session) {
    for (unsigned n = session->events.length; n > 0; n--) {
        json_t *event = g_queue_pop_head(&session->events);
        pthread_mutex_unlock(&session->devtools->lock);
        if (session->handler)
            session->handler(json_string_value(json_object_get(event, "method")), json_object_get(event, "params"),
                             session->data);
        json_decref(event);
        pthread_mutex_lock(&session->devtools->lock);
    }
}

/* Events that are there are handled before anything is given up: they may say why. */
bool cdp_wait(CdpSession *session, bool (*done)(void *data), void *data, int64_t until, int poll_ms, GError **error) {
    pthread_mutex_t *lock = &session->devtools->lock;
    bool is_done = false, hopeless = false;

    until = MIN(until, session->deadline_ms);
    pthread_mutex_lock(lock);
    while (!is_done && !hopeless) {
        unsigned news = session->news;
        handle_events(session);
        pthread_mutex_unlock(lock);
        is_done = done(data);
        pthread_mutex_lock(lock);
        hopeless = !is_done && is_hopeless(session, until, error);
        if (!is_done && !hopeless && news == session->news)
            clock_cond_wait(&session->changed, lock, MIN(until, clock_now_ms() + poll_ms));
    }
    pthread_mutex_unlock(lock);
    return is_done;
}

static bool reply_has_come(void *data) {
    return call_is_done(data);
}

static bool wait_for_reply(Call *call, GError **error) {
    /* Polls once a second for nothing but safety: replies signal. */
    if (cdp_wait(call->session, reply_has_come, call, INT64_MAX, 1000, error))
        return true;
    g_prefix_error(error, "%s: ", call->method);
    return false;
}

json_t *call_end(Call *ended, GError **error) {
    g_autoptr(Call) call = ended;
    if (!wait_for_reply(call, error))
        return NULL;
    json_t *reply = json_loads(call->reply, JSON_ALLOW_NUL, NULL);
    json_t *result = json_incref(json_object_get(reply, "result"));
    if (!json_is_object(result)) {
        const char *why = json_string_value(json_object_get(json_object_get(reply, "error"), "message"));
        error_set(error, ERROR_FAILED, "%s: %s", call->method, why ? why : "no answer that can be read");
        json_decref(result);
        result = NULL;
    }
    json_decref(reply);
    return result;
}

json_t *cdp_call(CdpSession *session, const char *method, json_t *params, GError **error) {
    return call_end(cdp_begin(session, method, params), error);
}

/* The Base64 of a reply that begins as all with a picture do, or NULL: it is looked at more closely then. */
static char *find_data(const Call *call) {
    g_autofree char *begin = g_strdup_printf("{\"id\":%u,\"result\":{\"data\":\"", call->id);
    char *data = g_str_has_prefix(call->reply, begin) ? call->reply + strlen(begin) : NULL;
    size_t size = data ? strcspn(data, "\"\\") : 0;
    return size > 1 && data[size] == '"' ? data : NULL; /* of less, g_base64_decode_inplace() makes nothing */
}

static GBytes *decode_result(const json_t *result, const char *method, GError **error) {
    const char *data = json_string_value(json_object_get(result, "data"));
    gsize size = 0;
    if (data) {
        guchar *bytes = g_base64_decode(data, &size);
        return g_bytes_new_take(bytes, size);
    }
    if (result)
        error_set(error, ERROR_FAILED, "%s: no data in the answer", method);
    return NULL;
}

GBytes *call_end_data(Call *call, GError **error) {
    gsize size = 0;
    if (!wait_for_reply(call, error)) {
        call_free(call);
        return NULL;
    }
    char *data = find_data(call);
    if (!data) {
        const char *method = call->method;
        json_auto_t *result = call_end(call, error);
        return decode_result(result, method, error);
    }
    *strchr(data, '"') = '\0';
    g_base64_decode_inplace(data, &size);
    GBytes *bytes = g_bytes_new(data, size);
    call_free(call);
    return bytes;
}

GBytes *cdp_call_data(CdpSession *session, const char *method, json_t *params, GError **error) {
    return call_end_data(cdp_begin(session, method, params), error);
}
