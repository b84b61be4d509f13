#include "diff/comparison.h"

#include "diff/antialias.h"
#include "diff/fingerprint.h"
#include "diff/rmse.h"

#include <string.h>

enum {
    /* What is kept of each picture to guess what happened: enough for a photograph of 512x512. Guessing takes about 40 ms
     * for a million pixels, which is as long as comparing a page. */
    MAX_CLIP_PIXELS = 1 << 18,
    /* By how much a dithered gradient is off where it moved. */
    DITHER_LEVELS = 1,
    /* Of so many rows one is counted where counts only tell which explanation is the better one. */
    COUNTED_ROWS = 4,
};

/* A row as it is remembered until the rows below it are known. */
typedef struct {
    CompareRow row;
    uint8_t *reference, *run; /* its pixels */
    uint64_t *bits;           /* for each threshold, as metric_compare_row() gives them */
} Slot;

struct Comparison {
    const DiffOptions *options;
    PixelFormat pixels;
    int width;
    bool want_sums;
    bool find_antialiased; /* and leave them out */
    bool is_reduced, is_partial;
    Metric *metric;  /* what counts */
    Metric *lenient; /* the same for rows that are dithered anew */
    Metric *any;     /* whether there is any difference at all, for the sums; NULL: the metric tells that, too */
    size_t n_thresholds;
    CellRowKernel *kernel;
    uint32_t *columns[2]; /* factors of the fingerprint */
    uint8_t *scratch;     /* a row of the reference, in which ignored pixels are those of the run */
    uint64_t *bits, *any_bits;

    Slot slots[ANTIALIAS_ROWS]; /* a ring; only used where antialiasing is left out */
    unsigned n_added, n_taken;  /* rows of the part at hand */

    CompareResult result;
};

static const double nothing[] = {0};

/* With no threshold below least. */
static Metric *new_metric(const DiffOptions *options, double least) {
    double thresholds[METRIC_MAX_THRESHOLDS] = {least};
    for (size_t i = 0; i < options->n_thresholds; i++)
        thresholds[i] = MAX(options->thresholds[i], least);
    return metric_new(options->metric, thresholds, MAX(options->n_thresholds, 1));
}

/* Whether the pixels that count as changed are all that differ. */
static bool counts_any(const DiffOptions *options) {
    return options->metric == METRIC_EXACT && (options->n_thresholds == 0 || options->thresholds[0] == 0) &&
           !options->ignore_antialiasing;
}

static void make_slots(Comparison *comparison, size_t n_words) {
    size_t row_bytes = (size_t)comparison->width * (size_t)comparison->pixels;
    for (Slot *slot = comparison->slots; slot < comparison->slots + ANTIALIAS_ROWS; slot++) {
        slot->reference = g_malloc(row_bytes);
        slot->run = g_malloc(row_bytes);
        slot->bits = g_new(uint64_t, n_words * comparison->n_thresholds);
    }
}

Comparison *comparison_new(const DiffOptions *options, const PngFormat *run, PixelFormat pixels, bool want_sums) {
    size_t n_words = metric_words((size_t)run->width);
    Comparison *comparison = g_new0(Comparison, 1);
    comparison->options = options;
    comparison->pixels = pixels;
    comparison->width = run->width;
    comparison->metric = new_metric(options, 0);
    comparison->lenient = new_metric(options, options->metric == METRIC_EXACT ? DITHER_LEVELS : 0);
    comparison->want_sums = want_sums;
    comparison->any = want_sums && !counts_any(options) ? metric_new(METRIC_EXACT, nothing, 1) : NULL;
    comparison->n_thresholds = MAX(options->n_thresholds, 1);
    comparison->kernel = cell_row_kernel();
    for (int twin = 0; twin < 2; twin++)
        comparison->columns[twin] = fingerprint_columns(twin, (size_t)run->width);
    comparison->scratch = options->n_ignored > 0 ? g_malloc((size_t)run->width * (size_t)pixels) : NULL;
    comparison->bits = g_new(uint64_t, n_words * comparison->n_thresholds);
    comparison->any_bits = g_new(uint64_t, n_words);
    comparison->find_antialiased = options->ignore_antialiasing;
    if (options->ignore_antialiasing)
        make_slots(comparison, n_words);
    comparison->result.changes = change_map_new(run->width, run->height);
    comparison->result.clips = clips_new(MAX_CLIP_PIXELS);
    return comparison;
}

void comparison_free(Comparison *comparison) {
    if (!comparison)
        return;
    metric_free(comparison->metric);
    metric_free(comparison->lenient);
    metric_free(comparison->any);
    g_free(comparison->columns[0]);
    g_free(comparison->columns[1]);
    g_free(comparison->scratch);
    g_free(comparison->bits);
    g_free(comparison->any_bits);
    for (Slot *slot = comparison->slots; slot < comparison->slots + ANTIALIAS_ROWS; slot++) {
        g_free(slot->reference);
        g_free(slot->run);
        g_free(slot->bits);
    }
    compare_result_clear(&comparison->result);
    g_free(comparison);
}

void compare_result_clear(CompareResult *result) {
    g_clear_pointer(&result->changes, change_map_free);
    g_clear_pointer(&result->clips, clips_free);
}

CompareResult comparison_take_result(Comparison *comparison) {
    clips_end(comparison->result.clips);
    CompareResult result = comparison->result;
    comparison->result.changes = NULL;
    comparison->result.clips = NULL;
    return result;
}

/* Ignored pixels are made equal, before anybody looks at them. */

/* The part of a row that lies in a box, as x relative to the row; false if there is none. Boxes come from strangers, and
 * may end beyond the range of int. */
static bool find_ignored(const CompareRow *row, Box box, int *out_from, int *out_to) {
    int64_t from = MAX(box.x, row->x), to = MIN((int64_t)box.x + box.width, row->x + row->width);
    if (row->y < box.y || row->y >= (int64_t)box.y + box.height || from >= to)
        return false;
    *out_from = (int)from - row->x;
    *out_to = (int)to - row->x;
    return true;
}

static CompareRow without_ignored(const Comparison *comparison, const CompareRow *row) {
    CompareRow result = *row;
    size_t step = comparison->pixels;
    for (size_t i = 0; i < comparison->options->n_ignored; i++) {
        int from, to;
        if (!find_ignored(row, comparison->options->ignored[i], &from, &to))
            continue;
        if (result.reference == row->reference)
            result.reference = memcpy(comparison->scratch, row->reference, (size_t)row->width * step);
        memcpy(comparison->scratch + (size_t)from * step, row->run + (size_t)from * step, (size_t)(to - from) * step);
    }
    return result;
}

/* What is counted. */

/* Eight pixels of a row from x on, relative to it; fewer at its end. */
static CellRow look_at_cell(const Comparison *comparison, const CompareRow *row, int x, uint8_t bits) {
    size_t at = (size_t)x * comparison->pixels;
    const uint32_t *const columns[2] = {comparison->columns[0] + row->x + x, comparison->columns[1] + row->x + x};
    bool whole = x + CELL_SIDE <= row->width;
    return (whole ? comparison->kernel : cell_row_plain)(row->reference + at, row->run + at, comparison->pixels, bits,
                                                         columns);
}

/* What is done with the pixels of a row whose bits are set. */
typedef enum { ADD_TO_SUMS = 1, ADD_TO_MAP = 2 } Purpose;

static void add_pixels(Comparison *comparison, const CompareRow *row, const uint64_t *bits, Purpose purpose) {
    CompareResult *result = &comparison->result;
    PrintSum row_factors = fingerprint_row(row->y);
    for (int x = 0; x < row->width; x += CELL_SIDE) {
        uint8_t of_cell = (uint8_t)(bits[x / 64] >> x % 64);
        if (of_cell == 0)
            continue;
        CellRow cell = look_at_cell(comparison, row, x, of_cell);
        cell.print = fingerprint_in_row(cell.print, row_factors);
        if (purpose & ADD_TO_MAP)
            change_map_add(result->changes, row->x + x, row->y, &cell);
        if (purpose & ADD_TO_SUMS) {
            result->color_sum += cell.color_squares;
            result->alpha_sum += cell.alpha_squares;
        }
    }
}

static void keep_clip(Comparison *comparison, const CompareRow *row, int from, int to) {
    size_t step = comparison->pixels, at = (size_t)from * step;
    clips_add(comparison->result.clips, row->x + from, row->y, (size_t)(to - from), comparison->pixels,
              row->reference + at, row->run + at);
}

/* Keeps pixels around the changed cells of a row: stretches that touch each other are one. */
static void keep_clips(Comparison *comparison, const CompareRow *row, const uint64_t *bits) {
    int from = 0, to = 0;
    for (int x = 0; x < row->width; x += CELL_SIDE) {
        if ((bits[x / 64] >> x % 64 & 0xff) == 0)
            continue;
        if (x - CLIPS_MARGIN > to) {
            if (to > from)
                keep_clip(comparison, row, from, to);
            from = MAX(x - CLIPS_MARGIN, 0);
        }
        to = MIN(x + CELL_SIDE + CLIPS_MARGIN, row->width);
    }
    if (to > from)
        keep_clip(comparison, row, from, to);
}

/* Each changed pixel stands for so many. */
static void count(Comparison *comparison, const CompareRow *row, const uint64_t *bits, uint64_t times) {
    size_t n_words = metric_words((size_t)row->width);
    for (size_t t = 0; t < comparison->n_thresholds; t++)
        comparison->result.counts[t] += times * metric_count(bits + t * n_words, n_words);
}

/* Takes a row whose bits are settled. */
static void take(Comparison *comparison, const CompareRow *row, const uint64_t *bits) {
    count(comparison, row, bits, 1);
    bool also_sums = comparison->want_sums && !comparison->any;
    add_pixels(comparison, row, bits, also_sums ? ADD_TO_MAP | ADD_TO_SUMS : ADD_TO_MAP);
    keep_clips(comparison, row, bits);
}

/* Antialiased pixels are known when two more rows are. */

static Slot *slot_of(Comparison *comparison, unsigned index) {
    return &comparison->slots[index % ANTIALIAS_ROWS];
}

static AntialiasWindow window_around(Comparison *comparison, unsigned index) {
    const CompareRow *row = &slot_of(comparison, index)->row;
    AntialiasWindow window = {.format = comparison->pixels, .width = row->width};
    window.index = (size_t)row->y * (size_t)comparison->width + (size_t)row->x;
    for (int i = 0; i < ANTIALIAS_ROWS; i++) {
        int64_t at = (int64_t)index + i - ANTIALIAS_REACH;
        if (at < 0 || at >= comparison->n_added)
            continue;
        window.reference[i] = slot_of(comparison, (unsigned)at)->reference;
        window.run[i] = slot_of(comparison, (unsigned)at)->run;
    }
    return window;
}

static void leave_out_antialiased(Comparison *comparison, unsigned index) {
    const Slot *slot = slot_of(comparison, index);
    size_t n_words = metric_words((size_t)slot->row.width);
    AntialiasWindow window = window_around(comparison, index);
    for (size_t word = 0; word < n_words; word++) {
        for (uint64_t bits = slot->bits[word]; bits != 0; bits &= bits - 1) {
            int bit = __builtin_ctzll(bits);
            if (!antialias_find(&window, (int)(64 * word) + bit))
                continue;
            for (size_t t = 0; t < comparison->n_thresholds; t++)
                slot->bits[t * n_words + word] &= ~(UINT64_C(1) << bit);
        }
    }
}

/* Settles rows up to, not including, the one with this index. */
static void take_remembered(Comparison *comparison, unsigned end) {
    for (; comparison->n_taken < end; comparison->n_taken++) {
        Slot *slot = slot_of(comparison, comparison->n_taken);
        leave_out_antialiased(comparison, comparison->n_taken);
        take(comparison, &slot->row, slot->bits);
    }
}

static void remember(Comparison *comparison, const CompareRow *row) {
    Slot *slot = slot_of(comparison, comparison->n_added++);
    size_t n_words = metric_words((size_t)row->width) * comparison->n_thresholds;
    size_t row_bytes = (size_t)row->width * (size_t)comparison->pixels;
    memcpy(slot->reference, row->reference, row_bytes);
    memcpy(slot->run, row->run, row_bytes);
    memcpy(slot->bits, comparison->bits, n_words * sizeof *slot->bits);
    slot->row = *row;
    slot->row.reference = slot->reference;
    slot->row.run = slot->run;
    if (comparison->n_added > ANTIALIAS_REACH)
        take_remembered(comparison, comparison->n_added - ANTIALIAS_REACH);
}

/* What is left of it when all else is not wanted. */
static void add_reduced(Comparison *comparison, const CompareRow *row, const MetricRow *metric_row) {
    CompareResult *result = &comparison->result;
    if (comparison->want_sums)
        rmse_add_row(row->reference, row->run, (int)comparison->pixels, metric_row->n, &result->color_sum,
                     &result->alpha_sum);
    if (row->y % COUNTED_ROWS == 0 && metric_compare_row(comparison->metric, metric_row, comparison->bits) > 0)
        count(comparison, row, comparison->bits, COUNTED_ROWS);
}

void comparison_add(Comparison *comparison, const CompareRow *given) {
    CompareRow row = without_ignored(comparison, given);
    const MetricRow metric_row = {
        .reference = row.reference,
        .run = row.run,
        .format = comparison->pixels,
        .n = (size_t)row.width,
        .index = (size_t)row.y * (size_t)comparison->width + (size_t)row.x,
    };
    if (comparison->is_reduced) {
        add_reduced(comparison, &row, &metric_row);
        return;
    }
    size_t n_changed =
        metric_compare_row(row.dithered_anew ? comparison->lenient : comparison->metric, &metric_row, comparison->bits);
    if (comparison->any && metric_compare_row(comparison->any, &metric_row, comparison->any_bits) > 0)
        add_pixels(comparison, &row, comparison->any_bits, ADD_TO_SUMS);
    if (comparison->find_antialiased)
        remember(comparison, &row);
    else if (n_changed > 0)
        take(comparison, &row, comparison->bits);
}

void comparison_end_part(Comparison *comparison) {
    if (comparison->find_antialiased)
        take_remembered(comparison, comparison->n_added);
    comparison->n_added = comparison->n_taken = 0;
}

void comparison_stop_antialiasing(Comparison *comparison) {
    if (!comparison->find_antialiased)
        return;
    comparison_end_part(comparison);
    comparison->find_antialiased = false;
    comparison->is_partial = true;
}

void comparison_reduce(Comparison *comparison) {
    comparison_stop_antialiasing(comparison);
    comparison->is_reduced = comparison->is_partial = true;
}

bool comparison_is_partial(const Comparison *comparison) {
    return comparison->is_partial;
}
