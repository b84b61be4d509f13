/* What a parser of HTML, libxml2's, makes of a page whose values may be anybody's. */
#pragma once

#include <glib.h>

/* The names of all elements and attributes, in order. Ends the program if an attribute leads elsewhere than to http, https,
 * mailto or a relative URL, as browsers read it, or to `stranger` as a host, which may be NULL. */
char *structure_of(GBytes *html, const char *stranger);

/* The text of the first element of this name, or NULL. */
char *structure_text(GBytes *html, const char *element);
