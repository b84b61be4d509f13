/* Two pictures -> Difference: are they the same, how different, where, and what happened there.
 *
 * The reference is the picture that was good, the run the one just taken. All coordinates are the run's pixels. Where
 * the sizes differ, the reference is cropped, or filled up with black (transparent if the run has an alpha channel).
 *
 * Pixels are compared at 8 bits a channel, and alpha tells: colours count as much as they are opaque, and alpha itself
 * counts like a colour where the run has an alpha channel. Where it has none, the reference's is dropped. Ignored
 * areas add nothing to any number, but count as pixels of the whole.
 *
 * Pixels are compared with those at the same place; but where it explains the change better, with those of the rows
 * that they moved from: then there are bands. */
#pragma once

#include "base/error.h"
#include "diff/align.h"
#include "diff/change.h"
#include "diff/change_map.h"
#include "diff/metric.h"
#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* At most so many regions are told of: a person looks at the first dozen, and JSON stays small. And of so many it is
 * guessed what happened in them. */
enum { DIFF_MAX_REGIONS = 1000, DIFF_MAX_GUESSES = 100 };

/* Changed pixels which belong together: the smallest box around a cluster of them. Boxes may overlap. */
typedef struct {
    Box box;
    uint64_t changed_pixels; /* of this cluster, at least 1 */
    /* Root mean square difference over the box, in which all but the cluster's pixels count as equal; more than 0, at
     * most 1. */
    double score;
    double tolerance;     /* the highest score with which it passes: see DiffOptions */
    uint64_t fingerprint; /* see fingerprint.h; never 0 */
    Change change;        /* what happened; CHANGE_OTHER behind the first DIFF_MAX_GUESSES regions */
} Region;

/* A part of the run with a tolerance of its own, for the regions whose boxes lie in it wholly. */
typedef struct {
    Box box;
    double tolerance;
} TolerantArea;

typedef struct {
    const Box *ignored; /* areas of the run that count as equal; they may reach outside */
    size_t n_ignored;
    double tolerance;                   /* the highest score of a region that still passes; 0: no pixel may change */
    const TolerantArea *tolerant_areas; /* of those that a region lies in, the last counts */
    size_t n_tolerant_areas;
    MetricKind metric;        /* what counts as changed: exact, if all is zero */
    const double *thresholds; /* ascending; the first decides, the others are only counted */
    size_t n_thresholds;      /* 0: one of 0 */
    bool ignore_antialiasing; /* leave out what antialias.h finds */
    bool no_align;            /* compare by place only */
    /* How errors call the two, for example by their paths; NULL: "the reference", "the run". */
    const char *reference_name, *run_name;
} DiffOptions;

typedef struct {
    bool same;         /* the verdict: equal sizes, no rows that came, went or moved, no region above its tolerance */
    double distortion; /* what the old tool printed, 0 to 1, by place and whatever the metric: see rmse.h */
    double score;      /* the highest of any region; 0 if there is none */
    /* Pixels whose distance is above the first threshold, ignored areas left out; with bands, those in rows that are in
     * both pictures. The colours of pixels that are fully transparent in both do not matter. */
    uint64_t changed_pixels;
    uint64_t counts[METRIC_MAX_THRESHOLDS]; /* the same for each threshold */
    int width, height;                      /* of the run */
    int reference_width, reference_height;
    GArray *regions;      /* of Region, most changed pixels first, then by y and x */
    size_t n_regions;     /* how many were found; the array has DIFF_MAX_REGIONS of them at most */
    GArray *bands;        /* of Band (align.h), if rows came, went or moved; otherwise NULL */
    uint64_t fingerprint; /* of all that changed, wherever it is: see fingerprint.h; 0 if nothing did */
    ChangeMap *changes;   /* the changed pixels */
} Difference;

/* Compares two PNG files. options may be NULL for all defaults. Fails with ERROR_INVALID, saying which of the two, if
 * one cannot be decoded. Files with equal bytes are the same without being decoded; they are only checked as by
 * png_check(). Memory does not grow with the height, but with what changed. The caller frees the Difference. Any
 * thread. */
Difference *diff_png(GBytes *reference, GBytes *run, const DiffOptions *options, GError **error) MUST_CHECK;
void difference_free(Difference *difference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Difference, difference_free)

/* Whether the pictures differ in size, or in anything that is not ignored, be it within the tolerance. */
bool difference_has_any(const Difference *difference);
bool difference_has_other_size(const Difference *difference);

/* Writes the distortion as the old tool did: "%.6g". The caller frees it. */
char *diff_format_distortion(double distortion);
