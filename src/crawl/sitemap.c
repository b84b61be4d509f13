#include "crawl/sitemap.h"

#include "crawl/address.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

/* That of sitemaps.org, as is SITEMAP_MAX_BYTES. */
enum { MAX_LOCATIONS = 50 * 1000 };
/* Sitemaps are three deep, their extensions five; for each that is open, memory is needed. */
enum { MAX_DEPTH = 100 };
/* More than a kind site names, and no more than we would ask for. */
enum { MAX_SITEMAPS_IN_ROBOTS = 100 };
enum { UNPACKED_AT_ONCE = 64 * 1024 };

#define UTF8_MARK "\xef\xbb\xbf"

void sitemap_free(Sitemap *sitemap) {
    if (!sitemap)
        return;
    g_ptr_array_unref(sitemap->pages);
    g_ptr_array_unref(sitemap->sitemaps);
    g_free(sitemap);
}

/* Gzip. */

static bool is_packed(GBytes *file) {
    gsize size;
    const char *bytes = g_bytes_get_data(file, &size);
    return size > 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

static GBytes *end_unpacking(z_stream *stream, GByteArray *unpacked, int code, GError **error) {
    inflateEnd(stream);
    if (code == Z_STREAM_END && unpacked->len <= SITEMAP_MAX_BYTES)
        return g_byte_array_free_to_bytes(unpacked);
    if (unpacked->len > SITEMAP_MAX_BYTES)
        error_set(error, ERROR_INVALID, "it has more than %d MB", SITEMAP_MAX_BYTES / 1024 / 1024);
    else
        error_set(error, ERROR_INVALID, "it is packed by gzip, but broken");
    g_byte_array_unref(unpacked);
    return NULL;
}

static GBytes *unpack(GBytes *file, GError **error) {
    enum { GZIP = 16 };
    gsize size;
    const void *packed = g_bytes_get_data(file, &size);
    GByteArray *unpacked = g_byte_array_new();
    z_stream stream = {.next_in = (Bytef *)packed, .avail_in = (uInt)size};
    g_assert(inflateInit2(&stream, GZIP + MAX_WBITS) == Z_OK);
    int code = Z_OK;
    while (code == Z_OK && unpacked->len <= SITEMAP_MAX_BYTES) {
        guint8 bytes[UNPACKED_AT_ONCE];
        stream.next_out = bytes;
        stream.avail_out = sizeof bytes;
        code = inflate(&stream, Z_NO_FLUSH);
        g_byte_array_append(unpacked, bytes, (guint)(sizeof bytes - stream.avail_out));
    }
    return end_unpacking(&stream, unpacked, code, error);
}

/* XML. */

/* A sitemap that is read. */
typedef struct {
    Sitemap *sitemap;
    int depth;
    GPtrArray *list;   /* the one to which the <loc> belongs that is open, or NULL */
    GString *location; /* what was in it so far */
} Reading;

/* The list to which the locations in an element belong, or NULL. */
static GPtrArray *list_of(const Sitemap *sitemap, const char *element) {
    if (strcmp(element, "url") == 0)
        return sitemap->pages;
    return strcmp(element, "sitemap") == 0 ? sitemap->sitemaps : NULL;
}

static void enter(GMarkupParseContext *context, const char *element, const char **names, const char **values,
                  void *data, GError **error) {
    Reading *reading = data;
    const GSList *stack = g_markup_parse_context_get_element_stack(context);
    g_autofree char *shown = reading->depth == 0 ? address_shown(element) : NULL;
    reading->depth++;
    if (reading->depth == 1 && strcmp(element, "urlset") != 0 && strcmp(element, "sitemapindex") != 0)
        error_set(error, ERROR_INVALID, "it is no sitemap: it begins with <%s>", shown);
    else if (reading->depth > MAX_DEPTH)
        error_set(error, ERROR_INVALID, "it is no sitemap: elements are %d deep", MAX_DEPTH);
    else if (stack->next && strcmp(element, "loc") == 0)
        reading->list = list_of(reading->sitemap, stack->next->data);
    else
        reading->list = NULL;
    g_string_truncate(reading->location, 0);
}

static void leave(GMarkupParseContext *context, const char *element, void *data, GError **error) {
    Reading *reading = data;
    GPtrArray *list = g_steal_pointer(&reading->list);
    reading->depth--;
    if (!list)
        return;
    if (list->len >= MAX_LOCATIONS)
        error_set(error, ERROR_INVALID, "it has more than %d addresses", MAX_LOCATIONS);
    else
        g_ptr_array_add(list, g_strstrip(g_strdup(reading->location->str)));
}

static void take_text(GMarkupParseContext *context, const char *text, gsize size, void *data, GError **error) {
    Reading *reading = data;
    if (reading->list)
        g_string_append_len(reading->location, text, (gssize)size);
}

static bool read_xml(Reading *reading, const char *text, size_t size, GError **error) {
    static const GMarkupParser parser = {.start_element = enter, .end_element = leave, .text = take_text};
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, reading, NULL);
    g_autoptr(GError) why = NULL;
    if (g_markup_parse_context_parse(context, text, (gssize)size, &why) &&
        g_markup_parse_context_end_parse(context, &why))
        return true;
    if (why->domain == DPXDT_ERROR)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        error_set(error, ERROR_INVALID, "it is no XML: %s", why->message);
    return false;
}

Sitemap *sitemap_parse(GBytes *file, GError **error) {
    g_autoptr(GBytes) xml = is_packed(file) ? unpack(file, error) : g_bytes_ref(file);
    if (!xml)
        return NULL;
    g_autoptr(Sitemap) sitemap = g_new0(Sitemap, 1);
    sitemap->pages = g_ptr_array_new_with_free_func(g_free);
    sitemap->sitemaps = g_ptr_array_new_with_free_func(g_free);
    gsize size;
    const char *data = g_bytes_get_data(xml, &size), *text = data ? data : "";
    size_t mark = size >= 3 && memcmp(text, UTF8_MARK, 3) == 0 ? 3 : 0; /* which GLib minds */
    g_autoptr(GString) location = g_string_new(NULL);
    Reading reading = {.sitemap = sitemap, .location = location};
    return read_xml(&reading, text + mark, size - mark, error) ? g_steal_pointer(&sitemap) : NULL;
}

/* robots.txt. */

GPtrArray *sitemaps_in_robots(GBytes *robots) {
    gsize size;
    const char *bytes = g_bytes_get_data(robots, &size);
    g_autofree char *text = g_utf8_make_valid(bytes ? bytes : "", (gssize)size);
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
    GPtrArray *sitemaps = g_ptr_array_new_with_free_func(g_free);
    for (char **line = lines; *line && sitemaps->len < MAX_SITEMAPS_IN_ROBOTS; line++) {
        const char *value = g_strstrip(*line);
        if (g_ascii_strncasecmp(value, "sitemap:", strlen("sitemap:")) != 0)
            continue;
        value += strlen("sitemap:");
        value += strspn(value, " \t");
        g_ptr_array_add(sitemaps, g_strndup(value, strcspn(value, " \t")));
    }
    return sitemaps;
}
