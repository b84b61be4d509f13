/* Rows of which no hash is known stand where they stood, equal in both: each gets hashes that no other row has, the same
 * in both pictures. So align.c need not know that they were not looked at.
 *
 * Two things must not happen: that hashing costs a page time on which a digit changed, and that blank rows, which are
 * equal wherever they are, are taken for rows that stayed. So from the first difference on all rows are hashed, until
 * so many have been equal, and not blank, that no doubt is left. */
#include "diff/row_watch.h"

#include "diff/align.h"
#include "diff/fingerprint.h"
#include "diff/row_hash.h"

#include <string.h>

enum {
    /* Equal rows in a row after which all is well again, and how many of them must differ from the one above. */
    WELL_ROWS = 256,
    WELL_TELLING_ROWS = 64,
    /* So many more rows that differ than rows that do not, in one stretch, are suspicious: some lines of text. */
    SUSPICIOUS_ROWS = 64,
    /* So many rows that are elsewhere in the other picture leave little doubt. */
    FOUND_ROWS = 64,
};

/* In which pictures a row was seen that is not the same in both: bits of what GHashTable has for a hash. */
typedef enum { IN_REFERENCE = 1, IN_RUN = 2 } Picture;

struct RowWatch {
    int reference_height, run_height;
    PixelFormat format;
    RowStrips strips;
    GArray *rows;                  /* of int: which rows were hashed */
    GArray *of_reference, *of_run; /* of uint64_t: n_strips hashes for each of these; 0 where there is no row */

    /* The stretch that is being watched. */
    bool watching;
    int n_equal, n_telling; /* equal rows at its end; those of them which differ from the one above */
    int excess;             /* how many more rows differ than are equal, at least 0 */
    bool suspects;

    GHashTable *seen; /* the hash of a row that differs -> Picture; until enough was found */
    uint64_t last_of_reference, last_of_run;
    int n_found;
};

RowWatch *row_watch_new(const Formats *formats) {
    RowWatch *watch = g_new0(RowWatch, 1);
    watch->reference_height = formats->reference.height;
    watch->run_height = formats->run.height;
    watch->format = formats->pixels;
    watch->strips = row_strips_of(formats->run.width);
    watch->rows = g_array_new(FALSE, FALSE, sizeof(int));
    watch->of_reference = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    watch->of_run = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    watch->suspects = watch->reference_height != watch->run_height;
    watch->seen = g_hash_table_new(NULL, NULL);
    return watch;
}

void row_watch_free(RowWatch *watch) {
    if (!watch)
        return;
    g_array_unref(watch->rows);
    g_array_unref(watch->of_reference);
    g_array_unref(watch->of_run);
    g_hash_table_unref(watch->seen);
    g_free(watch);
}

static uint64_t *hashes_at(const GArray *hashes, const RowStrips *strips, guint index) {
    return &g_array_index(hashes, uint64_t, index * (guint)strips->n_strips);
}

/* Adds the hashes of a row, if there is one; returns them. */
static uint64_t *add_hashes(const RowWatch *watch, GArray *hashes, const uint8_t *row) {
    guint n_strips = (guint)watch->strips.n_strips;
    g_array_set_size(hashes, hashes->len + n_strips);
    uint64_t *added = &g_array_index(hashes, uint64_t, hashes->len - n_strips);
    if (row)
        row_hash(&watch->strips, watch->format, row, added);
    return added;
}

static bool is_like_row_above(const RowWatch *watch, int y) {
    guint n_rows = watch->rows->len;
    if (n_rows < 2 || g_array_index(watch->rows, int, n_rows - 2) != y - 1)
        return false;
    return memcmp(hashes_at(watch->of_run, &watch->strips, n_rows - 2),
                  hashes_at(watch->of_run, &watch->strips, n_rows - 1),
                  (size_t)watch->strips.n_strips * sizeof(uint64_t)) == 0;
}

static void add_row(RowWatch *watch, const RowPair *pair) {
    g_array_append_val(watch->rows, pair->y);
    const uint64_t *of_run = add_hashes(watch, watch->of_run, pair->run);
    uint64_t *of_reference =
        add_hashes(watch, watch->of_reference, pair->in_reference && !pair->equal ? pair->reference : NULL);
    if (pair->equal)
        memcpy(of_reference, of_run, (size_t)watch->strips.n_strips * sizeof *of_run);
}

/* One of a row of a picture; blank rows, which are like the one above, are everywhere and tell nothing. */
static void look_for_row(RowWatch *watch, const uint64_t *hashes, uint64_t *inout_last, Picture picture) {
    uint64_t hash = 0;
    for (int strip = 0; strip < watch->strips.n_strips; strip++)
        hash = fingerprint_mix(hash ^ hashes[strip]);
    if (hash != *inout_last) {
        guint in = GPOINTER_TO_UINT(g_hash_table_lookup(watch->seen, (gpointer)(uintptr_t)hash));
        watch->n_found += in != 0 && !(in & picture);
        g_hash_table_insert(watch->seen, (gpointer)(uintptr_t)hash, GUINT_TO_POINTER(in | picture));
    }
    *inout_last = hash;
}

static void look_for_rows(RowWatch *watch, const RowPair *pair) {
    guint index = watch->rows->len - 1;
    if (pair->in_reference)
        look_for_row(watch, hashes_at(watch->of_reference, &watch->strips, index), &watch->last_of_reference,
                     IN_REFERENCE);
    if (pair->run)
        look_for_row(watch, hashes_at(watch->of_run, &watch->strips, index), &watch->last_of_run, IN_RUN);
}

static void judge(RowWatch *watch, const RowPair *pair) {
    if (pair->equal) {
        watch->n_equal++;
        watch->n_telling += !is_like_row_above(watch, pair->y);
        watch->excess = MAX(watch->excess - 1, 0);
    } else {
        watch->n_equal = watch->n_telling = 0;
        watch->excess++;
    }
    watch->suspects = watch->suspects || watch->excess >= SUSPICIOUS_ROWS;
    watch->watching = watch->n_equal < WELL_ROWS || watch->n_telling < WELL_TELLING_ROWS;
}

bool row_watch_see(RowWatch *watch, const RowPair *pair) {
    if (!watch->watching)
        watch->excess = 0;
    add_row(watch, pair);
    judge(watch, pair);
    if (!pair->equal && !row_watch_has_found(watch))
        look_for_rows(watch, pair);
    return watch->watching;
}

bool row_watch_suspects(const RowWatch *watch) {
    return watch->suspects && watch->rows->len > 0;
}

bool row_watch_has_found(const RowWatch *watch) {
    return watch->suspects && watch->n_found >= FOUND_ROWS;
}

/* All rows of a picture. The caller frees the hashes. */
static RowHashes all_rows(const RowWatch *watch, int height, const GArray *known) {
    size_t n_strips = (size_t)watch->strips.n_strips;
    uint64_t *hashes = g_new(uint64_t, (size_t)height * n_strips);
    for (size_t i = 0; i < (size_t)height * n_strips; i++)
        hashes[i] = fingerprint_mix(i);
    for (guint i = 0; i < watch->rows->len; i++) {
        int y = g_array_index(watch->rows, int, i);
        if (y < height)
            memcpy(hashes + (size_t)y * n_strips, hashes_at(known, &watch->strips, i), n_strips * sizeof *hashes);
    }
    return (RowHashes){watch->strips.width, height, watch->strips.strip_width, watch->strips.n_strips, hashes};
}

static bool has_moved(const Band *band) {
    return band->kind == BAND_INSERTED || band->kind == BAND_REMOVED || band->kind == BAND_MOVED ||
           band->reference_y != band->run_y;
}

static bool has_any_moved(const GArray *bands) {
    for (guint i = 0; i < bands->len; i++)
        if (has_moved(&g_array_index(bands, Band, i)))
            return true;
    return false;
}

GArray *row_watch_find_bands(const RowWatch *watch) {
    if (!row_watch_suspects(watch))
        return NULL;
    RowHashes reference = all_rows(watch, watch->reference_height, watch->of_reference);
    RowHashes run = all_rows(watch, watch->run_height, watch->of_run);
    g_autoptr(GArray) bands = align_rows(&reference, &run);
    g_free((uint64_t *)reference.hashes);
    g_free((uint64_t *)run.hashes);
    return has_any_moved(bands) ? g_steal_pointer(&bands) : NULL;
}

/* The index of a row among those that were hashed. All rows of a band that moved are among them, since rows that are not
 * equal by place always come out. */
static guint index_of_row(const RowWatch *watch, int y) {
    guint low = 0, high = watch->rows->len;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (g_array_index(watch->rows, int, middle) < y)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Rows one by one, in their order, and nothing of where they are. */
static uint64_t fingerprint_of_rows(const RowWatch *watch, const GArray *hashes, int y, int height, const Band *band) {
    int end = band->x + band->width;
    guint first_strip = (guint)(band->x / watch->strips.strip_width);
    guint end_strip = (guint)(end == watch->strips.width ? watch->strips.n_strips : end / watch->strips.strip_width);
    uint64_t sum = fingerprint_mix((uint64_t)band->kind << 32 | (uint64_t)height);
    for (guint i = index_of_row(watch, y); height > 0 && i < watch->rows->len; i++, height--)
        for (guint strip = first_strip; strip < end_strip; strip++)
            sum = fingerprint_mix(sum ^ hashes_at(hashes, &watch->strips, i)[strip]);
    return sum;
}

uint64_t row_watch_fingerprint(const RowWatch *watch, const GArray *bands) {
    uint64_t sum = 0;
    for (guint i = 0; i < bands->len; i++) {
        const Band *band = &g_array_index(bands, Band, i);
        if (band->is_jitter)
            continue;
        if (band->kind == BAND_INSERTED || band->kind == BAND_MOVED)
            sum += fingerprint_of_rows(watch, watch->of_run, band->run_y, band->run_height, band);
        else if (band->kind == BAND_REMOVED)
            sum += fingerprint_of_rows(watch, watch->of_reference, band->reference_y, band->reference_height, band);
    }
    return sum;
}
