/* The command line of `dpxdt diff`. */
#pragma once

#include "cmd/command.h"
#include "diff/diff.h"
#include "diff/mark.h"

typedef struct {
    char *output;     /* where the marked picture goes, or the folder of those of many pairs; or NULL */
    char *pairs_path; /* the list of many pairs, "-" for standard input; or NULL */
    gboolean json;
    int jobs; /* pairs at once, or 0: one for each processor */
    MarkStyle style;
    MarkColors colors;
    DiffOptions options; /* without names; its arrays are those below. It has at least one threshold */
    double thresholds[METRIC_MAX_THRESHOLDS];
    GArray *ignored;        /* of Box */
    GArray *tolerant_areas; /* of TolerantArea */
} DiffLine;

/* Parses the options, as command_parse() does, and checks them. line is all zero before; it is to be cleared whatever
 * comes of it, and not to be moved before. */
bool diff_line_parse(const Command *command, int *argc, char ***argv, DiffLine *line, GError **error) MUST_CHECK;
void diff_line_clear(DiffLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DiffLine, diff_line_clear)
