#include "http/request.h"

#include "base/random.h"
#include "http/incoming.h"
#include "http/proxies.h"
#include "http/routes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

enum { ID_BYTES = 8 };

static void file_free(void *data) {
    HttpFile *file = data;
    g_free(file->field);
    g_free(file->name);
    g_free(file);
}

void http_incoming_refuse(HttpRequest *request, int status, const char *format, ...) {
    if (request->refused)
        return;
    va_list values;
    va_start(values, format);
    request->why = g_strdup_vprintf(format, values);
    va_end(values);
    request->refused = status;
}

/* The first of several counts. */
static enum MHD_Result take_query(void *data, enum MHD_ValueKind kind, const char *name, const char *value) {
    HttpRequest *request = data;
    if (!g_utf8_validate(name, -1, NULL) || (value && !g_utf8_validate(value, -1, NULL)))
        http_incoming_refuse(request, 400, "a parameter of the query is no valid UTF-8");
    else if (!g_hash_table_contains(request->query, name))
        g_hash_table_insert(request->query, g_strdup(name), g_strdup(value ? value : ""));
    return MHD_YES;
}

static char *address_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
    return g_strdup(text);
}

/* All headers of one name, as one. */
typedef struct {
    const char *name;
    GString *values; /* with ", " between them */
    int n;
} Header;

static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind, const char *name, const char *value) {
    Header *header = data;
    if (g_ascii_strcasecmp(name, header->name) != 0)
        return MHD_YES;
    g_string_append_printf(header->values, "%s%s", header->n > 0 ? ", " : "", value ? value : "");
    header->n++;
    return MHD_YES;
}

/* Their values, which the caller frees; NULL if there are none. */
static char *headers_of(struct MHD_Connection *connection, const char *name, int *out_n) {
    Header header = {.name = name, .values = g_string_new(NULL)};
    mhd.MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, &header);
    *out_n = header.n;
    return g_string_free(header.values, header.n == 0);
}

static const char *header_of(struct MHD_Connection *connection, const char *name) {
    return mhd.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* A text, or NULL where it is none. */
static const char *only_utf8(const char *text) {
    return text && g_utf8_validate(text, -1, NULL) ? text : NULL;
}

/* What the proxy said that is nearest to us, behind what came to it. */
static bool came_by_https(struct MHD_Connection *connection) {
    int n;
    g_autofree char *schemes = headers_of(connection, "X-Forwarded-Proto", &n);
    const char *comma = schemes ? strrchr(schemes, ',') : NULL, *last = comma ? comma + 1 : schemes;
    return last && g_ascii_strcasecmp(last + strspn(last, " "), "https") == 0;
}

static char *origin_of(const HttpConfig *config, struct MHD_Connection *connection, bool through_proxy) {
    const char *host = only_utf8(header_of(connection, "Host"));
    if (config->public_url)
        return g_strdup(config->public_url);
    bool is_secure = through_proxy && came_by_https(connection);
    return g_strconcat(is_secure ? "https://" : "http://", host ? host : "localhost", NULL);
}

static void add_parameter(void *name, void *value, void *data) {
    GString *target = data;
    g_string_append_c(target, strchr(target->str, '?') ? '&' : '?');
    g_string_append_uri_escaped(target, name, NULL, FALSE);
    g_string_append_c(target, '=');
    g_string_append_uri_escaped(target, value, NULL, FALSE);
}

static char *target_of(const HttpRequest *request) {
    GString *target = g_string_new(NULL);
    g_string_append_uri_escaped(target, request->path, "/", FALSE);
    g_hash_table_foreach(request->query, add_parameter, target);
    return g_string_free(target, FALSE);
}

/* A proxy before us might see another end of this request than we do, and so take what is in its body for the next one. */
static void check_length(HttpRequest *request) {
    int n_lengths, n_encodings;
    g_free(headers_of(request->connection, "Content-Length", &n_lengths));
    g_free(headers_of(request->connection, "Transfer-Encoding", &n_encodings));
    request->is_last = n_lengths + n_encodings > 1;
    if (request->is_last)
        http_incoming_refuse(request, 400, "Content-Length, or Transfer-Encoding, and once");
}

/* The host of "name:port" or "[::1]:port". */
static char *without_port(const char *host) {
    const char *colon = strrchr(host, ':'), *bracket = strrchr(host, ']');
    bool has_port = colon && (!bracket || bracket < colon);
    return has_port ? g_strndup(host, (gsize)(colon - host)) : g_strdup(host);
}

/* A page of somebody else may have given its own name our address, to be let by its reader's browser at what is here. */
static void check_host(HttpRequest *request) {
    const char *said = header_of(request->connection, "Host");
    g_autofree char *host = without_port(said ? said : "");
    g_autofree char *lower = g_ascii_strdown(host, -1);
    if (!only_utf8(host))
        http_incoming_refuse(request, 400, "the name of the host is no valid UTF-8");
    else if (request->config->hosts && !g_strv_contains(request->config->hosts, lower))
        http_incoming_refuse(request, 421, "%s is no name of this server", host);
}

static void take_credentials(HttpRequest *request) {
    char *password = NULL, *user = mhd.MHD_basic_auth_get_username_password(request->connection, &password);
    if ((user && !only_utf8(user)) || (password && !only_utf8(password)))
        http_incoming_refuse(request, 400, "the user or the password is no valid UTF-8");
    request->user = g_strdup(only_utf8(user));
    request->password = g_strdup(only_utf8(password));
    mhd.MHD_free(user);
    mhd.MHD_free(password);
}

HttpRequest *http_incoming_new(const HttpConfig *config, struct MHD_Connection *connection, const char *method,
                               const char *path) {
    HttpRequest *request = g_new0(HttpRequest, 1);
    request->config = config;
    request->connection = connection;
    request->method = g_strdup(method);
    request->path = g_strdup(path);
    request->id = random_hex(ID_BYTES);
    g_autofree char *peer = address_of(connection);
    int unused;
    g_autofree char *forwarded = headers_of(connection, "X-Forwarded-For", &unused);
    request->address = proxies_find_client(config, peer, forwarded);
    request->origin = origin_of(config, connection, proxies_know(config, peer));
    request->segments = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->files = g_ptr_array_new_with_free_func(file_free);
    request->raw = g_byte_array_new();
    request->value = g_string_new(NULL);
    request->behind = g_string_new(NULL);
    request->since_us = g_get_monotonic_time();
    check_length(request);
    check_host(request);
    if (!g_utf8_validate(path, -1, NULL))
        http_incoming_refuse(request, 400, "the path is no valid UTF-8");
    mhd.MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, request);
    request->route = routes_find(config->parts, config->n_parts, method, path, request->segments, &request->route_data,
                                 &request->allowed);
    request->target = target_of(request);
    take_credentials(request);
    return request;
}

void http_incoming_free(HttpRequest *request) {
    if (!request)
        return;
    if (request->post)
        mhd.MHD_destroy_post_processor(request->post);
    for (guint i = 0; i < request->files->len; i++)
        if (http_request_file(request, i)->upload)
            request->config->uploads.free(http_request_file(request, i)->upload);
    g_ptr_array_unref(request->files);
    g_hash_table_unref(request->segments);
    g_hash_table_unref(request->query);
    g_hash_table_unref(request->fields);
    g_byte_array_unref(request->raw);
    g_clear_pointer(&request->body, g_bytes_unref);
    g_free(request->field);
    g_string_free(request->value, TRUE);
    g_free(request->end_mark);
    g_string_free(request->behind, TRUE);
    g_free(request->method);
    g_free(request->path);
    g_free(request->target);
    g_free(request->id);
    g_free(request->address);
    g_free(request->origin);
    g_free(request->user);
    g_free(request->password);
    g_free(request->why);
    g_free(request->allowed);
    g_free(request->note);
    g_free(request);
}

const char *http_request_method(const HttpRequest *request) {
    return request->method;
}

const char *http_request_path(const HttpRequest *request) {
    return request->path;
}

const char *http_request_target(const HttpRequest *request) {
    return request->target;
}

const char *http_request_segment(const HttpRequest *request, const char *name) {
    return g_hash_table_lookup(request->segments, name);
}

const char *http_request_query(const HttpRequest *request, const char *name) {
    return g_hash_table_lookup(request->query, name);
}

const char *http_request_field(const HttpRequest *request, const char *name) {
    return g_hash_table_lookup(request->fields, name);
}

const char *http_request_parameter(const HttpRequest *request, const char *name) {
    const char *value = http_request_query(request, name);
    return value ? value : http_request_field(request, name);
}

GBytes *http_request_body(const HttpRequest *request) {
    return request->body;
}

const char *http_request_route(const HttpRequest *request) {
    return request->route ? request->route->path : NULL;
}

int64_t http_request_received(const HttpRequest *request) {
    return request->received;
}

bool http_request_is_given_up(const HttpRequest *request) {
    const union MHD_ConnectionInfo *info =
        mhd.MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd peer = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void http_request_set_note(HttpRequest *request, const char *note) {
    g_free(request->note);
    request->note = g_strdup(note);
}

const char *http_request_note(const HttpRequest *request) {
    return request->note;
}

const char *http_request_header(const HttpRequest *request, const char *name) {
    return only_utf8(header_of(request->connection, name));
}

const char *http_request_cookie(const HttpRequest *request, const char *name) {
    return only_utf8(mhd.MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name));
}

const char *http_request_origin(const HttpRequest *request) {
    return request->origin;
}

bool http_request_is_from_elsewhere(const HttpRequest *request) {
    const char *site = header_of(request->connection, "Sec-Fetch-Site"),
               *origin = header_of(request->connection, "Origin");
    return (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) ||
           (origin && g_ascii_strcasecmp(origin, request->origin) != 0);
}

const char *http_request_address(const HttpRequest *request) {
    return request->address;
}

const char *http_request_id(const HttpRequest *request) {
    return request->id;
}

bool http_request_credentials(const HttpRequest *request, const char **out_user, const char **out_password) {
    if (!request->user)
        return false;
    *out_user = request->user;
    *out_password = request->password ? request->password : "";
    return true;
}

guint http_request_n_files(const HttpRequest *request) {
    return request->files->len;
}

HttpFile *http_request_file(const HttpRequest *request, guint index) {
    return g_ptr_array_index(request->files, index);
}
