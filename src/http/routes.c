#include "http/routes.h"

#include <string.h>

/* Whether a path is one of a pattern; segments may be NULL. */
static bool fits(const char *pattern, const char *path, GHashTable *segments) {
    g_auto(GStrv) patterns = g_strsplit(pattern, "/", -1), parts = g_strsplit(path, "/", -1);
    if (g_strv_length(patterns) != g_strv_length(parts))
        return false;
    for (size_t i = 0; patterns[i]; i++)
        if (patterns[i][0] == '<' ? *parts[i] == '\0' : strcmp(patterns[i], parts[i]) != 0)
            return false;
    for (size_t i = 0; segments && patterns[i]; i++)
        if (patterns[i][0] == '<')
            g_hash_table_insert(segments, g_strndup(patterns[i] + 1, strlen(patterns[i]) - 2), g_strdup(parts[i]));
    return true;
}

static bool answers(const HttpRoute *route, const char *method) {
    return strcmp(route->method, method) == 0 || (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* In one part; what fits but for its method is added to allowed. */
static const HttpRoute *find_in(const HttpPart *part, const char *method, const char *path, GHashTable *segments,
                                GString *allowed) {
    for (const HttpRoute *route = part->routes; route < part->routes + part->n_routes; route++) {
        if (!fits(route->path, path, NULL))
            continue;
        if (answers(route, method)) {
            fits(route->path, path, segments);
            return route;
        }
        g_string_append_printf(allowed, "%s%s", allowed->len ? ", " : "", route->method);
    }
    return NULL;
}

const HttpRoute *routes_find(const HttpPart *parts, size_t n, const char *method, const char *path,
                             GHashTable *segments, void **out_data, char **out_allowed) {
    g_autoptr(GString) allowed = g_string_new(NULL);
    *out_allowed = NULL;
    for (const HttpPart *part = parts; part < parts + n; part++) {
        const HttpRoute *route = find_in(part, method, path, segments, allowed);
        *out_data = part->data;
        if (route)
            return route;
    }
    if (allowed->len)
        *out_allowed = g_strdup(allowed->str);
    return NULL;
}
