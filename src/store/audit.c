#include "store/audit.h"

#include <string.h>

static const char *const kind_names[] = {
    [AUDIT_CREATED_BUILD] = "created_build",         [AUDIT_CHANGED_SETTINGS] = "changed_settings",
    [AUDIT_CREATED_API_KEY] = "created_api_key",     [AUDIT_REVOKED_API_KEY] = "revoked_api_key",
    [AUDIT_INVITED_NEW_ADMIN] = "invited_new_admin", [AUDIT_INVITE_ACCEPTED] = "invite_accepted",
    [AUDIT_REVOKED_ADMIN] = "revoked_admin",         [AUDIT_CREATED_RELEASE] = "created_release",
    [AUDIT_RELEASE_GOOD] = "release_good",           [AUDIT_RELEASE_BAD] = "release_bad",
    [AUDIT_RELEASE_REVIEWING] = "release_reviewing", [AUDIT_RUN_APPROVED] = "run_approved",
    [AUDIT_RUN_REJECTED] = "run_rejected",           [AUDIT_RETRIED_TASK] = "retried_task",
    [AUDIT_DELETED_TASK] = "deleted_task",           [AUDIT_REMOVED_RELEASE] = "removed_release",
};

const char *audit_kind_name(AuditKind kind) {
    return kind_names[kind];
}

bool audit_kind_from_name(const char *name, AuditKind *out_kind) {
    for (size_t i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (strcmp(kind_names[i], name) == 0) {
            *out_kind = (AuditKind)i;
            return true;
        }
    return false;
}

static AuditKind read_kind(const char *name) {
    AuditKind kind = AUDIT_CHANGED_SETTINGS;
    audit_kind_from_name(name, &kind);
    return kind;
}

static void entry_clear(AuditEntry *entry) {
    g_free(entry->actor);
    g_free(entry->address);
    g_free(entry->message);
}

void audit_entry_free(AuditEntry *entry) {
    if (!entry)
        return;
    entry_clear(entry);
    g_free(entry);
}

void audit_line_free(AuditLine *line) {
    if (!line)
        return;
    entry_clear(&line->entry);
    g_free(line->email);
    g_free(line->purpose);
    g_free(line->release_name);
    g_free(line->run_name);
    g_free(line->removed_release);
    g_free(line);
}

bool audit_add(Db *db, const AuditEntry *entry, int64_t now_ms, GError **error) {
    return db_change(db, error,
                     "INSERT INTO audit (build_id, release_id, run_id, kind, actor, address, message, created) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_INT(entry->build_id), DB_ID(entry->release_id), DB_ID(entry->run_id),
                     DB_TEXT(audit_kind_name(entry->kind)), DB_TEXT(entry->actor), DB_TEXT(entry->address),
                     DB_TEXT(entry->message), DB_INT(now_ms)) == 1;
}

/* Of the table audit, called a; as read_entry() reads them. */
#define COLUMNS "a.id, a.build_id, a.release_id, a.run_id, a.kind, a.actor, a.address, a.message, a.created "
enum { N_COLUMNS = 9 };

static AuditEntry read_entry(const DbQuery *query) {
    return (AuditEntry){
        .id = db_int(query, 0),
        .build_id = db_int(query, 1),
        .release_id = db_int(query, 2),
        .run_id = db_int(query, 3),
        .kind = read_kind(db_text(query, 4)),
        .actor = g_strdup(db_text(query, 5)),
        .address = g_strdup(db_text(query, 6)),
        .message = g_strdup(db_text(query, 7)),
        .created_ms = db_int(query, 8),
    };
}

GPtrArray *audit_list(Db *db, int64_t build_id, int64_t before, int most, GError **error) {
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)audit_entry_free);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " COLUMNS "FROM audit a WHERE a.build_id = ? AND a.id < ? ORDER BY a.id DESC LIMIT ?",
                 DB_INT(build_id), DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    while (db_next(query)) {
        AuditEntry *entry = g_new0(AuditEntry, 1);
        *entry = read_entry(query);
        g_ptr_array_add(entries, entry);
    }
    return db_end(query, error) ? g_steal_pointer(&entries) : NULL;
}

static bool is_of_removed(const AuditLine *line) {
    return line->entry.release_id && !line->release_name && line->entry.kind != AUDIT_REMOVED_RELEASE;
}

/* What a release was called is known from the entry of its removal, which is newer than all others of it. They are read
 * in one go, along the index: a join would look through the activity again for each line. */
static bool name_removed(Db *db, int64_t build_id, const GPtrArray *lines, GError **error) {
    bool is_needed = false;
    for (guint i = 0; i < lines->len; i++)
        is_needed |= is_of_removed(g_ptr_array_index(lines, i));
    if (!is_needed)
        return true;
    const AuditLine *oldest = g_ptr_array_index(lines, lines->len - 1);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT release_id, message FROM audit WHERE build_id = ? AND id > ? AND kind = ? ORDER BY id",
                 DB_INT(build_id), DB_INT(oldest->entry.id), DB_TEXT(audit_kind_name(AUDIT_REMOVED_RELEASE)));
    while (db_next(query))
        for (guint i = 0; i < lines->len; i++) {
            AuditLine *line = g_ptr_array_index(lines, i);
            if (is_of_removed(line) && !line->removed_release && line->entry.release_id == db_int(query, 0))
                line->removed_release = g_strdup(db_text(query, 1));
        }
    return db_end(query, error);
}

GPtrArray *audit_list_lines(Db *db, int64_t build_id, int64_t before, int most, GError **error) {
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)audit_line_free);
    g_autoptr(DbQuery) query =
        db_query(db,
                 "SELECT " COLUMNS ", u.email, l.name, l.number, r.name, k.purpose FROM audit a "
                 "LEFT JOIN users u ON u.id = a.actor LEFT JOIN api_keys k ON k.id = a.actor LEFT JOIN releases l ON "
                 "l.id = a.release_id "
                 "LEFT JOIN runs r ON r.id = a.run_id WHERE a.build_id = ? AND a.id < ? ORDER BY a.id DESC LIMIT ?",
                 DB_INT(build_id), DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    while (db_next(query)) {
        AuditLine *line = g_new0(AuditLine, 1);
        line->entry = read_entry(query);
        line->email = g_strdup(db_text(query, N_COLUMNS));
        line->release_name = g_strdup(db_text(query, N_COLUMNS + 1));
        line->release_number = (int)db_int(query, N_COLUMNS + 2);
        line->run_name = g_strdup(db_text(query, N_COLUMNS + 3));
        line->purpose = g_strdup(db_text(query, N_COLUMNS + 4));
        g_ptr_array_add(lines, line);
    }
    if (!db_end(query, error) || !name_removed(db, build_id, lines, error))
        return NULL;
    return g_steal_pointer(&lines);
}
