/* Sending one mail to one server, by libcurl: SMTP (RFC 5321), AUTH (RFC 4954), STARTTLS (RFC 3207). The mail is MIME:
 * multipart/alternative of text/plain and the page, which is multipart/related with its pictures. Mails are not kept here:
 * whoever has one asks again, or not, by what came of it. */
#pragma once

#include "base/error.h"
#include "mail/message.h"
#include "mail/smtp_settings.h"
#include "mail/smtp_talk.h"

typedef struct {
    SmtpResult result;
    GPtrArray *refusals; /* of SmtpRefusal: recipients who were refused, whatever became of the mail for the others */
} SmtpOutcome;

void smtp_outcome_clear(SmtpOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmtpOutcome, smtp_outcome_clear)

/* Sends a mail on a connection of its own, and waits for the answer: settings->timeout_ms at most, of which a minute to
 * connect and log in. Where a server offers no login at all, the mail is sent without. *outcome, whose content before does
 * not count, is set in each case, and the caller clears it. True for SMTP_SENT, which may be to some of the recipients only:
 * see refusals. Else false, with outcome->result, which says what may be done next, and with error, whose message names the
 * server, has its answer, and never has the password:
 *
 *     SMTP_TRY_LATER  ERROR_NOT_FOUND: nobody listens there; ERROR_TIMEOUT; ERROR_STOPPED: the program is to end, and the
 *                     mail had not been sent to its end; ERROR_DENIED: the login was refused, or the server greets
 *                     nobody; ERROR_BUSY: an answer 4xx; ERROR_FAILED: all else, as a wrong
 *                     certificate, a connection that broke, or no libcurl
 *     SMTP_REFUSED    ERROR_DENIED, by the server; ERROR_INVALID, by message_check()
 *     SMTP_UNKNOWN    ERROR_TIMEOUT, ERROR_STOPPED (five seconds after it was asked for), ERROR_FAILED
 *
 * Any thread. */
bool smtp_send(const SmtpSettings *settings, const MailMessage *message, SmtpOutcome *outcome,
               GError **error) MUST_CHECK;
