#include "net/fetch.h"

#include "base/stop.h"
#include "net/curl.h"

#include <string.h>
#include <sys/socket.h>

/* As many as browsers follow. */
enum { MAX_REDIRECTS = 20 };
/* Where nothing answers at all. */
enum { CONNECT_TIMEOUT_MS = 10 * 1000 };
/* A server that is up sends its front page in this; one that streams for ever is up, too. */
enum { MAX_STATUS_BYTES = 64 * 1024 * 1024 };

struct Fetcher {
    CURL *handle;
};

/* An answer that comes in. */
typedef struct {
    Fetcher *fetcher;
    const FetchRequest *request;
    GByteArray *body;
    GHashTable *headers;
    int64_t received;
    bool is_refused; /* an address, by may_connect() */
    GError *error;   /* why it was broken off by us */
} Answer;

Fetcher *fetcher_new(GError **error) {
    if (!curl_load(error))
        return NULL;
    Fetcher *fetcher = g_new0(Fetcher, 1);
    fetcher->handle = curl.curl_easy_init();
    g_assert(fetcher->handle);
    return fetcher;
}

void fetcher_free(Fetcher *fetcher) {
    if (!fetcher)
        return;
    curl.curl_easy_cleanup(fetcher->handle);
    g_free(fetcher);
}

void fetch_reply_free(FetchReply *reply) {
    if (!reply)
        return;
    g_free(reply->url);
    g_free(reply->content_type);
    g_clear_pointer(&reply->body, g_bytes_unref);
    g_clear_pointer(&reply->headers, g_hash_table_unref);
    g_free(reply);
}

/* What comes in. */

static long status_of(Fetcher *fetcher) {
    long status = 0;
    curl.curl_easy_getinfo(fetcher->handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool is_end_of_headers(const char *line) {
    return *line == '\r' || *line == '\n';
}

/* Each answer on the way, as a redirect, begins with a line of its own. */
static size_t take_header(char *line, size_t one, size_t size, void *data) {
    Answer *answer = data;
    const FetchRequest *request = answer->request;
    g_autofree char *text = g_strndup(line, size);
    char *colon = strchr(text, ':');
    if (g_str_has_prefix(text, "HTTP/"))
        g_hash_table_remove_all(answer->headers);
    else if (colon)
        g_hash_table_insert(answer->headers, g_ascii_strdown(text, colon - text), g_strdup(g_strstrip(colon + 1)));
    else if (is_end_of_headers(text) && request->begin &&
             !request->begin(request->begin_data, (int)status_of(answer->fetcher), answer->headers, &answer->error))
        return 0;
    return size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *data) {
    Answer *answer = data;
    const FetchRequest *request = answer->request;
    answer->received += (int64_t)size;
    if (answer->received > request->max_bytes) {
        error_set(&answer->error, ERROR_INVALID, "the answer has more than %" G_GINT64_FORMAT " bytes",
                  request->max_bytes);
        return 0;
    }
    if (request->take && status_of(answer->fetcher) / 100 == 2)
        return request->take(request->take_data, bytes, size, &answer->error) ? size : 0;
    g_byte_array_append(answer->body, (const guint8 *)bytes, (guint)size);
    return size;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
    Answer *answer = data;
    if (answer->request->may_connect(&address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    answer->is_refused = true;
    return CURL_SOCKET_BAD;
}

static int stop_if_asked(void *unused, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    return stop_requested();
}

/* What goes out. */

static void set_security(CURL *handle, const FetchRequest *request) {
    curl.curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl.curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, (long)request->follows_redirects);
    curl.curl_easy_setopt(handle, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    /* OpenSSL's own variable, which libcurl leaves to its callers: for a server whose certificate is signed at home. */
    const char *trusted = g_getenv("SSL_CERT_FILE");
    if (trusted && *trusted)
        curl.curl_easy_setopt(handle, CURLOPT_CAINFO, trusted);
    if (request->trusts_any_certificate) {
        curl.curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        curl.curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (request->user) {
        curl.curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl.curl_easy_setopt(handle, CURLOPT_USERNAME, request->user);
        curl.curl_easy_setopt(handle, CURLOPT_PASSWORD, request->password ? request->password : "");
    }
}

static void set_times(CURL *handle, const FetchRequest *request) {
    curl.curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl.curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl.curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, (long)(request->stall_s > 0)); /* bytes a second */
    curl.curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)request->stall_s);
    curl.curl_easy_setopt(handle, CURLOPT_NOPROGRESS, (long)!request->ends_on_stop);
    curl.curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_if_asked);
}

static curl_mime *new_form(CURL *handle, const FetchRequest *request) {
    curl_mime *form = curl.curl_mime_init(handle);
    for (size_t i = 0; i < request->n_parts; i++) {
        const FetchPart *part = &request->parts[i];
        gsize size;
        const char *data = g_bytes_get_data(part->data, &size);
        curl_mimepart *field = curl.curl_mime_addpart(form);
        curl.curl_mime_name(field, part->name);
        curl.curl_mime_data(field, data ? data : "", size);
        if (part->file_name)
            curl.curl_mime_filename(field, part->file_name);
    }
    return form;
}

static void set_body(CURL *handle, const FetchRequest *request, curl_mime *form) {
    if (form) {
        curl.curl_easy_setopt(handle, CURLOPT_MIMEPOST, form);
    } else if (request->body) {
        gsize size;
        const void *data = g_bytes_get_data(request->body, &size);
        curl.curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
        curl.curl_easy_setopt(handle, CURLOPT_POSTFIELDS, data ? data : "");
    }
    /* Behind what would choose another one. */
    curl.curl_easy_setopt(handle, CURLOPT_NOBODY, (long)(strcmp(request->method, "HEAD") == 0));
    curl.curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *new_headers(const FetchRequest *request) {
    /* Without this libcurl waits up to a second for a server's leave to send a larger body. */
    struct curl_slist *headers = curl.curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        headers = curl.curl_slist_append(headers, request->headers[i]);
    return headers;
}

static FetchReply *new_reply(Fetcher *fetcher, Answer *answer) {
    const char *url = NULL, *content_type = g_hash_table_lookup(answer->headers, "content-type");
    curl.curl_easy_getinfo(fetcher->handle, CURLINFO_EFFECTIVE_URL, &url);
    FetchReply *reply = g_new0(FetchReply, 1);
    reply->status = (int)status_of(fetcher);
    reply->url = g_strdup(url);
    reply->content_type = g_strdup(content_type ? content_type : "");
    reply->body = g_byte_array_free_to_bytes(g_steal_pointer(&answer->body));
    reply->headers = g_hash_table_ref(answer->headers);
    return reply;
}

static ErrorCode code_of(CURLcode code) {
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERROR_TIMEOUT;
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ? ERROR_NOT_FOUND : ERROR_FAILED;
}

static void explain(Answer *answer, CURLcode code, const char *reason, GError **error) {
    if (answer->error)
        g_propagate_error(error, g_steal_pointer(&answer->error));
    else if (answer->is_refused)
        error_set(error, ERROR_DENIED, "it leads to a private address, which is not allowed here");
    else if (code == CURLE_ABORTED_BY_CALLBACK)
        error_set(error, ERROR_STOPPED, "stopped");
    else
        error_set(error, code_of(code), "%s", *reason ? reason : curl.curl_easy_strerror(code));
}

FetchReply *fetcher_run(Fetcher *fetcher, const FetchRequest *request, GError **error) {
    char reason[CURL_ERROR_SIZE] = "";
    CURL *handle = fetcher->handle;
    g_autoptr(GHashTable) answered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Answer answer = {.fetcher = fetcher, .request = request, .body = g_byte_array_new(), .headers = answered};

    curl.curl_easy_reset(handle);
    curl_mime *form = request->parts ? new_form(handle, request) : NULL;
    struct curl_slist *headers = new_headers(request);
    curl.curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
    curl.curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl.curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl.curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
    curl.curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl.curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    if (request->may_connect) {
        curl.curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl.curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &answer);
    }
    set_security(handle, request);
    set_times(handle, request);
    set_body(handle, request, form);
    CURLcode code = curl.curl_easy_perform(handle);
    FetchReply *reply = code == CURLE_OK ? new_reply(fetcher, &answer) : NULL;
    if (!reply)
        explain(&answer, code, reason, error);
    curl.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL); /* which ends with this function */
    curl.curl_mime_free(form);
    curl.curl_slist_free_all(headers);
    g_clear_pointer(&answer.body, g_byte_array_unref);
    return reply;
}

static bool discard(void *unused, const void *bytes, size_t size, GError **error) {
    return true;
}

int fetch_status(const char *method, const char *url, int timeout_ms, GError **error) {
    const FetchRequest request = {
        .method = method,
        .url = url,
        .timeout_ms = timeout_ms,
        .max_bytes = MAX_STATUS_BYTES,
        .take = discard,
        .follows_redirects = true,
        .trusts_any_certificate = true,
        .ends_on_stop = true,
    };
    g_autoptr(Fetcher) fetcher = fetcher_new(error);
    g_autoptr(FetchReply) reply = fetcher ? fetcher_run(fetcher, &request, error) : NULL;
    return reply ? reply->status : 0;
}
