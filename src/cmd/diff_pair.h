/* One pair of pictures of `dpxdt diff`: it is compared, and what came out is put into words. Any thread. */
#pragma once

#include "cmd/diff_line.h"
#include "diff/diff.h"

#include <jansson.h>

typedef struct {
    char *name;           /* what it is called among many; NULL for the only one */
    char *reference_path; /* or NULL, where only the run is there */
    char *run_path;       /* or NULL, where only the reference is there */
    char *output_path;    /* of the marked picture, or NULL for none */
} DiffPair;

void diff_pair_free(DiffPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DiffPair, diff_pair_free)

/* Compares the two, and writes the marked picture if there is any difference. NULL with error if they could not be
 * compared or it could not be written; ERROR_STOPPED if the end was asked for meanwhile. The caller frees it. */
Difference *diff_pair_compare(const DiffPair *pair, const DiffLine *line, GError **error) MUST_CHECK;

/* A Difference for a person: in some lines, or in one without its end. The caller frees the text. */
char *diff_pair_tell(const Difference *difference, const DiffLine *line);
char *diff_pair_sum_up(const Difference *difference);

/* A Difference as a JSON object, as text of the given flags (JSON_INDENT(n), JSON_COMPACT), without a line's end. Where
 * the pair has a name, its paths come first. The caller frees it. */
char *diff_pair_to_json(const DiffPair *pair, const Difference *difference, const DiffLine *line, size_t flags);

/* The same for a pair that was not compared: because of an error, or, without error, because it has one side only. */
char *diff_pair_failure_to_json(const DiffPair *pair, const GError *error, size_t flags);
