/* Many pairs of `dpxdt diff`: compared by some threads at once, told in their order. */
#pragma once

#include "cmd/diff_line.h"

#include <glib.h>

/* Compares all pairs of a list (diff_list.h), and prints a line of each as soon as it and those before it are done:
 * what could not be compared to standard error, or, as JSON, among the others. Returns the exit status: 2 if anything
 * could not be compared, else 1 if anything differs, else 0. Fails with ERROR_STOPPED if the end was asked for; what has
 * been printed until then holds; with ERROR_INVALID, before anything is compared, if a picture would be written over one
 * that is compared. Ends early, too, if nobody reads standard output any more. */
int diff_many_run(const GPtrArray *pairs, const DiffLine *line, GError **error);
