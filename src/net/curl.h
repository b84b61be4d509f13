/* libcurl, as base/library.h has it: to load it, and the forty libraries that it brings, takes 7 ms of processor
 * time: more than it takes to compare two screenshots, which needs none of them. */
#pragma once

#include "base/error.h"

#include <curl/curl.h>

/* What we call of it; as in its own manual. */
typedef struct {
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
} Curl;

/* Returns a constant, or NULL with ERROR_FAILED if the library is not installed. Any thread. */
const Curl *curl_load(GError **error) MUST_CHECK;
