#include "crawl/listed.h"

#include "crawl/address.h"
#include "crawl/sitemap.h"

#include <string.h>

/* As much as search engines read of it. */
enum { MAX_ROBOTS_BYTES = 500 * 1024 };
/* Sitemaps of 50,000 addresses each: there is no site of which so many pages are captured. */
enum { MAX_SITEMAPS = 50 };
/* Addresses of all of them. */
enum { MAX_LISTED = 100 * 1000 };

/* A place where a sitemap may be. */
typedef struct {
    char *url;
    bool is_guess; /* and it is no matter if there is none */
} Place;

/* The search for sitemaps. */
typedef struct {
    Fetcher *fetcher;
    const Asking *asking;
    GUri *start;
    char *root;        /* the address of "/" */
    GPtrArray *places; /* of Place: those found so far, the first of which have been asked */
    GHashTable *known; /* of char *: their addresses */
    GPtrArray *pages;  /* of char *: what is given back */
    CrawlResult *result;
} Search;

static void place_free(void *data) {
    Place *place = data;
    g_free(place->url);
    g_free(place);
}

static void add_place(Search *search, const char *reference, bool is_guess) {
    g_autofree char *url = address_resolve(search->start, reference);
    if (!url || g_hash_table_contains(search->known, url))
        return;
    if (!g_str_has_prefix(url, search->root)) {
        crawl_result_add_skip(search->result, url, "is a sitemap on another host");
    } else if (search->places->len >= MAX_SITEMAPS) {
        crawl_result_add_skip(search->result, url, "is one sitemap too many");
    } else {
        Place *place = g_new0(Place, 1);
        place->url = g_strdup(url);
        place->is_guess = is_guess;
        g_ptr_array_add(search->places, place);
    }
    g_hash_table_add(search->known, g_steal_pointer(&url));
}

/* False with error where all is to end. */
static bool add_places_of_robots(Search *search, GError **error) {
    g_autoptr(GError) why = NULL;
    g_autofree char *url = address_resolve(search->start, "/robots.txt");
    g_autoptr(FetchReply) reply = ask(search->fetcher, search->asking, url, MAX_ROBOTS_BYTES, NULL, NULL, &why);
    if (error_is(why, ERROR_STOPPED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (!reply || reply->status != 200)
        return true;
    g_autoptr(GPtrArray) named = sitemaps_in_robots(reply->body);
    for (guint i = 0; i < named->len; i++)
        add_place(search, named->pdata[i], false);
    return true;
}

static void take(Search *search, const Sitemap *sitemap) {
    for (guint i = 0; i < sitemap->sitemaps->len; i++)
        add_place(search, sitemap->sitemaps->pdata[i], false);
    for (guint i = 0; i < sitemap->pages->len && search->pages->len < MAX_LISTED; i++) {
        char *page = address_resolve(search->start, sitemap->pages->pdata[i]);
        if (page)
            g_ptr_array_add(search->pages, page);
    }
}

/* Why there is no sitemap at a place, in words to be read behind the address; NULL if it was taken, or is elsewhere. */
static char *read_sitemap(Search *search, const Place *place, GError **error) {
    g_autoptr(FetchReply) reply =
        ask(search->fetcher, search->asking, place->url, SITEMAP_MAX_BYTES, NULL, NULL, error);
    if (!reply)
        return g_strdup((*error)->message);
    g_autofree char *target = NULL;
    if (ask_is_redirect(place->url, reply->status, reply->headers, &target) && target) {
        add_place(search, target, place->is_guess);
        return NULL;
    }
    if (reply->status != 200)
        return g_strdup_printf("answered %d", reply->status);
    g_autoptr(GError) why = NULL;
    g_autoptr(Sitemap) sitemap = sitemap_parse(reply->body, &why);
    if (!sitemap)
        return g_strdup_printf("cannot be read: %s", why->message);
    take(search, sitemap);
    return NULL;
}

static bool read_place(Search *search, const Place *place, GError **error) {
    g_autoptr(GError) why = NULL;
    g_autofree char *words = read_sitemap(search, place, &why);
    if (words && !place->is_guess)
        crawl_result_add_skip(search->result, place->url, words);
    if (!error_is(why, ERROR_STOPPED))
        return true;
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

static bool read_all(Search *search, GError **error) {
    if (!add_places_of_robots(search, error))
        return false;
    if (search->places->len == 0) {
        add_place(search, "sitemap.xml", true);
        add_place(search, "/sitemap.xml", true);
    }
    for (guint i = 0; i < search->places->len; i++) /* which may add some */
        if (!read_place(search, search->places->pdata[i], error))
            return false;
    return true;
}

GPtrArray *listed_find(Fetcher *fetcher, const Asking *asking, GUri *start, CrawlResult *result, GError **error) {
    g_autofree char *root = address_resolve(start, "/");
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(place_free);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func(g_free);
    Search search = {.fetcher = fetcher,
                     .asking = asking,
                     .start = start,
                     .root = root,
                     .places = places,
                     .known = known,
                     .pages = pages,
                     .result = result};
    return read_all(&search, error) ? g_steal_pointer(&pages) : NULL;
}
