#include "mail/message.h"

#include "base/mail_address.h"

#include <glib.h>
#include <string.h>

enum {
    MAX_RECIPIENTS = 100,         /* which each server must take (RFC 5321, 4.5.3.1.8) */
    MAX_BYTES = 16 * 1024 * 1024, /* encoded a third more; large providers take 25 MB */
    MAX_WORDS = 250,              /* characters of a subject or a name: as much as a program for mail shows */
    MAX_ID = 250,                 /* ids and addresses stand in one line, which has 998 at most (RFC 5322, 2.1.1) */
    MAX_ADDRESS = 900,            /* with the header's name */
    MAX_PLAIN = 60,               /* with a header's name in front still below 78, as lines should be */
    WORD_BYTES = 39, /* 64 characters when they are encoded: below 76 with "Subject: " in front (RFC 2047, 2) */
};

/* What is refused. */

static bool refuse(GError **error, const char *what, const char *text, const char *why) {
    g_autofree char *shown = g_strescape(text, NULL);
    error_set(error, ERROR_INVALID, "\"%.300s\" is no %s: %s", shown, what, why);
    return false;
}

/* What is between the angle brackets of an id (RFC 5322, 3.6.4), without quoting. */
static bool is_id(const char *text, size_t size) {
    const char *at = memchr(text, '@', size);
    return at && size <= MAX_ID && mail_address_is_dot_atom(text, (size_t)(at - text)) &&
           mail_address_is_dot_atom(at + 1, size - (size_t)(at + 1 - text));
}

static bool check_id(const char *id, GError **error) {
    size_t size = strlen(id);
    if (size > 2 && id[0] == '<' && id[size - 1] == '>' && is_id(id + 1, size - 2))
        return true;
    return refuse(error, "id of a mail", id, "it must be as <word.word@example.com>");
}

static bool check_unsubscribe(const char *address, GError **error) {
    static const char *const schemes[] = {"http://", "https://", "mailto:"};
    bool is_known = false, is_clean = strlen(address) <= MAX_ADDRESS;
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        is_known = is_known || g_str_has_prefix(address, schemes[i]);
    for (const char *c = address; *c; c++)
        is_clean = is_clean && g_ascii_isgraph(*c) && *c != '<' && *c != '>';
    if (is_known && is_clean)
        return true;
    return refuse(error, "address for ending mails", address,
                  "it must be http, https or mailto, and ASCII without spaces");
}

static bool check_recipients(const char *const *to, GError **error) {
    size_t n = g_strv_length((char **)to);
    for (size_t i = 0; i < n; i++)
        if (!mail_address_check(to[i], error))
            return false;
    if (n > 0 && n <= MAX_RECIPIENTS)
        return true;
    error_set(error, ERROR_INVALID, "a mail to %zu recipients: there must be 1 to %d", n, MAX_RECIPIENTS);
    return false;
}

static bool check_parts(const MailMessage *message, GError **error) {
    size_t size = strlen(message->text) + (message->html ? strlen(message->html) : 0);
    for (size_t i = 0; i < message->n_images; i++) {
        const MailImage *image = &message->images[i];
        if (!is_id(image->id, strlen(image->id)))
            return refuse(error, "id of a picture", image->id, "it must be as word.word@example.com");
        size += g_bytes_get_size(image->png);
    }
    if (size <= MAX_BYTES)
        return true;
    error_set(error, ERROR_INVALID, "a mail of %zu bytes: at most %d can be sent", size, MAX_BYTES);
    return false;
}

bool message_check(const MailMessage *message, GError **error) {
    return check_id(message->id, error) && check_recipients(message->to, error) && check_parts(message, error) &&
           (!message->unsubscribe || check_unsubscribe(message->unsubscribe, error));
}

/* Words in a header. */

static bool is_line_or_control(gunichar c) {
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* One line, in UTF-8, of MAX_WORDS characters at most. */
static char *tidy(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) line = g_string_new(NULL);
    glong n = 0;
    for (const char *at = valid; *at && n < MAX_WORDS; at = g_utf8_next_char(at), n++) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(line, is_line_or_control(c) ? ' ' : c);
    }
    if (n == MAX_WORDS)
        g_string_append(line, "…");
    g_strstrip(line->str);
    return g_strdup(line->str);
}

/* What looks as if it was encoded has to be. */
static bool is_plain(const char *words) {
    return g_str_is_ascii(words) && strlen(words) <= MAX_PLAIN && !strstr(words, "=?");
}

/* As many bytes of it as make whole characters, and one encoded word. */
static size_t word_size(const char *text) {
    size_t size = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        size_t next = (size_t)(g_utf8_next_char(at) - text);
        if (next > WORD_BYTES)
            break;
        size = next;
    }
    return size;
}

/* RFC 2047; spaces between two encoded words do not count, so lines can be broken there. */
static void append_encoded(GString *header, const char *words) {
    for (const char *at = words; *at; at += word_size(at)) {
        g_autofree char *base64 = g_base64_encode((const guchar *)at, word_size(at));
        g_string_append_printf(header, "%s=?UTF-8?B?%s?=", at == words ? "" : "\r\n ", base64);
    }
}

static char *subject_header(const char *subject) {
    g_autofree char *words = tidy(subject);
    GString *header = g_string_new("Subject: ");
    if (is_plain(words))
        g_string_append(header, words);
    else
        append_encoded(header, words);
    return g_string_free(header, FALSE);
}

/* RFC 5322, 3.2.4 */
static void append_quoted(GString *header, const char *words) {
    g_string_append_c(header, '"');
    for (const char *c = words; *c; c++)
        g_string_append_printf(header, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    g_string_append_c(header, '"');
}

static char *from_header(const char *name, const char *address) {
    g_autofree char *words = tidy(name ? name : "");
    if (!*words)
        return g_strdup_printf("From: %s", address);
    GString *header = g_string_new("From: ");
    if (is_plain(words))
        append_quoted(header, words);
    else
        append_encoded(header, words);
    g_string_append_printf(header, "\r\n <%s>", address);
    return g_string_free(header, FALSE);
}

/* The others. */

/* By hand, as names from GLib are in the language of the user. */
static char *date_header(int64_t time_s) {
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time_s);
    g_assert(date);
    return g_strdup_printf("Date: %s, %d %s %d %02d:%02d:%02d +0000", days[g_date_time_get_day_of_week(date) - 1],
                           g_date_time_get_day_of_month(date), months[g_date_time_get_month(date) - 1],
                           g_date_time_get_year(date), g_date_time_get_hour(date), g_date_time_get_minute(date),
                           g_date_time_get_second(date));
}

static char *to_header(const char *const *to) {
    g_autofree char *all = g_strjoinv(",\r\n ", (char **)to);
    return g_strconcat("To: ", all, NULL);
}

char **message_headers(const MailMessage *message, const char *from) {
    g_autoptr(GPtrArray) headers = g_ptr_array_new();
    g_ptr_array_add(headers, date_header(message->time_s));
    g_ptr_array_add(headers, from_header(message->from_name, from));
    g_ptr_array_add(headers, to_header(message->to));
    g_ptr_array_add(headers, subject_header(message->subject));
    g_ptr_array_add(headers, g_strconcat("Message-ID: ", message->id, NULL));
    /* RFC 3834: so that nobody who is away, and no other program, answers. */
    g_ptr_array_add(headers, g_strdup("Auto-Submitted: auto-generated"));
    if (message->unsubscribe)
        g_ptr_array_add(headers, g_strdup_printf("List-Unsubscribe: <%s>", message->unsubscribe));
    g_ptr_array_add(headers, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&headers), FALSE);
}

char *message_body(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *body = g_string_sized_new(strlen(valid) + strlen(valid) / 16);
    for (const char *at = valid; *at; at++) {
        bool is_end = *at == '\n' || *at == '\r';
        if (*at == '\r' && at[1] == '\n')
            at++;
        if (is_end)
            g_string_append(body, "\r\n");
        else
            g_string_append_c(body, *at);
    }
    return g_string_free(body, FALSE);
}
