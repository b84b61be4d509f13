/* Two PNGs, decoded side by side a little at a time: what they have in common is passed over without ever being
 * unfiltered, and rows that may differ come out as pixels. Memory is some hundred kilobytes, whatever the height, but
 * for the rare kinds that png_rows.h decodes whole. */
#pragma once

#include "base/error.h"
#include "diff/pixel.h"
#include "image/png_rows.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Lockstep Lockstep;

/* What is known of both, and what rows of both look like when they come out. */
typedef struct {
    PngFormat reference, run;
    PixelFormat pixels;
} Formats;

/* A row of the run's canvas, on which the reference is laid: cropped where it is larger; where it is smaller, filled
 * with black, transparent if the run has alpha; its alpha is dropped if the run has none. Pixels are valid until the
 * next call. */
typedef struct {
    int y;
    bool equal;               /* byte for byte; never so below the end of either */
    bool in_reference;        /* false: below the reference's end */
    const uint8_t *reference; /* of the run's width */
    const uint8_t *run;       /* NULL below the run's end */
} RowPair;

/* Opens both. The files must outlive it. Errors have the picture's name in front. */
Lockstep *lockstep_open(GBytes *reference_png, const char *reference_name, GBytes *run_png, const char *run_name,
                        GError **error) MUST_CHECK;
void lockstep_free(Lockstep *lockstep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lockstep, lockstep_free)

const PngFormat *lockstep_reference(const Lockstep *lockstep);
const PngFormat *lockstep_run(const Lockstep *lockstep);

/* Of all rows that come out. */
PixelFormat lockstep_pixels(const Lockstep *lockstep);

/* Whether, from now on, all rows come out; at first only those do that are not equal. */
void lockstep_want_all(Lockstep *lockstep, bool all);

/* Finds the next row, from the top. False at the end, after both files were read to theirs, and on failure:
 * ERROR_INVALID if either is corrupt anywhere. */
bool lockstep_next(Lockstep *lockstep, RowPair *out_pair, GError **error);
