/* Which pixels of a picture changed, and by how much: a bit for each, in cells of 8x8 pixels. Regions and the marked
 * picture are made from it without looking at a pixel again. It takes a sixteenth of the picture's memory. One thread
 * at a time. */
#pragma once

#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CELL_SIDE = 8 };

typedef struct {
    uint64_t bits;    /* pixel (x, y) of the cell is bit y * 8 + x; set: it changed */
    uint64_t squares; /* the sum of their squared differences, as in rmse.h */
} Cell;

typedef struct {
    int columns, rows;       /* of cells; the last ones may reach outside the picture */
    Cell *cells;             /* row after row */
    uint64_t changed_pixels; /* how many bits are set */
} ChangeMap;

/* Makes a map of a picture in which nothing changed. */
ChangeMap *change_map_new(int width, int height);
void change_map_free(ChangeMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChangeMap, change_map_free)

/* Notes that a pixel changed; once for each pixel. */
void change_map_add(ChangeMap *map, int x, int y, uint64_t square);

/* The smallest box, in pixels of the picture, around the changed pixels of a cell that has some. */
Box change_map_cell_box(const ChangeMap *map, size_t cell_index);
