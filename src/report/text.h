/* What a run of tests prints while it goes on.
 *
 * Into a pipe: the old tool's lines, those of one test together, in the suite's order. On a terminal: one line a test
 * as each ends, and below them a progress bar that is redrawn in place. Thread-safe: each function may be called from
 * any thread. */
#pragma once

#include "report/report.h"

#include <stdbool.h>

typedef struct TextReport TextReport;

/* n_tests is how many results will come. live asks for the terminal's form, color for colours. Writes to standard
 * output, and the last line (text_report_end()) to standard error as the old tool did. */
TextReport *text_report_new(int n_tests, bool update, bool live, bool color);
void text_report_free(TextReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextReport, text_report_free)

/* A line that belongs to no test ("Request for ... succeeded, continuing with tests..."). */
void text_report_line(TextReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Test number index (from 0, in the suite's order) is being worked on; the live form shows its name. */
void text_report_begin(TextReport *report, int index, const char *name);

/* Test number index has ended. In a pipe its lines are printed now, or as soon as those of all tests before it are. */
void text_report_result(TextReport *report, int index, const Result *result);

/* Prints the verdict: "All tests passed!" or "2 test(s) failed.", as the old tool had it; on a terminal also the counts, and
 * what each bad result has to say. */
void text_report_end(TextReport *report, const RunReport *run);
