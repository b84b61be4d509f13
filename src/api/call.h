/* A call of the API, from its parameters to its reply: what the files of this folder share. */
#pragma once

#include "api/api.h"
#include "store/api_key.h"

#include <jansson.h>

typedef struct {
    Api *api;
    HttpRequest *request;
    int64_t now_ms;
    int64_t build_id; /* once call_allow_build() has found it */
    char *actor;      /* the key's id */
    json_t *reply;    /* an object */
    int status;       /* of an error, where its code does not tell; 0: it does */
} Call;

/* Answers with the work that is done in a transaction, which may be begun again: so it starts with an empty reply. */
HttpResponse *call_run(HttpRequest *request, void *api, DbWork work);

/* Sees to it that the caller may write to the build that he names, or may use the queue. */
bool call_allow_build(Call *call, Db *db, GError **error) MUST_CHECK;
bool call_allow_superuser(Call *call, Db *db, GError **error) MUST_CHECK;

/* A parameter that is not empty; NULL: with ERROR_INVALID, "... required". */
const char *call_text(Call *call, const char *name, GError **error) MUST_CHECK;

/* The same for one that may be missing, or be empty. */
const char *call_optional_text(Call *call, const char *name);

/* A number that is at least 1; else it counts as missing. */
bool call_number(Call *call, const char *name, int *out_number, GError **error) MUST_CHECK;
int call_optional_number(Call *call, const char *name, int fallback);

/* Puts a text, a number or true into the reply. */
void call_put_text(Call *call, const char *key, const char *text);
void call_put_number(Call *call, const char *key, int64_t number);
void call_put_success(Call *call);

/* An error as a reply. */
HttpResponse *call_error_response(int status, const char *message);
int call_status_of(const GError *error);
