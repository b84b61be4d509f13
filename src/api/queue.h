/* The queue, for workers. */
#pragma once

#include "http/server.h"

HttpHandler api_queue_add, api_queue_lease, api_queue_heartbeat, api_queue_finish, api_queue_give_back;
