/* Two PNGs, decoded side by side a little at a time: what they have in common is passed over without ever being
 * unfiltered, and rows that may differ come out as RGBA. Memory is some hundred kilobytes, whatever the height, but for
 * the rare kinds that png_rows.h decodes whole. */
#pragma once

#include "base/error.h"
#include "image/png_rows.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Lockstep Lockstep;

/* A row of the run's canvas in which the two differ. */
typedef struct {
    int y;
    const uint8_t *reference, *run; /* RGBA, of the run's width; valid until the next call */
} RowPair;

/* Opens both. The files must outlive it. Errors have the picture's name in front. */
Lockstep *lockstep_open(GBytes *reference_png, const char *reference_name, GBytes *run_png, const char *run_name,
                        GError **error) MUST_CHECK;
void lockstep_free(Lockstep *lockstep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lockstep, lockstep_free)

const PngFormat *lockstep_reference(const Lockstep *lockstep);
const PngFormat *lockstep_run(const Lockstep *lockstep);

/* Finds the next row, from the top, in which the two are not equal byte for byte. The reference is laid on the run's
 * canvas: cropped where it is larger; where it is smaller, filled with black, transparent if the run has alpha; its alpha
 * is dropped if the run has none. False at the end, after both files were read to theirs, and on failure: ERROR_INVALID
 * if either is corrupt anywhere. */
bool lockstep_next(Lockstep *lockstep, RowPair *out_pair, GError **error);
