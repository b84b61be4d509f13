/* `dpxdt backup`: a copy of a server's data while it runs, which is a folder of data itself.
 *
 * First nobody may remove pictures any more (blobs_hold()), then the database is copied as it is at one moment, then
 * every picture that the copy names: they were there before the rows that name them, and never change. The copy of the
 * database gets its name last, so that a folder has either the backup before or this one. A first backup is made in
 * DIR.part, which gets its name when all is there. */
#include "base/file.h"
#include "base/stop.h"
#include "cmd/data.h"
#include "cmd/progress.h"
#include "db/migrate.h"
#include "store/artifact.h"
#include "store/fsck.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_KEY_BYTES = 4096, FORMAT = 1 };

#define MANIFEST DATA_BACKUP_MANIFEST
#define PART ".part"

/* Of files that were copied, and of all. */
typedef struct {
    int n;
    int64_t bytes;
} Count;

typedef struct {
    const DataOptions *options;
    int version;  /* of the tables */
    char *folder; /* that is written to */
    char *copy;   /* of the database, in there, before it gets its name */
    Db *db;
    Blobs *from, *to;
    Progress progress;
    int n_expected, n_problems;
    Count all, copied;
} Backup;

static void backup_clear(Backup *backup) {
    g_free(backup->folder);
    g_free(backup->copy);
    blobs_free(backup->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Backup, backup_clear)

/* Where to. */

static bool has_file(const char *folder, const char *name) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static bool is_empty(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    return dir && !g_dir_read_name(dir);
}

static bool is_same_folder(const char *a, const char *b) {
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* Whether a folder, or one above it, is another one. Those at its end may not be there yet. */
static bool is_within(const char *folder, const char *other) {
    g_autofree char *above = g_canonicalize_filename(folder, NULL);
    while (!is_same_folder(above, other)) {
        char *next = g_path_get_dirname(above);
        bool is_top = strcmp(next, above) == 0;
        g_free(above);
        above = next;
        if (is_top)
            return false;
    }
    return true;
}

static char *without_slash(const char *path) {
    char *plain = g_strdup(path);
    for (size_t n = strlen(plain); n > 1 && plain[n - 1] == '/'; n--)
        plain[n - 1] = '\0';
    return plain;
}

/* Whose backup it is: the folder of data, as the manifest names it. NULL if it names none. */
static char *owner_of(const char *folder) {
    g_autofree char *path = g_build_filename(folder, MANIFEST, NULL);
    json_auto_t *manifest = json_load_file(path, 0, NULL);
    return g_strdup(json_string_value(json_object_get(manifest, "of")));
}

static bool is_anothers(const Backup *backup, const char *folder) {
    g_autofree char *own = g_canonicalize_filename(backup->options->data, NULL), *owner = owner_of(folder);
    return owner && strcmp(owner, own) != 0;
}

/* Whether nothing is in what one that broke off has left but what it makes. */
static bool is_part(const char *folder) {
    static const char *const ours[] = {"blobs", "secret.key", "dpxdt.db", MANIFEST, NULL};
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    bool is_link = g_file_test(folder, G_FILE_TEST_IS_SYMLINK);
    while (dir && (name = g_dir_read_name(dir)))
        if (!g_strv_contains(ours, name) && !g_str_has_prefix(name, "dpxdt.db.new"))
            return false;
    return !is_link && (dir || !g_file_test(folder, G_FILE_TEST_EXISTS));
}

/* Whether a folder may become a backup, or be a newer one. */
static bool check_folder(const Backup *backup, const char *to, GError **error) {
    g_autofree char *part = g_strconcat(to, PART, NULL);
    if (is_within(to, backup->options->data))
        error_set(error, ERROR_INVALID, "%s is the server's data itself, or within it", to);
    else if (has_file(to, "dpxdt.db-wal"))
        error_set(error, ERROR_INVALID, "%s is in use by a server, or was when it ended: make the backup elsewhere",
                  to);
    else if (!has_file(to, MANIFEST) && g_file_test(to, G_FILE_TEST_EXISTS) && !is_empty(to))
        error_set(error, ERROR_INVALID, "%s is not empty, and no backup", to);
    else if (is_anothers(backup, to))
        error_set(error, ERROR_INVALID,
                  "%s is a backup of another folder (see its " MANIFEST "): make this one elsewhere", to);
    else if (!is_part(part))
        error_set(error, ERROR_INVALID, "%s is no backup that broke off: move it away", part);
    else
        return true;
    return false;
}

/* Whoever may not read the server's data should not read it here. What a backup that broke off has left is used again. */
static bool choose_folder(Backup *backup, const char *to, GError **error) {
    if (!check_folder(backup, to, error))
        return false;
    backup->folder = has_file(to, MANIFEST) ? g_strdup(to) : g_strconcat(to, PART, NULL);
    backup->copy = g_build_filename(backup->folder, "dpxdt.db.new", NULL);
    if (!file_make_folder(backup->folder, error))
        return false;
    if (chmod(backup->folder, 0700) == 0)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot set the mode of %s", backup->folder);
    return false;
}

/* The database. */

static bool sync_path(const char *path, GError **error) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool done = file >= 0 && fsync(file) == 0;
    if (!done)
        error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
    if (file >= 0)
        close(file);
    return done;
}

static void remove_copy(const Backup *backup) {
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *path = g_strconcat(backup->copy, endings[i], NULL);
        unlink(path);
    }
}

/* In one statement, which reads one state of the database, and keeps nobody from writing meanwhile. */
static bool copy_database(const Backup *backup, GError **error) {
    remove_copy(backup);
    return db_change(backup->db, error, "VACUUM INTO ?", DB_TEXT(backup->copy)) >= 0;
}

/* Files. */

static bool is_there(const Backup *backup, const char *sha256, int64_t size) {
    int64_t found_size;
    int file = blobs_open_file(backup->to, sha256, &found_size, NULL);
    if (file >= 0)
        close(file);
    return file >= 0 && found_size == size;
}

/* A file that the server has lost is told, and keeps nobody from having the others. */
static bool tell_problem(Backup *backup, const char *sha1, int64_t size, GError *cause, GError **error) {
    if (!error_is(cause, ERROR_NOT_FOUND) && !error_is(cause, ERROR_INVALID)) {
        g_propagate_error(error, cause);
        return false;
    }
    printf("file %s: %s\n", sha1, cause->message);
    backup->n_problems++;
    backup->all.n--;
    backup->all.bytes -= size;
    g_error_free(cause);
    return true;
}

static bool take_file(void *data, const char *sha1, const char *sha256, int64_t size, GError **error) {
    Backup *backup = data;
    g_autoptr(GError) cause = NULL;
    if (!stop_check(error))
        return false;
    backup->all.n++;
    backup->all.bytes += size;
    progress_show(&backup->progress, backup->all.n, backup->n_expected);
    if (is_there(backup, sha256, size))
        return true;
    if (!blobs_copy(backup->from, backup->to, sha256, &cause))
        return tell_problem(backup, sha1, size, g_steal_pointer(&cause), error);
    backup->copied.n++;
    backup->copied.bytes += size;
    return true;
}

/* Those that the copy of the database names, and no others. */
static bool copy_files(Backup *backup, GError **error) {
    const Fsck list = {.file = take_file, .data = backup};
    g_autofree char *place = g_build_filename(backup->folder, "blobs", NULL);
    g_autofree char *url = g_strconcat("sqlite:", backup->copy, NULL);
    backup->to = blobs_open(place, error);
    g_autoptr(DbPool) pool = backup->to ? db_pool_new(url, 1, error) : NULL;
    g_autoptr(Db) db = pool ? db_pool_take(pool, 0, error) : NULL;
    backup->n_expected = db ? (int)artifact_count(db, error) : -1;
    if (backup->n_expected < 0)
        return false;
    backup->progress = progress_begin("files are in the backup");
    bool done = fsck_files(db, &list, error) >= 0;
    progress_end(&backup->progress);
    return done;
}

/* The key. */

/* It is the owner's alone, as it is where it was. */
static bool write_key(const Backup *backup, GBytes *key, GError **error) {
    g_autofree char *path = g_build_filename(backup->folder, "secret.key", NULL);
    const GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;
    gsize size;
    const char *text = g_bytes_get_data(key, &size);
    return g_file_set_contents_full(path, text, (gssize)size, flags, 0600, error);
}

/* Older databases know of no key. */
static bool check_key(Backup *backup, GError **error) {
    g_autofree char *problem = NULL;
    if (backup->version < migrate_newest())
        return true;
    if (!data_check_key(backup->options, backup->db, &problem, error))
        return false;
    if (problem)
        puts(problem);
    backup->n_problems += problem != NULL;
    return true;
}

static bool copy_key(Backup *backup, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) key = file_read(backup->options->key_file, MOST_KEY_BYTES, &cause);
    if (!key && !error_is(cause, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return (!key || write_key(backup, key, error)) && check_key(backup, error);
}

/* Ending. */

static bool write_manifest(const Backup *backup, GError **error) {
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *made = g_date_time_format_iso8601(now);
    g_autofree char *path = g_build_filename(backup->folder, MANIFEST, NULL);
    g_autofree char *of = g_canonicalize_filename(backup->options->data, NULL);
    json_auto_t *manifest =
        json_pack("{s:i, s:s, s:s, s:i, s:I, s:i}", "dpxdt_backup", FORMAT, "of", of, "made", made, "files",
                  backup->all.n, "bytes", (json_int_t)backup->all.bytes, "problems", backup->n_problems);
    char *json = json_dumps(manifest, JSON_INDENT(2));
    g_autofree char *text = g_strconcat(json, "\n", NULL);
    free(json);
    return file_write_text(path, text, error);
}

static bool rename_path(const char *from, const char *to, GError **error) {
    g_autofree char *above = g_path_get_dirname(to);
    if (rename(from, to) == 0)
        return sync_path(above, error);
    error_set_errno(error, ERROR_FAILED, errno, "cannot rename %s to %s", from, to);
    return false;
}

static bool end_backup(const Backup *backup, const char *to, GError **error) {
    g_autofree char *database = g_build_filename(backup->folder, "dpxdt.db", NULL);
    return sync_path(backup->copy, error) && rename_path(backup->copy, database, error) &&
           write_manifest(backup, error) && (strcmp(backup->folder, to) == 0 || rename_path(backup->folder, to, error));
}

static bool back_up(Backup *backup, const char *to, GError **error) {
    return choose_folder(backup, to, error) && copy_database(backup, error) && copy_files(backup, error) &&
           copy_key(backup, error) && end_backup(backup, to, error);
}

static void print_result(const Backup *backup, const char *to) {
    g_autofree char *all = g_format_size((guint64)backup->all.bytes);
    g_autofree char *copied = g_format_size((guint64)backup->copied.bytes);
    printf("%s has the database and %d files (%s), of which %d (%s) are new\n", to, backup->all.n, all,
           backup->copied.n, copied);
    if (backup->n_problems > 0)
        printf(g_dngettext(NULL, "%d problem: what is told above is not in it\n",
                           "%d problems: what is told above is not in it\n", (gulong)backup->n_problems),
               backup->n_problems);
}

/* What cannot be copied here has tools of its own that can. */

static bool check_database(const Db *db, GError **error) {
    const char *tool = db_pick(db, NULL, "pg_dump", "mariadb-dump --single-transaction");
    if (tool)
        error_set(
            error, ERROR_INVALID,
            "the database is no file, so nothing was copied: back it up with `%s`, and the pictures after it (man "
            "dpxdt-backup)",
            tool);
    return !tool;
}

static int hold(Blobs *blobs, GError **error) {
    g_autoptr(GError) cause = NULL;
    int lock = blobs_hold(blobs, &cause);
    if (error_is(cause, ERROR_INVALID))
        error_set(error, ERROR_INVALID,
                  "the pictures are in a store, so nothing was copied: back up the database, and have the store keep a "
                  "second bucket (man dpxdt-backup)");
    else if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return lock;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    g_auto(Backup) backup = {0};
    g_autofree char *to = NULL;
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        KEY_ENTRY(&options),
        {"to", 0, 0, G_OPTION_ARG_FILENAME, &to, "Folder of the backup: a new one, or one of a backup before", "DIR"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    if (!to || !*to) {
        error_set(error, ERROR_INVALID, "--to is missing: into which folder?");
        return 2;
    }
    g_autofree char *folder = without_slash(to);
    g_autoptr(DbPool) pool = data_open_any_database(&options, 1, error);
    backup.version = pool ? migrate_version(pool, error) : -1;
    g_autoptr(Db) db = backup.version >= 0 ? db_pool_take(pool, 0, error) : NULL;
    g_autoptr(Blobs) blobs = db && check_database(db, error) ? data_open_blobs(&options, error) : NULL;
    int lock = blobs ? hold(blobs, error) : -1;
    backup.options = &options;
    backup.db = db;
    backup.from = blobs;
    bool done = lock >= 0 && back_up(&backup, folder, error);
    if (lock >= 0)
        close(lock);
    if (!done)
        return 2;
    print_result(&backup, folder);
    return backup.n_problems > 0;
}

const Command backup_command = {
    "backup",
    "",
    "Copy a server's data, while it runs, to a folder from which it can go on",
    "Copies the database (SQLite) as it is at one moment, and all pictures that it names. DIR is a folder\n"
    "of data then: `dpxdt server --data DIR` goes on from there. A second backup to the same folder copies\n"
    "only pictures that are new. One that broke off leaves what was there before.\n"
    "\n"
    "  dpxdt backup --data /var/lib/dpxdt --to /backup/dpxdt\n"
    "\n"
    "The exit status is 0 if all is there, 1 if the server has lost pictures, 2 if there is no new backup.",
    run,
};
