#include "cmd/mail_options.h"

#include "cmd/command.h"

void mail_options_clear(MailOptions *options) {
    g_clear_pointer(&options->url, g_free);
    g_clear_pointer(&options->from, g_free);
    g_clear_pointer(&options->user, g_free);
    g_clear_pointer(&options->tls, g_free);
    g_clear_pointer(&options->ca_file, g_free);
    g_clear_pointer(&options->smtp, smtp_settings_free);
}

/* Others than --smtp alone would do nothing. */
static bool check_alone(const MailOptions *options, GError **error) {
    const struct {
        const char *name, *value;
    } others[] = {{"--mail-from", options->from},
                  {"--smtp-user", options->user},
                  {"--smtp-tls", options->tls},
                  {"--smtp-ca-file", options->ca_file}};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (!others[i].value)
            continue;
        error_set(error, ERROR_INVALID, "%s needs --smtp, the server that takes the mail", others[i].name);
        return false;
    }
    return true;
}

bool mail_options_apply(MailOptions *options, GError **error) {
    const char *password = g_getenv("DPXDT_SMTP_PASSWORD");
    if (!options->url)
        return check_alone(options, error);
    const SmtpOptions given = {.url = options->url,
                               .from = options->from,
                               .user = options->user,
                               .password = password && *password ? password : NULL,
                               .tls = options->tls,
                               .ca_file = options->ca_file};
    options->smtp = smtp_settings_new(&given, error);
    return options->smtp != NULL;
}
