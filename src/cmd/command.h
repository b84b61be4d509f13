/* What a command of `dpxdt` is. main.c has the table of them; each other file here exports one. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Command Command;
struct Command {
    const char *name;      /* "test", as typed */
    const char *arguments; /* "DIR [NAME...]", behind the options in the usage line */
    const char *summary;   /* one line, for the list of commands */
    const char *help;      /* paragraphs for --help, below the options: examples, exit status. May be NULL */
    /* Does it. argv[0] is the command's name. Returns the exit status; on failure sets error, which main() prints,
     * and whose code then gives the status. */
    int (*run)(const Command *command, int argc, char **argv, GError **error);
};

extern const Command test_command, update_command, approve_command, report_command, diff_command;
extern const Command server_command, worker_command, fsck_command, gc_command, backup_command, build_command,
    api_key_command, user_command, migrate_command, import_command;
extern const Command site_diff_command, pair_diff_command, diff_my_urls_command, diff_my_images_command;

/* Parses the options, which may stand anywhere before a "--", '_' and '-' being the same in their names. Afterwards
 * argv holds the command's name and the other arguments. False if there is nothing more to do: with error set for an
 * option that is unknown (and the one that may have been meant) or has a bad value; without for --help, which has
 * been printed. entries end with a NULL entry, as GOption has it. */
bool command_parse(const Command *command, const GOptionEntry *entries, int *argc, char ***argv,
                   GError **error) MUST_CHECK;

/* Fails with ERROR_INVALID, naming the usage, unless there are from least to most arguments (most < 0: no limit)
 * behind the options. */
bool command_check_arguments(const Command *command, int argc, int least, int most, GError **error) MUST_CHECK;

/* Gives an option that was not given the value of an environment variable, or the usual one, which may be NULL, if that
 * is unset or empty. The option owns its value. */
void command_complete(char **option, const char *variable, const char *usual);
