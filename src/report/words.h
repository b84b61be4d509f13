/* The words that the writers of reports share, so that a terminal, a CI job and a JUnit file say the same. All
 * functions: any thread; the caller frees what is returned. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Text that a stranger chose, made fit to be shown: valid UTF-8 in which each control character, and each that
 * reorders the text around it, is U+FFFD. Lines stay lines where keep_lines, else their ends become spaces. */
char *words_clean(const char *text, bool keep_lines);

/* "1,234,567". */
char *words_number(uint64_t number);

/* "0.8 s", "2 min 5 s". */
char *words_duration(int64_t duration_ms);
