/* Two pictures -> Difference: are they the same, how different, and where.
 *
 * The reference is the picture that was good, the run the one just taken. All coordinates are the run's pixels. */
#pragma once

#include "base/error.h"
#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Changed pixels which belong together: the smallest box around a cluster of them. */
typedef struct {
    Box box;
    uint64_t changed_pixels; /* in the box, at least 1 */
    double score;            /* root mean square difference over the pixels of the box, 0 to 1 */
} Region;

typedef struct {
    const Box *ignored; /* areas of the run that count as equal, n_ignored of them */
    size_t n_ignored;
    double tolerance; /* the highest score of a region that still passes, 0 to 1; 0: any changed pixel fails */
    bool want_marked; /* make the marked picture */
} DiffOptions;

typedef struct {
    bool same;               /* the verdict: equal sizes, and no region above the tolerance */
    double distortion;       /* what the old tool printed, 0 to 1; see diff_distortion() */
    uint64_t changed_pixels; /* pixels that differ in any channel by any amount, ignored areas left out */
    int width, height;       /* of the run */
    int reference_width, reference_height;
    GArray *regions;         /* of Region, most changed pixels first; empty if nothing changed */
    Image *resized_reference; /* the reference on the run's canvas, as compared; NULL if it had that size already */
    Image *marked;           /* the run's size: changed pixels red, others faded; NULL unless wanted and different */
} Difference;

/* Compares two PNG files. options may be NULL for all defaults. Fails with ERROR_INVALID, saying which of the two, if
 * one cannot be decoded. Any thread. */
Difference *diff_png(GBytes *reference, GBytes *run, const DiffOptions *options, GError **error)
    MUST_CHECK;
void difference_free(Difference *difference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Difference, difference_free)

/* Writes the distortion as the old tool did: "%.6g". The caller frees it. */
char *diff_format_distortion(double distortion);
