#include "net/curl.h"

Curl curl;
static LIBRARY(curl, CURL_FUNCTIONS, "libcurl.so.4", "libcurl4");
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void) {
    curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool curl_load(GError **error) {
    if (!library_load(&curl_library, error))
        return false;
    pthread_once(&once, init);
    return true;
}
