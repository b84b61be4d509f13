/* Who speaks of a task that he has leased, and what he is told if he has not. */
#pragma once

#include "api/call.h"
#include "queue/queue.h"

/* Workers of old say nothing of who they are: it is their address, then. */
const char *lease_owner(const Call *call);

/* The holder that a request names: task_id, and lease_id or owner. Of the queue that is given. */
bool lease_read_holder(Call *call, const char *queue, LeaseHolder *out, GError **error) MUST_CHECK;

/* Gives an error of the queue the name that the workers of old print. Returns false. */
bool lease_name_error(GError **error);
