/* The review site: pages of builds, releases and runs, for people. Rendered here, as HTML; scripts only add to it. */
#pragma once

#include "auth/limit.h"
#include "auth/oidc.h"
#include "auth/places.h"
#include "base/news.h"
#include "blob/seal.h"
#include "db/db.h"
#include "http/server.h"

typedef struct {
    /* Set by the caller, who owns them. */
    DbPool *pool;
    Blobs *blobs;
    const SealKey *key; /* of configs */
    News *news;         /* told of what changes */
    OidcProvider *oidc; /* NULL: nobody can log in, but as ignore_auth has it */
    bool ignore_auth;   /* whoever logs in is a superuser */
    bool allow_private; /* webhooks may be at private addresses */
    bool sends_mail;    /* so invitations go by mail */

    Limit *logins;      /* by address */
    Limit *invitations; /* by user: each is mail to somebody who did not ask for it */
    Places *streams;    /* of events, by address: each has a connection and a thread */
} Web;

/* Before the first request, and behind the last one. */
void web_init(Web *web);
void web_clear(Web *web);

/* Its routes, whose data is a Web; and what is answered where there is none. */
extern const HttpRoute web_routes[];
extern const size_t web_n_routes;
HttpResponse *web_refuse(const HttpRequest *request, int status, const char *why, Web *web);
