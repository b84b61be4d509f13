/* Reads a page once, from left to right. What a browser's tokenizer would do is known at each value because everything
 * that it would have to repair, and every element whose content it reads by other rules, is refused: names.c has tables.
 * Lines of C stand only where the place stays the same whatever they do, between tags. And where a branch opens a <title>
 * that another does not close, values are still safe: no escaped value has a < in it. */
#include "page.h"

#include "code.h"
#include "link.h"
#include "names.h"

#include <stdarg.h>
#include <string.h>

/* Compilers need not take string literals of more than 4095 characters (C17, 5.2.4.1). */
enum { MAX_LITERAL_BYTES = 4000 };

typedef struct {
    const char *text, *end, *file;
    GError **error;
    const char *at; /* what is read next */
    int line;       /* of at, from 1 */
    GString *out;
    GString *html;          /* literal HTML that is not in out yet */
    int html_line;          /* where it began */
    size_t n_written;       /* how often something was added to html or out */
    const char *code;       /* the last line of C, or NULL */
    char code_last;         /* what C before this place ends with */
    const char *text_only;  /* "title" or "textarea", while in one */
    int pre_depth;          /* how many <pre> are open */
    const char *first_line; /* behind a tag whose first newline browsers leave out */
} Page;

/* A start tag as far as it was read. */
typedef struct {
    const char *start;
    char *name;
    GPtrArray *attributes; /* of char * */
} Tag;

static void tag_clear(Tag *tag) {
    g_free(tag->name);
    g_ptr_array_unref(tag->attributes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tag, tag_clear)

/* Sets the error, with the place of `at` before the message. Always false. */
static bool refuse(const Page *page, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool refuse(const Page *page, const char *at, const char *format, ...) {
    int line = 1;
    const char *line_start = page->text;
    for (const char *c = page->text; c < at; c++)
        if (*c == '\n') {
            line++;
            line_start = c + 1;
        }
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(page->error, ERROR_INVALID, "%s:%d:%ld: %s", page->file, line,
              g_utf8_strlen(line_start, at - line_start) + 1, message);
    return false;
}

/* What goes into the output. */

static void add_html(Page *page, const char *html, size_t size) {
    if (page->html->len == 0)
        page->html_line = page->line;
    g_string_append_len(page->html, html, (gssize)size);
    page->n_written++;
}

static void add_place(Page *page, int line) {
    g_autofree char *file = g_strescape(page->file, NULL);
    g_string_append_printf(page->out, "#line %d \"%s\"\n", line, file);
}

/* One byte of a string literal. Octal escapes have three digits, so that a digit may follow, and ?? is no trigraph. */
static void add_byte(GString *out, char byte, char before) {
    if (byte == '\n')
        g_string_append(out, "\\n");
    else if (byte == '"' || byte == '\\' || (byte == '?' && before == '?'))
        g_string_append_printf(out, "\\%c", byte);
    else if (g_ascii_isprint(byte))
        g_string_append_c(out, byte);
    else
        g_string_append_printf(out, "\\%03o", (unsigned)(guchar)byte);
}

/* A statement that writes these bytes, a line of HTML on each of its own. */
static void add_statement(GString *out, const char *html, size_t size) {
    g_string_append(out, "    html_raw(out, \"");
    for (size_t i = 0; i < size; i++) {
        add_byte(out, html[i], i > 0 ? html[i - 1] : '\0');
        if (html[i] == '\n' && i + 1 < size)
            g_string_append(out, "\"\n        \"");
    }
    g_string_append(out, "\");\n");
}

/* What is written here becomes statements of its own, which must not belong to an unfinished one. */
static bool expect_statement(const Page *page) {
    return strchr("{};:", page->code_last) ||
           refuse(page, page->code, "what follows would belong to this line of C: end it with { or ;");
}

/* Moves the literal HTML to the output. */
static bool flush(Page *page) {
    if (page->html->len == 0)
        return true;
    if (!expect_statement(page))
        return false;
    add_place(page, page->html_line);
    for (size_t i = 0; i < page->html->len; i += MAX_LITERAL_BYTES)
        add_statement(page->out, page->html->str + i, MIN(page->html->len - i, (size_t)MAX_LITERAL_BYTES));
    g_string_truncate(page->html, 0);
    return true;
}

/* A call, in one line, with the expression below the column that it has in the page if that can be. */
static bool add_value(Page *page, const char *function, const char *expression, size_t size) {
    if (!flush(page) || !expect_statement(page))
        return false;
    const char *line_start = expression;
    while (line_start > page->text && line_start[-1] != '\n')
        line_start--;
    g_autofree char *call = g_strdup_printf("%s(out, (", function);
    add_place(page, page->line);
    g_string_append_printf(page->out, "%*s", (int)g_utf8_strlen(line_start, expression - line_start), call);
    g_string_append_len(page->out, expression, (gssize)size);
    g_string_append(page->out, "));\n");
    page->n_written++;
    return true;
}

/* Reading. */

static bool is_at(const Page *page, const char *what) {
    return (size_t)(page->end - page->at) >= strlen(what) && g_ascii_strncasecmp(page->at, what, strlen(what)) == 0;
}

static const char *line_end(const Page *page) {
    const char *end = memchr(page->at, '\n', (size_t)(page->end - page->at));
    return end ? end : page->end;
}

/* Takes one byte over. If it ends a line, within a tag or comment, then none of C may follow. */
static bool copy(Page *page) {
    bool is_newline = *page->at == '\n';
    add_html(page, page->at++, 1);
    page->line += is_newline;
    const char *first = page->at + (is_newline ? strspn(page->at, " \t") : 0);
    return !is_newline || *first != '%' || refuse(page, first, "lines of C stand only between tags");
}

static bool copy_all(Page *page, size_t size) {
    for (; size > 0; size--)
        if (!copy(page))
            return false;
    return true;
}

static bool copy_blanks(Page *page) {
    return copy_all(page, strspn(page->at, " \t\n"));
}

/* {{# comment }} */
static bool skip_comment(Page *page) {
    const char *start = page->at;
    const char *end = g_strstr_len(start, line_end(page) - start, "}}");
    if (!end)
        return refuse(page, start, "{{# without }} on the same line");
    page->at = end + 2;
    if (page->first_line == start)
        page->first_line = page->at;
    return true;
}

/* With "&am" before it a value could become another character. */
static bool is_in_reference(const Page *page) {
    const char *start = page->html->str, *at = start + page->html->len;
    while (at > start && (g_ascii_isalnum(at[-1]) || at[-1] == '#'))
        at--;
    return at > start && at[-1] == '&';
}

/* {{ expression }}, which a function escapes. */
static bool read_value(Page *page, const char *function) {
    const char *problem, *start = page->at, *expression = start + 2;
    const char *end = code_value_end(expression, line_end(page), &problem);
    if (!end)
        return refuse(page, start, "%s", problem);
    while (expression < end && g_ascii_isspace(*expression))
        expression++;
    const char *behind = end;
    while (behind > expression && g_ascii_isspace(behind[-1]))
        behind--;
    if (behind == expression)
        return refuse(page, start, "no expression within {{ }}");
    if (is_in_reference(page))
        return refuse(page, start, "a value within a character reference: write &amp; before it");
    if (!add_value(page, function, expression, (size_t)(behind - expression)))
        return false;
    page->at = end + 2;
    return true;
}

/* <!-- ... --> */
static bool read_comment(Page *page) {
    const char *start = page->at;
    if (!copy_all(page, strlen("<!--")))
        return false;
    if (is_at(page, ">") || is_at(page, "->"))
        return refuse(page, start, "browsers end this comment at once: put a blank behind <!--");
    while (!is_at(page, "-->")) {
        if (page->at == page->end)
            return refuse(page, start, "a comment without -->");
        if (is_at(page, "{{"))
            return refuse(page, page->at, "no values in comments: for a comment of the page's own write {{# ... }}");
        if (is_at(page, "--!>"))
            return refuse(page, page->at, "browsers end a comment here: write -->");
        if (!copy(page))
            return false;
    }
    return copy_all(page, strlen("-->"));
}

static bool read_doctype(Page *page) {
    static const char doctype[] = "<!doctype html>";
    if (!is_at(page, doctype))
        return refuse(page, page->at, "only <!doctype html> and comments begin with <!");
    return copy_all(page, strlen(doctype));
}

/* The name of an element or attribute, in lower case; "" if there is none. */
static char *read_name(Page *page) {
    const char *start = page->at;
    if (g_ascii_isalpha(*start))
        while (g_ascii_isalnum(*page->at) || (*page->at && strchr("-_:.", *page->at)))
            page->at++;
    add_html(page, start, (size_t)(page->at - start));
    return g_ascii_strdown(start, page->at - start);
}

/* What may follow a name in a tag. */
static bool is_end_of_name(const Page *page) {
    return page->at < page->end && strchr(" \t\n/>", *page->at);
}

static bool expect_element(const Page *page, const char *start, const char *name) {
    if (is_at(page, "{{"))
        return refuse(page, page->at, "no values in names of elements: branch with lines of C");
    if (!*name || !is_end_of_name(page))
        return refuse(page, start, "this begins no tag: write < in text as &lt;");
    const char *refusal = names_element_refusal(name);
    return !refusal || refuse(page, start, "no <%s>%s", name, refusal);
}

static bool is_text_element(const char *name) {
    return strcmp(name, "title") == 0 || strcmp(name, "textarea") == 0;
}

/* Closes <title> or <textarea>, which nothing else does. */
static bool close_text(Page *page, const char *start, const char *name) {
    if (g_strcmp0(page->text_only, name) != 0)
        return refuse(page, start, "</%s> without <%s>", name, name);
    page->text_only = NULL;
    return true;
}

static bool read_end_tag(Page *page) {
    const char *start = page->at;
    if (!copy_all(page, strlen("</")))
        return false;
    g_autofree char *name = read_name(page);
    if (!expect_element(page, start, name) || !copy_blanks(page))
        return false;
    if (!is_at(page, ">"))
        return refuse(page, page->at, "an end tag has only its name");
    if (strcmp(name, "script") == 0 || strcmp(name, "noscript") == 0)
        return refuse(page, start, "</%s> without <%s>", name, name);
    if (is_text_element(name) && !close_text(page, start, name))
        return false;
    page->pre_depth -= page->pre_depth > 0 && strcmp(name, "pre") == 0;
    return copy(page);
}

/* A URL goes on behind a value that began it only where no scheme can go on. */
static bool expect_end_of_beginning(const Page *page, char quote) {
    if (page->at < page->end && (*page->at == quote || strchr("/?#&", *page->at)))
        return true;
    return refuse(page, page->at, "behind a value that begins a URL stands / ? # &amp; or the quote");
}

static bool read_url_value(Page *page, ValueKind kind, Link *link, char quote) {
    bool is_beginning = link_is_empty(link);
    const char *function = is_beginning ? "html_url" : link_is_behind_path(link) ? "html_url_part" : "html_url_segment";
    if (is_beginning && kind == VALUE_BEHIND_URL)
        return refuse(page, page->at, "here a value stands only behind literal text, as in \"#icon-{{ name }}\"");
    const char *problem = link_add_value(link);
    if (problem)
        return refuse(page, page->at, "%s", problem);
    return read_value(page, function) && (!is_beginning || expect_end_of_beginning(page, quote));
}

static bool read_attribute_value(Page *page, const Tag *tag, const char *name, Link *link, char quote) {
    ValueKind kind = names_value_kind(tag->name, name);
    if (kind == VALUE_NEVER)
        return refuse(page, page->at, "no values in %s of <%s>: it is not in the table of values (tools/htmlc/names.c)",
                      name, tag->name);
    return kind == VALUE_PLAIN ? read_value(page, "html_attr") : read_url_value(page, kind, link, quote);
}

/* One character, value or comment of an attribute. */
static bool read_attribute_piece(Page *page, const Tag *tag, const char *name, Link *link, char quote) {
    if (is_at(page, "{{#"))
        return skip_comment(page);
    if (is_at(page, "{{"))
        return read_attribute_value(page, tag, name, link, quote);
    const char *problem = names_is_url(name) ? link_add(link, page->at) : NULL;
    return problem ? refuse(page, page->at, "%s", problem) : copy(page);
}

static bool read_quoted(Page *page, const Tag *tag, const char *name) {
    const char *start = page->at;
    g_auto(Link) link;
    link_init(&link);
    if (*start != '"' && *start != '\'')
        return refuse(page, start, "quote the value of %s, with nothing between = and the quote", name);
    if (!copy(page))
        return false;
    while (page->at < page->end && *page->at != *start)
        if (!read_attribute_piece(page, tag, name, &link, *start))
            return false;
    if (page->at == page->end)
        return refuse(page, start, "the value of %s does not end", name);
    return copy(page);
}

/* Notes the attribute whose name was read. */
static bool add_attribute(const Page *page, Tag *tag, const char *start, const char *name) {
    if (is_at(page, "{{"))
        return refuse(page, page->at, "no values in names of attributes: branch with lines of C");
    if (!*name)
        return refuse(page, start, *start == '=' ? "no blanks around =" : "this begins no attribute");
    const char *refusal = names_attribute_refusal(name);
    if (refusal)
        return refuse(page, start, "no %s=%s", name, refusal);
    if (g_ptr_array_find_with_equal_func(tag->attributes, name, g_str_equal, NULL))
        return refuse(page, start, "%s stands twice in this tag", name);
    g_ptr_array_add(tag->attributes, g_strdup(name));
    return true;
}

static bool read_attribute(Page *page, Tag *tag) {
    const char *start = page->at;
    g_autofree char *name = read_name(page);
    if (!add_attribute(page, tag, start, name))
        return false;
    if (is_end_of_name(page))
        return true;
    if (*page->at != '=')
        return refuse(page, page->at, "this cannot be in the name of an attribute");
    return copy(page) && read_quoted(page, tag, name);
}

/* {{ flag }}, alone between blanks. */
static bool read_flag(Page *page) {
    return read_value(page, "html_flag") &&
           (is_end_of_name(page) || refuse(page, page->at, "blanks around a value in a tag"));
}

/* What stands in a tag behind blanks. */
static bool read_attribute_or_flag(Page *page, Tag *tag, bool has_blank) {
    if (is_at(page, "{{#"))
        return skip_comment(page);
    if (!has_blank)
        return refuse(page, page->at, "a blank before each attribute");
    return is_at(page, "{{") ? read_flag(page) : read_attribute(page, tag);
}

static bool read_attributes(Page *page, Tag *tag) {
    for (;;) {
        bool has_blank = page->at > page->text && g_ascii_isspace(page->at[-1]);
        size_t blanks = strspn(page->at, " \t\n");
        if (!copy_all(page, blanks))
            return false;
        if (page->at == page->end)
            return refuse(page, tag->start, "a tag without >");
        if (is_at(page, ">") || is_at(page, "/>"))
            return true;
        if (!read_attribute_or_flag(page, tag, has_blank || blanks > 0))
            return false;
    }
}

/* A script is a file of its own, so nothing of HTML must be found in it. */
static bool read_script(Page *page, const Tag *tag) {
    if (!g_ptr_array_find_with_equal_func(tag->attributes, "src", g_str_equal, NULL))
        return refuse(
            page, tag->start,
            "no inline scripts: the pages' Content-Security-Policy has none; write src, and data-* for values");
    if (!is_at(page, "</script>"))
        return refuse(page, page->at, "</script> follows here: nothing runs that is in a script with src");
    return copy_all(page, strlen("</script>"));
}

/* With scripts this is text to browsers, without it is HTML: so it has to be both. */
static bool read_noscript(Page *page, const Tag *tag) {
    while (!is_at(page, "</noscript>")) {
        if (page->at == page->end)
            return refuse(page, tag->start, "<noscript> without </noscript>");
        if (is_at(page, "{{") || is_at(page, "<"))
            return refuse(page, page->at, "in <noscript> there is only text, without values");
        if (!copy(page))
            return false;
    }
    return copy_all(page, strlen("</noscript>"));
}

/* Takes up what a start tag changes. */
static bool enter(Page *page, const Tag *tag) {
    bool is_pre = strcmp(tag->name, "pre") == 0, is_textarea = strcmp(tag->name, "textarea") == 0;
    if (strcmp(tag->name, "script") == 0)
        return read_script(page, tag);
    if (strcmp(tag->name, "noscript") == 0)
        return read_noscript(page, tag);
    if (is_text_element(tag->name))
        page->text_only = is_textarea ? "textarea" : "title";
    page->pre_depth += is_pre;
    page->first_line = is_pre || is_textarea ? page->at : NULL;
    return true;
}

static bool read_start_tag(Page *page) {
    g_auto(Tag) tag = {.start = page->at, .attributes = g_ptr_array_new_with_free_func(g_free)};
    bool is_started = copy(page);
    tag.name = read_name(page);
    if (!is_started || !expect_element(page, tag.start, tag.name) || !read_attributes(page, &tag))
        return false;
    static const char *const never_empty[] = {"title", "textarea", "script", "noscript", "pre", NULL};
    if (is_at(page, "/") && g_strv_contains(never_empty, tag.name))
        return refuse(page, page->at, "browsers pass this / over: write </%s>", tag.name);
    return copy_all(page, is_at(page, "/") ? 2 : 1) && enter(page, &tag);
}

static bool read_markup(Page *page) {
    if (page->text_only) {
        g_autofree char *end_tag = g_strdup_printf("</%s", page->text_only);
        if (!is_at(page, end_tag))
            return refuse(page, page->at, "in <%s> there is only text: write < as &lt;", page->text_only);
    }
    if (is_at(page, "<!--"))
        return read_comment(page);
    if (is_at(page, "<!"))
        return read_doctype(page);
    return is_at(page, "</") ? read_end_tag(page) : read_start_tag(page);
}

static bool read_text_value(Page *page) {
    /* Browsers leave a newline out there, which may be the value's. */
    if (page->at == page->first_line)
        add_html(page, "\n", 1);
    return read_value(page, "html_text");
}

static bool read_piece(Page *page) {
    if (is_at(page, "{{#"))
        return skip_comment(page);
    if (!page->code)
        return refuse(page, page->at, "a page begins with a line of C: %% void NAME(Html *out) {");
    if (*page->at == '<')
        return read_markup(page);
    return is_at(page, "{{") ? read_text_value(page) : copy(page);
}

/* A line from `first` on: text and tags, which may go on behind it, up to the end of some line. */
static bool read_html(Page *page, const char *first, bool is_verbatim) {
    if (is_verbatim)
        add_html(page, page->at, (size_t)(first - page->at));
    size_t n_before = page->n_written;
    page->at = first + g_str_has_prefix(first, "%%");
    while (page->at < page->end && *page->at != '\n')
        if (!read_piece(page))
            return false;
    if (page->at == page->end)
        return true;
    if (is_verbatim || page->pre_depth > 0 || page->n_written > n_before)
        add_html(page, page->at, 1);
    page->at++;
    page->line++;
    return true;
}

/* A line of C, whose columns stay what they are. */
static bool read_code(Page *page, const char *first) {
    const char *end = line_end(page);
    char last = page->code_last;
    const char *problem = code_line_problem(first + 1, end, &last);
    if (problem)
        return refuse(page, first, "%s", problem);
    if (!flush(page))
        return false;
    const char *c = first + 1 + strspn(first + 1, " \t");
    page->code_last = *c == '#' ? ';' : last;
    page->code = first;
    add_place(page, page->line);
    g_string_append_len(page->out, page->at, first - page->at);
    g_string_append_printf(page->out, " %.*s\n", (int)(end - first - 1), first + 1);
    page->at = end + (end < page->end);
    page->line++;
    return true;
}

/* A page is lines; indentation and empty lines between tags are not sent. */
static bool read_line(Page *page) {
    const char *first = page->at + strspn(page->at, " \t");
    if (*first == '%' && first[1] != '%')
        return read_code(page, first);
    bool is_verbatim = page->pre_depth > 0 || g_strcmp0(page->text_only, "textarea") == 0;
    return read_html(page, is_verbatim && *first != '%' ? page->at : first, is_verbatim);
}

/* UTF-8 without control characters. */
static bool expect_text(const Page *page) {
    const char *bad;
    if (!g_utf8_validate_len(page->text, (gsize)(page->end - page->text), &bad))
        return refuse(page, bad, "a page is UTF-8");
    for (const char *at = page->text; at < page->end; at++)
        if (g_ascii_iscntrl(*at) && *at != '\t' && *at != '\n')
            return refuse(page, at, "no control characters, and newlines without a carriage return");
    return true;
}

static bool read_page(Page *page) {
    if (!expect_text(page))
        return false;
    g_string_append(page->out, "#include \"html/html.h\"\n");
    while (page->at < page->end)
        if (!read_line(page))
            return false;
    if (page->text_only)
        return refuse(page, page->end, "<%s> is not closed", page->text_only);
    return flush(page);
}

bool page_compile(const char *text, size_t size, const char *file_name, GString *out, GError **error) {
    g_autofree char *copy_of_text = g_strndup(text, size); /* with a 0 behind it */
    g_autoptr(GString) html = g_string_new(NULL);
    Page page = {
        .text = copy_of_text,
        .end = copy_of_text + size,
        .file = file_name,
        .error = error,
        .at = copy_of_text,
        .line = 1,
        .code_last = ';',
        .out = out,
        .html = html,
    };
    return read_page(&page);
}
