/* A page which htmlc compiles, with a value in every place in which one may stand. */
#pragma once

#include "html/html.h"

/* Writes the page, with a text and a number as the values, and with a boolean attribute. */
void places_page(Html *out, const char *value, int number, const char *flag);
