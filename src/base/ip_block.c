#include "base/ip_block.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

enum { V4_AT = 12, V4_BITS = 96, ALL_BITS = 128 };

bool ip_block_has(const IpBlock *block, const uint8_t *address) {
    size_t whole = block->bits / 8;
    unsigned rest = block->bits % 8;
    return memcmp(address, block->bytes, whole) == 0 &&
           (rest == 0 || (address[whole] ^ block->bytes[whole]) >> (8 - rest) == 0);
}

bool ip_parse(const char *text, uint8_t out[IP_BYTES]) {
    if (inet_pton(AF_INET6, text, out) == 1)
        return true;
    memset(out, 0, V4_AT - 2);
    memset(out + V4_AT - 2, 0xff, 2);
    return inet_pton(AF_INET, text, out + V4_AT) == 1;
}

bool ip_block_parse(const char *text, IpBlock *out) {
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    guint64 bits = ALL_BITS;
    if (!parts[0] || !ip_parse(parts[0], out->bytes))
        return false;
    unsigned before = strchr(parts[0], ':') ? 0 : V4_BITS;
    if (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, ALL_BITS - before, &bits, NULL))
        return false;
    out->bits = (unsigned)bits + (parts[1] ? before : 0);
    return true;
}

bool ip_is_loopback(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return g_ascii_strcasecmp(host, "localhost") == 0;
}
