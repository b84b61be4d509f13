#include "cmd/command.h"

static int run(const Command *command, int argc, char **argv, GError **error) {
    (void)command, (void)argc, (void)argv;
    error_set(error, ERROR_FAILED, "not built yet");
    return 2;
}

const Command diff_command = {"diff", "DIR", "-", NULL, run};
