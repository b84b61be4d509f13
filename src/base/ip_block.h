/* Blocks of IP addresses: which of them an address is in. Any thread. */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* Those addresses whose first bits are these. */
typedef struct {
    uint8_t bytes[16];
    unsigned bits;
} IpBlock;

enum { IP_BYTES = 16 };

/* Whether an address is in a block; it has as many bytes as that is of. */
bool ip_block_has(const IpBlock *block, const uint8_t *address);

/* An address as text, "10.0.0.1" or "::1", as one of IPv6: those of IPv4 are within ::ffff:0:0/96 (RFC 4291, 2.5.5.2). False
 * if it is none. */
bool ip_parse(const char *text, uint8_t out[IP_BYTES]);

/* A block as text: an address, or "10.0.0.0/8", whose address is the first of its network. Addresses in it are as ip_parse() has
 * them. Fails with ERROR_INVALID, and a message that says what would be right: who writes 10.1.2.3/8 may mean one machine. */
bool ip_block_parse(const char *text, IpBlock *out, GError **error) MUST_CHECK;

/* Whether a host leads to this machine: 127.0.0.0/8, ::1, and "localhost", which leads nowhere else (RFC 6761, 6.3). */
bool ip_is_loopback(const char *host);
