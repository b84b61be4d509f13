/* HTTP requests of our own, by libcurl. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* Asks for a URL (http or https) with a method ("HEAD", "GET"), follows redirects, throws the body away, and returns
 * the status of the last answer. Certificates are not checked: this is for asking whether a server is up, not for what
 * it says. 0 with error if there was no answer: ERROR_TIMEOUT after timeout_ms, ERROR_STOPPED, ERROR_FAILED with
 * libcurl's words for all else. */
int fetch_status(const char *method, const char *url, int timeout_ms, GError **error) MUST_CHECK;
