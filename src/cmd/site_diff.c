/* `dpxdt site-diff URL`: all pages of a site, each compared with what it was in the last good release. */
#include "cmd/progress.h"
#include "cmd/tool.h"
#include "crawl/crawl.h"
#include "report/words.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PAGES = 1000, MAX_TIME_S = 600, SHOWN_SKIPS = 20, MOST_NAME = 255, MS = 1000 };

typedef struct {
    int depth, max_pages, max_time_s;
    char *ignore_prefixes;
    gboolean keep_query_string, no_sitemap;
} CrawlLine;

static void show(void *data, int n_asked, int n_waiting) {
    progress_show(data, n_asked, n_asked + n_waiting);
}

/* Prefixes stand behind each other, with spaces or commas between them. */
static CrawlResult *crawl(const char *url, const CrawlLine *line, const PageOptions *page, GError **error) {
    g_auto(GStrv) prefixes = g_strsplit_set(line->ignore_prefixes ? line->ignore_prefixes : "", " ,", -1);
    g_autoptr(GPtrArray) given = g_ptr_array_new();
    for (char **each = prefixes; *each; each++)
        if (**each)
            g_ptr_array_add(given, *each);
    g_ptr_array_add(given, NULL);
    Progress progress = progress_begin("addresses are looked at");
    const CrawlOptions options = {
        .start_url = url,
        .depth = line->depth,
        .ignore_prefixes = (const char *const *)given->pdata,
        .keep_query_string = line->keep_query_string,
        .user = page->user,
        .password = page->password,
        .max_pages = line->max_pages,
        .max_time_ms = line->max_time_s * MS,
        .use_sitemap = !line->no_sitemap,
        .progress = show,
        .progress_data = &progress,
    };
    CrawlResult *result = crawl_site(&options, error);
    progress_end(&progress);
    return result;
}

static void tell_of_skips(const CrawlResult *result) {
    guint n = result->skipped->len;
    for (guint i = 0; i < MIN(n, SHOWN_SKIPS); i++) {
        const CrawlSkip *skip = g_ptr_array_index(result->skipped, i);
        g_autofree char *clean = words_clean(skip->url, false);
        fprintf(stderr, "Skipped %s: %s\n", clean, skip->why);
    }
    if (n > SHOWN_SKIPS)
        fprintf(stderr, "and %u more; --json lists all\n", n - SHOWN_SKIPS);
    fprintf(stderr, g_dngettext(NULL, "Found %u page; ", "Found %u pages; ", result->pages->len), result->pages->len);
    fprintf(stderr, g_dngettext(NULL, "skipped %u address\n", "skipped %u addresses\n", n), n);
}

static json_t *skips_to_json(const CrawlResult *result) {
    json_t *list = json_array();
    for (guint i = 0; i < result->skipped->len; i++) {
        const CrawlSkip *skip = g_ptr_array_index(result->skipped, i);
        g_autofree char *url = g_utf8_make_valid(skip->url, -1), *why = g_utf8_make_valid(skip->why, -1);
        json_array_append_new(list, json_pack("{s:s, s:s}", "url", url, "why", why));
    }
    return json_pack("{s:o}", "skipped", list);
}

/* "/a/b?c=d": so a site may be on another host the next time. */
static char *name_of(const char *url) {
    const char *host = strstr(url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return g_strdup(path ? path : "/");
}

/* A run cannot be called so. */
static void leave_out_long_names(CrawlResult *result) {
    for (guint i = 0; i < result->pages->len;) {
        const CrawlPage *page = g_ptr_array_index(result->pages, i);
        g_autofree char *name = name_of(page->url);
        if (g_utf8_strlen(name, -1) <= MOST_NAME) {
            i++;
            continue;
        }
        crawl_result_add_skip(result, page->url, "has a path that is longer than 255 characters");
        g_ptr_array_remove_index(result->pages, i);
    }
}

static bool request_all(Tool *tool, const CrawlResult *result, const char *config, GError **error) {
    Progress progress = progress_begin("pages are requested");
    bool is_fine = true;
    for (guint i = 0; i < result->pages->len && is_fine; i++) {
        const CrawlPage *page = g_ptr_array_index(result->pages, i);
        g_autofree char *name = name_of(page->url);
        const DpxdtPage request = {.name = name, .url = page->url, .config = config};
        is_fine = tool_request(tool, &request, error);
        if (is_fine)
            progress_show(&progress, (int)i + 1, (int)result->pages->len);
    }
    progress_end(&progress);
    return is_fine;
}

static int compare_site(Tool *tool, const char *url, const CrawlLine *line, const PageOptions *page, GError **error) {
    g_autofree char *config = page_options_config(page, error);
    /* With --status-url it begins now: a wrong one is refused before the crawl, and at a right one "pending" is told. */
    bool is_allowed = config && (tool->options->status_url ? tool_begin(tool, error) : tool_check_build(tool, error));
    g_autoptr(CrawlResult) result = is_allowed ? crawl(url, line, page, error) : NULL;
    if (!result)
        return 2;
    leave_out_long_names(result);
    tell_of_skips(result);
    if (!tool_begin(tool, error) || !request_all(tool, result, config, error))
        return 2;
    json_auto_t *skips = skips_to_json(result);
    return tool_end(tool, skips, error);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(ToolOptions) options = TOOL_OPTIONS_USUAL;
    g_auto(PageOptions) page = PAGE_OPTIONS_USUAL;
    g_auto(Tool) tool = {0};
    CrawlLine line = {.depth = -1, .max_pages = MAX_PAGES, .max_time_s = MAX_TIME_S};
    const GOptionEntry entries[] = {
        {"crawl-depth", 0, 0, G_OPTION_ARG_INT, &line.depth, "Links from the start page (default: -1, no limit)", "N"},
        {"ignore-prefixes", 0, 0, G_OPTION_ARG_STRING, &line.ignore_prefixes,
         "Addresses or paths that are left out, with what is below them", "LIST"},
        {"keep-query-string", 0, 0, G_OPTION_ARG_NONE, &line.keep_query_string,
         "Links that differ behind the ? are different pages", NULL},
        {"max-pages", 0, 0, G_OPTION_ARG_INT, &line.max_pages, "At most so many (default: 1000)", "N"},
        {"max-time", 0, 0, G_OPTION_ARG_INT, &line.max_time_s, "For finding them (default: 600)", "SECONDS"},
        {"no-sitemap", 0, 0, G_OPTION_ARG_NONE, &line.no_sitemap, "Do not look at the site's sitemap", NULL},
        TOOL_ENTRIES(&options),
        PAGE_ENTRIES(&page),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 1, 1, error))
        return 0;
    bool is_right = line.depth >= -1 && line.max_pages >= 1 && line.max_time_s >= 1 && line.max_time_s <= 86400;
    if (!is_right) {
        error_set(error, ERROR_INVALID, "--crawl-depth must be -1 or more, --max-pages and --max-time at least 1");
        return 2;
    }
    int status = 2;
    if (tool_init(&tool, &options, argv[1], error))
        status = compare_site(&tool, argv[1], &line, &page, error);
    g_free(line.ignore_prefixes);
    return status;
}

const Command site_diff_command = {
    "site-diff",
    "URL",
    "Have all pages of a site captured and compared by a server",
    "Follows the links from a page to all that are below its folder, and those of the site's sitemap, and\n"
    "requests a run for each, named by its path. Each is compared with its picture in the last good\n"
    "release. What is left out is told, and why.\n"
    "\n"
    "  dpxdt site-diff --upload-build-id 1 --crawl-depth 2 https://www.example.com/docs/\n"
    "  dpxdt site-diff --upload-build-id 1 --ignore-prefixes '/search,/tag/' https://example.com/ --wait\n"
    "\n"
    "With --wait the exit status is 0 if all are the same, 1 if some differ, 2 if any failed.",
    run,
};
