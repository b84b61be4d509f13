/* Pixels around what changed, kept while two pictures stream by, so that it can be told afterwards what happened there
 * without decoding them again. Bounded: of pages on which all is different, only the first changes are kept. */
#pragma once

#include "diff/pixel.h"
#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far around a change pixels are kept and looked at, to see where it came from. */
enum { CLIPS_MARGIN = 16 };

typedef struct Clips Clips;

enum {
    /* Of a clip: more is not worth the memory (9 bytes each) for a guess. A window of 1280 px, 3,276 rows. */
    CLIP_MAX_PIXELS = 4 * 1024 * 1024,
    /* Of one that cannot be whole, of which no more than its look is guessed. */
    CLIP_MAX_PART = 64 * 1024,
};

/* Keeps at most so many pixels of each picture. One thread at a time. */
Clips *clips_new(size_t max_pixels);
void clips_free(Clips *clips);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Clips, clips_free)

/* Keeps n pixels of a row of both pictures, from x on of row y of the run; stretches do not overlap. False, now and from now
 * on, once there is no room. */
bool clips_add(Clips *clips, int x, int y, size_t n, PixelFormat format, const uint8_t *reference, const uint8_t *run);

/* To be called when all is added, before the first clip is cut. */
void clips_end(Clips *clips);

/* What was kept of a box: two pictures of its size. */
typedef struct {
    Box box;
    uint8_t *reference, *run; /* RGBA, width * height * 4 bytes each, row after row */
    uint8_t *known;           /* a byte for each pixel: 1 if it was kept; what was not is equal in both, or lost */
    bool whole;               /* nothing was lost or cut off: where known is 0, both pictures are equal */
} Clip;

/* Takes what was kept of a box, with a margin of so many pixels around it, cut at the picture's left and top edges (the
 * other two need no cut: nothing is known there). Of more than CLIP_MAX_PIXELS, and of what was lost in part, it takes the
 * first rows, CLIP_MAX_PART pixels or one row. What is clear has the color 0, so pixels are equal where their bytes are. The caller frees it. Any thread, once all is added. */
Clip *clips_cut(const Clips *clips, Box box, int margin);
void clip_free(Clip *clip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Clip, clip_free)
