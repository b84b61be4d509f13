/* Which addresses belong to a site, and which of those are not worth asking for. Never changes: any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Scope Scope;

/* The site of a start page is all below the folder in which it is. ignore_prefixes: beginnings of addresses, or of
 * paths; the last one is NULL. Fails with ERROR_INVALID for one that is neither. */
Scope *scope_new(GUri *start, const char *const *ignore_prefixes, GError **error) MUST_CHECK;
void scope_free(Scope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scope, scope_free)

/* Of addresses as crawl/address.h writes them. */
bool scope_has(const Scope *scope, const char *url);

/* Why an address is not to be asked for, in words to be read behind it, which the caller frees; NULL if it is. */
char *scope_refusal(const Scope *scope, const char *url);
