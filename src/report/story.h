/* What a Result says, in words that all writers of reports share. All functions: any thread; the caller frees what is
 * returned. */
#pragma once

#include "report/report.h"

/* findings_summary() of it: "64 rows inserted at y=120; 1,234 pixels changed in 3 areas, the largest 320x40 at
 * (16,120)", or NULL if nothing changed. */
char *story_change(const Result *result);

/* The next areas behind the one that story_change() names, a few of them, a line each: "7x9 at (90,90): text removed,
 * 34 pixels". "" if there are none. */
char *story_other_areas(const Result *result);

/* Why the result is bad, for a person, on one line or more, none of them empty: "0.0385669 distortion, 1,234 pixels
 * changed in ...", or what went wrong. Clean. */
char *story_why(const Result *result);
