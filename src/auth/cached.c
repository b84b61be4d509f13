#include "auth/cached.h"

#include "auth/http_json.h"
#include "base/clock.h"

/* Whoever sends tokens with keys that there are not could have us ask at each of them. */
enum { RENEWAL_INTERVAL_MS = 60 * 1000 };

struct CachedDocument {
    pthread_mutex_t lock;   /* guards all below */
    pthread_cond_t changed; /* a thread that asked has got its answer */
    bool is_being_asked;
    unsigned n_answers;
    json_t *json;    /* the last good one, or NULL */
    GError *failure; /* why there is none of the last time, or NULL */
    int64_t expires_ms, may_renew_ms;
};

CachedDocument *cached_document_new(void) {
    CachedDocument *document = g_new0(CachedDocument, 1);
    pthread_mutex_init(&document->lock, NULL);
    clock_cond_init(&document->changed);
    return document;
}

void cached_document_free(CachedDocument *document) {
    if (!document)
        return;
    json_decref(document->json);
    g_clear_error(&document->failure);
    pthread_cond_destroy(&document->changed);
    pthread_mutex_destroy(&document->lock);
    g_free(document);
}

static bool is_document(const HttpJson *answer, GError **error) {
    if (answer->status != 200)
        error_set(error, ERROR_FAILED, "it answered with status %d", answer->status);
    else if (!answer->json)
        error_set(error, ERROR_FAILED, "it gave no JSON object");
    return answer->status == 200 && answer->json;
}

static bool fetch(const char *url, CachedCheck check, const void *data, HttpJson *out_answer, GError **error) {
    const FetchRequest request = {.method = "GET", .url = url};
    if (http_json_ask(&request, out_answer, error) && is_document(out_answer, error) &&
        check(out_answer->json, data, error))
        return true;
    g_prefix_error(error, "%s: ", url);
    return false;
}

/* With the lock held, but for the time of asking. What was good goes only when its time is over. */
static bool ask(CachedDocument *document, const char *url, CachedCheck check, const void *data) {
    g_auto(HttpJson) answer = {0};
    GError *failure = NULL;
    document->is_being_asked = true;
    pthread_mutex_unlock(&document->lock);
    bool is_good = fetch(url, check, data, &answer, &failure);
    pthread_mutex_lock(&document->lock);
    document->is_being_asked = false;
    document->n_answers++;
    g_clear_error(&document->failure);
    document->failure = failure;
    if (is_good) {
        json_decref(document->json);
        document->json = g_steal_pointer(&answer.json);
        document->expires_ms = clock_now_ms() + answer.lifetime_ms;
    }
    pthread_cond_broadcast(&document->changed);
    return is_good;
}

/* With the lock held. Waits for the answer to the thread that is asking, if there is one: whether there was. Whoever asks has a
 * deadline, so this ends, too. */
static bool wait_for_others(CachedDocument *document) {
    bool has_waited = document->is_being_asked;
    unsigned n = document->n_answers;
    while (has_waited && document->n_answers == n)
        pthread_cond_wait(&document->changed, &document->lock);
    return has_waited;
}

/* With the lock held. A copy: ThreadSanitizer sees no references that are counted in libraries. */
static json_t *result(const CachedDocument *document, bool is_good, GError **error) {
    if (is_good)
        return json_deep_copy(document->json);
    g_propagate_error(error, g_error_copy(document->failure));
    return NULL;
}

json_t *cached_document_get(CachedDocument *document, const char *url, CachedCheck check, const void *data,
                            GError **error) {
    pthread_mutex_lock(&document->lock);
    bool has_waited = wait_for_others(document);
    bool is_fresh = document->json && clock_now_ms() < document->expires_ms;
    bool is_good = is_fresh || (!has_waited && ask(document, url, check, data));
    json_t *json = result(document, is_good, error);
    pthread_mutex_unlock(&document->lock);
    return json;
}

json_t *cached_document_renew(CachedDocument *document, const char *url, CachedCheck check, const void *data,
                              GError **error) {
    pthread_mutex_lock(&document->lock);
    wait_for_others(document);
    int64_t now_ms = clock_now_ms();
    bool may_ask = !document->json || now_ms >= document->may_renew_ms;
    if (may_ask)
        document->may_renew_ms = now_ms + RENEWAL_INTERVAL_MS;
    bool is_good = may_ask ? ask(document, url, check, data) : !document->failure;
    json_t *json = result(document, is_good, error);
    pthread_mutex_unlock(&document->lock);
    return json;
}
