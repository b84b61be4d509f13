/* Releases: dpxdt.h says what each function does. */
#include "client/ask.h"

#include "base/clock.h"

#include <string.h>

/* At once in dpxdt_wait(): as long as it takes no proxy to think that the server is dead. */
enum { WAIT_S = 30 };

DpxdtStatus dpxdt_create_release(DpxdtClient *client, DpxdtRelease *release, const char *url, const char *status_url) {
    GError *error = NULL;
    GString *form = form_of_build(release->build_id);
    form_add(form, "release_name", release->name);
    form_add(form, "url", url);
    form_add(form, "status_url", status_url);
    json_t *answer = client_call(client, "create_release", form, &error);
    int number = client_number(answer, "release_number");
    if (number >= 1)
        release->number = number;
    else if (answer)
        error_set(&error, ERROR_FAILED, "the server says nothing of the release's number");
    json_decref(answer);
    return client_end(client, error);
}

DpxdtStatus dpxdt_runs_done(DpxdtClient *client, const DpxdtRelease *release, char **out_url) {
    GError *error = NULL;
    json_t *answer = client_call(client, "runs_done", form_of_release(release), &error);
    const char *url = json_string_value(json_object_get(answer, "results_url"));
    if (answer && !url)
        error_set(&error, ERROR_FAILED, "the server says nothing of the release's page");
    else if (url && out_url)
        *out_url = g_strdup(url);
    json_decref(answer);
    return client_end(client, error);
}

DpxdtStatus client_decide_release(DpxdtClient *client, const DpxdtRelease *release, const char *status) {
    GString *form = form_of_release(release);
    form_add(form, "status", status);
    return client_tell(client, "decide_release", form);
}

static bool is_state(const char *status) {
    static const char *const all[] = {"receiving", "processing", "reviewing", "good", "bad", NULL};
    return status && g_strv_contains(all, status);
}

static DpxdtStatus ask_state(DpxdtClient *client, const DpxdtRelease *release, int wait_s, DpxdtState *out_state) {
    GError *error = NULL;
    GString *form = form_of_release(release);
    form_add_number(form, "wait", wait_s);
    json_t *answer = client_call(client, "release_status", form, &error);
    const char *status = json_string_value(json_object_get(answer, "status"));
    if (answer && !is_state(status))
        error_set(&error, ERROR_FAILED, "the server says nothing of the release's status, or what is none");
    if (is_state(status)) {
        *out_state = (DpxdtState){
            .pending = client_number(answer, "pending"),
            .failed = client_number(answer, "failed"),
            .different = client_number(answer, "different"),
            .approved = client_number(answer, "approved"),
            .same = client_number(answer, "same"),
            .new_runs = client_number(answer, "new"),
        };
        g_strlcpy(out_state->status, status, sizeof out_state->status);
    }
    json_decref(answer);
    return client_end(client, error);
}

DpxdtStatus dpxdt_state(DpxdtClient *client, const DpxdtRelease *release, DpxdtState *out_state) {
    return ask_state(client, release, 0, out_state);
}

static bool is_settled(const DpxdtState *state) {
    return strcmp(state->status, "receiving") != 0 && strcmp(state->status, "processing") != 0;
}

DpxdtStatus dpxdt_wait(DpxdtClient *client, const DpxdtRelease *release, int timeout_s, DpxdtState *out_state) {
    int64_t deadline_ms = clock_now_ms() + (int64_t)timeout_s * 1000;
    for (;;) {
        int left_s = (clock_left_ms(deadline_ms) + 999) / 1000;
        DpxdtStatus status = ask_state(client, release, MIN(left_s, WAIT_S), out_state);
        if (status != DPXDT_OK || is_settled(out_state))
            return status;
        if (clock_now_ms() < deadline_ms)
            continue;
        GError *error = NULL;
        error_set(&error, ERROR_TIMEOUT, "the release is %s still, after %d s: %d of its runs wait", out_state->status,
                  timeout_s, out_state->pending);
        return client_end(client, error);
    }
}
