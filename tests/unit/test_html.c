/* Values on their way into a page. */
#include "html/html.h"

#include "unit/places.h"

#include <string.h>

/* Ends what was written, as a text. */
static char *text_of(Html *html) {
    size_t size = 0;
    char *text = g_bytes_unref_to_data(html_end(html), &size);
    g_autofree char *copy = text;
    return g_strndup(copy, size);
}

/* What a function makes of a value. */
static char *written(void (*function)(Html *, const char *), const char *value) {
    Html *html = html_new();
    function(html, value);
    return text_of(html);
}

typedef struct {
    const char *value, *expected;
} Case;

static void expect(void (*function)(Html *, const char *), const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autofree char *html = written(function, cases[i].value);
        g_assert_cmpstr(html, ==, cases[i].expected);
    }
}

static void text_has_no_tags_and_shows_what_is_invisible(void) {
    static const Case cases[] = {
        {NULL, ""},
        {"", ""},
        {"plain text, \"quoted\" it's", "plain text, \"quoted\" it's"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"a&amp;b", "a&amp;amp;b"},
        {"tab\tand\nnewline", "tab\tand\nnewline"},
        {"of\r\nforms", "of\nforms"},
        {"a\rb\r", "a\xef\xbf\xbd"
                   "b\xef\xbf\xbd"},
        {"\x01\x1b[31m\x7f", "\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd"},
        {"\xc2\x85", "\xef\xbf\xbd"}, /* a control character of two bytes */
        {"Stra\xc3\x9f"
         "e \xf0\x9f\x8e\x88",
         "Stra\xc3\x9f"
         "e \xf0\x9f\x8e\x88"},
        {"\xff<\xc3", "\xef\xbf\xbd&lt;\xef\xbf\xbd"},
        {"\xc0\xbcscript>", "\xef\xbf\xbd\xef\xbf\xbdscript&gt;"}, /* < in two bytes, which is no UTF-8 */
        {"\xe2\x82<b", "\xef\xbf\xbd\xef\xbf\xbd&lt;b"},           /* a cut character takes no < with it */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  /* half of a pair of UTF-16 */
    };
    expect(html_text_string, cases, G_N_ELEMENTS(cases));
}

static void an_attribute_ends_at_no_quote_of_a_value(void) {
    static const Case cases[] = {
        {NULL, ""},
        {"\" onclick=\"alert(1)", "&quot; onclick=&quot;alert(1)"},
        {"' onclick='alert(1)", "&#39; onclick=&#39;alert(1)"},
        {"<&>", "&lt;&amp;&gt;"},
        {"two\nlines", "two\nlines"},
        {"\xff\x02", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    expect(html_attr_string, cases, G_N_ELEMENTS(cases));
}

static void a_url_leads_to_the_web_or_nowhere(void) {
    static const Case cases[] = {
        {NULL, ""},
        {"", ""},
        {"/a/b?c=d&e=f#g", "/a/b?c=d&amp;e=f#g"},
        {"a", "a"},
        {"./a:b", "./a:b"},
        {"?a:b", "?a:b"},
        {"#a:b", "#a:b"},
        {"http://example.com/", "http://example.com/"},
        {"HTTPS://example.com:80/[x]", "HTTPS://example.com:80/[x]"},
        {"mailto:a@example.com?subject=it's", "mailto:a@example.com?subject=it&#39;s"},
        {"/a b\"<>`{}|^%20", "/a%20b%22%3C%3E%60%7B%7D%7C%5E%20"},
        {"/stra\xc3\x9f"
         "e\xff",
         "/stra%C3%9Fe%FF"},
        {"javascript:alert(1)", "#refused"},
        {"JavaScript:alert(1)", "#refused"},
        {" javascript:alert(1)", "#refused"},
        {"\x01javascript:alert(1)", "#refused"},
        {"java\tscript:alert(1)", "#refused"},
        {"java\nscript:alert(1)", "#refused"},
        {"javascript\r:alert(1)", "#refused"},
        {"javascript&colon;alert(1)", "javascript&amp;colon;alert(1)"},
        {"data:text/html,<script>", "#refused"},
        {"vbscript:x", "#refused"},
        {"file:///etc/passwd", "#refused"},
        {"blob:x", "#refused"},
        {"view-source:http://example.com/", "#refused"},
        {":", "#refused"},
        {"http:example.com", "#refused"},
        {"https:/example.com", "#refused"},
        {"//example.com/", "#refused"},
        {"/\\example.com/", "#refused"},
        {"\\\\example.com/", "#refused"},
        {"/\t/example.com/", "#refused"},
        {" //example.com/", "#refused"},
        {" /a", "#refused"},
        {"/a\x7f", "#refused"},
    };
    expect(html_url, cases, G_N_ELEMENTS(cases));
}

static void a_part_of_a_url_ends_no_part(void) {
    static const Case cases[] = {
        {NULL, ""},
        {"aZ09-._~", "aZ09-._~"},
        {"/?#[]@!$&'()*+,;=:%", "%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%25"},
        {"<\"> \\\n\xc3\x9f\xff", "%3C%22%3E%20%5C%0A%C3%9F%FF"},
        {"..", ".."},
    };
    expect(html_url_part_string, cases, G_N_ELEMENTS(cases));
}

static void a_segment_of_a_path_leads_to_no_other_folder(void) {
    static const Case cases[] = {
        {NULL, ""},          {"a/../b", "a%2F..%2Fb"}, {".", "%EF%BF%BD"},
        {"..", "%EF%BF%BD"}, {"...", "..."},           {"%2e%2e", "%252e%252e"},
    };
    expect(html_url_segment_string, cases, G_N_ELEMENTS(cases));
}

static void whole_numbers_are_values_too(void) {
    Html *html = html_new();
    html_text(html, 1 == 1);
    html_text(html, (short)-2);
    html_attr(html, (size_t)3);
    html_attr(html, INT64_MIN);
    html_url_part(html, UINT64_MAX);
    html_url_segment(html, 4u);
    g_autofree char *text = text_of(html);
    g_assert_cmpstr(text, ==, "1-23-9223372036854775808184467440737095516154");
}

static void a_flag_is_a_boolean_attribute_or_nothing(void) {
    static const Case cases[] = {{NULL, ""}, {"", ""}, {"checked", "checked"}, {"hidden", "hidden"}};
    expect(html_flag, cases, G_N_ELEMENTS(cases));
}

static void a_flag_that_is_none_is_our_mistake(void) {
    static const char *const mistakes[] = {"onclick", "checked onclick=x", "Checked", "class"};
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*is not in the table*");
        g_autofree char *html = written(html_flag, mistakes[i]);
        g_test_assert_expected_messages();
        g_assert_cmpstr(html, ==, "");
    }
}

static void a_page_is_written_as_it_was_compiled(void) {
    static const char expected[] =
        "<!doctype html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"description\" content=\"&lt;a&gt; &amp; &quot;b&#39;\">\n"
        "<title>&lt;a&gt; &amp; \"b' - dpxdt</title>\n"
        "<script src=\"/static/app.js\" data-build='&lt;a&gt; &amp; &quot;b&#39;'></script>\n"
        "</head>\n"
        "<body>\n"
        "<!-- What follows is text: a ? b ?\? c, \"quoted\" \\ and 100 % &amp; more; Stra\xc3\x9f"
        "e. -->\n"
        "<p>&lt;a&gt; &amp; \"b'</p>\n"
        "<p class=\"&lt;a&gt; &amp; &quot;b&#39;\" title='&lt;a&gt; &amp; &quot;b&#39;' data-number=\"1\">before "
        "&lt;a&gt; &amp; \"b'1 behind</p>\n"
        "<a href=\"%3Ca%3E%20&amp;%20%22b&#39;\">all of it</a>\n"
        "<a href=\"%3Ca%3E%20&amp;%20%22b&#39;/runs?page=1\">the beginning</a>\n"
        "<a href='/build/%3Ca%3E%20%26%20%22b%27/run/1'>the path</a>\n"
        "<a href=\"/build?name=%3Ca%3E%20%26%20%22b%27&amp;page=1#%3Ca%3E%20%26%20%22b%27\"\n"
        "           title=\"the query\">in two lines</a>\n"
        "<a href=\"https://example.com/%3Ca%3E%20%26%20%22b%27\">another site</a>\n"
        "<img src=\"%3Ca%3E%20&amp;%20%22b&#39;\" alt=\"&lt;a&gt; &amp; &quot;b&#39;\" width=\"1\">\n"
        "<svg viewBox=\"0 0 16 16\"><use href=\"#i-%3Ca%3E%20%26%20%22b%27\"/></svg>\n"
        "<b>first</b>\n"
        "% is no C, {{ no value.\n"
        "<form action=\"%3Ca%3E%20&amp;%20%22b&#39;\" method=\"post\">\n"
        "<input type=\"checkbox\" checked name=\"&lt;a&gt; &amp; &quot;b&#39;\" value=\"&lt;a&gt; &amp; "
        "&quot;b&#39;\">\n"
        "<textarea rows=\"3\">\n"
        "&lt;a&gt; &amp; \"b'</textarea>\n"
        "<button formaction=\"/run/%3Ca%3E%20%26%20%22b%27\">Go</button>\n"
        "</form>\n"
        "<pre>\n"
        "&lt;a&gt; &amp; \"b'\n"
        "    &lt;a&gt; &amp; \"b'\n"
        "\n"
        "        as it is\n"
        "    % as well\n"
        "</pre>\n"
        "<noscript>Without scripts.</noscript>\n"
        "</body>\n"
        "</html>\n";
    Html *page = html_new();
    places_page(page, "<a> & \"b'", 1, "checked");
    g_autofree char *text = text_of(page);
    g_assert_cmpstr(text, ==, expected);
}

static void a_newline_that_begins_a_textarea_is_kept(void) {
    Html *page = html_new();
    places_page(page, "\nsecond", 0, NULL);
    g_autofree char *text = text_of(page);
    g_assert_nonnull(strstr(text, "<textarea rows=\"3\">\n\nsecond</textarea>"));
    g_assert_nonnull(strstr(text, "<pre>\n\nsecond\n"));
}

#define TEST(name, function) g_test_add_func("/html/" name, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("text-has-no-tags-and-shows-what-is-invisible", text_has_no_tags_and_shows_what_is_invisible);
    TEST("an-attribute-ends-at-no-quote-of-a-value", an_attribute_ends_at_no_quote_of_a_value);
    TEST("a-url-leads-to-the-web-or-nowhere", a_url_leads_to_the_web_or_nowhere);
    TEST("a-part-of-a-url-ends-no-part", a_part_of_a_url_ends_no_part);
    TEST("a-segment-of-a-path-leads-to-no-other-folder", a_segment_of_a_path_leads_to_no_other_folder);
    TEST("whole-numbers-are-values-too", whole_numbers_are_values_too);
    TEST("a-flag-is-a-boolean-attribute-or-nothing", a_flag_is_a_boolean_attribute_or_nothing);
    TEST("a-flag-that-is-none-is-our-mistake", a_flag_that_is_none_is_our_mistake);
    TEST("a-page-is-written-as-it-was-compiled", a_page_is_written_as_it_was_compiled);
    TEST("a-newline-that-begins-a-textarea-is-kept", a_newline_that_begins_a_textarea_is_kept);
    return g_test_run();
}
