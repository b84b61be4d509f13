/* `dpxdt user list|promote|demote`: who has logged in to a server, and who may do everything on it. */
#include "cmd/data.h"
#include "store/user.h"

#include <stdio.h>
#include <string.h>

enum { MOST_LISTED = 100 * 1000 };

/* What is asked for. */
typedef struct {
    const char *email;
    bool promotes;
} Change;

static int list(DbPool *pool, GError **error) {
    g_autoptr(Db) db = db_pool_take(pool, 0, error);
    g_autoptr(GPtrArray) users = db ? user_list(db, NULL, MOST_LISTED, error) : NULL;
    for (guint i = 0; users && i < users->len; i++) {
        const User *user = g_ptr_array_index(users, i);
        printf("%s\t%s\t%s\n", user->email, user->is_superuser ? "superuser" : "user", user->id);
    }
    if (users && users->len == 0)
        fputs("nobody has logged in yet\n", stderr);
    return users ? 0 : 2;
}

/* All that have the address: it is one person's, by whichever login service he came. */
static bool change(Db *db, void *data, GError **error) {
    const Change *wanted = data;
    g_autofree char *email = user_check_email(wanted->email, error);
    g_autoptr(GPtrArray) users = email ? user_list(db, email, MOST_LISTED, error) : NULL;
    if (users && users->len == 0)
        error_set(error, ERROR_NOT_FOUND, "nobody has logged in as %s yet", email);
    bool done = users && users->len > 0;
    for (guint i = 0; done && i < users->len; i++)
        done = user_set_superuser(db, ((const User *)g_ptr_array_index(users, i))->id, wanted->promotes, error);
    return done;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    const GOptionEntry entries[] = {DATA_ENTRIES(&options), {NULL, 0, 0, 0, NULL, NULL, NULL}};
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 1, 2, error))
        return 0;
    bool lists = strcmp(argv[1], "list") == 0, promotes = strcmp(argv[1], "promote") == 0;
    if (!lists && !promotes && strcmp(argv[1], "demote") != 0) {
        error_set(error, ERROR_INVALID, "'%s' is none of list, promote and demote", argv[1]);
        return 2;
    }
    if (!lists && argc != 3) {
        error_set(error, ERROR_INVALID, "whom? Give the address of mail, as `dpxdt user list` prints it");
        return 2;
    }
    Change wanted = {lists ? NULL : argv[2], promotes};
    g_autoptr(DbPool) pool = data_open_database(&options, 1, false, error);
    if (!pool)
        return 2;
    return lists ? list(pool, error) : db_transact(pool, change, &wanted, error) ? 0 : 2;
}

const Command user_command = {
    "user",
    "list|promote|demote [EMAIL]",
    "List who has logged in to a server, and make superusers of them",
    "`list` prints a line for each user, those who came last first: the address of mail, superuser or\n"
    "user, and the id, with tabs between them. A superuser sees all builds and the queues, and may do\n"
    "everything; `promote` makes one of somebody who has logged in before, `demote` ends it.\n"
    "\n"
    "  dpxdt user promote --data /var/lib/dpxdt ann@example.com",
    run,
};
