/* Scripts and style sheets without what only people read: comments, indentation, blanks around signs. Names stay, so what a browser
 * says of a line can be understood. */
#pragma once

#include <stddef.h>

typedef enum { SQUEEZE_JS, SQUEEZE_CSS } SqueezeKind;

/* Squeezes text of this size, in place, and returns the new size. It must be ours: complete, without // comments, and with a
 * semicolon behind each statement, no template within a template, and no empty statement. What stands in quotes, in `...` and in regular expressions stays as it is. */
size_t squeeze(char *text, size_t size, SqueezeKind kind);
