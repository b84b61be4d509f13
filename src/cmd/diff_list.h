/* Which pictures `dpxdt diff` compares with which, where there are many: an array of DiffPair that the caller frees. */
#pragma once

#include "base/error.h"

#include <glib.h>

/* All PNGs below two folders, by their path below it, which is also their name. What begins with a dot is passed over,
 * and links to folders are not followed. The marked pictures go to the same paths below output_folder (may be NULL).
 * Fails with ERROR_NOT_FOUND if there is none in either. */
GPtrArray *diff_list_folders(const char *reference_folder, const char *run_folder, const char *output_folder,
                             GError **error) MUST_CHECK;

/* The pairs in a file, "-" for standard input. A line has the paths of reference and run with a TAB between them, or a
 * space if there is no TAB and only one space; empty lines are skipped. They are named after the run; the marked
 * pictures go straight into output_folder (may be NULL), called by their number and the run's name. Fails with
 * ERROR_INVALID and FILE:LINE for a line that is wrong, with ERROR_NOT_FOUND if there is no pair, with ERROR_STOPPED if
 * the end was asked for while reading. */
GPtrArray *diff_list_read(const char *path, const char *output_folder, GError **error) MUST_CHECK;
