/* Two PNGs, compared along the bands of align.h: each row with the one that it moved from. */
#pragma once

#include "diff/comparison.h"
#include "diff/lockstep.h"

/* Compares the rows of all bands that have changed; both files are decoded once more for each group of columns. The
 * pictures have the same width; pixels and run are those of the lockstep which looked at them first. Fails with
 * ERROR_INVALID only if files are corrupt, which that would have found. */
bool aligned_compare(GBytes *reference, GBytes *run, const GArray *bands, PixelFormat pixels, bool run_has_alpha,
                     Comparison *comparison, GError **error) MUST_CHECK;
