/* How people reach a server, and log in to it. What is secret comes from the environment. */
#pragma once

#include "auth/oidc.h"
#include "base/ip_block.h"
#include "cmd/command.h"

typedef struct {
    char *public_url, *trusted_proxies;
    char *issuer, *client_id, *hosted_domain;

    /* What they come to. */
    GArray *proxies;    /* of IpBlock */
    OidcProvider *oidc; /* NULL: there is no login service */
} WebOptions;

void web_options_clear(WebOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WebOptions, web_options_clear)

/* Entries for command_parse(). */
#define WEB_ENTRIES(options)                                                            \
    {"public-url",                                                                      \
     0,                                                                                 \
     0,                                                                                 \
     G_OPTION_ARG_STRING,                                                               \
     &(options)->public_url,                                                            \
     "How people reach this server: https://dpxdt.example.com",                         \
     "URL"},                                                                            \
        {"trusted-proxies",                                                             \
         0,                                                                             \
         0,                                                                             \
         G_OPTION_ARG_STRING,                                                           \
         &(options)->trusted_proxies,                                                   \
         "Proxies whose X-Forwarded-For and -Proto are believed: 127.0.0.1,10.0.0.0/8", \
         "ADDRESSES"},                                                                  \
        {"oidc-issuer",                                                                 \
         0,                                                                             \
         0,                                                                             \
         G_OPTION_ARG_STRING,                                                           \
         &(options)->issuer,                                                            \
         "Login service: https://accounts.google.com, or any of OpenID Connect",        \
         "URL"},                                                                        \
        {"oidc-client-id",                                                              \
         0,                                                                             \
         0,                                                                             \
         G_OPTION_ARG_STRING,                                                           \
         &(options)->client_id,                                                         \
         "What the service calls this server (DPXDT_OIDC_CLIENT_SECRET must be set)",   \
         "ID"},                                                                         \
    {                                                                                   \
        "oidc-hosted-domain", 0, 0, G_OPTION_ARG_STRING, &(options)->hosted_domain,     \
            "Let in only accounts of this domain of Google's Workspace", "DOMAIN"       \
    }

/* Checks them. */
bool web_options_apply(WebOptions *options, int port, GError **error) MUST_CHECK;
