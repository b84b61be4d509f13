/* Where a run of tests keeps its pictures and its report: DIR/.dpxdt/run-XXXXXX, of which DIR/.dpxdt/last is the one that
 * ended last. `dpxdt approve` and `dpxdt report` read it. Runs at the same time have folders of their own. */
#pragma once

#include "base/error.h"
#include "report/report.h"

typedef struct RunFolder RunFolder;

/* Makes the folder of a new run, and removes those of runs that were killed; where DIR cannot be written, one in the
 * folder for temporary files. */
RunFolder *run_folder_begin(const char *dir, GError **error) MUST_CHECK;

const char *run_folder_path(const RunFolder *run);

/* Writes the report into the run's folder, makes it the last one, and removes those before; not of runs that go on. */
bool run_folder_end(RunFolder *run, const RunReport *report, GError **error) MUST_CHECK;

/* Removes the folder of a run that did not get to its end. */
void run_folder_free(RunFolder *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunFolder, run_folder_free)

/* The report of the last run in DIR, its paths as seen from here. ERROR_NOT_FOUND if there was none yet; ERROR_INVALID if
 * it names a test as no suite may, or a file outside of the run's own folder. Warns if a later run did not get to its end. The caller frees it. */
RunReport *runs_read_last(const char *dir, GError **error) MUST_CHECK;

/* How long each test of the last run in DIR took, in milliseconds: by name, as gint64. Empty if that is not known. The
 * caller frees it. */
GHashTable *runs_read_durations(const char *dir);
