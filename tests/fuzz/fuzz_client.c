/* What a server answers to a client, bytes of anybody's over a real connection; the same to whatever is asked. No
 * call hangs, each says why it fails, and what it gives back where it does not is what dpxdt.h promises. */

#include "client/client.h"

#include "asking.h"
#include "fuzz/fuzz.h"

#include <pthread.h>
#include <stdlib.h>

/* More than any of our calls asks in one go. */
enum { MOST_REQUESTS = 200 };

/* The server: one thread, which answers one connection after another. */
typedef struct {
    int listening, port;
    pthread_mutex_t lock; /* guards all below: a client that has given up is still being answered */
    GBytes *answer;
    unsigned n_requests;
} Server;

static void set_answer(Server *server, const uint8_t *data, size_t size) {
    pthread_mutex_lock(&server->lock);
    g_clear_pointer(&server->answer, g_bytes_unref);
    server->answer = g_bytes_new(data, size);
    server->n_requests = 0;
    pthread_mutex_unlock(&server->lock);
}

static GBytes *next_answer(Server *server) {
    pthread_mutex_lock(&server->lock);
    g_assert_cmpuint(++server->n_requests, <, MOST_REQUESTS);
    GBytes *answer = g_bytes_ref(server->answer);
    pthread_mutex_unlock(&server->lock);
    return answer;
}

/* Until all of a request has come: a client that is closed upon before does not see the answer. */
static void read_request(int peer) {
    g_autoptr(GString) request = g_string_new(NULL);
    char bytes[4096];
    size_t wanted = SIZE_MAX;
    for (ssize_t n; request->len < wanted && (n = recv(peer, bytes, sizeof bytes, 0)) > 0;) {
        g_string_append_len(request, bytes, n);
        const char *end = strstr(request->str, "\r\n\r\n"), *length = strstr(request->str, "\r\nContent-Length: ");
        if (end)
            wanted = (size_t)(end + 4 - request->str) + (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
    }
}

static void *serve(void *data) {
    Server *server = data;
    for (int peer; (peer = accept(server->listening, NULL, NULL)) >= 0; close(peer)) {
        read_request(peer);
        g_autoptr(GBytes) answer = next_answer(server);
        (void)!send(peer, g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), MSG_NOSIGNAL);
    }
    return NULL;
}

static Server *the_server(void) {
    static Server server = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    if (server.port)
        return &server;
    server.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(server.listening, (const struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(server.listening, 8), ==, 0);
    g_assert_cmpint(getsockname(server.listening, (struct sockaddr *)&address, &size), ==, 0);
    server.port = ntohs(address.sin_port);
    pthread_create(&thread, NULL, serve, &server);
    pthread_detach(thread);
    return &server;
}

/* The calls. */

static bool is_fine(const DpxdtClient *client, DpxdtStatus status) {
    const char *message = dpxdt_message(client);
    g_assert_true((status == DPXDT_OK) == !*message);
    g_assert_true(g_utf8_validate(message, -1, NULL));
    return status == DPXDT_OK;
}

static void expect_text_or_none(const char *text) {
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
}

static void make_release(DpxdtClient *client, DpxdtRelease *release) {
    char *url = NULL;
    if (is_fine(client, dpxdt_create_release(client, release, NULL, NULL)))
        g_assert_cmpint(release->number, >=, 1);
    if (is_fine(client, dpxdt_runs_done(client, release, &url)))
        g_assert_true(url && g_utf8_validate(url, -1, NULL));
    dpxdt_release_memory(url);
}

static void ask_state(DpxdtClient *client, const DpxdtRelease *release) {
    static const char *const states[] = {"receiving", "processing", "reviewing", "good", "bad", NULL};
    DpxdtState state;
    if (!is_fine(client, dpxdt_state(client, release, &state)))
        return;
    g_assert_true(g_strv_contains(states, state.status));
    g_assert_true(state.pending >= 0 && state.failed >= 0 && state.different >= 0 && state.approved >= 0 &&
                  state.same >= 0 && state.new_runs >= 0);
}

static void find_run(DpxdtClient *client) {
    DpxdtRun run = {0};
    if (is_fine(client, dpxdt_find_run(client, 1, "/", &run))) {
        const char *const texts[] = {run.release_name, run.url, run.image, run.log, run.config};
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
            expect_text_or_none(texts[i]);
    }
    dpxdt_run_clear(&run);
}

static void lease(DpxdtClient *client) {
    DpxdtTask task = {0};
    if (is_fine(client, dpxdt_lease(client, "capture", "fuzz", 60, 0, &task)) && task.id) {
        g_assert_true(task.queue && task.lease && task.payload && task.attempts >= 0);
        expect_text_or_none(task.id);
        expect_text_or_none(task.payload);
    }
    dpxdt_task_clear(&task);
}

static void move_files(DpxdtClient *client) {
    char sha1[DPXDT_SHA1_SIZE] = "", *bytes = NULL;
    size_t size = 0;
    if (is_fine(client, dpxdt_upload(client, 1, "a.png", "a", 1, sha1)))
        g_assert_cmpstr(sha1, ==, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    if (is_fine(client, dpxdt_download(client, 1, sha1, &bytes, &size)))
        g_assert_true(bytes && bytes[size] == '\0');
    dpxdt_release_memory(bytes);
}

static void list_runs(DpxdtClient *client, const DpxdtRelease *release) {
    g_autoptr(GError) error = NULL;
    json_auto_t *runs = client_list_runs(client, release, &error);
    g_assert_true(!runs == (error != NULL));
    g_assert_true(runs ? json_is_array(runs) : g_utf8_validate(error->message, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Server *server = the_server();
    g_autofree char *prefix = g_strdup_printf("http://127.0.0.1:%d/api", server->port);
    DpxdtRelease release = {.build_id = 1, .name = "r", .number = 1};
    DpxdtClient *client = dpxdt_new(prefix, "key", "secret");
    client_try_once(client);
    set_answer(server, data, size);
    make_release(client, &release);
    ask_state(client, &release);
    find_run(client);
    lease(client);
    move_files(client);
    list_runs(client, &release);
    dpxdt_free(client);
    return 0;
}
