/* What happened to the rows of a page: hashes of the rows of two pictures -> bands of rows which are equal, changed,
 * inserted, removed or moved. A banner at the top of a long page is one band then, and not a page that changed. It sees
 * no pixels, and believes that rows of equal hashes are equal.
 *
 * Rows are hashed by strips of columns, because there are columns which do not do as the others do, like a sidebar that
 * stays where it is. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Of a strip's width, in pixels, and of the number of strips: narrow enough to tell a sidebar from the rest, and few
 * enough that hashing by strips costs no more than hashing whole rows. */
enum { ALIGN_MIN_STRIP_WIDTH = 64, ALIGN_MAX_STRIPS = 32 };

/* Strip s of row y is hashes[y * n_strips + s], a good hash of 64 bits of what is seen in its columns: from
 * s * strip_width on, and strip_width wide; but the last strip goes to the right edge, be that nearer or farther. */
typedef struct {
    int width, height; /* of the picture, in pixels, at least 1 */
    int strip_width, n_strips;
    const uint64_t *hashes; /* borrowed */
} RowHashes;

typedef enum {
    BAND_EQUAL,    /* all rows have equal hashes */
    BAND_CHANGED,  /* rows to be compared one by one: the first and the last differ, not all between */
    BAND_INSERTED, /* rows that only the run has: reference_height is 0 */
    BAND_REMOVED,  /* rows that only the reference has: run_height is 0 */
    BAND_MOVED,    /* equal rows, which stood elsewhere among the others */
} BandKind;

/* Rows from reference_y on of the reference have become rows from run_y on of the run, in columns of the run. Where a
 * height is 0, y is where the rows would be. Heights of bands that are neither inserted nor removed are equal. */
typedef struct {
    BandKind kind;
    int x, width;
    int reference_y, reference_height, run_y, run_height;
    /* One or two rows which came or went, and look like the one next to them, on a page on which more came or went: since
     * what is below is not at the same fraction of a pixel any more, a gap was rounded otherwise. Not worth telling. */
    bool is_jitter;
    /* The last rows of one of two pictures of the same height, since more came or went above them: what was pushed out, or
     * drawn in, at the end. */
    bool at_end;
} Band;

/* Finds the bands: mostly of all columns, but of groups of columns, from left to right, where this makes more rows
 * equal, and more than chance would. A group's bands stand from top to bottom, and have each row of both pictures
 * exactly once: each begins in the run where the one before ended. So it does in the reference, if bands that moved are
 * left out and their rows skipped; they stand where they are in the run.
 *
 * Both pictures must be hashed with the same strip_width. If they differ in width, only strips which cover the same
 * columns in both are looked at, and what is right of them is taken to be as they are; without such a strip all rows
 * have changed. All columns of the run are in some band.
 *
 * Takes memory in proportion to the hashes, and time nearly so: for the largest pictures about 10 ms where whole rows
 * explain what happened, and up to 160 ms where strips must be asked. Returns a GArray of Band that the caller frees.
 * Any thread. */
GArray *align_rows(const RowHashes *reference, const RowHashes *run);
