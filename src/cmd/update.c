/* `dpxdt update DIR`: takes the reference screenshots. */
#include "cmd/local_options.h"

static int run(const Command *command, int argc, char **argv, GError **error) {
    return local_options_run(command, true, argc, argv, error);
}

const Command update_command = {
    "update", "DIR", "Take the reference screenshots of the tests in DIR",
    "Reads every DIR/*.yaml, starts the server that it names, and writes DIR/<name>.png for each test.\n"
    "\n"
    "Exit status: 0 if all were taken, 1 if some were not (their old references are kept), 2 if nothing\n"
    "could be done. `man dpxdt-tests` describes the files.",
    run};
