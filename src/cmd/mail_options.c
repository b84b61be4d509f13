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
    bool has_others = options->from || options->user || options->tls || options->ca_file;
    if (!options->url && has_others)
        error_set(error, ERROR_INVALID, "--mail-from and --smtp-... need --smtp, the server that takes the mail");
    return options->url || !has_others;
}

static bool read_settings(MailOptions *options, GError **error) {
    const char *password = g_getenv("DPXDT_SMTP_PASSWORD");
    const SmtpOptions given = {.url = options->url,
                               .from = options->from,
                               .user = options->user,
                               .password = password && *password ? password : NULL,
                               .tls = options->tls,
                               .ca_file = options->ca_file};
    options->smtp = smtp_settings_new(&given, error);
    if (!options->smtp)
        g_prefix_error(error, "--smtp, --mail-from, DPXDT_SMTP_PASSWORD: ");
    return options->smtp != NULL;
}

bool mail_options_apply(MailOptions *options, GError **error) {
    bool is_alone = options->url || g_getenv("DPXDT_SMTP") || check_alone(options, error);
    if (!is_alone)
        return false;
    command_complete(&options->url, "DPXDT_SMTP", NULL);
    command_complete(&options->from, "DPXDT_MAIL_FROM", NULL);
    command_complete(&options->user, "DPXDT_SMTP_USER", NULL);
    return !options->url || read_settings(options, error);
}
