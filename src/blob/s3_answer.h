/* What S3 answers in XML. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *key;
    int64_t size;
} S3Object;

/* A page of the objects in a bucket. */
typedef struct {
    GArray *objects; /* of S3Object */
    bool is_truncated;
    char *next; /* the token by which the next page is asked for; NULL: none */
} S3Listing;

/* Reads the answer to ListObjectsV2; fails with ERROR_FAILED if it is none. The caller frees it. */
S3Listing *s3_listing_new(GBytes *xml, GError **error) MUST_CHECK;
void s3_listing_free(S3Listing *listing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(S3Listing, s3_listing_free)

/* What a store said that did not do what it was asked for; both are NULL where it did not say it in XML. */
typedef struct {
    char *code; /* as NoSuchKey */
    char *message;
} S3Refusal;

S3Refusal *s3_refusal_new(GBytes *xml);
void s3_refusal_free(S3Refusal *refusal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(S3Refusal, s3_refusal_free)
