#include "api/lease.h"

const char *lease_owner(const Call *call) {
    const char *owner = call_optional_text(call, "owner");
    return owner ? owner : http_request_address(call->request);
}

bool lease_read_holder(Call *call, const char *queue, LeaseHolder *out, GError **error) {
    *out = (LeaseHolder){.queue = queue,
                         .name = call_text(call, "task_id", error),
                         .lease = call_optional_text(call, "lease_id"),
                         .owner = lease_owner(call)};
    return out->name != NULL;
}

bool lease_name_error(GError **error) {
    static const struct {
        ErrorCode code;
        const char *name;
    } names[] = {
        {ERROR_NOT_FOUND, "TaskDoesNotExistError: "},
        {ERROR_TIMEOUT, "LeaseExpiredError: "},
        {ERROR_GONE, "LeaseExpiredError: "},
        {ERROR_DENIED, "NotOwnerError: "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (error_is(*error, names[i].code)) {
            g_prefix_error(error, "%s", names[i].name);
            (*error)->code = ERROR_INVALID;
            break;
        }
    return false;
}
