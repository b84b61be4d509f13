#include "diff/lockstep.h"

#include <string.h>

/* How much is decoded at once: it should stay in the processor's second cache, both pictures and all copies of it. */
enum { CHUNK_BYTES = 128 * 1024 };

/* One of the two pictures. Of the rows that are at hand some are unfiltered, as they are needed. */
typedef struct {
    PngRows *rows;
    const PngFormat *format;
    const char *name;
    size_t stride;     /* of a filtered row, with its filter byte */
    uint8_t *filtered; /* the chunk at hand */
    uint8_t *before;   /* the chunk before it */
    uint8_t *raw;      /* the unfiltered rows of the chunk; in front of them, that above the chunk */
    bool *is_raw;      /* whether each of these is known */
    uint8_t *rgba;     /* a row of the run's width; also for work in between */
} Side;

struct Lockstep {
    Side sides[2];       /* reference, run */
    bool alike;          /* both have the same pixel format and width: equal raw rows are equal pixels */
    int chunk_rows;      /* how many rows a chunk has; the last may have less */
    int top;             /* first row of the chunk at hand */
    int n_rows;          /* how many it has, of the higher picture */
    int n_before;        /* how many the chunk before it had */
    int next;            /* row to look at */
    bool above_is_equal; /* the two are equal in the row above it */
};

enum { REFERENCE, RUN };

static bool open_side(Side *side, GBytes *png, const char *name, GError **error) {
    side->name = name;
    side->rows = png_rows_open(png, error);
    if (!side->rows) {
        g_prefix_error(error, "%s: ", name);
        return false;
    }
    side->format = png_rows_format(side->rows);
    side->stride = side->format->row_size + 1;
    return true;
}

static void make_buffers(Side *side, int chunk_rows, int run_width) {
    side->filtered = g_malloc((size_t)chunk_rows * side->stride);
    side->before = g_malloc((size_t)chunk_rows * side->stride);
    side->raw = g_malloc((size_t)(chunk_rows + 1) * side->format->row_size);
    side->is_raw = g_new0(bool, (size_t)chunk_rows + 1);
    side->rgba = g_malloc(4 * (size_t)MAX(run_width, side->format->width));
}

/* A palette with less than 256 colours has to be looked up, to find indices beyond it. */
static bool are_alike(const PngFormat *a, const PngFormat *b) {
    return a->width == b->width && a->channels == b->channels && a->n_colors == b->n_colors &&
           a->has_alpha == b->has_alpha && (a->n_colors == 0 || a->n_colors == 256) &&
           memcmp(a->colors, b->colors, sizeof a->colors) == 0;
}

Lockstep *lockstep_open(GBytes *reference_png, const char *reference_name, GBytes *run_png, const char *run_name,
                        GError **error) {
    g_autoptr(Lockstep) lockstep = g_new0(Lockstep, 1);
    Side *reference = &lockstep->sides[REFERENCE], *run = &lockstep->sides[RUN];
    if (!open_side(reference, reference_png, reference_name, error) || !open_side(run, run_png, run_name, error))
        return NULL;
    lockstep->chunk_rows = MAX(1, CHUNK_BYTES / (int)MAX(reference->stride, run->stride));
    lockstep->alike = are_alike(reference->format, run->format);
    lockstep->above_is_equal = true;
    make_buffers(reference, lockstep->chunk_rows, run->format->width);
    make_buffers(run, lockstep->chunk_rows, run->format->width);
    return g_steal_pointer(&lockstep);
}

void lockstep_free(Lockstep *lockstep) {
    if (!lockstep)
        return;
    for (Side *side = lockstep->sides; side < lockstep->sides + 2; side++) {
        png_rows_free(side->rows);
        g_free(side->filtered);
        g_free(side->before);
        g_free(side->raw);
        g_free(side->is_raw);
        g_free(side->rgba);
    }
    g_free(lockstep);
}

const PngFormat *lockstep_reference(const Lockstep *lockstep) {
    return lockstep->sides[REFERENCE].format;
}

const PngFormat *lockstep_run(const Lockstep *lockstep) {
    return lockstep->sides[RUN].format;
}

/* Unfiltering, as late as possible. */

static uint8_t *raw_row(const Side *side, int i) {
    return side->raw + (size_t)(i + 1) * side->format->row_size;
}

static const uint8_t *filtered_row(const Side *side, const uint8_t *chunk, int i) {
    return chunk + (size_t)i * side->stride;
}

/* The last row of a chunk that depends on none above it, or -1. */
static int last_independent(const Side *side, const uint8_t *chunk, int n_rows) {
    int i = n_rows - 1;
    while (i >= 0 && png_filter_needs_above(*filtered_row(side, chunk, i)))
        i--;
    return i;
}

/* Makes the row above the chunk known, from the chunk before. There is one in it to begin with: see leave_chunk(). */
static void find_raw_above(Side *side, int n_before) {
    uint8_t *above = raw_row(side, -1), *here = side->rgba;
    for (int i = last_independent(side, side->before, n_before); i < n_before; i++) {
        png_unfilter(side->format, here, filtered_row(side, side->before, i), above);
        memcpy(above, here, side->format->row_size);
    }
    side->is_raw[0] = true;
}

/* Makes row i of the chunk known. */
static void find_raw(const Lockstep *lockstep, Side *side, int i) {
    int from = i;
    while (from >= 0 && !side->is_raw[from + 1] && png_filter_needs_above(*filtered_row(side, side->filtered, from)))
        from--;
    bool at_the_top = from < 0 && lockstep->top == 0;
    if (from < 0 && !at_the_top && !side->is_raw[0])
        find_raw_above(side, lockstep->n_before);
    for (from = MAX(from, 0); from <= i; from++) {
        if (side->is_raw[from + 1])
            continue;
        const uint8_t *above = from == 0 && lockstep->top == 0 ? NULL : raw_row(side, from - 1);
        png_unfilter(side->format, raw_row(side, from), filtered_row(side, side->filtered, from), above);
        side->is_raw[from + 1] = true;
    }
}

/* From chunk to chunk. */

static int rows_in_chunk(const Lockstep *lockstep, const Side *side) {
    return CLAMP(side->format->height - lockstep->top, 0, lockstep->n_rows);
}

/* What the next chunk may need of this one: its last row or, as long as that can still be made from it, its filtered
 * rows. */
static void leave_chunk(Lockstep *lockstep, Side *side) {
    int n = rows_in_chunk(lockstep, side);
    if (n == 0)
        return;
    if (!side->is_raw[n] && last_independent(side, side->filtered, n) < 0)
        find_raw(lockstep, side, n - 1);
    bool known = side->is_raw[n];
    if (known)
        memcpy(raw_row(side, -1), raw_row(side, n - 1), side->format->row_size);
    memset(side->is_raw, 0, (size_t)(lockstep->chunk_rows + 1) * sizeof *side->is_raw);
    side->is_raw[0] = known;
    uint8_t *swap = side->before;
    side->before = side->filtered;
    side->filtered = swap;
}

static bool read_chunk(Lockstep *lockstep, Side *side, GError **error) {
    int n = rows_in_chunk(lockstep, side);
    if (n == 0 || png_rows_read(side->rows, side->filtered, n, error))
        return true;
    g_prefix_error(error, "%s: ", side->name);
    return false;
}

/* False at the end, and on failure. */
static bool go_to_next_chunk(Lockstep *lockstep, GError **error) {
    int height = MAX(lockstep->sides[REFERENCE].format->height, lockstep->sides[RUN].format->height);
    for (int i = 0; i < 2; i++)
        leave_chunk(lockstep, &lockstep->sides[i]);
    lockstep->n_before = lockstep->n_rows;
    lockstep->top += lockstep->n_rows;
    lockstep->n_rows = MIN(lockstep->chunk_rows, height - lockstep->top);
    return lockstep->n_rows > 0 && read_chunk(lockstep, &lockstep->sides[REFERENCE], error) &&
           read_chunk(lockstep, &lockstep->sides[RUN], error);
}

/* Row by row. */

/* Whether row i of the chunk is the same in both, by its bytes alone. */
static bool is_same_row(Lockstep *lockstep, int i) {
    Side *reference = &lockstep->sides[REFERENCE], *run = &lockstep->sides[RUN];
    const uint8_t *a = filtered_row(reference, reference->filtered, i);
    const uint8_t *b = filtered_row(run, run->filtered, i);
    if ((lockstep->above_is_equal || !png_filter_needs_above(*a)) && memcmp(a, b, reference->stride) == 0)
        return true;
    find_raw(lockstep, reference, i);
    find_raw(lockstep, run, i);
    return memcmp(raw_row(reference, i), raw_row(run, i), reference->format->row_size) == 0;
}

static void fill(uint8_t *rgba, int from, int to, bool transparent) {
    const uint8_t black[4] = {0, 0, 0, transparent ? 0 : 255};
    for (int x = from; x < to; x++)
        memcpy(rgba + 4 * x, black, 4);
}

static void drop_alpha(uint8_t *rgba, int width) {
    for (int x = 0; x < width; x++)
        rgba[4 * x + 3] = 255;
}

static bool turn_to_rgba(Lockstep *lockstep, Side *side, int i, GError **error) {
    find_raw(lockstep, side, i);
    if (png_to_rgba(side->format, side->rgba, raw_row(side, i)))
        return true;
    error_set(error, ERROR_INVALID, "%s: corrupt: a pixel's color is not in the palette", side->name);
    return false;
}

/* Puts row i of the reference onto the run's canvas. */
static bool place_reference(Lockstep *lockstep, int i, GError **error) {
    Side *side = &lockstep->sides[REFERENCE];
    const PngFormat *run = lockstep->sides[RUN].format;
    bool is_below = lockstep->top + i >= side->format->height;
    if (!is_below && !turn_to_rgba(lockstep, side, i, error))
        return false;
    fill(side->rgba, is_below ? 0 : side->format->width, run->width, run->has_alpha);
    if (!run->has_alpha)
        drop_alpha(side->rgba, run->width);
    return true;
}

/* Looks at row i of the chunk. *out_equal tells; where they are not, both are there as RGBA. */
static bool compare_row(Lockstep *lockstep, int i, bool *out_equal, GError **error) {
    Side *run = &lockstep->sides[RUN];
    bool has_run = lockstep->top + i < run->format->height;
    bool has_both = has_run && lockstep->top + i < lockstep->sides[REFERENCE].format->height;
    *out_equal = !has_run || (lockstep->alike && has_both && is_same_row(lockstep, i));
    if (*out_equal && lockstep->alike)
        return true;
    if (!place_reference(lockstep, i, error) || (has_run && !turn_to_rgba(lockstep, run, i, error)))
        return false;
    *out_equal = *out_equal || memcmp(lockstep->sides[REFERENCE].rgba, run->rgba, 4 * (size_t)run->format->width) == 0;
    return true;
}

bool lockstep_next(Lockstep *lockstep, RowPair *out_pair, GError **error) {
    for (;; lockstep->next++) {
        bool equal = true;
        if (lockstep->next == lockstep->top + lockstep->n_rows && !go_to_next_chunk(lockstep, error))
            return false;
        if (!compare_row(lockstep, lockstep->next - lockstep->top, &equal, error))
            return false;
        lockstep->above_is_equal = equal;
        if (!equal)
            break;
    }
    *out_pair = (RowPair){lockstep->next++, lockstep->sides[REFERENCE].rgba, lockstep->sides[RUN].rgba};
    return true;
}
