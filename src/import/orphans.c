/* Rows that belong to nothing: the old database has foreign keys, but SQLite and MyISAM never looked at them. */
#include "import/import_work.h"

static const struct {
    const char *table;
    ImportKind kind;
    const char *parent; /* what they are of */
    const char *sql;    /* gives an id, and that of what is not there */
} orphans[] = {
    {"release", IMPORT_RELEASES, "build",
     "SELECT c.id, c.build_id FROM \"release\" c LEFT JOIN build p ON p.id = c.build_id WHERE p.id IS NULL ORDER BY "
     "c.id"},
    {"run", IMPORT_RUNS, "release",
     "SELECT c.id, c.release_id FROM run c LEFT JOIN \"release\" p ON p.id = c.release_id WHERE p.id IS NULL ORDER BY "
     "c.id"},
    {"run", IMPORT_RUNS, "build",
     "SELECT c.id, r.build_id FROM run c JOIN \"release\" r ON r.id = c.release_id "
     "LEFT JOIN build p ON p.id = r.build_id WHERE p.id IS NULL ORDER BY c.id"},
    {"admin_log", IMPORT_AUDIT, "build",
     "SELECT c.id, c.build_id FROM admin_log c LEFT JOIN build p ON p.id = c.build_id WHERE p.id IS NULL ORDER BY "
     "c.id"},
    {"artifact", IMPORT_FILES, "build",
     "SELECT c.artifact, c.build_id FROM artifact_ownership c LEFT JOIN build p ON p.id = c.build_id "
     "WHERE p.id IS NULL ORDER BY c.artifact"},
    {"artifact", IMPORT_FILES, "build",
     "SELECT c.id, NULL FROM artifact c LEFT JOIN artifact_ownership p ON p.artifact = c.id "
     "WHERE p.artifact IS NULL ORDER BY c.id"},
    {"build_ownership of user", IMPORT_OWNERS, "build",
     "SELECT c.user_id, c.build_id FROM build_ownership c LEFT JOIN build p ON p.id = c.build_id "
     "WHERE p.id IS NULL ORDER BY c.user_id"},
};

static void lose(Import *import, size_t i, const DbQuery *query) {
    const char *name = db_text(query, 0);
    const OldRow row = {orphans[i].table, name ? 0 : db_int(query, 0), name};
    if (db_is_null(query, 1))
        import_lose(import, orphans[i].kind, &row, "it is of no %s", orphans[i].parent);
    else
        import_lose(import, orphans[i].kind, &row, "there is no %s %" G_GINT64_FORMAT, orphans[i].parent,
                    db_int(query, 1));
}

/* Tasks of runs come with these; others are of nothing that is known here. */
static bool tell_of_tasks(Import *import, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(import->old, "SELECT task_id, queue_name FROM work_queue WHERE status = 'live' AND run_id IS NULL "
                              "ORDER BY queue_name, task_id");
    while (db_next(query))
        import_mend(import, OLD_NAMED_ROW("work_queue", old_text(query, 0)),
                    "left out: it is of no run, and waits in the queue %s", old_text(query, 1));
    return db_end(query, error);
}

bool import_orphans(Import *import, GError **error) {
    for (size_t i = 0; i < G_N_ELEMENTS(orphans); i++) {
        g_autoptr(DbQuery) query = db_query(import->old, orphans[i].sql);
        while (db_next(query))
            lose(import, i, query);
        if (!db_end(query, error))
            return false;
    }
    return tell_of_tasks(import, error);
}
