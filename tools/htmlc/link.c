#include "link.h"

#include <string.h>

static const char becomes_host[] = "if the value before is empty or /, this is a host: put /WORD/ before it";

void link_init(Link *link) {
    *link = (Link){.literal = g_string_new(NULL)};
}

void link_clear(Link *link) {
    g_string_free(link->literal, TRUE);
}

bool link_is_empty(const Link *link) {
    return link->literal->len == 0 && !link->has_value;
}

bool link_is_behind_path(const Link *link) {
    return strpbrk(link->literal->str, "?#") != NULL;
}

static bool is_allowed_scheme(const char *name) {
    /* cid: a picture of the same mail (RFC 2392), nothing anywhere else. */
    static const char *const schemes[] = {"http", "https", "mailto", "cid", NULL};
    return g_strv_contains(schemes, name);
}

const char *link_add(Link *link, const char *at) {
    const char *literal = link->literal->str;
    if (*at == ' ' || g_ascii_iscntrl(*at) || *at == '\\')
        return "no blanks, newlines or backslashes in a URL: browsers drop or replace them";
    if (*at == '&' && !g_str_has_prefix(at, "&amp;"))
        return "write & in a URL as &amp;, and no other reference";
    if (*at == ':' && !strpbrk(literal, ":/?#") && (link->has_value || !is_allowed_scheme(literal)))
        return "only relative URLs, http:, https:, mailto: and cid:";
    if (*at == '/' && link->has_value && strcmp(literal, "/") == 0)
        return becomes_host;
    g_string_append_c(link->literal, *at);
    return NULL;
}

/* Whether the host is complete, where there is one. */
static bool is_behind_host(const char *url) {
    bool has_scheme = g_str_has_prefix(url, "http:") || g_str_has_prefix(url, "https:");
    if (!has_scheme && !g_str_has_prefix(url, "//"))
        return true;
    const char *host = has_scheme ? strchr(url, ':') + 1 : url;
    host += strspn(host, "/");
    size_t size = strcspn(host, "/?#");
    return size > 0 && host[size] != '\0';
}

const char *link_add_value(Link *link) {
    g_autofree char *behind_slash = g_strconcat("/", link->literal->str, NULL);
    if (!is_behind_host(link->literal->str))
        return "no value within a host: let one value be the whole URL";
    if (link->begins_with_value && !is_behind_host(behind_slash))
        return becomes_host;
    link->begins_with_value = link->begins_with_value || link_is_empty(link);
    link->has_value = true;
    return NULL;
}
