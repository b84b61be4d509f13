#include "http/server.h"

#include "base/clock.h"
#include "http/incoming.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 1000,
    MOST_HEADER_BYTES = 32 * 1024,
    STACK_BYTES = 512 * 1024,
    /* So long a client may keep a connection of which it makes no use. */
    IDLE_MS = 60 * 1000,
    /* And so long it may leave between two bytes, which is all that libmicrohttpd looks at. */
    BYTE_TIMEOUT_S = 30,
    DRAINED_BODIES = 8, /* times the largest */
    STREAM_BYTES = 4096,
    REAP_MS = 200,
    DRAIN_MS = 20,
};

/* What goes on on a connection: nothing, or not all headers have come; a body comes; a handler works, which has no deadline
 * here. */
typedef enum { IDLE, RECEIVING, HANDLING } Activity;

typedef struct {
    int socket;
    Activity activity;
    int64_t deadline_ms;
} Connection;

struct HttpServer {
    HttpConfig config;
    struct MHD_Daemon *daemon;
    pthread_t reaper;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t stopping_changed;
    GHashTable *connections; /* set of Connection */
    bool stopping;
};

/* Connections. */

static Connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void set_activity(HttpServer *server, Connection *connection, Activity activity, int timeout_ms) {
    pthread_mutex_lock(&server->lock);
    connection->activity = activity;
    connection->deadline_ms = clock_now_ms() + timeout_ms;
    pthread_mutex_unlock(&server->lock);
}

static void note_connection(void *data, struct MHD_Connection *mhd_connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code) {
    HttpServer *server = data;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        Connection *connection = g_new0(Connection, 1);
        connection->socket = mhd.MHD_get_connection_info(mhd_connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *socket_context = connection;
        set_activity(server, connection, IDLE, IDLE_MS);
        pthread_mutex_lock(&server->lock);
        g_hash_table_add(server->connections, connection);
        pthread_mutex_unlock(&server->lock);
        return;
    }
    pthread_mutex_lock(&server->lock);
    g_hash_table_remove(server->connections, *socket_context);
    pthread_mutex_unlock(&server->lock);
}

/* Ends connections that are late, and, if so wanted, those that are idle; with the lock held. Returns how many are not
 * idle. */
static unsigned end_connections(HttpServer *server, bool idle_ones) {
    unsigned n_active = 0;
    int64_t now_ms = clock_now_ms();
    GHashTableIter each;
    gpointer key;
    g_hash_table_iter_init(&each, server->connections);
    while (g_hash_table_iter_next(&each, &key, NULL)) {
        const Connection *connection = key;
        bool is_late = connection->activity != HANDLING && connection->deadline_ms <= now_ms;
        n_active += connection->activity != IDLE;
        if (is_late || (idle_ones && connection->activity == IDLE))
            shutdown(connection->socket, SHUT_RDWR);
    }
    return n_active;
}

static void *reap(void *data) {
    HttpServer *server = data;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        end_connections(server, false);
        clock_cond_wait(&server->stopping_changed, &server->lock, clock_now_ms() + REAP_MS);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* Answers. */

/* "bytes=A-B", "bytes=A-" or "bytes=-N" of a file; false: all of it is wanted. *out_bad: there are no such bytes. */
static bool find_range(const char *header, int64_t size, int64_t *out_from, int64_t *out_to, bool *out_bad) {
    *out_bad = false;
    if (!header || !g_str_has_prefix(header, "bytes=") || strchr(header, ','))
        return false;
    const char *range = header + strlen("bytes=");
    const char *dash = strchr(range, '-');
    g_autofree char *first = dash ? g_strndup(range, (gsize)(dash - range)) : NULL;
    guint64 from = 0, to = 0;
    bool has_from = first && g_ascii_string_to_unsigned(first, 10, 0, G_MAXINT64, &from, NULL);
    bool has_to = dash && g_ascii_string_to_unsigned(dash + 1, 10, 0, G_MAXINT64, &to, NULL);
    if (!dash || (!has_from && *first) || (!has_to && dash[1]) || (!has_from && !has_to))
        return false;
    *out_from = has_from ? (int64_t)from : MAX(size - (int64_t)to, 0);
    *out_to = has_from && has_to ? MIN((int64_t)to, size - 1) : size - 1;
    *out_bad = *out_from > *out_to;
    return true;
}

static bool client_has_it(const HttpRequest *request, const HttpResponse *response) {
    const char *etag = http_response_header(response, "ETag");
    const char *known = http_request_header(request, "If-None-Match");
    return response->status == 200 && etag && known && (strcmp(known, "*") == 0 || strstr(known, etag));
}

static struct MHD_Response *empty(void) {
    return mhd.MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *make_file(const HttpRequest *request, HttpResponse *response) {
    int64_t from = 0, to = response->size - 1;
    bool is_bad, is_part = find_range(http_request_header(request, "Range"), response->size, &from, &to, &is_bad);
    http_response_add_header(response, "Accept-Ranges", "bytes");
    if (is_bad) {
        g_autofree char *all = g_strdup_printf("bytes */%" G_GINT64_FORMAT, response->size);
        http_response_add_header(response, "Content-Range", all);
        response->status = 416;
        return empty();
    }
    if (is_part) {
        g_autofree char *part = g_strdup_printf("bytes %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                                                from, to, response->size);
        http_response_add_header(response, "Content-Range", part);
        response->status = 206;
    }
    response->size = to - from + 1;
    int file = response->file;
    response->file = -1; /* it is libmicrohttpd's now */
    return mhd.MHD_create_response_from_fd_at_offset64((uint64_t)response->size, file, (uint64_t)from);
}

/* A stream as libmicrohttpd asks for it, and frees it. */
static ssize_t next_piece(void *stream, uint64_t offset, char *out, size_t most) {
    const HttpStream *it = stream;
    ssize_t n = it->next(it->data, out, most);
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void free_stream(void *stream) {
    HttpStream *it = stream;
    it->free(it->data);
    g_free(it);
}

static struct MHD_Response *make_stream(HttpResponse *response) {
    HttpStream *stream = g_new0(HttpStream, 1);
    *stream = response->stream;
    response->stream.next = NULL; /* it is libmicrohttpd's now */
    return mhd.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BYTES, next_piece, stream, free_stream);
}

static struct MHD_Response *make(const HttpRequest *request, HttpResponse *response) {
    if (client_has_it(request, response)) {
        response->status = 304;
        response->size = 0;
        return empty();
    }
    if (response->file >= 0)
        return make_file(request, response);
    if (response->stream.next)
        return make_stream(response);
    size_t size;
    const void *data = g_bytes_get_data(response->body, &size);
    return mhd.MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_MUST_COPY);
}

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why) {
    return request->config->refuse(request, status, why, request->config->data);
}

static HttpResponse *handle(HttpRequest *request) {
    if (request->refused)
        return refuse(request, request->refused, request->why);
    if (request->route)
        return request->route->handle(request, request->route_data);
    if (!request->allowed)
        return refuse(request, 404, "there is no such page");
    HttpResponse *response = refuse(request, 405, "the method is not allowed here");
    http_response_add_header(response, "Allow", request->allowed);
    return response;
}

static enum MHD_Result answer(HttpRequest *request) {
    g_autoptr(HttpResponse) response = handle(request);
    struct MHD_Response *out = make(request, response);
    if (request->is_last)
        http_response_add_header(response, "Connection", "close");
    for (guint i = 0; i < response->headers->len; i += 2)
        mhd.MHD_add_response_header(out, g_ptr_array_index(response->headers, i),
                                    g_ptr_array_index(response->headers, i + 1));
    enum MHD_Result result = mhd.MHD_queue_response(request->connection, (unsigned)response->status, out);
    mhd.MHD_destroy_response(out);
    request->answered_status = response->status;
    request->answered_size = response->size;
    return result;
}

/* Called by libmicrohttpd: once for the headers, for each piece of the body, and behind it. */
static enum MHD_Result take(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                            const char *version, const char *bytes, size_t *size, void **context) {
    HttpServer *server = data;
    HttpRequest *request = *context;
    if (!request) {
        *context = request = http_incoming_new(&server->config, connection, method, path);
        const char *length = http_request_header(request, "Content-Length");
        int64_t size_told = length ? g_ascii_strtoll(length, NULL, 10) : 0;
        set_activity(server, connection_of(connection), RECEIVING, server->config.request_timeout_ms);
        if (size_told > server->config.max_body)
            http_incoming_refuse(request, 413, "the request is larger than %" G_GINT64_FORMAT " bytes",
                                 server->config.max_body);
        if (request->is_last)
            return answer(request);
        /* Who is answered before he has sent his body is closed upon, and sees a broken pipe instead of the answer. So a
         * body that is not much too large is read, and forgotten. */
        return size_told > DRAINED_BODIES * server->config.max_body ? answer(request) : MHD_YES;
    }
    if (*size > 0) {
        http_incoming_add(request, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    http_incoming_end(request);
    set_activity(server, connection_of(connection), HANDLING, 0);
    return answer(request);
}

static void completed(void *data, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code) {
    HttpServer *server = data;
    HttpRequest *request = *context;
    if (!request)
        return;
    int status = code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? request->answered_status : 0;
    if (server->config.answered)
        server->config.answered(request, status, status ? request->answered_size : 0,
                                g_get_monotonic_time() - request->since_us, server->config.data);
    http_incoming_free(request);
    *context = NULL;
    set_activity(server, connection_of(connection), IDLE, IDLE_MS);
}

/* Starting and stopping. */

static bool make_address(const HttpConfig *config, struct sockaddr_in *out, GError **error) {
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)config->port)};
    out->sin_addr.s_addr = htonl(INADDR_ANY);
    if (!config->host || inet_pton(AF_INET, config->host, &out->sin_addr) == 1)
        return true;
    error_set(error, ERROR_INVALID, "%s is no IPv4 address", config->host);
    return false;
}

static void server_free(HttpServer *server) {
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->stopping_changed);
    g_hash_table_unref(server->connections);
    g_free(server);
}

HttpServer *http_server_start(const HttpConfig *config, GError **error) {
    struct sockaddr_in address;
    if (!library_load(&mhd_library, error) || !make_address(config, &address, error))
        return NULL;
    HttpServer *server = g_new0(HttpServer, 1);
    server->config = *config;
    server->connections = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    pthread_mutex_init(&server->lock, NULL);
    clock_cond_init(&server->stopping_changed);
    server->daemon = mhd.MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC,
        (uint16_t)config->port, NULL, NULL, take, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MOST_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)BYTE_TIMEOUT_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MOST_HEADER_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_NOTIFY_COMPLETED, completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_END);
    if (!server->daemon) {
        error_set_errno(error, error_code_of_errno(errno), errno, "cannot listen on %s:%d",
                        config->host ? config->host : "0.0.0.0", config->port);
        server_free(server);
        return NULL;
    }
    pthread_create(&server->reaper, NULL, reap, server);
    return server;
}

int http_server_port(const HttpServer *server) {
    return mhd.MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* Until no handler works any more, and what they answered is sent. */
static bool drain(HttpServer *server, int timeout_ms) {
    int64_t deadline = clock_now_ms() + timeout_ms;
    bool is_empty = false;
    pthread_mutex_lock(&server->lock);
    while (!is_empty && clock_now_ms() < deadline) {
        is_empty = end_connections(server, true) == 0;
        if (!is_empty)
            clock_cond_wait(&server->stopping_changed, &server->lock, clock_now_ms() + DRAIN_MS);
    }
    pthread_mutex_unlock(&server->lock);
    return is_empty;
}

bool http_server_stop(HttpServer *server, int timeout_ms) {
    if (!server)
        return true;
    MHD_socket listening = mhd.MHD_quiesce_daemon(server->daemon);
    if (listening >= 0)
        close(listening);
    bool is_drained = drain(server, timeout_ms);
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->stopping_changed);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->reaper, NULL);
    mhd.MHD_stop_daemon(server->daemon);
    server_free(server);
    return is_drained;
}
