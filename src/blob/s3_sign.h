/* Requests to S3, signed as AWS Signature Version 4 has it. What is signed is spelled as what is sent: s3_url() and
 * s3_sign() of the same request belong together. Any thread. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *access_key, *secret_key;
    const char *session_token; /* NULL: none */
    const char *region;
} S3Keys;

/* A header, its name in lower case and its value without space at its ends, or a parameter, which is not escaped. Names
 * are of letters, digits and "-", each once. */
typedef struct {
    const char *name, *value;
} S3Pair;

typedef struct {
    const char *method;
    const char *endpoint; /* "https://host", in lower case, with the port only if it is not the scheme's own */
    const char *path;     /* "/bucket/key", not escaped, without "." and ".." in it */
    const S3Pair *query;  /* in any order */
    size_t n_query;
    const S3Pair *headers; /* to be signed, and sent by the caller; in any order */
    size_t n_headers;
    const char *sha256; /* of the body */
} S3Request;

#define S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* The caller frees it. */
char *s3_url(const S3Request *request);

/* All headers to be sent, as "name: value", the last one NULL: those of the request, and those that sign it. now_s is
 * the time since 1970; stores refuse what is signed a quarter of an hour before or after theirs. The caller frees
 * them. */
char **s3_sign(const S3Request *request, const S3Keys *keys, int64_t now_s);

/* A URL by which anybody can make the request for so long; nothing of a body or headers is signed. The caller frees
 * it. */
char *s3_presign(const S3Request *request, const S3Keys *keys, int64_t now_s, int valid_s);
