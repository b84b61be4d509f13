/* A Difference as one small picture: its largest change, before on the left and after on the right, for lists and
 * mails. */
#pragma once

#include "diff/diff.h"

#include <glib.h>

/* Pixels: of each of the two sides at most, and of the transparent gap between them. */
enum { THUMBNAIL_SIDE_WIDTH = 240, THUMBNAIL_SIDE_HEIGHT = 160, THUMBNAIL_GAP = 8 };

/* Shows the first of the regions; where there is none, the first rows of the largest band that came, went or moved, or
 * else where one of the pictures ends, or the top left corner. Both sides are of one size and show as much of the page, of
 * each picture the rows that belong together; where a picture ends before, its side is transparent. What is transparent in
 * a picture is shown on white. Nothing is enlarged, so the thumbnail of a small page is small.
 *
 * reference and run are the files that were compared. Memory does not grow with them, but for the rare kinds that
 * png_rows.h decodes whole. The same Difference gives the same pixels, and the same bytes as far as png_writer.h says. The
 * caller frees the PNG. Fails only if one of the two is not what it was, and says which. Any thread. */
GBytes *thumbnail_png(const Difference *difference, GBytes *reference, GBytes *run, GError **error) MUST_CHECK;
