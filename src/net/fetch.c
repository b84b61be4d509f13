#include "net/fetch.h"

#include "base/stop.h"
#include "net/curl.h"

#include <string.h>

/* As many as browsers follow. */
enum { MAX_REDIRECTS = 20 };
/* A server that is up sends its front page in this; one that streams for ever is up, too. */
enum { MAX_BODY_BYTES = 64 * 1024 * 1024 };

static size_t discard(char *data, size_t size, size_t count, void *unused) {
    (void)data, (void)unused;
    return size * count;
}

static int stop_if_asked(void *unused, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    (void)unused, (void)down_total, (void)up_total, (void)up;
    return stop_requested() || down > MAX_BODY_BYTES;
}

static CURL *new_request(const Curl *curl, const char *method, const char *url, int timeout_ms) {
    CURL *request = curl->easy_init();
    g_assert(request);
    curl->easy_setopt(request, CURLOPT_URL, url);
    curl->easy_setopt(request, CURLOPT_CUSTOMREQUEST, method);
    curl->easy_setopt(request, CURLOPT_NOBODY, (long)(strcmp(method, "HEAD") == 0));
    curl->easy_setopt(request, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(request, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(request, CURLOPT_FOLLOWLOCATION, 1L);
    curl->easy_setopt(request, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    curl->easy_setopt(request, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl->easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(request, CURLOPT_SSL_VERIFYPEER, 0L);
    curl->easy_setopt(request, CURLOPT_SSL_VERIFYHOST, 0L);
    curl->easy_setopt(request, CURLOPT_WRITEFUNCTION, discard);
    curl->easy_setopt(request, CURLOPT_NOPROGRESS, 0L);
    curl->easy_setopt(request, CURLOPT_XFERINFOFUNCTION, stop_if_asked);
    return request;
}

int fetch_status(const char *method, const char *url, int timeout_ms, GError **error) {
    char reason[CURL_ERROR_SIZE] = "";
    long status = 0;

    const Curl *curl = curl_load(error);
    if (!curl)
        return 0;
    CURL *request = new_request(curl, method, url, timeout_ms);
    curl->easy_setopt(request, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = curl->easy_perform(request);
    curl->easy_getinfo(request, CURLINFO_RESPONSE_CODE, &status);
    curl->easy_cleanup(request);
    if (code == CURLE_OK)
        return (int)status;
    if (stop_requested())
        error_set(error, ERROR_STOPPED, "stopped");
    else
        error_set(error, code == CURLE_OPERATION_TIMEDOUT ? ERROR_TIMEOUT : ERROR_FAILED, "%s",
                  *reason ? reason : curl->easy_strerror(code));
    return 0;
}
