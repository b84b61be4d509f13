/* What `dpxdt test` and `dpxdt update` have in common: the options of a run. */
#pragma once

#include "cmd/command.h"

/* Parses the options, and does the run (or the list, for --list-tests). Returns the exit status. */
int local_options_run(const Command *command, bool update, int argc, char **argv, GError **error);
