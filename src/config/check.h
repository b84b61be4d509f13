/* What a text must be before it goes to the browser, in a header or as an address. Each check returns NULL if the text
 * is fine, or else, as a constant, what it must be: to stand behind "... must ". Any thread. */
#pragma once

/* At least one character. */
const char *check_not_empty(const char *text);

/* An http or https URL with a host. */
const char *check_url(const char *text);

/* A token as RFC 9110 has it: the name of a header or a cookie. */
const char *check_token(const char *text);

/* The value of a header: no line break, nor any other control character but the tab. */
const char *check_header_value(const char *text);

/* The value, path or domain of a cookie: as for a header, and no semicolon. */
const char *check_cookie_value(const char *text);
