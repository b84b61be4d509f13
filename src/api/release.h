/* Releases: create_release, runs_done, release_status, decide_release. */
#pragma once

#include "http/server.h"

HttpHandler api_create_release, api_runs_done, api_release_status, api_decide_release;
