/* Sitemaps, and robots.txt. */
#include "crawl/sitemap.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

static char *joined(const GPtrArray *array) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < array->len; i++)
        g_string_append_printf(text, "%s|", (const char *)array->pdata[i]);
    return g_string_free(text, FALSE);
}

static GBytes *bytes_of(const char *text) {
    return g_bytes_new(text, strlen(text));
}

static GBytes *gzip(const void *data, size_t size) {
    g_autofree guint8 *packed = g_malloc(size + 1024);
    z_stream stream = {
        .next_in = (Bytef *)data, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)size + 1024};
    g_assert_cmpint(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&stream);
    return g_bytes_new(packed, stream.total_out);
}

static void expect_refusal(GBytes *file, const char *words) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Sitemap) sitemap = sitemap_parse(file, &error);
    g_assert_null(sitemap);
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    if (!strstr(error->message, words))
        g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, words));
}

static void what_is_no_sitemap_is_refused(void) {
    static const struct {
        const char *file, *words;
    } cases[] = {
        {"", "no XML"},
        {"   ", "no XML"},
        {"plain text", "no XML"},
        {"<!DOCTYPE html><html><body>not found<br></body></html>", "begins with <html>"},
        {"<rss/>", "begins with <rss>"},
        {"<urlset>", "no XML"},
        {"<urlset><url><loc>http://x/</loc></url>", "no XML"},
        {"<urlset><url></urlset>", "no XML"},
        {"<urlset><url><loc>&nbsp;</loc></url></urlset>", "no XML"},
        {"<urlset><url><loc>\xff</loc></url></urlset>", "no XML"},
        {"\x1f\x8b nonsense", "broken"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) file = bytes_of(cases[i].file);
        expect_refusal(file, cases[i].words);
    }
}

static void addresses_are_found(void) {
    static const struct {
        const char *file, *pages, *sitemaps;
    } cases[] = {
        {"<urlset/>", "", ""},
        {"<?xml version='1.0' encoding='UTF-8'?>\n<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\n"
         "<url>\n<loc>\n http://x/1 "
         "</loc><lastmod>2024-01-01</lastmod></url>\n<url><loc>http://x/2</loc></url>\n</urlset>\n",
         "http://x/1|http://x/2|", ""},
        {"\xef\xbb\xbf<urlset><url><loc>http://x/?a=1&amp;b=2</loc></url></urlset>", "http://x/?a=1&b=2|", ""},
        {"<urlset><url><loc><![CDATA[http://x/?a&b]]></loc></url></urlset>", "http://x/?a&b|", ""},
        {"<urlset><url><loc>http://x/<!-- no -->1</loc></url></urlset>", "http://x/1|", ""},
        {"<urlset><!-- <url><loc>no</loc></url> --><url/><loc>no</loc><x><loc>no</loc></x></urlset>", "", ""},
        {"<urlset><url><image:image><image:loc>no</image:loc><loc>no</loc></image:image><loc>yes</loc></url></urlset>",
         "yes|", ""},
        {"<urlset><url><loc>1</loc><loc>2</loc></url></urlset>", "1|2|", ""},
        {"<sitemapindex><sitemap><loc>http://x/1.xml</loc></sitemap><sitemap><loc>http://x/2.xml.gz</loc></sitemap>"
         "</sitemapindex>",
         "", "http://x/1.xml|http://x/2.xml.gz|"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) file = bytes_of(cases[i].file);
        g_autoptr(Sitemap) sitemap = sitemap_parse(file, &error);
        g_assert_no_error(error);
        g_autofree char *pages = joined(sitemap->pages), *sitemaps = joined(sitemap->sitemaps);
        g_assert_cmpstr(pages, ==, cases[i].pages);
        g_assert_cmpstr(sitemaps, ==, cases[i].sitemaps);
    }
}

static void a_packed_one_is_unpacked(void) {
    static const char text[] = "<urlset><url><loc>http://x/</loc></url></urlset>";
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) packed = gzip(text, strlen(text));
    g_autoptr(Sitemap) sitemap = sitemap_parse(packed, &error);
    g_assert_no_error(error);
    g_autofree char *pages = joined(sitemap->pages);
    g_assert_cmpstr(pages, ==, "http://x/|");
}

static void a_packed_one_that_breaks_off_is_refused(void) {
    static const char text[] = "<urlset><url><loc>http://x/</loc></url></urlset>";
    g_autoptr(GBytes) packed = gzip(text, strlen(text));
    for (size_t size = 3; size < g_bytes_get_size(packed); size++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(packed, 0, size);
        expect_refusal(part, "broken");
    }
}

static void a_bomb_is_not_unpacked(void) {
    size_t size = 200 * 1000 * 1000;
    g_autofree char *spaces = g_strnfill(size, ' ');
    g_autoptr(GBytes) packed = gzip(spaces, size);
    expect_refusal(packed, "more than 50 MB");
}

static void one_with_too_much_in_it_is_refused(void) {
    GString *deep = g_string_new("<urlset>"), *many = g_string_new("<urlset>");
    for (int i = 0; i < 1000 * 1000; i++)
        g_string_append(deep, "<x>");
    for (int i = 0; i < 50001; i++)
        g_string_append(many, "<url><loc>x</loc></url>");
    g_string_append(many, "</urlset>");
    g_autoptr(GBytes) deep_bytes = g_string_free_to_bytes(deep), many_bytes = g_string_free_to_bytes(many);
    expect_refusal(deep_bytes, "100 deep");
    expect_refusal(many_bytes, "more than 50000 addresses");
}

static void robots_name_sitemaps(void) {
    static const struct {
        const char *robots, *sitemaps;
    } cases[] = {
        {"", ""},
        {"User-agent: *\nDisallow: /x\n", ""},
        {"User-agent: *\r\nSitemap: http://x/1.xml\r\n\r\n  SITEMAP:http://x/2.xml # why",
         "http://x/1.xml|http://x/2.xml|"},
        {"# Sitemap: http://x/\nNoSitemap: http://x/\nSitemap http://x/", ""},
        {"\xff\nSitemap: /a", "/a|"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) robots = bytes_of(cases[i].robots);
        g_autoptr(GPtrArray) found = sitemaps_in_robots(robots);
        g_autofree char *sitemaps = joined(found);
        g_assert_cmpstr(sitemaps, ==, cases[i].sitemaps);
    }
}

#define TEST(name, function) g_test_add_func("/sitemap/" name, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("what-is-no-sitemap-is-refused", what_is_no_sitemap_is_refused);
    TEST("addresses-are-found", addresses_are_found);
    TEST("a-packed-one-is-unpacked", a_packed_one_is_unpacked);
    TEST("a-packed-one-that-breaks-off-is-refused", a_packed_one_that_breaks_off_is_refused);
    TEST("a-bomb-is-not-unpacked", a_bomb_is_not_unpacked);
    TEST("one-with-too-much-in-it-is-refused", one_with_too_much_in_it_is_refused);
    TEST("robots-name-sitemaps", robots_name_sitemaps);
    return g_test_run();
}
