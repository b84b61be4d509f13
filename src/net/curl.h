/* libcurl, as base/library.h has it: to load it, and the forty libraries that it brings, takes 7 ms of processor
 * time: more than it takes to compare two screenshots, which needs none of them. */
#pragma once

#include "base/library.h"

#define CURL_DISABLE_TYPECHECK /* which would look at our pointers for functions */
#include <curl/curl.h>

/* What we call of it; as in its own manual. */
#define CURL_FUNCTIONS(F)  \
    F(curl_easy_init)      \
    F(curl_easy_reset)     \
    F(curl_easy_setopt)    \
    F(curl_easy_perform)   \
    F(curl_easy_getinfo)   \
    F(curl_easy_cleanup)   \
    F(curl_easy_strerror)  \
    F(curl_slist_append)   \
    F(curl_slist_free_all) \
    F(curl_mime_init)      \
    F(curl_mime_addpart)   \
    F(curl_mime_name)      \
    F(curl_mime_filename)  \
    F(curl_mime_type)      \
    F(curl_mime_data)      \
    F(curl_mime_data_cb)   \
    F(curl_mime_encoder)   \
    F(curl_mime_headers)   \
    F(curl_mime_subparts)  \
    F(curl_mime_free)      \
    F(curl_global_init)

typedef struct {
    CURL_FUNCTIONS(LIBRARY_POINTER)
} Curl;

/* Valid once curl_load() has returned true. */
extern Curl curl;

/* Fails with ERROR_NO_PROGRAM if the library is not installed. Any thread. */
bool curl_load(GError **error) MUST_CHECK;
