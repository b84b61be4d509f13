/* Builds, each under the id that it has, as addresses in mails and bookmarks have it; under another one where that is
 * taken. */
#include "import/import_work.h"

#include "store/build.h"
#include "store/user.h"

typedef struct {
    Build build; /* as it is to be here */
    int64_t old_id, modified_ms;
    char *known_as;
    Known known;
} Brought;

static void brought_clear(Brought *brought) {
    g_free(brought->build.name);
    g_free(brought->build.email_alias);
    g_free(brought->known_as);
    g_free(brought->known.state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Brought, brought_clear)

/* What of the old row may change. */
static char *state_of(const Build *build) {
    g_autofree char *text = g_strdup_printf("%s\n%d %d\n%s", build->name, build->is_public, build->send_email,
                                            build->email_alias ? build->email_alias : "");
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
}

/* Reading. */

static char *read_name(Import *import, const OldRow *row, const char *text) {
    g_autoptr(GError) cause = NULL;
    char *name = store_check_text(text ? text : "", STORE_MOST_NAME, "its name", &cause);
    if (name)
        return name;
    char *instead = g_strdup_printf("Build %" G_GINT64_FORMAT, row->id);
    import_mend(import, row, "is called '%s' here: %s", instead, cause->message);
    return instead;
}

static char *read_alias(Import *import, const OldRow *row, const char *text) {
    g_autoptr(GError) cause = NULL;
    char *address = text && *text ? user_check_email(text, &cause) : NULL;
    if (cause)
        import_mend(import, row, "comes without its email_alias: %s", cause->message);
    return address;
}

static void read_row(Import *import, const DbQuery *query, Brought *out) {
    const int64_t id = db_int(query, 0);
    const OldRow *row = OLD_ROW("build", id);
    Build *build = &out->build;
    out->old_id = id;
    build->name = read_name(import, row, db_text(query, 1));
    build->is_public = db_int(query, 2) != 0;
    build->send_email = db_int(query, 3) != 0;
    build->email_alias = read_alias(import, row, db_text(query, 4));
    build->created_ms = old_time(query, 5);
    out->modified_ms = MAX(old_time(query, 6), build->created_ms);
    out->known_as = known_number(id, build->created_ms);
    out->known = (Known){.state = state_of(build), .modified_ms = out->modified_ms};
}

/* Here. */

/* When the build of this id was changed last; 0 if there is none. */
static bool find_here(Import *import, int64_t id, int64_t *out_modified_ms, GError **error) {
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return false;
    g_autoptr(DbQuery) query = db_query(db, "SELECT modified FROM builds WHERE id = ?", DB_INT(id));
    *out_modified_ms = db_next(query) ? MAX(db_int(query, 0), 1) : 0;
    return db_end(query, error);
}

/* Those beyond are no ids that a server gave, and leave none for builds to come. */
#define MOST_ID 9007199254740992 /* 2 to the 53rd */

static bool find_last_id(Import *import, GError **error) {
    g_autoptr(DbQuery) old = db_query(import->old, "SELECT MAX(id) FROM build WHERE id <= " G_STRINGIFY(MOST_ID));
    import->last_build_id = db_next(old) ? db_int(old, 0) : 0;
    if (!db_end(old, error))
        return false;
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return false;
    g_autoptr(DbQuery) query = db_query(db, "SELECT MAX(id) FROM builds");
    if (db_next(query))
        import->last_build_id = MAX(import->last_build_id, db_int(query, 0));
    return db_end(query, error);
}

static bool choose_id(Import *import, Brought *brought, GError **error) {
    int64_t modified_ms;
    if (!find_here(import, brought->old_id, &modified_ms, error))
        return false;
    brought->build.id = modified_ms == 0 && brought->old_id > 0 && brought->old_id <= MOST_ID ? brought->old_id
                                                                                              : ++import->last_build_id;
    brought->known.new_id = brought->build.id;
    if (brought->build.id != brought->old_id)
        import_note(import, OLD_ROW("build", brought->old_id),
                    "has the id %" G_GINT64_FORMAT " here, as it cannot be %" G_GINT64_FORMAT
                    ": clients and bookmarks need the new one",
                    brought->build.id, brought->old_id);
    return true;
}

/* Writing. */

static bool write_new(Db *db, void *data, GError **error) {
    Brought *brought = data;
    bool added;
    if (!build_add(db, &brought->build, brought->modified_ms, &added, error))
        return false;
    if (!added)
        error_set(error, ERROR_BUSY, "somebody made the build %" G_GINT64_FORMAT " meanwhile: import once more",
                  brought->build.id);
    return added && known_add(db, "build", 0, brought->known_as, &brought->known, error);
}

static bool write_change(Db *db, void *data, GError **error) {
    Brought *brought = data;
    g_autoptr(Build) here = build_load(db, brought->build.id, error);
    if (!here)
        return false;
    g_free(here->name);
    g_free(here->email_alias);
    here->name = g_strdup(brought->build.name);
    here->email_alias = g_strdup(brought->build.email_alias);
    here->is_public = brought->build.is_public;
    here->send_email = brought->build.send_email;
    return build_save(db, here, brought->modified_ms, error) &&
           known_put(db, "build", 0, brought->known_as, &brought->known, error);
}

/* One that came before. */
static bool bring_again(Import *import, Brought *brought, const Known *known, bool *out_gone, GError **error) {
    ImportCount *count = &import->result->counts[IMPORT_BUILDS];
    const OldRow *row = OLD_ROW("build", brought->old_id);
    int64_t modified_ms;
    brought->build.id = brought->known.new_id = known->new_id;
    if (!find_here(import, known->new_id, &modified_ms, error))
        return false;
    bool has_changed = g_strcmp0(known->state, brought->known.state) != 0;
    bool changed_here = modified_ms != MAX(known->modified_ms, 1);
    *out_gone = modified_ms == 0;
    if (*out_gone)
        import_note(import, row, "came before, and was removed here: it is left at that");
    else if (has_changed && changed_here)
        import_mend(import, row, "its settings were changed there and here since it came: those of here stay");
    bool changes = has_changed && !changed_here;
    count->n_changed += changes;
    count->n_known += !changes;
    return !changes || import_write(import, write_change, brought, error);
}

static bool bring(Import *import, Brought *brought, const Known *known, GError **error) {
    ImportBuild *build = g_new0(ImportBuild, 1);
    g_hash_table_replace(import->builds, g_memdup2(&brought->old_id, sizeof brought->old_id), build);
    build->old_id = brought->old_id;
    if (known) {
        if (!bring_again(import, brought, known, &build->is_gone, error))
            return false;
    } else {
        if (!choose_id(import, brought, error) || !import_write(import, write_new, brought, error))
            return false;
        import->result->counts[IMPORT_BUILDS].n_new++;
    }
    build->id = brought->build.id;
    return true;
}

/* What is a build's own; its lists are of no use behind it. */
static bool bring_contents(Import *import, ImportBuild *build, GError **error) {
    build->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    build->releases = old_table_by_id(g_free);
    bool done = import_owners(import, build, error) && import_files(import, build, error) &&
                import_releases(import, build, error) && import_audit(import, build, error);
    g_clear_pointer(&build->files, g_hash_table_unref);
    g_clear_pointer(&build->releases, g_hash_table_unref);
    return done;
}

bool import_builds(Import *import, GError **error) {
    g_autoptr(GHashTable) known = find_last_id(import, error) ? known_load(import, "build", 0, error) : NULL;
    if (!known)
        return false;
    g_autofree char *sql = g_strdup_printf("SELECT id, name, public, %s, %s, created, modified FROM build ORDER BY id",
                                           old_column(import, "build", "send_email", "1"),
                                           old_column(import, "build", "email_alias", "NULL"));
    g_autoptr(DbQuery) query = db_query(import->old, sql);
    while (db_next(query)) {
        g_auto(Brought) brought = {0};
        read_row(import, query, &brought);
        if (!bring(import, &brought, g_hash_table_lookup(known, brought.known_as), error))
            return false;
        ImportBuild *build = import_build(import, brought.old_id);
        if (!build->is_gone && !bring_contents(import, build, error))
            return false;
    }
    return db_end(query, error);
}
