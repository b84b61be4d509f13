/* The headers of mails. What a mail looks like when it has come is tests/program/test_mail.py. */
#include "mail/message.h"

#include <glib.h>
#include <string.h>

static const char *const ann[] = {"ann@example.com", NULL};

static MailMessage plain_message(void) {
    return (MailMessage){
        .id = "<ready.17@example.com>",
        .time_s = 1783036805,
        .to = ann,
        .subject = "demo: 7 - Ready for review",
        .text = "Look.\n",
    };
}

static void assert_refused(const MailMessage *message, const char *words) {
    g_autoptr(GError) error = NULL;
    g_assert_false(message_check(message, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_null(strpbrk(error->message, "\r\n"));
}

static void ids_that_are_none_are_refused(void) {
    static const char *const ids[] = {"",       "<>",      "<@>",      "<a>",         "<a@>",    "<@b>",
                                      "a@b",    "<a@b",    "a@b>",     "<a@b@c>",     "<a b@c>", "<a@b>\r\nBcc: c@d",
                                      "<a>@b>", "<a\n@b>", "<\xc3@b>", "<a@b> <c@d>", "<a..b@c>"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        MailMessage message = plain_message();
        message.id = ids[i];
        assert_refused(&message, "is no id of a mail");
    }
    g_autofree char *long_id = g_strdup_printf("<%0300d@b>", 1);
    MailMessage message = plain_message();
    message.id = long_id;
    assert_refused(&message, "is no id of a mail");
}

static void recipients_are_addresses_and_neither_none_nor_hundreds(void) {
    const char *none[] = {NULL}, *bad[] = {"ann@example.com", "bob@example.com\r\nBcc: eve@example.com", NULL};
    const char *many[102] = {NULL};
    for (size_t i = 0; i < 101; i++)
        many[i] = "ann@example.com";
    MailMessage message = plain_message();
    message.to = none;
    assert_refused(&message, "a mail to 0 recipients");
    message.to = bad;
    assert_refused(&message, "is no mail address");
    message.to = many;
    assert_refused(&message, "a mail to 101 recipients");
    message.to = many + 1;
    g_assert_true(message_check(&message, NULL));
}

static void addresses_for_ending_mails_are_addresses(void) {
    static const char *const urls[] = {"",
                                       "x",
                                       "ftp://x",
                                       "javascript:x",
                                       "https://x/\r\nBcc: a@b",
                                       "https://x/ y",
                                       "https://x/>, <https://y/",
                                       "https://x/\xc3\xbc"};
    MailMessage message = plain_message();
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        message.unsubscribe = urls[i];
        assert_refused(&message, "is no address for ending mails");
    }
    message.unsubscribe = "https://x/settings?a=b#c";
    g_assert_true(message_check(&message, NULL));
}

static void pictures_have_ids_and_the_whole_a_limit(void) {
    g_autofree char *zeros = g_malloc0(9 * 1024 * 1024);
    g_autoptr(GBytes) half = g_bytes_new_static(zeros, 9 * 1024 * 1024);
    const MailImage images[] = {{"a@x", half}, {"b@x", half}}, bad[] = {{"a\"@x", half}},
                    injecting[] = {{"a@x>\r\nX: y", half}};
    MailMessage message = plain_message();
    message.html = "<img src=cid:a@x>";
    message.images = images;
    message.n_images = 1;
    g_assert_true(message_check(&message, NULL));
    message.n_images = 2;
    assert_refused(&message, "at most 16777216 can be sent");
    message.n_images = 1;
    message.images = bad;
    assert_refused(&message, "is no id of a picture");
    message.images = injecting;
    assert_refused(&message, "is no id of a picture");
}

static void headers_are_whole(void) {
    const char *to[] = {"ann@example.com", "bob@example.com", NULL};
    MailMessage message = plain_message();
    message.to = to;
    message.from_name = "The \"front\" page\\";
    message.unsubscribe = "https://example.com/settings";
    g_auto(GStrv) headers = message_headers(&message, "dpxdt@example.com");
    g_autofree char *all = g_strjoinv("\n", headers);
    g_assert_cmpstr(all, ==,
                    "Date: Fri, 3 Jul 2026 00:00:05 +0000\n"
                    "From: \"The \\\"front\\\" page\\\\\"\r\n <dpxdt@example.com>\n"
                    "To: ann@example.com,\r\n bob@example.com\n"
                    "Subject: demo: 7 - Ready for review\n"
                    "Message-ID: <ready.17@example.com>\n"
                    "Auto-Submitted: auto-generated\n"
                    "List-Unsubscribe: <https://example.com/settings>");
}

static char *subject_of(const char *subject) {
    MailMessage message = plain_message();
    message.subject = subject;
    g_auto(GStrv) headers = message_headers(&message, "dpxdt@example.com");
    return g_strdup(headers[3]);
}

static void what_is_in_a_subject_begins_no_line(void) {
    static const struct {
        const char *subject, *expected;
    } subjects[] = {
        {"a\r\nBcc: eve@example.com", "Subject: a  Bcc: eve@example.com"},
        {"a\n\n<script>", "Subject: a  <script>"},
        {"\ra\tb\vc\x7f"
         "d\n",
         "Subject: a b c d"},
        {"", "Subject: "},
        {"=?UTF-8?B?YQ==?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP1lRPT0/PQ==?="},
        {"\xc3\xbc\xe2\x80\xa8x", "Subject: =?UTF-8?B?w7wgeA==?="},
        {"a\xff", "Subject: =?UTF-8?B?Ye+/vQ==?="},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autofree char *found = subject_of(subjects[i].subject);
        g_assert_cmpstr(found, ==, subjects[i].expected);
    }
}

static void long_subjects_are_cut_and_folded_between_characters(void) {
    g_autoptr(GString) subject = g_string_new(NULL);
    for (int i = 0; i < 300; i++)
        g_string_append(subject, i % 3 == 0 ? "a" : i % 3 == 1 ? "\xc3\xbc" : "\xf0\x9f\x98\x80");
    g_autofree char *found = subject_of(subject->str);
    g_auto(GStrv) lines = g_strsplit(found + strlen("Subject: "), "\r\n ", -1);
    g_autoptr(GString) decoded = g_string_new(NULL);
    for (size_t i = 0; lines[i]; i++) {
        size_t prefix = strlen("=?UTF-8?B?"), size = strlen(lines[i]);
        g_assert_cmpuint(size, <=, i == 0 ? 67 : 75);
        g_autofree char *word = g_strndup(lines[i] + prefix, size - prefix - 2);
        gsize n;
        g_autofree guchar *bytes = g_base64_decode(word, &n);
        g_assert_true(g_utf8_validate((char *)bytes, (gssize)n, NULL));
        g_string_append_len(decoded, (char *)bytes, (gssize)n);
    }
    g_assert_cmpint(g_utf8_strlen(decoded->str, -1), ==, 251);
    g_assert_true(g_str_has_suffix(decoded->str, "\xe2\x80\xa6"));
    g_assert_true(g_str_has_prefix(subject->str, "a\xc3\xbc\xf0\x9f\x98\x80"));
    g_assert_cmpint(strncmp(decoded->str, subject->str, decoded->len - 3), ==, 0);
}

static void lines_of_a_body_end_as_those_of_mail(void) {
    static const struct {
        const char *text, *expected;
    } bodies[] = {
        {"", ""},
        {"a", "a"},
        {"a\nb\r\nc\rd\n\n", "a\r\nb\r\nc\r\nd\r\n\r\n"},
        {"\r\r\n", "\r\n\r\n"},
        {"a\xff\n", "a\xef\xbf\xbd\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *found = message_body(bodies[i].text);
        g_assert_cmpstr(found, ==, bodies[i].expected);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/ids-that-are-none-are-refused", ids_that_are_none_are_refused);
    g_test_add_func("/message/recipients-are-addresses-and-neither-none-nor-hundreds",
                    recipients_are_addresses_and_neither_none_nor_hundreds);
    g_test_add_func("/message/addresses-for-ending-mails-are-addresses", addresses_for_ending_mails_are_addresses);
    g_test_add_func("/message/pictures-have-ids-and-the-whole-a-limit", pictures_have_ids_and_the_whole_a_limit);
    g_test_add_func("/message/headers-are-whole", headers_are_whole);
    g_test_add_func("/message/what-is-in-a-subject-begins-no-line", what_is_in_a_subject_begins_no_line);
    g_test_add_func("/message/long-subjects-are-cut-and-folded-between-characters",
                    long_subjects_are_cut_and_folded_between_characters);
    g_test_add_func("/message/lines-of-a-body-end-as-those-of-mail", lines_of_a_body_end_as_those_of_mail);
    return g_test_run();
}
