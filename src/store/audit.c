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
    [AUDIT_DELETED_TASK] = "deleted_task",
};

const char *audit_kind_name(AuditKind kind) {
    return kind_names[kind];
}

static AuditKind kind_from_name(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (strcmp(kind_names[i], name) == 0)
            return (AuditKind)i;
    return AUDIT_CHANGED_SETTINGS;
}

void audit_entry_free(AuditEntry *entry) {
    if (!entry)
        return;
    g_free(entry->actor);
    g_free(entry->address);
    g_free(entry->message);
    g_free(entry);
}

bool audit_add(Db *db, const AuditEntry *entry, int64_t now_ms, GError **error) {
    return db_change(db, error,
                     "INSERT INTO audit (build_id, release_id, run_id, kind, actor, address, message, created) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_INT(entry->build_id), DB_ID(entry->release_id), DB_ID(entry->run_id),
                     DB_TEXT(audit_kind_name(entry->kind)), DB_TEXT(entry->actor), DB_TEXT(entry->address),
                     DB_TEXT(entry->message), DB_INT(now_ms)) == 1;
}

GPtrArray *audit_list(Db *db, int64_t build_id, int64_t before, int most, GError **error) {
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)audit_entry_free);
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT id, build_id, release_id, run_id, kind, actor, address, message, "
                                        "created FROM audit WHERE build_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
                                        DB_INT(build_id), DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    while (db_next(query)) {
        AuditEntry *entry = g_new0(AuditEntry, 1);
        entry->id = db_int(query, 0);
        entry->build_id = db_int(query, 1);
        entry->release_id = db_int(query, 2);
        entry->run_id = db_int(query, 3);
        entry->kind = kind_from_name(db_text(query, 4));
        entry->actor = g_strdup(db_text(query, 5));
        entry->address = g_strdup(db_text(query, 6));
        entry->message = g_strdup(db_text(query, 7));
        entry->created_ms = db_int(query, 8);
        g_ptr_array_add(entries, entry);
    }
    return db_end(query, error) ? g_steal_pointer(&entries) : NULL;
}
