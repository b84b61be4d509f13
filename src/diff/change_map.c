#include "diff/change_map.h"

ChangeMap *change_map_new(int width, int height) {
    ChangeMap *map = g_new0(ChangeMap, 1);
    map->columns = (width + CELL_SIDE - 1) / CELL_SIDE;
    map->rows = (height + CELL_SIDE - 1) / CELL_SIDE;
    map->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    map->numbers = g_new0(uint32_t *, (size_t)map->rows);
    return map;
}

void change_map_free(ChangeMap *map) {
    if (!map)
        return;
    for (int row = 0; row < map->rows; row++)
        g_free(map->numbers[row]);
    g_free(map->numbers);
    g_array_unref(map->cells);
    g_free(map);
}

static Cell *find_or_make(ChangeMap *map, int column, int row) {
    if (!map->numbers[row])
        map->numbers[row] = g_new0(uint32_t, (size_t)map->columns);
    uint32_t *number = &map->numbers[row][column];
    if (*number == 0) {
        const Cell fresh = {.column = column, .row = row};
        g_array_append_val(map->cells, fresh);
        *number = map->cells->len;
    }
    return &g_array_index(map->cells, Cell, *number - 1);
}

void change_map_add(ChangeMap *map, int x, int y, const CellRow *row) {
    if (row->bits == 0)
        return;
    Cell *cell = find_or_make(map, x / CELL_SIDE, y / CELL_SIDE);
    cell->bits |= (uint64_t)row->bits << (y % CELL_SIDE * CELL_SIDE);
    cell->squares += row->color_squares + row->alpha_squares;
    fingerprint_add(&cell->print, row->print);
    map->changed_pixels += (uint64_t)__builtin_popcount(row->bits);
}

int64_t change_map_find(const ChangeMap *map, int column, int row) {
    bool inside = column >= 0 && column < map->columns && row >= 0 && row < map->rows;
    return inside && map->numbers[row] ? (int64_t)map->numbers[row][column] - 1 : -1;
}

uint8_t change_map_bits(const ChangeMap *map, int column, int y) {
    int64_t index = change_map_find(map, column, y / CELL_SIDE);
    return index < 0 ? 0 : (uint8_t)(g_array_index(map->cells, Cell, index).bits >> (y % CELL_SIDE * CELL_SIDE));
}

/* All rows of a cell laid over each other. */
static uint32_t columns_of(uint64_t bits) {
    bits |= bits >> 32;
    bits |= bits >> 16;
    bits |= bits >> 8;
    return bits & 0xff;
}

Box cell_box(const Cell *cell) {
    uint32_t columns = columns_of(cell->bits);
    int top = __builtin_ctzll(cell->bits) / CELL_SIDE;
    int bottom = (63 - __builtin_clzll(cell->bits)) / CELL_SIDE;
    int left = __builtin_ctz(columns);
    int right = 31 - __builtin_clz(columns);
    return (Box){
        .x = cell->column * CELL_SIDE + left,
        .y = cell->row * CELL_SIDE + top,
        .width = right - left + 1,
        .height = bottom - top + 1,
    };
}
