/* Which server, and with which key: what worker and the four tools have in common, under the names of old. */
#pragma once

#include "cmd/command.h"

#include <dpxdt.h>

typedef struct {
    char *prefix, *queue_prefix; /* NULL: not given */
    char *key, *secret;
} ClientOptions;

void client_options_clear(ClientOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClientOptions, client_options_clear)

/* Entries for command_parse(). */
#define CLIENT_ENTRIES(options)                                                              \
    {"release-server-prefix",                                                                \
     0,                                                                                      \
     0,                                                                                      \
     G_OPTION_ARG_STRING,                                                                    \
     &(options)->prefix,                                                                     \
     "Of the server's API (default: http://localhost:5000/api)",                             \
     "URL"},                                                                                 \
        {"release-client-id",                                                                \
         0,                                                                                  \
         0,                                                                                  \
         G_OPTION_ARG_STRING,                                                                \
         &(options)->key,                                                                    \
         "Id of an API key (also DPXDT_CLIENT_ID)",                                          \
         "ID"},                                                                              \
    {                                                                                        \
        "release-client-secret", 0, 0, G_OPTION_ARG_STRING, &(options)->secret,              \
            "Its secret; DPXDT_CLIENT_SECRET hides it from others on this machine", "SECRET" \
    }

/* What was not given comes from the environment (DPXDT_SERVER_PREFIX, DPXDT_CLIENT_ID, DPXDT_CLIENT_SECRET), or is what is
 * usual. Fails with ERROR_INVALID for a prefix that is no http or https address, or a key without a secret. */
bool client_options_complete(ClientOptions *options, GError **error) MUST_CHECK;

/* Whether what an option names is an http or https address, or NULL: ERROR_INVALID. */
bool client_check_prefix(const char *option, const char *url, GError **error) MUST_CHECK;

/* A client that ends when the program is to end. The caller frees it. */
DpxdtClient *client_options_connect(const ClientOptions *options);
