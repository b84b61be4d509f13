/* For those who look after the server: balancers, monitoring. No key is asked for, and nothing told that is anybody's. */
#pragma once

#include "http/server.h"

HttpResponse *api_healthz(HttpRequest *request, void *api); /* 200: the process answers */
HttpResponse *api_readyz(HttpRequest *request, void *api);  /* 200, or 503: the database does not answer, or is of another version */
HttpResponse *api_metrics(HttpRequest *request, void *api); /* see metrics.h */
