/* The tables: which version of them a database has, and how they become those that this program knows. The steps are the
 * files of migrations/, one after another, each numbered with the version to which it leads. Any thread. */
#pragma once

#include "db/db.h"

/* The version that this program knows. */
int migrate_newest(void);

/* The version of a database, 0 for one without tables, or -1. Fails with ERROR_NEW_TABLES if it is newer than the program's:
 * then only a newer program may work with it. */
int migrate_version(DbPool *pool, GError **error) MUST_CHECK;

/* The same on a connection: whether the tables are still those of this program, which somebody may have changed under it.
 * Fails with ERROR_OLD_TABLES and ERROR_NEW_TABLES. */
bool migrate_check(Db *db, GError **error) MUST_CHECK;

/* Brings a database to the newest version. Returns that which it had, or -1; fails as migrate_version(), and with an error
 * of DB_ERROR. Several may try at once: one does it, while the others wait. What breaks off can be begun again. */
int migrate_run(DbPool *pool, GError **error) MUST_CHECK;
