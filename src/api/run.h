/* Runs: find_run, request_run, report_run, list_runs, decide_run. */
#pragma once

#include "http/server.h"

HttpHandler api_find_run, api_request_run, api_report_run, api_list_runs, api_decide_run;
