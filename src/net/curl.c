#include "net/curl.h"

#include "base/library.h"

#include <glib.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static Curl curl;
static GError *why_not; /* it could not be loaded */

static void load(void) {
    CURLcode (*global_init)(long flags) = NULL;
    const LibrarySymbol symbols[] = {
        {"curl_global_init", &global_init},          {"curl_easy_init", &curl.easy_init},
        {"curl_easy_setopt", &curl.easy_setopt},     {"curl_easy_perform", &curl.easy_perform},
        {"curl_easy_getinfo", &curl.easy_getinfo},   {"curl_easy_cleanup", &curl.easy_cleanup},
        {"curl_easy_strerror", &curl.easy_strerror},
    };
    if (library_load("libcurl.so.4", "libcurl4", symbols, G_N_ELEMENTS(symbols), &why_not))
        global_init(CURL_GLOBAL_DEFAULT);
}

const Curl *curl_load(GError **error) {
    pthread_once(&once, load);
    if (!why_not)
        return &curl;
    g_propagate_error(error, g_error_copy(why_not));
    return NULL;
}
