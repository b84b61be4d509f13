/* The body of a form, or the query of an address: "name=value&...". Any thread. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* Adds a field, escaped. What is NULL is left out. */
void form_add(GString *form, const char *name, const char *value);
void form_add_number(GString *form, const char *name, int64_t number);
