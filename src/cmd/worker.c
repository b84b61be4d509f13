/* `dpxdt worker`: captures and compares for a server, from anywhere. */
#include "base/log.h"
#include "base/stop.h"
#include "cmd/client_options.h"
#include "cmd/log_options.h"
#include "cmd/settings.h"
#include "cmd/worker_options.h"

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(ClientOptions) client = {0};
    g_auto(WorkerOptions) options = WORKER_OPTIONS_USUAL;
    g_autofree char *log_format = NULL;
    WorkerSetup setup = {0};
    const GOptionEntry entries[] = {
        CLIENT_ENTRIES(&client),
        {"queue-server-prefix", 0, 0, G_OPTION_ARG_STRING, &client.queue_prefix,
         "Of its queue (default: that of the API, with /work_queue behind it)", "URL"},
        WORKER_ENTRIES(&options),
        LOG_ENTRY(&log_format),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    static const char *const secrets[] = {"DPXDT_CLIENT_ID", "DPXDT_CLIENT_SECRET", NULL};
    g_autoptr(Settings) settings = settings_parse(command, entries, SETTINGS_OF_WORKER, &argc, &argv, error);
    if (!settings || !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    bool are_right = client_options_complete(&client, error) && worker_options_apply(&options, &setup, error) &&
                     log_options_apply(log_format, error);
    if (!settings_accept(settings, are_right, secrets, error))
        return 0;
    setup.prefix = client.prefix;
    setup.queue_prefix = client.queue_prefix;
    setup.key = client.key;
    setup.secret = client.secret;
    Worker *worker = worker_start(&setup, error);
    if (!worker) {
        settings_name_place(settings, error);
        return 2;
    }
    log_event(LOG_INFO, "started", LOG_TEXT("server", client.prefix),
              LOG_NUMBER("capture_threads", setup.capture_threads), LOG_NUMBER("diff_threads", setup.diff_threads));
    worker_join(worker);
    log_event(LOG_INFO, "stopped", LOG_TEXT("server", client.prefix));
    return 0;
}

const Command worker_command = {
    "worker",
    "",
    "Capture pages and compare pictures for a server",
    "Asks the server for tasks, over HTTP: so it can run on any machine from which the server can be\n"
    "reached, behind a firewall, too, and there can be as many as are needed. The key must be a\n"
    "superuser's. On SIGTERM it gives back what it is at, and ends. Options that are not given are taken\n"
    "from the environment (--lease is DPXDT_LEASE), or else from " SETTINGS_OF_WORKER ", as lines of\n"
    "option = value.\n"
    "\n"
    "  export DPXDT_CLIENT_ID=... DPXDT_CLIENT_SECRET=...\n"
    "  dpxdt worker --release-server-prefix https://dpxdt.example.com/api\n"
    "\n"
    "Addresses that are private (10.0.0.1, localhost, metadata of a cloud) are not captured unless\n"
    "--allow-private says so: whoever has a key of the server could look around there.",
    run,
};
