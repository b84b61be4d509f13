/* Which pixels of a picture changed, and by how much: a bit for each, in cells of 8x8 pixels. Regions and the marked
 * picture are made from it without looking at a pixel again. Only cells in which something changed take memory: of
 * those half a byte a pixel. One thread at a time. */
#pragma once

#include "diff/cell_row.h"
#include "diff/fingerprint.h"
#include "image/image.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CELL_SIDE = 8 };

typedef struct {
    int column, row;  /* from the top left, in cells */
    uint64_t bits;    /* pixel (x, y) of the cell is bit y * 8 + x; set: it changed */
    uint64_t squares; /* the sum of their squared differences, as in rmse.h */
    PrintSum print;   /* and what they add to the fingerprint */
} Cell;

typedef struct {
    int columns, rows;       /* of cells; the last ones may reach outside the picture */
    GArray *cells;           /* of Cell: those with a bit set, in the order in which they came */
    uint32_t **numbers;      /* for each row of cells NULL, or for each of its columns 0, or 1 + its index in cells */
    uint64_t changed_pixels; /* how many bits are set */
} ChangeMap;

/* Makes a map of a picture in which nothing changed. */
ChangeMap *change_map_new(int width, int height);
void change_map_free(ChangeMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChangeMap, change_map_free)

/* Notes what changed in row y of the picture, in the eight pixels from x on; x is a multiple of CELL_SIDE. Not twice for
 * one pixel. */
void change_map_add(ChangeMap *map, int x, int y, const CellRow *row);

/* The index in cells of the one there, or -1 if nothing changed in it. Any column and row may be asked for. */
int64_t change_map_find(const ChangeMap *map, int column, int row);

/* Eight bits of a row of pixels, as in CellRow. */
uint8_t change_map_bits(const ChangeMap *map, int column, int y);

/* The smallest box, in pixels of the picture, around what changed in a cell. */
Box cell_box(const Cell *cell);
