#include "base/error.h"

/* Not G_DEFINE_QUARK: its static is written by whichever threads come first, which ThreadSanitizer minds. */
GQuark error_quark(void) {
    return g_quark_from_static_string("dpxdt");
}

static const int http_statuses[] = {
    [ERROR_FAILED] = 500, [ERROR_INVALID] = 400, [ERROR_NOT_FOUND] = 404, [ERROR_DENIED] = 403,
    [ERROR_BUSY] = 409,   [ERROR_TIMEOUT] = 503, [ERROR_GONE] = 404,      [ERROR_STOPPED] = 503,
};

static const int exit_statuses[] = {
    [ERROR_FAILED] = 2,  [ERROR_INVALID] = 2, [ERROR_NOT_FOUND] = 2, [ERROR_DENIED] = 2, [ERROR_BUSY] = 2,
    [ERROR_TIMEOUT] = 2, [ERROR_GONE] = 2,    [ERROR_STOPPED] = 130, /* 128 + SIGINT, as shells have it */
};

void error_set(GError **error, ErrorCode code, const char *format, ...) {
    if (!error)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_propagate_error(error, g_error_new_valist(DPXDT_ERROR, (int)code, format, arguments));
    va_end(arguments);
}

void error_set_errno(GError **error, ErrorCode code, int errno_value, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(error, code, "%s: %s", message, g_strerror(errno_value));
}

bool error_is(const GError *error, ErrorCode code) {
    return g_error_matches(error, DPXDT_ERROR, (int)code);
}

int error_http_status(const GError *error) {
    return error->domain == DPXDT_ERROR ? http_statuses[error->code] : 500;
}

int error_exit_status(const GError *error) {
    if (!error || error->domain != DPXDT_ERROR)
        return 2;
    return exit_statuses[error->code];
}
