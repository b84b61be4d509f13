#include "crawl/scope.h"

#include "crawl/address.h"

#include <string.h>

struct Scope {
    char *prefix;
    GPtrArray *ignored; /* of char *: beginnings of addresses */
};

/* What names of files end with that are no pages, so that nobody fetches a film to learn that it is one. */
static const char *const static_endings[] = {
    "7z",   "apk",  "avi",  "avif", "bmp",  "bz2",  "css", "csv",  "deb",  "dmg", "doc", "docx", "eot",
    "epub", "exe",  "flac", "gif",  "gz",   "ico",  "iso", "jar",  "jpeg", "jpg", "js",  "json", "m4a",
    "m4v",  "map",  "mjs",  "mov",  "mp3",  "mp4",  "msi", "odp",  "ods",  "odt", "ogg", "ogv",  "otf",
    "pdf",  "png",  "ppt",  "pptx", "rar",  "rpm",  "rss", "svg",  "tar",  "tgz", "tif", "tiff", "ttf",
    "txt",  "wasm", "wav",  "webm", "webp", "woff", "xls", "xlsx", "xml",  "xz",  "zip", "zst",  "woff2",
};

static bool add_ignored(Scope *scope, GUri *start, const char *prefix, GError **error) {
    char *address = address_resolve(start, prefix);
    if (!address) {
        g_autofree char *shown = address_shown(prefix);
        error_set(error, ERROR_INVALID, "%s cannot be ignored: it is neither a path, as /blog/, nor an address", shown);
        return false;
    }
    g_ptr_array_add(scope->ignored, address);
    return true;
}

Scope *scope_new(GUri *start, const char *const *ignore_prefixes, GError **error) {
    g_autoptr(Scope) scope = g_new0(Scope, 1);
    scope->prefix = address_resolve(start, ".");
    scope->ignored = g_ptr_array_new_with_free_func(g_free);
    for (; ignore_prefixes && *ignore_prefixes; ignore_prefixes++)
        if (**ignore_prefixes && !add_ignored(scope, start, *ignore_prefixes, error))
            return NULL;
    return g_steal_pointer(&scope);
}

void scope_free(Scope *scope) {
    if (!scope)
        return;
    g_free(scope->prefix);
    g_clear_pointer(&scope->ignored, g_ptr_array_unref);
    g_free(scope);
}

bool scope_has(const Scope *scope, const char *url) {
    return g_str_has_prefix(url, scope->prefix);
}

/* In lower case, without the point; NULL if the last segment of the path has none. */
static char *ending_of(const char *url) {
    g_autofree char *path = g_strndup(url, strcspn(url, "?"));
    const char *name = strrchr(path, '/'), *point = name ? strrchr(name, '.') : NULL;
    return point ? g_ascii_strdown(point + 1, -1) : NULL;
}

char *scope_refusal(const Scope *scope, const char *url) {
    for (guint i = 0; i < scope->ignored->len; i++)
        if (g_str_has_prefix(url, scope->ignored->pdata[i]))
            return g_strdup("begins with an ignored prefix");
    g_autofree char *ending = ending_of(url);
    for (size_t i = 0; ending && i < G_N_ELEMENTS(static_endings); i++)
        if (strcmp(ending, static_endings[i]) == 0)
            return g_strdup_printf("is a .%s file, no page", ending);
    return NULL;
}
