/* How a picture is to be compared: what of it is to be ignored, and by what it is told apart. The worker that captures a page
 * knows, from its config and from where things are on the page; the one that compares it gets no more than two pictures. So
 * it is in the picture, as a note (image/png.h). Any thread. */
#pragma once

#include "capture/capture.h"
#include "config/criteria.h"
#include "diff/diff.h"

/* The picture with its note, or without one where there is nothing to say. NULL with an error. */
GBytes *criteria_note_add(const Capture *capture, const Criteria *criteria, GError **error) MUST_CHECK;

/* What a picture says, or else what is usual. */
typedef struct {
    Criteria criteria;
    GArray *ignored;    /* of Box */
    GArray *tolerances; /* of TolerantArea */
} CriteriaNote;

void criteria_note_clear(CriteriaNote *note);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CriteriaNote, criteria_note_clear)

void criteria_note_read(GBytes *png, CriteriaNote *out_note);
