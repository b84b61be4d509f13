/* Options that are not only on the command line: what that does not have comes from a variable of the environment, or else
 * from a file of settings, or else is what is usual.
 *
 * A line of the file is "option = value", the option under its long name, without the two dashes; one that takes no value
 * is "yes" or "no". "#", at the beginning of a line or behind a blank, begins a comment, but not in a value in double
 * quotes, in which \" and \\ stand for " and \. The variable is DPXDT_ and the name in capitals, with '_' for '-':
 * --public-url is DPXDT_PUBLIC_URL; one that is empty is not set. */
#pragma once

#include "cmd/command.h"

#define SETTINGS_OF_SERVER "/etc/dpxdt/dpxdt.conf"
#define SETTINGS_OF_WORKER "/etc/dpxdt/worker.conf"

/* Where settings came from. Of one thread. */
typedef struct Settings Settings;
void settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

/* As command_parse(), with --config and --print-config beside the entries; what they point to must outlive the settings.
 * The file is that of --config or DPXDT_CONFIG, or else usual_file, if it is there. NULL for false.
 *
 * Fails with ERROR_INVALID, and the file and the line, for an option that there is not, that is there twice or has a bad
 * value, with ERROR_NOT_FOUND if a file that was named is not there, and with ERROR_FAILED for one that cannot be read. */
Settings *settings_parse(const Command *command, const GOptionEntry *entries, const char *usual_file, int *argc,
                         char ***argv, GError **error) MUST_CHECK;

/* To be called when the options have been checked, and completed. Fails if are_right is false: *error, which is set then,
 * gets the place of the option that it names before it. Returns false without error if there is nothing more to do, as
 * --print-config has had them printed: each with where it came from, as lines of such a file. Passwords are not shown;
 * variables (ending with NULL) are those that are secrets, of which it is said only whether they are set. */
bool settings_accept(const Settings *settings, bool are_right, const char *const *variables, GError **error) MUST_CHECK;

/* For what a setting turns out to be wrong for only later, when it is used: *error, if it is set, gets the place of the
 * option that it names first before it, unless that is on the command line. */
void settings_name_place(const Settings *settings, GError **error);

/* Gives options that are still at NULL their value from the environment or the file of the server's settings, whose other
 * lines are passed over: for commands that only have some options in common with it. NULL for false; fails as
 * settings_parse() does. */
Settings *settings_complete(const Command *command, const GOptionEntry *entries, GError **error) MUST_CHECK;
