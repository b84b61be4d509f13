/* Sitemaps, as sitemaps.org has them, and where robots.txt says that they are. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* Of a file, packed or not. */
enum { SITEMAP_MAX_BYTES = 50 * 1024 * 1024 };

/* Of char *, as they are written there. */
typedef struct {
    GPtrArray *pages;
    GPtrArray *sitemaps; /* in an index: where others are */
} Sitemap;

void sitemap_free(Sitemap *sitemap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sitemap, sitemap_free)

/* Reads a sitemap or an index of them, which may be packed by gzip. Fails with ERROR_INVALID if it is neither, or
 * larger than one may be. */
Sitemap *sitemap_parse(GBytes *file, GError **error) MUST_CHECK;

/* Of char *: the sitemaps that a robots.txt names. */
GPtrArray *sitemaps_in_robots(GBytes *robots);
