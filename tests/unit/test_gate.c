/* The way out for browsers: what it refuses. That it leads somewhere is shown by tests/program/test_egress.py. */
#include "net/gate.h"

#include "asking.h"

#include <glib.h>
#include <pthread.h>

#define HELLO "\x05\x01\x00"

/* What is answered to these bytes, until it hangs up, or has answered a wish; as hexadecimal digits, which the caller frees. */
static char *answer_to(int port, const void *bytes, size_t size, size_t most) {
    int peer = ask_connect(port);
    g_autoptr(GString) told = g_string_new(NULL);
    uint8_t byte;
    g_assert_cmpint(send(peer, bytes, size, MSG_NOSIGNAL), ==, (ssize_t)size);
    while (told->len < most * 2 && recv(peer, &byte, 1, 0) == 1)
        g_string_append_printf(told, "%02x", byte);
    close(peer);
    return g_string_free(g_steal_pointer(&told), FALSE);
}

#define SAYS(gate, bytes, most, expected)                                                   \
    do {                                                                                    \
        g_autofree char *said = answer_to(gate_port(gate), bytes, sizeof(bytes) - 1, most); \
        g_assert_cmpstr(said, ==, expected);                                                \
    } while (0)

#define DENIED \
    "0500"     \
    "05020001000000000000"
#define UNREACHABLE \
    "0500"          \
    "05040001000000000000"

static void private_addresses_are_denied(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Gate) gate = gate_new(&error);
    g_assert_no_error(error);
    SAYS(gate, HELLO "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50", 12, DENIED);
    SAYS(gate, HELLO "\x05\x01\x00\x01\xa9\xfe\xa9\xfe\x00\x50", 12, DENIED);
    SAYS(gate, HELLO "\x05\x01\x00\x03\x09localhost\x00\x50", 12, DENIED);
    SAYS(gate,
         HELLO "\x05\x01\x00\x03\x0a"
               "2130706433\x00\x50",
         12, DENIED);
    SAYS(gate,
         HELLO "\x05\x01\x00\x03\x08"
               "10.0.0.1\x00\x50",
         12, DENIED);
    SAYS(gate, HELLO "\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50", 12, DENIED);
    SAYS(gate, HELLO "\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01\x00\x50", 12, DENIED);
}

static void its_own_port_is_denied(void) {
    g_autoptr(Gate) gate = gate_new(NULL);
    int port = gate_port(gate);
    const char wish[] = {5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, (char)(port >> 8), (char)port, 0};
    SAYS(gate, wish, 12, DENIED);
}

static void names_that_there_are_not_are_unreachable(void) {
    g_autoptr(Gate) gate = gate_new(NULL);
    SAYS(gate, HELLO "\x05\x01\x00\x03\x0cnone.invalid\x00\x50", 12, UNREACHABLE);
    SAYS(gate, HELLO "\x05\x01\x00\x03\x02..\x00\x50", 12, UNREACHABLE);
}

static void what_is_no_socks_is_hung_up_on(void) {
    g_autoptr(Gate) gate = gate_new(NULL);
    SAYS(gate, "GET / HTTP/1.1\r\n\r\n", 12, "");
    SAYS(gate, "\x04\x01\x00\x50\x7f\x00\x00\x01\x00", 12, "");
    SAYS(gate, "\x05\x01\x02", 12, "05ff");
    SAYS(gate, HELLO "\x04\x01\x00\x01\x7f\x00\x00\x01\x00\x50", 12, "0500");
    SAYS(gate, HELLO "\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", 12,
         "0500"
         "05070001000000000000");
    SAYS(gate, HELLO "\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50", 12,
         "0500"
         "05070001000000000000");
    SAYS(gate, HELLO "\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50", 12,
         "0500"
         "05080001000000000000");
    SAYS(gate, HELLO "\x05\x01\x00\x03\x00\x00\x50", 12, "0500");
    SAYS(gate,
         HELLO "\x05\x01\x00\x03\x03"
               "a\0b\x00\x50",
         12, "0500");
}

enum { CLIENTS = 40 };

static void *ask_once(void *gate) {
    SAYS((Gate *)gate, HELLO "\x05\x01\x00\x03\x09localhost\x00\x50", 12, DENIED);
    return NULL;
}

static void many_ask_at_once(void) {
    g_autoptr(Gate) gate = gate_new(NULL);
    pthread_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, ask_once, gate);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
}

static void whoever_is_connected_when_it_ends_is_hung_up_on(void) {
    Gate *gate = gate_new(NULL);
    int silent = ask_connect(gate_port(gate)), half = ask_connect(gate_port(gate));
    char answer[2], more;
    g_assert_cmpint(send(half, HELLO "\x05\x01", 5, MSG_NOSIGNAL), ==, 5);
    g_assert_cmpint(recv(half, answer, 2, MSG_WAITALL), ==, 2);
    gate_free(gate);
    g_assert_cmpint(recv(half, &more, 1, 0), <=, 0);
    g_assert_cmpint(recv(silent, &more, 1, 0), <=, 0);
    close(silent);
    close(half);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/private-addresses-are-denied", private_addresses_are_denied);
    g_test_add_func("/gate/its-own-port-is-denied", its_own_port_is_denied);
    g_test_add_func("/gate/names-that-there-are-not-are-unreachable", names_that_there_are_not_are_unreachable);
    g_test_add_func("/gate/what-is-no-socks-is-hung-up-on", what_is_no_socks_is_hung_up_on);
    g_test_add_func("/gate/many-ask-at-once", many_ask_at_once);
    g_test_add_func("/gate/whoever-is-connected-when-it-ends-is-hung-up-on",
                    whoever_is_connected_when_it_ends_is_hung_up_on);
    return g_test_run();
}
