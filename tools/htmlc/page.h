/* A page in HTML with values -> C that writes it by src/html/html.h. CONTRIBUTING.md has the language. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>

/* Appends to out the C for a page, whose name is for error messages, here and of the C compiler. Fails with ERROR_INVALID
 * and "file:line:column: what is wrong", with something in out. Any thread. */
bool page_compile(const char *text, size_t size, const char *file_name, GString *out, GError **error) MUST_CHECK;
