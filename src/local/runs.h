/* Where a run of tests keeps its pictures and its report: DIR/.dpxdt/run-<process id>, of which DIR/.dpxdt/last is the
 * one that ended last. `dpxdt approve` and `dpxdt report` read it. */
#pragma once

#include "base/error.h"
#include "report/report.h"

/* Makes the folder of a new run, and removes those of runs that were killed. Returns its path, which the caller frees;
 * where DIR cannot be written, one in the folder for temporary files. */
char *runs_begin(const char *dir, GError **error) MUST_CHECK;

/* Writes the report into the run's folder, makes it the last one, and removes the one before. */
bool runs_end(const char *run, const RunReport *report, GError **error) MUST_CHECK;

/* Removes the folder of a run that did not get to its end. */
void runs_abandon(const char *run);

/* The report of the last run in DIR, its paths as seen from here. ERROR_NOT_FOUND if there was none yet; ERROR_INVALID if
 * it names a test as no suite may, or a file outside of the run's own folder. The caller frees it. */
RunReport *runs_read_last(const char *dir, GError **error) MUST_CHECK;
