/* Two pictures -> Difference: are they the same, how different, and where.
 *
 * The reference is the picture that was good, the run the one just taken. All coordinates are the run's pixels. Where
 * the sizes differ, the reference is cropped, or filled up with black (transparent if the run has an alpha channel).
 *
 * Pixels are compared at 8 bits a channel, and alpha tells: colours count as much as they are opaque, and alpha itself
 * counts like a colour where the run has an alpha channel. Where it has none, the reference's is dropped. Ignored
 * areas add nothing to any number, but count as pixels of the whole. */
#pragma once

#include "base/error.h"
#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* At most so many regions are told of: a person looks at the first dozen, and JSON stays small. */
enum { DIFF_MAX_REGIONS = 1000 };

/* Changed pixels which belong together: the smallest box around a cluster of them. Boxes may overlap. */
typedef struct {
    Box box;
    uint64_t changed_pixels; /* of this cluster, at least 1 */
    /* Root mean square difference over the box, in which all but the cluster's pixels count as equal; more than 0, at
     * most 1. */
    double score;
} Region;

typedef struct {
    const Box *ignored; /* areas of the run that count as equal; they may reach outside */
    size_t n_ignored;
    double tolerance; /* the highest score of a region that still passes; 0: no pixel may change */
    bool want_marked; /* make the marked picture */
    /* How errors call the two, for example by their paths; NULL: "the reference", "the run". */
    const char *reference_name, *run_name;
} DiffOptions;

typedef struct {
    bool same;         /* the verdict: equal sizes, and no region above the tolerance */
    double distortion; /* what the old tool printed, 0 to 1: see rmse.h */
    double score;      /* the highest of any region; 0 if there is none */
    /* Pixels that differ in any channel by any amount, ignored areas left out. The colours of pixels that are fully
     * transparent in both do not matter. */
    uint64_t changed_pixels;
    int width, height; /* of the run */
    int reference_width, reference_height;
    GArray *regions;          /* of Region, most changed pixels first, then by y and x */
    size_t n_regions;         /* how many were found; the array has DIFF_MAX_REGIONS of them at most */
    Image *resized_reference; /* the reference on the run's canvas; NULL for equal sizes */
    /* The run's size, opaque: changed pixels #FF0000, the others the run's on white, faded to a fifth. NULL unless it
     * was wanted and sizes or pixels differ, be it within the tolerance. */
    Image *marked;
} Difference;

/* Compares two PNG files. options may be NULL for all defaults. Fails with ERROR_INVALID, saying which of the two, if
 * one cannot be decoded. Files with equal bytes are the same without being decoded; they are only checked as by
 * png_check(). The caller frees the Difference. Any thread. */
Difference *diff_png(GBytes *reference, GBytes *run, const DiffOptions *options, GError **error) MUST_CHECK;
void difference_free(Difference *difference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Difference, difference_free)

/* Writes the distortion as the old tool did: "%.6g". The caller frees it. */
char *diff_format_distortion(double distortion);
