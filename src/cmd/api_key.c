/* `dpxdt api-key create|list|revoke`: keys for programs that use the API. */
#include "cmd/data.h"
#include "store/api_key.h"
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

enum { MOST_LISTED = 10000 };

typedef struct {
    int64_t build_id; /* 0: a superuser's */
    const char *purpose;
    char *id, *secret;
} NewKey;

static bool add_entry(Db *db, AuditKind kind, int64_t build_id, const char *key, int64_t now_ms, GError **error) {
    const AuditEntry entry = {.build_id = build_id, .kind = kind, .message = (char *)key};
    return build_id == 0 || audit_add(db, &entry, now_ms, error);
}

static bool create_key(Db *db, void *data, GError **error) {
    NewKey *key = data;
    int64_t now_ms = g_get_real_time() / 1000;
    g_clear_pointer(&key->id, g_free);
    g_clear_pointer(&key->secret, g_free);
    return api_key_create(db, key->build_id, key->purpose, now_ms, &key->id, &key->secret, error) &&
           add_entry(db, AUDIT_CREATED_API_KEY, key->build_id, key->id, now_ms, error);
}

static int create(DbPool *pool, NewKey *key, bool is_superuser, GError **error) {
    if (is_superuser == (key->build_id > 0)) {
        error_set(error, ERROR_INVALID, "what is the key for: --build-id ID, or --superuser (as workers need)?");
        return 2;
    }
    int status = db_transact(pool, create_key, key, error) ? 0 : 2;
    if (status == 0)
        printf("%s %s\n", key->id, key->secret);
    g_free(key->id);
    g_free(key->secret);
    return status;
}

static char *day_of(int64_t ms) {
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000);
    return g_date_time_format(time, "%Y-%m-%d");
}

static void print_key(const ApiKey *key) {
    g_autofree char *created = day_of(key->created_ms), *revoked = day_of(key->revoked_ms);
    printf("%s\t%s...\t%s\t%s%s\t%s\n", key->id, key->secret_prefix, created, key->revoked_ms ? "revoked " : "valid",
           key->revoked_ms ? revoked : "", key->purpose ? key->purpose : "");
}

static int list(DbPool *pool, int64_t build_id, GError **error) {
    g_autoptr(Db) db = db_pool_take(pool, 0, error);
    g_autoptr(GPtrArray) keys = db ? api_key_list(db, build_id, MOST_LISTED, error) : NULL;
    for (guint i = 0; keys && i < keys->len; i++)
        print_key(g_ptr_array_index(keys, i));
    return keys ? 0 : 2;
}

static bool revoke_key(Db *db, void *id, GError **error) {
    int64_t now_ms = g_get_real_time() / 1000;
    g_autoptr(ApiKey) key = api_key_load(db, id, error);
    return key && api_key_revoke(db, id, now_ms, error) &&
           (key->revoked_ms || add_entry(db, AUDIT_REVOKED_API_KEY, key->build_id, id, now_ms, error));
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    g_autofree char *purpose = NULL;
    gint64 build_id = 0;
    gboolean is_superuser = FALSE;
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        {"build-id", 0, 0, G_OPTION_ARG_INT64, &build_id, "The key is for this build", "ID"},
        {"superuser", 0, 0, G_OPTION_ARG_NONE, &is_superuser, "The key is for all builds, and for workers", NULL},
        {"purpose", 0, 0, G_OPTION_ARG_STRING, &purpose, "What it is for, for people to read", "TEXT"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 1, 2, error))
        return 0;
    bool creates = strcmp(argv[1], "create") == 0, revokes = strcmp(argv[1], "revoke") == 0;
    if (!creates && !revokes && strcmp(argv[1], "list") != 0) {
        error_set(error, ERROR_INVALID, "'%s' is neither create, list nor revoke", argv[1]);
        return 2;
    }
    if (revokes != (argc == 3)) {
        error_set(error, ERROR_INVALID, revokes ? "which key is to be revoked?" : "there is too much on the line");
        return 2;
    }
    NewKey key = {.build_id = build_id, .purpose = purpose ? purpose : "made by dpxdt api-key"};
    g_autoptr(DbPool) pool = data_open_database(&options, 1, creates, error);
    if (!pool)
        return 2;
    if (creates)
        return create(pool, &key, is_superuser, error);
    return revokes ? (db_transact(pool, revoke_key, argv[2], error) ? 0 : 2) : list(pool, build_id, error);
}

const Command api_key_command = {
    "api-key",
    "create|list|revoke [KEY]",
    "Create, list or revoke keys of a server's API",
    "`create` prints the id of the new key and its secret, which nobody can find out again. `list` prints\n"
    "the keys of a build or, without --build-id, those of superusers: id, the secret's beginning, when it\n"
    "was created, whether it is valid, purpose, with tabs between them. The server may be running.\n"
    "\n"
    "  dpxdt api-key create --data /var/lib/dpxdt --build-id 1 --purpose 'nightly job'\n"
    "  dpxdt api-key create --data /var/lib/dpxdt --superuser --purpose 'workers'\n"
    "  dpxdt api-key revoke --data /var/lib/dpxdt 4xq5dawn3oqg2rj4xq5dawn3oqg2rj4x",
    run,
};
