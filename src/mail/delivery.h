/* One try to tell what a task of the outbox is about (store/notice.h): what those who do so have in common. */
#pragma once

#include "blob/blob.h"
#include "mail/message.h"
#include "mail/smtp_settings.h"
#include "net/fetch.h"
#include "queue/queue.h"

#include <jansson.h>

/* How long a task is leased: longer than a mail may take. */
enum { DELIVERY_LEASE_MS = 15 * 60 * 1000 };

/* What there is to do it with. */
typedef struct {
    DbPool *pool;
    Blobs *blobs;
    const SmtpSettings *smtp; /* NULL: there is no mail */
    Fetcher *fetcher;
    const char *origin; /* that links begin with: "https://dpxdt.example.com" */
    bool allow_private; /* addresses may be told, too, that are not of the public internet */
} DeliveryMeans;

typedef enum {
    DELIVERY_DONE,    /* it was told, or there is nothing to tell any more */
    DELIVERY_LATER,   /* it was not, for a reason that may pass */
    DELIVERY_FAILED,  /* it was not, and will not be; or nobody knows whether it was, and it must not be told twice */
    DELIVERY_STOPPED, /* it was not, as the program is to end */
} DeliveryResult;

/* What came of it. */
typedef struct {
    DeliveryResult result;
    char *message; /* for who looks after the queue: no secret is in it */
    char *payload; /* of DELIVERY_LATER: what is left to do; NULL: all of it */
    char *told;    /* of a commit's status: see commit_status.h */
} Delivery;

void delivery_clear(Delivery *delivery);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Delivery, delivery_clear)

void delivery_set(Delivery *delivery, DeliveryResult result, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets what follows from what could not be read: that what it was about is gone, or that the database is to be asked later. */
void delivery_set_unread(Delivery *delivery, const GError *error);

/* Tries: payload is the task's, as JSON, and *out is empty before. */
typedef void Deliver(const DeliveryMeans *means, const Task *task, const json_t *payload, Delivery *out);

/* A number of a payload, or 0. */
int64_t delivery_number(const json_t *payload, const char *key);

/* Notes that a mail is about to be sent (queue_begin()), in one transaction with other work, which may be NULL. Not to be in
 * doubt about this, the mail is sent only behind it. */
bool delivery_begin(const DeliveryMeans *means, const Task *task, DbWork other, void *data, GError **error) MUST_CHECK;

/* Sends a mail that was begun. Those who are to have it later, as their server said so, are in out->payload, under "only". */
void delivery_mail(const DeliveryMeans *means, const json_t *payload, const MailMessage *message, Delivery *out);

/* Addresses among these to which mail can be sent, each once, at most as many as a mail may have, which the caller frees. If the
 * payload has "only", those alone. */
char **delivery_recipients(const json_t *payload, const char *const *addresses);

/* POSTs to a URL, once, for at most ten seconds, without following redirects. 2xx is DELIVERY_DONE, 410 DELIVERY_FAILED, as is
 * a private address if there may be none; all else DELIVERY_LATER. Messages have the URL's host, and nothing else of it.
 * headers: "Name: value", NULL behind the last. */
void delivery_post(const DeliveryMeans *means, const char *url, const char *const *headers, GBytes *body,
                   Delivery *out);
