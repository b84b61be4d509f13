/* The API over HTTP, as the clients and workers of old speak it, on each of the databases. */
#include "api/api.h"

#include "asking.h"
#include "base/file.h"
#include "db/migrate.h"
#include "store/api_key.h"
#include "store/build.h"
#include "store/release.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 8, MAX_BODY = 1024 * 1024, TIMEOUT_MS = 5000 };

typedef struct {
    char *folder;
    Api api;
    HttpPart part;
    HttpServer *server;
    int port;
    int64_t build, other_build;
    char *key, *other_key, *superuser; /* headers */
    SealKey *key_of_configs;
} Fixture;

static char *make_key(Db *db, int64_t build) {
    g_autofree char *id = NULL, *secret = NULL;
    g_assert_true(api_key_create(db, build, "tests", 1, &id, &secret, NULL));
    g_autofree char *plain = g_strdup_printf("%s:%s", id, secret);
    g_autofree char *encoded = g_base64_encode((const guchar *)plain, strlen(plain));
    return g_strdup_printf("Authorization: Basic %s\r\n", encoded);
}

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    api_init(&f->api);
    f->folder = g_dir_make_tmp("dpxdt-api-XXXXXX", &error);
    f->api.pool = db_pool_new(g_getenv("DPXDT_TEST_DATABASE"), CONNECTIONS, &error);
    f->api.blobs = blobs_open(f->folder, &error);
    g_autofree char *path = g_build_filename(f->folder, "secret.key", NULL);
    f->api.key = f->key_of_configs = seal_key_load(path, true, &error);
    g_assert_no_error(error);
    g_assert_cmpint(migrate_run(f->api.pool, &error), >=, 0);
    g_autoptr(Db) db = db_pool_take(f->api.pool, TIMEOUT_MS, &error);
    f->build = build_create(db, "ours", false, 1, &error);
    f->other_build = build_create(db, "theirs", false, 1, &error);
    g_assert_cmpint(db_change(db, &error, "DELETE FROM tasks"), >=, 0);
    f->key = make_key(db, f->build);
    f->other_key = make_key(db, f->other_build);
    f->superuser = make_key(db, 0);
    f->part = (HttpPart){api_routes, api_n_routes, &f->api};
    const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &f->part,
        .n_parts = 1,
        .data = &f->api,
        .uploads = api_uploads,
        .max_body = MAX_BODY,
        .request_timeout_ms = TIMEOUT_MS,
        .refuse = api_refuse,
    };
    f->server = http_server_start(&config, &error);
    g_assert_no_error(error);
    f->port = http_server_port(f->server);
}

static void tear_down(Fixture *f, const void *unused) {
    g_assert_true(http_server_stop(f->server, TIMEOUT_MS));
    blobs_free(f->api.blobs);
    seal_key_free(f->key_of_configs);
    db_pool_free(f->api.pool);
    api_clear(&f->api);
    g_assert_true(file_remove_tree(f->folder, NULL));
    g_free(f->folder);
    g_free(f->key);
    g_free(f->other_key);
    g_free(f->superuser);
}

/* Asking. */

/* The reply to a POST, which must have this status; the caller frees it. */
static json_t *post_as(Fixture *f, const char *key, const char *path, const char *body, const char *status) {
    g_autofree char *line = g_strdup_printf("POST %s", path), *headers = g_strconcat(key, ASK_FORM, NULL);
    g_autofree char *reply = ask(f->port, line, headers, body);
    ask_assert_status(reply, status);
    g_assert_nonnull(strstr(reply, "Content-Type: application/json\r\n"));
    json_t *json = json_loads(ask_body(reply), 0, NULL);
    g_assert_nonnull(json);
    return json;
}

/* The same as our build's, with its id in the form. */
static json_t *post(Fixture *f, const char *path, const char *fields, const char *status) {
    g_autofree char *body = g_strdup_printf("build_id=%" G_GINT64_FORMAT "&%s", f->build, fields);
    return post_as(f, f->key, path, body, status);
}

static char *text_in(json_t *json, const char *key) {
    char *text = g_strdup(json_string_value(json_object_get(json, key)));
    json_decref(json);
    return text;
}

static void expect(json_t *json, const char *key, const char *text) {
    g_autofree char *found = text_in(json, key);
    g_assert_cmpstr(found, ==, text);
}

static void expect_success(json_t *json) {
    g_assert_true(json_is_true(json_object_get(json, "success")));
    json_decref(json);
}

/* Uploads a file and returns its SHA-1, which the caller frees. */
static char *upload(Fixture *f, const char *name, const char *content) {
    g_autofree char *body = g_strdup_printf(
        ASK_PART "Content-Disposition: form-data; name=\"build_id\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                 "%" G_GINT64_FORMAT "\r\n" ASK_PART
                 "Content-Disposition: form-data; name=\"file\"; filename=\"/home/me/%s\"\r\n\r\n%s\r\n" ASK_END,
        f->build, name, content);
    g_autofree char *headers = g_strconcat(f->key, ASK_MULTIPART, NULL);
    g_autofree char *reply = ask(f->port, "POST /api/upload", headers, body);
    ask_assert_status(reply, "200");
    g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA1, content, -1);
    g_autofree char *found = text_in(json_loads(ask_body(reply), 0, NULL), "sha1sum");
    g_assert_cmpstr(found, ==, expected);
    return g_steal_pointer(&found);
}

static void report(Fixture *f, const char *run, const char *what, const char *sha1) {
    g_autofree char *fields = g_strdup_printf("release_name=r&release_number=1&run_name=%s&%s=%s", run, what, sha1);
    expect_success(post(f, "/api/report_run", fields, "200"));
}

static void begin_release(Fixture *f) {
    json_t *release = post(f, "/api/create_release", "release_name=r&url=http%3A%2F%2Fx%2F", "200");
    g_assert_cmpint(json_integer_value(json_object_get(release, "release_number")), ==, 1);
    expect(release, "url", "http://x/");
}

static void assert_release(Fixture *f, const char *status) {
    g_autoptr(Db) db = db_pool_take(f->api.pool, TIMEOUT_MS, NULL);
    g_autoptr(Release) release = release_lock(db, f->build, "r", 1, NULL);
    g_assert_cmpstr(release_status_name(release->status), ==, status);
}

static void decide(Fixture *f, ReleaseStatus status) {
    g_autoptr(Db) db = db_pool_take(f->api.pool, TIMEOUT_MS, NULL);
    g_autoptr(DbTransaction) transaction = db_begin(db, NULL);
    g_autoptr(Release) release = release_lock(db, f->build, "r", 1, NULL);
    g_assert_true(release_decide(db, release, status, 5, NULL) && db_commit(g_steal_pointer(&transaction), NULL));
}

static json_t *lease(Fixture *f, const char *queue) {
    g_autofree char *path = g_strdup_printf("/api/work_queue/%s/lease", queue);
    json_t *reply = post_as(f, f->superuser, path, "count=10", "200");
    json_t *tasks = json_incref(json_object_get(reply, "tasks"));
    json_decref(reply);
    g_assert_true(json_is_array(tasks));
    return tasks;
}

/* Tests. */

static void a_release_goes_through_its_life(Fixture *f, const void *unused) {
    begin_release(f);
    expect(post(f, "/api/find_run", "run_name=page", "400"), "error", "Run not found");
    g_autofree char *image = upload(f, "shot.png", "a picture"), *log = upload(f, "log.txt", "a log");
    report(f, "page", "image", image);
    report(f, "page", "log", log);
    assert_release(f, "receiving");
    g_autofree char *url = text_in(post(f, "/api/runs_done", "release_name=r&release_number=1", "200"), "results_url");
    g_autofree char *expected =
        g_strdup_printf("http://test:5000/release?id=%" G_GINT64_FORMAT "&name=r&number=1", f->build);
    g_assert_cmpstr(url, ==, expected);
    assert_release(f, "reviewing");
    decide(f, RELEASE_GOOD);
    expect(post(f, "/api/find_run", "run_name=page", "200"), "image", image);
    json_decref(post(f, "/api/report_run", "release_name=r&release_number=1&run_name=page&url=http://x/", "409"));
}

static void only_who_has_a_key_of_the_build_may_write_to_it(Fixture *f, const void *unused) {
    g_autofree char *body = g_strdup_printf("build_id=%" G_GINT64_FORMAT "&release_name=r", f->build);
    g_autofree char *reply = ask(f->port, "POST /api/create_release", ASK_FORM, body);
    ask_assert_status(reply, "401");
    g_assert_nonnull(strstr(reply, "WWW-Authenticate: Basic realm=\"API key required\"\r\n"));
    expect(post_as(f, "Authorization: Basic eDp5\r\n", "/api/create_release", body, "403"), "error",
           "API key must exist");
    expect(post_as(f, f->other_key, "/api/create_release", body, "404"), "error", "API key must have access");
    expect(post_as(f, f->key, "/api/create_release", "build_id=999999&release_name=r", "404"), "error",
           "build must exist");
    expect_success(post_as(f, f->superuser, "/api/create_release", body, "200"));
    static const char *const bad[] = {"release_name=r",
                                      "build_id=0&release_name=r",
                                      "build_id=-1&release_name=r",
                                      "build_id=abc&release_name=r",
                                      "build_id=&release_name=r",
                                      "build_id=99999999999999999999&release_name=r"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        expect(post_as(f, f->key, "/api/create_release", bad[i], "400"), "error", "build_id required");
    json_decref(post(f, "/api/work_queue/capture/lease", "count=1", "403"));
}

static void what_is_missing_or_wrong_is_named(Fixture *f, const void *unused) {
    begin_release(f);
    static const struct {
        const char *path, *fields, *error;
    } cases[] = {
        {"/api/create_release", "", "release_name required"},
        {"/api/create_release", "release_name=a%0Ab", "release_name has control characters"},
        {"/api/report_run", "release_name=r", "release_number required"},
        {"/api/report_run", "release_name=r&release_number=x", "release_number required"},
        {"/api/report_run", "release_name=r&release_number=1", "run_name required"},
        {"/api/report_run", "release_name=none&release_number=1&run_name=a", "release does not exist"},
        {"/api/report_run", "release_name=r&release_number=1&run_name=a&image=abc", "the build has no file abc"},
        {"/api/report_run", "release_name=r&release_number=1&run_name=a&distortion=2",
         "distortion must be a number from 0 to 1: 2"},
        {"/api/request_run", "release_name=r&release_number=1&run_name=a", "url to capture required"},
        {"/api/request_run", "release_name=r&release_number=1&run_name=a&url=http://x/&ref_url=http://y/",
         "ref_url and ref_config must both be specified or not specified"},
        {"/api/request_run",
         "release_name=r&release_number=1&run_name=a&url=http://x/&config=", "config document required"},
        {"/api/find_run", "", "run_name required"},
        {"/api/upload", "", "Need exactly one uploaded file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(post(f, cases[i].path, cases[i].fields, "400"), "error", cases[i].error);
    static const char *const configs[] = {"5", "%5B%5D", "%7B", "%7B%22a%22%3A1%2C%22a%22%3A2%7D"};
    for (size_t i = 0; i < G_N_ELEMENTS(configs); i++) {
        g_autofree char *fields =
            g_strdup_printf("release_name=r&release_number=1&run_name=a&url=http://x/&config=%s", configs[i]);
        json_decref(post(f, "/api/request_run", fields, "400"));
    }
    json_t *none = lease(f, "capture");
    g_assert_cmpuint(json_array_size(none), ==, 0);
    json_decref(none);
}

static void a_file_is_sent_to_its_build_only_and_cannot_harm_a_browser(Fixture *f, const void *unused) {
    g_autofree char *sha1 = upload(f, "evil.html", "<script>alert(1)</script>");
    g_autofree char *line =
        g_strdup_printf("GET /api/download?build_id=%" G_GINT64_FORMAT "&sha1sum=%s", f->build, sha1);
    g_autofree char *theirs =
        g_strdup_printf("GET /api/download?build_id=%" G_GINT64_FORMAT "&sha1sum=%s", f->other_build, sha1);
    g_autofree char *reply = ask(f->port, line, f->key, "");
    ask_assert_status(reply, "200");
    g_assert_cmpstr(ask_body(reply), ==, "<script>alert(1)</script>");
    g_assert_nonnull(strstr(reply, "Content-Type: text/plain; charset=utf-8\r\n"));
    g_assert_nonnull(strstr(reply, "X-Content-Type-Options: nosniff\r\n"));
    g_assert_nonnull(strstr(reply, "Cache-Control: private"));
    g_autofree char *denied = ask(f->port, theirs, f->other_key, "");
    ask_assert_status(denied, "404");
    g_autofree char *anonymous = ask(f->port, line, "", "");
    ask_assert_status(anonymous, "401");
    g_autofree char *known = g_strdup_printf("%sIf-None-Match: \"%s\"\r\n", f->key, sha1);
    g_autofree char *cached = ask(f->port, line, known, "");
    ask_assert_status(cached, "304");
}

static void two_files_are_one_too_many(Fixture *f, const void *unused) {
    g_autofree char *part =
        g_strdup(ASK_PART "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nx\r\n");
    g_autofree char *body = g_strconcat(part, part, ASK_END, NULL);
    g_autofree char *line = g_strdup_printf("POST /api/upload?build_id=%" G_GINT64_FORMAT, f->build);
    g_autofree char *headers = g_strconcat(f->key, ASK_MULTIPART, NULL);
    g_autofree char *reply = ask(f->port, line, headers, body);
    ask_assert_status(reply, "400");
    expect(json_loads(ask_body(reply), 0, NULL), "error", "Need exactly one uploaded file");
}

/* From the request of a capture to the difference. */
static void work_is_leased_and_its_results_settle_the_release(Fixture *f, const void *unused) {
    begin_release(f);
    json_t *requested =
        post(f, "/api/request_run",
             "release_name=r&release_number=1&run_name=%2Fa.html&url=http%3A%2F%2Fx%2Fa&config=%7B%22width%22%3A1%7D&"
             "ref_url=http%3A%2F%2Fx%2Fb&ref_config=%7B%7D",
             "200");
    g_autofree char *config = text_in(requested, "config");
    g_autofree char *kept =
        g_compute_checksum_for_string(G_CHECKSUM_SHA1, "{\"width\":1,\"targetUrl\":\"http://x/a\"}", -1);
    g_assert_cmpstr(config, ==, kept);
    expect_success(post(f, "/api/runs_done", "release_name=r&release_number=1", "200"));
    assert_release(f, "processing");
    json_t *captures = lease(f, "capture");
    g_assert_cmpuint(json_array_size(captures), ==, 2);
    g_autofree char *after = upload(f, "a.png", "after"), *before = upload(f, "b.png", "before");
    for (size_t i = 0; i < 2; i++) {
        json_t *task = json_array_get(captures, i), *payload = json_object_get(task, "payload");
        bool is_baseline = json_is_true(json_object_get(payload, "baseline"));
        g_autofree char *name = g_uri_escape_string(json_string_value(json_object_get(task, "task_id")), NULL, false);
        g_autofree char *body = g_strdup_printf("task_id=%s&message=working&index=0", name);
        expect_success(post_as(f, f->superuser, "/api/work_queue/capture/heartbeat", body, "200"));
        report(f, "%2Fa.html", is_baseline ? "ref_image" : "image", is_baseline ? before : after);
        expect_success(post_as(f, f->superuser, "/api/work_queue/capture/finish", body, "200"));
    }
    json_decref(captures);
    json_t *diffs = lease(f, "run-pdiff");
    g_assert_cmpuint(json_array_size(diffs), ==, 1);
    json_t *payload = json_object_get(json_array_get(diffs, 0), "payload");
    g_assert_cmpuint(json_object_size(payload), ==, 6);
    g_assert_cmpstr(json_string_value(json_object_get(payload, "run_sha1sum")), ==, after);
    json_decref(diffs);
    assert_release(f, "processing");
    g_autofree char *diff = upload(f, "diff.png", "diff");
    report(f, "%2Fa.html", "distortion=0.474542&diff_image", diff);
    assert_release(f, "reviewing");
}

static void a_capture_that_fails_for_good_lets_the_release_go_on(Fixture *f, const void *unused) {
    begin_release(f);
    json_decref(post(f, "/api/request_run", "release_name=r&release_number=1&run_name=a&url=http%3A%2F%2Fx%2F", "200"));
    expect_success(post(f, "/api/runs_done", "release_name=r&release_number=1", "200"));
    json_t *tasks = lease(f, "capture");
    g_autofree char *name =
        g_uri_escape_string(json_string_value(json_object_get(json_array_get(tasks, 0), "task_id")), NULL, false);
    g_autofree char *body = g_strdup_printf("task_id=%s&error=1", name);
    g_autofree char *by_another = g_strdup_printf("task_id=%s&owner=10.0.0.9", name);
    json_decref(tasks);
    g_autofree char *denied =
        text_in(post_as(f, f->superuser, "/api/work_queue/capture/finish", by_another, "400"), "error");
    g_assert_true(g_str_has_prefix(denied, "NotOwnerError: "));
    expect_success(post_as(f, f->superuser, "/api/work_queue/capture/finish", body, "200"));
    assert_release(f, "reviewing");
    expect_success(post_as(f, f->superuser, "/api/work_queue/capture/finish", body, "200"));
    g_autofree char *unknown =
        text_in(post_as(f, f->superuser, "/api/work_queue/capture/finish", "task_id=none", "400"), "error");
    g_assert_true(g_str_has_prefix(unknown, "TaskDoesNotExistError: "));
}

static void a_poisonous_payload_is_refused_when_it_is_added(Fixture *f, const void *unused) {
    json_decref(post_as(f, f->superuser, "/api/work_queue/other/add",
                        "task_id=a&payload=%7Bbroken&content_type=application%2Fjson", "400"));
    expect(post_as(f, f->superuser, "/api/work_queue/other/add", "task_id=a&payload=%7Bbroken&content_type=text",
                   "200"),
           "task_id", "a");
    json_t *tasks = lease(f, "other");
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(tasks, 0), "payload")), ==, "{broken");
    json_decref(tasks);
}

#define TEST(name, function) g_test_add("/api/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("a-release-goes-through-its-life", a_release_goes_through_its_life);
    TEST("only-who-has-a-key-of-the-build-may-write-to-it", only_who_has_a_key_of_the_build_may_write_to_it);
    TEST("what-is-missing-or-wrong-is-named", what_is_missing_or_wrong_is_named);
    TEST("a-file-is-sent-to-its-build-only-and-cannot-harm-a-browser",
         a_file_is_sent_to_its_build_only_and_cannot_harm_a_browser);
    TEST("two-files-are-one-too-many", two_files_are_one_too_many);
    TEST("work-is-leased-and-its-results-settle-the-release", work_is_leased_and_its_results_settle_the_release);
    TEST("a-capture-that-fails-for-good-lets-the-release-go-on", a_capture_that_fails_for_good_lets_the_release_go_on);
    TEST("a-poisonous-payload-is-refused-when-it-is-added", a_poisonous_payload_is_refused_when_it_is_added);
    return g_test_run();
}
