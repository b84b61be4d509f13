/* `dpxdt approve DIR [NAME...]`: what the last test saw is good. */
#include "cmd/command.h"

#include "local/local.h"

static int run(const Command *command, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 1, -1, error))
        return 0;
    return local_approve(argv[1], (const char *const *)argv + 2, argc - 2, error) ? 0 : 2;
}

const Command approve_command = {
    "approve", "DIR [NAME...]", "Make the pictures of the last test the references",
    "Without names, all that differ, and all that had no reference. A name may be a pattern ('menu*'). The\n"
    "pictures are taken over byte for byte, nothing is captured again.",
    run};
