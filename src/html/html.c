/* Values on their way into a page: spans of bytes which may stay as they are, found in one table, are copied at once. */
#include "html/html.h"

#include <stdbool.h>
#include <string.h>

struct Html {
    GString *text;
};

/* Where a byte may not stay as it is. */
enum { TEXT = 1, ATTR = 2, URL = 4, PART = 8 };

enum {
    U = 0,                        /* unreserved (RFC 3986, 2.3) */
    R = PART,                     /* reserved in URLs, and % */
    W = URL | PART,               /* blanks, and what has no place in a URL */
    Q = ATTR | URL | PART,        /* quotes */
    X = TEXT | ATTR | URL | PART, /* & < >, control characters and what is no ASCII */
};

// clang-format off
static const uint8_t stops[256] = {
    X, X, X, X, X, X, X, X, X, W, W, X, X, X, X, X, /* tab and newline; the 0 ends every span */
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    W, R, Q, R, R, R, X, Q, R, R, R, R, R, U, U, R, /*   ! " # $ % & ' ( ) * + , - . / */
    U, U, U, U, U, U, U, U, U, U, R, R, X, R, X, R, /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
    R, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* @ A B C D E F G H I J K L M N O */
    U, U, U, U, U, U, U, U, U, U, U, R, W, R, W, U, /* P Q R S T U V W X Y Z [ \ ] ^ _ */
    W, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* ` a b c d e f g h i j k l m n o */
    U, U, U, U, U, U, U, U, U, U, U, W, W, W, U, X, /* p q r s t u v w x y z { | } ~   */
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
// clang-format on

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Attributes that html_flag() writes: WHATWG's, without those of scripts, frames and what we do not use. */
static const char *const flags[] = {
    "autofocus", "checked", "controls", "default",  "disabled", "hidden",   "inert",      "loop", "multiple",
    "muted",     "open",    "readonly", "required", "reversed", "selected", "novalidate", NULL,
};

Html *html_new(void) {
    Html *html = g_new(Html, 1);
    html->text = g_string_sized_new(16 * 1024); /* most pages fit */
    return html;
}

void html_free(Html *html) {
    if (!html)
        return;
    g_string_free(html->text, TRUE);
    g_free(html);
}

GBytes *html_end(Html *html) {
    GBytes *bytes = g_string_free_to_bytes(html->text);
    g_free(html);
    return bytes;
}

void html_literal(Html *html, const char *text, size_t size) {
    g_string_append_len(html->text, text, (gssize)size);
}

/* The reference for a byte that may not stand for itself, or NULL. */
static const char *reference(char byte) {
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Writes the character of several bytes at `at`, or U+FFFD for one byte. Returns how many bytes these were. */
static size_t write_character(GString *out, const char *at) {
    gunichar character = g_utf8_get_char_validated(at, -1);
    bool is_valid = character != (gunichar)-1 && character != (gunichar)-2;
    size_t size = is_valid ? (size_t)(g_utf8_next_char(at) - at) : 1;
    if (!is_valid || g_unichar_iscntrl(character))
        g_string_append_len(out, replacement, sizeof replacement - 1);
    else
        g_string_append_len(out, at, (gssize)size);
    return size;
}

static size_t write_escaped(GString *out, const char *at) {
    const char *escaped = reference(*at);
    if (!escaped && !(at[0] == '\r' && at[1] == '\n'))
        return write_character(out, at);
    if (escaped)
        g_string_append(out, escaped);
    return 1;
}

static size_t write_encoded(GString *out, const char *at) {
    static const char digits[] = "0123456789ABCDEF";
    uint8_t byte = (uint8_t)*at;
    const char encoded[] = {'%', digits[byte >> 4], digits[byte & 15]};
    g_string_append_len(out, encoded, sizeof encoded);
    return 1;
}

/* Only the two that URLs may have are references: browsers encode the others, too. */
static size_t write_in_url(GString *out, const char *at) {
    return *at == '&' || *at == '\'' ? write_escaped(out, at) : write_encoded(out, at);
}

/* Copies what may stand in a place, and has the rest written. */
static void write_value(Html *html, const char *text, uint8_t place, size_t (*write_other)(GString *, const char *)) {
    for (const char *at = text; at && *at;) {
        const char *stop = at;
        while (!(stops[(uint8_t)*stop] & place))
            stop++;
        g_string_append_len(html->text, at, stop - at);
        at = *stop ? stop + write_other(html->text, stop) : stop;
    }
}

void html_text_string(Html *html, const char *text) {
    write_value(html, text, TEXT, write_escaped);
}

void html_attr_string(Html *html, const char *text) {
    write_value(html, text, TEXT | ATTR, write_escaped);
}

/* What browsers would skip or replace before they look where a URL leads. */
static bool is_plain(const char *url) {
    for (const char *at = url; *at; at++)
        if (g_ascii_iscntrl(*at) || *at == '\\')
            return false;
    return *url != ' ';
}

static bool is_allowed(const char *url) {
    static const char *const schemes[] = {"http://", "https://", "mailto:"};
    if (!is_plain(url) || g_str_has_prefix(url, "//"))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return url[strcspn(url, ":/?#")] != ':'; /* relative */
}

void html_url(Html *html, const char *url) {
    write_value(html, url && !is_allowed(url) ? "#refused" : url, URL, write_in_url);
}

void html_url_part_string(Html *html, const char *text) {
    write_value(html, text, PART, write_encoded);
}

void html_url_segment_string(Html *html, const char *text) {
    bool is_dots = g_strcmp0(text, ".") == 0 || g_strcmp0(text, "..") == 0;
    html_url_part_string(html, is_dots ? replacement : text);
}

void html_flag(Html *html, const char *name) {
    if (!name || !*name)
        return;
    if (!g_strv_contains(flags, name)) {
        g_critical("%s is not in the table of boolean attributes (src/html/html.c)", name);
        return;
    }
    g_string_append(html->text, name);
}

void html_number(Html *html, int64_t number) {
    g_string_append_printf(html->text, "%" G_GINT64_FORMAT, number);
}

void html_unsigned(Html *html, uint64_t number) {
    g_string_append_printf(html->text, "%" G_GUINT64_FORMAT, number);
}
