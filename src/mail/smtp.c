#include "mail/smtp.h"

#include "base/clock.h"
#include "base/stop.h"
#include "net/curl.h"

#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 60 * 1000, /* with TLS and login; some servers let strangers wait for half a minute */
    REPLY_TIMEOUT_S = 5 * 60,       /* RFC 5321, 4.5.3.2 */
    QUIT_TIMEOUT_MS = 2 * 1000,     /* all that matters has been said by then */
    STOP_GRACE_MS = 5 * 1000,       /* to hear what became of a mail that was sent to its end */
};

/* A mail on its way. */
typedef struct {
    const SmtpSettings *settings;
    SmtpTalk talk;
    char *secrets[3];    /* the password, as it stands in what we say */
    const void *last;    /* the Content at the mail's end */
    bool is_all_read;    /* to its end */
    bool is_stopping;    /* we know that the program is to end */
    int64_t deadline_ms; /* for what shall end earlier than settings->timeout_ms */
    struct curl_slist *headers, *to;
    curl_mime *mime;
} Sending;

/* What a part of the mail has in it. */
typedef struct {
    Sending *sending;
    GBytes *bytes;
    size_t at;
} Content;

void smtp_outcome_clear(SmtpOutcome *outcome) {
    g_clear_pointer(&outcome->refusals, g_ptr_array_unref);
}

/* The mail, which libcurl reads from us piece by piece, so that we know how far it came. */

static size_t content_read(char *buffer, size_t one, size_t room, void *data) {
    Content *content = data;
    gsize size;
    const char *bytes = g_bytes_get_data(content->bytes, &size);
    size_t n = MIN(room, size - content->at);
    if (n > 0)
        memcpy(buffer, bytes + content->at, n);
    content->at += n;
    if (content == content->sending->last && content->at == size)
        content->sending->is_all_read = true;
    return n;
}

static void content_free(void *data) {
    Content *content = data;
    g_bytes_unref(content->bytes);
    g_free(content);
}

/* Parts are added in the order in which they are sent, so the last one to be added is the mail's end. Takes bytes. */
static curl_mimepart *add_part(Sending *sending, curl_mime *mime, const char *type, const char *encoding,
                               GBytes *bytes) {
    Content *content = g_new0(Content, 1);
    content->sending = sending;
    content->bytes = bytes;
    sending->last = content;
    curl_mimepart *part = curl.curl_mime_addpart(mime);
    curl.curl_mime_type(part, type);
    curl.curl_mime_encoder(part, encoding);
    /* Of a part whose size it knew, libcurl would not read the end. */
    curl.curl_mime_data_cb(part, -1, content_read, NULL, content_free, content);
    return part;
}

static void add_text(Sending *sending, curl_mime *mime, const char *type, const char *text) {
    char *body = message_body(text);
    add_part(sending, mime, type, "quoted-printable", g_bytes_new_take(body, strlen(body)));
}

/* With a name, which programs show to who would keep it. */
static void add_image(Sending *sending, curl_mime *mime, const MailImage *image) {
    curl_mimepart *part = add_part(sending, mime, "image/png", "base64", g_bytes_ref(image->png));
    g_autofree char *id = g_strdup_printf("Content-ID: <%s>", image->id);
    g_autofree char *disposition = g_strdup_printf("Content-Disposition: inline;\r\n filename=\"%.*s.png\"",
                                                   (int)strcspn(image->id, "@"), image->id);
    struct curl_slist *headers = curl.curl_slist_append(NULL, id);
    curl.curl_mime_headers(part, curl.curl_slist_append(headers, disposition), 1);
}

static void add_page(Sending *sending, CURL *handle, const MailMessage *message) {
    if (message->n_images == 0) {
        add_text(sending, sending->mime, "text/html; charset=utf-8", message->html);
        return;
    }
    curl_mimepart *part = curl.curl_mime_addpart(sending->mime);
    curl_mime *related = curl.curl_mime_init(handle);
    curl.curl_mime_type(part, "multipart/related;\r\n type=\"text/html\"");
    curl.curl_mime_subparts(part, related);
    add_text(sending, related, "text/html; charset=utf-8", message->html);
    for (size_t i = 0; i < message->n_images; i++)
        add_image(sending, related, &message->images[i]);
}

static void set_mail(Sending *sending, CURL *handle, const MailMessage *message) {
    const char *from = sending->settings->from;
    g_auto(GStrv) headers = message_headers(message, from);
    for (size_t i = 0; headers[i]; i++)
        sending->headers = curl.curl_slist_append(sending->headers, headers[i]);
    sending->headers = curl.curl_slist_append(sending->headers, "Content-Type: multipart/alternative");
    for (size_t i = 0; message->to[i]; i++)
        sending->to = curl.curl_slist_append(sending->to, message->to[i]);
    sending->mime = curl.curl_mime_init(handle);
    add_text(sending, sending->mime, "text/plain; charset=utf-8", message->text);
    if (message->html)
        add_page(sending, handle, message);
    curl.curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from);
    curl.curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, sending->to);
    curl.curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* later versions know it by this name, too */
    curl.curl_easy_setopt(handle, CURLOPT_HTTPHEADER, sending->headers);
    curl.curl_easy_setopt(handle, CURLOPT_MIMEPOST, sending->mime);
}

/* The talk. */

static void limit(Sending *sending, int64_t left_ms) {
    sending->deadline_ms = MIN(sending->deadline_ms, clock_now_ms() + left_ms);
}

/* The password as it is, as AUTH LOGIN has it, and as AUTH PLAIN has it. */
static void note_secrets(Sending *sending) {
    const SmtpSettings *settings = sending->settings;
    if (!settings->password || !*settings->password)
        return;
    g_autoptr(GString) plain = g_string_new_len("", 1);
    g_string_append_len(g_string_append(plain, settings->user), "", 1);
    g_string_append(plain, settings->password);
    sending->secrets[0] = g_strdup(settings->password);
    sending->secrets[1] = g_base64_encode((const guchar *)settings->password, strlen(settings->password));
    sending->secrets[2] = g_base64_encode((const guchar *)plain->str, plain->len);
}

/* Some servers say back what they did not understand. */
static bool tells_secret(const Sending *sending, const char *line, size_t size) {
    for (size_t i = 0; i < G_N_ELEMENTS(sending->secrets); i++)
        if (sending->secrets[i] && memmem(line, size, sending->secrets[i], strlen(sending->secrets[i])))
            return true;
    return false;
}

static void receive(Sending *sending, const char *line, size_t size) {
    if (size < 4 || !tells_secret(sending, line, size)) {
        smtp_talk_received(&sending->talk, line, size);
        return;
    }
    g_autofree char *cleaned = g_strdup_printf("%.4s(its words have the password in them)", line);
    smtp_talk_received(&sending->talk, cleaned, strlen(cleaned));
}

static int show(CURL *handle, curl_infotype type, char *line, size_t size, void *data) {
    Sending *sending = data;
    if (type == CURLINFO_HEADER_OUT)
        smtp_talk_sent(&sending->talk, line, size);
    else if (type == CURLINFO_HEADER_IN)
        receive(sending, line, size);
    if (sending->talk.is_over)
        limit(sending, QUIT_TIMEOUT_MS);
    return 0;
}

static int end_if_due(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    Sending *sending = data;
    if (stop_requested() && !sending->is_stopping) {
        sending->is_stopping = true;
        limit(sending, sending->is_all_read ? STOP_GRACE_MS : 0);
    }
    return clock_now_ms() >= sending->deadline_ms;
}

static void set_server(Sending *sending, CURL *handle) {
    static const long use_ssl[] = {
        [SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
        [SMTP_TLS_OPPORTUNISTIC] = CURLUSESSL_TRY,
        [SMTP_TLS_NONE] = CURLUSESSL_NONE,
    };
    const SmtpSettings *settings = sending->settings;
    long verify = settings->tls != SMTP_TLS_OPPORTUNISTIC;
    curl.curl_easy_setopt(handle, CURLOPT_URL, settings->url);
    curl.curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl.curl_easy_setopt(handle, CURLOPT_USE_SSL, use_ssl[settings->tls]);
    curl.curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, verify);
    curl.curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2 * verify);
    if (settings->ca_file)
        curl.curl_easy_setopt(handle, CURLOPT_CAINFO, settings->ca_file);
    if (settings->user) {
        curl.curl_easy_setopt(handle, CURLOPT_USERNAME, settings->user);
        curl.curl_easy_setopt(handle, CURLOPT_PASSWORD, settings->password);
        /* Else libcurl prefers Kerberos and NTLM wherever they are offered, and fails without a ticket. */
        curl.curl_easy_setopt(handle, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
}

static void set_talk(Sending *sending, CURL *handle) {
    int timeout_ms = sending->settings->timeout_ms;
    curl.curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(CONNECT_TIMEOUT_MS, timeout_ms));
    curl.curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)REPLY_TIMEOUT_S);
    curl.curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl.curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    curl.curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, show);
    curl.curl_easy_setopt(handle, CURLOPT_DEBUGDATA, sending);
    curl.curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, end_if_due);
    curl.curl_easy_setopt(handle, CURLOPT_XFERINFODATA, sending);
    /* So that QUIT is said while the deadlines above hold. */
    curl.curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
}

/* What came of it. */

static ErrorCode code_of(const Sending *sending, CURLcode code) {
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return sending->is_stopping ? ERROR_STOPPED : ERROR_TIMEOUT;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERROR_TIMEOUT;
    if (code == CURLE_LOGIN_DENIED)
        return ERROR_DENIED;
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ? ERROR_NOT_FOUND : ERROR_FAILED;
}

static void explain_refusal(const Sending *sending, GError **error) {
    static const char *const reasons[] = {
        [SMTP_AT_CONNECT] = "it takes no mail now",  [SMTP_AT_LOGIN] = "the login was refused",
        [SMTP_AT_SENDER] = "the sender was refused", [SMTP_AT_RECIPIENT] = "no recipient was accepted",
        [SMTP_AT_DATA] = "the mail was refused",     [SMTP_AT_CONTENT] = "the mail was refused",
        [SMTP_AT_END] = "the mail was refused",
    };
    const SmtpTalk *talk = &sending->talk;
    bool is_for_now = talk->code / 100 == 4;
    error_set(error, is_for_now ? ERROR_BUSY : ERROR_DENIED, "mail server %s: %s: %s", sending->settings->server,
              reasons[talk->stage], talk->reply->str);
}

static void explain(const Sending *sending, SmtpResult result, CURLcode code, const char *reason, GError **error) {
    const char *server = sending->settings->server;
    if (sending->talk.code >= 400) {
        explain_refusal(sending, error);
        return;
    }
    const char *words = *reason ? reason : curl.curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        words = sending->is_stopping ? "stopped" : "it took too long";
    error_set(error, code_of(sending, code), "mail server %s: %s%s", server, words,
              result == SMTP_UNKNOWN ? "; by then all of the mail had been sent, so it may have arrived" : "");
}

/* What is set on the handle must live until it is gone, and a mime must go before. */
static CURLcode perform(Sending *sending, const MailMessage *message, char *reason) {
    CURL *handle = curl.curl_easy_init();
    g_assert(handle);
    curl.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
    set_server(sending, handle);
    set_talk(sending, handle);
    set_mail(sending, handle, message);
    CURLcode code = curl.curl_easy_perform(handle);
    curl.curl_mime_free(sending->mime);
    curl.curl_easy_cleanup(handle);
    curl.curl_slist_free_all(sending->headers);
    curl.curl_slist_free_all(sending->to);
    return code;
}

/* refusals is one for both. */
static void sending_init(Sending *sending, const SmtpSettings *settings, const MailMessage *message,
                         SmtpOutcome *outcome) {
    *sending = (Sending){.settings = settings, .deadline_ms = INT64_MAX};
    smtp_talk_init(&sending->talk, message->to);
    note_secrets(sending);
    *outcome = (SmtpOutcome){SMTP_REFUSED, g_ptr_array_ref(sending->talk.refusals)};
}

static void sending_clear(Sending *sending) {
    smtp_talk_clear(&sending->talk);
    for (size_t i = 0; i < G_N_ELEMENTS(sending->secrets); i++)
        g_free(sending->secrets[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sending, sending_clear)

bool smtp_send(const SmtpSettings *settings, const MailMessage *message, SmtpOutcome *outcome, GError **error) {
    char reason[CURL_ERROR_SIZE] = "";
    g_auto(Sending) sending;
    sending_init(&sending, settings, message, outcome);
    if (!message_check(message, error))
        return false;
    outcome->result = SMTP_TRY_LATER;
    if (!curl_load(error))
        return false;
    CURLcode code = perform(&sending, message, reason);
    outcome->result = smtp_talk_result(&sending.talk, sending.is_all_read);
    if (outcome->result != SMTP_SENT)
        explain(&sending, outcome->result, code, reason, error);
    return outcome->result == SMTP_SENT;
}
