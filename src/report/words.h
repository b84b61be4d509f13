/* The words that the writers of reports share, so that a terminal, a CI job and a JUnit file say the same. All
 * functions: any thread; the caller frees what is returned. */
#pragma once

#include "report/report.h"

/* Text that a stranger chose, made fit to be shown: valid UTF-8 in which each control character, and each that
 * reorders the text around it, is U+FFFD. Lines stay lines where keep_lines, else their ends become spaces. */
char *words_clean(const char *text, bool keep_lines);

/* "1,234,567". */
char *words_number(uint64_t number);

/* "0.8 s", "2 min 5 s". */
char *words_duration(int64_t duration_ms);

/* findings_summary() of it: "64 rows inserted at y=120; 1,234 pixels changed in 3 areas, the largest 320x40 at
 * (16,120)", or NULL if nothing changed. */
char *words_change(const Result *result);

/* The next areas behind the one that words_change() names, a few of them, a line each: "7x9 at (90,90): text removed,
 * 34 pixels". "" if there are none. */
char *words_other_areas(const Result *result);

/* Why the result is bad, for a person, on one line or more, none of them empty: "0.0385669 distortion, 1,234 pixels
 * changed in ...", or what went wrong. Clean. */
char *words_why(const Result *result);
