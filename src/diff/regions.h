/* Changed pixels -> the regions that a person would point at. */
#pragma once

#include "diff/change_map.h"

#include <glib.h>

/* Pixels. Changes nearer than this to each other, in x and in y, are one region: the letters of a word and the lines
 * of a paragraph belong together (gaps of 2 to 12 px in a browser's 16 px text), two fields of a form rather not. */
enum { REGION_GAP = 16 };

/* Groups all changed pixels of a map into Regions (diff.h), those with most changed pixels first, then by y and x.
 * channels is how many the scores are means over. Nearness is that of the boxes around the changes in cells of 8x8:
 * none is parted that belongs together, but changes up to 8 px farther apart may be joined. Takes time and memory in
 * proportion to what changed. The caller frees the array. Any thread. */
GArray *regions_find(const ChangeMap *map, int channels);
