#include "net/egress.h"

#include "base/ip_block.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

/* The blocks of the IANA registries of special-purpose addresses that are not globally reachable, multicast, and what a cloud
 * took from the public ones for itself. */
static const IpBlock v4_blocks[] = {
    {{0}, 8},                 /* this network */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* behind a provider's NAT; some clouds have metadata there */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* Azure's platform: what it tells its machines, their names, their certificates */
    {{169, 254}, 16},         /* link-local: metadata of clouds */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* protocol assignments */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarking */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 3},               /* multicast, reserved, broadcast */
};

static const IpBlock v6_blocks[] = {
    {{0}, 127},                           /* ::, ::1 */
    {{0, 0x64, 0xff, 0x9b, 0, 0x01}, 48}, /* NAT64 within a network (RFC 8215), in any form */
    {{0x01}, 8},                          /* discard-only */
    {{0x20, 0x01}, 23},                   /* protocol assignments: Teredo, benchmarking, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x3f, 0xff}, 20},                   /* documentation */
    {{0x5f}, 16},                         /* segment routing, within a network */
    {{0xfc}, 7},                          /* unique local */
    {{0xfe, 0x80}, 10},                   /* link-local */
    {{0xfe, 0xc0}, 10},                   /* site-local, of old */
    {{0xff}, 8},                          /* multicast */
};

/* IPv6 addresses that stand for one of IPv4, and where in them that is. */
static const struct {
    IpBlock block;
    size_t at;
} embeddings[] = {
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12}, /* ::ffff:a.b.c.d */
    {{{0}, 96}, 12},                                        /* ::a.b.c.d */
    {{{0, 0x64, 0xff, 0x9b}, 96}, 12},                      /* NAT64 */
    {{{0x20, 0x02}, 16}, 2},                                /* 6to4 */
};

static bool is_in_any(const uint8_t *address, const IpBlock *blocks, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ip_block_has(&blocks[i], address))
            return true;
    return false;
}

static bool is_private_v6(const uint8_t *address) {
    if (is_in_any(address, v6_blocks, G_N_ELEMENTS(v6_blocks)))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(embeddings); i++)
        if (ip_block_has(&embeddings[i].block, address))
            return is_in_any(address + embeddings[i].at, v4_blocks, G_N_ELEMENTS(v4_blocks));
    return false;
}

static bool is_private(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return is_in_any((const uint8_t *)&v4->sin_addr, v4_blocks, G_N_ELEMENTS(v4_blocks));
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return is_private_v6((const uint8_t *)&v6->sin6_addr);
}

bool egress_allows(const struct sockaddr *address) {
    return (address->sa_family == AF_INET || address->sa_family == AF_INET6) && !is_private(address);
}

/* Browsers know these without asking anybody (RFC 6761, 6.3), where we may find nothing. */
static bool is_localhost(const char *host) {
    g_autofree char *lower = g_ascii_strdown(host, -1);
    for (size_t n = strlen(lower); n > 0 && lower[n - 1] == '.'; n--)
        lower[n - 1] = '\0';
    return strcmp(lower, "localhost") == 0 || g_str_has_suffix(lower, ".localhost");
}

static bool has_private_address(const char *host) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    bool is_bad = false;
    if (is_localhost(host))
        return true;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    for (const struct addrinfo *each = found; each; each = each->ai_next)
        is_bad = is_bad || ((each->ai_family == AF_INET || each->ai_family == AF_INET6) && is_private(each->ai_addr));
    freeaddrinfo(found);
    return is_bad;
}

/* Whether GUri takes it for what a browser does: which leaves control characters out, and ends a host at a backslash,
 * where http://127.0.0.1\@example.com/ has another one to GUri. */
static bool is_unequivocal(const char *url) {
    const char *authority = strstr(url, "://");
    for (const char *at = url; *at; at++)
        if (g_ascii_iscntrl(*at))
            return false;
    return authority && authority[3 + strcspn(authority + 3, "/?#\\")] != '\\';
}

bool egress_check(const char *url, bool allow_private, GError **error) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : NULL, *host = uri ? g_uri_get_host(uri) : NULL;
    bool is_http = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (!is_http || !host || !*host || !is_unequivocal(url)) {
        error_set(error, ERROR_INVALID, "%s is no http or https address", url);
        return false;
    }
    if (allow_private || !has_private_address(host))
        return true;
    error_set(error, ERROR_DENIED, "%s leads to a private address, which is not allowed here", url);
    return false;
}
