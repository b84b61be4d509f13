/* The tables, as they are made and found again. Runs on a database that is new. */
#include "db/migrate.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

enum { CONNECTIONS = 8, SOON_MS = 5000, THREADS = 4 };

static DbPool *open_pool(void) {
    g_autoptr(GError) error = NULL;
    DbPool *pool = db_pool_new(g_getenv("DPXDT_TEST_DATABASE"), CONNECTIONS, &error);
    g_assert_no_error(error);
    return pool;
}

static void *migrate(void *pool) {
    g_autoptr(GError) error = NULL;
    int version = migrate_run(pool, &error);
    g_assert_no_error(error);
    return GINT_TO_POINTER(version);
}

static void a_new_database_gets_all_tables_once_whoever_starts_with_it(void) {
    g_autoptr(DbPool) pool = open_pool();
    g_assert_cmpint(migrate_version(pool, NULL), ==, 0);
    pthread_t threads[THREADS];
    int n_new = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, migrate, pool);
    for (int i = 0; i < THREADS; i++) {
        void *version;
        pthread_join(threads[i], &version);
        n_new += GPOINTER_TO_INT(version) == 0;
    }
    g_assert_cmpint(n_new, ==, 1);
    g_assert_cmpint(migrate_version(pool, NULL), ==, migrate_newest());
}

static void what_is_in_the_tables_stays(void) {
    g_autoptr(DbPool) pool = open_pool();
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(Db) db = db_pool_take(pool, SOON_MS, NULL);
        db_change(db, &error, "INSERT INTO builds (name, created, modified) VALUES (?, ?, ?)", DB_TEXT("kept"),
                  DB_INT(1), DB_INT(1));
        g_assert_no_error(error);
    }
    g_assert_cmpint(migrate_run(pool, &error), ==, migrate_newest());
    g_autoptr(Db) db = db_pool_take(pool, SOON_MS, NULL);
    g_autoptr(DbQuery) query = db_query(db, "SELECT COUNT(*) FROM builds WHERE name = ?", DB_TEXT("kept"));
    g_assert_true(db_next(query));
    g_assert_cmpint(db_int(query, 0), ==, 1);
}

static void what_broke_off_is_begun_again(void) {
    g_autoptr(DbPool) pool = open_pool();
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(Db) db = db_pool_take(pool, SOON_MS, NULL);
        db_change(db, &error, "DROP TABLE audit");
        db_change(db, &error, "DELETE FROM dpxdt_schema");
        g_assert_no_error(error);
    }
    g_assert_cmpint(migrate_run(pool, &error), ==, 0);
    g_assert_no_error(error);
    g_autoptr(Db) db = db_pool_take(pool, SOON_MS, NULL);
    g_autoptr(DbQuery) query = db_query(db, "SELECT COUNT(*) FROM audit");
    g_assert_true(db_next(query));
}

/* The last one, as nothing works with it afterwards. */
static void newer_tables_are_left_alone(void) {
    g_autoptr(DbPool) pool = open_pool();
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(Db) db = db_pool_take(pool, SOON_MS, NULL);
        db_change(db, NULL, "INSERT INTO dpxdt_schema (version) VALUES (?)", DB_INT(migrate_newest() + 1));
    }
    g_assert_cmpint(migrate_run(pool, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_NEW_TABLES);
    g_assert_nonnull(strstr(error->message, "a newer one"));
    g_clear_error(&error);
    g_assert_cmpint(migrate_version(pool, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_NEW_TABLES);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/migrate/a-new-database-gets-all-tables-once-whoever-starts-with-it",
                    a_new_database_gets_all_tables_once_whoever_starts_with_it);
    g_test_add_func("/migrate/what-is-in-the-tables-stays", what_is_in_the_tables_stays);
    if (!g_str_has_prefix(g_getenv("DPXDT_TEST_DATABASE"), "sqlite:")) /* there nothing can break off */
        g_test_add_func("/migrate/what-broke-off-is-begun-again", what_broke_off_is_begun_again);
    g_test_add_func("/migrate/newer-tables-are-left-alone", newer_tables_are_left_alone);
    return g_test_run();
}
