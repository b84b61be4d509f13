#include "client/ask.h"

#include "version.h"

#include <string.h>

const char *dpxdt_version(void) {
    return DPXDT_VERSION;
}

/* "http://host:5000/" -> "http://host:5000/api" */
static char *complete_prefix(const char *prefix) {
    g_autofree char *plain = g_strdup(prefix);
    for (size_t n = strlen(plain); n > 0 && plain[n - 1] == '/'; n--)
        plain[n - 1] = '\0';
    const char *host = strstr(plain, "://");
    bool has_path = host && strchr(host + 3, '/');
    return g_strconcat(plain, has_path ? "" : "/api", NULL);
}

DpxdtClient *dpxdt_new(const char *prefix, const char *key, const char *secret) {
    DpxdtClient *client = g_new0(DpxdtClient, 1);
    client->prefix = complete_prefix(prefix);
    client->queue_prefix = g_strconcat(client->prefix, "/work_queue", NULL);
    client->key = g_strdup(key);
    client->secret = g_strdup(secret);
    return client;
}

void dpxdt_free(DpxdtClient *client) {
    if (!client)
        return;
    fetcher_free(client->fetcher);
    g_clear_error(&client->error);
    g_free(client->prefix);
    g_free(client->queue_prefix);
    g_free(client->key);
    g_free(client->secret);
    g_free(client);
}

void dpxdt_release_memory(void *memory) {
    g_free(memory);
}

void client_end_on_stop(DpxdtClient *client) {
    client->ends_on_stop = true;
}

void client_try_once(DpxdtClient *client) {
    client->tries_once = true;
}

void client_set_queue_prefix(DpxdtClient *client, const char *prefix) {
    g_free(client->queue_prefix);
    client->queue_prefix = g_strdup(prefix);
}

/* Failing. */

const char *dpxdt_message(const DpxdtClient *client) {
    return client->error ? client->error->message : "";
}

static const struct {
    DpxdtStatus status;
    ErrorCode code;
} codes[] = {
    {DPXDT_INVALID, ERROR_INVALID}, {DPXDT_DENIED, ERROR_DENIED},   {DPXDT_NOT_FOUND, ERROR_NOT_FOUND},
    {DPXDT_CLOSED, ERROR_BUSY},     {DPXDT_TIMEOUT, ERROR_TIMEOUT},
};

DpxdtStatus client_end(DpxdtClient *client, GError *error) {
    g_clear_error(&client->error);
    client->error = error;
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (error_is(error, codes[i].code))
            return codes[i].status;
    return error ? DPXDT_FAILED : DPXDT_OK;
}

bool client_check(const DpxdtClient *client, DpxdtStatus status, GError **error) {
    if (status == DPXDT_OK)
        return true;
    g_propagate_error(error, g_error_copy(client->error));
    return false;
}
