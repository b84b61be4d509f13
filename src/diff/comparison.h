/* Rows of two pictures, compared one by one: which pixels changed, by how much, and what they looked like. It does not
 * know where rows come from: from the same place of both pictures, or from where they moved to. One thread at a time. */
#pragma once

#include "diff/clips.h"
#include "diff/diff.h"
#include "image/png_rows.h"

#include <stddef.h>
#include <stdint.h>

/* A row of pixels, or a part of it, as it is in both pictures.
 *
 * Browsers dither gradients by the place of a pixel in the tile that they paint, so a gradient that moved is off by one
 * level here and there. Where that is to be expected, the exact metric counts only what differs by more than that. */
typedef struct {
    int x, y, width; /* in the run; x is a multiple of CELL_SIDE */
    const uint8_t *reference, *run;
    bool dithered_anew; /* see below */
} CompareRow;

typedef struct Comparison Comparison;

/* Prepares a comparison of rows of pictures with the run's format. The options must outlive it. */
Comparison *comparison_new(const DiffOptions *options, const PngFormat *run, PixelFormat pixels, bool want_sums);
void comparison_free(Comparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Comparison, comparison_free)

/* Compares a row. Rows that are not given count as equal. If antialiased pixels are left out, rows must come without a
 * gap, and those at the ends of a part are looked at as if the picture ended there. */
void comparison_add(Comparison *comparison, const CompareRow *row);

/* The next row does not follow the last one. Also to be called after the last one. */
void comparison_end_part(Comparison *comparison);

/* From the next row on less is done, as what is left out will probably not be wanted, and takes longer than all else where
 * much has changed: antialiased pixels are counted like others; or, more than that, only sums are made, and
 * counts estimated. */
void comparison_stop_antialiasing(Comparison *comparison);
void comparison_reduce(Comparison *comparison);

/* Whether anything was left out. */
bool comparison_is_partial(const Comparison *comparison);

/* What came out, once the last part has ended: the sums, if they were wanted, of all squared differences as in rmse.h, be
 * they below the threshold or not; how many pixels are above each threshold; and the others, which the caller takes over. */
typedef struct {
    uint64_t color_sum, alpha_sum;
    uint64_t counts[METRIC_MAX_THRESHOLDS]; /* counts[0] is also what is in changes, if nothing was left out */
    ChangeMap *changes;
    Clips *clips;
} CompareResult;

CompareResult comparison_take_result(Comparison *comparison);
void compare_result_clear(CompareResult *result);
