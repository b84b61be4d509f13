#include "web/layout.h"

const char *layout_run_class(RunStatus status) {
    switch (status) {
    case RUN_DATA_PENDING:
    case RUN_NEEDS_DIFF:
        return "pending";
    case RUN_DIFF_NOT_FOUND:
        return "passed";
    case RUN_DIFF_FOUND:
        return "different";
    case RUN_DIFF_APPROVED:
        return "approved";
    case RUN_NO_DIFF_NEEDED:
        return "missing";
    case RUN_FAILED:
        return "failed";
    }
    g_assert_not_reached();
}

char *layout_plain_url(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED, NULL);
    return uri && g_uri_get_userinfo(uri) ? g_uri_to_string_partial(uri, G_URI_HIDE_USERINFO) : g_strdup(url);
}
