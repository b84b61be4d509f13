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
        {{.url = "", .from = FROM},
         "--smtp: nothing is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "mail.example.com", .from = FROM},
         "--smtp: mail.example.com is no address of a mail server: it must be as smtp://HOST:PORT or "
         "smtps://HOST:PORT"},
        {{.url = "mail.example.com:25", .from = FROM},
         "--smtp: mail.example.com:25 is no address of a mail server: it must begin with smtp:// or smtps://"},
        {{.url = "http://x", .from = FROM},
         "--smtp: http://x is no address of a mail server: it must begin with smtp:// or smtps://"},
        {{.url = "smtp://", .from = FROM},
         "--smtp: smtp:// is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "smtp://a b", .from = FROM},
         "--smtp: smtp://a b is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "smtp://a%0d%0ab", .from = FROM},
         "--smtp: smtp://a%0d%0ab is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "smtp://[::g]", .from = FROM},
         "--smtp: smtp://[::g] is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "smtp://a:0", .from = FROM},
         "--smtp: smtp://a:0 is no address of a mail server: its port must be a number from 1 to 65535"},
        {{.url = "smtp://a:65536", .from = FROM},
         "--smtp: smtp://a:65536 is no address of a mail server: its port must be a number from 1 to 65535"},
        {{.url = "smtp://a:-1", .from = FROM},
         "--smtp: smtp://a:-1 is no address of a mail server: its port must be a number from 1 to 65535"},
        {{.url = "smtp://a:99999999999999999999", .from = FROM},
         "--smtp: smtp://a:99999999999999999999 is no address of a mail server: its port must be a number from 1 to "
         "65535"},
        {{.url = "smtps://a:b", .from = FROM},
         "--smtp: smtps://a:b is no address of a mail server: its port must be a number from 1 to 65535"},
        {{.url = "smtp://a/b", .from = FROM},
         "--smtp: smtp://a/b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://a?b", .from = FROM},
         "--smtp: smtp://a?b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://a#b", .from = FROM},
         "--smtp: smtp://a#b is no address of a mail server: behind host and port may be nothing"},
        {{.url = "smtp://ann:secret@a", .from = FROM},
         "--smtp: what is given is no address of a mail server: user and password do not belong there, where others "
         "can read them"},
        {{.url = "smtp://ann:secret@a:0", .from = FROM},
         "--smtp: what is given is no address of a mail server: user and password do not belong there, where others "
         "can read them"},
        {{.url = "smtp://ann:sec%ret@a:b", .from = FROM},
         "--smtp: what is given is no address of a mail server: it must be as smtp://HOST:PORT or smtps://HOST:PORT"},
        {{.url = "smtp://a"}, "--smtp needs --mail-from, the address that mail comes from, as dpxdt@example.com"},
        {{.url = "smtp://a", .from = ""},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"\" is no mail address: it has "
         "no @"},
        {{.url = "smtp://a", .from = "dpxdt"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"dpxdt\" is no mail address: it "
         "has no @"},
        {{.url = "smtp://a", .from = "dpxdt <dpxdt>"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"dpxdt\" is no mail address: it "
         "has no @"},
        {{.url = "smtp://a", .from = "dpxdt <>"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"\" is no mail address: it has "
         "no @"},
        {{.url = "smtp://a", .from = "dpxdt <a@b"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"dpxdt <a@b\" is no mail "
         "address: before its @ may be letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots between them"},
        {{.url = "smtp://a", .from = "a@b>"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"a@b>\" is no mail address: "
         "behind its @ must be the name of a domain"},
        {{.url = "smtp://a", .from = "a@b\r\nBcc: eve@example.com"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"a@b\\r\\nBcc: eve@example.com\" "
         "is no mail address: before its @ may be letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots between them"},
        {{.url = "smtp://a", .from = "x <a@b\r\nBcc: eve@b>"},
         "--mail-from must be as dpxdt@example.com or \"dpxdt <dpxdt@example.com>\": \"a@b\\r\\nBcc: eve@b\" is no "
         "mail address: before its @ may be letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots between them"},
        {{.url = "smtp://a", .from = "x\r\nBcc: eve <a@b>"}, "--mail-from: the name must be one line of UTF-8"},
        {{.url = "smtp://a", .from = "\"x\nBcc: eve\" <a@b>"}, "--mail-from: the name must be one line of UTF-8"},
        {{.url = "smtp://a", .from = "x\xff <a@b>"}, "--mail-from: the name must be one line of UTF-8"},
        {{.url = "smtp://a", .from = "x\xc2\x85y <a@b>"}, "--mail-from: the name must be one line of UTF-8"},
        {{.url = "smtp://a", .from = "Shots, Inc. <a@b>"},
         "--mail-from: Shots, Inc. is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as "
         "\"Shots, Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "a@b <a@b>"},
         "--mail-from: a@b is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as \"Shots, "
         "Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "<c> <a@b>"},
         "--mail-from: <c> is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as \"Shots, "
         "Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "a \"b <a@b>"},
         "--mail-from: a \"b is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as \"Shots, "
         "Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "\"a\" b\" <a@b>"},
         "--mail-from: \"a\" b\" is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as "
         "\"Shots, Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "\"a\" <c@d>, \"b\" <a@b>"},
         "--mail-from: \"a\" <c@d>, \"b\" is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, "
         "as \"Shots, Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = "\"a\\\" <a@b>"},
         "--mail-from: \"a\\\" is no name of who sends mail: one with any of \"<>@,;:\\ must be in quotes, as \"Shots, "
         "Inc.\" <dpxdt@example.com>, with a \\ before each \" and \\ in it"},
        {{.url = "smtp://a", .from = FROM, .user = "ann"},
         "--smtp-user needs a password, in the variable DPXDT_SMTP_PASSWORD"},
        {{.url = "smtp://a", .from = FROM, .password = "secret"},
         "--smtp-user is missing: whose password is in DPXDT_SMTP_PASSWORD"},
        {{.url = "smtp://a", .from = FROM, .tls = "yes"},
         "--smtp-tls must be required, opportunistic or none, not yes"},
        {{.url = "smtps://a", .from = FROM, .tls = "none"},
         "--smtp-tls must be required for a mail server at smtps://, which always has TLS"},
        {{.url = "smtps://localhost", .from = FROM, .tls = "opportunistic"},
         "--smtp-tls must be required for a mail server at smtps://, which always has TLS"},
        {{.url = "smtp://a", .from = FROM, .user = "ann", .password = "secret", .tls = "none"},
         "--smtp-tls must be required where a password goes to another machine"},
        {{.url = "smtp://a", .from = FROM, .user = "ann", .password = "secret", .tls = "opportunistic"},
         "--smtp-tls must be required where a password goes to another machine"},
        {{.url = "smtp://127.0.0.1.example.com", .from = FROM, .user = "ann", .password = "secret", .tls = "none"},
         "--smtp-tls must be required where a password goes to another machine"},
        {{.url = "smtp://a", .from = FROM, .ca_file = "/no/such/file"},
         "--smtp-ca-file: /no/such/file cannot be read: No such file or directory"},
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
        g_assert_cmpstr(settings->from_name, ==, "dpxdt");
        g_assert_null(settings->password);
    }
}

static void mail_comes_from_an_address_that_may_have_a_name(void) {
    static const struct {
        const char *given, *name;
    } good[] = {
        {FROM, "dpxdt"},
        {"<" FROM ">", "dpxdt"},
        {"Shots<" FROM ">", "Shots"},
        {" The (new) Shots v2.0  <" FROM ">", "The (new) Shots v2.0"},
        {"Gr\xc3\xb6\xc3\x9f"
         "e \xe2\x82\xac <" FROM ">",
         "Gr\xc3\xb6\xc3\x9f"
         "e \xe2\x82\xac"},
        {"\"Shots, \\\"Inc.\\\" <a@b> \\\\\" <" FROM ">", "Shots, \"Inc.\" <a@b> \\"},
        {"\"\" <" FROM ">", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        const SmtpOptions options = {.url = "smtp://a", .from = good[i].given};
        g_autoptr(GError) error = NULL;
        g_autoptr(SmtpSettings) settings = smtp_settings_new(&options, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(settings->from, ==, FROM);
        g_assert_cmpstr(settings->from_name, ==, good[i].name);
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
    g_test_add_func("/smtp-settings/mail-comes-from-an-address-that-may-have-a-name",
                    mail_comes_from_an_address_that_may_have_a_name);
    g_test_add_func("/smtp-settings/a-password-goes-where-there-is-tls-or-no-way",
                    a_password_goes_where_there_is_tls_or_no_way);
    return g_test_run();
}
