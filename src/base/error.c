#include "base/error.h"

#include <errno.h>

/* Not G_DEFINE_QUARK: its static is written by whichever threads come first, which ThreadSanitizer minds. */
GQuark error_quark(void) {
    return g_quark_from_static_string("dpxdt");
}

static const struct {
    int http, exit;
} statuses[] = {
    [ERROR_FAILED] = {500, 2},     [ERROR_INVALID] = {400, 2},     [ERROR_NOT_FOUND] = {404, 2},
    [ERROR_DENIED] = {403, 2},     [ERROR_BUSY] = {409, 2},        [ERROR_TIMEOUT] = {503, 2},
    [ERROR_GONE] = {404, 2},       [ERROR_STOPPED] = {503, 130}, /* 128 + SIGINT, as shells have it */
    [ERROR_NO_PROGRAM] = {500, 3}, [ERROR_NO_DATABASE] = {503, 4}, [ERROR_NO_STORE] = {503, 5},
    [ERROR_DOUBTFUL] = {504, 4},   [ERROR_FULL] = {507, 6},        [ERROR_OLD_TABLES] = {503, 7},
    [ERROR_NEW_TABLES] = {503, 8}, [ERROR_NOT_NOW] = {503, 9},
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
    bool is_full = errno_value == ENOSPC || errno_value == EDQUOT;
    error_set(error, is_full && code == ERROR_FAILED ? ERROR_FULL : code, "%s: %s", message, g_strerror(errno_value));
}

ErrorCode error_code_of_errno(int errno_value) {
    static const int passing[] = {EAGAIN, ENOMEM, EMFILE, ENFILE, EADDRINUSE, EADDRNOTAVAIL};
    for (size_t i = 0; i < G_N_ELEMENTS(passing); i++)
        if (errno_value == passing[i])
            return ERROR_NOT_NOW;
    return ERROR_FAILED;
}

bool error_is(const GError *error, ErrorCode code) {
    return g_error_matches(error, DPXDT_ERROR, (int)code);
}

ErrorCode error_code(const GError *error) {
    return error->domain == DPXDT_ERROR ? (ErrorCode)error->code : ERROR_FAILED;
}

int error_http_status(ErrorCode code) {
    return statuses[code].http;
}

int error_exit_status(ErrorCode code) {
    return statuses[code].exit;
}
