/* A site's own pages: from a start page on all links are followed to addresses below the folder in which it is, breadth
 * first. What is given back is the same each time, as long as the site is. */
#pragma once

#include "base/error.h"
#include "crawl/result.h"

#include <stdbool.h>

typedef struct {
    const char *start_url;
    int depth;                          /* links from the start page; 0: only that one; -1: no limit */
    const char *const *ignore_prefixes; /* of addresses or paths, the last one NULL; may be NULL */
    bool keep_query_string;             /* of links; what sitemaps name, and where redirects lead, always keep theirs */
    const char *user, *password; /* of Basic authentication; NULL: none. Only the start page's host learns them */
    const char *const *headers;  /* "Name: value", the last one NULL; may be NULL. As user and password */
    int threads;                 /* how many pages are fetched at once; 0: 4 */
    int max_pages;               /* 0: no limit */
    int max_time_ms;             /* of all together; 0: no limit */
    int page_timeout_ms;         /* of one page; 0: 30 s */
    bool use_sitemap;            /* pages that the site's sitemaps list count as linked from the start page */

    /* Told whenever an address has been asked for how many have, and how many are known of which that is to come. From
     * several threads, but one at a time. May be NULL. */
    void (*progress)(void *data, int n_asked, int n_waiting);
    void *progress_data;
} CrawlOptions;

/* Visits the site. Whatever is wrong with one address is told in the result, but there is none, and NULL is given back,
 * with ERROR_FAILED if there is no start page (the message names it, and why) or a library is missing; ERROR_INVALID
 * for an option; ERROR_STOPPED. The caller frees the result. Any thread. */
CrawlResult *crawl_site(const CrawlOptions *options, GError **error) MUST_CHECK;
