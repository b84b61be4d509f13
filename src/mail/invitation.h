/* The mail by which somebody becomes an owner of a build. Its link has a token that is made when it is sent, and kept nowhere but
 * in the mail: in the database is its hash. */
#pragma once

#include "html/html.h"
#include "mail/delivery.h"

/* A task of NOTICE_MAIL_QUEUE whose kind is NOTICE_INVITATION. */
Deliver invitation_deliver;

typedef struct {
    const char *origin, *build_name, *token;
    const char *by; /* the address of whoever invites; may be NULL */
} InvitationMail;

void invitation_mail_html(Html *out, const InvitationMail *mail);
