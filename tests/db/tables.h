/* What the tests of tables share: a database that has ours, of the kind that with_database.py has started. */
#pragma once

#include "db/migrate.h"

#include <glib.h>

/* A connection is to be had so soon, on a busy machine too. */
enum { SOON_MS = 20 * 1000 };

/* Opens it, and takes a connection. The caller frees both: db_release(), db_pool_free(). */
static inline Db *tables_open(unsigned max_connections, DbPool **out_pool) {
    g_autoptr(GError) error = NULL;
    *out_pool = db_pool_new(g_getenv("DPXDT_TEST_DATABASE"), max_connections, &error);
    g_assert_no_error(error);
    g_assert_cmpint(migrate_run(*out_pool, &error), >=, 0);
    g_assert_no_error(error);
    Db *db = db_pool_take(*out_pool, SOON_MS, &error);
    g_assert_no_error(error);
    return db;
}
