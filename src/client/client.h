/* What our own programs need of a client beside dpxdt.h, which is its interface. */
#pragma once

#include "base/error.h"

#include <dpxdt.h>
#include <jansson.h>

/* Calls end when the program is to end (base/stop.h). */
void client_end_on_stop(DpxdtClient *client);

/* Calls are tried once: for who has not the time to wait until a server is there again. */
void client_try_once(DpxdtClient *client);

/* Where the queue is, if it is elsewhere than below the API. */
void client_set_queue_prefix(DpxdtClient *client, const char *prefix);

/* Whether a call was fine; else its failure as an error. */
bool client_check(const DpxdtClient *client, DpxdtStatus status, GError **error) MUST_CHECK;

/* Whether the client may make releases of a build: as the call that makes one would find, which changes something. */
DpxdtStatus client_check_build(DpxdtClient *client, int64_t build_id);

/* Says what a release is: "good", "bad", "reviewing". */
DpxdtStatus client_decide_release(DpxdtClient *client, const DpxdtRelease *release, const char *status);

/* The runs of a release, as the server lists them: an array of objects, which the caller frees with json_decref(). NULL with
 * an error. */
json_t *client_list_runs(DpxdtClient *client, const DpxdtRelease *release, GError **error) MUST_CHECK;
