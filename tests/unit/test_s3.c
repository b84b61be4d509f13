/* Bytes in a store whose answers are given: busy, broken, cut short, and such as no store should give. What a real one
 * does is asked in test_blob.c. */
#include "blob/blob.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of "hello", by sha256sum. */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HELLO_NAME "2c/" HELLO
#define OTHER "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7" /* of "world" */
#define OTHER_NAME "48/" OTHER

#define LIST(inside) "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3\">" inside "</ListBucketResult>"
#define OBJECT(key, size) "<Contents><Key>" key "</Key><Size>" size "</Size></Contents>"
#define REFUSAL(code) "<Error><Code>" code "</Code><Message>in words</Message></Error>"

typedef struct {
    const char
        *status;      /* "200 OK"; NULL: the connection is closed without an answer, and behind the last one all are */
    const char *body; /* may be NULL */
    const char *headers; /* NULL: the length of the body */
} Answer;

static const Answer empty_list = {"200 OK", LIST(""), NULL};

typedef struct {
    int listening;
    char *place;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    const Answer *answers;
    GPtrArray *requests; /* of text */
} Server;

/* Reads all of a request, since to close what has not been read would break the connection before the answer is
 * there. */
static char *read_request(int connection) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (;;) {
        char bytes[4096];
        char *end = strstr(text->str, "\r\n\r\n"), *length = strcasestr(text->str, "\r\ncontent-length:");
        size_t body_size = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        if (end && text->len >= (size_t)(end + 4 - text->str) + body_size)
            return g_strdup(text->str);
        ssize_t n = read(connection, bytes, sizeof bytes);
        if (n <= 0)
            return g_strdup(text->str);
        g_string_append_len(text, bytes, n);
    }
}

static void answer(Server *server, int connection) {
    char *request = read_request(connection);
    pthread_mutex_lock(&server->lock);
    g_ptr_array_add(server->requests, request);
    Answer one = *server->answers;
    server->answers += one.status != NULL;
    pthread_mutex_unlock(&server->lock);
    if (!one.status)
        return;
    const char *body = one.body ? one.body : "";
    g_autofree char *length = g_strdup_printf("Content-Length: %zu\r\n", strlen(body));
    g_autofree char *text = g_strdup_printf("HTTP/1.1 %s\r\n%sConnection: close\r\n\r\n%s", one.status,
                                            one.headers ? one.headers : length, body);
    g_assert_cmpint(write(connection, text, strlen(text)), ==, (gssize)strlen(text));
}

static void *serve(void *data) {
    Server *server = data;
    int connection;
    while ((connection = accept(server->listening, NULL, NULL)) >= 0) {
        answer(server, connection);
        close(connection);
    }
    return NULL;
}

static void set_up(Server *server, const void *unused) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(server->listening, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(server->listening, 100), ==, 0);
    g_assert_cmpint(getsockname(server->listening, (struct sockaddr *)&address, &size), ==, 0);
    server->place = g_strdup_printf("s3://bucket/pre?endpoint=http://127.0.0.1:%d", ntohs(address.sin_port));
    server->requests = g_ptr_array_new_with_free_func(g_free);
    pthread_mutex_init(&server->lock, NULL);
    g_assert_cmpint(pthread_create(&server->thread, NULL, serve, server), ==, 0);
}

static void tear_down(Server *server, const void *unused) {
    shutdown(server->listening, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listening);
    pthread_mutex_destroy(&server->lock);
    g_ptr_array_unref(server->requests);
    g_free(server->place);
}

/* The answers that are to come; ended by one without a status. Forgets the requests before. */
static void set_answers(Server *server, const Answer *answers) {
    pthread_mutex_lock(&server->lock);
    server->answers = answers;
    g_ptr_array_set_size(server->requests, 0);
    pthread_mutex_unlock(&server->lock);
}

static guint n_requests(Server *server) {
    pthread_mutex_lock(&server->lock);
    guint n = server->requests->len;
    pthread_mutex_unlock(&server->lock);
    return n;
}

static char *request_text(Server *server, guint i) {
    pthread_mutex_lock(&server->lock);
    char *text = g_strdup(g_ptr_array_index(server->requests, i));
    pthread_mutex_unlock(&server->lock);
    return text;
}

/* Opens it while it is well; the answers are those to come afterwards. */
static Blobs *open_place(Server *server, const Answer *answers) {
    const Answer first[] = {empty_list, {0}};
    g_autoptr(GError) error = NULL;
    set_answers(server, first);
    Blobs *blobs = blobs_open(server->place, &error);
    g_assert_no_error(error);
    set_answers(server, answers);
    return blobs;
}

static void assert_says(const GError *error, ErrorCode code, const char *text) {
    g_assert_error(error, DPXDT_ERROR, (int)code);
    if (!strstr(error->message, text))
        g_error("\"%s\" does not say \"%s\"", error->message, text);
}

/* Opening. */

static void a_bucket_that_cannot_be_used_is_told_when_it_is_opened(Server *server, const void *unused) {
    static const struct {
        Answer answer;
        ErrorCode code;
        const char *says;
    } cases[] = {
        {{"404 Not Found", REFUSAL("NoSuchBucket"), NULL},
         ERROR_NOT_FOUND,
         "there is no bucket bucket at http://127.0.0.1:"},
        {{"404 Not Found", "<html>no XML", NULL}, ERROR_NOT_FOUND, "HTTP 404"},
        {{"403 Forbidden", REFUSAL("SignatureDoesNotMatch"), NULL},
         ERROR_DENIED,
         "HTTP 403, SignatureDoesNotMatch: in words"},
        {{"401 Unauthorized", NULL, NULL}, ERROR_DENIED, "AWS_SECRET_ACCESS_KEY"},
        {{"301 Moved", REFUSAL("PermanentRedirect"), "x-amz-bucket-region: eu-west-1\r\nContent-Length: 0\r\n"},
         ERROR_FAILED,
         "the bucket is in the region eu-west-1"},
        {{"400 Bad Request", REFUSAL("AuthorizationHeaderMalformed"), NULL}, ERROR_FAILED, "Malformed: in words"},
        {{"200 OK", "<html>hello</html>", NULL}, ERROR_FAILED, "does not answer as S3 does"},
        {{"200 OK", NULL, NULL}, ERROR_FAILED, "does not answer as S3 does"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Answer answers[] = {cases[i].answer, {0}};
        g_autoptr(GError) error = NULL;
        set_answers(server, answers);
        g_assert_null(blobs_open(server->place, &error));
        assert_says(error, cases[i].code, cases[i].says);
        g_assert_true(g_str_has_prefix(error->message, server->place));
        g_assert_cmpuint(n_requests(server), ==, 1);
    }
}

static void a_store_that_is_not_there_is_told(Server *server, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_assert_null(blobs_open("s3://bucket?endpoint=http://127.0.0.1:1", &error));
    assert_says(error, ERROR_FAILED, "the store cannot be reached: http://127.0.0.1:1: Failed to connect");
}

static void another_scheme_is_no_folder(Server *server, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_assert_null(blobs_open("http://127.0.0.1:1/blobs", &error));
    assert_says(error, ERROR_INVALID, "a folder or s3://BUCKET/PREFIX is expected");
}

/* Refusals, and what may pass. */

static void a_refusal_is_final(Server *server, const void *unused) {
    static const struct {
        Answer answer;
        ErrorCode code;
        const char *says;
    } cases[] = {
        {{"404 Not Found", REFUSAL("NoSuchKey"), NULL}, ERROR_NOT_FOUND, HELLO},
        {{"404 Not Found", REFUSAL("NoSuchBucket"), NULL}, ERROR_FAILED, "NoSuchBucket"},
        {{"403 Forbidden", REFUSAL("AccessDenied"), NULL}, ERROR_FAILED, "HTTP 403, AccessDenied: in words"},
        {{"400 Bad Request", "what?", NULL}, ERROR_FAILED, "HTTP 400"},
        {{"307 Temporary Redirect", NULL, "Location: /elsewhere\r\nContent-Length: 0\r\n"}, ERROR_FAILED, "HTTP 307"},
    };
    g_autoptr(Blobs) blobs = open_place(server, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Answer answers[] = {cases[i].answer, {0}};
        g_autoptr(GError) error = NULL;
        int64_t size;
        set_answers(server, answers);
        g_assert_cmpint(blobs_open_file(blobs, HELLO, &size, &error), ==, -1);
        assert_says(error, cases[i].code, cases[i].says);
        g_assert_cmpuint(n_requests(server), ==, 1);
    }
}

static void bytes_that_are_refused_are_not_kept(Server *server, const void *unused) {
    static const Answer answers[] = {{"403 Forbidden", REFUSAL("AccessDenied"), NULL}, {"200 OK", NULL, NULL}, {0}};
    g_autoptr(Blobs) blobs = open_place(server, answers);
    g_autoptr(BlobWriter) writer = blob_writer_new(blobs, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(blob_writer_add(writer, "hello", 5, NULL));
    g_assert_null(blob_writer_end(writer, &error));
    assert_says(error, ERROR_FAILED, "AccessDenied");
    for (int twice = 0; twice < 2; twice++)
        g_assert_cmpstr(blob_writer_end(writer, NULL)->sha256, ==, HELLO);
    g_assert_cmpuint(n_requests(server), ==, 2);
}

static void a_store_that_stays_busy_is_given_up(Server *server, const void *unused) {
    static const Answer busy = {"503 Slow Down", REFUSAL("SlowDown"), NULL};
    const Answer answers[] = {busy, busy, busy, busy, {0}};
    g_autoptr(Blobs) blobs = open_place(server, answers);
    g_autoptr(GError) error = NULL;
    g_auto(BlobFacts) facts = {0};
    g_assert_false(blobs_put(blobs, "hello", 5, &facts, &error));
    assert_says(error, ERROR_FAILED, "HTTP 503, SlowDown: in words");
    g_assert_cmpuint(n_requests(server), ==, 4);
}

static void assert_hello(Blobs *blobs) {
    g_autoptr(GError) error = NULL;
    char bytes[100];
    int64_t size = 0;
    int file = blobs_open_file(blobs, HELLO, &size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(size, ==, 5);
    g_assert_cmpmem(bytes, read(file, bytes, sizeof bytes), "hello", 5);
    close(file);
}

static void a_busy_store_is_asked_again(Server *server, const void *unused) {
    static const Answer busy_answers[] = {{"503 Slow Down", REFUSAL("SlowDown"), NULL},
                                          {"500 Internal Error", "<html>", NULL},
                                          {"200 OK", "hello", NULL},
                                          {0}};
    g_autoptr(Blobs) blobs = open_place(server, busy_answers);
    assert_hello(blobs);
    g_assert_cmpuint(n_requests(server), ==, 3);
}

/* Bytes. */

static void an_answer_that_is_cut_short_is_asked_for_again(Server *server, const void *unused) {
    static const Answer answers[] = {
        {"200 OK", "hel", "Content-Length: 5\r\n"},
        {"200 OK", "5\r\nhel", "Transfer-Encoding: chunked\r\n"},
        {"200 OK", "hello", NULL},
        {0},
    };
    g_autoptr(Blobs) blobs = open_place(server, answers);
    assert_hello(blobs);
    g_assert_cmpuint(n_requests(server), ==, 3);
}

static void other_bytes_are_told(Server *server, const void *unused) {
    static const Answer cases[] = {
        {"200 OK", "hel", ""}, /* without a length: nobody can tell that it is not all */
        {"200 OK", "hellO", NULL}, {"200 OK", "hello!", NULL}, {"200 OK", NULL, NULL}, {"204 No Content", NULL, ""},
    };
    g_autoptr(Blobs) blobs = open_place(server, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Answer answers[] = {cases[i], cases[i], {0}};
        g_autoptr(GError) opened = NULL, checked = NULL;
        int64_t size;
        set_answers(server, answers);
        g_assert_cmpint(blobs_open_file(blobs, HELLO, &size, &opened), ==, -1);
        assert_says(opened, ERROR_INVALID, "the bytes kept as " HELLO " are others");
        g_assert_false(blobs_check(blobs, HELLO, 5, &checked));
        assert_says(checked, ERROR_INVALID, "are others");
    }
}

static void bytes_are_put_under_their_name_and_signed(Server *server, const void *unused) {
    static const Answer answers[] = {{"200 OK", NULL, NULL}, {0}};
    static const char *const lines[] = {
        "PUT /bucket/pre/" HELLO_NAME " HTTP/1.1\r\n",
        "\r\nauthorization: AWS4-HMAC-SHA256 Credential=access/",
        "\r\ncontent-type: application/octet-stream\r\n",
        "\r\nx-amz-content-sha256: " HELLO "\r\n",
        "\r\nContent-Length: 5\r\n",
        "\r\n\r\nhello",
    };
    g_autoptr(Blobs) blobs = open_place(server, answers);
    g_auto(BlobFacts) facts = {0};
    g_assert_true(blobs_put(blobs, "hello", 5, &facts, NULL));
    g_autofree char *request = request_text(server, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_nonnull(strstr(request, lines[i]));
    g_assert_null(strstr(request, "Expect"));
    g_assert_null(strstr(request, "urlencoded"));
}

/* Removing. */

static void bytes_are_removed_once_and_what_went_wrong_is_told(Server *server, const void *unused) {
    static const struct {
        Answer answer;
        const char *says; /* NULL: they are gone */
    } cases[] = {
        {{"204 No Content", NULL, ""}, NULL},
        {{"404 Not Found", REFUSAL("NoSuchKey"), NULL}, NULL},
        {{"404 Not Found", REFUSAL("NoSuchBucket"), NULL}, "NoSuchBucket"},
        {{"403 Forbidden", REFUSAL("AccessDenied"), NULL}, "HTTP 403, AccessDenied: in words"},
        {{"503 Slow Down", REFUSAL("SlowDown"), NULL}, "HTTP 503, SlowDown"},
    };
    g_autoptr(Blobs) blobs = open_place(server, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Answer answers[] = {cases[i].answer, {0}};
        g_autoptr(GError) error = NULL;
        set_answers(server, answers);
        g_assert_cmpint(blobs_remove(blobs, HELLO, &error), ==, cases[i].says == NULL);
        if (cases[i].says)
            assert_says(error, ERROR_FAILED, cases[i].says);
        g_assert_cmpuint(n_requests(server), ==, 1);
        g_autofree char *request = request_text(server, 0);
        g_assert_true(g_str_has_prefix(request, "DELETE /bucket/pre/" HELLO_NAME " HTTP/1.1\r\n"));
    }
}

/* Lists. */

static bool note(const char *sha256, int64_t size, void *data, GError **error) {
    g_string_append_printf(data, "%.4s %d;", sha256, (int)size);
    return true;
}

static void lists_that_are_none_are_told(Server *server, const void *unused) {
    static const struct {
        const char *xml, *says;
    } cases[] = {
        {"", "does not answer as S3 does"},
        {"hello", "does not answer as S3 does"},
        {"<html></html>", "this is no ListBucketResult"},
        {"<a>" LIST("") "</a>", "this is no ListBucketResult"},
        {"<ListBucketResult><Contents><Key>pre/" HELLO_NAME "</Key><Size>5</Size>", "does not answer as S3 does"},
        {LIST("<Contents><Key>pre/" HELLO_NAME "</Key></Contents>"), "no key or no size"},
        {LIST("<Contents><Size>5</Size></Contents>"), "no key or no size"},
        {LIST(OBJECT("pre/" HELLO_NAME, "-5")), "no key or no size"},
        {LIST(OBJECT("pre/" HELLO_NAME, "5x")), "no key or no size"},
        {LIST(OBJECT("pre/" HELLO_NAME, "99999999999999999999")), "no key or no size"},
        {LIST("<IsTruncated>true</IsTruncated>"), "does not say where"},
        {LIST("<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>"), "does not say where"},
    };
    g_autoptr(Blobs) blobs = open_place(server, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Answer answers[] = {{"200 OK", cases[i].xml, NULL}, {0}};
        g_autoptr(GString) seen = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        set_answers(server, answers);
        g_assert_false(blobs_list(blobs, note, seen, &error));
        assert_says(error, ERROR_FAILED, cases[i].says);
        g_assert_cmpstr(seen->str, ==, "");
    }
}

static void a_list_that_goes_round_or_ends_early_is_told(Server *server, const void *unused) {
    static const Answer page = {
        "200 OK", LIST("<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"), NULL};
    static const Answer page_without_next = {"200 OK", LIST("<IsTruncated>true</IsTruncated>"), NULL};
    const Answer cases[][3] = {{page, page, {0}}, {page, page_without_next, {0}}};
    g_autoptr(Blobs) blobs = open_place(server, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) seen = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        set_answers(server, cases[i]);
        g_assert_false(blobs_list(blobs, note, seen, &error));
        assert_says(error, ERROR_FAILED, "does not say where");
    }
}

static bool refuse(const char *sha256, int64_t size, void *data, GError **error) {
    error_set(error, ERROR_STOPPED, "enough");
    return false;
}

static void a_visitor_may_break_off(Server *server, const void *unused) {
    static const Answer answers[] = {
        {"200 OK",
         LIST(OBJECT("pre/" HELLO_NAME, "5")
                  OBJECT("pre/" OTHER_NAME, "5") "<IsTruncated>true"
                                                 "</IsTruncated><NextContinuationToken>x</NextContinuationToken>"),
         NULL},
        {0}};
    g_autoptr(Blobs) blobs = open_place(server, answers);
    g_autoptr(GError) error = NULL;
    g_assert_false(blobs_list(blobs, refuse, NULL, &error));
    assert_says(error, ERROR_STOPPED, "enough");
    g_assert_cmpuint(n_requests(server), ==, 1);
}

static void all_pages_are_listed_and_only_what_is_ours(Server *server, const void *unused) {
    static const Answer answers[] = {
        {"200 OK",
         LIST("<Prefix>pre/</Prefix>" OBJECT("pre/" HELLO_NAME, "5") OBJECT("pre/readme&amp;.txt", "1") OBJECT(
             HELLO_NAME, "6") OBJECT("pre/2d/" HELLO, "7") OBJECT("pre/x/" HELLO_NAME, "8") OBJECT("pre/" HELLO, "9")
                  OBJECT("pre/" HELLO_NAME "0", "9") "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b/c=&amp;"
                                                     "</NextContinuationToken>"),
         NULL},
        {"200 OK", LIST("<IsTruncated>false</IsTruncated>" OBJECT("pre/" OTHER_NAME, "0")), NULL},
        {0},
    };
    g_autoptr(Blobs) blobs = open_place(server, answers);
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(blobs_list(blobs, note, seen, &error));
    g_assert_cmpstr(seen->str, ==, "2cf2 5;486e 0;");
    g_autofree char *first = request_text(server, 0), *second = request_text(server, 1);
    g_assert_true(g_str_has_prefix(first, "GET /bucket/?list-type=2&max-keys=1000&prefix=pre%2F HTTP/1.1\r\n"));
    g_assert_true(
        g_str_has_prefix(second, "GET /bucket/?continuation-token=a%2Bb%2Fc%3D%26&list-type=2&max-keys=1000&"));
    g_assert_cmpuint(n_requests(server), ==, 2);
}

#define TEST(name, function) g_test_add("/s3/" name, Server, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_setenv("AWS_ACCESS_KEY_ID", "access", TRUE);
    g_setenv("AWS_SECRET_ACCESS_KEY", "secret", TRUE);
    g_unsetenv("AWS_SESSION_TOKEN");
    g_unsetenv("AWS_REGION");
    TEST("a-bucket-that-cannot-be-used-is-told-when-it-is-opened",
         a_bucket_that_cannot_be_used_is_told_when_it_is_opened);
    TEST("a-store-that-is-not-there-is-told", a_store_that_is_not_there_is_told);
    TEST("another-scheme-is-no-folder", another_scheme_is_no_folder);
    TEST("a-refusal-is-final", a_refusal_is_final);
    TEST("bytes-that-are-refused-are-not-kept", bytes_that_are_refused_are_not_kept);
    TEST("a-store-that-stays-busy-is-given-up", a_store_that_stays_busy_is_given_up);
    TEST("a-busy-store-is-asked-again", a_busy_store_is_asked_again);
    TEST("an-answer-that-is-cut-short-is-asked-for-again", an_answer_that_is_cut_short_is_asked_for_again);
    TEST("other-bytes-are-told", other_bytes_are_told);
    TEST("bytes-are-put-under-their-name-and-signed", bytes_are_put_under_their_name_and_signed);
    TEST("bytes-are-removed-once-and-what-went-wrong-is-told", bytes_are_removed_once_and_what_went_wrong_is_told);
    TEST("lists-that-are-none-are-told", lists_that_are_none_are_told);
    TEST("a-list-that-goes-round-or-ends-early-is-told", a_list_that_goes_round_or_ends_early_is_told);
    TEST("a-visitor-may-break-off", a_visitor_may_break_off);
    TEST("all-pages-are-listed-and-only-what-is-ours", all_pages_are_listed_and_only_what_is_ours);
    return g_test_run();
}
