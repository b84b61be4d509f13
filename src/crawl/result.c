#include "crawl/result.h"

static void page_free(void *data) {
    CrawlPage *page = data;
    g_free(page->url);
    g_free(page);
}

static void skip_free(void *data) {
    CrawlSkip *skip = data;
    g_free(skip->url);
    g_free(skip->why);
    g_free(skip);
}

CrawlResult *crawl_result_new(void) {
    CrawlResult *result = g_new0(CrawlResult, 1);
    result->pages = g_ptr_array_new_with_free_func(page_free);
    result->skipped = g_ptr_array_new_with_free_func(skip_free);
    return result;
}

void crawl_result_free(CrawlResult *result) {
    if (!result)
        return;
    g_ptr_array_unref(result->pages);
    g_ptr_array_unref(result->skipped);
    g_free(result);
}

void crawl_result_add_page(CrawlResult *result, const char *url, int depth) {
    CrawlPage *page = g_new0(CrawlPage, 1);
    page->url = g_strdup(url);
    page->depth = depth;
    g_ptr_array_add(result->pages, page);
}

void crawl_result_add_skip(CrawlResult *result, const char *url, const char *why) {
    CrawlSkip *skip = g_new0(CrawlSkip, 1);
    skip->url = g_strdup(url);
    skip->why = g_strdup(why);
    g_ptr_array_add(result->skipped, skip);
}
