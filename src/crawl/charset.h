/* What encoding the bytes of an HTML document are in. */
#pragma once

#include <glib.h>

/* The text of a document as UTF-8 without zeros; the caller frees it. It is UTF-8 if it can be. If not, it is in what
 * the header Content-Type ("" if there is none) or its first kilobyte says; what is no text in that becomes U+FFFD. Any
 * thread. */
char *charset_to_utf8(GBytes *document, const char *content_type);
