/* Addresses, and the links of documents. */
#include "crawl/links.h"

#include "crawl/address.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define AT "http://example.com/a/b/page.html"

/* The links of a document, with a space behind each. */
static char *links_of_bytes(const char *document, size_t size, const char *content_type, bool *out_all) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) address = address_parse(AT, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) bytes = g_bytes_new(document, size);
    g_autoptr(GPtrArray) links = links_find(address, bytes, content_type, out_all, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < links->len; i++)
        g_string_append_printf(text, "%s ", (const char *)links->pdata[i]);
    return g_string_free(text, FALSE);
}

static char *links_of(const char *document) {
    bool all = false;
    char *links = links_of_bytes(document, strlen(document), "", &all);
    g_assert_true(all);
    return links;
}

/* Addresses. */

static void a_reference_leads_where_browsers_go(void) {
    static const struct {
        const char *reference, *address; /* NULL: to no page */
    } cases[] = {
        {"", AT},
        {"x", "http://example.com/a/b/x"},
        {"/x", "http://example.com/x"},
        {"//host/x", "http://host/x"},
        {"?q", AT "?q"},
        {"?", AT "?"},
        {"#top", AT},
        {"x#top", "http://example.com/a/b/x"},
        {".", "http://example.com/a/b/"},
        {"..", "http://example.com/a/"},
        {"../..", "http://example.com/"},
        {"../../../../x", "http://example.com/x"},
        {"/x/./y/../z", "http://example.com/x/z"},
        {"%2e%2E/z", "http://example.com/a/z"},
        {"./a:b", "http://example.com/a/b/a:b"},
        {"x//y", "http://example.com/a/b/x//y"},
        {"x;y=1,2", "http://example.com/a/b/x;y=1,2"},
        {"\\x\\y?a\\b", "http://example.com/x/y?a\\b"},
        {"HTTPS://Example.COM:443", "https://example.com/"},
        {"http://example.com:80?x", "http://example.com/?x"},
        {"http://example.com:8080/", "http://example.com:8080/"},
        {"https://example.com:80/", "https://example.com:80/"},
        {"http://user:secret@example.com/", "http://example.com/"},
        {"http://[::1]:80/x", "http://[::1]/x"},
        {"http://[::1]:5000/x", "http://[::1]:5000/x"},
        {"  x  ", "http://example.com/a/b/x"},
        {"two words", "http://example.com/a/b/two%20words"},
        {"one\n\t word", "http://example.com/a/b/one%20word"},
        {"stra\xc3\x9f"
         "e?\xc3\xbc",
         "http://example.com/a/b/stra%C3%9Fe?%C3%BC"},
        {"%c3%bc%7e", "http://example.com/a/b/%C3%BC~"},
        {"a%2fb", "http://example.com/a/b/a%2Fb"},
        {"100%", "http://example.com/a/b/100%"},
        {"<\"`{}>", "http://example.com/a/b/%3C%22%60%7B%7D%3E"},
        {"http://m\xc3\xbcller.de/", "http://xn--mller-kva.de/"},
        {"javascript:alert(1)", NULL},
        {"JavaScript:alert(1)", NULL},
        {"data:text/html,<a href=x>", NULL},
        {"mailto:someone@example.com", NULL},
        {"tel:+123", NULL},
        {"ftp://example.com/", NULL},
        {"file:///etc/passwd", NULL},
        {"about:blank", NULL},
        {"x:y", NULL},
        {"http:", NULL},
        {"http://", NULL},
        {"http:///x", NULL},
        {"//", NULL},
        {"http://a b/", NULL},
        {"http://a<b/", NULL},
        {"http://a;b", NULL},
        {"http://example.com:99999/", NULL},
        {"http://example.com:x/", NULL},
        {"http://[::1/", NULL},
        {"http://a%3a/", NULL},
        {"http://a%3a80/", NULL},
    };
    g_autoptr(GUri) base = address_parse(AT, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *address = address_resolve(base, cases[i].reference);
        g_test_message("\"%s\"", cases[i].reference);
        g_assert_cmpstr(address, ==, cases[i].address);
    }
}

static void an_address_that_is_normal_stays_as_it_is(void) {
    static const char *const references[] = {"\xc3\xbc?\xc3\xbc", "100%", "a%2fb", "..", "?\\", "{}?{}", "[]?[]|^`"};
    g_autoptr(GUri) base = address_parse(AT, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(references); i++) {
        g_autofree char *once = address_resolve(base, references[i]);
        g_autofree char *twice = address_resolve(base, once);
        g_assert_nonnull(once);
        g_assert_cmpstr(once, ==, twice);
    }
}

static void too_long_an_address_leads_nowhere(void) {
    g_autofree char *reference = g_strnfill(2049, 'x'), *grows = g_strnfill(1000, ' ');
    g_autofree char *inner = g_strconcat("x", grows, "x", NULL);
    g_autoptr(GUri) base = address_parse(AT, NULL);
    g_assert_null(address_resolve(base, reference));
    g_assert_null(address_resolve(base, inner));
}

static void what_is_no_address_is_refused_with_its_name(void) {
    static const char *const texts[] = {"",        "example.com", "/x",        "ftp://example.com/",
                                        "http://", "mailto:a@b",  "http://a b"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(address_parse(texts[i], &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_true(g_str_has_prefix(error->message, texts[i]));
    }
}

/* It would not lead to itself. */
static void an_address_may_not_become_too_long_by_its_escapes(void) {
    g_autofree char *blanks = g_strnfill(1000, '"');
    g_autofree char *text = g_strconcat("http://x/?", blanks, NULL);
    g_assert_null(address_parse(text, NULL));
    text[500] = '\0';
    g_autoptr(GUri) address = address_parse(text, NULL);
    g_assert_nonnull(address);
}

static void a_text_is_not_shown_to_the_middle_of_a_character(void) {
    g_autoptr(GString) text = g_string_new("x");
    while (text->len < 300)
        g_string_append(text, "\xc3\xbc");
    g_autofree char *shown = address_shown(text->str);
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    g_assert_cmpuint(strlen(shown), ==, 199);
    g_assert_true(g_str_has_prefix(text->str, shown));
    g_autofree char *whole = address_shown("http://x/");
    g_assert_cmpstr(whole, ==, "http://x/");
}

/* Documents. */

#define B "http://example.com/a/b/"

static void links_are_found_in_any_html(void) {
    static const struct {
        const char *document, *links;
    } cases[] = {
        {"", ""},
        {"no element", ""},
        {"<", ""},
        {"<a href=\"x", B "x "}, /* which browsers leave out, and libxml2 does not */
        {"<a href>", ""},
        {"<a name=x>", ""},
        {"<a href=\"\">", AT " "},
        {"<a href=x>", B "x "},
        {"<A HREF='x'>", B "x "},
        {"<a\n href = \"x\" >", B "x "},
        {"<a/href=x>", ""}, /* which browsers take, and libxml2 does not */
        {"<a href=x href=y>", B "x "},
        {"<a href=\"x\"y=\"z\">", B "x "},
        {"</a href=x></p><a href=y></b></html><a href=z>", B "y " B "z "},
        {"<a href=x><a href=x#1><a href=y><a href=./x>", B "x " B "y "},
        {"<a href=x?a=1&amp;b=2>", B "x?a=1&b=2 "},
        {"<a href=x?a=1&b=2&copy=3&lang=en>", B "x?a=1&b=2&copy=3&lang=en "},
        {"<a href='&#x78;&#121;&#0;&#xD800;'>", B "xy "},
        {"<a href='caf&eacute;'>", B "caf%C3%A9 "},
        {"<a href=' x y '>", B "x%20y "},
        {"<area href=x><frameset><frame src=y></frameset>", B "x " B "y "},
        {"<iframe src=x><a href=y></iframe><a href=z>", B "x " B "z "},
        {"<img src=x><link href=y><script src=z></script><form action=f><a src=s><frame href=h>", ""},
        {"<script>'<a href=x>'</script><style>/*<a href=y>*/</style><a href=z>", B "z "},
        {"<script>if (a</b/) '</a href=x>'", ""},
        {"<!-- <a href=x> --><a href=y><!-- <a href=z>", B "y "},
        {"<title><a href=x></title><textarea><a href=y></textarea><a href=z>", B "z "},
        {"<?php <a href=x> ?><![CDATA[<a href=y>", B "y "},
        {"<base href=/c/><a href=x>", "http://example.com/c/x "},
        {"<a href=x><base href=../c/><base href=/d/>", "http://example.com/a/c/x "},
        {"<base target=_top><base href=//cdn/><a href=x>", "http://cdn/x "},
        {"<base href=javascript:1><a href=x>", B "x "},
        {"<base href='http://[::1'><a href=x>", B "x "},
        {"<a href=javascript:x()><a href=mailto:x@y><a href='data:text/html,<a href=x>'>", ""},
        {"<meta http-equiv=refresh content='0; url=x'>", B "x "},
        {"<meta http-equiv=Refresh content=\"5;URL='x y'\">", B "x%20y "},
        {"<meta http-equiv=refresh content=5><meta http-equiv=refresh content='5; url'>", ""},
        {"<meta http-equiv=refresh><meta name=x content='0; url=x'>", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *links = links_of(cases[i].document);
        g_test_message("%s", cases[i].document);
        g_assert_cmpstr(links, ==, cases[i].links);
    }
}

static void a_document_is_read_in_its_own_encoding(void) {
    static const struct {
        const char *document;
        size_t size;
        const char *content_type, *links;
    } cases[] = {
#define BYTES(text) text, sizeof(text) - 1
        {BYTES("<a href=\xc3\xbc>"), "text/html", B "%C3%BC "},
        {BYTES("\xef\xbb\xbf<a href=\xc3\xbc>"), "", B "%C3%BC "},
        {BYTES("<meta charset=latin1><a href=\xc3\xbc>"), "text/html; charset=latin1", B "%C3%BC "},
        {BYTES("<a href=\xfc>"), "text/html; charset=\"ISO-8859-1\"", B "%C3%BC "},
        {BYTES("<meta charset='iso-8859-1'><a href=\xfc>"), "text/html", B "%C3%BC "},
        {BYTES("<a href=\xfc><a href=y>"), "text/html", B "%EF%BF%BD " B "y "},
        {BYTES("<a href=\xfc>"), "text/html; charset=nonsense", B "%EF%BF%BD "},
        {BYTES("<a href=\xfc>"), "text/html; charset=../../x//", B "%EF%BF%BD "},
        {BYTES("\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0\xfc\0>\0"), "", B "%C3%BC "},
        {BYTES("<a href='x\0y'>\0<a href=z>"), "", B "x%EF%BF%BDy " B "z "},
        {BYTES("\0\0\0\0<a href=z>"), "", B "z "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool all;
        g_autofree char *links = links_of_bytes(cases[i].document, cases[i].size, cases[i].content_type, &all);
        g_test_message("%zu", i);
        g_assert_cmpstr(links, ==, cases[i].links);
    }
}

static char *repeat(const char *text, int n) {
    GString *all = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append(all, text);
    return g_string_free(all, FALSE);
}

/* It is handed to libxml2 in pieces; "a 'b' " is what would be taken for attributes in a tag that does not end. */
static void where_a_document_is_cut_does_not_matter(void) {
    g_autofree char *end = repeat("<p>a 'b' </p>", 10 * 1000);
    for (int n = 4096 - 180; n < 4096; n++) {
        g_autofree char *text = g_strnfill((gsize)n, 'x');
        g_autofree char *document =
            g_strconcat(text,
                        "<!-- <a href=no> --><script>'<a href=no></a></a></a><a "
                        "href=no></scripture>'</script><style>a{}</style><!-- - -- -->",
                        "<a title=\"a > b\" href='\xc3\xbc&amp;'>x</a><title><a href=no></title><?x <a href=no> ?><a "
                        "href=y x='\"'>",
                        end, "<a href=z>", NULL);
        g_autofree char *links = links_of(document);
        g_assert_cmpstr(links, ==, B "%C3%BC& " B "y " B "z ");
    }
}

/* Size. */

static void links_are_found_below_200000_elements_in_a_second(void) {
    g_autofree char *divs = repeat("<div>", 200 * 1000);
    g_autofree char *document = g_strconcat(divs, "<a href=x>", NULL);
    gint64 since = g_get_monotonic_time();
    g_autofree char *links = links_of(document);
    g_assert_cmpstr(links, ==, B "x ");
    g_assert_cmpint(g_get_monotonic_time() - since, <, G_USEC_PER_SEC);
}

/* What the parser needs the square of the document for. */
static void what_would_take_hours_is_given_up(void) {
    g_autofree char *divs = repeat("<div>", 200 * 1000), *ends = repeat("</p></b>", 200 * 1000);
    g_autofree char *unclosed = g_strconcat("<a href=x>", divs, ends, "<a href=y>", NULL);
    GString *attributes = g_string_new("<a href=x><a");
    for (int i = 0; i < 500 * 1000; i++)
        g_string_append_printf(attributes, " a%d='>'", i);
    g_string_append(attributes, "><a href=y>");
    const char *const documents[] = {unclosed, attributes->str};
    for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
        bool all = true;
        gint64 since = g_get_monotonic_time();
        g_autofree char *links = links_of_bytes(documents[i], strlen(documents[i]), "", &all);
        g_assert_cmpint(g_get_monotonic_time() - since, <, 20 * G_USEC_PER_SEC);
        g_assert_cmpstr(links, ==, B "x ");
        g_assert_false(all);
    }
    g_string_free(attributes, TRUE);
}

static void a_long_attribute_is_none_too_many(void) {
    g_autofree char *words = repeat("a b 'c' / ", 50 * 1000);
    g_autofree char *document = g_strconcat("<img alt=\"", words, "\"><a href=x>", NULL);
    g_autofree char *links = links_of(document);
    g_assert_cmpstr(links, ==, B "x ");
}

static void more_than_10000_links_are_not_all(void) {
    GString *document = g_string_new(NULL);
    for (int i = 0; i < 10001; i++)
        g_string_append_printf(document, "<a href=%d><a href=#%d>", i, i);
    bool all = true;
    g_autofree char *links = links_of_bytes(document->str, document->len, "", &all);
    g_assert_false(all);
    g_assert_nonnull(strstr(links, "/9998 "));
    g_assert_null(strstr(links, "/10000 "));
    g_string_free(document, TRUE);
}

#define TEST(name, function) g_test_add_func("/links/" name, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("a-reference-leads-where-browsers-go", a_reference_leads_where_browsers_go);
    TEST("an-address-that-is-normal-stays-as-it-is", an_address_that_is_normal_stays_as_it_is);
    TEST("too-long-an-address-leads-nowhere", too_long_an_address_leads_nowhere);
    TEST("what-is-no-address-is-refused-with-its-name", what_is_no_address_is_refused_with_its_name);
    TEST("an-address-may-not-become-too-long-by-its-escapes", an_address_may_not_become_too_long_by_its_escapes);
    TEST("a-text-is-not-shown-to-the-middle-of-a-character", a_text_is_not_shown_to_the_middle_of_a_character);
    TEST("links-are-found-in-any-html", links_are_found_in_any_html);
    TEST("a-document-is-read-in-its-own-encoding", a_document_is_read_in_its_own_encoding);
    TEST("where-a-document-is-cut-does-not-matter", where_a_document_is_cut_does_not_matter);
    TEST("links-are-found-below-200000-elements-in-a-second", links_are_found_below_200000_elements_in_a_second);
    TEST("what-would-take-hours-is-given-up", what_would_take_hours_is_given_up);
    TEST("a-long-attribute-is-none-too-many", a_long_attribute_is_none_too_many);
    TEST("more-than-10000-links-are-not-all", more_than_10000_links_are_not_all);
    return g_test_run();
}
