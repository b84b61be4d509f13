/* libxml2's parser in its push mode, which calls us with each element. Where it differs from browsers in what counts as
 * a link, we put that right: elements that hold only text, the end of the document (hide_ends()), scripts and tags that
 * come in two pieces (chunk_of(), parse_chunk()). A tag that the document ends in, which browsers leave out, and
 * <a/href=x>, which they take, are left as they are. Documents that are made to take hours are given up (parse()). */
#include "crawl/links.h"

#include "base/clock.h"
#include "base/library.h"
#include "crawl/address.h"
#include "crawl/charset.h"

#include <libxml/HTMLparser.h>
#include <string.h>

/* Of a page, each of up to 2 KB. */
enum { MAX_LINKS = 10 * 1000 };
/* libxml2 compares each end tag with all elements that are open, and each attribute with those before it in its tag:
 * what is made for it keeps it busy for hours. Real documents of 8 MB take 0.2 s. */
enum { MAX_PARSE_MS = 3000, MAX_ATTRIBUTES = 10 * 1000 };
/* Between two chunks we can break off. They grow with a tag that does not end, which is looked through at each. */
enum { CHUNK_BYTES = 4 * 1024, MAX_CHUNK_BYTES = 64 * 1024 };
/* "</script" is shorter. */
enum { CUT_BYTES = 16 };

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
    GPtrArray *references; /* of char *, as they are written, but without fragments, and each once */
    GHashTable *known;     /* the same */
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

/* The page that links ten thousand times to its own parts exists. */
static void take(Reading *reading, const char *value) {
    g_autofree char *reference = g_strndup(value, strcspn(value, "#"));
    if (g_hash_table_contains(reading->known, reference))
        return;
    if (reading->references->len >= MAX_LINKS) {
        reading->is_full = true;
        xml.xmlStopParser(reading->parser);
        return;
    }
    g_hash_table_add(reading->known, reference);
    g_ptr_array_add(reading->references, g_steal_pointer(&reference));
}

static void take_meta(Reading *reading, const char *const *attributes) {
    const char *kind = attribute_of(attributes, "http-equiv"), *content = attribute_of(attributes, "content");
    g_autofree char *target =
        kind && content && g_ascii_strcasecmp(kind, "refresh") == 0 ? refresh_target(content) : NULL;
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
            take(reading, value);
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

/* How much there is of a start tag whose end has not come. */
static size_t size_of_open_tag(const htmlParserCtxt *parser) {
    return parser->instate == XML_PARSER_START_TAG ? (size_t)(parser->input->end - parser->input->cur) : 0;
}

/* Whether it has so many attributes that it must not be parsed. */
static bool has_too_many_attributes(const htmlParserCtxt *parser) {
    size_t n = 0, size = size_of_open_tag(parser);
    char quote = 0;
    for (size_t i = 0; i < size; i++) {
        char c = (char)parser->input->cur[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        n += !quote && strchr(" \t\r\n/\"'", c) != NULL;
    }
    return n > MAX_ATTRIBUTES;
}

/* To libxml2 the document is over with </body> and </html>, and with any end tag where nothing is open; to browsers it
 * is not. So it is begun with BEGINNING, and these become ends of elements that nobody has. */
#define BEGINNING "<html><body>"

static void hide_ends(char *text) {
    for (char *at = text; (at = strchr(at, '<')); at++)
        if (g_ascii_strncasecmp(at, "</html", 6) == 0 || g_ascii_strncasecmp(at, "</body", 6) == 0)
            at[2] = '-';
}

/* How much of the text is still of the script or style sheet that is open; 0 if none is. */
static size_t size_of_script(const htmlParserCtxt *parser, const char *text) {
    const char *name = (const char *)parser->name;
    if (!name || (strcmp(name, "script") != 0 && strcmp(name, "style") != 0))
        return 0;
    g_autofree char *end_tag = g_strconcat("</", name, NULL);
    const char *end = strcasestr(text, end_tag);
    return end ? (size_t)(end - text) : strlen(text);
}

/* How much of a text to hand on at once. What libxml2 2.9.14 would take for the end of a script, or not: all that is
 * left of one, and not half of "</script" (where_a_document_is_cut_does_not_matter() tests it). */
static size_t chunk_of(const htmlParserCtxt *parser, const char *text, size_t size) {
    size_t script = size_of_script(parser, text);
    size_t wanted = CLAMP(size_of_open_tag(parser), (size_t)CHUNK_BYTES, (size_t)MAX_CHUNK_BYTES);
    if (script > 0 || size <= wanted)
        return script > 0 ? script : size;
    for (size_t n = wanted - 1; n >= wanted - CUT_BYTES; n--)
        if (text[n] == '<')
            return n;
    return wanted;
}

static void parse_chunk(htmlParserCtxt *parser, const char *text, size_t size, bool is_last) {
    /* libxml2 2.9.14 forgets between two chunks that it is within quotes, and then finds no end of the tag. So it is to
     * look from the beginning of the tag again. */
    if (size_of_open_tag(parser) > 0)
        parser->checkIndex = 0;
    xml.htmlParseChunk(parser, text, (int)size, is_last);
}

/* Hands the document on. False if it was given up on the way. */
static bool parse(Reading *reading, const char *text) {
    int64_t deadline_ms = clock_now_ms() + MAX_PARSE_MS;
    for (size_t left = strlen(text); left > 0;) {
        if (reading->is_full || clock_left_ms(deadline_ms) == 0 || has_too_many_attributes(reading->parser))
            return false;
        size_t n = chunk_of(reading->parser, text, left);
        parse_chunk(reading->parser, text, n, false);
        text += n;
        left -= n;
    }
    if (!has_too_many_attributes(reading->parser))
        parse_chunk(reading->parser, "", 0, true);
    return !reading->is_full;
}

/* Parser without a tree: the tree of libxml2 ends, without a word, 256 elements deep. */
static htmlParserCtxt *new_parser(Reading *reading) {
    htmlSAXHandler handler = {.startElement = enter, .endElement = leave};
    htmlParserCtxt *parser = xml.htmlCreatePushParserCtxt(&handler, reading, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    g_assert(parser);
    xml.htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                       HTML_PARSE_IGNORE_ENC | (int)XML_PARSE_HUGE);
    parse_chunk(parser, BEGINNING, strlen(BEGINNING), false);
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
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    Reading reading = {.references = references, .known = known};
    g_autoptr(htmlParserCtxt) parser = reading.parser = new_parser(&reading);
    *out_all = parse(&reading, text);
    g_autofree char *base = reading.base;
    return resolve(address, &reading);
}
