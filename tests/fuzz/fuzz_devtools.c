/* Anybody's bytes as what a browser sends over its pipe, while two calls wait, the second one for a picture. What
 * comes of each is what a parser of JSON finds in the first whole message that is its reply; events come to the
 * session that they name. */

#include "capture/devtools.h"

#include "base/clock.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, CALL_ID = 1, PICTURE_ID = 2 };

#define SESSION "S"

/* What pipes hold in any case (pipe(7)), so that writing does not wait for the reader. */
enum { MOST_BYTES = 64 * 1024 };

static void on_event(const char *event, const json_t *params, void *data) {
    unsigned *n_events = data;
    (*n_events)++;
    g_assert_true(g_utf8_validate(event, -1, NULL));
}

/* What to expect. */

/* The first message that is a reply to the call with this id; NULL: there is none. */
static GBytes *find_reply(const uint8_t *data, size_t size, unsigned id) {
    static const char begin[] = "{\"id\":";
    const uint8_t *end;
    for (; (end = memchr(data, 0, size)); size -= (size_t)(end + 1 - data), data = end + 1) {
        g_autofree char *message = g_strndup((const char *)data, (size_t)(end - data));
        if (strlen(message) > sizeof begin && g_str_has_prefix(message, begin) &&
            (unsigned)g_ascii_strtoull(message + strlen(begin), NULL, 10) == id)
            return g_bytes_new(data, (size_t)(end - data));
    }
    return NULL;
}

static json_t *read_reply(GBytes *message) {
    return message ? json_loadb(g_bytes_get_data(message, NULL), g_bytes_get_size(message), JSON_ALLOW_NUL, NULL)
                   : NULL;
}

static unsigned count_events(const uint8_t *data, size_t size) {
    const uint8_t *end;
    unsigned n = 0;
    for (; (end = memchr(data, 0, size)); size -= (size_t)(end + 1 - data), data = end + 1) {
        json_auto_t *event = json_loadb((const char *)data, (size_t)(end - data), JSON_ALLOW_NUL, NULL);
        bool is_reply = end - data > 6 && memcmp(data, "{\"id\":", 6) == 0;
        n += !is_reply && json_is_string(json_object_get(event, "method")) &&
             g_strcmp0(json_string_value(json_object_get(event, "sessionId")), SESSION) == 0;
    }
    return n;
}

/* What came. */

static void expect_good_error(bool ok, const GError *error) {
    g_assert_true(ok == (error == NULL));
    g_assert_true(!error || g_utf8_validate(error->message, -1, NULL));
    g_assert_true(!error || error_is(error, ERROR_FAILED) || error_is(error, ERROR_GONE));
}

static void expect_result(Call *call, const json_t *reply) {
    g_autoptr(GError) error = NULL;
    json_auto_t *result = call_end(call, &error);
    const json_t *expected = json_object_get(reply, "result");
    expect_good_error(result != NULL, error);
    if (result)
        g_assert_true(json_equal(result, (json_t *)expected));
    else if (!error_is(error, ERROR_GONE) && !strstr(error->message, "crashed"))
        g_assert_false(json_is_object(expected));
}

static void expect_picture(Call *call, const json_t *reply) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) picture = call_end_data(call, &error);
    const char *data = json_string_value(json_object_get(json_object_get(reply, "result"), "data"));
    expect_good_error(picture != NULL, error);
    if (!picture || !reply)
        return; /* of a message that is no JSON the picture may be taken nevertheless: see call_end_data() */
    gsize size = 0;
    g_assert_nonnull(data);
    g_autofree guchar *expected = g_base64_decode(data, &size);
    g_autoptr(GBytes) bytes = g_bytes_new(expected, size);
    g_assert_true(g_bytes_equal(picture, bytes));
}

/* Both ends of the browser. */
typedef struct {
    int commands[2], replies[2];
} Pipes;

static void give(const Pipes *pipes, const uint8_t *data, size_t size) {
    if (size > 0)
        g_assert_cmpint(write(pipes->replies[1], data, size), ==, size);
    close(pipes->replies[1]);
}

static bool reader_is_done(void *data) {
    return devtools_is_gone(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Pipes pipes;
    unsigned n_events = 0;
    if (size > MOST_BYTES)
        return 0;
    g_assert_cmpint(pipe2(pipes.commands, O_CLOEXEC) | pipe2(pipes.replies, O_CLOEXEC), ==, 0);
    g_autoptr(GBytes) reply = find_reply(data, size, CALL_ID);
    g_autoptr(GBytes) picture_reply = find_reply(data, size, PICTURE_ID);
    json_auto_t *json = read_reply(reply), *picture_json = read_reply(picture_reply);
    g_autoptr(Devtools) devtools = devtools_new(pipes.commands[1], pipes.replies[0]);
    g_autoptr(CdpSession) session = cdp_new(devtools, SESSION, on_event, &n_events);
    g_autoptr(CdpSession) browser = cdp_new(devtools, NULL, NULL, NULL); /* waits on, where the page crashed */
    cdp_set_deadline(session, clock_now_ms() + PATIENCE_MS);
    cdp_set_deadline(browser, clock_now_ms() + PATIENCE_MS);
    Call *call = cdp_begin(session, "Page.navigate", NULL);
    Call *picture_call = cdp_begin(session, "Page.captureScreenshot", NULL);
    give(&pipes, data, size);
    (void)!cdp_wait(browser, reader_is_done, devtools, INT64_MAX, 1000, NULL);
    g_assert_true(call_is_done(call) == (reply != NULL) && call_is_done(picture_call) == (picture_reply != NULL));
    expect_result(call, json);
    expect_picture(picture_call, picture_json);
    g_assert_cmpuint(n_events, ==, count_events(data, size));
    close(pipes.commands[0]);
    return 0;
}
