/* create_release and runs_done. */
#pragma once

#include "http/server.h"

HttpHandler api_create_release, api_runs_done;
