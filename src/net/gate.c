#include "net/gate.h"

#include "base/clock.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As RFC 1928 has them. */
enum { SOCKS_VERSION = 5, NO_PASSWORD = 0, NO_METHOD = 0xff, CONNECT = 1 };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };
typedef enum {
    REPLY_CONNECTED = 0,
    REPLY_DENIED = 2,
    REPLY_UNREACHABLE = 4,
    REPLY_NO_SUCH_COMMAND = 7,
    REPLY_NO_SUCH_ADDRESS = 8,
} Reply;

/* For what the client asks, and for each address that may be the one. */
enum { TIMEOUT_MS = 10 * 1000 };
enum { PAUSE_US = 10 * 1000 }; /* where nothing can be taken in, as there are no descriptors left */
enum { STACK_BYTES = 256 * 1024, PIPE_BYTES = 16 * 1024, MOST_NAME = 255, MOST_WAITING = 128 };

struct Gate {
    int listener, port;
    pthread_t thread;

    pthread_mutex_t lock; /* guards all below */
    GHashTable *open;     /* set of descriptors that its connections are using */
    int users;            /* threads, and the owner; the last one frees it */
    bool ends;
};

/* A connection, of its thread. */
typedef struct {
    Gate *gate;
    int client;
} Flow;

static void let_go(Gate *gate) {
    pthread_mutex_lock(&gate->lock);
    bool is_last = --gate->users == 0;
    pthread_mutex_unlock(&gate->lock);
    if (!is_last)
        return;
    g_hash_table_unref(gate->open);
    pthread_mutex_destroy(&gate->lock);
    g_free(gate);
}

/* False, and it is closed, if the gate has ended. */
static bool add_open(Gate *gate, int socket) {
    pthread_mutex_lock(&gate->lock);
    bool is_in_time = !gate->ends;
    if (is_in_time)
        g_hash_table_add(gate->open, GINT_TO_POINTER(socket));
    pthread_mutex_unlock(&gate->lock);
    if (!is_in_time)
        close(socket);
    return is_in_time;
}

static void close_open(Gate *gate, int socket) {
    pthread_mutex_lock(&gate->lock);
    g_hash_table_remove(gate->open, GINT_TO_POINTER(socket));
    pthread_mutex_unlock(&gate->lock);
    close(socket);
}

/* Talking to the client. */

static bool take(int socket, void *out, size_t n) {
    return recv(socket, out, n, MSG_WAITALL) == (ssize_t)n;
}

static bool give(int socket, const void *bytes, size_t n) {
    return send(socket, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool greet(int client) {
    uint8_t hello[2], methods[UINT8_MAX];
    if (!take(client, hello, sizeof hello) || hello[0] != SOCKS_VERSION || !take(client, methods, hello[1]))
        return false;
    bool fits = memchr(methods, NO_PASSWORD, hello[1]) != NULL;
    return give(client, (uint8_t[]){SOCKS_VERSION, fits ? NO_PASSWORD : NO_METHOD}, 2) && fits;
}

/* The address comes back as 0.0.0.0, which nobody needs. */
static bool answer(int client, Reply reply) {
    return give(client, (uint8_t[]){SOCKS_VERSION, (uint8_t)reply, 0, ADDRESS_V4, 0, 0, 0, 0, 0, 0}, 10);
}

static bool read_host(int client, uint8_t type, char out_host[MOST_NAME + 1]) {
    uint8_t address[MOST_NAME], size;
    switch (type) {
    case ADDRESS_V4:
        return take(client, address, 4) && inet_ntop(AF_INET, address, out_host, MOST_NAME);
    case ADDRESS_V6:
        return take(client, address, 16) && inet_ntop(AF_INET6, address, out_host, MOST_NAME);
    case ADDRESS_NAME:
        if (!take(client, &size, 1) || size == 0 || !take(client, out_host, size) || memchr(out_host, '\0', size))
            return false;
        out_host[size] = '\0';
        return true;
    default:
        answer(client, REPLY_NO_SUCH_ADDRESS);
        return false;
    }
}

/* What it wants to be connected to; false if that is nothing that can be done, which it has been told. */
static bool read_wish(int client, char out_host[MOST_NAME + 1], char out_port[6]) {
    uint8_t head[4], port[2];
    if (!take(client, head, sizeof head) || head[0] != SOCKS_VERSION)
        return false;
    if (head[1] != CONNECT) {
        answer(client, REPLY_NO_SUCH_COMMAND);
        return false;
    }
    if (!read_host(client, head[3], out_host) || !take(client, port, sizeof port))
        return false;
    g_snprintf(out_port, 6, "%d", port[0] << 8 | port[1]);
    return true;
}

/* Connecting. */

static bool wait_until_connected(int socket) {
    struct pollfd wanted = {.fd = socket, .events = POLLOUT};
    int why = 0;
    socklen_t size = sizeof why;
    return poll(&wanted, 1, TIMEOUT_MS) == 1 && getsockopt(socket, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0;
}

/* A socket that does not block, or -1. */
static int connect_to(const struct addrinfo *to) {
    int new = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (new < 0)
        return -1;
    setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(new, to->ai_addr, to->ai_addrlen) == 0 || (errno == EINPROGRESS && wait_until_connected(new)))
        return new;
    close(new);
    return -1;
}

/* The first of the host's public addresses that can be reached. */
static Reply reach(const char *host, const char *port, int *out_server) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    Reply reply = REPLY_UNREACHABLE;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return REPLY_UNREACHABLE;
    for (const struct addrinfo *each = found; each && reply != REPLY_CONNECTED; each = each->ai_next) {
        *out_server = egress_allows(each->ai_addr) ? connect_to(each) : -1;
        if (*out_server >= 0)
            reply = REPLY_CONNECTED;
        else if (!egress_allows(each->ai_addr))
            reply = REPLY_DENIED;
    }
    freeaddrinfo(found);
    return reply;
}

/* Carrying bytes. */

typedef struct {
    int from, to;
    size_t begin, end; /* of what waits in bytes */
    bool has_ended;    /* nothing more comes from there */
    uint8_t bytes[PIPE_BYTES];
} Pipe;

static bool is_empty(const Pipe *pipe) {
    return pipe->begin == pipe->end;
}

static bool may_come_later(ssize_t n) {
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Moves what can be moved now. False if either end is broken. */
static bool move(Pipe *pipe) {
    if (is_empty(pipe) && !pipe->has_ended) {
        ssize_t n = recv(pipe->from, pipe->bytes, PIPE_BYTES, MSG_DONTWAIT);
        if (n < 0)
            return may_come_later(n);
        pipe->begin = 0;
        pipe->end = (size_t)n;
        pipe->has_ended = n == 0;
        if (pipe->has_ended)
            shutdown(pipe->to, SHUT_WR);
    }
    if (!is_empty(pipe)) {
        ssize_t n = send(pipe->to, pipe->bytes + pipe->begin, pipe->end - pipe->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return may_come_later(n);
        pipe->begin += (size_t)n;
    }
    return true;
}

/* What to wait for at a socket, from which one pipe comes, and to which the other one leads: maybe nothing, not even its end. */
static struct pollfd wishes_of(int socket, const Pipe *from, const Pipe *to) {
    bool wants_in = is_empty(from) && !from->has_ended;
    short events = (short)((wants_in ? POLLIN : 0) | (is_empty(to) ? 0 : POLLOUT));
    return (struct pollfd){events ? socket : -1, events, 0};
}

/* Until the client goes: who has what he wanted closes both ways at once. */
static void carry(int client, int server) {
    g_autofree Pipe *up = g_new(Pipe, 1), *down = g_new(Pipe, 1);
    *up = (Pipe){.from = client, .to = server};
    *down = (Pipe){.from = server, .to = client};
    while (!up->has_ended) {
        struct pollfd waiting[] = {wishes_of(client, up, down), wishes_of(server, down, up)};
        if (poll(waiting, G_N_ELEMENTS(waiting), -1) < 0 && errno != EINTR)
            return;
        if (!move(up) || !move(down))
            return;
    }
}

static void serve(Gate *gate, int client) {
    char host[MOST_NAME + 1], port[6];
    int server = -1;
    const struct timeval patience = {.tv_sec = TIMEOUT_MS / 1000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (!greet(client) || !read_wish(client, host, port))
        return;
    Reply reply = reach(host, port, &server);
    if (server >= 0 && !add_open(gate, server))
        return;
    if (answer(client, reply) && reply == REPLY_CONNECTED)
        carry(client, server);
    if (server >= 0)
        close_open(gate, server);
}

static void *run_flow(void *data) {
    g_autofree Flow *flow = data;
    serve(flow->gate, flow->client);
    close_open(flow->gate, flow->client);
    let_go(flow->gate);
    return NULL;
}

/* Listening. */

static void start_flow(Gate *gate, int client) {
    pthread_attr_t attributes;
    pthread_t thread;
    Flow *flow = g_new(Flow, 1);
    *flow = (Flow){gate, client};
    pthread_mutex_lock(&gate->lock);
    gate->users++;
    pthread_mutex_unlock(&gate->lock);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, run_flow, flow) != 0) {
        g_free(flow);
        close_open(gate, client);
        let_go(gate);
    }
    pthread_attr_destroy(&attributes);
}

static bool has_ended(Gate *gate) {
    pthread_mutex_lock(&gate->lock);
    bool ends = gate->ends;
    pthread_mutex_unlock(&gate->lock);
    return ends;
}

static void *run(void *data) {
    Gate *gate = data;
    while (!has_ended(gate)) {
        int client = accept4(gate->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            g_usleep(PAUSE_US);
        else if (add_open(gate, client))
            start_flow(gate, client);
    }
    return NULL;
}

/* On a port of loopback that is free. */
static int listen_somewhere(int *out_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 &&
        listen(listener, MOST_WAITING) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0) {
        *out_port = ntohs(address.sin_port);
        return listener;
    }
    if (listener >= 0)
        close(listener);
    return -1;
}

Gate *gate_new(GError **error) {
    int port, listener = listen_somewhere(&port);
    if (listener < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "no port on 127.0.0.1 for the browser's way out");
        return NULL;
    }
    Gate *gate = g_new0(Gate, 1);
    gate->listener = listener;
    gate->port = port;
    gate->open = g_hash_table_new(NULL, NULL);
    gate->users = 1;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_create(&gate->thread, NULL, run, gate);
    return gate;
}

void gate_free(Gate *gate) {
    GHashTableIter each;
    void *socket;
    if (!gate)
        return;
    pthread_mutex_lock(&gate->lock);
    gate->ends = true;
    g_hash_table_iter_init(&each, gate->open);
    while (g_hash_table_iter_next(&each, &socket, NULL))
        shutdown(GPOINTER_TO_INT(socket), SHUT_RDWR);
    pthread_mutex_unlock(&gate->lock);
    shutdown(gate->listener, SHUT_RDWR);
    pthread_join(gate->thread, NULL);
    close(gate->listener);
    let_go(gate);
}

int gate_port(const Gate *gate) {
    return gate->port;
}
