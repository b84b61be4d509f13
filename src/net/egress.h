/* Which addresses a server may be made to look at by those who use it: none of its own network, where other things listen
 * that trust whoever comes from there. */
#pragma once

#include "base/error.h"

/* Whether a URL is http or https, and leads to no address that is private, loopback, link-local or otherwise not of the
 * public internet. A host is looked up, which can take a while, and may be something else the next time; one that is not
 * found passes: there is nothing to be reached. ERROR_INVALID for what is no such URL, ERROR_DENIED for such an address,
 * unless they are allowed. Any
 * thread. */
bool egress_check(const char *url, bool allow_private, GError **error) MUST_CHECK;

/* Whether an address that is about to be connected to is none of those: for whoever must not trust that a name still leads
 * where it did. Any thread. */
struct sockaddr;
bool egress_allows(const struct sockaddr *address);
