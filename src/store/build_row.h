/* Builds as rows: what build.c and owner.c share. */
#pragma once

#include "store/build.h"

/* Of the table builds, called b. */
#define BUILD_COLUMNS                                                                                      \
    "b.id, b.name, b.is_public, b.send_email, b.email_alias, b.created, b.webhook_url, b.webhook_secret, " \
    "b.status_prefix, b.status_token, b.keep_releases "

/* The same with what waits for people, of the rows of releases in review: as build_rows_read() reads them. */
#define BUILD_LIST_COLUMNS                                                                                 \
    BUILD_COLUMNS ", (SELECT COUNT(*) FROM releases r WHERE r.build_id = b.id AND r.status = 'reviewing')" \
                  ", (SELECT SUM(r.n_found) FROM releases r WHERE r.build_id = b.id AND r.status = 'reviewing') "

GPtrArray *build_rows_read(DbQuery *query, GError **error) MUST_CHECK;
