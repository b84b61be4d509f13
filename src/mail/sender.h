/* The threads that send what the outbox (store/notice.h) has: one for mail, some for webhooks and for statuses, so that a
 * server that hangs holds up few others; each of them sends one task after the other. Any number of servers may do so on one database, as each task is leased. A mail is
 * noted as begun before it is sent: if what came of it is not known, be it that the server died, it ends as an error with the
 * words "may have been sent", and a person decides. */
#pragma once

#include "base/news.h"
#include "mail/delivery.h"

typedef struct Sender Sender;

/* What it works with, which must live as long; fetchers are its own. Without means->smtp mail is left to other servers. They look
 * for work when there is news, and each second. Fails with ERROR_FAILED if libcurl is not installed. */
Sender *sender_start(const DeliveryMeans *means, News *news, GError **error) MUST_CHECK;

/* Waits for their end, once the news are closed: what they are at is finished or, if the program is to end, given back soon. */
void sender_join(Sender *sender);
