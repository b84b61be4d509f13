/* Which server takes our mail. What is secret comes from the environment. */
#pragma once

#include "cmd/command.h"
#include "mail/smtp_settings.h"

typedef struct {
    char *url, *from, *user, *tls, *ca_file;

    /* What they come to. */
    SmtpSettings *smtp; /* NULL: this server sends no mail */
} MailOptions;

void mail_options_clear(MailOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MailOptions, mail_options_clear)

/* Entries for command_parse(). */
#define MAIL_ENTRIES(options)                                                                                            \
    {"smtp",                                                                                                             \
     0,                                                                                                                  \
     0,                                                                                                                  \
     G_OPTION_ARG_STRING,                                                                                                \
     &(options)->url,                                                                                                    \
     "Server that takes our mail: smtp://mail.example.com:587 (also DPXDT_SMTP; default: no mail)",                      \
     "URL"},                                                                                                             \
        {"mail-from", 0, 0, G_OPTION_ARG_STRING, &(options)->from, "Who mail comes from: \"dpxdt <dpxdt@example.com>\"", \
         "ADDRESS"},                                                                                                     \
        {"smtp-user",                                                                                                    \
         0,                                                                                                              \
         0,                                                                                                              \
         G_OPTION_ARG_STRING,                                                                                            \
         &(options)->user,                                                                                               \
         "Who logs in there (DPXDT_SMTP_PASSWORD must be set)",                                                          \
         "NAME"},                                                                                                        \
        {"smtp-tls",                                                                                                     \
         0,                                                                                                              \
         0,                                                                                                              \
         G_OPTION_ARG_STRING,                                                                                            \
         &(options)->tls,                                                                                                \
         "Whether mail is encrypted on its way there (default: required, but for localhost)",                            \
         "required|opportunistic|none"},                                                                                 \
    {                                                                                                                    \
        "smtp-ca-file", 0, 0, G_OPTION_ARG_FILENAME, &(options)->ca_file,                                                \
            "Certificates (PEM) that are trusted there instead of the system's", "FILE"                                  \
    }

/* Checks them. */
bool mail_options_apply(MailOptions *options, GError **error) MUST_CHECK;
