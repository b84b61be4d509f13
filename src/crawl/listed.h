/* The pages that a site lists itself, in sitemaps. */
#pragma once

#include "crawl/ask.h"
#include "crawl/result.h"

/* Asks for the sitemaps that robots.txt names, or else for sitemap.xml beside the start page and at the root, and for
 * those that these name. What is wrong with one that was named is added to result; that there is none is nothing wrong.
 * Only sitemaps of the start page's host are asked for. Returns an array of char *: addresses as crawl/address.h writes
 * them, of any host. NULL with ERROR_STOPPED. Of one thread at a time. */
GPtrArray *listed_find(Fetcher *fetcher, const Asking *asking, GUri *start, CrawlResult *result,
                       GError **error) MUST_CHECK;
