/* find_run, request_run and report_run. */
#pragma once

#include "http/server.h"

HttpHandler api_find_run, api_request_run, api_report_run;
