/* What follows for a mail from what a server said. Lines with ">" in front are ours. */
#include "mail/smtp_talk.h"

#include <glib.h>
#include <string.h>

#define LOGIN "220 x|>EHLO y|250-x|250 AUTH PLAIN"
#define SENDER LOGIN "|>AUTH PLAIN|334 |>c2VjcmV0|235 ok|>MAIL FROM:<d@x>"
#define FIRST SENDER "|250 ok|>RCPT TO:<ann@x>"
#define SECOND FIRST "|250 ok|>RCPT TO:<bob@x>"
#define DATA SECOND "|250 ok|>DATA"
#define CONTENT DATA "|354 go"

static const char *const both[] = {"ann@x", "bob@x", NULL};

static void run(SmtpTalk *talk, const char *lines) {
    g_auto(GStrv) each = g_strsplit(lines, "|", -1);
    smtp_talk_init(talk, both);
    for (size_t i = 0; each[i]; i++) {
        g_autofree char *line = g_strconcat(each[i], "\r\n", NULL);
        if (*line == '>')
            smtp_talk_sent(talk, line + 1, strlen(line) - 1);
        else
            smtp_talk_received(talk, line, strlen(line));
    }
}

static void each_talk_has_its_result(void) {
    static const struct {
        const char *lines;
        SmtpResult if_begun, if_all_read;
    } talks[] = {
        {"", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {"421 busy", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {"554 go away", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {LOGIN, SMTP_TRY_LATER, SMTP_TRY_LATER},
        {LOGIN "|>AUTH PLAIN|535 no", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {LOGIN "|>AUTH LOGIN|334 |>DATA|334 |>QUIT|354 x", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {LOGIN "|>AUTH LOGIN|334 |>DATA|354 |250 ok", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {SENDER, SMTP_TRY_LATER, SMTP_TRY_LATER},
        {SENDER "|530 who are you?", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {SENDER "|550 not you", SMTP_REFUSED, SMTP_REFUSED},
        {SENDER "|452 full", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {SENDER "|552 too large|>QUIT|221 bye", SMTP_REFUSED, SMTP_REFUSED},
        {SECOND, SMTP_TRY_LATER, SMTP_TRY_LATER},
        {FIRST "|550 no", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {FIRST "|550 no|>RCPT TO:<bob@x>|550 no", SMTP_REFUSED, SMTP_REFUSED},
        {FIRST "|550 no|>RCPT TO:<bob@x>|450 later", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {FIRST "|550 no|>RCPT TO:<bob@x>|530 who?", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {DATA, SMTP_TRY_LATER, SMTP_TRY_LATER},
        {DATA "|451 later", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {DATA "|554 no", SMTP_REFUSED, SMTP_REFUSED},
        {CONTENT, SMTP_TRY_LATER, SMTP_UNKNOWN},
        {CONTENT "|250-a", SMTP_TRY_LATER, SMTP_UNKNOWN},
        {CONTENT "|HTTP/1.1 400", SMTP_TRY_LATER, SMTP_UNKNOWN},
        {CONTENT "|25", SMTP_TRY_LATER, SMTP_UNKNOWN},
        {CONTENT "|354 what?", SMTP_UNKNOWN, SMTP_UNKNOWN},
        {CONTENT "|250 ok", SMTP_SENT, SMTP_SENT},
        {CONTENT "|250", SMTP_SENT, SMTP_SENT},
        {CONTENT "|250-a|250 b", SMTP_SENT, SMTP_SENT},
        {CONTENT "|250 ok|>QUIT|421 bye", SMTP_SENT, SMTP_SENT},
        {CONTENT "|250 ok|421 bye", SMTP_SENT, SMTP_SENT},
        {CONTENT "|451 later", SMTP_TRY_LATER, SMTP_TRY_LATER},
        {CONTENT "|554 spam", SMTP_REFUSED, SMTP_REFUSED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(talks); i++) {
        g_auto(SmtpTalk) talk;
        run(&talk, talks[i].lines);
        g_test_message("%s", talks[i].lines);
        g_assert_cmpint(smtp_talk_result(&talk, false), ==, talks[i].if_begun);
        g_assert_cmpint(smtp_talk_result(&talk, true), ==, talks[i].if_all_read);
    }
}

static void who_was_refused_is_kept_with_the_answer(void) {
    g_auto(SmtpTalk) talk;
    run(&talk, FIRST "|550-5.1.1 there is\x1b no|550 such user|>RCPT TO:<bob@x>|450 4.2.0 greylisted");
    g_assert_cmpuint(talk.refusals->len, ==, 2);
    const SmtpRefusal *first = g_ptr_array_index(talk.refusals, 0), *second = g_ptr_array_index(talk.refusals, 1);
    g_assert_cmpstr(first->address, ==, "ann@x");
    g_assert_cmpstr(first->reply, ==, "550 5.1.1 there is? no such user");
    g_assert_true(first->is_final);
    g_assert_cmpstr(second->address, ==, "bob@x");
    g_assert_cmpstr(second->reply, ==, "450 4.2.0 greylisted");
    g_assert_false(second->is_final);
}

static void long_answers_are_cut(void) {
    g_autoptr(GString) lines = g_string_new("220-hello");
    for (int i = 0; i < 1000; i++)
        g_string_append(lines, "|220-hello hello hello");
    g_string_append(lines, "|421 end");
    g_auto(SmtpTalk) talk;
    run(&talk, lines->str);
    g_assert_cmpuint(talk.reply->len, ==, 300);
    g_assert_true(g_str_has_prefix(talk.reply->str, "220 hello hello hello hello"));
    g_assert_cmpint(talk.code, ==, 421);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp-talk/each-talk-has-its-result", each_talk_has_its_result);
    g_test_add_func("/smtp-talk/who-was-refused-is-kept-with-the-answer", who_was_refused_is_kept_with_the_answer);
    g_test_add_func("/smtp-talk/long-answers-are-cut", long_answers_are_cut);
    return g_test_run();
}
