/* What pages may contain: the tables of elements and attributes, all in lower case. */
#pragma once

#include <stdbool.h>

/* Whether a value of the program may stand in an attribute, and how it is escaped there. */
typedef enum {
    VALUE_NEVER,
    VALUE_PLAIN,      /* html_attr() */
    VALUE_URL,        /* html_url() at the beginning, html_url_segment() or html_url_part() behind literal text */
    VALUE_BEHIND_URL, /* the last two only */
} ValueKind;

/* Why an element may not be in a page, or NULL if it may. */
const char *names_element_refusal(const char *element);

/* Why an attribute may not be in a page, even with a literal value, or NULL if it may. */
const char *names_attribute_refusal(const char *attribute);

ValueKind names_value_kind(const char *element, const char *attribute);

/* Whether an attribute holds a URL, on any element. */
bool names_is_url(const char *attribute);
