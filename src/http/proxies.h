/* Requests that come through proxies: who asked these, and how. Only proxies that the server knows are believed. */
#pragma once

#include "http/server.h"

/* The address of the client: the last one that is no known proxy's, of those that X-Forwarded-For names and of the peer's own.
 * forwarded may be NULL. The caller frees it. */
char *proxies_find_client(const HttpConfig *config, const char *peer, const char *forwarded);

/* Whether the peer is a known proxy. */
bool proxies_know(const HttpConfig *config, const char *peer);
