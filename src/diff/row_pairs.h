/* Which row of the reference is which row of the run, seen from their hashes alone: the half of align.h that knows
 * neither columns nor bands. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Pairs of rows. Those that did not move cross no other: going down the run is going down the reference. */
typedef struct {
    int n_reference, n_run;
    int *of_reference; /* for each row of the reference, its row of the run, or -1 */
    int *of_run;       /* for each row of the run, its row of the reference, or -1 */
    bool *moved;       /* for each row of the run: it has a row, which stood elsewhere among the others */
} RowPairs;

/* Makes pairs of nothing. */
RowPairs *row_pairs_new(int n_reference, int n_run);
void row_pairs_free(RowPairs *pairs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowPairs, row_pairs_free)

void row_pairs_add(RowPairs *pairs, int reference_y, int run_y, bool moved);

/* Whether a row of the reference is one of a pair that moved. */
bool row_pairs_has_moved(const RowPairs *pairs, int reference_y);

/* Pairs rows of equal hashes, so that blocks of them stay together: it looks for few and long stretches which have
 * the same offset, not for as many pairs as there could be. Takes memory and, nearly, time in proportion to the rows.
 * The caller frees the pairs. Any thread. */
RowPairs *row_pairs_find(const uint64_t *reference, int n_reference, const uint64_t *run, int n_run);
