/* The DevTools protocol: one connection to one browser, over a pair of pipes.
 *
 * One reader thread takes messages off the pipe and hands each to the session it is for. A session belongs to one
 * thread, which calls commands in plain blocking order; while it waits for anything, the events that came are given to
 * its handler, on that same thread. So the code of a page needs no locks, and reads from top to bottom. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Devtools Devtools;
typedef struct CdpSession CdpSession;
typedef struct Call Call;

/* Takes both descriptors: commands go to write_fd, replies come from read_fd. Starts the reader thread. */
Devtools *devtools_new(int write_fd, int read_fd);

/* All sessions must have been freed. */
void devtools_free(Devtools *devtools);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Devtools, devtools_free)

/* Whether the browser closed its end, talked nonsense, or took no more commands: it is of no more use. Any thread. */
bool devtools_is_gone(Devtools *devtools);

/* Says so of one that hangs: every session's waits end with ERROR_GONE from now on. Any thread. */
void devtools_give_up(Devtools *devtools);

/* What a session's handler is told: an event, with its parameters (borrowed). It may call cdp_send() and
 * cdp_begin(), not what waits. */
typedef void (*CdpHandler)(const char *event, const json_t *params, void *data);

/* Talks to the target that the browser knows by session_id (from Target.attachToTarget), or to the browser itself if
 * that is NULL. handler may be NULL. Each wait of the session ends at its deadline (clock_now_ms()). */
CdpSession *cdp_new(Devtools *devtools, const char *session_id, CdpHandler handler, void *data);
void cdp_free(CdpSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CdpSession, cdp_free)
void cdp_set_deadline(CdpSession *session, int64_t deadline_ms);
int64_t cdp_deadline(const CdpSession *session);

/* Sends a command whose reply does not matter. Takes params, which may be NULL for none. */
void cdp_send(CdpSession *session, const char *method, json_t *params);

/* The same to a target that was attached below this session (a worker), named by its own session id. */
void cdp_send_to(CdpSession *session, const char *session_id, const char *method, json_t *params);

/* Sends a command and waits for its reply. Takes params. Returns the result, a JSON object which the caller owns. NULL
 * with error: ERROR_FAILED if the browser refuses it or the page's process crashed, ERROR_TIMEOUT at the deadline,
 * ERROR_GONE if the browser went, ERROR_STOPPED. */
json_t *cdp_call(CdpSession *session, const char *method, json_t *params, GError **error) MUST_CHECK;

/* The same for a command whose result is {"data": "<base64>"}: returns the bytes, without a detour through JSON. */
GBytes *cdp_call_data(CdpSession *session, const char *method, json_t *params, GError **error) MUST_CHECK;

/* The two halves of cdp_call(), for doing other things in between. Every Call is ended once, or freed. */
Call *cdp_begin(CdpSession *session, const char *method, json_t *params);

/* The same to a target that was attached below this session. */
Call *cdp_begin_to(CdpSession *session, const char *session_id, const char *method, json_t *params);
bool call_is_done(Call *call);
json_t *call_end(Call *call, GError **error) MUST_CHECK;
GBytes *call_end_data(Call *call, GError **error) MUST_CHECK; /* as cdp_call_data() */
void call_free(Call *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* Handles events until done(data) is true, asked after each event and at least every poll_ms. False with error set as
 * by cdp_call(); at `until` (clock_now_ms(), at most the session's deadline) with ERROR_TIMEOUT. */
bool cdp_wait(CdpSession *session, bool (*done)(void *data), void *data, int64_t until, int poll_ms,
              GError **error) MUST_CHECK;
