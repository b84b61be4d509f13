/* A Difference as a picture: what changed where, on the run's canvas. Any thread. */
#pragma once

#include "diff/diff.h"

#include <glib.h>

typedef enum {
    /* A palette with transparent ground: only what changed is painted, to be laid over the run. 1 to 16 KB for a page. */
    MARK_MASK,
    /* The same on the run, faded to a fifth on white. */
    MARK_FADED,
    /* As the old tool had it: #FF0000FF where pixels differ by place, #FFFFFFCC where they do not; nothing of bands. */
    MARK_CLASSIC,
} MarkStyle;

/* RGB of what changed, and of rows that came, went and moved. These are laid over the ground half transparently; where
 * rows went a line of 2 pixels is painted. */
typedef struct {
    uint8_t changed[3], inserted[3], removed[3], moved[3];
} MarkColors;

/* Sets of colors by their names: "red", in which what changed is #FF0000, and "safe", in which all can be told apart
 * also by people who confuse red and green (Okabe and Ito 2008, vermillion made stronger). NULL if there is none of
 * that name; the first is the default. */
const MarkColors *mark_find_colors(const char *name);

/* "mask", "faded", "classic", or false. */
bool mark_style_from_name(const char *name, MarkStyle *out_style);

/* Paints a Difference of a run. colors may be NULL for the default; MARK_CLASSIC has its own. MARK_CLASSIC is right only
 * if rows were compared by place (no_align). The caller frees the PNG. Fails only if the run is not what it was. */
GBytes *mark_png(const Difference *difference, GBytes *run_png, MarkStyle style, const MarkColors *colors,
                 GError **error) MUST_CHECK;

/* The reference on the run's canvas, as it was compared by place: a PNG that the caller frees. */
GBytes *mark_place_reference(const Difference *difference, GBytes *reference_png, GBytes *run_png,
                             GError **error) MUST_CHECK;
