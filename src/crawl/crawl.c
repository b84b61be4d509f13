#include "crawl/crawl.h"

#include "base/clock.h"
#include "base/stop.h"
#include "crawl/address.h"
#include "crawl/ask.h"
#include "crawl/listed.h"
#include "crawl/scope.h"
#include "crawl/visit.h"

#include <pthread.h>
#include <string.h>

/* More requests at once than this no site owner likes to see. */
enum { DEFAULT_THREADS = 4, MAX_THREADS = 16 };
enum { DEFAULT_TIMEOUT_MS = 30 * 1000 };
/* As many as browsers follow. */
enum { MAX_REDIRECTS = 20 };
/* Of up to 2 KB each. A site that makes up addresses (calendars) ends here, if its user set no limit. */
enum { MAX_ADDRESSES = 100 * 1000 };
/* Pages whose links are kept until it is their turn. */
enum { MAX_BATCH = 64 };

typedef struct {
    const CrawlOptions *options;
    GUri *start;
    Scope *scope;
    Asking asking;
    Fetcher *fetchers[MAX_THREADS]; /* one for each thread */
    int n_threads;

    /* Of the thread that called us. */
    CrawlResult *result;
    GHashTable *known; /* of char *: addresses that are waiting, or in the result */
    GQueue now, later; /* of Visit: those to be made on this level, and on the next */

    GPtrArray *batch; /* of Visit: those that are made now; set while no other thread runs */

    pthread_mutex_t lock; /* guards all below */
    guint n_taken;        /* of the batch */
    int n_asked, n_waiting;
    GError *error; /* why the crawl ends early */
} Crawl;

/* Addresses that are found. */

static void skip(Crawl *crawl, const char *url, const char *why) {
    crawl_result_add_skip(crawl->result, url, why);
}

static char *refusal(const Crawl *crawl, const char *url, int depth) {
    int limit = crawl->options->depth;
    if (limit >= 0 && depth > limit)
        return g_strdup_printf("deeper than %d link%s", limit, limit == 1 ? "" : "s");
    return scope_refusal(crawl->scope, url);
}

static void put(Crawl *crawl, GQueue *queue, const char *url, int depth, int n_redirects) {
    g_queue_push_tail(queue, visit_new(url, depth, n_redirects));
    g_hash_table_add(crawl->known, g_strdup(url));
    crawl->n_waiting++; /* no other thread runs */
}

/* An address of the site. */
static void offer(Crawl *crawl, GQueue *queue, const char *url, int depth, int n_redirects) {
    if (g_hash_table_contains(crawl->known, url))
        return;
    if (g_hash_table_size(crawl->known) >= MAX_ADDRESSES) {
        crawl->result->n_untold++;
        return;
    }
    g_autofree char *why = refusal(crawl, url, depth);
    if (!why) {
        put(crawl, queue, url, depth, n_redirects);
        return;
    }
    skip(crawl, url, why);
    g_hash_table_add(crawl->known, g_strdup(url));
}

static void offer_link(Crawl *crawl, const char *link, int depth) {
    g_autofree char *url = g_strdup(link);
    if (!crawl->options->keep_query_string)
        url[strcspn(url, "?")] = '\0';
    if (scope_has(crawl->scope, url))
        offer(crawl, &crawl->later, url, depth, 0);
    else
        crawl->result->n_outside++;
}

/* Visits that were made. */

static void settle_page(Crawl *crawl, const Visit *visit) {
    crawl_result_add_page(crawl->result, visit->url, visit->depth);
    if (!visit->has_all_links)
        skip(crawl, visit->url, "is a page, but has more links than can be read");
    for (guint i = 0; i < visit->links->len; i++)
        offer_link(crawl, visit->links->pdata[i], visit->depth + 1);
}

/* What it leads to is asked for behind the other pages of the same level. */
static void settle_redirect(Crawl *crawl, const Visit *visit) {
    if (visit->n_redirects >= MAX_REDIRECTS) {
        skip(crawl, visit->url, "is one redirect too many");
        return;
    }
    skip(crawl, visit->url, visit->why);
    if (scope_has(crawl->scope, visit->target))
        offer(crawl, &crawl->now, visit->target, visit->depth, visit->n_redirects + 1);
}

static void settle(Crawl *crawl, const Visit *visit) {
    if (!visit->why)
        settle_page(crawl, visit);
    else if (visit->target)
        settle_redirect(crawl, visit);
    else
        skip(crawl, visit->url, visit->why);
}

/* Threads. */

typedef struct {
    Crawl *crawl;
    Fetcher *fetcher;
} Worker;

/* The next visit to be made, or NULL if there is none, or the crawl is to end. */
static Visit *take_visit(Crawl *crawl) {
    pthread_mutex_lock(&crawl->lock);
    bool has_one = !crawl->error && crawl->n_taken < crawl->batch->len;
    Visit *visit = has_one ? crawl->batch->pdata[crawl->n_taken++] : NULL;
    pthread_mutex_unlock(&crawl->lock);
    return visit;
}

static void note_visit(Crawl *crawl, GError *error) {
    const CrawlOptions *options = crawl->options;
    pthread_mutex_lock(&crawl->lock);
    crawl->n_asked++;
    crawl->n_waiting--;
    if (options->progress)
        options->progress(options->progress_data, crawl->n_asked, crawl->n_waiting);
    if (crawl->error)
        g_clear_error(&error);
    else
        crawl->error = error;
    pthread_mutex_unlock(&crawl->lock);
}

static void *work(void *data) {
    const Worker *worker = data;
    for (Visit *visit; (visit = take_visit(worker->crawl));) {
        GError *error = NULL;
        if (visit_make(visit, worker->fetcher, &worker->crawl->asking, &error))
            g_assert(!error);
        note_visit(worker->crawl, error);
    }
    return NULL;
}

/* This thread is one of them, so where the machine gives no others it only takes longer. */
static void make_visits(Crawl *crawl) {
    Worker workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    int n_wanted = MIN(crawl->n_threads, (int)crawl->batch->len), n = 1;
    crawl->n_taken = 0;
    for (int i = 0; i < n_wanted; i++)
        workers[i] = (Worker){crawl, crawl->fetchers[i]};
    while (n < n_wanted && pthread_create(&threads[n], NULL, work, &workers[n]) == 0)
        n++;
    work(&workers[0]);
    for (int i = 1; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* Levels. */

static int room(const Crawl *crawl) {
    int limit = crawl->options->max_pages;
    return limit > 0 ? limit - (int)crawl->result->pages->len : G_MAXINT;
}

/* So many that there cannot be one page too many: then the order of answers makes no difference. */
static GPtrArray *next_batch(Crawl *crawl) {
    GPtrArray *batch = g_ptr_array_new_with_free_func((GDestroyNotify)visit_free);
    int n = MIN(MAX_BATCH, room(crawl));
    while (n-- > 0 && !g_queue_is_empty(&crawl->now))
        g_ptr_array_add(batch, g_queue_pop_head(&crawl->now));
    return batch;
}

static bool visit_batch(Crawl *crawl, GError **error) {
    g_autoptr(GPtrArray) batch = crawl->batch = next_batch(crawl);
    make_visits(crawl);
    crawl->batch = NULL;
    if (crawl->error) {
        g_propagate_error(error, g_steal_pointer(&crawl->error));
        return false;
    }
    for (guint i = 0; i < batch->len; i++)
        settle(crawl, batch->pdata[i]);
    return true;
}

static void give_up(Crawl *crawl, GQueue *queue, const char *why) {
    for (Visit *visit; (visit = g_queue_pop_head(queue)); visit_free(visit))
        skip(crawl, visit->url, why);
}

/* Skips what is left if there must not be more. */
static void end_at_limits(Crawl *crawl) {
    g_autofree char *too_many =
        g_strdup_printf("more than %d page%s", crawl->options->max_pages, crawl->options->max_pages == 1 ? "" : "s");
    const char *why = NULL;
    if (room(crawl) <= 0)
        why = too_many;
    else if (clock_left_ms(crawl->asking.deadline_ms) == 0)
        why = crawl->asking.too_late;
    if (!why)
        return;
    give_up(crawl, &crawl->now, why);
    give_up(crawl, &crawl->later, why);
}

static bool visit_level(Crawl *crawl, GError **error) {
    while (!g_queue_is_empty(&crawl->now)) {
        if (!stop_check(error))
            return false;
        if (!visit_batch(crawl, error))
            return false;
        end_at_limits(crawl);
    }
    return true;
}

/* On the first level are the start page and where it redirects to. */
static bool visit_start(Crawl *crawl, GError **error) {
    g_autofree char *url = address_text(crawl->start);
    put(crawl, &crawl->now, url, 0, 0);
    if (!visit_level(crawl, error))
        return false;
    if (crawl->result->pages->len > 0)
        return true;
    g_assert(crawl->result->skipped->len > 0);
    const CrawlSkip *last = crawl->result->skipped->pdata[crawl->result->skipped->len - 1];
    if (strcmp(last->url, url) == 0)
        error_set(error, ERROR_FAILED, "there is no start page: %s %s", url, last->why);
    else
        error_set(error, ERROR_FAILED, "there is no start page: %s redirects to %s, which %s", url, last->url,
                  last->why);
    return false;
}

static bool offer_listed(Crawl *crawl, GError **error) {
    if (!crawl->options->use_sitemap || crawl->options->depth == 0)
        return true;
    g_autoptr(GPtrArray) listed = listed_find(crawl->fetchers[0], &crawl->asking, crawl->start, crawl->result, error);
    for (guint i = 0; listed && i < listed->len; i++) {
        const char *url = listed->pdata[i];
        if (scope_has(crawl->scope, url))
            offer(crawl, &crawl->later, url, 1, 0);
        else
            crawl->result->n_outside++;
    }
    return listed != NULL;
}

static bool visit_all(Crawl *crawl, GError **error) {
    if (!visit_start(crawl, error) || !offer_listed(crawl, error))
        return false;
    end_at_limits(crawl);
    while (!g_queue_is_empty(&crawl->later)) {
        GQueue level = crawl->later;
        g_queue_init(&crawl->later);
        crawl->now = level;
        if (!visit_level(crawl, error))
            return false;
    }
    return true;
}

/* Beginning and end. */

static bool make_fetchers(Crawl *crawl, GError **error) {
    int wanted = crawl->options->threads > 0 ? crawl->options->threads : DEFAULT_THREADS;
    crawl->n_threads = MIN(wanted, MAX_THREADS);
    for (int i = 0; i < crawl->n_threads; i++)
        if (!(crawl->fetchers[i] = fetcher_new(error)))
            return false;
    return true;
}

static void visit_clear(void *visit) {
    visit_free(visit);
}

static CrawlResult *run(Crawl *crawl, GError **error) {
    g_autoptr(CrawlResult) result = crawl->result = crawl_result_new();
    crawl->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pthread_mutex_init(&crawl->lock, NULL);
    bool fine = make_fetchers(crawl, error) && visit_all(crawl, error);
    pthread_mutex_destroy(&crawl->lock);
    for (int i = 0; i < crawl->n_threads; i++)
        fetcher_free(crawl->fetchers[i]);
    g_queue_clear_full(&crawl->now, visit_clear);
    g_queue_clear_full(&crawl->later, visit_clear);
    g_hash_table_unref(crawl->known);
    return fine ? g_steal_pointer(&result) : NULL;
}

static Asking asking_of(const CrawlOptions *options, const char *const *headers, const char *too_late) {
    int64_t deadline_ms = options->max_time_ms > 0 ? clock_now_ms() + options->max_time_ms : INT64_MAX;
    return (Asking){
        .user = options->user,
        .password = options->password,
        .headers = headers,
        .timeout_ms = options->page_timeout_ms > 0 ? options->page_timeout_ms : DEFAULT_TIMEOUT_MS,
        .deadline_ms = deadline_ms,
        .too_late = too_late,
    };
}

/* Some servers answer 403 to whoever does not say who he is. The strings are borrowed. */
static GPtrArray *headers_of(const CrawlOptions *options) {
    static const char agent[] = "User-Agent: dpxdt";
    GPtrArray *headers = g_ptr_array_new();
    bool has_agent = false;
    for (const char *const *header = options->headers; header && *header; header++) {
        has_agent = has_agent || g_ascii_strncasecmp(*header, agent, strlen("User-Agent:")) == 0;
        g_ptr_array_add(headers, (void *)*header);
    }
    if (!has_agent)
        g_ptr_array_add(headers, (void *)agent);
    g_ptr_array_add(headers, NULL);
    return headers;
}

CrawlResult *crawl_site(const CrawlOptions *options, GError **error) {
    g_autoptr(GUri) start = address_parse(options->start_url, error);
    g_autoptr(Scope) scope = start ? scope_new(start, options->ignore_prefixes, error) : NULL;
    if (!scope)
        return NULL;
    g_autoptr(GPtrArray) headers = headers_of(options);
    g_autofree char *too_late = g_strdup_printf("the time of %g s was over", options->max_time_ms / 1000.0);
    Crawl crawl = {
        .options = options,
        .start = start,
        .scope = scope,
        .asking = asking_of(options, (const char *const *)headers->pdata, too_late),
        .now = G_QUEUE_INIT,
        .later = G_QUEUE_INIT,
    };
    return run(&crawl, error);
}
