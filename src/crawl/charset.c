#include "crawl/charset.h"

#include <stdbool.h>
#include <string.h>

/* As far as browsers look for a <meta charset>. */
enum { SNIFFED_BYTES = 1024 };

#define UTF8_MARK "\xef\xbb\xbf"

/* What is behind "charset=" in a header or at the beginning of a document, or NULL. */
static char *named_in(const char *text, size_t size) {
    g_autofree char *start = g_strndup(text, MIN(size, (size_t)SNIFFED_BYTES));
    g_autofree char *lower = g_ascii_strdown(start, -1);
    const char *name = strstr(lower, "charset=");
    if (!name)
        return NULL;
    name += strlen("charset=");
    name += strspn(name, " \"'");
    /* No others: to iconv a '/' is more than a letter. */
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.:");
    return n > 0 ? g_strndup(name, n) : NULL;
}

/* A document in UTF-16 begins with a mark, or its server says it. */
static char *find(const char *bytes, size_t size, const char *content_type) {
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return g_strdup("utf-16");
    char *name = named_in(content_type, strlen(content_type));
    return name ? name : named_in(bytes, size);
}

char *charset_to_utf8(GBytes *document, const char *content_type) {
    gsize size;
    const char *data = g_bytes_get_data(document, &size), *bytes = data ? data : "";
    size_t mark = size >= 3 && memcmp(bytes, UTF8_MARK, 3) == 0 ? 3 : 0;
    g_autofree char *name = g_utf8_validate(bytes, (gssize)size, NULL) ? NULL : find(bytes, size, content_type);
    gsize n = 0;
    g_autofree char *converted = name ? g_convert(bytes, (gssize)size, "UTF-8", name, NULL, &n, NULL) : NULL;
    return converted ? g_utf8_make_valid(converted, (gssize)n) : g_utf8_make_valid(bytes + mark, (gssize)(size - mark));
}
