/* Migrates the database in DPXDT_TEST_DATABASE and prints its tables, in the same words for each kind of database: columns
 * with their kind and whether they may be null, and what is unique or was given a name as an index. test_schema.py compares
 * them. */
#include "db/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each gives table, column, type, whether it may be null. */
static const char *const columns_of[] = {
    [DB_SQLITE] = "SELECT m.name, c.name, c.type, CASE WHEN c.\"notnull\" = 0 AND c.pk = 0 THEN 'yes' ELSE 'no' END "
                  "FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' "
                  "AND m.name NOT LIKE 'sqlite%' AND m.name <> ?",
    [DB_POSTGRES] = "SELECT table_name, column_name, data_type, LOWER(is_nullable) FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name <> ?",
    [DB_MYSQL] = "SELECT table_name, column_name, data_type, LOWER(is_nullable) FROM information_schema.columns "
                 "WHERE table_schema = DATABASE() AND table_name <> ?",
};

/* Each gives table, index, whether it is unique, and its columns in order. */
static const char *const indexes_of[] = {
    [DB_SQLITE] = "SELECT m.name, i.name, i.\"unique\", (SELECT GROUP_CONCAT(x.name) FROM pragma_index_info(i.name) x) "
                  "FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name <> ?",
    [DB_POSTGRES] =
        "SELECT t.relname, i.relname, x.indisunique, "
        "(SELECT STRING_AGG(a.attname, ',' ORDER BY k.n) FROM UNNEST(x.indkey) WITH ORDINALITY k (number, n) "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) "
        "FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = 'public' AND t.relname <> ?",
    [DB_MYSQL] = "SELECT table_name, index_name, MAX(1 - non_unique), "
                 "GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics "
                 "WHERE table_schema = DATABASE() AND table_name <> ? GROUP BY table_name, index_name",
};

static const char *kind_of(const char *type) {
    g_autofree char *lower = g_ascii_strdown(type, -1);
    if (strstr(lower, "int"))
        return "whole number";
    return strstr(lower, "double") || strstr(lower, "real") ? "real" : "text";
}

static void print_columns(Db *db) {
    g_autoptr(DbQuery) query = db_query(db, columns_of[db_kind(db)], DB_TEXT("dpxdt_schema"));
    while (db_next(query))
        printf("%s.%s: %s, null: %s\n", db_text(query, 0), db_text(query, 1), kind_of(db_text(query, 2)),
               db_text(query, 3));
    g_autoptr(GError) error = NULL;
    if (!db_end(query, &error))
        g_error("%s", error->message);
}

/* SQLite has no index for an id that is a whole number, and MariaDB makes some for foreign keys: neither is told. */
static void print_indexes(Db *db) {
    g_autoptr(DbQuery) query = db_query(db, indexes_of[db_kind(db)], DB_TEXT("dpxdt_schema"));
    while (db_next(query)) {
        const char *table = db_text(query, 0), *index = db_text(query, 1), *columns = db_text(query, 3);
        bool unique = db_int(query, 2) != 0;
        if (unique ? strcmp(columns, "id") != 0 || strcmp(table, "api_keys") == 0 : g_str_has_prefix(index, table))
            printf("%s (%s): %s\n", table, columns, unique ? "unique" : index);
    }
    g_autoptr(GError) error = NULL;
    if (!db_end(query, &error))
        g_error("%s", error->message);
}

int main(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbPool) pool = db_pool_new(g_getenv("DPXDT_TEST_DATABASE"), 1, &error);
    if (!pool || migrate_run(pool, &error) < 0)
        g_error("%s", error->message);
    g_autoptr(Db) db = db_pool_take(pool, 0, NULL);
    print_columns(db);
    print_indexes(db);
    return EXIT_SUCCESS;
}
