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

/* Those behind its bits are 0 then. */
static void clear_rest(IpBlock *block) {
    for (unsigned bit = block->bits; bit < ALL_BITS; bit++)
        block->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static bool check_rest(const char *text, const IpBlock *block, bool is_v6, unsigned prefix, GError **error) {
    char first[INET6_ADDRSTRLEN];
    IpBlock network = *block;
    clear_rest(&network);
    if (memcmp(network.bytes, block->bytes, IP_BYTES) == 0)
        return true;
    inet_ntop(is_v6 ? AF_INET6 : AF_INET, network.bytes + (is_v6 ? 0 : V4_AT), first, sizeof first);
    error_set(error, ERROR_INVALID, "%s has bits outside of its network: say %s/%u", text, first, prefix);
    return false;
}

/* Of an address alone, given is NULL, and all bits count. */
static bool read_prefix(const char *text, const char *given, unsigned most, unsigned *out_prefix, GError **error) {
    guint64 prefix = most;
    if (given && !g_ascii_string_to_unsigned(given, 10, 0, most, &prefix, NULL)) {
        error_set(error, ERROR_INVALID, "%s: what is behind the / must be a number from 0 to %u", text, most);
        return false;
    }
    *out_prefix = (unsigned)prefix;
    return true;
}

bool ip_block_parse(const char *text, IpBlock *out, GError **error) {
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    unsigned prefix;
    IpBlock block;
    if (!parts[0] || !ip_parse(parts[0], block.bytes)) {
        error_set(error, ERROR_INVALID, "\"%s\" is no address, and no block of addresses as 10.0.0.0/8", text);
        return false;
    }
    bool is_v6 = strchr(parts[0], ':');
    unsigned before = is_v6 ? 0 : V4_BITS;
    if (!read_prefix(text, parts[1], ALL_BITS - before, &prefix, error))
        return false;
    block.bits = before + prefix;
    if (!check_rest(text, &block, is_v6, prefix, error))
        return false;
    *out = block;
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
