/* CaptureSpec -> PNG and log: the one function that others call to look at a page. */
#pragma once

#include "base/error.h"
#include "config/spec.h"
#include "image/image.h"

#include <glib.h>

typedef struct Browser Browser;

/* A part of the picture with a tolerance of its own. */
typedef struct {
    Box box;
    double tolerance;
} BoxTolerance;

typedef struct {
    GBytes *png;        /* as the browser wrote it, with a note that names browser and flags (CAPTURE_NOTE) */
    GArray *ignored;    /* of Box: spec->ignore, found on the page, in the picture's pixels */
    GArray *tolerances; /* of BoxTolerance: spec->tolerances, likewise, in its order */
    char *remarks; /* what may not be as it was meant, a line each: areas that were not found, a page without rest */
} Capture;

/* The key of the PNG note (png_find_note()) which tells what took the picture. Pictures with different notes are not
 * expected to be alike: browser version, flags and fonts all show. */
#define CAPTURE_NOTE "dpxdt-browser"

/* Takes the picture. log gets the story for a person to read: what was done, requested, refused, said on the page's
 * console, waited for; it is written on failure too. NULL with error: ERROR_FAILED for a page that does not load or
 * answers 400 or more, injected code that throws, a selector that is not there; ERROR_TIMEOUT for a page that does
 * not come to rest within spec->timeout_ms; ERROR_GONE if no browser can be kept alive; ERROR_STOPPED. A browser that
 * dies under the page is started again, and the page captured again. Any thread; as many at once as you like. */
Capture *capture_page(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) MUST_CHECK;
void capture_free(Capture *capture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Capture, capture_free)
