/* libxml2's parser in its push mode, which calls us with each element. Where it differs from browsers in what counts as a
 * link, we put that right: elements that hold only text, the end of the document (hide_ends()), scripts that come in two
 * pieces (chunk_of()). A tag that the document ends in, which browsers leave out, and <a/href=x>, which they take, are left
 * as they are. Documents that are made to take hours are given up (parse()). */
#include "crawl/links.h"

#include "base/clock.h"
#include "base/library.h"
#include "crawl/address.h"
#include "crawl/charset.h"

#include <libxml/HTMLparser.h>
#include <string.h>

/* A page with more is no page; each link is up to 2 KB. */
enum { MAX_LINKS = 10 * 1000 };
/* libxml2 compares each end tag with all elements that are open, and each attribute with those before it in its tag: what is
 * made for it keeps it busy for hours. A document of 8 MB takes half a second. */
enum { MAX_PARSE_MS = 3000, MAX_ATTRIBUTES = 10 * 1000 };
/* Between two of these we can break off. "</script" is shorter than the second. */
enum { CHUNK_BYTES = 4096, CUT_BYTES = 16 };

/* What we call of libxml2; as in its own manual. It brings ICU, of 30 MB. */
#define FUNCTIONS(F)  \
    F(xmlInitParser)  \
    F(xmlStopParser)  \
    F(htmlParseChunk) \
    F(htmlCtxtUseOptions) F(htmlCreatePushParserCtxt) F(htmlFreeParserCtxt)

static struct { FUNCTIONS(LIBRARY_POINTER) } xml;
static LIBRARY(xml, FUNCTIONS, "libxml2.so.2", "libxml2");
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void parser_free(htmlParserCtxt *parser) {
    xml.htmlFreeParserCtxt(parser);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(htmlParserCtxt, parser_free)

static const struct {
    const char *element, *attribute;
} places[] = {{"a", "href"}, {"area", "href"}, {"frame", "src"}, {"iframe", "src"}};

/* In these what looks like an element is text, but not to libxml2. */
static const char *const text_elements[] = {"iframe", "textarea", "title"};

/* A document that is read. */
typedef struct {
    htmlParserCtxt *parser;
    char *base;            /* href of the first base that has one */
    GPtrArray *references; /* of char *, as they are written */
    const char *inside;    /* the one of text_elements that is open, or NULL */
    bool is_full;
} Reading;

static const char *attribute_of(const char *const *attributes, const char *name) {
    for (; attributes && *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1]; /* NULL if it has no value */
    return NULL;
}

/* "5; url='next.html'" */
static char *refresh_target(const char *content) {
    const char *at = content + strcspn(content, ";,");
    at += strspn(at, ";, \t\r\n");
    if (g_ascii_strncasecmp(at, "url", 3) != 0)
        return NULL;
    at += 3;
    at += strspn(at, " \t\r\n");
    if (*at++ != '=')
        return NULL;
    at += strspn(at, " \t\r\n");
    const char quote[] = {*at == '"' || *at == '\'' ? *at++ : '\0', '\0'};
    return g_strndup(at, *quote ? strcspn(at, quote) : strlen(at));
}

static void take(Reading *reading, char *reference) {
    if (reading->references->len >= MAX_LINKS) {
        reading->is_full = true;
        g_free(reference);
        xml.xmlStopParser(reading->parser);
        return;
    }
    g_ptr_array_add(reading->references, reference);
}

static void take_meta(Reading *reading, const char *const *attributes) {
    const char *kind = attribute_of(attributes, "http-equiv"), *content = attribute_of(attributes, "content");
    char *target = kind && content && g_ascii_strcasecmp(kind, "refresh") == 0 ? refresh_target(content) : NULL;
    if (target)
        take(reading, target);
}

static void enter(void *data, const xmlChar *element, const xmlChar **xml_attributes) {
    Reading *reading = data;
    const char *name = (const char *)element;
    const char *const *attributes = (const char *const *)xml_attributes;
    if (reading->inside || reading->is_full)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        const char *value = strcmp(places[i].element, name) == 0 ? attribute_of(attributes, places[i].attribute) : NULL;
        if (value)
            take(reading, g_strdup(value));
    }
    if (strcmp(name, "base") == 0 && !reading->base)
        reading->base = g_strdup(attribute_of(attributes, "href"));
    else if (strcmp(name, "meta") == 0)
        take_meta(reading, attributes);
    for (size_t i = 0; i < G_N_ELEMENTS(text_elements); i++)
        if (strcmp(text_elements[i], name) == 0)
            reading->inside = text_elements[i];
}

static void leave(void *data, const xmlChar *element) {
    Reading *reading = data;
    if (reading->inside && strcmp(reading->inside, (const char *)element) == 0)
        reading->inside = NULL;
}

/* Whether the tag that has begun, and whose end has not come, has so many attributes that it must not be parsed. */
static bool has_too_many_attributes(const htmlParserCtxt *parser) {
    size_t n = 0;
    char quote = 0;
    if (parser->instate != XML_PARSER_START_TAG)
        return false;
    for (const xmlChar *at = parser->input->cur; at < parser->input->end; at++) {
        char c = (char)*at;
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        n += !quote && strchr(" \t\r\n/\"'", c) != NULL;
    }
    return n > MAX_ATTRIBUTES;
}

/* To libxml2 the document is over with </body> and </html>, and with any end tag where nothing is open; to browsers it is
 * not. So it is begun with BEGINNING, and these become ends of elements that nobody has. */
#define BEGINNING "<html><body>"

static void hide_ends(char *text) {
    for (char *at = text; (at = strchr(at, '<')); at++)
        if (g_ascii_strncasecmp(at, "</html", 6) == 0 || g_ascii_strncasecmp(at, "</body", 6) == 0)
            at[2] = '-';
}

/* How much of a text to hand on at once. Not half of "</script": libxml2 2.9.14 would take the rest of the document for a
 * part of the script (where_a_document_is_cut_does_not_matter() tests it). */
static size_t chunk_of(const char *text, size_t size) {
    if (size <= CHUNK_BYTES)
        return size;
    for (size_t n = CHUNK_BYTES - 1; n >= CHUNK_BYTES - CUT_BYTES; n--)
        if (text[n] == '<')
            return n;
    return CHUNK_BYTES;
}

/* Hands the document on. False if it was given up on the way. */
static bool parse(Reading *reading, const char *text) {
    int64_t deadline_ms = clock_now_ms() + MAX_PARSE_MS;
    for (size_t left = strlen(text); left > 0;) {
        if (reading->is_full || clock_left_ms(deadline_ms) == 0 || has_too_many_attributes(reading->parser))
            return false;
        size_t n = chunk_of(text, left);
        xml.htmlParseChunk(reading->parser, text, (int)n, false);
        text += n;
        left -= n;
    }
    if (!has_too_many_attributes(reading->parser))
        xml.htmlParseChunk(reading->parser, "", 0, true);
    return !reading->is_full;
}

/* Parser without a tree: the tree of libxml2 ends, without a word, 256 elements deep. */
static htmlParserCtxt *new_parser(Reading *reading) {
    htmlSAXHandler handler = {.startElement = enter, .endElement = leave};
    htmlParserCtxt *parser = xml.htmlCreatePushParserCtxt(&handler, reading, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    g_assert(parser);
    xml.htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                       HTML_PARSE_IGNORE_ENC | (int)XML_PARSE_HUGE);
    xml.htmlParseChunk(parser, BEGINNING, (int)strlen(BEGINNING), false);
    return parser;
}

static GPtrArray *resolve(GUri *address, const Reading *reading) {
    GPtrArray *links = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *base_text = reading->base ? address_resolve(address, reading->base) : NULL;
    g_autoptr(GUri) other = base_text ? address_parse(base_text, NULL) : NULL;
    GUri *base = other ? other : address;
    for (guint i = 0; i < reading->references->len; i++) {
        char *link = address_resolve(base, reading->references->pdata[i]);
        if (!link || g_hash_table_contains(seen, link)) {
            g_free(link);
            continue;
        }
        g_hash_table_add(seen, link);
        g_ptr_array_add(links, link);
    }
    return links;
}

static void init(void) {
    xml.xmlInitParser();
}

GPtrArray *links_find(GUri *address, GBytes *document, const char *content_type, bool *out_all, GError **error) {
    if (!library_load(&xml_library, error))
        return NULL;
    pthread_once(&once, init);
    g_autofree char *text = charset_to_utf8(document, content_type);
    hide_ends(text);
    g_autoptr(GPtrArray) references = g_ptr_array_new_with_free_func(g_free);
    Reading reading = {.references = references};
    g_autoptr(htmlParserCtxt) parser = reading.parser = new_parser(&reading);
    *out_all = parse(&reading, text);
    g_autofree char *base = reading.base;
    return resolve(address, &reading);
}
