/* What the old database has in its columns. SQLAlchemy wrote it, from Python's values. */
#include "import/import_work.h"

#include "store/store.h"

#include <string.h>

/* "2013-06-16 17:35:03.327710", with as many digits of a second as the database keeps. */
int64_t old_time(const DbQuery *query, size_t column) {
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    const char *text = db_text(query, column);
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, utc) : NULL;
    return time ? g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000 : 0;
}

const char *old_text(const DbQuery *query, size_t column) {
    const char *text = db_text(query, column);
    return text ? text : "";
}

const char *old_column(Import *import, const char *table, const char *column, const char *instead) {
    g_autofree char *sql = g_strdup_printf("SELECT %s FROM \"%s\" WHERE 1 = 0", column, table);
    g_autoptr(DbQuery) query = db_query(import->old, sql);
    return db_end(query, NULL) ? column : instead;
}

static bool is_http(const char *text) {
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : NULL;
    return scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

char *old_url(Import *import, const OldRow *row, const char *what, const char *text) {
    g_autoptr(GError) cause = NULL;
    if (!text || !*text)
        return NULL;
    g_autofree char *checked = store_check_text(text, STORE_MOST_URL, what, &cause);
    if (checked && is_http(checked))
        return g_steal_pointer(&checked);
    if (cause)
        import_mend(import, row, "comes without its %s: %s", what, cause->message);
    else
        import_mend(import, row, "comes without its %s: %s is no http or https address", what, checked);
    return NULL;
}

GArray *old_ids(DbQuery *query, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_next(query)) {
        const int64_t id = db_int(query, 0);
        g_array_append_val(ids, id);
    }
    return db_end(query, error) ? g_steal_pointer(&ids) : NULL;
}

GHashTable *old_texts(DbQuery *query, GError **error) {
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (db_next(query))
        if (!db_is_null(query, 0))
            g_hash_table_add(texts, g_strdup(old_text(query, 0)));
    return db_end(query, error) ? g_steal_pointer(&texts) : NULL;
}

GHashTable *old_table_by_id(GDestroyNotify free_value) {
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_value);
}
