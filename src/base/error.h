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
    ERROR_DOUBTFUL,  /* it is not known whether it was done: only what may be done twice is to be tried again */
    ERROR_FULL,      /* there is no room left on a disk: once there is some, it works */

    /* What a command cannot begin without. */
    ERROR_NO_PROGRAM,  /* a program or a library that is needed is not installed */
    ERROR_NO_DATABASE, /* the database does not answer, or not to us */
    ERROR_NO_STORE,    /* nor does the folder or the bucket of the pictures */
    ERROR_OLD_TABLES,  /* the database is an older version's: `dpxdt migrate` */
    ERROR_NEW_TABLES,  /* it is a newer one's */
    ERROR_NOT_NOW,     /* something that passes by itself is in the way: a port in use, too many processes */
} ErrorCode;

#define DPXDT_ERROR (error_quark())
GQuark error_quark(void);

/* Sets *error, where error is not NULL, to a message made as by printf. Any thread. */
void error_set(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with ": " and the text of errno_value behind the message. What failed for a lack of room on a disk is
 * ERROR_FULL. */
void error_set_errno(GError **error, ErrorCode code, int errno_value, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* What to call a failure to start something: ERROR_NOT_NOW for what a machine has too little of just now (processes, memory,
 * descriptors), a port that another has, who may be about to end, and an address that comes with the network; else
 * ERROR_FAILED. */
ErrorCode error_code_of_errno(int errno_value);

/* Tells whether error is one of ours with this code; false for NULL. */
bool error_is(const GError *error, ErrorCode code);

/* Its code: ERROR_FAILED for an error that is not one of ours. */
ErrorCode error_code(const GError *error);

/* The HTTP status that a code stands for: 400, 403, 404, 409, 500, 503, 504 or 507. */
int error_http_status(ErrorCode code);

/* The exit status of a command that ends with it: 3 for a program that is missing, 4 for a database that does not
 * answer, 5 for a folder or a bucket that does not, 6 for a full disk, 7 and 8 for older and newer tables, 9 for
 * what may pass by itself, 130 for ERROR_STOPPED, 2 for all else. */
int error_exit_status(ErrorCode code);
