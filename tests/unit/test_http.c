/* The HTTP server, asked byte by byte. */
#include "http/server.h"

#include "asking.h"
#include "http/proxies.h"

#include <glib.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MAX_BODY = 100 * 1000, REQUEST_MS = 1000, STOP_MS = 5000 };

/* Handlers. */

static HttpResponse *say(const char *text) {
    return http_response_text(200, "text/plain; charset=utf-8", text);
}

static HttpResponse *echo(HttpRequest *request, void *data) {
    const char *names[] = {"a", "b"};
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *query = http_request_query(request, names[i]), *field = http_request_field(request, names[i]);
        g_string_append_printf(text, "%s query=%s field=%s\n", names[i], query ? query : "-", field ? field : "-");
    }
    return say(text->str);
}

static HttpResponse *tell_segments(HttpRequest *request, void *data) {
    g_autofree char *text =
        g_strdup_printf("%s|%s", http_request_segment(request, "queue"), http_request_segment(request, "verb"));
    return say(text);
}

static HttpResponse *tell_files(HttpRequest *request, void *data) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < http_request_n_files(request); i++) {
        const HttpFile *file = http_request_file(request, i);
        const GString *bytes = file->upload;
        if (!bytes) {
            g_string_append_printf(text, "%s is forgotten\n", file->name);
            continue;
        }
        g_string_append_printf(text, "%s %s %zu [%s]\n", file->field, file->name, bytes->len, bytes->str);
    }
    const char *build = http_request_field(request, "build_id");
    g_string_append_printf(text, "build_id=%s", build ? build : "-");
    return say(text->str);
}

static HttpResponse *tell_credentials(HttpRequest *request, void *data) {
    const char *user, *password;
    g_autofree char *text = http_request_credentials(request, &user, &password)
                                ? g_strdup_printf("%s/%s from %s", user, password, http_request_address(request))
                                : g_strdup("nobody");
    return say(text);
}

static HttpResponse *send_file(HttpRequest *request, void *data) {
    char path[] = "/tmp/dpxdt-http-XXXXXX";
    int file = mkstemp(path);
    g_assert_cmpint(write(file, "0123456789", 10), ==, 10);
    g_assert_cmpint(lseek(file, 0, SEEK_SET), ==, 0);
    unlink(path);
    HttpResponse *response = http_response_file("image/png", file, 10);
    http_response_add_header(response, "ETag", "\"abc\"");
    return response;
}

/* Three pieces. */
static ssize_t next_piece(void *data, char *out, size_t most) {
    int *left = data;
    g_assert_cmpuint(most, >, 1);
    *out = (char)('0' + *left);
    return (*left)-- > 0 ? 1 : -1;
}

static HttpResponse *stream(HttpRequest *request, void *data) {
    int *left = g_new(int, 1);
    *left = 3;
    return http_response_stream("text/event-stream", (HttpStream){next_piece, g_free, left});
}

static HttpResponse *tell_client(HttpRequest *request, void *data) {
    const char *cookie = http_request_cookie(request, "b");
    g_autofree char *text =
        g_strdup_printf("%s %s %s", http_request_address(request), http_request_origin(request), cookie ? cookie : "-");
    return say(text);
}

static sem_t begun, may_end;

static HttpResponse *wait_for_it(HttpRequest *request, void *data) {
    sem_post(&begun);
    sem_wait(&may_end);
    return say("at last");
}

static const HttpRoute routes[] = {
    {"GET", "/echo", echo},         {"POST", "/echo", echo},           {"POST", "/queue/<queue>/<verb>", tell_segments},
    {"POST", "/files", tell_files}, {"GET", "/who", tell_credentials}, {"GET", "/file", send_file},
    {"GET", "/wait", wait_for_it},  {"GET", "/stream", stream},        {"GET", "/client", tell_client},
};

static const HttpPart part = {routes, G_N_ELEMENTS(routes), NULL};

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    g_autofree char *text = g_strdup_printf("refused: %s", why);
    return http_response_text(status, "text/plain; charset=utf-8", text);
}

static void *begin_upload(HttpRequest *request, void *data, GError **error) {
    if (!http_request_header(request, "X-Stranger"))
        return g_string_new(NULL);
    error_set(error, ERROR_DENIED, "of a stranger");
    return NULL;
}

static bool add_to_upload(void *upload, const void *bytes, size_t size, GError **error) {
    g_string_append_len(upload, bytes, (gssize)size);
    return true;
}

static void free_upload(void *upload) {
    g_string_free(upload, TRUE);
}

/* Asking. */

typedef struct {
    HttpServer *server;
    int port;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &part,
        .n_parts = 1,
        .uploads = {"/files", begin_upload, add_to_upload, free_upload},
        .max_body = MAX_BODY,
        .request_timeout_ms = REQUEST_MS,
        .refuse = refuse,
    };
    f->server = http_server_start(&config, &error);
    g_assert_no_error(error);
    f->port = http_server_port(f->server);
}

static void tear_down(Fixture *f, const void *unused) {
    g_assert_true(http_server_stop(f->server, STOP_MS));
}

static void assert_body(const char *reply, const char *expected) {
    g_assert_cmpstr(ask_body(reply), ==, expected);
}

static void parameters_come_from_the_query_and_the_form(Fixture *f, const void *unused) {
    g_autofree char *get = ask(f->port, "GET /echo?a=1&b=x%20y+z&a=2", "", "");
    assert_body(get, "a query=1 field=-\nb query=x y z field=-\n");
    g_autofree char *post = ask(f->port, "POST /echo?a=q", ASK_FORM, "a=%C3%BC%26&b=&a=second");
    ask_assert_status(post, "200");
    assert_body(post, "a query=q field=\xc3\xbc&\nb query=- field=\n");
}

static void segments_of_the_path_are_told(Fixture *f, const void *unused) {
    g_autofree char *reply = ask(f->port, "POST /queue/run-pdiff/a%20b", ASK_FORM, "");
    assert_body(reply, "run-pdiff|a b");
    g_autofree char *none = ask(f->port, "POST /queue//lease", ASK_FORM, "");
    ask_assert_status(none, "404");
}

static void what_has_no_route_is_refused(Fixture *f, const void *unused) {
    g_autofree char *missing = ask(f->port, "GET /nothing", "", "");
    ask_assert_status(missing, "404");
    assert_body(missing, "refused: there is no such page");
    g_autofree char *wrong = ask(f->port, "DELETE /echo", "", "");
    ask_assert_status(wrong, "405");
    g_assert_nonnull(strstr(wrong, "Allow: GET, POST\r\n"));
    g_autofree char *head = ask(f->port, "HEAD /echo", "", "");
    ask_assert_status(head, "200");
    assert_body(head, "");
}

#define BUILD_ID                                                                               \
    ASK_PART "Content-Disposition: form-data; name=\"build_id\"\r\nContent-Type: text/plain; " \
             "charset=utf-8\r\n\r\n1\r\n"
#define LOG                                                                                     \
    ASK_PART "Content-Disposition: form-data; name=\"file\"; filename=\"/home/me/log.txt\"\r\n" \
             "Content-Type: text/plain\r\n\r\nmy log\n\r\n"

static void files_come_with_their_fields(Fixture *f, const void *unused) {
    g_autofree char *one = ask(f->port, "POST /files", ASK_MULTIPART, BUILD_ID LOG ASK_END);
    assert_body(one, "file /home/me/log.txt 7 [my log\n]\nbuild_id=1");
    g_autofree char *two = ask(f->port, "POST /files", ASK_MULTIPART, LOG LOG BUILD_ID ASK_END);
    assert_body(two, "file /home/me/log.txt 7 [my log\n]\nfile /home/me/log.txt 7 [my log\n]\nbuild_id=1");
}

static void files_that_nobody_wants_are_forgotten(Fixture *f, const void *unused) {
    g_autofree char *stranger = ask(f->port, "POST /files", ASK_MULTIPART "X-Stranger: 1\r\n", BUILD_ID LOG ASK_END);
    assert_body(stranger, "/home/me/log.txt is forgotten\nbuild_id=1");
    g_autofree char *elsewhere = ask(f->port, "POST /echo", ASK_MULTIPART, BUILD_ID LOG ASK_END);
    ask_assert_status(elsewhere, "200");
    g_autofree char *nowhere = ask(f->port, "POST /nothing", ASK_MULTIPART, BUILD_ID LOG ASK_END);
    ask_assert_status(nowhere, "404");
}

/* The second request would be in the body of the first one, for a proxy that believes the other length. */
static void what_could_be_two_requests_is_none(Fixture *f, const void *unused) {
    static const char *const lengths[] = {
        "Content-Length: 0\r\nContent-Length: 45\r\n",
        "Content-Length: 45\r\nContent-Length: 0\r\n",
        "Content-Length: 45\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 45\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *request = g_strdup_printf("POST /echo HTTP/1.1\r\nHost: x\r\n" ASK_FORM
                                                   "%s\r\n0\r\n\r\nGET /echo?a=smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
                                                   lengths[i]);
        g_autofree char *reply = ask_bytes(f->port, request, strlen(request));
        ask_assert_status(reply, "400");
        g_assert_null(strstr(reply + 1, "HTTP/1.1"));
        g_assert_null(strstr(reply, "smuggled"));
    }
}

/* What comes in one piece is what the next test is not about. */
static char *ask_slowly(int port, const char *line, const char *headers, const char *body) {
    const int one = 1;
    g_autofree char *head =
        g_strdup_printf("%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n", line, headers,
                        strlen(body));
    int peer = ask_connect(port);
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    g_assert_cmpint(send(peer, head, strlen(head), MSG_NOSIGNAL), >, 0);
    for (const char *at = body; *at; at++) {
        int unread = 1;
        while (unread > 0) /* until the server has taken the last byte */
            g_assert_cmpint(ioctl(peer, SIOCOUTQ, &unread), ==, 0);
        g_assert_cmpint(send(peer, at, 1, MSG_NOSIGNAL), ==, 1);
        g_thread_yield();
    }
    return ask_read_all(peer);
}

static void a_form_is_the_same_however_it_is_cut(Fixture *f, const void *unused) {
    g_autofree char *parts = ask_slowly(f->port, "POST /files", ASK_MULTIPART, BUILD_ID LOG ASK_END);
    assert_body(parts, "file /home/me/log.txt 7 [my log\n]\nbuild_id=1");
    g_autofree char *fields = ask_slowly(f->port, "POST /echo", ASK_FORM, "a=%C3%BC%26&b=x+y");
    assert_body(fields, "a query=- field=\xc3\xbc&\nb query=- field=x y\n");
}

/* As old browsers send the name of a file in Latin-1. It is told as valid text, and was taken for the name of another
 * file when it came again with the file's first bytes. */
static void a_file_whose_name_is_no_text_is_one_file(Fixture *f, const void *unused) {
    static const char body[] =
        ASK_PART "Content-Disposition: form-data; name=\"file\"; filename=\"m\xfcller\"\r\n\r\nx\r\n" ASK_END;
    g_autofree char *reply = ask_slowly(f->port, "POST /files", ASK_MULTIPART, body);
    assert_body(reply, "file m\xef\xbf\xbdller 1 [x]\nbuild_id=-");
}

static void a_form_that_breaks_off_is_not_taken_for_whole(Fixture *f, const void *unused) {
    static const char *const bodies[] = {BUILD_ID LOG,
                                         BUILD_ID ASK_PART "Content-Disposition: form-data; name=\"file\"; "
                                                           "filename=\"x\"\r\n\r\nhalf of"};
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *reply = ask(f->port, "POST /files", ASK_MULTIPART, bodies[i]);
        ask_assert_status(reply, "400");
    }
}

static void what_is_too_large_is_refused(Fixture *f, const void *unused) {
    g_autofree char *body = g_strnfill(MAX_BODY + 1, 'a');
    g_autofree char *reply = ask(f->port, "POST /echo", ASK_FORM, body);
    ask_assert_status(reply, "413");
    g_autofree char *request =
        g_strdup_printf("POST /echo HTTP/1.1\r\nHost: x\r\n" ASK_FORM "Content-Length: %d\r\n\r\n", MAX_BODY * 9);
    g_autofree char *unread = ask_bytes(f->port, request, strlen(request));
    ask_assert_status(unread, "413");
    g_autoptr(GString) chunked = g_string_new("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" ASK_FORM
                                              "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 11; i++)
        g_string_append_printf(chunked, "2710\r\na=%09997d&\r\n", i);
    g_string_append(chunked, "0\r\n\r\n");
    g_autofree char *too_many = ask_bytes(f->port, chunked->str, chunked->len);
    ask_assert_status(too_many, "413");
}

static void text_must_be_utf8_without_nul(Fixture *f, const void *unused) {
    g_autofree char *query = ask(f->port, "GET /echo?a=%FF", "", "");
    ask_assert_status(query, "400");
    g_autofree char *field = ask(f->port, "POST /echo", ASK_FORM, "a=%FF");
    ask_assert_status(field, "400");
    g_autofree char *nul = ask(f->port, "POST /echo", ASK_FORM, "a=x%00y");
    ask_assert_status(nul, "400");
    static const char raw[] =
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" ASK_FORM "Content-Length: 6\r\n\r\na=x\0yz";
    g_autofree char *raw_nul = ask_bytes(f->port, raw, sizeof raw - 1);
    ask_assert_status(raw_nul, "400");
    g_autofree char *path = ask(f->port, "GET /%FF", "", "");
    ask_assert_status(path, "400");
    g_autofree char *password = ask(f->port, "GET /who", "Authorization: Basic a2V5Ov8=\r\n", "");
    ask_assert_status(password, "400");
    static const char host[] = "GET /who HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n";
    g_autofree char *named = ask_bytes(f->port, host, strlen(host));
    ask_assert_status(named, "400");
}

/* A browser sends the cookies of all programs below one name, and those of others may be anything. */
static void a_cookie_that_is_no_text_is_as_if_it_were_not_there(Fixture *f, const void *unused) {
    g_autofree char *reply = ask(f->port, "GET /client", "Cookie: a=\xfc; b=\xfc\r\n", "");
    assert_body(reply, "127.0.0.1 http://test:5000 -");
}

static void credentials_are_told(Fixture *f, const void *unused) {
    g_autofree char *none = ask(f->port, "GET /who", "", "");
    assert_body(none, "nobody");
    g_autofree char *some = ask(f->port, "GET /who", "Authorization: Basic YWxwaGFrZXk6YWxwaGFzZWNyZXQ=\r\n", "");
    assert_body(some, "alphakey/alphasecret from 127.0.0.1");
    g_autofree char *broken = ask(f->port, "GET /who", "Authorization: Basic !!!\r\n", "");
    assert_body(broken, "nobody");
}

static void parts_of_a_file_can_be_asked_for(Fixture *f, const void *unused) {
    static const struct {
        const char *range, *status, *body;
    } cases[] = {
        {"", "200", "0123456789"},
        {"Range: bytes=2-4\r\n", "206", "234"},
        {"Range: bytes=7-\r\n", "206", "789"},
        {"Range: bytes=-3\r\n", "206", "789"},
        {"Range: bytes=8-100\r\n", "206", "89"},
        {"Range: bytes=-100\r\n", "206", "0123456789"},
        {"Range: bytes=10-\r\n", "416", ""},
        {"Range: bytes=5-2\r\n", "416", ""},
        {"Range: bytes=nonsense\r\n", "200", "0123456789"},
        {"Range: bytes=0-1,3-4\r\n", "200", "0123456789"},
        {"If-None-Match: \"abc\"\r\n", "304", ""},
        {"If-None-Match: \"other\", \"abc\"\r\n", "304", ""},
        {"If-None-Match: \"other\"\r\n", "200", "0123456789"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reply = ask(f->port, "GET /file", cases[i].range, "");
        ask_assert_status(reply, cases[i].status);
        assert_body(reply, cases[i].body);
    }
}

static void who_does_not_get_a_request_across_in_time_is_cut_off(Fixture *f, const void *unused) {
    int peer = ask_connect(f->port);
    static const char start[] = "POST /echo HTTP/1.1\r\nHost: x\r\n" ASK_FORM "Content-Length: 1000\r\n\r\n";
    g_assert_cmpint(send(peer, start, strlen(start), MSG_NOSIGNAL), >, 0);
    gint64 since = g_get_monotonic_time();
    bool is_open = true;
    while (is_open && g_get_monotonic_time() - since < 20 * G_USEC_PER_SEC) {
        is_open = send(peer, "a", 1, MSG_NOSIGNAL) == 1;
        g_usleep(50 * 1000);
    }
    g_assert_false(is_open);
    close(peer);
}

/* Stopping. */

typedef struct {
    Fixture *f;
    char *reply;
} Asker;

static void *ask_and_wait(void *data) {
    Asker *asker = data;
    asker->reply = ask(asker->f->port, "GET /wait", "", "");
    return NULL;
}

static void *stop(void *server) {
    return GINT_TO_POINTER(http_server_stop(server, STOP_MS));
}

static void what_has_come_is_answered_before_the_server_stops(void) {
    Fixture f;
    pthread_t asking, stopping;
    void *all_answered;
    sem_init(&begun, 0, 0);
    sem_init(&may_end, 0, 0);
    set_up(&f, NULL);
    Asker asker = {&f, NULL};
    int idle = ask_connect(f.port);
    pthread_create(&asking, NULL, ask_and_wait, &asker);
    sem_wait(&begun);
    pthread_create(&stopping, NULL, stop, f.server);
    g_autofree char *closed = ask_read_all(idle); /* as it is idle */
    sem_post(&may_end);
    pthread_join(asking, NULL);
    pthread_join(stopping, &all_answered);
    assert_body(asker.reply, "at last");
    g_assert_true(GPOINTER_TO_INT(all_answered));
    g_free(asker.reply);
}

static void a_port_in_use_is_refused(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    const HttpConfig config = {.host = "127.0.0.1", .port = f->port, .refuse = refuse};
    g_assert_null(http_server_start(&config, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_NOW);
    g_assert_nonnull(strstr(error->message, "in use"));
}

enum { CLIENTS = 20, TIMES = 20 };

static void *ask_often(void *data) {
    for (int i = 0; i < TIMES; i++) {
        g_autofree char *body = g_strdup_printf("a=%d", i);
        g_autofree char *expected = g_strdup_printf("a query=- field=%d\nb query=- field=-\n", i);
        g_autofree char *reply = ask(((Fixture *)data)->port, "POST /echo", ASK_FORM, body);
        assert_body(reply, expected);
    }
    return NULL;
}

static void what_has_no_end_yet_comes_piece_by_piece(Fixture *f, const void *unused) {
    g_autofree char *reply = ask(f->port, "GET /stream", "", "");
    ask_assert_status(reply, "200");
    assert_body(reply, "1\r\n3\r\n1\r\n2\r\n1\r\n1\r\n0\r\n\r\n");
}

static void cookies_are_told(Fixture *f, const void *unused) {
    g_autofree char *reply = ask(f->port, "GET /client", "Cookie: a=1; b=x-y_z\r\n", "");
    assert_body(reply, "127.0.0.1 http://test:5000 x-y_z");
}

/* Proxies. */

static void only_known_proxies_are_believed(void) {
    IpBlock proxies[2];
    g_assert_true(ip_block_parse("127.0.0.1", &proxies[0], NULL));
    g_assert_true(ip_block_parse("10.0.0.0/8", &proxies[1], NULL));
    const HttpConfig known = {.proxies = proxies, .n_proxies = 2}, none = {0};
    static const struct {
        const char *peer, *forwarded, *client;
    } cases[] = {
        {"127.0.0.1", NULL, "127.0.0.1"},
        {"127.0.0.1", "198.51.100.7", "198.51.100.7"},
        {"127.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"}, /* the first was said by a client */
        {"127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"},
        {"127.0.0.1", "2001:db8::1", "2001:db8::1"},
        {"127.0.0.1", "<script>", "127.0.0.1"},
        {"127.0.0.1", "", "127.0.0.1"},
        {"192.0.2.1", "198.51.100.7", "192.0.2.1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *client = proxies_find_client(&known, cases[i].peer, cases[i].forwarded);
        g_assert_cmpstr(client, ==, cases[i].client);
        g_autofree char *peer = proxies_find_client(&none, cases[i].peer, cases[i].forwarded);
        g_assert_cmpstr(peer, ==, cases[i].peer);
    }
}

static void what_is_no_block_of_addresses_is_refused(void) {
#define NO_BLOCK " is no address, and no block of addresses as 10.0.0.0/8"
#define FROM_0_TO ": what is behind the / must be a number from 0 to "
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "\"\"" NO_BLOCK},
        {"x", "\"x\"" NO_BLOCK},
        {"/8", "\"/8\"" NO_BLOCK},
        {"localhost", "\"localhost\"" NO_BLOCK},
        {"10.0.0/8", "\"10.0.0/8\"" NO_BLOCK},
        {"127.0.0.1 10.0.0.0/8", "\"127.0.0.1 10.0.0.0/8\"" NO_BLOCK},
        {"10.0.0.0/33", "10.0.0.0/33" FROM_0_TO "32"},
        {"1.2.3.4/", "1.2.3.4/" FROM_0_TO "32"},
        {"1.2.3.4/-1", "1.2.3.4/-1" FROM_0_TO "32"},
        {"1.2.3.4/8/8", "1.2.3.4/8/8" FROM_0_TO "32"},
        {"10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0" FROM_0_TO "32"},
        {"::/129", "::/129" FROM_0_TO "128"},
        {"::/4294967296", "::/4294967296" FROM_0_TO "128"},
        {"10.1.2.3/8", "10.1.2.3/8 has bits outside of its network: say 10.0.0.0/8"},
        {"192.168.1.129/25", "192.168.1.129/25 has bits outside of its network: say 192.168.1.128/25"},
        {"10.0.0.1/31", "10.0.0.1/31 has bits outside of its network: say 10.0.0.0/31"},
        {"10.0.0.0/0", "10.0.0.0/0 has bits outside of its network: say 0.0.0.0/0"},
        {"2001:db8::1/32", "2001:db8::1/32 has bits outside of its network: say 2001:db8::/32"},
        {"::ffff:10.1.2.3/104", "::ffff:10.1.2.3/104 has bits outside of its network: say ::ffff:10.0.0.0/104"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        IpBlock block;
        g_assert_false(ip_block_parse(bad[i].text, &block, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_cmpstr(error->message, ==, bad[i].message);
    }
}

static void blocks_of_addresses_have_what_is_in_their_network(void) {
    static const struct {
        const char *block, *in, *out; /* NULL: there is none */
    } good[] = {
        {"10.0.0.1", "10.0.0.1", "10.0.0.0"},
        {"10.0.0.1/32", "10.0.0.1", "10.0.0.0"},
        {"10.0.0.2/31", "10.0.0.3", "10.0.0.1"},
        {"192.168.1.128/25", "192.168.1.255", "192.168.1.127"},
        {"0.0.0.0/0", "255.255.255.255", "::1"},
        {"::/0", "10.0.0.1", NULL},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"::1", "::1", "127.0.0.1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        IpBlock block;
        uint8_t address[IP_BYTES];
        g_assert_true(ip_block_parse(good[i].block, &block, NULL));
        g_assert_true(ip_parse(good[i].in, address) && ip_block_has(&block, address));
        g_assert_false(good[i].out && ip_parse(good[i].out, address) && ip_block_has(&block, address));
    }
}

static void behind_a_proxy_addresses_are_as_people_see_them(void) {
    g_autoptr(GError) error = NULL;
    IpBlock proxy;
    g_assert_true(ip_block_parse("127.0.0.0/8", &proxy, NULL));
    const HttpConfig config = {.host = "127.0.0.1",
                               .parts = &part,
                               .n_parts = 1,
                               .request_timeout_ms = REQUEST_MS,
                               .refuse = refuse,
                               .proxies = &proxy,
                               .n_proxies = 1};
    HttpServer *server = http_server_start(&config, &error);
    g_assert_no_error(error);
    static const struct {
        const char *headers, *client;
    } cases[] = {
        {"X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n", "198.51.100.7 https://test:5000 -"},
        {"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7 http://test:5000 -"},
        {"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.7, 127.0.0.9\r\n",
         "198.51.100.7 http://test:5000 -"},
        {"X-Forwarded-For: 198.51.100.7:4711\r\n", "198.51.100.7 http://test:5000 -"},
        {"X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1 http://test:5000 -"},
        {"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1 http://test:5000 -"},
        {"X-Forwarded-For: 198.51.100.7, nonsense\r\n", "127.0.0.1 http://test:5000 -"},
        {"X-Forwarded-Proto: http, https\r\n", "127.0.0.1 https://test:5000 -"},
        {"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "127.0.0.1 http://test:5000 -"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reply = ask(http_server_port(server), "GET /client", cases[i].headers, "");
        assert_body(reply, cases[i].client);
    }
    g_assert_true(http_server_stop(server, STOP_MS));
}

static void a_server_may_know_its_names(void) {
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]", NULL};
    static const struct {
        const char *host, *status;
    } cases[] = {
        {"localhost", "200"},        {"LocalHost:5000", "200"},       {"127.0.0.1:1", "200"},    {"[::1]:5000", "200"},
        {"evil.example", "421"},     {"evil.example:5000", "421"},    {"localhost.evil", "421"}, {"", "421"},
        {"localhost:1:evil", "421"}, {"[::1].evil.example:1", "421"},
    };
    g_autoptr(GError) error = NULL;
    const HttpConfig config = {.host = "127.0.0.1",
                               .parts = &part,
                               .n_parts = 1,
                               .request_timeout_ms = REQUEST_MS,
                               .refuse = refuse,
                               .hosts = hosts};
    HttpServer *server = http_server_start(&config, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request =
            g_strdup_printf("GET /client HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", cases[i].host);
        g_autofree char *reply = ask_bytes(http_server_port(server), request, strlen(request));
        ask_assert_status(reply, cases[i].status);
    }
    g_assert_true(http_server_stop(server, STOP_MS));
}

static void many_are_answered_at_once(Fixture *f, const void *unused) {
    pthread_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, ask_often, f);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
}

#define TEST(name, function) g_test_add("/http/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("parameters-come-from-the-query-and-the-form", parameters_come_from_the_query_and_the_form);
    TEST("segments-of-the-path-are-told", segments_of_the_path_are_told);
    TEST("what-has-no-route-is-refused", what_has_no_route_is_refused);
    TEST("files-come-with-their-fields", files_come_with_their_fields);
    TEST("files-that-nobody-wants-are-forgotten", files_that_nobody_wants_are_forgotten);
    TEST("what-could-be-two-requests-is-none", what_could_be_two_requests_is_none);
    TEST("a-form-is-the-same-however-it-is-cut", a_form_is_the_same_however_it_is_cut);
    TEST("a-file-whose-name-is-no-text-is-one-file", a_file_whose_name_is_no_text_is_one_file);
    TEST("a-form-that-breaks-off-is-not-taken-for-whole", a_form_that_breaks_off_is_not_taken_for_whole);
    TEST("what-is-too-large-is-refused", what_is_too_large_is_refused);
    TEST("text-must-be-utf8-without-nul", text_must_be_utf8_without_nul);
    TEST("a-cookie-that-is-no-text-is-as-if-it-were-not-there", a_cookie_that_is_no_text_is_as_if_it_were_not_there);
    TEST("credentials-are-told", credentials_are_told);
    TEST("parts-of-a-file-can-be-asked-for", parts_of_a_file_can_be_asked_for);
    TEST("who-does-not-get-a-request-across-in-time-is-cut-off", who_does_not_get_a_request_across_in_time_is_cut_off);
    g_test_add_func("/http/what-has-come-is-answered-before-the-server-stops",
                    what_has_come_is_answered_before_the_server_stops);
    TEST("a-port-in-use-is-refused", a_port_in_use_is_refused);
    TEST("what-has-no-end-yet-comes-piece-by-piece", what_has_no_end_yet_comes_piece_by_piece);
    TEST("cookies-are-told", cookies_are_told);
    TEST("many-are-answered-at-once", many_are_answered_at_once);
    g_test_add_func("/http/only-known-proxies-are-believed", only_known_proxies_are_believed);
    g_test_add_func("/http/what-is-no-block-of-addresses-is-refused", what_is_no_block_of_addresses_is_refused);
    g_test_add_func("/http/a-server-may-know-its-names", a_server_may_know_its_names);
    g_test_add_func("/http/blocks-of-addresses-have-what-is-in-their-network",
                    blocks_of_addresses_have_what_is_in_their_network);
    g_test_add_func("/http/behind-a-proxy-addresses-are-as-people-see-them",
                    behind_a_proxy_addresses_are_as_people_see_them);
    return g_test_run();
}
