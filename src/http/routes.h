/* Which handler a request is for. */
#pragma once

#include "http/server.h"

/* Finds the route of a path and a method among all parts, and puts what stands for its <names> into segments. *out_data is
 * that of its part. NULL if there is none: *out_allowed is then NULL, or, if there are some for other methods, these, as the
 * header Allow has them; the caller frees it. */
const HttpRoute *routes_find(const HttpPart *parts, size_t n, const char *method, const char *path,
                             GHashTable *segments, void **out_data, char **out_allowed);
