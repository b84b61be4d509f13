#include "cmd/log_options.h"

bool log_options_apply(const char *name, GError **error) {
    LogFormat format = LOG_LOGFMT;
    if (name && !log_format_from_name(name, &format)) {
        error_set(error, ERROR_INVALID, "--log-format must be logfmt or json, not %s", name);
        return false;
    }
    log_init(format);
    return true;
}
