/* `dpxdt test DIR`: takes the screenshots again, and compares. */
#include "cmd/local_options.h"

static int run(const Command *command, int argc, char **argv, GError **error) {
    return local_options_run(command, false, argc, argv, error);
}

const Command test_command = {
    "test", "DIR", "Take the screenshots again, and compare them with the references",
    "The pictures of tests that differ are kept in DIR/.dpxdt/last: `dpxdt report DIR` shows them, and\n"
    "`dpxdt approve DIR` makes them the references.\n"
    "\n"
    "Examples:\n"
    "  dpxdt test tests\n"
    "  dpxdt test tests --test-filter 'checkout*' --retries 2\n"
    "  dpxdt test tests --junit junit.xml --report gallery     (in a CI job)\n"
    "\n"
    "Exit status: 0 if all are equal, 1 if some differ or failed, 2 if nothing could be done.",
    run};
