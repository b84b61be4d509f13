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
