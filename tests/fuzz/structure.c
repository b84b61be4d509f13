#include "fuzz/structure.h"

#include <libxml/HTMLparser.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef xmlDoc Document;

static void document_free(Document *document) {
    xmlFreeDoc(document);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

static Document *parse(GBytes *html) {
    size_t size;
    const char *text = g_bytes_get_data(html, &size);
    return htmlReadMemory(text, (int)size, NULL, "UTF-8",
                          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
}

/* A URL as browsers see it: without blanks around it, tabs and newlines, and with slashes for backslashes. */
static char *seen_by_browsers(const char *url) {
    g_autoptr(GString) seen = g_string_new(NULL);
    while (*url && (guchar)*url <= ' ')
        url++;
    for (; *url; url++)
        if (!strchr("\t\n\r", *url))
            g_string_append_c(seen, *url == '\\' ? '/' : g_ascii_tolower(*url));
    return g_strdup(seen->str);
}

/* Not by g_error(), whose signal libFuzzer does not know. */
static G_NORETURN void fail(const char *url) {
    g_printerr("a page leads to %s\n", url);
    abort();
}

static void expect_web(const char *value, const char *stranger) {
    g_autofree char *url = seen_by_browsers(value);
    bool is_web = g_str_has_prefix(url, "http:") || g_str_has_prefix(url, "https:");
    const char *colon = url[strcspn(url, ":/?#")] == ':' ? strchr(url, ':') : NULL;
    if (colon && !is_web && !g_str_has_prefix(url, "mailto:"))
        fail(value);
    if (!stranger || !(is_web || g_str_has_prefix(url, "//")))
        return;
    const char *host = is_web ? colon + 1 : url;
    host += strspn(host, "/");
    g_autofree char *authority = g_strndup(host, strcspn(host, "/?#"));
    if (strstr(authority, stranger))
        fail(value);
}

static void add_attribute(GString *structure, xmlAttr *attribute, const char *stranger) {
    static const char *const urls[] = {"href", "src", "action", "formaction", "poster", "cite", NULL};
    const char *name = (const char *)attribute->name;
    g_string_append_printf(structure, " %s", name);
    if (!g_strv_contains(urls, name))
        return;
    xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
    if (value)
        expect_web((const char *)value, stranger);
    xmlFree(value);
}

/* The element behind this one, in document order. */
static xmlNode *next_node(xmlNode *node) {
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node && !node->next)
        node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
    return node ? node->next : NULL;
}

static xmlNode *first_node(Document *document) {
    return document ? document->children : NULL;
}

static int depth_of(const xmlNode *node) {
    int depth = 0;
    for (; node->parent; node = node->parent)
        depth++;
    return depth;
}

char *structure_of(GBytes *html, const char *stranger) {
    g_autoptr(Document) document = parse(html);
    g_autoptr(GString) structure = g_string_new(NULL);
    for (xmlNode *node = first_node(document); node; node = next_node(node)) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_string_append_printf(structure, "%d <%s", depth_of(node), (const char *)node->name);
        for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
            add_attribute(structure, attribute, stranger);
        g_string_append(structure, ">\n");
    }
    return g_strdup(structure->str);
}

char *structure_text(GBytes *html, const char *element) {
    g_autoptr(Document) document = parse(html);
    for (xmlNode *node = first_node(document); node; node = next_node(node)) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, element) != 0)
            continue;
        xmlChar *content = xmlNodeGetContent(node);
        char *text = g_strdup((const char *)content);
        xmlFree(content);
        return text;
    }
    return NULL;
}
