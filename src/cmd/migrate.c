/* `dpxdt migrate`: brings the tables of a database to what this program knows. */
#include "cmd/data.h"
#include "db/migrate.h"

#include <stdio.h>

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    g_autoptr(DbPool) pool = data_open_any_database(&options, 1, error);
    int before = pool ? migrate_run(pool, error) : -1;
    if (before < 0)
        return 2;
    if (before == migrate_newest())
        printf("The tables are of version %d, the newest.\n", before);
    else
        printf("The tables were of version %d, and are of version %d now.\n", before, migrate_newest());
    return 0;
}

const Command migrate_command = {
    "migrate",
    "",
    "Bring a server's database to the version of this program",
    "A new database gets its tables from `dpxdt server`. One that an older dpxdt has made is refused\n"
    "until this was run. Make a copy of it before.\n"
    "\n"
    "  dpxdt migrate --data /var/lib/dpxdt\n"
    "  dpxdt migrate --database postgresql://dpxdt@/dpxdt",
    run,
};
