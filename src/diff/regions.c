/* Each cell of 8x8 pixels with a change in it starts as a group of its own. Cells whose changes are near to each
 * other are united (union-find), and what is left are the regions. */
#include "diff/regions.h"

#include "diff/diff.h"
#include "diff/fingerprint.h"
#include "diff/rmse.h"

/* Cells further apart than this hold no two pixels nearer than REGION_GAP. */
enum { REACH = (REGION_GAP - 1 + CELL_SIDE - 1) / CELL_SIDE };

typedef struct {
    const ChangeMap *map;
    uint32_t *parents; /* of each cell, another of its group or, at the root, itself */
} Groups;

static const Cell *cell_at(const ChangeMap *map, uint32_t index) {
    return &g_array_index(map->cells, Cell, index);
}

static uint32_t root_of(uint32_t *parents, uint32_t cell) {
    while (parents[cell] != cell) {
        parents[cell] = parents[parents[cell]]; /* halves the path for the next who asks */
        cell = parents[cell];
    }
    return cell;
}

/* The root with the smaller index wins, so that it comes before all others of its group. */
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

/* Pixels of cells that touch each other are always near. */
static bool are_near(const Cell *a, const Cell *b) {
    bool touch = ABS(a->column - b->column) <= 1 && ABS(a->row - b->row) <= 1;
    return touch || is_near(cell_box(a), cell_box(b));
}

/* Unites a cell with those of a row of cells that are near to it, from a column on. Cells side by side are united by
 * themselves, so one of them is enough. */
static void unite_in_row(const Groups *groups, uint32_t index, int row, int from) {
    const ChangeMap *map = groups->map;
    const uint32_t *numbers = row < map->rows ? map->numbers[row] : NULL;
    const Cell *cell = cell_at(map, index);
    int to = MIN(cell->column + REACH, map->columns - 1);
    bool is_united = false;
    for (int column = MAX(from, 0); numbers && column <= to; column++) {
        if (numbers[column] == 0) {
            is_united = false;
            continue;
        }
        uint32_t other = numbers[column] - 1;
        if (is_united || !are_near(cell, cell_at(map, other)))
            continue;
        unite(groups->parents, index, other);
        is_united = true;
    }
}

/* The same with all that are right of it or below; the others have done their part. */
static void unite_with_next(const Groups *groups, uint32_t index) {
    const Cell *cell = cell_at(groups->map, index);
    unite_in_row(groups, index, cell->row, cell->column + 1);
    for (int row = cell->row + 1; row <= cell->row + REACH; row++)
        unite_in_row(groups, index, row, cell->column - REACH);
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

/* A region in the making: its score and its fingerprint are known only when all of it is summed up. */
typedef struct {
    Region region;
    uint64_t squares;
    PrintSum print;
} Cluster;

static void add_cell(Cluster *cluster, const Cell *cell) {
    Region *region = &cluster->region;
    Box box = cell_box(cell);
    region->box = region->changed_pixels > 0 ? box_around(region->box, box) : box;
    region->changed_pixels += (uint64_t)__builtin_popcountll(cell->bits);
    cluster->squares += cell->squares;
    fingerprint_add(&cluster->print, cell->print);
}

/* Of Cluster, in the order of their roots. */
static GArray *collect(const Groups *groups) {
    uint32_t n_cells = groups->map->cells->len;
    GArray *clusters = g_array_new(FALSE, TRUE, sizeof(Cluster));
    g_autofree uint32_t *cluster_of_root = g_new(uint32_t, n_cells);
    for (uint32_t cell = 0; cell < n_cells; cell++) {
        uint32_t root = root_of(groups->parents, cell);
        if (root == cell) {
            cluster_of_root[root] = clusters->len;
            g_array_set_size(clusters, clusters->len + 1);
        }
        add_cell(&g_array_index(clusters, Cluster, cluster_of_root[root]), cell_at(groups->map, cell));
    }
    return clusters;
}

static Region finish(const Cluster *cluster, int channels) {
    Region region = cluster->region;
    uint64_t pixels = (uint64_t)region.box.width * (uint64_t)region.box.height;
    region.score = rmse_root(cluster->squares, pixels, channels);
    region.fingerprint = fingerprint_of_region(cluster->print, region.box);
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
    uint32_t n_cells = map->cells->len;
    g_autofree uint32_t *parents = g_new(uint32_t, n_cells);
    for (uint32_t cell = 0; cell < n_cells; cell++)
        parents[cell] = cell;
    Groups groups = {map, parents};
    for (uint32_t cell = 0; cell < n_cells; cell++)
        unite_with_next(&groups, cell);

    g_autoptr(GArray) clusters = collect(&groups);
    GArray *regions = g_array_sized_new(FALSE, FALSE, sizeof(Region), clusters->len);
    for (guint i = 0; i < clusters->len; i++) {
        Region region = finish(&g_array_index(clusters, Cluster, i), channels);
        g_array_append_val(regions, region);
    }
    g_array_sort(regions, by_size_and_place);
    return regions;
}
