/* Addresses that mail is sent to or from: of RFC 5321, the part that all servers understand. A mailbox is a dot-atom of
 * ASCII, 64 characters at most, its domain a name, and the whole has 254 characters at most. There is no display name, no
 * quoting, no [1.2.3.4] and no UTF-8 (RFC 6531), so nothing in an address can end a line, a header or a command. */
#pragma once

#include "base/error.h"

/* Fails with ERROR_INVALID, and a message that says what is wrong with it. Any thread. */
bool mail_address_check(const char *address, GError **error) MUST_CHECK;

/* The same address with its domain in lower case, so that two that mean the same are more often equal; what is before the @
 * is its server's matter. The caller frees it. NULL with ERROR_INVALID as above. Any thread. */
char *mail_address_normalize(const char *address, GError **error) MUST_CHECK;

/* Whether text, of size bytes, is a dot-atom (RFC 5322, 3.2.3): words of the characters that need no quoting, with single
 * dots between them. Any thread. */
bool mail_address_is_dot_atom(const char *text, size_t size);
