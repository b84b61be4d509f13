#include "cmd/client_options.h"

#include "client/client.h"
#include "cmd/command.h"
#include "net/egress.h"

void client_options_clear(ClientOptions *options) {
    g_clear_pointer(&options->prefix, g_free);
    g_clear_pointer(&options->queue_prefix, g_free);
    g_clear_pointer(&options->key, g_free);
    g_clear_pointer(&options->secret, g_free);
}

bool client_check_prefix(const char *option, const char *url, GError **error) {
    bool is_right = !url || egress_check(url, true, error);
    if (!is_right)
        g_prefix_error(error, "%s: ", option);
    return is_right;
}

bool client_options_complete(ClientOptions *options, GError **error) {
    command_complete(&options->prefix, "DPXDT_SERVER_PREFIX", "http://localhost:5000/api");
    command_complete(&options->key, "DPXDT_CLIENT_ID", NULL);
    command_complete(&options->secret, "DPXDT_CLIENT_SECRET", NULL);
    if (!client_check_prefix("--release-server-prefix", options->prefix, error) ||
        !client_check_prefix("--queue-server-prefix", options->queue_prefix, error))
        return false;
    if (!options->key != !options->secret)
        error_set(error, ERROR_INVALID, "an API key has an id and a secret, and only its %s is given",
                  options->key ? "id" : "secret");
    return !options->key == !options->secret;
}

DpxdtClient *client_options_connect(const ClientOptions *options) {
    DpxdtClient *client = dpxdt_new(options->prefix, options->key, options->secret);
    client_end_on_stop(client);
    return client;
}
