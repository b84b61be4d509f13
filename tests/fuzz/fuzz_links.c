/* A document of anybody's -> links. It may have none; it may not crash, leak or hang, and what it gives are addresses
 * that lead to themselves. */

#include "crawl/address.h"
#include "crawl/links.h"
#include "fuzz/fuzz.h"

static void expect_good_address(GUri *base, const char *link) {
    g_autofree char *again = address_resolve(base, link);
    g_assert_cmpstr(again, ==, link);
    g_assert_true(g_str_is_ascii(link));
    g_assert_true(g_str_has_prefix(link, "http://") || g_str_has_prefix(link, "https://"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) base = address_parse("http://example.com/a/b", &error);
    g_autoptr(GBytes) document = g_bytes_new(data, size);
    bool all;
    g_autoptr(GPtrArray) links = links_find(base, document, "text/html; charset=iso-8859-15", &all, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < links->len; i++)
        expect_good_address(base, links->pdata[i]);
    return 0;
}
