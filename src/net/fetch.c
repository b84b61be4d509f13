#include "net/fetch.h"

#include "base/stop.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

/* As many as browsers follow. */
enum { MAX_REDIRECTS = 20 };
/* A server that is up sends its front page in this; one that streams for ever is up, too. */
enum { MAX_BODY_BYTES = 64 * 1024 * 1024 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialize(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t discard(char *data, size_t size, size_t count, void *unused) {
    (void)data, (void)unused;
    return size * count;
}

static int stop_if_asked(void *unused, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    (void)unused, (void)down_total, (void)up_total, (void)up;
    return stop_requested() || down > MAX_BODY_BYTES;
}

static CURL *new_request(const char *method, const char *url, int timeout_ms) {
    CURL *curl = curl_easy_init();
    g_assert(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, (long)(strcmp(method, "HEAD") == 0));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_if_asked);
    return curl;
}

int fetch_status(const char *method, const char *url, int timeout_ms, GError **error) {
    char reason[CURL_ERROR_SIZE] = "";
    long status = 0;

    pthread_once(&once, initialize);
    CURL *curl = new_request(method, url, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return (int)status;
    if (stop_requested())
        error_set(error, ERROR_STOPPED, "stopped");
    else
        error_set(error, code == CURLE_OPERATION_TIMEDOUT ? ERROR_TIMEOUT : ERROR_FAILED, "%s",
                  *reason ? reason : curl_easy_strerror(code));
    return 0;
}
