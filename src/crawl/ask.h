/* The requests of a crawl. */
#pragma once

#include "net/fetch.h"

/* What they have in common. Never changes: any thread. */
typedef struct {
    const char *user, *password; /* of Basic authentication; NULL: none */
    const char *const *headers;  /* "Name: value", the last one NULL; or NULL */
    int timeout_ms;              /* of one request */
    int64_t deadline_ms;         /* of all (clock_now_ms()) */
    const char *too_late;        /* what is said of those that are not made because of that */
} Asking;

/* Gets what is at an address; where no connection comes about, or it breaks, once more. Redirects are not followed.
 * begin and data are as in FetchRequest. Fails as fetcher_run() does, with a message that is to be read behind the
 * address: "timed out", "is longer than 8 MB" (also if begin() broke it off, which knows better why). */
FetchReply *ask(Fetcher *fetcher, const Asking *asking, const char *url, int64_t max_bytes,
                bool (*begin)(void *data, int status, GHashTable *headers, GError **error), void *data,
                GError **error) MUST_CHECK;

/* Whether an answer sends elsewhere. *out_target is then where, as crawl/address.h writes it, which the caller frees;
 * NULL if it is no page of http or https. */
bool ask_is_redirect(const char *url, int status, GHashTable *headers, char **out_target);
