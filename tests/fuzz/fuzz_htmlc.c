/* A page of anybody's -> C, or an error that names the place. Where the C has no lines of the page's own, it is read back
 * and carried out with values that are out for harm: to a parser of HTML nothing may come of them. */

#include "fuzz/fuzz.h"
#include "fuzz/structure.h"
#include "html/html.h"
#include "page.h"

#include <stdbool.h>
#include <string.h>

#define FUNCTION "void page(Html *out) {"
#define BEGIN "% " FUNCTION "\n"
#define STRANGER "str4nger"

/* What is put in for the values, the parts of URLs taking turns. */
typedef struct {
    const char *text, *url, *parts[2];
} Values;

static const Values innocent = {"x", "x", {"x", "x"}};
static const Values hostile[] = {
    {"x</title></textarea></script></noscript>--><img src=x onerror=y>", "javascript:x", {"javascript:x", ":x"}},
    {"x\" onclick=\"x\" '", "\" onclick=\"", {"'\" onclick='", "\" onclick=\""}},
    {"x' onclick='x' \"", "' onclick='", {"/", STRANGER}},
    {"&lt;", "", {"", STRANGER}},
    {"#60;", "/", {STRANGER, ""}},
    {"xamp", "/x", {"..", STRANGER}},
};

/* Adds what the string literals of a line stand for. */
static void add_literal(Html *out, const char *line) {
    const char *begin = strchr(line, '"') + 1, *end = strrchr(line, '"');
    g_autofree char *escaped = g_strndup(begin, (size_t)(end - begin));
    g_autofree char *text = g_strcompress(escaped);
    html_literal(out, text, strlen(text));
}

/* Carries one line out, the n-th. */
static void execute(Html *out, const char *line, const Values *values, size_t n) {
    if (line[0] == '"' || g_str_has_prefix(line, "html_raw(out, \""))
        add_literal(out, line);
    else if (g_str_has_prefix(line, "html_text(out, ("))
        html_text(out, values->text);
    else if (g_str_has_prefix(line, "html_attr(out, ("))
        html_attr(out, values->text);
    else if (g_str_has_prefix(line, "html_url(out, ("))
        html_url(out, values->url);
    else if (g_str_has_prefix(line, "html_url_segment(out, ("))
        html_url_segment(out, values->parts[n % 2]);
    else if (g_str_has_prefix(line, "html_url_part(out, ("))
        html_url_part(out, values->parts[n % 2]);
    else if (g_str_has_prefix(line, "html_flag(out, ("))
        html_flag(out, "hidden");
    else
        g_assert_cmpstr(line, ==, "");
}

static char *structure_with(char *const *lines, const Values *values) {
    g_autoptr(Html) page = html_new();
    size_t n = 0;
    for (size_t i = 0; lines[i]; i++) {
        n += strstr(lines[i], "html_url_") != NULL;
        execute(page, lines[i], values, n);
    }
    g_autoptr(GBytes) html = html_end(g_steal_pointer(&page));
    return structure_of(html, STRANGER);
}

/* The lines of the C that htmlc made, without the function's first, and those that say where it comes from. */
static char **statements_of(const char *c) {
    g_auto(GStrv) lines = g_strsplit(c, "\n", -1);
    g_autoptr(GStrvBuilder) statements = g_strv_builder_new();
    for (size_t i = 0; lines[i]; i++)
        if (!g_str_has_prefix(lines[i], "#") && strcmp(g_strchug(lines[i]), FUNCTION) != 0)
            g_strv_builder_add(statements, lines[i]);
    return g_strv_builder_end(statements);
}

static void expect_no_harm(const char *c) {
    g_auto(GStrv) statements = statements_of(c);
    g_autofree char *wanted = structure_with(statements, &innocent);
    for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *structure = structure_with(statements, &hostile[i]);
        g_assert_cmpstr(structure, ==, wanted);
    }
}

static void expect_good_message(const GError *error) {
    g_assert_true(error_is(error, ERROR_INVALID));
    g_assert_true(g_regex_match_simple("^fuzz\\.html:[1-9][0-9]*:[1-9][0-9]*: .", error->message, 0, 0));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static bool has_own_code(const char *text) {
    return g_regex_match_simple("^[ \\t]*%", text, G_REGEX_RAW | G_REGEX_MULTILINE, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) page = g_string_new(BEGIN);
    g_autoptr(GString) c = g_string_new(NULL);
    g_string_append_len(page, (const char *)data, (gssize)size);
    if (!page_compile(page->str, page->len, "fuzz.html", c, &error))
        expect_good_message(error);
    else if (!has_own_code(page->str + strlen(BEGIN)) && !strstr(page->str, STRANGER))
        expect_no_harm(c->str);
    return 0;
}
