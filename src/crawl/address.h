/* Addresses of pages, in the one form in which two that mean the same are equal: scheme and host in lower case, no port
 * that goes without saying, no dot segments, "/" for an empty path, what is no ASCII as %XX, no user and no fragment.
 * Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* An address that somebody typed. Fails with ERROR_INVALID if it is not one of http or https with a host. */
GUri *address_parse(const char *text, GError **error) MUST_CHECK;

/* Where a reference in a document leads whose address is base; the caller frees it. NULL where that is no page of http
 * or https (mailto:, javascript:), or too long. */
char *address_resolve(GUri *base, const char *reference);

/* A text of strangers as messages show it: 200 bytes of it at most, of whole characters. The caller frees it. */
char *address_shown(const char *text);

/* The text of what address_parse() gave; the caller frees it. */
char *address_text(GUri *address);
