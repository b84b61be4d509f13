#include "mail/smtp_talk.h"

#include <string.h>

/* Of an answer, lines and all: as much as is of use in a message. */
enum { MAX_REPLY = 300 };
enum { GO_AHEAD = 354 };

static void refusal_free(gpointer data) {
    SmtpRefusal *refusal = data;
    g_free(refusal->address);
    g_free(refusal->reply);
    g_free(refusal);
}

void smtp_talk_init(SmtpTalk *talk, const char *const *to) {
    *talk = (SmtpTalk){
        .to = to,
        .reply = g_string_new(NULL),
        .refusals = g_ptr_array_new_with_free_func(refusal_free),
    };
}

void smtp_talk_clear(SmtpTalk *talk) {
    g_string_free(talk->reply, TRUE);
    g_clear_pointer(&talk->refusals, g_ptr_array_unref);
}

static bool begins_with(const char *line, size_t size, const char *word) {
    return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* Each command comes behind another one only: what a password looks like in base64 cannot pass for DATA. */
void smtp_talk_sent(SmtpTalk *talk, const char *line, size_t size) {
    static const struct {
        const char *word;
        SmtpStage first, last, next;
    } commands[] = {
        {"AUTH ", SMTP_AT_CONNECT, SMTP_AT_LOGIN, SMTP_AT_LOGIN},
        {"MAIL FROM:", SMTP_AT_CONNECT, SMTP_AT_LOGIN, SMTP_AT_SENDER},
        {"RCPT TO:", SMTP_AT_SENDER, SMTP_AT_RECIPIENT, SMTP_AT_RECIPIENT},
        {"DATA", SMTP_AT_RECIPIENT, SMTP_AT_RECIPIENT, SMTP_AT_DATA},
    };
    talk->is_over = talk->is_over || begins_with(line, size, "QUIT");
    if (talk->is_over)
        return;
    talk->code = 0;
    g_string_truncate(talk->reply, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (begins_with(line, size, commands[i].word) && talk->stage >= commands[i].first &&
            talk->stage <= commands[i].last) {
            talk->stage = commands[i].next;
            talk->n_asked += talk->stage == SMTP_AT_RECIPIENT;
            return;
        }
    }
}

/* These are about who we are, not about this mail (RFC 4954, 6), whatever they are an answer to. */
static bool is_about_login(int code) {
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static SmtpResult result_of_code(int code) {
    return code / 100 == 5 && !is_about_login(code) ? SMTP_REFUSED : SMTP_TRY_LATER;
}

/* Lines of one answer follow each other, without the code that all of them begin with. It goes to people, and to logs. */
static void append_reply(SmtpTalk *talk, const char *line, size_t size) {
    if (talk->code != 0)
        g_string_truncate(talk->reply, 0);
    bool is_first = talk->reply->len == 0;
    g_string_append_len(talk->reply, line, is_first ? 3 : 0);
    if (size > 4 && talk->reply->len < MAX_REPLY)
        g_string_append_c(talk->reply, ' ');
    for (size_t i = 4; i < size && talk->reply->len < MAX_REPLY; i++)
        g_string_append_c(talk->reply, g_ascii_isprint(line[i]) ? line[i] : '?');
}

static void refuse(SmtpTalk *talk) {
    SmtpRefusal *refusal = g_new0(SmtpRefusal, 1);
    refusal->address = g_strdup(talk->to[talk->n_asked - 1]);
    refusal->reply = g_strdup(talk->reply->str);
    refusal->is_final = result_of_code(talk->code) == SMTP_REFUSED;
    g_ptr_array_add(talk->refusals, refusal);
}

static void take_answer(SmtpTalk *talk) {
    if (talk->stage == SMTP_AT_RECIPIENT && talk->code / 100 != 2)
        refuse(talk);
    else if (talk->stage == SMTP_AT_CONTENT)
        talk->stage = SMTP_AT_END;
    else if (talk->stage == SMTP_AT_DATA && talk->code == GO_AHEAD)
        talk->stage = SMTP_AT_CONTENT;
}

/* A line of an answer has three digits, and a dash behind them if there are more lines (RFC 5321, 4.2.1). */
void smtp_talk_received(SmtpTalk *talk, const char *line, size_t size) {
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    bool is_answer = size >= 3 && g_ascii_isdigit(line[0]) && g_ascii_isdigit(line[1]) && g_ascii_isdigit(line[2]);
    if (talk->stage == SMTP_AT_END || talk->is_over || !is_answer)
        return;
    append_reply(talk, line, size);
    bool has_more = size > 3 && line[3] == '-';
    talk->code = has_more ? 0 : 100 * (line[0] - '0') + 10 * (line[1] - '0') + (line[2] - '0');
    if (!has_more)
        take_answer(talk);
}

static SmtpResult result_of_recipients(const SmtpTalk *talk) {
    size_t n_final = 0;
    for (guint i = 0; i < talk->refusals->len; i++) {
        const SmtpRefusal *refusal = g_ptr_array_index(talk->refusals, i);
        n_final += refusal->is_final;
    }
    return n_final == g_strv_length((char **)talk->to) ? SMTP_REFUSED : SMTP_TRY_LATER;
}

/* What is neither yes nor no leaves us where we were. */
static SmtpResult result_of_end(int code) {
    if (code / 100 == 2)
        return SMTP_SENT;
    return code / 100 == 4 || code / 100 == 5 ? result_of_code(code) : SMTP_UNKNOWN;
}

SmtpResult smtp_talk_result(const SmtpTalk *talk, bool is_all_read) {
    switch (talk->stage) {
    case SMTP_AT_CONNECT:
    case SMTP_AT_LOGIN:
        return SMTP_TRY_LATER;
    case SMTP_AT_RECIPIENT:
        return result_of_recipients(talk);
    case SMTP_AT_SENDER:
    case SMTP_AT_DATA:
        return result_of_code(talk->code);
    case SMTP_AT_CONTENT:
        return is_all_read ? SMTP_UNKNOWN : SMTP_TRY_LATER;
    case SMTP_AT_END:
        return result_of_end(talk->code);
    }
    g_assert_not_reached();
}
