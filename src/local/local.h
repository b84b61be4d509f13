/* `dpxdt update` and `dpxdt test`: for each test file, start its server, capture its tests many at a time, and keep the
 * pictures as references, or compare them with those. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

typedef struct {
    const char *dir;
    bool update;                                     /* write references; otherwise compare with them */
    const char *filter;                              /* see filter.h; NULL for all tests */
    const char *browser;                             /* program, or NULL for the best that is installed */
    int jobs;                                        /* pages at once; 0 for three for two processors */
    int retries;                                     /* further attempts for a test that fails or differs */
    bool live, color;                                /* how to print: see report/text.h */
    const char *json_path, *junit_path, *report_dir; /* what to write beside, or NULL */
    bool github;                                     /* print annotations for GitHub Actions */
} LocalOptions;

/* Does it. Returns 0 if all tests passed (or all references were written), 1 if some differ or failed. Fails for bad test
 * files and a missing browser before anything is written; for a server that does not come up, or dies, before anything
 * of its file is written, or anything more. */
int local_run(const LocalOptions *options, GError **error) MUST_CHECK;

/* Prints the name of each test that the filter lets through, one a line. */
bool local_list(const LocalOptions *options, GError **error) MUST_CHECK;

/* Makes the run pictures of the last `dpxdt test DIR` the references, byte for byte: those of the tests named (exactly,
 * or as a filter's pattern), or of all that differ or had no reference if n_names is 0. Prints a line for each. Fails
 * with ERROR_NOT_FOUND for a name without such a picture, before anything is written. */
bool local_approve(const char *dir, const char *const *names, int n_names, GError **error) MUST_CHECK;
