/* What somebody may write to say which server takes our mail. */
#include "mail/smtp_settings.h"

#include <glib.h>
#include <string.h>

#define FROM "dpxdt@example.com"

static void what_is_wrong_is_told_and_never_the_password(void) {
    static const struct {
        SmtpOptions options;
        const char *message;
    } bad[] = {
        {{.url = "", .from = FROM}, " is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "mail.example.com", .from = FROM},
         "mail.example.com is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "mail.example.com:25", .from = FROM},
         "mail.example.com:25 is no address of a mail server: it must begin with smtp:// or smtps://"},
        {{.url = "http://x", .from = FROM},
         "http://x is no address of a mail server: it must begin with smtp:// or smtps://"},
        {{.url = "smtp://", .from = FROM}, "smtp:// is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://a b", .from = FROM},
         "smtp://a b is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://a%0d%0ab", .from = FROM},
         "smtp://a%0d%0ab is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://[::g]", .from = FROM},
         "smtp://[::g] is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://a:0", .from = FROM}, "smtp://a:0 is no address of a mail server: there is no port 0"},
        {{.url = "smtp://a:99999", .from = FROM},
         "smtp://a:99999 is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://a/b", .from = FROM},
         "smtp://a/b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://a?b", .from = FROM},
         "smtp://a?b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://a#b", .from = FROM},
         "smtp://a#b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://ann:secret@a", .from = FROM},
         "what is given is no address of a mail server: user and password do not belong there, where others can read "
         "them"},
        {{.url = "smtp://ann:sec%ret@a:b", .from = FROM},
         "what is given is no address of a mail server: it must be as smtp://HOST:PORT"},
        {{.url = "smtp://a"}, "mail needs an address that it comes from"},
        {{.url = "smtp://a", .from = "dpxdt"},
         "the address that mail comes from: \"dpxdt\" is no mail address: it has no @"},
        {{.url = "smtp://a", .from = FROM, .user = "ann"}, "a mail server wants both a user and a password, or none"},
        {{.url = "smtp://a", .from = FROM, .password = "secret"},
         "a mail server wants both a user and a password, or none"},
        {{.url = "smtp://a", .from = FROM, .tls = "yes"},
         "yes is no way to use TLS for mail: there are required, opportunistic and none"},
        {{.url = "smtps://a", .from = FROM, .tls = "none"},
         "a mail server at smtps:// always has TLS: it cannot be opportunistic or none"},
        {{.url = "smtps://localhost", .from = FROM, .tls = "opportunistic"},
         "a mail server at smtps:// always has TLS: it cannot be opportunistic or none"},
        {{.url = "smtp://a", .from = FROM, .user = "ann", .password = "secret", .tls = "none"},
         "a password goes to a mail server on another machine only where TLS is required"},
        {{.url = "smtp://a", .from = FROM, .user = "ann", .password = "secret", .tls = "opportunistic"},
         "a password goes to a mail server on another machine only where TLS is required"},
        {{.url = "smtp://127.0.0.1.example.com", .from = FROM, .user = "ann", .password = "secret", .tls = "none"},
         "a password goes to a mail server on another machine only where TLS is required"},
        {{.url = "smtp://a", .from = FROM, .ca_file = "/no/such/file"},
         "/no/such/file, certificates for mail servers, cannot be read"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(smtp_settings_new(&bad[i].options, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_cmpstr(error->message, ==, bad[i].message);
        g_assert_null(strstr(error->message, "sec"));
    }
}

static void without_a_word_there_is_tls_but_to_this_machine(void) {
    static const struct {
        const char *given, *tls, *url;
        SmtpTls expected;
    } good[] = {
        {"smtp://mail.example.com", NULL, "smtp://mail.example.com:587", SMTP_TLS_REQUIRED},
        {"SMTP://Mail/", NULL, "smtp://Mail:587", SMTP_TLS_REQUIRED},
        {"smtp://a:25", NULL, "smtp://a:25", SMTP_TLS_REQUIRED},
        {"smtp://a_b", "none", "smtp://a_b:587", SMTP_TLS_NONE},
        {"smtp://a", "opportunistic", "smtp://a:587", SMTP_TLS_OPPORTUNISTIC},
        {"smtp://10.0.0.1", NULL, "smtp://10.0.0.1:587", SMTP_TLS_REQUIRED},
        {"smtp://[fd00::1]", NULL, "smtp://[fd00::1]:587", SMTP_TLS_REQUIRED},
        {"smtps://a", NULL, "smtps://a:465", SMTP_TLS_REQUIRED},
        {"smtps://a:1", "required", "smtps://a:1", SMTP_TLS_REQUIRED},
        {"smtps://localhost", NULL, "smtps://localhost:465", SMTP_TLS_REQUIRED},
        {"smtp://localhost", NULL, "smtp://localhost:25", SMTP_TLS_NONE},
        {"smtp://localhost:587", "required", "smtp://localhost:587", SMTP_TLS_REQUIRED},
        {"smtp://127.1.2.3", NULL, "smtp://127.1.2.3:25", SMTP_TLS_NONE},
        {"smtp://[::1]", NULL, "smtp://[::1]:25", SMTP_TLS_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        const SmtpOptions options = {.url = good[i].given, .from = "dpxdt@Example.com", .tls = good[i].tls};
        g_autoptr(GError) error = NULL;
        g_autoptr(SmtpSettings) settings = smtp_settings_new(&options, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(settings->url, ==, good[i].url);
        g_assert_true(g_str_has_suffix(settings->url, settings->server));
        g_assert_cmpint(settings->tls, ==, good[i].expected);
        g_assert_cmpstr(settings->from, ==, FROM);
        g_assert_null(settings->password);
    }
}

static void a_password_goes_where_there_is_tls_or_no_way(void) {
    static const char *const urls[] = {"smtp://a", "smtps://a", "smtp://localhost", "smtp://127.0.0.1"};
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        const SmtpOptions options = {.url = urls[i], .from = FROM, .user = "ann", .password = "secret"};
        g_autoptr(SmtpSettings) settings = smtp_settings_new(&options, NULL);
        g_assert_cmpstr(settings->user, ==, "ann");
        g_assert_cmpstr(settings->password, ==, "secret");
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp-settings/what-is-wrong-is-told-and-never-the-password",
                    what_is_wrong_is_told_and_never_the_password);
    g_test_add_func("/smtp-settings/without-a-word-there-is-tls-but-to-this-machine",
                    without_a_word_there_is_tls_but_to_this_machine);
    g_test_add_func("/smtp-settings/a-password-goes-where-there-is-tls-or-no-way",
                    a_password_goes_where_there_is_tls_or_no_way);
    return g_test_run();
}
