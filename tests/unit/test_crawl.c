/* Crawls of sites that a server of our own has. */
#include "crawl/crawl.h"

#include "base/stop.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STOP_MS = 5000 };

/* A site. */

typedef struct {
    const char *path; /* with "?q=" and its value, if there is one */
    const char *body; /* links, separated by spaces; of other types than HTML: all of it */
    int status;       /* 0: 200 */
    const char *type; /* NULL: HTML */
    const char *location;
    bool is_secret, waits;
} Entry;

typedef struct {
    const Entry *entries;
    size_t n_entries;
    bool answers_in_any_order;
    HttpPart part;
    HttpServer *server;
    int port;
    sem_t may_end; /* what those wait for that wait */

    pthread_mutex_t lock; /* guards all below */
    GString *asked;       /* each address, with a line end */
} Fixture;

static char *asked_for(HttpRequest *request) {
    const char *q = http_request_query(request, "q");
    return g_strconcat(http_request_path(request), q ? "?q=" : "", q ? q : "", NULL);
}

static char *html_of(const char *links) {
    GString *html = g_string_new("<!DOCTYPE html>\n<title>x</title>\n");
    g_auto(GStrv) each = g_strsplit(links, " ", -1);
    for (char **link = each; *link; link++)
        if (**link)
            g_string_append_printf(html, "<p><a href=\"%s\">x</a>\n", *link);
    return g_string_free(html, FALSE);
}

static bool may_see(HttpRequest *request) {
    const char *user, *password;
    return http_request_credentials(request, &user, &password) && strcmp(user, "me") == 0 &&
           strcmp(password, "secret") == 0;
}

static HttpResponse *respond(HttpRequest *request, const Entry *entry) {
    bool is_html = !entry->type || g_str_has_prefix(entry->type, "text/html") || strstr(entry->type, "xhtml");
    g_autofree char *html = is_html ? html_of(entry->body ? entry->body : "") : NULL;
    int status = entry->is_secret && !may_see(request) ? 401 : entry->status ? entry->status : 200;
    HttpResponse *response =
        http_response_text(status, entry->type ? entry->type : "text/html; charset=utf-8", html ? html : entry->body);
    if (entry->location)
        http_response_add_header(response, "Location", entry->location);
    return response;
}

static HttpResponse *answer(HttpRequest *request, void *data) {
    Fixture *f = data;
    g_autofree char *asked = asked_for(request);
    pthread_mutex_lock(&f->lock);
    g_string_append_printf(f->asked, "%s\n", asked);
    pthread_mutex_unlock(&f->lock);
    if (f->answers_in_any_order)
        g_usleep((gulong)g_random_int_range(0, 3000));
    for (const Entry *entry = f->entries; entry < f->entries + f->n_entries; entry++) {
        if (strcmp(entry->path, asked) != 0)
            continue;
        if (entry->waits)
            sem_wait(&f->may_end);
        return respond(request, entry);
    }
    return http_response_text(404, "text/html", "<a href=\"/of-404\">");
}

static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    return http_response_text(status, "text/plain", why);
}

static const HttpRoute routes[] = {
    {"GET", "/", answer},        {"GET", "/<a>", answer},         {"GET", "/<a>/", answer},
    {"GET", "/<a>/<b>", answer}, {"GET", "/<a>/<b>/<c>", answer},
};

static Fixture *serve(const Entry *entries, size_t n_entries) {
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new0(Fixture, 1);
    f->entries = entries;
    f->n_entries = n_entries;
    f->asked = g_string_new(NULL);
    pthread_mutex_init(&f->lock, NULL);
    sem_init(&f->may_end, 0, 0);
    f->part = (HttpPart){routes, G_N_ELEMENTS(routes), f};
    const HttpConfig config = {
        .host = "127.0.0.1",
        .parts = &f->part,
        .n_parts = 1,
        .max_body = 1000,
        .request_timeout_ms = 5000,
        .refuse = refuse,
    };
    f->server = http_server_start(&config, &error);
    g_assert_no_error(error);
    f->port = http_server_port(f->server);
    return f;
}

static void stop(Fixture *f) {
    for (size_t i = 0; i < 100; i++)
        sem_post(&f->may_end);
    g_assert_true(http_server_stop(f->server, STOP_MS));
    g_string_free(f->asked, TRUE);
    pthread_mutex_destroy(&f->lock);
    sem_destroy(&f->may_end);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, stop)

#define SERVE(entries) serve(entries, G_N_ELEMENTS(entries))

/* Crawling it. */

static char *address(const Fixture *f, const char *path) {
    return g_strdup_printf("http://127.0.0.1:%d%s", f->port, path);
}

/* Text in which the server's address is left out. */
static char *without_host(const Fixture *f, const char *text) {
    g_autofree char *host = address(f, "");
    g_auto(GStrv) parts = g_strsplit(text, host, -1);
    return g_strjoinv("", parts);
}

/* "PATH DEPTH, PATH DEPTH | PATH WHY, PATH WHY" */
static char *describe(const Fixture *f, const CrawlResult *result) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < result->pages->len; i++) {
        const CrawlPage *page = result->pages->pdata[i];
        g_string_append_printf(text, "%s%s %d", i ? ", " : "", page->url, page->depth);
    }
    for (guint i = 0; i < result->skipped->len; i++) {
        const CrawlSkip *skip = result->skipped->pdata[i];
        g_string_append_printf(text, "%s%s %s", i ? ", " : " | ", skip->url, skip->why);
    }
    return without_host(f, text->str);
}

static CrawlResult *crawl_or_fail(const Fixture *f, const char *start, const CrawlOptions *options) {
    g_autoptr(GError) error = NULL;
    g_autofree char *url = address(f, start);
    CrawlOptions all = *options;
    all.start_url = url;
    CrawlResult *result = crawl_site(&all, &error);
    g_assert_no_error(error);
    return result;
}

static void expect(const Fixture *f, const char *start, const CrawlOptions *options, const char *expected) {
    g_autoptr(CrawlResult) result = crawl_or_fail(f, start, options);
    g_autofree char *text = describe(f, result);
    g_assert_cmpstr(text, ==, expected);
}

static void expect_failure(const Fixture *f, const char *start, const CrawlOptions *options, const char *message) {
    g_autoptr(GError) error = NULL;
    g_autofree char *url = address(f, start);
    CrawlOptions all = *options;
    all.start_url = url;
    g_assert_null(crawl_site(&all, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
    g_autofree char *text = without_host(f, error->message);
    g_assert_cmpstr(text, ==, message);
}

static const CrawlOptions no_limit = {.depth = -1};

/* What fails. */

static void no_start_page_is_an_error_that_says_why(void) {
    static const Entry entries[] = {
        {.path = "/pdf", .type = "application/pdf; x=y", .body = "x"},
        {.path = "/text", .type = "text/plain", .body = "x"},
        {.path = "/broken", .status = 500},
        {.path = "/to-missing", .status = 302, .location = "/missing"},
        {.path = "/away", .status = 301, .location = "http://Other.example"},
        {.path = "/to-mail", .status = 301, .location = "mailto:a@b"},
        {.path = "/not-said-where", .status = 302},
        {.path = "/loop", .status = 307, .location = "/loop"},
    };
    static const struct {
        const char *start, *why;
    } cases[] = {
        {"/missing", "/missing answered 404"},
        {"/broken", "/broken answered 500"},
        {"/pdf", "/pdf is application/pdf, not HTML"},
        {"/text", "/text is text/plain, not HTML"},
        {"/to-missing", "/to-missing redirects to /missing, which answered 404"},
        {"/away", "/away redirects to http://other.example/"},
        {"/to-mail", "/to-mail redirects to no page"},
        {"/not-said-where", "/not-said-where answered 302"},
        {"/loop", "/loop redirects to /loop"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = g_strconcat("there is no start page: ", cases[i].why, NULL);
        expect_failure(f, cases[i].start, &no_limit, message);
    }
}

static void wrong_options_are_refused(void) {
    static const char *const prefixes[] = {"/fine", "mailto:x", NULL};
    static const CrawlOptions cases[] = {
        {.start_url = "example.com"},
        {.start_url = "ftp://example.com/"},
        {.start_url = "http://example.com/", .ignore_prefixes = prefixes},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(crawl_site(&cases[i], &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
}

/* Somebody who listens himself. */
static int listen_on_any(int *out_port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(listener, (const struct sockaddr *)&name, size), ==, 0);
    g_assert_cmpint(listen(listener, 5), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&name, &size), ==, 0);
    *out_port = ntohs(name.sin_port);
    return listener;
}

static void nobody_there_is_an_error_that_says_so(void) {
    int port;
    close(listen_on_any(&port));
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/", port);
    const CrawlOptions options = {.start_url = url};
    g_assert_null(crawl_site(&options, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, url));
    g_assert_nonnull(strstr(error->message, "did not answer: "));
}

static void read_request(int peer) {
    char bytes[4096];
    g_assert_cmpint(recv(peer, bytes, sizeof bytes, 0), >, 0);
}

static void *break_once(void *data) {
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx";
    int listener = GPOINTER_TO_INT(data);
    for (int attempt = 1; attempt <= 2; attempt++) {
        int peer = accept(listener, NULL, NULL);
        read_request(peer);
        if (attempt == 2)
            g_assert_cmpint(send(peer, reply, strlen(reply), MSG_NOSIGNAL), >, 0);
        close(peer);
    }
    return NULL;
}

static void a_connection_that_breaks_is_tried_once_more(void) {
    int port, listener = listen_on_any(&port);
    pthread_t thread;
    pthread_create(&thread, NULL, break_once, GINT_TO_POINTER(listener));
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/", port);
    const CrawlOptions options = {.start_url = url};
    g_autoptr(CrawlResult) result = crawl_site(&options, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result->pages->len, ==, 1);
    pthread_join(thread, NULL);
    close(listener);
}

/* What belongs to the site. */

static void only_what_is_below_the_start_page_is_visited(void) {
    static const Entry entries[] = {
        {.path = "/docs/start",
         .body = "other deep/er / /docs /docs/ /docsier http://127.0.0.1/docs/x "
                 "https://example.com/docs/ mailto:a@b javascript:x #top"},
        {.path = "/docs/other", .body = "../docs/start ./other ../x"},
        {.path = "/docs/deep/er", .body = "../other"},
        {.path = "/docs/", .body = ""},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    g_autoptr(CrawlResult) result = crawl_or_fail(f, "/docs/start", &no_limit);
    g_autofree char *text = describe(f, result);
    g_assert_cmpstr(text, ==, "/docs/start 0, /docs/other 1, /docs/deep/er 1, /docs/ 1");
    g_assert_cmpint(result->n_outside, ==, 6);
    g_assert_cmpint(result->n_untold, ==, 0);
    g_assert_null(strstr(f->asked->str, "docsier"));
}

static void the_depth_is_the_least_number_of_links(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/a /b"},  {.path = "/a", .body = "/c /d"},
        {.path = "/b", .body = "/d /a"}, {.path = "/c", .body = "/e /f"},
        {.path = "/d", .body = "/f"},    {.path = "/e", .body = "/"},
        {.path = "/f", .body = "/g"},    {.path = "/g"},
    };
    static const struct {
        int depth;
        const char *expected;
    } cases[] = {
        {-1, "/ 0, /a 1, /b 1, /c 2, /d 2, /e 3, /f 3, /g 4"},
        {0, "/ 0 | /a deeper than 0 links, /b deeper than 0 links"},
        {1, "/ 0, /a 1, /b 1 | /c deeper than 1 link, /d deeper than 1 link"},
        {2, "/ 0, /a 1, /b 1, /c 2, /d 2 | /e deeper than 2 links, /f deeper than 2 links"},
        {100, "/ 0, /a 1, /b 1, /c 2, /d 2, /e 3, /f 3, /g 4"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(f, "/", &(CrawlOptions){.depth = cases[i].depth}, cases[i].expected);
}

static void ignored_prefixes_are_not_asked_for(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/blog/1 /blog /shop/1 /x /y\xc3\xbc/1 /redirect"},
        {.path = "/x"},
        {.path = "/blog"},
        {.path = "/redirect", .status = 302, .location = "/blog/2"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    g_autofree char *shop = g_strdup_printf("HTTP://127.0.0.1:%d/shop", f->port);
    const char *const prefixes[] = {"/blog/", "", shop, "/y\xc3\xbc", NULL};
    expect(f, "/", &(CrawlOptions){.depth = -1, .ignore_prefixes = prefixes},
           "/ 0, /blog 1, /x 1 | /blog/1 begins with an ignored prefix, /shop/1 begins with an ignored prefix, "
           "/y%C3%BC/1 begins with an ignored prefix, /redirect redirects to /blog/2, "
           "/blog/2 begins with an ignored prefix");
    g_assert_null(strstr(f->asked->str, "/blog/"));
    g_assert_null(strstr(f->asked->str, "/shop"));
}

static void queries_are_dropped_unless_they_are_kept(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/a?q=1 /a?q=2 /a /b?q=1#x ?q=3"},
        {.path = "/a"},
        {.path = "/a?q=1"},
        {.path = "/a?q=2"},
        {.path = "/b"},
        {.path = "/b?q=1"},
        {.path = "/?q=3"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &no_limit, "/ 0, /a 1, /b 1");
    expect(f, "/", &(CrawlOptions){.depth = -1, .keep_query_string = true},
           "/ 0, /a?q=1 1, /a?q=2 1, /a 1, /b?q=1 1, /?q=3 1");
    expect(f, "/?q=3", &no_limit, "/?q=3 0");
}

static void what_is_no_page_is_told(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/missing /gone /style.css /A.PDF /a.html /pdf /film /page.xhtml /missing"},
        {.path = "/gone", .status = 410},
        {.path = "/a.html"},
        {.path = "/pdf", .type = "application/pdf", .body = "x"},
        {.path = "/film", .type = "VIDEO/mp4; codecs=x", .body = "x"},
        {.path = "/page.xhtml", .type = "application/xhtml+xml", .body = "/of-xhtml"},
        {.path = "/of-xhtml"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &no_limit,
           "/ 0, /a.html 1, /page.xhtml 1, /of-xhtml 2 | /style.css is a .css file, no page, "
           "/A.PDF is a .pdf file, no page, /missing answered 404, /gone answered 410, "
           "/pdf is application/pdf, not HTML, /film is video/mp4, not HTML");
    g_assert_null(strstr(f->asked->str, "css"));
    g_assert_null(strstr(f->asked->str, "of-404"));
}

static void a_redirect_within_the_site_counts_once(void) {
    static const Entry entries[] = {
        {.path = "/s/", .body = "old twice new to-query away up loop1 mail"},
        {.path = "/s/old", .status = 301, .location = "new"},
        {.path = "/s/new", .body = "../s/"},
        {.path = "/s/twice", .status = 302, .location = "/s/twice2"},
        {.path = "/s/twice2", .status = 303, .location = "only-so"},
        {.path = "/s/only-so", .body = "below"},
        {.path = "/s/below"},
        {.path = "/s/to-query", .status = 307, .location = "/s/?q=1"},
        {.path = "/s/?q=1"},
        {.path = "/s/away", .status = 308, .location = "https://example.com/x#y"},
        {.path = "/s/up", .status = 301, .location = "/"},
        {.path = "/s/loop1", .status = 301, .location = "loop2"},
        {.path = "/s/loop2", .status = 301, .location = "loop1"},
        {.path = "/s/mail", .status = 301, .location = "mailto:a@b"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/s/", &no_limit,
           "/s/ 0, /s/new 1, /s/?q=1 1, /s/only-so 1, /s/below 2 | /s/old redirects to /s/new, "
           "/s/twice redirects to /s/twice2, /s/to-query redirects to /s/?q=1, "
           "/s/away redirects to https://example.com/x, /s/up redirects to /, /s/loop1 redirects to /s/loop2, "
           "/s/mail redirects to no page, /s/twice2 redirects to /s/only-so, /s/loop2 redirects to /s/loop1");
    g_assert_true(g_str_has_prefix(f->asked->str, "/s/\n")); /* and nothing outside */
    g_assert_null(strstr(f->asked->str, "\n/\n"));
}

static void a_start_page_may_redirect_within_the_site(void) {
    static const Entry entries[] = {
        {.path = "/", .status = 302, .location = "/en/?q=1"},
        {.path = "/en/?q=1", .body = "/en/a /"},
        {.path = "/en/a"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &no_limit, "/en/?q=1 0, /en/a 1 | / redirects to /en/?q=1");
}

/* Always one more. */
static HttpResponse *redirect_for_ever(HttpRequest *request, void *data) {
    const char *n = http_request_segment(request, "n");
    g_autofree char *location = g_strdup_printf("/%d", atoi(n) + 1);
    HttpResponse *response = http_response_text(302, "text/html", "");
    http_response_add_header(response, "Location", location);
    return response;
}

static HttpResponse *link_for_ever(HttpRequest *request, void *data) {
    const char *n = http_request_segment(request, "n");
    g_autofree char *html = g_strdup_printf("<a href=/more/%d><a href=/more/%d>", 2 * atoi(n) + 1, 2 * atoi(n) + 2);
    return http_response_text(200, "text/html", html);
}

static const HttpRoute endless_routes[] = {{"GET", "/<n>", redirect_for_ever}, {"GET", "/more/<n>", link_for_ever}};

static Fixture *serve_endless(void) {
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new0(Fixture, 1);
    f->asked = g_string_new(NULL);
    f->part = (HttpPart){endless_routes, G_N_ELEMENTS(endless_routes), NULL};
    const HttpConfig config = {
        .host = "127.0.0.1", .parts = &f->part, .n_parts = 1, .request_timeout_ms = 5000, .refuse = refuse};
    pthread_mutex_init(&f->lock, NULL);
    sem_init(&f->may_end, 0, 0);
    f->server = http_server_start(&config, &error);
    g_assert_no_error(error);
    f->port = http_server_port(f->server);
    return f;
}

static void redirects_end(void) {
    g_autoptr(Fixture) f = serve_endless();
    expect_failure(f, "/0", &no_limit, "there is no start page: /0 redirects to /20, which is one redirect too many");
}

/* Limits. */

static void there_are_not_more_pages_than_wanted(void) {
    g_autoptr(Fixture) f = serve_endless();
    expect(f, "/more/0", &(CrawlOptions){.depth = -1, .max_pages = 4},
           "/more/0 0, /more/1 1, /more/2 1, /more/3 2 | /more/4 more than 4 pages, /more/5 more than 4 pages, "
           "/more/6 more than 4 pages, /more/7 more than 4 pages, /more/8 more than 4 pages");
    expect(f, "/more/0", &(CrawlOptions){.depth = -1, .max_pages = 1},
           "/more/0 0 | /more/1 more than 1 page, /more/2 more than 1 page");
    g_autoptr(CrawlResult) many = crawl_or_fail(f, "/more/0", &(CrawlOptions){.depth = -1, .max_pages = 1000});
    g_assert_cmpint(many->pages->len, ==, 1000);
}

static void what_is_no_page_does_not_count(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/missing /a /missing2 /b /c"},
        {.path = "/a"},
        {.path = "/b"},
        {.path = "/c"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &(CrawlOptions){.depth = -1, .max_pages = 3},
           "/ 0, /a 1, /b 1 | /missing answered 404, /missing2 answered 404, /c more than 3 pages");
}

static void a_page_that_takes_too_long_is_told(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/slow /a"}, {.path = "/slow", .waits = true}, {.path = "/a"}};
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &(CrawlOptions){.depth = -1, .page_timeout_ms = 1000}, "/ 0, /a 1 | /slow timed out");
}

static void all_ends_when_the_time_is_over(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/a /slow /b"},
        {.path = "/slow", .waits = true},
        {.path = "/a", .body = "/below"},
        {.path = "/b"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &(CrawlOptions){.depth = -1, .max_time_ms = 1500},
           "/ 0, /a 1, /b 1 | /slow the time of 1.5 s was over, /below the time of 1.5 s was over");
    static const Entry slow[] = {{.path = "/", .waits = true}};
    g_autoptr(Fixture) slow_one = SERVE(slow);
    expect_failure(slow_one, "/", &(CrawlOptions){.depth = -1, .max_time_ms = 300},
                   "there is no start page: / the time of 0.3 s was over");
}

static void a_page_that_is_too_long_is_told(void) {
    g_autofree char *text = g_strnfill(8 * 1024 * 1024 + 1, 'x');
    const Entry entries[] = {
        {.path = "/", .body = "/long /film"},
        {.path = "/long", .body = text},
        {.path = "/film", .body = text, .type = "video/mp4"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &no_limit, "/ 0 | /long is longer than 8 MB, /film is video/mp4, not HTML");
}

/* Who asks. */

static void the_password_is_given_to_the_site(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/secret /away"},
        {.path = "/secret", .body = "/below", .is_secret = true},
        {.path = "/below", .is_secret = true},
        {.path = "/away", .status = 302, .location = "http://localhost:1/"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/", &(CrawlOptions){.depth = -1, .user = "me", .password = "secret"},
           "/ 0, /secret 1, /below 2 | /away redirects to http://localhost:1/");
    expect(f, "/", &(CrawlOptions){.depth = -1, .user = "me", .password = "wrong"},
           "/ 0 | /secret answered 401, /away redirects to http://localhost:1/");
    expect(f, "/", &no_limit, "/ 0 | /secret answered 401, /away redirects to http://localhost:1/");
}

static HttpResponse *tell_headers(HttpRequest *request, void *data) {
    const char *agent = http_request_header(request, "User-Agent"), *x = http_request_header(request, "X-Key");
    g_autofree char *html = g_strdup_printf("<a href=\"/agent-%s\"><a href=\"/x-%s\">", agent, x ? x : "none");
    return http_response_text(200, "text/html", html);
}

static void headers_are_sent(void) {
    static const HttpRoute header_routes[] = {{"GET", "/<a>", tell_headers}};
    static const char *const headers[] = {"X-Key: k", "user-agent: me", NULL};
    g_autoptr(GError) error = NULL;
    const HttpPart part = {header_routes, 1, NULL};
    const HttpConfig config = {
        .host = "127.0.0.1", .parts = &part, .n_parts = 1, .request_timeout_ms = 5000, .refuse = refuse};
    Fixture f = {.server = http_server_start(&config, &error)};
    g_assert_no_error(error);
    f.port = http_server_port(f.server);
    expect(&f, "/a", &(CrawlOptions){.depth = 1}, "/a 0, /agent-dpxdt 1, /x-none 1");
    expect(&f, "/a", &(CrawlOptions){.depth = 1, .headers = headers}, "/a 0, /agent-me 1, /x-k 1");
    g_assert_true(http_server_stop(f.server, STOP_MS));
}

/* Order. */

static Entry *wide_site(size_t *out_n) {
    enum { WIDE = 40 };
    Entry *entries = g_new0(Entry, 1 + 2 * WIDE);
    GString *links = g_string_new(NULL);
    for (int i = 0; i < WIDE; i++) {
        g_string_append_printf(links, "/%d ", i);
        entries[1 + i].path = g_strdup_printf("/%d", i);
        entries[1 + i].body = g_strdup_printf("/%d/a /%d/missing /%d/old /shared/%d", i, i, i, i % 7);
        entries[1 + WIDE + i].path = g_strdup_printf("/%d/a", i);
    }
    entries[0].path = g_strdup("/");
    entries[0].body = g_string_free(links, FALSE);
    *out_n = 1 + 2 * WIDE;
    return entries;
}

static void expect_each_once(const char *asked) {
    g_auto(GStrv) lines = g_strsplit(asked, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (char **line = lines; *line; line++)
        g_assert_true(g_hash_table_add(seen, *line));
}

static void the_order_is_the_same_whoever_is_first(void) {
    size_t n;
    Entry *entries = wide_site(&n);
    g_autoptr(Fixture) f = serve(entries, n);
    f->answers_in_any_order = true;
    g_autofree char *first = NULL;
    for (int threads = 1; threads <= 16; threads += 5) {
        g_string_truncate(f->asked, 0);
        g_autoptr(CrawlResult) result = crawl_or_fail(f, "/", &(CrawlOptions){.depth = -1, .threads = threads});
        g_autofree char *text = describe(f, result);
        expect_each_once(f->asked->str);
        g_assert_cmpint(result->pages->len, ==, n);
        g_assert_cmpstr(text, ==, first ? first : text);
        if (!first)
            first = g_steal_pointer(&text);
    }
    for (size_t i = 0; i < n; i++) {
        g_free((char *)entries[i].path);
        g_free((char *)entries[i].body);
    }
    g_free(entries);
}

typedef struct {
    int times, n_asked, n_waiting;
} Progress;

static void note_progress(void *data, int n_asked, int n_waiting) {
    Progress *progress = data;
    progress->times++;
    g_assert_cmpint(n_asked, ==, progress->n_asked + 1);
    progress->n_asked = n_asked;
    progress->n_waiting = n_waiting;
}

static void progress_is_told(void) {
    static const Entry entries[] = {{.path = "/", .body = "/a /b /missing /x.css"}, {.path = "/a"}, {.path = "/b"}};
    g_autoptr(Fixture) f = SERVE(entries);
    Progress progress = {0};
    g_autoptr(CrawlResult) result =
        crawl_or_fail(f, "/", &(CrawlOptions){.depth = -1, .progress = note_progress, .progress_data = &progress});
    g_assert_cmpint(progress.times, ==, 4);
    g_assert_cmpint(progress.n_waiting, ==, 0);
}

/* Sitemaps. */

#define URLSET(locations) "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">" locations "</urlset>"
#define URL(path) "<url><loc>" path "</loc></url>"
#define INDEX(locations) "<sitemapindex>" locations "</sitemapindex>"
#define MAP(path) "<sitemap><loc>" path "</loc></sitemap>"

static void pages_of_the_sitemap_are_visited(void) {
    static const Entry entries[] = {
        {.path = "/", .body = "/linked"},
        {.path = "/linked", .body = "/deeper"},
        {.path = "/deeper"},
        {.path = "/sitemap.xml",
         .type = "application/xml",
         .body = URLSET(URL("/island") URL("/linked") URL("/?q=1") URL("/gone") URL("http://example.com/"))},
        {.path = "/island", .body = "/deep-island"},
        {.path = "/deep-island"},
        {.path = "/?q=1"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    const CrawlOptions options = {.depth = -1, .use_sitemap = true}, start_only = {.depth = 0, .use_sitemap = true};
    expect(f, "/", &options, "/ 0, /linked 1, /island 1, /?q=1 1, /deeper 2, /deep-island 2 | /gone answered 404");
    expect(f, "/", &no_limit, "/ 0, /linked 1, /deeper 2");
    g_string_truncate(f->asked, 0);
    expect(f, "/", &start_only, "/ 0 | /linked deeper than 0 links");
    g_assert_cmpstr(f->asked->str, ==, "/\n");
}

static void robots_says_where_sitemaps_are(void) {
    static const Entry entries[] = {
        {.path = "/s/"},
        {.path = "/robots.txt",
         .type = "text/plain",
         .body = "Sitemap: /index.xml\nSitemap: /missing.xml\nSitemap: http://example.com/sitemap.xml\n"
                 "Sitemap: /broken.xml\nSitemap: /moved.xml"},
        {.path = "/index.xml", .type = "text/xml", .body = INDEX(MAP("/1.xml") MAP("/index.xml"))},
        {.path = "/1.xml", .type = "text/xml", .body = URLSET(URL("/s/1") URL("/outside"))},
        {.path = "/moved.xml", .status = 301, .location = "/2.xml"},
        {.path = "/2.xml", .type = "text/xml", .body = URLSET(URL("/s/2"))},
        {.path = "/broken.xml", .body = "", .type = "text/html"},
        {.path = "/sitemap.xml", .type = "text/xml", .body = URLSET(URL("/s/not-asked"))},
        {.path = "/s/1"},
        {.path = "/s/2"},
    };
    g_autoptr(Fixture) f = SERVE(entries);
    g_autoptr(CrawlResult) result = crawl_or_fail(f, "/s/", &(CrawlOptions){.depth = -1, .use_sitemap = true});
    g_autofree char *text = describe(f, result);
    g_assert_cmpstr(text, ==,
                    "/s/ 0, /s/1 1, /s/2 1 | http://example.com/sitemap.xml is a sitemap on another host, "
                    "/missing.xml answered 404, /broken.xml cannot be read: it is no sitemap: it begins with <title>");
    g_assert_cmpint(result->n_outside, ==, 1);
    expect_each_once(f->asked->str);
}

static void there_need_be_no_sitemap(void) {
    static const Entry entries[] = {{.path = "/s/"}};
    g_autoptr(Fixture) f = SERVE(entries);
    expect(f, "/s/", &(CrawlOptions){.depth = -1, .use_sitemap = true}, "/s/ 0");
    g_assert_cmpstr(f->asked->str, ==, "/s/\n/robots.txt\n/s/sitemap.xml\n/sitemap.xml\n");
}

static HttpResponse *interrupt(HttpRequest *request, void *data) {
    Fixture *f = data;
    kill(getpid(), SIGTERM);
    sem_wait(&f->may_end);
    return http_response_text(200, "text/html", "");
}

/* The last one, as there is no way back. */
static void it_ends_when_the_program_is_to_end(void) {
    static const HttpRoute interrupting[] = {{"GET", "/", interrupt}};
    g_autoptr(GError) error = NULL;
    Fixture f = {0};
    const HttpPart part = {interrupting, 1, &f};
    const HttpConfig config = {
        .host = "127.0.0.1", .parts = &part, .n_parts = 1, .request_timeout_ms = 5000, .refuse = refuse};
    sem_init(&f.may_end, 0, 0);
    stop_install();
    f.server = http_server_start(&config, &error);
    g_assert_no_error(error);
    f.port = http_server_port(f.server);
    g_autofree char *url = address(&f, "/");
    g_assert_null(crawl_site(&(CrawlOptions){.start_url = url}, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_STOPPED);
    sem_post(&f.may_end);
    g_assert_true(http_server_stop(f.server, STOP_MS));
    sem_destroy(&f.may_end);
}

#define TEST(name, function) g_test_add_func("/crawl/" name, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("no-start-page-is-an-error-that-says-why", no_start_page_is_an_error_that_says_why);
    TEST("wrong-options-are-refused", wrong_options_are_refused);
    TEST("nobody-there-is-an-error-that-says-so", nobody_there_is_an_error_that_says_so);
    TEST("a-connection-that-breaks-is-tried-once-more", a_connection_that_breaks_is_tried_once_more);
    TEST("only-what-is-below-the-start-page-is-visited", only_what_is_below_the_start_page_is_visited);
    TEST("the-depth-is-the-least-number-of-links", the_depth_is_the_least_number_of_links);
    TEST("ignored-prefixes-are-not-asked-for", ignored_prefixes_are_not_asked_for);
    TEST("queries-are-dropped-unless-they-are-kept", queries_are_dropped_unless_they_are_kept);
    TEST("what-is-no-page-is-told", what_is_no_page_is_told);
    TEST("a-redirect-within-the-site-counts-once", a_redirect_within_the_site_counts_once);
    TEST("a-start-page-may-redirect-within-the-site", a_start_page_may_redirect_within_the_site);
    TEST("redirects-end", redirects_end);
    TEST("there-are-not-more-pages-than-wanted", there_are_not_more_pages_than_wanted);
    TEST("what-is-no-page-does-not-count", what_is_no_page_does_not_count);
    TEST("a-page-that-takes-too-long-is-told", a_page_that_takes_too_long_is_told);
    TEST("all-ends-when-the-time-is-over", all_ends_when_the_time_is_over);
    TEST("a-page-that-is-too-long-is-told", a_page_that_is_too_long_is_told);
    TEST("the-password-is-given-to-the-site", the_password_is_given_to_the_site);
    TEST("headers-are-sent", headers_are_sent);
    TEST("the-order-is-the-same-whoever-is-first", the_order_is_the_same_whoever_is_first);
    TEST("progress-is-told", progress_is_told);
    TEST("pages-of-the-sitemap-are-visited", pages_of_the_sitemap_are_visited);
    TEST("robots-says-where-sitemaps-are", robots_says_where_sitemaps_are);
    TEST("there-need-be-no-sitemap", there_need_be_no_sitemap);
    TEST("it-ends-when-the-program-is-to-end", it_ends_when_the_program_is_to_end);
    return g_test_run();
}
