/* Where in S3 bytes are kept, and with what keys: from a URL and the environment. */
#pragma once

#include "base/error.h"
#include "blob/s3_sign.h"

typedef struct {
    char *bucket;
    char *prefix;   /* "", or with a slash at its end */
    char *endpoint; /* as in S3Request */
    char *path;     /* of the bucket there: "/" or "/bucket/" */
    char *region;
    char *access_key, *secret_key, *session_token; /* the last one may be NULL */
} S3Place;

/* Reads a URL as blobs_open() has it. NULL with ERROR_INVALID, and a message that says what is wrong with what. */
S3Place *s3_place_new(const char *url, GError **error) MUST_CHECK;
void s3_place_free(S3Place *place);

/* Fails as s3_place_new() does, but for what is in the environment alone: whether the URL is right. */
bool s3_place_check(const char *url, GError **error) MUST_CHECK;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(S3Place, s3_place_free)
