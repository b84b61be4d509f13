/* A scripted browser at the other end of the pipes. Its script is a function that runs in a thread of its own. */
#include "capture/devtools.h"

#include "base/clock.h"

#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

typedef struct Peer {
    int read_fd, write_fd; /* its ends */
    pthread_t thread;
    void (*play)(struct Peer *peer);
} Peer;

typedef struct {
    Peer peer;
    Devtools *devtools;
    CdpSession *session;
    GString *heard; /* the events of the session, "name:x " each */
    int n_heard;
} Fixture;

static void say(Peer *peer, const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(peer->write_fd, text, size);
        if (written <= 0)
            return; /* the test is over */
        text += written;
        size -= (size_t)written;
    }
}

static void say_message(Peer *peer, const char *text) {
    say(peer, text, strlen(text) + 1);
}

/* The id of the next command, 0 at the end. */
static int hear(Peer *peer) {
    g_autoptr(GString) text = g_string_new(NULL);
    char byte;
    while (read(peer->read_fd, &byte, 1) == 1) {
        if (byte) {
            g_string_append_c(text, byte);
            continue;
        }
        json_t *command = json_loads(text->str, 0, NULL);
        g_assert_nonnull(json_string_value(json_object_get(command, "method")));
        int id = (int)json_integer_value(json_object_get(command, "id"));
        json_decref(command);
        return id;
    }
    return 0;
}

static void reply(Peer *peer, int id, const char *result) {
    g_autofree char *text = g_strdup_printf("{\"id\":%d,\"result\":%s}", id, result);
    say_message(peer, text);
}

static void *run_peer(void *data) {
    Peer *peer = data;
    peer->play(peer);
    close(peer->write_fd);
    return NULL;
}

static void on_event(const char *event, const json_t *params, void *data) {
    Fixture *f = data;
    f->n_heard++;
    if (f->heard->len < 1000)
        g_string_append_printf(f->heard, "%s:%d ", event, (int)json_integer_value(json_object_get(params, "x")));
}

static void start(Fixture *f, void (*play)(Peer *peer)) {
    int commands[2], replies[2];
    g_assert_cmpint(pipe2(commands, O_CLOEXEC) | pipe2(replies, O_CLOEXEC), ==, 0);
    f->peer = (Peer){.read_fd = commands[0], .write_fd = replies[1], .play = play};
    f->devtools = devtools_new(commands[1], replies[0]);
    f->heard = g_string_new(NULL);
    f->n_heard = 0;
    f->session = cdp_new(f->devtools, "S", on_event, f);
    cdp_set_deadline(f->session, clock_now_ms() + PATIENCE_MS);
    pthread_create(&f->peer.thread, NULL, run_peer, &f->peer);
}

static void end(Fixture *f) {
    cdp_free(f->session);
    devtools_free(f->devtools);
    pthread_join(f->peer.thread, NULL);
    close(f->peer.read_fd);
    g_string_free(f->heard, TRUE);
}

static int64_t x_of(json_t *result) {
    g_assert_nonnull(result);
    int64_t x = json_integer_value(json_object_get(result, "x"));
    json_decref(result);
    return x;
}

static void out_of_order(Peer *peer) {
    int first = hear(peer), second = hear(peer), third = hear(peer);
    reply(peer, third, "{\"x\":3}");
    reply(peer, first, "{\"x\":1}");
    reply(peer, second, "{\"x\":2}");
    hear(peer);
}

static void replies_find_their_calls_in_any_order(void) {
    Fixture f;
    start(&f, out_of_order);
    Call *first = cdp_begin(f.session, "A.a", NULL);
    Call *second = cdp_begin(f.session, "A.b", json_pack("{s:i}", "y", 1));
    g_assert_cmpint(x_of(cdp_call(f.session, "A.c", NULL, NULL)), ==, 3);
    g_assert_cmpint(x_of(call_end(second, NULL)), ==, 2);
    g_assert_cmpint(x_of(call_end(first, NULL)), ==, 1);
    end(&f);
}

static void events_between(Peer *peer) {
    int id = hear(peer);
    say_message(peer, "{\"method\":\"P.one\",\"params\":{\"x\":1},\"sessionId\":\"S\"}");
    say_message(peer, "{\"method\":\"P.foreign\",\"params\":{\"x\":1},\"sessionId\":\"other\"}");
    say_message(peer, "{\"method\":\"P.browser\",\"params\":{\"x\":1}}");
    say_message(peer, "{\"method\":\"P.two\",\"params\":{\"x\":2},\"sessionId\":\"S\"}");
    reply(peer, id, "{\"x\":9}");
    hear(peer);
}

static void events_before_a_reply_are_heard_before_it_and_those_of_others_are_not(void) {
    Fixture f;
    start(&f, events_between);
    g_assert_cmpint(x_of(cdp_call(f.session, "A.a", NULL, NULL)), ==, 9);
    g_assert_cmpstr(f.heard->str, ==, "P.one:1 P.two:2 ");
    end(&f);
}

static void refusal(Peer *peer) {
    int id = hear(peer);
    g_autofree char *text = g_strdup_printf("{\"id\":%d,\"error\":{\"code\":-1,\"message\":\"no such node\"}}", id);
    say_message(peer, text);
    id = hear(peer);
    g_autofree char *broken = g_strdup_printf("{\"id\":%d,\"result\":", id);
    say_message(peer, broken);
    reply(peer, hear(peer), "{\"x\":1}");
    hear(peer);
}

static void a_refused_command_is_an_error_with_both_their_names(void) {
    Fixture f;
    g_autoptr(GError) refused = NULL;
    g_autoptr(GError) broken = NULL;
    start(&f, refusal);
    g_assert_null(cdp_call(f.session, "DOM.focus", NULL, &refused));
    g_assert_true(error_is(refused, ERROR_FAILED));
    g_assert_cmpstr(refused->message, ==, "DOM.focus: no such node");
    g_assert_null(cdp_call(f.session, "DOM.blur", NULL, &broken));
    g_assert_true(error_is(broken, ERROR_FAILED));
    g_assert_cmpint(x_of(cdp_call(f.session, "A.a", NULL, NULL)), ==, 1); /* and it goes on */
    end(&f);
}

enum { LARGE = 3 << 20 };

static void large_reply(Peer *peer) {
    int id = hear(peer);
    g_autofree char *data = g_strnfill(LARGE, 'A');
    g_autofree char *text = g_strdup_printf("{\"data\":\"%s\"}", data);
    reply(peer, id, text);
    reply(peer, hear(peer), "{\"nothing\":1}");
    hear(peer);
}

static void megabytes_of_data_come_through_and_none_is_an_error(void) {
    Fixture f;
    g_autoptr(GError) error = NULL;
    start(&f, large_reply);
    g_autoptr(GBytes) bytes = cdp_call_data(f.session, "Page.captureScreenshot", NULL, NULL);
    g_assert_nonnull(bytes);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, LARGE / 4 * 3);
    g_assert_null(cdp_call_data(f.session, "Page.captureScreenshot", NULL, &error));
    g_assert_true(error_is(error, ERROR_FAILED));
    end(&f);
}

static void say_to(Peer *peer, const char *rest) {
    g_autofree char *text = g_strdup_printf("{\"id\":%d,%s", hear(peer), rest);
    say_message(peer, text);
}

static void odd_pictures(Peer *peer) {
    say_to(peer, "\"error\":{\"message\":\"no such clip\",\"data\":\"QUJD\"}}");
    say_to(peer, "\"result\":{\"data\":\"QUJD");
    say_to(peer, "\"result\":{\"data\":\"\"}}");
    say_to(peer, "\"result\":{\"note\":{\"data\":\"eHl6\"},\"data\":\"QUJD\"}}");
    hear(peer);
}

/* Whatever else is called "data" in a reply was taken for the picture once, and what broke off for a whole one. */
static void data_is_that_of_the_result(void) {
    static const char *const messages[] = {"no such clip", "no answer that can be read"};
    Fixture f;
    start(&f, odd_pictures);
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(cdp_call_data(f.session, "Page.captureScreenshot", NULL, &error));
        g_assert_nonnull(strstr(error->message, messages[i]));
    }
    g_autoptr(GBytes) empty = cdp_call_data(f.session, "Page.captureScreenshot", NULL, NULL);
    g_assert_cmpuint(g_bytes_get_size(empty), ==, 0);
    g_autoptr(GBytes) bytes = cdp_call_data(f.session, "Page.captureScreenshot", NULL, NULL);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "ABC", 3);
    end(&f);
}

static void in_pieces(Peer *peer) {
    int id = hear(peer);
    g_autofree char *text = g_strdup_printf("{\"id\":%d,\"result\":{\"x\":7}}", id);
    for (size_t i = 0; i <= strlen(text); i++)
        say(peer, text + i, 1);
    hear(peer);
}

static void a_reply_may_come_byte_by_byte(void) {
    Fixture f;
    start(&f, in_pieces);
    g_assert_cmpint(x_of(cdp_call(f.session, "A.a", NULL, NULL)), ==, 7);
    end(&f);
}

static void half_a_message(Peer *peer) {
    hear(peer);
    say(peer, "{\"id\":1,\"result\":{", 18);
}

static void nothing(Peer *peer) {
    (void)peer;
}

static void expect_gone(void (*play)(Peer *peer)) {
    Fixture f;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later = NULL;
    start(&f, play);
    g_assert_null(cdp_call(f.session, "A.a", NULL, &error));
    g_assert_true(error_is(error, ERROR_GONE));
    g_assert_true(devtools_is_gone(f.devtools));
    g_assert_null(cdp_call(f.session, "A.b", NULL, &later));
    g_assert_true(error_is(later, ERROR_GONE));
    cdp_send(f.session, "A.c", NULL);
    end(&f);
}

static void a_browser_that_ends_amid_a_message_is_gone(void) {
    expect_gone(half_a_message);
}

static void so_is_one_that_ends_at_once(void) {
    expect_gone(nothing);
}

static void nonsense(Peer *peer) {
    int id = hear(peer);
    static const char *const messages[] = {
        "",
        "nonsense",
        "{",
        "[]",
        "null",
        "{\"id\":",
        "{\"id\":\"x\"}",
        "{\"id\":4000000000,\"result\":{}}",
        "{\"method\":3,\"sessionId\":\"S\"}",
        "{\"method\":\"M\",\"sessionId\":7}",
        "\xff\xfe",
        "{\"sessionId\":\"S\"}",
        "{\"method\":\"P.bare\",\"sessionId\":\"S\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
        say_message(peer, messages[i]);
    reply(peer, id, "{\"x\":1}");
    hear(peer);
}

static void nonsense_is_passed_over(void) {
    Fixture f;
    start(&f, nonsense);
    g_assert_cmpint(x_of(cdp_call(f.session, "A.a", NULL, NULL)), ==, 1);
    g_assert_cmpstr(f.heard->str, ==, "P.bare:0 ");
    end(&f);
}

static void silence(Peer *peer) {
    while (hear(peer))
        continue;
}

static bool never(void *data) {
    (void)data;
    return false;
}

static void a_wait_ends_at_its_deadline_or_that_of_the_session(void) {
    Fixture f;
    g_autoptr(GError) of_wait = NULL;
    g_autoptr(GError) of_session = NULL;
    start(&f, silence);
    int64_t started = clock_now_ms();
    g_assert_false(cdp_wait(f.session, never, NULL, started + 30, 1000, &of_wait));
    g_assert_true(error_is(of_wait, ERROR_TIMEOUT));
    g_assert_cmpint(clock_now_ms() - started, >=, 30);
    cdp_set_deadline(f.session, started + 60);
    g_assert_null(cdp_call(f.session, "A.slow", NULL, &of_session));
    g_assert_true(error_is(of_session, ERROR_TIMEOUT));
    g_assert_nonnull(strstr(of_session->message, "A.slow"));
    g_assert_cmpint(clock_now_ms() - started, <, PATIENCE_MS / 2);
    end(&f);
}

static void late_reply(Peer *peer) {
    int first = hear(peer), second = hear(peer);
    reply(peer, first, "{\"x\":1}");
    reply(peer, second, "{\"x\":2}");
    hear(peer);
}

static void a_call_may_be_dropped_before_its_reply(void) {
    Fixture f;
    start(&f, late_reply);
    call_free(cdp_begin(f.session, "A.a", NULL));
    g_assert_cmpint(x_of(cdp_call(f.session, "A.b", NULL, NULL)), ==, 2);
    end(&f);
}

static void crash(Peer *peer) {
    hear(peer);
    say_message(peer, "{\"method\":\"Inspector.targetCrashed\",\"params\":{},\"sessionId\":\"S\"}");
    hear(peer);
}

static void a_page_whose_process_crashed_fails(void) {
    Fixture f;
    g_autoptr(GError) error = NULL;
    start(&f, crash);
    g_assert_null(cdp_call(f.session, "A.a", NULL, &error));
    g_assert_true(error_is(error, ERROR_FAILED));
    g_assert_nonnull(strstr(error->message, "crashed"));
    g_assert_false(devtools_is_gone(f.devtools));
    end(&f);
}

enum { FLOOD = 50000, OTHERS = 2000, WORDS_KEPT = 1000 };

static void flood(Peer *peer) {
    int first = hear(peer);
    for (int i = 0; i < FLOOD; i++)
        say_message(peer, "{\"method\":\"Runtime.consoleAPICalled\",\"params\":{\"x\":1},\"sessionId\":\"S\"}");
    for (int i = 0; i < OTHERS; i++)
        say_message(peer, "{\"method\":\"P.other\",\"params\":{\"x\":1},\"sessionId\":\"S\"}");
    reply(peer, first, "{\"x\":1}");
    reply(peer, hear(peer), "{\"x\":2}");
    hear(peer);
}

static void a_flood_of_words_while_nobody_listens_is_cut_off_and_no_other_event_is_lost(void) {
    Fixture f;
    start(&f, flood);
    Call *call = cdp_begin(f.session, "A.a", NULL);
    while (!call_is_done(call)) /* without a wait of the session, which would hand them out */
        g_thread_yield();
    g_assert_cmpint(f.n_heard, ==, 0);
    g_assert_cmpint(x_of(call_end(call, NULL)), ==, 1);
    g_assert_cmpint(f.n_heard, ==, WORDS_KEPT + OTHERS);
    g_assert_cmpint(x_of(cdp_call(f.session, "A.b", NULL, NULL)), ==, 2);
    end(&f);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN); /* as stop_install() has it */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/devtools/replies-find-their-calls-in-any-order", replies_find_their_calls_in_any_order);
    g_test_add_func("/devtools/events-before-a-reply-are-heard-before-it-and-those-of-others-are-not",
                    events_before_a_reply_are_heard_before_it_and_those_of_others_are_not);
    g_test_add_func("/devtools/a-refused-command-is-an-error-with-both-their-names",
                    a_refused_command_is_an_error_with_both_their_names);
    g_test_add_func("/devtools/data-is-that-of-the-result", data_is_that_of_the_result);
    g_test_add_func("/devtools/megabytes-of-data-come-through-and-none-is-an-error",
                    megabytes_of_data_come_through_and_none_is_an_error);
    g_test_add_func("/devtools/a-reply-may-come-byte-by-byte", a_reply_may_come_byte_by_byte);
    g_test_add_func("/devtools/a-browser-that-ends-amid-a-message-is-gone", a_browser_that_ends_amid_a_message_is_gone);
    g_test_add_func("/devtools/so-is-one-that-ends-at-once", so_is_one_that_ends_at_once);
    g_test_add_func("/devtools/nonsense-is-passed-over", nonsense_is_passed_over);
    g_test_add_func("/devtools/a-wait-ends-at-its-deadline-or-that-of-the-session",
                    a_wait_ends_at_its_deadline_or_that_of_the_session);
    g_test_add_func("/devtools/a-call-may-be-dropped-before-its-reply", a_call_may_be_dropped_before_its_reply);
    g_test_add_func("/devtools/a-page-whose-process-crashed-fails", a_page_whose_process_crashed_fails);
    g_test_add_func("/devtools/a-flood-of-words-while-nobody-listens-is-cut-off-and-no-other-event-is-lost",
                    a_flood_of_words_while_nobody_listens_is_cut_off_and_no_other_event_is_lost);
    return g_test_run();
}
