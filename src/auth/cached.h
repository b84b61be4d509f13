/* A document of a login service that is kept as long as it may be. While one thread asks for it the others wait, and take
 * what came of it. All functions: any thread. */
#pragma once

#include "base/error.h"

#include <jansson.h>

typedef struct CachedDocument CachedDocument;

CachedDocument *cached_document_new(void);
void cached_document_free(CachedDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CachedDocument, cached_document_free)

/* Says whether an answer is such a document. */
typedef bool (*CachedCheck)(const json_t *json, const void *data, GError **error);

/* The document, asked for at this address if it is not there yet or was kept for its time: an object, which the caller gives
 * back by json_decref(). ERROR_TIMEOUT, ERROR_STOPPED, or ERROR_FAILED for no answer or a bad one; the next call tries again,
 * and nothing older is given. */
json_t *cached_document_get(CachedDocument *document, const char *url, CachedCheck check, const void *data,
                            GError **error) MUST_CHECK;

/* The same, for one who has reason to think that there is a newer one: asks, but no more than once a minute. */
json_t *cached_document_renew(CachedDocument *document, const char *url, CachedCheck check, const void *data,
                              GError **error) MUST_CHECK;
