/* A call of the API, from its parameters to its reply: what the files of this folder share. */
#pragma once

#include "api/api.h"
#include "store/api_key.h"
#include "store/audit.h"
#include "store/release.h"

#include <jansson.h>

typedef struct Call Call;

/* Makes an answer when the database is done with. NULL with an error. */
typedef HttpResponse *CallAnswer(Call *call, void *data, GError **error);

struct Call {
    Api *api;
    HttpRequest *request;
    int64_t now_ms;
    int64_t build_id; /* once call_allow_build() has found it */
    char *actor;      /* the key's id */
    GPtrArray *names; /* that call_name() gave; NULL: none */
    int status;       /* of an error, where its code does not tell; 0: it does */

    /* What the work sets. */
    json_t *reply;          /* an object */
    HttpResponse *response; /* or another answer than a reply */
    CallAnswer *answer;     /* or how another one is made: see call_answer_with() */
    void *answer_data;
    GDestroyNotify free_answer_data;
    bool nothing_yet; /* there is nothing to answer with so far: see call_wait_and_run() */
    uint64_t counts[METRIC_N_COUNTS];
};

/* Has the answer made when no connection to the database is held any more, if the work is done. Takes data. */
void call_answer_with(Call *call, CallAnswer *answer, void *data, GDestroyNotify free_data);

/* Answers with the work, whose data is a Call, done in a transaction or, if it only reads, without. It may be begun again:
 * so it starts with an empty reply. */
HttpResponse *call_run(HttpRequest *request, void *api, DbWork work);
HttpResponse *call_read(HttpRequest *request, void *api, DbWork work);

/* The same for work that may find nothing yet: it is done again when something has changed, as long as the client wants to
 * wait (its parameter wait, in seconds, up to CALL_MOST_WAIT_S). */
enum { CALL_MOST_WAIT_S = 60 };
HttpResponse *call_wait_and_run(HttpRequest *request, void *api, DbWork work);
HttpResponse *call_wait_and_read(HttpRequest *request, void *api, DbWork work);

/* The answer to a caller who may not write to the build that he names; NULL if he may. For what is done before there is a
 * transaction, and not for strangers. */
HttpResponse *call_refuse_stranger(HttpRequest *request, void *api);

/* Whether the caller has a key of any build. */
bool call_has_key(HttpRequest *request, void *api);

/* Sees to it that the caller may write to the build that he names, or may use the queue. */
bool call_allow_build(Call *call, Db *db, GError **error) MUST_CHECK;
bool call_allow_superuser(Call *call, Db *db, GError **error) MUST_CHECK;

/* A parameter that is not empty; NULL: with ERROR_INVALID, "... required". */
const char *call_text(Call *call, const char *name, GError **error) MUST_CHECK;

/* The same for a name of a release or a run, in the composed form (NFC) in which names are kept. */
const char *call_name(Call *call, const char *name, GError **error) MUST_CHECK;

/* The same for one that may be missing, or be empty. */
const char *call_optional_text(const Call *call, const char *name);

/* A number that is at least 1; else it counts as missing. */
bool call_number(Call *call, const char *name, int *out_number, GError **error) MUST_CHECK;
int call_optional_number(const Call *call, const char *name, int fallback);

/* The release that release_name and release_number name; the caller frees it. The second locks it, in a transaction. */
Release *call_find_release(Call *call, Db *db, GError **error) MUST_CHECK;
Release *call_lock_release(Call *call, Db *db, GError **error) MUST_CHECK;

/* Where its page is, on the host that was asked; the caller frees it. */
char *call_results_url(const Call *call, const Release *release);

/* Notes what the caller did with a release, or with a run of it (0: none). */
bool call_audit(const Call *call, Db *db, AuditKind kind, const Release *release, int64_t run_id,
                GError **error) MUST_CHECK;

/* Puts a text, a number or true into the reply. */
void call_put_text(Call *call, const char *key, const char *text);
void call_put_number(Call *call, const char *key, int64_t number);
void call_put_success(Call *call);

/* An error as a reply. */
HttpResponse *call_error_response(int status, const char *message);
