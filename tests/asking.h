/* Asking an HTTP server on loopback, byte by byte. */
#pragma once

#include <glib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int ask_connect(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(peer, (const struct sockaddr *)&address, sizeof address), ==, 0);
    return peer;
}

/* All that comes until the peer closes. */
static inline char *ask_read_all(int peer) {
    GString *reply = g_string_new(NULL);
    char bytes[4096];
    for (ssize_t n; (n = recv(peer, bytes, sizeof bytes, 0)) > 0;)
        g_string_append_len(reply, bytes, n);
    close(peer);
    return g_string_free(reply, FALSE);
}

static inline char *ask_bytes(int port, const char *request, size_t size) {
    int peer = ask_connect(port);
    g_assert_cmpint(send(peer, request, size, MSG_NOSIGNAL), >=, 0);
    return ask_read_all(peer);
}

/* The reply to a request with these headers, each with its line end, and this body. The caller frees it. */
static inline char *ask(int port, const char *line, const char *headers, const char *body) {
    g_autofree char *request =
        g_strdup_printf("%s HTTP/1.1\r\nHost: test:5000\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", line,
                        headers, strlen(body), body);
    return ask_bytes(port, request, strlen(request));
}

static inline void ask_assert_status(const char *reply, const char *status) {
    g_autofree char *start = g_strdup_printf("HTTP/1.1 %s ", status);
    if (!g_str_has_prefix(reply, start))
        g_test_message("not %s, but: %s", status, reply);
    g_assert_true(g_str_has_prefix(reply, start));
}

static inline const char *ask_body(const char *reply) {
    const char *body = strstr(reply, "\r\n\r\n");
    g_assert_nonnull(body);
    return body + 4;
}

#define ASK_FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* As the clients of old send forms with files, with a line end too many behind them. */
#define ASK_MULTIPART "Content-Type: multipart/form-data; boundary=251fe0a3086440cb9125c4aa22da6994\r\n"
#define ASK_PART "--251fe0a3086440cb9125c4aa22da6994\r\n"
#define ASK_END "--251fe0a3086440cb9125c4aa22da6994--\r\n\r\n"
