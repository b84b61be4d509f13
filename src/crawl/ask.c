#include "crawl/ask.h"

#include "base/clock.h"
#include "crawl/address.h"

enum { ATTEMPTS = 2 };

/* left_ms: until the deadline, when it was asked. That clock and the timer of libcurl need not agree afterwards. */
static void explain(const Asking *asking, int64_t max_bytes, int left_ms, const GError *why, GError **error) {
    ErrorCode code = (ErrorCode)why->code;
    if (code == ERROR_TIMEOUT)
        error_set(error, code, "%s", left_ms <= asking->timeout_ms ? asking->too_late : "timed out");
    else if (code == ERROR_INVALID)
        error_set(error, code, "is longer than %d MB", (int)(max_bytes / 1024 / 1024));
    else
        error_set(error, code, "did not answer: %s", why->message);
}

FetchReply *ask(Fetcher *fetcher, const Asking *asking, const char *url, int64_t max_bytes,
                bool (*begin)(void *data, int status, GHashTable *headers, GError **error), void *data,
                GError **error) {
    for (int attempt = 1;; attempt++) {
        int left_ms = clock_left_ms(asking->deadline_ms);
        const FetchRequest request = {
            .method = "GET",
            .url = url,
            .user = asking->user,
            .password = asking->password,
            .headers = asking->headers,
            .timeout_ms = MAX(MIN(asking->timeout_ms, left_ms), 1), /* 0 would be for ever */
            .max_bytes = max_bytes,
            .begin = begin,
            .begin_data = data,
            .ends_on_stop = true,
        };
        g_autoptr(GError) why = NULL;
        g_autoptr(FetchReply) reply = fetcher_run(fetcher, &request, &why);
        if (reply)
            return g_steal_pointer(&reply);
        if (attempt < ATTEMPTS && (error_is(why, ERROR_FAILED) || error_is(why, ERROR_NOT_FOUND)))
            continue;
        explain(asking, max_bytes, left_ms, why, error);
        return NULL;
    }
}

bool ask_is_redirect(const char *url, int status, GHashTable *headers, char **out_target) {
    const char *location = g_hash_table_lookup(headers, "location");
    if (!location || (status != 301 && status != 302 && status != 303 && status != 307 && status != 308))
        return false;
    g_autofree char *reference = g_utf8_make_valid(location, -1);
    g_autoptr(GUri) base = address_parse(url, NULL);
    *out_target = base ? address_resolve(base, reference) : NULL;
    return true;
}
