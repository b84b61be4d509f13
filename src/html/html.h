/* A page that is being written. Pages are HTML files which tools/htmlc compiles to calls of these functions (CONTRIBUTING.md
 * has the language): it looks where in the page a value stands, and chooses the one that escapes for that place.
 *
 *     g_autoptr(Html) page = html_new();
 *     release_page(page, release);     from release.html
 *     return html_end(g_steal_pointer(&page));
 *
 * Nothing here gives back escaped text, so nothing can be escaped twice; and html_raw() takes only a literal. "WHATWG" is
 * the HTML Living Standard, https://html.spec.whatwg.org/. An Html belongs to one thread at a time. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct Html Html;

Html *html_new(void);
void html_free(Html *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Html, html_free)

/* Takes html, and returns all that was written to it. */
GBytes *html_end(Html *html);

/* Writes a string literal as it is: the page's own HTML. For compiled pages only; what is no literal does not compile. */
#define html_raw(html, literal) html_literal(html, "" literal, sizeof("" literal) - 1)
/* What html_raw() calls, and nobody else. */
void html_literal(Html *html, const char *text, size_t size);

/* Writes a value between tags, in <title> or <textarea>: & < > become references (WHATWG, "Data state" and "RCDATA state";
 * "Escaping a string"). Control characters other than tab and newline, and what is no UTF-8, become U+FFFD, so that they
 * are seen: names come from strangers. A CR before a newline is left out, as browsers do.
 * A value is a string or a whole number; bool, char and double do not compile. NULL writes nothing. */
#define html_text(html, value) HTML_STRING_OR_NUMBER(value, html_text_string)(html, value)
void html_text_string(Html *html, const char *text);

/* Writes a value between the quotes of an attribute: as html_text(), and both kinds of quotes become references
 * ("Attribute value (double-quoted) state", and single-quoted). */
#define html_attr(html, value) HTML_STRING_OR_NUMBER(value, html_attr_string)(html, value)
void html_attr_string(Html *html, const char *text);

/* Writes the beginning of an attribute that is a URL, or all of it ("Links", "Following hyperlinks"): only http://,
 * https://, mailto: or relative to the page. Anything else becomes #refused, and so do //host, a blank or control
 * character at the beginning, and a backslash, tab, newline or other control character anywhere, since browsers skip or
 * replace these before they look for a scheme (URL Standard, "URL parsing"). What is no ASCII, and what may not stand in a
 * URL, is percent-encoded; % stays as it is. NULL writes nothing. */
void html_url(Html *html, const char *url);

/* Writes a part of a URL's query or fragment: all bytes but the unreserved ones (RFC 3986, 2.3) are percent-encoded, so it
 * ends no part, and is decoded to the same bytes. A value as in html_text(). */
#define html_url_part(html, value) HTML_STRING_OR_NUMBER(value, html_url_part_string)(html, value)
void html_url_part_string(Html *html, const char *text);

/* Writes a part of a URL's path: the same, but "." and "..", which would lead to another folder however they are encoded
 * (URL Standard, "double-dot URL path segment"), become U+FFFD. */
#define html_url_segment(html, value) HTML_STRING_OR_NUMBER(value, html_url_segment_string)(html, value)
void html_url_segment_string(Html *html, const char *text);

/* Writes a boolean attribute into a tag ("Boolean attributes"): checked, disabled, hidden and the like. NULL and "" write
 * nothing. Any other name is our own mistake: it is logged as a critical, and not written. */
void html_flag(Html *html, const char *name);

/* What the macros above choose for whole numbers: digits need no escaping anywhere. */
void html_number(Html *html, int64_t number);
void html_unsigned(Html *html, uint64_t number);

/* The function for a value of this type. */
#define HTML_STRING_OR_NUMBER(value, string) \
    _Generic((value),                        \
        char *: string,                      \
        const char *: string,                \
        short: html_number,                  \
        unsigned short: html_number,         \
        int: html_number,                    \
        unsigned: html_number,               \
        long: html_number,                   \
        long long: html_number,              \
        unsigned long: html_unsigned,        \
        unsigned long long: html_unsigned)
