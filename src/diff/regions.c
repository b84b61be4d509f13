/* Each cell of 8x8 pixels with a change in it starts as a group of its own. Cells whose changes are near to each
 * other are united (union-find), and what is left are the regions. */
#include "diff/regions.h"

#include "diff/diff.h"
#include "diff/rmse.h"

/* Cells further apart than this hold no two pixels nearer than REGION_GAP. */
enum { REACH = (REGION_GAP - 1 + CELL_SIDE - 1) / CELL_SIDE };

typedef struct {
    const ChangeMap *map;
    uint32_t *parents; /* of each cell, another of its group or, at the root, itself */
} Groups;

static uint32_t root_of(uint32_t *parents, uint32_t cell) {
    while (parents[cell] != cell) {
        parents[cell] = parents[parents[cell]]; /* halves the path for the next who asks */
        cell = parents[cell];
    }
    return cell;
}

/* The root with the smaller index wins, so that it is the group's first cell in reading order. */
static void unite(uint32_t *parents, uint32_t a, uint32_t b) {
    uint32_t root_a = root_of(parents, a), root_b = root_of(parents, b);
    parents[MAX(root_a, root_b)] = MIN(root_a, root_b);
}

/* The distance of the nearest pixels of two spans on an axis; negative if they overlap by more than a pixel. */
static int distance(int a, int a_length, int b, int b_length) {
    return MAX(a, b) - MIN(a + a_length, b + b_length) + 1;
}

static bool is_near(Box a, Box b) {
    return distance(a.x, a.width, b.x, b.width) < REGION_GAP && distance(a.y, a.height, b.y, b.height) < REGION_GAP;
}

/* Unites a cell with those near to it that come later in reading order; the earlier ones have done their part. */
static void unite_with_later(const Groups *groups, int column, int row) {
    const ChangeMap *map = groups->map;
    uint32_t cell = (uint32_t)(row * map->columns + column);
    Box box = change_map_cell_box(map, cell);
    int last_row = MIN(row + REACH, map->rows - 1), last_column = MIN(column + REACH, map->columns - 1);
    for (int r = row; r <= last_row; r++) {
        for (int c = r == row ? column + 1 : MAX(column - REACH, 0); c <= last_column; c++) {
            uint32_t other = (uint32_t)(r * map->columns + c);
            if (map->cells[other].bits && is_near(box, change_map_cell_box(map, other)))
                unite(groups->parents, cell, other);
        }
    }
}

static void unite_all(const Groups *groups) {
    const ChangeMap *map = groups->map;
    for (int row = 0; row < map->rows; row++)
        for (int column = 0; column < map->columns; column++)
            if (map->cells[row * map->columns + column].bits)
                unite_with_later(groups, column, row);
}

static Box box_around(Box a, Box b) {
    int x = MIN(a.x, b.x), y = MIN(a.y, b.y);
    return (Box){
        .x = x,
        .y = y,
        .width = MAX(a.x + a.width, b.x + b.width) - x,
        .height = MAX(a.y + a.height, b.y + b.height) - y,
    };
}

/* A region in the making: its score is known only when all squares are summed up. */
typedef struct {
    Region region;
    uint64_t squares;
} Cluster;

static void add_cell(Cluster *cluster, const ChangeMap *map, uint32_t cell) {
    Region *region = &cluster->region;
    Box box = change_map_cell_box(map, cell);
    region->box = region->changed_pixels > 0 ? box_around(region->box, box) : box;
    region->changed_pixels += (uint64_t)__builtin_popcountll(map->cells[cell].bits);
    cluster->squares += map->cells[cell].squares;
}

/* Of Cluster, in reading order of their first cells. */
static GArray *collect(const Groups *groups) {
    const ChangeMap *map = groups->map;
    uint32_t n_cells = (uint32_t)(map->columns * map->rows);
    GArray *clusters = g_array_new(FALSE, TRUE, sizeof(Cluster));
    g_autofree uint32_t *index_of_root = g_new(uint32_t, n_cells);
    for (uint32_t cell = 0; cell < n_cells; cell++) {
        if (!map->cells[cell].bits)
            continue;
        uint32_t root = root_of(groups->parents, cell);
        if (root == cell) { /* which comes before all others of its group */
            index_of_root[root] = clusters->len;
            g_array_set_size(clusters, clusters->len + 1);
        }
        add_cell(&g_array_index(clusters, Cluster, index_of_root[root]), map, cell);
    }
    return clusters;
}

static Region finish(const Cluster *cluster, int channels) {
    Region region = cluster->region;
    uint64_t pixels = (uint64_t)region.box.width * (uint64_t)region.box.height;
    region.score = rmse_root(cluster->squares, pixels, channels);
    return region;
}

static int by_size_and_place(const void *a, const void *b) {
    const Region *first = a, *second = b;
    if (first->changed_pixels != second->changed_pixels)
        return first->changed_pixels > second->changed_pixels ? -1 : 1;
    if (first->box.y != second->box.y)
        return first->box.y - second->box.y;
    return first->box.x - second->box.x;
}

GArray *regions_find(const ChangeMap *map, int channels) {
    uint32_t n_cells = (uint32_t)(map->columns * map->rows);
    g_autofree uint32_t *parents = g_new(uint32_t, n_cells);
    for (uint32_t cell = 0; cell < n_cells; cell++)
        parents[cell] = cell;
    Groups groups = {map, parents};
    unite_all(&groups);

    g_autoptr(GArray) clusters = collect(&groups);
    GArray *regions = g_array_sized_new(FALSE, FALSE, sizeof(Region), clusters->len);
    for (guint i = 0; i < clusters->len; i++) {
        Region region = finish(&g_array_index(clusters, Cluster, i), channels);
        g_array_append_val(regions, region);
    }
    g_array_sort(regions, by_size_and_place);
    return regions;
}
