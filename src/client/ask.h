/* A call of the server's API, from a form to its answer: what the files of this folder share. */
#pragma once

#include "client/client.h"
#include "net/fetch.h"
#include "net/form.h"

#include <glib.h>

struct DpxdtClient {
    char *prefix, *queue_prefix;
    char *key, *secret;
    Fetcher *fetcher; /* once something was sent */
    bool ends_on_stop, tries_once;
    GError *error; /* why the last call failed; NULL: it did not */
};

/* Ends a call: takes the error, or NULL, and keeps it for dpxdt_message(). */
DpxdtStatus client_end(DpxdtClient *client, GError *error);

/* Asks, and asks again where that may help and can do no harm: nobody was there to hear it, or it may be said twice. request
 * has the method, the URL and what is sent; the rest of it is set here. NULL with an error if there was no answer. */
FetchReply *client_ask(DpxdtClient *client, FetchRequest *request, bool repeatable, GError **error) MUST_CHECK;

/* The object that was answered, which the caller frees with json_decref(). NULL with an error, which is the server's own word
 * where it has one. */
json_t *client_read_answer(const char *url, const FetchReply *reply, GError **error) MUST_CHECK;

/* The three of them for a POST, of which request has what is sent; for a form, which is taken; and for one that goes to an
 * endpoint of the API. */
json_t *client_post(DpxdtClient *client, const char *url, FetchRequest *request, bool repeatable,
                    GError **error) MUST_CHECK;
json_t *client_post_form(DpxdtClient *client, const char *url, GString *form, bool repeatable,
                         GError **error) MUST_CHECK;
json_t *client_call(DpxdtClient *client, const char *endpoint, GString *form, GError **error) MUST_CHECK;

/* A whole call whose answer says no more than that it was fine. Takes the form. */
DpxdtStatus client_tell(DpxdtClient *client, const char *endpoint, GString *form);

/* Members of an answer: a text, which the caller frees, or NULL; a number that is not negative, or 0. */
char *client_text(const json_t *json, const char *key);
int client_number(const json_t *json, const char *key);

/* Forms (net/form.h) that begin with what names a build, or a release of it; and what names a task. */
GString *form_of_build(int64_t build_id);
GString *form_of_release(const DpxdtRelease *release);
void form_add_task(GString *form, const DpxdtTask *task);
