#include "diff/change_map.h"

ChangeMap *change_map_new(int width, int height) {
    ChangeMap *map = g_new0(ChangeMap, 1);
    map->columns = (width + CELL_SIDE - 1) / CELL_SIDE;
    map->rows = (height + CELL_SIDE - 1) / CELL_SIDE;
    map->cells = g_new0(Cell, (size_t)map->columns * (size_t)map->rows);
    return map;
}

void change_map_free(ChangeMap *map) {
    if (!map)
        return;
    g_free(map->cells);
    g_free(map);
}

void change_map_add(ChangeMap *map, int x, int y, uint64_t square) {
    size_t index = (size_t)(y / CELL_SIDE) * (size_t)map->columns + (size_t)(x / CELL_SIDE);
    Cell *cell = &map->cells[index];
    cell->bits |= UINT64_C(1) << (y % CELL_SIDE * CELL_SIDE + x % CELL_SIDE);
    cell->squares += square;
    map->changed_pixels++;
}

/* All rows of a cell laid over each other. */
static uint32_t columns_of(uint64_t bits) {
    bits |= bits >> 32;
    bits |= bits >> 16;
    bits |= bits >> 8;
    return bits & 0xff;
}

Box change_map_cell_box(const ChangeMap *map, size_t cell_index) {
    uint64_t bits = map->cells[cell_index].bits;
    uint32_t columns = columns_of(bits);
    int top = __builtin_ctzll(bits) / CELL_SIDE;
    int bottom = (63 - __builtin_clzll(bits)) / CELL_SIDE;
    int left = __builtin_ctz(columns);
    int right = 31 - __builtin_clz(columns);
    return (Box){
        .x = (int)(cell_index % (size_t)map->columns) * CELL_SIDE + left,
        .y = (int)(cell_index / (size_t)map->columns) * CELL_SIDE + top,
        .width = right - left + 1,
        .height = bottom - top + 1,
    };
}
