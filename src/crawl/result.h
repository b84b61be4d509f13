/* What a crawl found. */
#pragma once

#include <glib.h>

typedef struct {
    char *url;
    int depth; /* links from the start page */
} CrawlPage;

typedef struct {
    char *url;
    char *why; /* "answered 404": to be read behind the address */
} CrawlSkip;

typedef struct {
    GPtrArray *pages;   /* of CrawlPage: breadth first, in order of appearance; the start page is the first */
    GPtrArray *skipped; /* of CrawlSkip: of the site, but no pages of it; in the same order */
    gint64 n_outside;   /* links that lead out of the site, counted for each page */
    gint64 n_untold;    /* addresses of the site that are in neither list, as there were too many */
} CrawlResult;

CrawlResult *crawl_result_new(void);
void crawl_result_free(CrawlResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrawlResult, crawl_result_free)

/* One more of each; the texts are copied. */
void crawl_result_add_page(CrawlResult *result, const char *url, int depth);
void crawl_result_add_skip(CrawlResult *result, const char *url, const char *why);
