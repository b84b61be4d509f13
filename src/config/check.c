#include "config/check.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

const char *check_not_empty(const char *text) {
    return *text ? NULL : "have at least one character";
}

static bool has_control(const char *text, const char *but) {
    for (; *text; text++)
        if (g_ascii_iscntrl(*text) && !strchr(but, *text))
            return true;
    return false;
}

/* GUri is asked to be lenient, as browsers are: real files have spaces and lone % in their URLs. */
const char *check_url(const char *text) {
    if (has_control(text, ""))
        return "be a URL without line breaks and control characters";
    if (g_ascii_strncasecmp(text, "file:", 5) == 0)
        return "begin with http:// or https:// (file: would show what lies on this machine)";
    if (g_ascii_strncasecmp(text, "http://", 7) != 0 && g_ascii_strncasecmp(text, "https://", 8) != 0)
        return "begin with http:// or https://";
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    if (!uri || !g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return "be a URL with a host and a valid port, such as http://localhost:8000/page.html";
    return NULL;
}

const char *check_token(const char *text) {
    size_t n = strspn(text, "!#$%&'*+-.^_`|~0123456789"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return n > 0 && text[n] == '\0' ? NULL : "consist of letters, digits and !#$%&'*+-.^_`|~ only";
}

const char *check_header_value(const char *text) {
    return has_control(text, "\t") ? "have no line breaks or other control characters" : NULL;
}

const char *check_cookie_value(const char *text) {
    return has_control(text, "") || strchr(text, ';') ? "have no semicolons, line breaks or other control characters"
                                                      : NULL;
}
