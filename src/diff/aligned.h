/* Two PNGs, compared along the bands of align.h: each row with the one that it moved from. */
#pragma once

#include "diff/comparison.h"
#include "diff/lockstep.h"

/* Compares the rows of all bands that have changed; both files are decoded once more for each group of columns. The
 * pictures have the same width. formats is what the lockstep which looked at them first has found; where a file is
 * another one now, this fails with ERROR_INVALID. */
bool aligned_compare(GBytes *reference, GBytes *run, const Formats *formats, const GArray *bands,
                     Comparison *comparison, GError **error) MUST_CHECK;
