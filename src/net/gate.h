/* A way to the public internet for a program that is not to be trusted, as a browser with pages of strangers: a SOCKS5 proxy
 * (RFC 1928) on loopback. It looks names up itself, and connects to the very address that it found to be a public one; so
 * neither a name that leads elsewhere the next time, nor a redirect, a frame, a script, or a WebSocket gets around it. */
#pragma once

#include "base/error.h"

typedef struct Gate Gate;

/* Listens on a port of its own; each connection has a thread. Fails with ERROR_FAILED. */
Gate *gate_new(GError **error) MUST_CHECK;

/* Ends all connections. */
void gate_free(Gate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gate, gate_free)

/* Of 127.0.0.1. Any thread. */
int gate_port(const Gate *gate);
