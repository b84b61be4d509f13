/* What we and a mail server said to each other, as libcurl shows it line by line, and what follows from it for the mail.
 * libcurl's own code for how it ended tells a refusal for now from one for good as little as it tells what of the mail the
 * server may have. Of one thread at a time. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    SMTP_SENT,      /* the server has it, and will see to it */
    SMTP_TRY_LATER, /* it has it not, for a reason that may pass: no connection, no login, an answer 4xx */
    SMTP_REFUSED,   /* it does not want this mail: it would not want it the next time */
    SMTP_UNKNOWN,   /* it was sent to its end, and there was no answer: sent again, it may come twice */
} SmtpResult;

/* A recipient who was refused by a server that may have taken the mail for others. */
typedef struct {
    char *address;
    char *reply;   /* "550 5.1.1 there is no such user" */
    bool is_final; /* false: it may be sent again later, to him alone */
} SmtpRefusal;

typedef enum {
    SMTP_AT_CONNECT,
    SMTP_AT_LOGIN,
    SMTP_AT_SENDER,
    SMTP_AT_RECIPIENT,
    SMTP_AT_DATA,    /* may we send it? */
    SMTP_AT_CONTENT, /* it is being sent; there is no answer yet */
    SMTP_AT_END,     /* there is */
} SmtpStage;

typedef struct {
    const char *const *to;
    size_t n_asked; /* of them */
    SmtpStage stage;
    int code;            /* of the answer to the last command; 0: there is none */
    GString *reply;      /* its text, code in front, in printable ASCII */
    GPtrArray *refusals; /* of SmtpRefusal */
    bool is_over;        /* we said QUIT */
} SmtpTalk;

/* to, which is NULL behind its last address, must live as long. */
void smtp_talk_init(SmtpTalk *talk, const char *const *to);
void smtp_talk_clear(SmtpTalk *talk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmtpTalk, smtp_talk_clear)

/* A line of ours, and one of the server. */
void smtp_talk_sent(SmtpTalk *talk, const char *line, size_t size);
void smtp_talk_received(SmtpTalk *talk, const char *line, size_t size);

/* What became of the mail, when the talk is over or broken off. is_all_read: libcurl had got all of the mail from us, so
 * the line with the dot, without which no server may take it, may have been sent. */
SmtpResult smtp_talk_result(const SmtpTalk *talk, bool is_all_read);
