/* Builds as rows: what build.c and owner.c share. */
#pragma once

#include "store/build.h"

/* Of the table builds, called b; as build_rows_read() reads them. */
#define BUILD_COLUMNS                                                                                      \
    "b.id, b.name, b.is_public, b.send_email, b.email_alias, b.created, b.webhook_url, b.webhook_secret, " \
    "b.status_prefix, b.status_token "

GPtrArray *build_rows_read(DbQuery *query, GError **error) MUST_CHECK;
