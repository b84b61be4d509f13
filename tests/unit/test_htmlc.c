/* The compiler of pages: what it makes, and what it refuses. */
#include "page.h"

#include <string.h>

#define BEGIN "% void page(Html *out) {\n"
#define END "% }\n"

/* The C for a page, without the lines that say where it comes from; or the error, without the file's name. */
static char *compiled(const char *page) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    if (!page_compile(page, strlen(page), "p.html", out, &error)) {
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_true(g_str_has_prefix(error->message, "p.html:"));
        return g_strdup(error->message + strlen("p.html:"));
    }
    g_assert_no_error(error);
    g_autoptr(GString) code = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    for (size_t i = 0; lines[i]; i++)
        if (!g_str_has_prefix(lines[i], "#"))
            g_string_append_printf(code, "%s|", g_strstrip(lines[i]));
    return g_strdup(code->str);
}

/* The statements within the one function of a page. */
static char *body(const char *html) {
    static const char begin[] = "void page(Html *out) {|", end[] = "}||";
    g_autofree char *page = g_strconcat(BEGIN, html, END, NULL);
    g_autofree char *code = compiled(page);
    if (!g_str_has_prefix(code, begin))
        return g_strdup(code);
    g_assert_true(g_str_has_suffix(code, end));
    return g_strndup(code + strlen(begin), strlen(code) - strlen(begin) - strlen(end));
}

typedef struct {
    const char *html, *expected;
} Case;

static void expect(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autofree char *code = body(cases[i].html);
        g_assert_cmpstr(code, ==, cases[i].expected);
    }
}

/* Refusals: the place, from the first line of the HTML, and words of the message. */
typedef struct {
    const char *html;
    int line, column;
    const char *words;
} Refusal;

static void expect_refusals(const Refusal *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autofree char *message = body(cases[i].html);
        g_autofree char *place = g_strdup_printf("%d:%d: ", cases[i].line + 1, cases[i].column);
        if (!g_str_has_prefix(message, place) || !strstr(message, cases[i].words))
            g_error("%s\ngives %s\nnot %s%s", cases[i].html, message, place, cases[i].words);
    }
}

static void the_place_of_a_value_decides_how_it_is_escaped(void) {
    static const Case cases[] = {
        {"{{ v }}\n", "html_text(out, (v));|html_raw(out, \"\\n\");|"},
        {"<b>{{v}}</b>\n", "html_raw(out, \"<b>\");|html_text(out, (v));|html_raw(out, \"</b>\\n\");|"},
        {"<title>{{ v }}</title>\n",
         "html_raw(out, \"<title>\");|html_text(out, (v));|html_raw(out, \"</title>\\n\");|"},
        {"<b class=\"a {{ v }}\">\n",
         "html_raw(out, \"<b class=\\\"a \");|html_attr(out, (v));|html_raw(out, \"\\\">\\n\");|"},
        {"<b class='{{ v }}'>\n", "html_raw(out, \"<b class='\");|html_attr(out, (v));|html_raw(out, \"'>\\n\");|"},
        {"<b CLASS='{{ v }}'>\n", "html_raw(out, \"<b CLASS='\");|html_attr(out, (v));|html_raw(out, \"'>\\n\");|"},
        {"<a href='{{ v }}'>\n", "html_raw(out, \"<a href='\");|html_url(out, (v));|html_raw(out, \"'>\\n\");|"},
        {"<a href='{{# c }}{{ v }}?a={{ w }}'>\n",
         "html_raw(out, \"<a href='\");|html_url(out, (v));|html_raw(out, \"?a=\");|html_url_part(out, (w));|"
         "html_raw(out, \"'>\\n\");|"},
        {"<a href='/b/{{ v }}'>\n",
         "html_raw(out, \"<a href='/b/\");|html_url_segment(out, (v));|html_raw(out, \"'>\\n\");|"},
        {"<a href='{{ v }}/b/{{ w }}'>\n",
         "html_raw(out, \"<a href='\");|html_url(out, (v));|html_raw(out, \"/b/\");|html_url_segment(out, (w));|"
         "html_raw(out, \"'>\\n\");|"},
        {"<img src='cid:{{ v }}@dpxdt'>\n",
         "html_raw(out, \"<img src='cid:\");|html_url_segment(out, (v));|html_raw(out, \"@dpxdt'>\\n\");|"},
        {"<use href='#{{ v }}'/>\n",
         "html_raw(out, \"<use href='#\");|html_url_part(out, (v));|html_raw(out, \"'/>\\n\");|"},
        {"<input {{ v }}>\n", "html_raw(out, \"<input \");|html_flag(out, (v));|html_raw(out, \">\\n\");|"},
        {"<textarea>{{ v }}</textarea>\n",
         "html_raw(out, \"<textarea>\\n\");|html_text(out, (v));|html_raw(out, \"</textarea>\\n\");|"},
    };
    expect(cases, G_N_ELEMENTS(cases));
}

static void a_value_ends_where_its_expression_does(void) {
    static const Case cases[] = {
        {"{{ f(\"}}\", '}') }}\n", "html_text(out, (f(\"}}\", '}')));|html_raw(out, \"\\n\");|"},
        {"{{ \"\\\"}}\" }}\n", "html_text(out, (\"\\\"}}\"));|html_raw(out, \"\\n\");|"},
        {"{{ ((P){{1}}).s }}\n", "html_text(out, (((P){{1}}).s));|html_raw(out, \"\\n\");|"},
        {"{{ a[b[0]] }} }}\n", "html_text(out, (a[b[0]]));|html_raw(out, \" }}\\n\");|"},
        {"{{ a }}{{ b }}\n", "html_text(out, (a));|html_text(out, (b));|html_raw(out, \"\\n\");|"},
    };
    expect(cases, G_N_ELEMENTS(cases));
}

static void indentation_and_empty_lines_are_sent_only_where_they_are_seen(void) {
    static const Case cases[] = {
        {"\n  <p>\n\t\n    a  b \n", "html_raw(out, \"<p>\\n\"|\"a  b \\n\");|"},
        {"  {{# nothing }}\na\n", "html_raw(out, \"a\\n\");|"},
        {"  <pre>\n\n  a</pre>\n  b\n", "html_raw(out, \"<pre>\\n\"|\"\\n\"|\"  a</pre>\\n\"|\"b\\n\");|"},
        {"<textarea>\n  a\n\n</textarea>\n",
         "html_raw(out, \"<textarea>\\n\"|\"  a\\n\"|\"\\n\"|\"</textarea>\\n\");|"},
        {"  %% a\n", "html_raw(out, \"% a\\n\");|"},
        {"<pre>\n  %% a\n</pre>\n", "html_raw(out, \"<pre>\\n\"|\"  % a\\n\"|\"</pre>\\n\");|"},
        {"a\n% f();\n  b\n", "html_raw(out, \"a\\n\");|f();|html_raw(out, \"b\\n\");|"},
    };
    expect(cases, G_N_ELEMENTS(cases));
}

static void html_becomes_literals_that_mean_the_same(void) {
    static const Case cases[] = {
        {"\"\\n\"\n", "html_raw(out, \"\\\"\\\\n\\\"\\n\");|"},
        {"what?\?!\n", "html_raw(out, \"what?\\?!\\n\");|"},
        {"\xc3\x9f"
         "1\tx\n",
         "html_raw(out, \"\\303\\2371\\011x\\n\");|"},
        {"/* // */\n", "html_raw(out, \"/* // */\\n\");|"},
    };
    expect(cases, G_N_ELEMENTS(cases));
}

static void long_html_becomes_several_literals(void) {
    g_autofree char *html = g_strnfill(9000, 'x');
    g_autofree char *line = g_strconcat(html, "\n", NULL);
    g_autofree char *code = body(line);
    g_auto(GStrv) statements = g_strsplit(code, "|", -1);
    g_assert_cmpuint(g_strv_length(statements), ==, 4);
    for (size_t i = 0; i < 3; i++)
        g_assert_cmpuint(strlen(statements[i]), <, 4095);
}

static void each_statement_names_its_line(void) {
    static const char page[] = BEGIN "a\n\nb {{ v }}\n% f();\n<i\n  title=\"{{ w }}\">\n" END;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_assert_true(page_compile(page, strlen(page), "a \"b\".html", out, &error));
    g_assert_no_error(error);
    g_autoptr(GRegex) regex = g_regex_new("#line (\\d+) \"a \\\\\"b\\\\\".html\"\\n *(\\w+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    for (g_regex_match(regex, out->str, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *line = g_match_info_fetch(match, 1), *word = g_match_info_fetch(match, 2);
        g_string_append_printf(found, "%s %s, ", line, word);
    }
    g_assert_cmpstr(found->str, ==,
                    "1 void, 2 html_raw, 4 html_text, 4 html_raw, 5 f, 6 html_raw, 7 html_attr, 7 html_raw, ");
}

static void values_are_refused_where_no_escaping_would_do(void) {
    static const Refusal cases[] = {
        {"<!-- {{ v }} -->\n", 1, 6, "no values in comments"},
        {"<!doctype {{ v }}>\n", 1, 1, "<!doctype html>"},
        {"<{{ v }}>\n", 1, 2, "names of elements"},
        {"<h{{ v }}>\n", 1, 3, "names of elements"},
        {"</{{ v }}>\n", 1, 3, "names of elements"},
        {"<b {{ v }}=\"x\">\n", 1, 11, "blanks around a value in a tag"},
        {"<b {{ v }}{{ v }}>\n", 1, 11, "blanks around a value in a tag"},
        {"<b {{ v }} =\"x\">\n", 1, 12, "no blanks around ="},
        {"<b data-{{ v }}=\"x\">\n", 1, 9, "names of attributes"},
        {"<b title={{ v }}>\n", 1, 10, "quote the value of title"},
        {"<b title= {{ v }}>\n", 1, 10, "quote the value of title"},
        {"<b title=x{{ v }}>\n", 1, 10, "quote the value of title"},
        {"<b title=\"x\"{{ v }}>\n", 1, 13, "a blank before"},
        {"<b onclick=\"{{ v }}\">\n", 1, 4, "no onclick=: the pages' Content-Security-Policy"},
        {"<b style=\"{{ v }}\">\n", 1, 4, "no style=: the pages' Content-Security-Policy"},
        {"<img srcset=\"{{ v }}\">\n", 1, 6, "no srcset=: it is a list"},
        {"<b new=\"{{ v }}\">\n", 1, 9, "not in the table of values (tools/htmlc/names.c)"},
        {"<input type=\"{{ v }}\">\n", 1, 14, "no values in type of <input>"},
        {"<a target=\"{{ v }}\">\n", 1, 12, "no values in target of <a>"},
        {"<a rel=\"{{ v }}\">\n", 1, 9, "no values in rel of <a>"},
        {"<link href=\"{{ v }}\">\n", 1, 13, "no values in href of <link>"},
        {"<script src=\"/{{ v }}\"></script>\n", 1, 15, "no values in src of <script>"},
        {"<meta name=\"{{ v }}\">\n", 1, 13, "no values in name of <meta>"},
        {"<use href=\"{{ v }}\"/>\n", 1, 12, "only behind literal text"},
        {"<script>{{ v }}</script>\n", 1, 1, "no inline scripts"},
        {"<script src=\"/a.js\">{{ v }}</script>\n", 1, 21, "</script> follows here"},
        {"<style>{{ v }}</style>\n", 1, 1, "no <style>: the pages' Content-Security-Policy"},
        {"<noscript>{{ v }}</noscript>\n", 1, 11, "only text, without values"},
        {"<iframe>{{ v }}</iframe>\n", 1, 1, "no <iframe>"},
        {"a &{{ v }};\n", 1, 4, "character reference"},
        {"a &#x{{ v }};\n", 1, 6, "character reference"},
        {"<b title=\"&am{{ v }}\">\n", 1, 14, "character reference"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
}

static void a_value_makes_no_scheme_and_no_host(void) {
    static const Refusal cases[] = {
        {"<a href=\"{{ v }}{{ w }}\">\n", 1, 17, "behind a value that begins a URL"},
        {"<a href=\"{{ v }}x\">\n", 1, 17, "behind a value that begins a URL"},
        {"<a href=\"{{ v }}:x\">\n", 1, 17, "behind a value that begins a URL"},
        {"<a href=\"java{{ v }}script:x\">\n", 1, 27, "only relative URLs"},
        {"<a href=\"//{{ v }}/\">\n", 1, 12, "no value within a host"},
        {"<a href=\"https:{{ v }}/\">\n", 1, 16, "no value within a host"},
        {"<a href=\"https://{{ v }}/\">\n", 1, 18, "no value within a host"},
        {"<a href=\"https://example.com{{ v }}/\">\n", 1, 29, "no value within a host"},
        {"<a href=\"/{{ v }}/x\">\n", 1, 18, "put /WORD/ before it"},
        {"<a href=\"{{ v }}//x\">\n", 1, 18, "put /WORD/ before it"},
        {"<a href=\"{{ v }}/run{{ w }}\">\n", 1, 21, "put /WORD/ before it"},
        {"<a href=\"{{ v }}/{{ w }}\">\n", 1, 18, "put /WORD/ before it"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
}

static void what_is_dangerous_is_refused_as_a_literal_too(void) {
    static const Refusal cases[] = {
        {"<a href=\"javascript:x\">\n", 1, 20, "only relative URLs"},
        {"<a href=\"data:x\">\n", 1, 14, "only relative URLs"},
        {"<a href=\"java&#115;cript:x\">\n", 1, 14, "as &amp;"},
        {"<a href=\"java\nscript:x\">\n", 1, 14, "no blanks, newlines or backslashes"},
        {"<a href=\"\\\\x\">\n", 1, 10, "no blanks, newlines or backslashes"},
        {"<a href=\"/?a=b&c=d\">\n", 1, 15, "as &amp;"},
        {"<script>f()</script>\n", 1, 1, "no inline scripts"},
        {"<script type=\"application/json\">{}</script>\n", 1, 1, "no inline scripts"},
        {"<body ONLOAD=\"f()\">\n", 1, 7, "no onload="},
        {"<meta http-equiv=\"refresh\" content=\"0\">\n", 1, 7, "send a header of HTTP"},
        {"<iframe srcdoc=\"x\"></iframe>\n", 1, 1, "no <iframe>"},
        {"<b srcdoc=\"x\">\n", 1, 4, "no srcdoc="},
        {"<base href=\"/\">\n", 1, 1, "no <base>"},
        {"<object data=\"/x\">\n", 1, 1, "no <object>"},
        {"<svg><animate/></svg>\n", 1, 6, "no <animate>"},
        {"<svg><SET/></svg>\n", 1, 6, "no <set>"},
        {"<svg><use xlink:href=\"#a\"/></svg>\n", 1, 11, "use href"},
        {"<xmp>\n", 1, 1, "no <xmp>"},
        {"<math>\n", 1, 1, "not in the table of elements (tools/htmlc/names.c)"},
        {"<x-y>\n", 1, 1, "not in the table of elements"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
}

static void what_browsers_would_repair_is_refused(void) {
    static const Refusal cases[] = {
        {"a < b\n", 1, 3, "&lt;"},
        {"<1>\n", 1, 1, "&lt;"},
        {"<?php ?>\n", 1, 1, "&lt;"},
        {"<![CDATA[x]]>\n", 1, 1, "only <!doctype html>"},
        {"<!-->x-->\n", 1, 1, "end this comment at once"},
        {"<!--->x-->\n", 1, 1, "end this comment at once"},
        {"<!-- a --!> b -->\n", 1, 8, "write -->"},
        {"<b title=\"x\"lang=\"y\">\n", 1, 13, "a blank before"},
        {"<b title=\"x\" title='y'>\n", 1, 14, "twice"},
        {"<b title=\"x\" TITLE='y'>\n", 1, 14, "twice"},
        {"<b / title=\"x\">\n", 1, 4, "begins no attribute"},
        {"<b \"x\">\n", 1, 4, "begins no attribute"},
        {"<b a\"x\">\n", 1, 5, "cannot be in the name"},
        {"<b title=x>\n", 1, 10, "quote the value of title"},
        {"</b class=\"x\">\n", 1, 5, "only its name"},
        {"</b/>\n", 1, 4, "only its name"},
        {"<title/>\n", 1, 7, "write </title>"},
        {"<title><b></title>\n", 1, 8, "in <title> there is only text"},
        {"<textarea></title>\n", 1, 11, "in <textarea> there is only text"},
        {"</title>\n", 1, 1, "without <title>"},
        {"</script>\n", 1, 1, "without <script>"},
        {"<noscript>a<b></noscript>\n", 1, 12, "only text"},
        {"a\r\n", 1, 2, "without a carriage return"},
        {"\xc3\x9f\xff\n", 1, 2, "UTF-8"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
}

static void what_does_not_end_is_told_where_it_begins(void) {
    static const struct {
        const char *html, *message;
    } cases[] = {
        {BEGIN "<!-- a\n", "2:1: a comment without -->"},
        {BEGIN "a <b\n", "2:3: a tag without >"},
        {BEGIN "<b title=\"x\n", "2:10: the value of title does not end"},
        {BEGIN "<noscript>\n", "2:1: <noscript> without </noscript>"},
        {BEGIN "<title>a\n", "3:1: <title> is not closed"},
        {BEGIN "{{ a\n}}\n", "2:1: {{ without }} on the same line"},
        {BEGIN "{{# a\n}}\n", "2:1: {{# without }} on the same line"},
        {BEGIN "<", "2:1: this begins no tag: write < in text as &lt;"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = compiled(cases[i].html);
        g_assert_cmpstr(message, ==, cases[i].message);
    }
}

static void an_expression_that_is_no_expression_is_refused(void) {
    static const Refusal cases[] = {
        {"{{ }}\n", 1, 1, "no expression"},
        {"{{ f( }}\n", 1, 1, "do not match"},
        {"{{ f) }}\n", 1, 1, "do not match"},
        {"{{ v); g(v }}\n", 1, 1, "do not match"},
        {"{{ f(] }}\n", 1, 1, "do not match"},
        {"{{ \"a }}\n", 1, 1, "does not end"},
        {"{{ 'a }}\n", 1, 1, "does not end"},
        {"{{ a // b }}\n", 1, 1, "no comments within"},
        {"{{ a /* b */ }}\n", 1, 1, "no comments within"},
        {"\xc3\xa4 {{ a } }}\n", 1, 3, "do not match"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
}

static void lines_of_c_stand_between_tags_and_are_whole(void) {
    static const Refusal cases[] = {
        {"<b\n% f();\n>\n", 2, 1, "only between tags"},
        {"<b title=\"\n  % f();\n\">\n", 2, 3, "only between tags"},
        {"<!--\n% f();\n-->\n", 2, 1, "only between tags"},
        {"<noscript>\n% f();\n</noscript>\n", 2, 1, "only between tags"},
        {"% f(); \\\na\n", 1, 1, "ends where it ends"},
        {"% f(); /* a\n", 1, 1, "a comment of C ends on its line"},
        {"% f(\"a);\n", 1, 1, "does not end"},
        {"  % if (a)\nb\n", 1, 3, "end it with { or ;"},
        {"% f() /* ; */ // ;\nb\n", 1, 1, "end it with { or ;"},
        {"% else\n{{ b }}\n", 1, 1, "end it with { or ;"},
    };
    expect_refusals(cases, G_N_ELEMENTS(cases));
    static const Case good[] = {
        {"% if (a &&\n%     b) { // c\nd\n% }\n", "if (a &&|b) { // c|html_raw(out, \"d\\n\");|}|"},
        {"% case '\\'': /* } */\nd\n", "case '\\'': /* } */|html_raw(out, \"d\\n\");|"},
        {"% #ifdef A\nd\n% #endif\n", "#ifdef A|html_raw(out, \"d\\n\");|#endif|"},
        {"<title>\n% if (a) {\nd\n% }\n</title>\n",
         "html_raw(out, \"<title>\\n\");|if (a) {|html_raw(out, \"d\\n\");|}|html_raw(out, \"</title>\\n\");|"},
    };
    expect(good, G_N_ELEMENTS(good));
}

static void a_page_begins_with_c(void) {
    g_autofree char *with_text = compiled("{{# why }}\n <p>\n" BEGIN END);
    g_assert_cmpstr(with_text, ==, "2:2: a page begins with a line of C: % void NAME(Html *out) {");
    g_autofree char *with_comment = compiled("{{# why }}\n\n" BEGIN END);
    g_assert_cmpstr(with_comment, ==, "void page(Html *out) {|}||");
}

#define TEST(name, function) g_test_add_func("/htmlc/" name, function)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("the-place-of-a-value-decides-how-it-is-escaped", the_place_of_a_value_decides_how_it_is_escaped);
    TEST("a-value-ends-where-its-expression-does", a_value_ends_where_its_expression_does);
    TEST("indentation-and-empty-lines-are-sent-only-where-they-are-seen",
         indentation_and_empty_lines_are_sent_only_where_they_are_seen);
    TEST("html-becomes-literals-that-mean-the-same", html_becomes_literals_that_mean_the_same);
    TEST("long-html-becomes-several-literals", long_html_becomes_several_literals);
    TEST("each-statement-names-its-line", each_statement_names_its_line);
    TEST("values-are-refused-where-no-escaping-would-do", values_are_refused_where_no_escaping_would_do);
    TEST("a-value-makes-no-scheme-and-no-host", a_value_makes_no_scheme_and_no_host);
    TEST("what-is-dangerous-is-refused-as-a-literal-too", what_is_dangerous_is_refused_as_a_literal_too);
    TEST("what-browsers-would-repair-is-refused", what_browsers_would_repair_is_refused);
    TEST("what-does-not-end-is-told-where-it-begins", what_does_not_end_is_told_where_it_begins);
    TEST("an-expression-that-is-no-expression-is-refused", an_expression_that_is_no_expression_is_refused);
    TEST("lines-of-c-stand-between-tags-and-are-whole", lines_of_c_stand_between_tags_and_are_whole);
    TEST("a-page-begins-with-c", a_page_begins_with_c);
    return g_test_run();
}
