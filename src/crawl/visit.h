/* One address of a site is asked for. */
#pragma once

#include "crawl/ask.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *url;
    int depth;       /* links from the start page */
    int n_redirects; /* that led here */

    /* What visit_make() found. */
    char *why;          /* why it is no page of the site, in words to be read behind the address; NULL: it is one */
    char *target;       /* where it redirects to, which is why it is none; NULL: nowhere */
    GPtrArray *links;   /* of char *: those of a page */
    bool has_all_links; /* there were not more than can be read */
} Visit;

Visit *visit_new(const char *url, int depth, int n_redirects);
void visit_free(Visit *visit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Visit, visit_free)

/* Asks for it, and fills in the rest. False with error where there is no sense in asking for others: ERROR_STOPPED, or
 * ERROR_FAILED if a library is missing. Of one thread at a time. */
bool visit_make(Visit *visit, Fetcher *fetcher, const Asking *asking, GError **error) MUST_CHECK;
