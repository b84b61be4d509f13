/* What strangers say, for messages and pages. Any thread. */
#pragma once

/* The beginning of a text, at most so many letters, on one line: without what cannot be printed, as line ends, escapes, and
 * marks that turn the direction of writing. "" for NULL. The caller frees it. */
char *told(const char *text, int most_letters);
