/* A progress bar on a terminal: "[=====>   ] 12 of 30". Any thread. */
#pragma once

#include <glib.h>

/* Columns of a terminal, which is open under this descriptor; 80 if it does not tell. */
int bar_terminal_width(int terminal);

/* Adds a bar, of a quarter of the width. */
void bar_add(GString *out, int done, int all, int width);

/* Columns that a text takes; it must be clean (words.h). */
int bar_width_of(const char *text);

/* The text, or as much of it as fits into so many columns with ".." behind it. The caller frees it. */
char *bar_cut(const char *text, int columns);
