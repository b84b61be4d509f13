/* --log-format of the commands that run for long. */
#pragma once

#include "base/log.h"
#include "cmd/command.h"

#define LOG_ENTRY(format)                                                                                      \
    {                                                                                                          \
        "log-format", 0, 0, G_OPTION_ARG_STRING, (format), "Lines of key=value, or of JSON (default: logfmt)", \
            "logfmt|json"                                                                                      \
    }

/* Sets up the log. NULL is logfmt; fails with ERROR_INVALID for what is neither. */
bool log_options_apply(const char *format, GError **error) MUST_CHECK;
