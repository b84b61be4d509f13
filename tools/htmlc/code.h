/* As much of C as is needed to find where a piece of it ends. */
#pragma once

#include <stddef.h>

/* Where the }} is that ends the expression at `at`: not one within a string, or within braces. Returns NULL, with what is
 * wrong, if there is none before `end`, or parentheses do not match. */
const char *code_value_end(const char *at, const char *end, const char **out_problem);

/* Looks through a line of C. Returns NULL if it can stand alone, with its last character that is no blank and of no
 * comment in *out_last (left alone if there is none); or what is wrong. */
const char *code_line_problem(const char *at, const char *end, char *out_last);
