/* A request of anybody's to our HTTP server, over a real connection: its head, an empty line, its body. Whatever is
 * answered, no handler sees a text that is no UTF-8, more fields, files or bytes than there may be, or an address of
 * a client that is none; the target leads to the request again; and what a body means does not depend on the pieces
 * in which it comes. */

#include "http/incoming.h"
#include "http/server.h"

#include "asking.h"
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_BODY = 100 * 1000, MAX_FIELDS = 200, MAX_FILES = 8, REQUEST_MS = 2000 };

#define FILE_TEXT "0123456789"

/* The request that is asked at the time; there is never more than one. */
static struct {
    GBytes *body; /* as the server is to get it; NULL: the head says something else, or that was looked at already */
    size_t piece; /* in which it is given once more */
} now;

/* What a handler is given. */

static void expect_text(const char *text) {
    g_assert_nonnull(text);
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void expect_texts(GHashTable *texts) {
    GHashTableIter each;
    void *name, *value;
    g_hash_table_iter_init(&each, texts);
    while (g_hash_table_iter_next(&each, &name, &value)) {
        expect_text(name);
        expect_text(value);
    }
}

static void expect_client(const HttpRequest *request) {
    uint8_t address[IP_BYTES];
    const char *user, *password, *cookie = http_request_cookie(request, "c");
    expect_text(http_request_origin(request));
    g_assert_true(ip_parse(http_request_address(request), address));
    if (http_request_credentials(request, &user, &password)) {
        expect_text(user);
        expect_text(password);
    }
    g_assert_true(!cookie || g_utf8_validate(cookie, -1, NULL));
}

static void expect_within_limits(const HttpRequest *request) {
    g_assert_cmpuint(g_hash_table_size(request->fields), <=, MAX_FIELDS);
    g_assert_cmpuint(http_request_n_files(request), <=, MAX_FILES);
    g_assert_cmpint(http_request_received(request), <=, MAX_BODY);
    for (guint i = 0; i < request->files->len; i++) {
        expect_text(((const HttpFile *)request->files->pdata[i])->field);
        expect_text(((const HttpFile *)request->files->pdata[i])->name);
    }
}

/* The target's path and parameters are those of the request. */
static void expect_target(const HttpRequest *request) {
    g_auto(GStrv) target = g_strsplit(http_request_target(request), "?", 2);
    g_autofree char *path = g_uri_unescape_string(target[0], NULL);
    g_assert_cmpstr(path, ==, http_request_path(request));
    g_auto(GStrv) pairs = g_strsplit(target[1] ? target[1] : "", "&", -1);
    g_assert_cmpuint(g_strv_length(pairs), ==, g_hash_table_size(request->query));
    for (size_t i = 0; pairs[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);
        g_autofree char *name = g_uri_unescape_string(pair[0], NULL), *value = g_uri_unescape_string(pair[1], NULL);
        g_assert_cmpstr(http_request_query(request, name), ==, value);
    }
}

/* The same body in other pieces. */

static void expect_same_fields(GHashTable *one, GHashTable *other) {
    GHashTableIter each;
    void *name, *value;
    g_assert_cmpuint(g_hash_table_size(one), ==, g_hash_table_size(other));
    g_hash_table_iter_init(&each, one);
    while (g_hash_table_iter_next(&each, &name, &value))
        g_assert_cmpstr(g_hash_table_lookup(other, name), ==, value);
}

static void expect_same_files(const GPtrArray *one, const GPtrArray *other) {
    g_assert_cmpuint(one->len, ==, other->len);
    for (guint i = 0; i < one->len; i++) {
        const HttpFile *a = one->pdata[i], *b = other->pdata[i];
        const GString *a_bytes = a->upload, *b_bytes = b->upload;
        g_assert_cmpstr(a->field, ==, b->field);
        g_assert_cmpstr(a->name, ==, b->name);
        g_assert_true(!a_bytes == !b_bytes && (!a_bytes || g_string_equal(a_bytes, b_bytes)));
    }
}

static void expect_same(const HttpRequest *one, const HttpRequest *other) {
    g_assert_cmpint(one->refused, ==, other->refused);
    if (one->refused)
        return; /* how far it came by then depends on the pieces */
    expect_same_fields(one->fields, other->fields);
    expect_same_files(one->files, other->files);
    g_assert_true(!one->body == !other->body && (!one->body || g_bytes_equal(one->body, other->body)));
}

static void expect_same_in_pieces(const HttpRequest *request) {
    g_autoptr(GBytes) body = g_steal_pointer(&now.body);
    size_t size = body ? g_bytes_get_size(body) : 0;
    if (size == 0 || (size_t)http_request_received(request) != size)
        return;
    const char *bytes = g_bytes_get_data(body, NULL);
    HttpRequest *again = http_incoming_new(request->config, request->connection, request->method, request->path);
    for (size_t at = 0; at < size; at += now.piece)
        http_incoming_add(again, bytes + at, MIN(now.piece, size - at));
    http_incoming_end(again);
    expect_same(request, again);
    http_incoming_free(again);
}

static void expect_good_request(const HttpRequest *request) {
    expect_text(http_request_path(request));
    expect_texts(request->segments);
    expect_texts(request->query);
    expect_texts(request->fields);
    expect_client(request);
    expect_within_limits(request);
    expect_target(request);
    expect_same_in_pieces(request);
}

/* The server. */

static HttpResponse *look(HttpRequest *request, void *data) {
    expect_good_request(request);
    return http_response_text(200, "text/plain", "");
}

static HttpResponse *send_file(HttpRequest *request, void *data) {
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    expect_good_request(request);
    g_assert_cmpint(pwrite(file, FILE_TEXT, strlen(FILE_TEXT), 0), ==, strlen(FILE_TEXT));
    HttpResponse *response = http_response_file("text/plain", file, strlen(FILE_TEXT));
    http_response_add_header(response, "ETag", "\"e\"");
    return response;
}

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    g_assert_true(*why);
    expect_text(why);
    g_assert_cmpint(status, >=, 400);
    expect_same_in_pieces(request);
    return http_response_text(status, "text/plain", "");
}

static void *begin_upload(HttpRequest *request, void *data, GError **error) {
    return g_string_new(NULL);
}

static bool add_to_upload(void *upload, const void *bytes, size_t size, GError **error) {
    g_string_append_len(upload, bytes, (gssize)size);
    return true;
}

static void free_upload(void *upload) {
    g_string_free(upload, TRUE);
}

static int port_of_server(void) {
    static const HttpRoute routes[] = {
        {"GET", "/", look},        {"POST", "/", look},       {"GET", "/file", send_file},
        {"POST", "/upload", look}, {"GET", "/<a>/<b>", look}, {"POST", "/<a>/<b>", look},
    };
    static const HttpPart part = {routes, G_N_ELEMENTS(routes), NULL};
    static const IpBlock proxies[] = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 104}};
    static const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &part,
        .n_parts = 1,
        .uploads = {"/upload", begin_upload, add_to_upload, free_upload},
        .max_body = MAX_BODY,
        .request_timeout_ms = REQUEST_MS,
        .proxies = proxies,
        .n_proxies = G_N_ELEMENTS(proxies),
        .refuse = refuse,
    };
    static HttpServer *server;
    g_autoptr(GError) error = NULL;
    if (!server)
        server = http_server_start(&config, &error);
    g_assert_no_error(error);
    return http_server_port(server);
}

/* The client. */

static bool says(const GString *head, const char *header) {
    g_autofree char *lower = g_ascii_strdown(head->str, (gssize)head->len);
    return memmem(lower, head->len, header, strlen(header)) != NULL;
}

/* A part of the file is the part that was said. */
static void expect_good_reply(const char *reply, bool has_body) {
    int64_t from, to;
    if (!*reply)
        return;
    g_assert_true(g_regex_match_simple("^HTTP/1\\.[01] [1-5][0-9][0-9] ", reply, 0, 0));
    const char *range = strstr(reply, "\r\nContent-Range: bytes ");
    if (!has_body || !g_str_has_prefix(reply, "HTTP/1.1 206 ") || !range || range > ask_body(reply) ||
        sscanf(range, "\r\nContent-Range: bytes %" SCNd64 "-%" SCNd64, &from, &to) != 2)
        return;
    g_assert_true(from >= 0 && from <= to && to < (int64_t)strlen(FILE_TEXT));
    g_autofree char *part = g_strndup(&FILE_TEXT[from], (gsize)(to - from + 1));
    g_assert_true(g_str_has_prefix(ask_body(reply), part));
}

/* All is sent, and the server told so; else it would wait for what the head promises. */
static char *ask_whole(const GString *request) {
    int peer = ask_connect(port_of_server());
    g_assert_cmpint(send(peer, request->str, request->len, MSG_NOSIGNAL), >=, 0);
    shutdown(peer, SHUT_WR);
    return ask_read_all(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data, *end = memmem(text, size, "\r\n\r\n", 4);
    size_t head_size = end ? (size_t)(end - text) : size, body_size = end ? size - head_size - 4 : 0;
    if (size > MAX_BODY)
        return 0;
    g_autoptr(GString) request = g_string_new_len(text, (gssize)head_size);
    bool is_plain = !says(request, "content-length") && !says(request, "transfer-encoding");
    g_clear_pointer(&now.body, g_bytes_unref);
    now.piece = 1 + size % 7 * (size % 5);
    if (is_plain) {
        now.body = g_bytes_new(end ? end + 4 : "", body_size);
        g_string_append_printf(request, "\r\nContent-Length: %zu", body_size);
    }
    g_string_append(request, "\r\nConnection: close\r\n\r\n");
    g_string_append_len(request, end ? end + 4 : "", (gssize)body_size);
    g_autofree char *reply = ask_whole(request);
    expect_good_reply(reply, !g_str_has_prefix(request->str, "HEAD"));
    return 0;
}
