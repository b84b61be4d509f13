/* Which server takes our mail, and how it is to be spoken to. */
#pragma once

#include "base/error.h"

/* As somebody wrote them, in options of `dpxdt server` or the environment. */
typedef struct {
    const char *url;  /* smtp://mail.example.com:587, smtps://mail.example.com:465, smtp://localhost:25 */
    const char *from; /* where mail comes from: dpxdt@example.com, or with a name, "dpxdt <dpxdt@example.com>" */
    const char *user, *password; /* both or none; never in the URL, where everybody could read them */
    const char *tls;             /* "required", "opportunistic" or "none"; NULL: required, but for smtp://localhost */
    const char *ca_file;         /* certificates (PEM) that are trusted instead of the system's; or NULL */
} SmtpOptions;

typedef enum {
    SMTP_TLS_REQUIRED,      /* STARTTLS (RFC 3207), or from the beginning (smtps); the certificate must be right */
    SMTP_TLS_OPPORTUNISTIC, /* STARTTLS where it is offered, with any certificate (RFC 7435) */
    SMTP_TLS_NONE,
} SmtpTls;

/* How long a mail may take: as long as a server may need for one that it has got (RFC 5321, 4.5.3.2.6). */
enum { SMTP_TIMEOUT_MS = 10 * 60 * 1000 };

typedef struct {
    char *url; /* with its port: without one it is 587 (RFC 6409), for smtps 465 (RFC 8314), for smtp://localhost 25 */
    char *server;          /* host:port, for messages */
    char *from;            /* the address, which is told what cannot be delivered */
    char *from_name;       /* "dpxdt", if it was given without one */
    char *user, *password; /* NULL: none */
    char *ca_file;         /* may be NULL */
    SmtpTls tls;
    int timeout_ms; /* of the whole of a mail: SMTP_TIMEOUT_MS, until somebody changes it */
} SmtpSettings;

/* Reads them; the caller frees it. NULL with ERROR_INVALID and a message that begins with the option at fault, as "--smtp-tls",
 * says what it may be, and never has a password in it. A password is refused where it would, or could be made to, travel in the
 * clear to another machine; a name that is not one line of UTF-8, or has any of "<>@,;:\ outside of quotes. Any thread. */
SmtpSettings *smtp_settings_new(const SmtpOptions *options, GError **error) MUST_CHECK;
void smtp_settings_free(SmtpSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmtpSettings, smtp_settings_free)
