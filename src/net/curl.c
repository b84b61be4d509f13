#include "net/curl.h"

#include <dlfcn.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static Curl curl;
static char *why_not; /* dlerror()'s words, or NULL */

/* A pointer to a function and one to an object have no common type in C; POSIX has them of one size. */
static bool find(void *library, const char *name, void *out_function) {
    void *symbol = dlsym(library, name);
    memcpy(out_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load(void) {
    CURLcode (*global_init)(long flags) = NULL;
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library && find(library, "curl_global_init", &global_init) &&
        find(library, "curl_easy_init", &curl.easy_init) && find(library, "curl_easy_setopt", &curl.easy_setopt) &&
        find(library, "curl_easy_perform", &curl.easy_perform) &&
        find(library, "curl_easy_getinfo", &curl.easy_getinfo) &&
        find(library, "curl_easy_cleanup", &curl.easy_cleanup) &&
        find(library, "curl_easy_strerror", &curl.easy_strerror))
        global_init(CURL_GLOBAL_DEFAULT);
    else
        why_not = g_strdup(dlerror());
}

const Curl *curl_load(GError **error) {
    pthread_once(&once, load);
    if (!why_not)
        return &curl;
    error_set(error, ERROR_FAILED, "libcurl (package libcurl4) is needed for this: %s", why_not);
    return NULL;
}
