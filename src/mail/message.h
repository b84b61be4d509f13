/* What a mail says, and its headers, which are ours (RFC 5322); its parts and their encoding are libcurl's (smtp.h).
 * Nothing that comes from a stranger can begin a header: what stands for itself, as an address, is refused if it has a
 * character that does not belong there; in words, as the subject, such a character becomes a space.
 * All functions: any thread. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A PNG in the page: <img src="cid:chart@example.com">. */
typedef struct {
    const char *id; /* "chart@example.com": unlike those of all other mails, as an address is (RFC 2392) */
    GBytes *png;
} MailImage;

typedef struct {
    const char *id; /* "<ready.17@example.com>": the same at each try, so that a mail that came twice counts once */
    int64_t time_s; /* when it was written, in seconds since 1970: the same at each try, too */
    const char *from_name;   /* who sends it, in words; NULL: nothing but the address */
    const char *const *to;   /* addresses, NULL behind the last; at least one, at most 100, and all of them see all */
    const char *subject;     /* behind 250 characters it is cut */
    const char *text;        /* the mail for who reads no HTML; lines end with "\n" or "\r\n" */
    const char *html;        /* the same as a page; may be NULL */
    const MailImage *images; /* of the page; without one they are not sent */
    size_t n_images;
    const char *unsubscribe; /* where this kind of mail can be ended (RFC 2369): http, https, mailto; or NULL */
} MailMessage;

/* Whether it can be sent as it is. ERROR_INVALID, with a message that says what is wrong, for an id, an address of whom or
 * where that is none, for no recipient or too many, and for more than 16 MiB of text and pictures. */
bool message_check(const MailMessage *message, GError **error) MUST_CHECK;

/* The headers of a message that was checked, from an address that was: each is one string, "Name: value", perhaps of several
 * lines with "\r\n " between them, none longer than RFC 5322 allows, and without the end of its last line. Words that are
 * no ASCII, or long, are encoded (RFC 2047). Those of MIME are not among them. The caller frees them. */
char **message_headers(const MailMessage *message, const char *from);

/* A text as it is sent: what is no UTF-8 in it is replaced, and each line ends with "\r\n". The caller frees it. */
char *message_body(const char *text);
