/* The one way to fail: a GError of the domain DPXDT_ERROR, completed on its way up.
 * The code says what the caller can do about it; the message is for a person. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

typedef enum {
    ERROR_FAILED,    /* it did not work, and trying the same again is not likely to help */
    ERROR_INVALID,   /* what was given is wrong: a file, an option, a parameter */
    ERROR_NOT_FOUND, /* what was named does not exist */
    ERROR_DENIED,    /* it exists, but not for the one who asks */
    ERROR_BUSY,      /* somebody else holds it now; later it may work */
    ERROR_TIMEOUT,   /* it did not end in the time that it was given */
    ERROR_GONE,      /* a program that was needed ended under our hands; a new one may do */
    ERROR_STOPPED,   /* we were asked to stop (Ctrl-C, SIGTERM) */
} ErrorCode;

#define DPXDT_ERROR (error_quark())
GQuark error_quark(void);

/* Sets *error, where error is not NULL, to a message made as by printf. Any thread. */
void error_set(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with ": " and the text of errno_value behind the message. */
void error_set_errno(GError **error, ErrorCode code, int errno_value, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Tells whether error is one of ours with this code; false for NULL. */
bool error_is(const GError *error, ErrorCode code);

/* The HTTP status that an error stands for: 400, 403, 404, 409, 500 or 503. */
int error_http_status(const GError *error);

/* The exit status of a command that ends with this error: 2, or 130 for ERROR_STOPPED. */
int error_exit_status(const GError *error);
