#include "diff/align.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* What rows look like: a page's are made of parts, one below the other. */
typedef enum {
    END,    /* of a list of parts */
    BLANK,  /* all rows alike */
    TEXT,   /* lines of 12 rows with 8 blank ones between them */
    PHOTO,  /* no row like another */
    DITHER, /* a gradient to the side: the same 8 rows over and over */
} Look;

/* The same look, seed and first row are the same rows. */
typedef struct {
    Look look;
    int height, seed, first;
} Part;

typedef struct {
    RowHashes rows;
    uint64_t *hashes;
} Page;

static void page_free(Page *page) {
    g_free(page->hashes);
    g_free(page);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Page, page_free)

static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t hash = (a + b * UINT64_C(0x9e3779b97f4a7c15) + 1) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 29) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 32;
}

static uint64_t hash_of(Part part, int row, int strip) {
    static const uint64_t white = 42;
    row += part.first;
    bool is_blank = part.look == BLANK || (part.look == TEXT && row % 20 >= 12);
    if (is_blank)
        return white;
    if (part.look == DITHER)
        row %= 8;
    return mix(mix((uint64_t)part.seed, (uint64_t)row), (uint64_t)strip);
}

static int height_of(const Part *parts) {
    int height = 0;
    for (; parts->look != END; parts++)
        height += parts->height;
    return height;
}

static Page *page_new(int n_strips, int height) {
    Page *page = g_new0(Page, 1);
    page->hashes = g_new0(uint64_t, (size_t)(n_strips * height));
    page->rows = (RowHashes){n_strips * ALIGN_MIN_STRIP_WIDTH, height, ALIGN_MIN_STRIP_WIDTH, n_strips, page->hashes};
    return page;
}

/* Fills strips from first on and before end; what does not fit is cut off. */
static void page_fill(Page *page, int first, int end, const Part *parts) {
    int y = 0;
    for (; parts->look != END; parts++)
        for (int row = 0; row < parts->height && y < page->rows.height; row++, y++)
            for (int strip = first; strip < end; strip++)
                page->hashes[y * page->rows.n_strips + strip] = hash_of(*parts, row, strip);
}

/* Four strips wide. */
static Page *page_of(const Part *parts) {
    Page *page = page_new(4, height_of(parts));
    page_fill(page, 0, 4, parts);
    return page;
}

static void assert_band(Band band, Band expected) {
    g_assert_cmpint(band.kind, ==, expected.kind);
    g_assert_cmpint(band.x, ==, expected.x);
    g_assert_cmpint(band.width, ==, expected.width);
    g_assert_cmpint(band.reference_y, ==, expected.reference_y);
    g_assert_cmpint(band.reference_height, ==, expected.reference_height);
    g_assert_cmpint(band.run_y, ==, expected.run_y);
    g_assert_cmpint(band.run_height, ==, expected.run_height);
}

static void print_bands(const GArray *bands) {
    static const char *const kinds[] = {"equal", "changed", "inserted", "removed", "moved"};
    for (guint i = 0; i < bands->len; i++) {
        Band band = g_array_index(bands, Band, i);
        g_test_message("%s x=%d+%d, %d+%d -> %d+%d", kinds[band.kind], band.x, band.width, band.reference_y,
                       band.reference_height, band.run_y, band.run_height);
    }
}

static bool same_rows(const Page *a, int a_y, const Page *b, int b_y, int x, int width) {
    int first = x / ALIGN_MIN_STRIP_WIDTH;
    int end = MIN((x + width) / ALIGN_MIN_STRIP_WIDTH, MIN(a->rows.n_strips, b->rows.n_strips));
    return memcmp(&a->hashes[a_y * a->rows.n_strips + first], &b->hashes[b_y * b->rows.n_strips + first],
                  (size_t)(end - first) * sizeof(uint64_t)) == 0;
}

static void assert_rows_are_as_told(Band band, const Page *reference, const Page *run) {
    if (band.kind == BAND_INSERTED || band.kind == BAND_REMOVED) {
        g_assert_cmpint(band.kind == BAND_INSERTED ? band.reference_height : band.run_height, ==, 0);
        return;
    }
    g_assert_cmpint(band.reference_height, ==, band.run_height);
    for (int i = 0; i < band.run_height && band.kind != BAND_CHANGED; i++)
        g_assert_true(same_rows(reference, band.reference_y + i, run, band.run_y + i, band.x, band.width));
}

/* Checks the bands of one group, from index on, against what align.h promises. Returns the index behind them. */
static guint assert_group(const GArray *bands, guint index, const Page *reference, const Page *run) {
    g_autofree bool *is_told = g_new0(bool, (gsize)reference->rows.height);
    int x = g_array_index(bands, Band, index).x, reference_y = 0, run_y = 0, n_told = 0;
    for (; index < bands->len && g_array_index(bands, Band, index).x == x; index++) {
        Band band = g_array_index(bands, Band, index);
        g_assert_cmpint(band.reference_height + band.run_height, >, 0);
        g_assert_cmpint(band.run_y, ==, run_y);
        run_y += band.run_height;
        if (band.kind != BAND_MOVED) {
            g_assert_cmpint(band.reference_y, >=, reference_y);
            reference_y = band.reference_y + band.reference_height;
        }
        for (int i = 0; i < band.reference_height; i++, n_told++) {
            g_assert_false(is_told[band.reference_y + i]);
            is_told[band.reference_y + i] = true;
        }
        assert_rows_are_as_told(band, reference, run);
    }
    g_assert_cmpint(run_y, ==, run->rows.height);
    g_assert_cmpint(n_told, ==, reference->rows.height);
    return index;
}

/* What align_rows() says, having checked that it keeps all promises. */
static GArray *align(const Page *reference, const Page *run) {
    GArray *bands = align_rows(&reference->rows, &run->rows);
    int x = 0;
    for (guint index = 0; index < bands->len;) {
        Band band = g_array_index(bands, Band, index);
        g_assert_cmpint(band.x, ==, x);
        x += band.width;
        index = assert_group(bands, index, reference, run);
    }
    g_assert_cmpint(x, ==, run->rows.width);
    return bands;
}

/* Expects bands of all columns, or those of which x and width are told. They end with one that has no rows. */
static void assert_bands(const Page *reference, const Page *run, const Band *expected) {
    g_autoptr(GArray) bands = align(reference, run);
    print_bands(bands);
    guint n_expected = 0;
    for (; expected->reference_height + expected->run_height > 0; expected++, n_expected++) {
        g_assert_cmpuint(bands->len, >, n_expected);
        Band whole = *expected;
        if (whole.width == 0)
            whole.width = run->rows.width;
        assert_band(g_array_index(bands, Band, n_expected), whole);
    }
    g_assert_cmpuint(bands->len, ==, n_expected);
}

static void assert_bands_of(const Part *reference_parts, const Part *run_parts, const Band *expected) {
    g_autoptr(Page) reference = page_of(reference_parts);
    g_autoptr(Page) run = page_of(run_parts);
    assert_bands(reference, run, expected);
}

static Band equal(int reference_y, int run_y, int height) {
    return (Band){BAND_EQUAL, 0, 0, reference_y, height, run_y, height, false, false};
}

static Band changed(int reference_y, int run_y, int height) {
    return (Band){BAND_CHANGED, 0, 0, reference_y, height, run_y, height, false, false};
}

static Band inserted(int reference_y, int run_y, int height) {
    return (Band){BAND_INSERTED, 0, 0, reference_y, 0, run_y, height, false, false};
}

static Band removed(int reference_y, int run_y, int height) {
    return (Band){BAND_REMOVED, 0, 0, reference_y, height, run_y, 0, false, false};
}

static Band moved(int reference_y, int run_y, int height) {
    return (Band){BAND_MOVED, 0, 0, reference_y, height, run_y, height, false, false};
}

static Band in_columns(Band band, int first_strip, int n_strips) {
    band.x = first_strip * ALIGN_MIN_STRIP_WIDTH;
    band.width = n_strips * ALIGN_MIN_STRIP_WIDTH;
    return band;
}

#define PARTS(...) ((const Part[]){__VA_ARGS__, {END, 0, 0, 0}})
#define BANDS(...) ((const Band[]){__VA_ARGS__, {0}})

static void identical_pictures_are_one_equal_band(void) {
    assert_bands_of(PARTS({TEXT, 400, 1, 0}), PARTS({TEXT, 400, 1, 0}), BANDS(equal(0, 0, 400)));
    assert_bands_of(PARTS({BLANK, 400, 0, 0}), PARTS({BLANK, 400, 0, 0}), BANDS(equal(0, 0, 400)));
}

static void pictures_of_one_row_are_equal_or_changed(void) {
    assert_bands_of(PARTS({PHOTO, 1, 1, 0}), PARTS({PHOTO, 1, 1, 0}), BANDS(equal(0, 0, 1)));
    assert_bands_of(PARTS({PHOTO, 1, 1, 0}), PARTS({PHOTO, 1, 2, 0}), BANDS(changed(0, 0, 1)));
    assert_bands_of(PARTS({PHOTO, 1, 1, 0}), PARTS({PHOTO, 1, 2, 0}, {PHOTO, 1, 1, 0}),
                    BANDS(inserted(0, 0, 1), equal(0, 1, 1)));
    assert_bands_of(PARTS({PHOTO, 1, 1, 0}, {PHOTO, 1, 2, 0}), PARTS({PHOTO, 1, 1, 0}),
                    BANDS(equal(0, 0, 1), removed(1, 1, 1)));
}

static void one_changed_row_is_one_band(void) {
    assert_bands_of(PARTS({TEXT, 400, 1, 0}), PARTS({TEXT, 100, 1, 0}, {PHOTO, 1, 2, 0}, {TEXT, 299, 1, 101}),
                    BANDS(equal(0, 0, 100), changed(100, 100, 1), equal(101, 101, 299)));
}

static void changed_rows_near_each_other_are_one_band(void) {
    assert_bands_of(PARTS({TEXT, 400, 1, 0}),
                    PARTS({TEXT, 100, 1, 0}, {PHOTO, 1, 2, 0}, {TEXT, 7, 1, 101}, {PHOTO, 1, 3, 0}, {TEXT, 8, 1, 109},
                          {PHOTO, 1, 4, 0}, {TEXT, 282, 1, 118}),
                    BANDS(equal(0, 0, 100), changed(100, 100, 9), equal(109, 109, 8), changed(117, 117, 1),
                          equal(118, 118, 282)));
}

static void an_inserted_block_is_one_band_wherever_it_is(void) {
    const Part page[] = {{TEXT, 400, 1, 0}, {END, 0, 0, 0}};
    assert_bands_of(page, PARTS({PHOTO, 64, 2, 0}, {TEXT, 400, 1, 0}), BANDS(inserted(0, 0, 64), equal(0, 64, 400)));
    assert_bands_of(page, PARTS({TEXT, 400, 1, 0}, {PHOTO, 64, 2, 0}), BANDS(equal(0, 0, 400), inserted(400, 400, 64)));
    for (int y = 98; y < 122; y++)
        assert_bands_of(page, PARTS({TEXT, y, 1, 0}, {PHOTO, 64, 2, 0}, {TEXT, 400 - y, 1, y}),
                        BANDS(equal(0, 0, y), inserted(y, y, 64), equal(y, y + 64, 400 - y)));
}

static void a_removed_block_is_one_band_wherever_it_is(void) {
    const Part page[] = {{TEXT, 400, 1, 0}, {END, 0, 0, 0}};
    assert_bands_of(PARTS({PHOTO, 64, 2, 0}, {TEXT, 400, 1, 0}), page, BANDS(removed(0, 0, 64), equal(64, 0, 400)));
    assert_bands_of(PARTS({TEXT, 400, 1, 0}, {PHOTO, 64, 2, 0}), page, BANDS(equal(0, 0, 400), removed(400, 400, 64)));
    for (int y = 98; y < 122; y++)
        assert_bands_of(PARTS({TEXT, y, 1, 0}, {PHOTO, 64, 2, 0}, {TEXT, 400 - y, 1, y}), page,
                        BANDS(equal(0, 0, y), removed(y, y, 64), equal(y + 64, y, 400 - y)));
}

static void each_of_two_blocks_is_a_band(void) {
    assert_bands_of(PARTS({TEXT, 400, 1, 0}),
                    PARTS({TEXT, 100, 1, 0}, {PHOTO, 30, 2, 0}, {TEXT, 200, 1, 100}, {TEXT, 52, 3, 0},
                          {TEXT, 100, 1, 300}),
                    BANDS(equal(0, 0, 100), inserted(100, 100, 30), equal(100, 130, 200), inserted(300, 330, 52),
                          equal(300, 382, 100)));
    assert_bands_of(PARTS({TEXT, 300, 1, 0}, {PHOTO, 70, 2, 0}, {TEXT, 100, 1, 300}),
                    PARTS({TEXT, 100, 1, 0}, {PHOTO, 30, 3, 0}, {TEXT, 300, 1, 100}),
                    BANDS(equal(0, 0, 100), inserted(100, 100, 30), equal(100, 130, 200), removed(300, 330, 70),
                          equal(370, 330, 100)));
}

static void what_is_pushed_out_at_the_bottom_is_removed_there(void) {
    assert_bands_of(PARTS({TEXT, 400, 1, 0}), PARTS({TEXT, 120, 1, 0}, {PHOTO, 64, 2, 0}, {TEXT, 216, 1, 120}),
                    BANDS(equal(0, 0, 120), inserted(120, 120, 64), equal(120, 184, 216), removed(336, 400, 64)));
    /* ... and be it blank */
    assert_bands_of(PARTS({TEXT, 300, 1, 0}, {BLANK, 100, 0, 0}),
                    PARTS({PHOTO, 64, 2, 0}, {TEXT, 300, 1, 0}, {BLANK, 36, 0, 0}),
                    BANDS(inserted(0, 0, 64), equal(0, 64, 336), removed(336, 400, 64)));
    assert_bands_of(PARTS({PHOTO, 64, 2, 0}, {TEXT, 300, 1, 0}, {BLANK, 36, 0, 0}),
                    PARTS({TEXT, 300, 1, 0}, {BLANK, 100, 0, 0}),
                    BANDS(removed(0, 0, 64), equal(64, 0, 336), inserted(400, 336, 64)));
}

static void blank_rows_go_with_what_is_next_to_them(void) {
    assert_bands_of(PARTS({TEXT, 112, 1, 0}, {BLANK, 300, 0, 0}, {TEXT, 212, 2, 0}, {BLANK, 500, 0, 0},
                          {TEXT, 40, 3, 0}),
                    PARTS({TEXT, 112, 1, 0}, {BLANK, 300, 0, 0}, {TEXT, 212, 2, 0}, {BLANK, 250, 0, 0},
                          {PHOTO, 64, 4, 0}, {BLANK, 250, 0, 0}, {TEXT, 40, 3, 0}),
                    BANDS(equal(0, 0, 874), inserted(874, 874, 64), equal(874, 938, 290)));
    /* Blank rows alone: they are added where nobody could tell. */
    assert_bands_of(PARTS({TEXT, 112, 1, 0}, {BLANK, 30, 0, 0}, {TEXT, 212, 2, 0}),
                    PARTS({TEXT, 112, 1, 0}, {BLANK, 50, 0, 0}, {TEXT, 212, 2, 0}),
                    BANDS(equal(0, 0, 142), inserted(142, 142, 20), equal(142, 162, 212)));
}

static void an_inserted_block_with_blank_space_begins_with_what_is_seen(void) {
    assert_bands_of(PARTS({TEXT, 112, 1, 0}, {BLANK, 40, 0, 0}, {TEXT, 212, 2, 0}),
                    PARTS({TEXT, 112, 1, 0}, {BLANK, 40, 0, 0}, {PHOTO, 60, 3, 0}, {BLANK, 40, 0, 0},
                          {TEXT, 212, 2, 0}),
                    BANDS(equal(0, 0, 152), inserted(152, 152, 100), equal(152, 252, 212)));
}

static void one_more_of_many_that_look_alike_is_one_band(void) {
    const Part row = {PHOTO, 30, 7, 0};
    assert_bands_of(PARTS({TEXT, 112, 1, 0}, row, row, row, row, {TEXT, 212, 2, 0}),
                    PARTS({TEXT, 112, 1, 0}, row, row, row, row, row, {TEXT, 212, 2, 0}),
                    BANDS(equal(0, 0, 232), inserted(232, 232, 30), equal(232, 262, 212)));
}

/* Each row is there at least twice, but what is next to what is not. */
static void pages_without_a_unique_row_are_aligned_by_their_order(void) {
    const Part a = {PHOTO, 60, 1, 0}, b = {PHOTO, 60, 2, 0}, c = {PHOTO, 60, 3, 0}, top_of_a = {PHOTO, 20, 1, 0};
    assert_bands_of(PARTS(a, a, b, b, c, c, a, c, b, a), PARTS({PHOTO, 40, 9, 0}, a, a, b, b, c, c, a, c, b, top_of_a),
                    BANDS(inserted(0, 0, 40), equal(0, 40, 560), removed(560, 600, 40)));
}

static void a_block_that_moved_is_told_once(void) {
    assert_bands_of(PARTS({TEXT, 200, 1, 0}, {PHOTO, 50, 2, 0}, {TEXT, 300, 1, 200}, {TEXT, 100, 3, 0}),
                    PARTS({TEXT, 500, 1, 0}, {PHOTO, 50, 2, 0}, {TEXT, 100, 3, 0}),
                    BANDS(equal(0, 0, 200), equal(250, 200, 300), moved(200, 500, 50), equal(550, 550, 100)));
    assert_bands_of(PARTS({TEXT, 500, 1, 0}, {PHOTO, 50, 2, 0}, {TEXT, 100, 3, 0}),
                    PARTS({TEXT, 200, 1, 0}, {PHOTO, 50, 2, 0}, {TEXT, 300, 1, 200}, {TEXT, 100, 3, 0}),
                    BANDS(equal(0, 0, 200), moved(500, 200, 50), equal(200, 250, 300), equal(550, 550, 100)));
}

static void blocks_that_changed_places_have_moved(void) {
    assert_bands_of(
        PARTS({TEXT, 200, 1, 0}, {PHOTO, 50, 2, 0}, {TEXT, 300, 3, 0}, {PHOTO, 50, 4, 0}, {TEXT, 100, 5, 0}),
        PARTS({TEXT, 200, 1, 0}, {PHOTO, 50, 4, 0}, {TEXT, 300, 3, 0}, {PHOTO, 50, 2, 0}, {TEXT, 100, 5, 0}),
        BANDS(equal(0, 0, 200), moved(550, 200, 50), equal(250, 250, 300), moved(200, 550, 50), equal(600, 600, 100)));
}

static void what_has_nothing_in_common_is_changed_by_place(void) {
    assert_bands_of(PARTS({PHOTO, 400, 1, 0}), PARTS({PHOTO, 400, 2, 0}), BANDS(changed(0, 0, 400)));
    assert_bands_of(PARTS({PHOTO, 400, 1, 0}), PARTS({PHOTO, 464, 2, 0}),
                    BANDS(changed(0, 0, 400), inserted(400, 400, 64)));
    assert_bands_of(PARTS({PHOTO, 400, 1, 0}), PARTS({PHOTO, 1, 2, 0}), BANDS(changed(0, 0, 1), removed(1, 1, 399)));
    assert_bands_of(PARTS({TEXT, 100, 1, 0}, {PHOTO, 40, 2, 0}, {TEXT, 100, 1, 100}),
                    PARTS({TEXT, 100, 1, 0}, {PHOTO, 60, 3, 0}, {TEXT, 100, 1, 100}),
                    BANDS(equal(0, 0, 100), changed(100, 100, 40), inserted(140, 140, 20), equal(140, 160, 100)));
}

static void a_few_equal_rows_far_away_are_not_what_the_page_is_aligned_by(void) {
    assert_bands_of(PARTS({PHOTO, 2000, 1, 0}, {PHOTO, 7, 9, 0}), PARTS({PHOTO, 7, 9, 0}, {PHOTO, 2000, 2, 0}),
                    BANDS(changed(0, 0, 2007)));
    assert_bands_of(PARTS({PHOTO, 2000, 1, 0}, {PHOTO, 20, 9, 0}), PARTS({PHOTO, 20, 9, 0}, {PHOTO, 2000, 2, 0}),
                    BANDS(moved(2000, 0, 20), changed(0, 20, 2000)));
}

static void changed_rows_are_paired_where_more_of_their_columns_are_equal(void) {
    g_autoptr(Page) reference = page_of(PARTS({TEXT, 100, 1, 0}, {PHOTO, 30, 2, 0}, {TEXT, 100, 1, 100}));
    g_autoptr(Page) above =
        page_of(PARTS({TEXT, 100, 1, 0}, {PHOTO, 24, 3, 0}, {PHOTO, 30, 2, 0}, {TEXT, 100, 1, 100}));
    g_autoptr(Page) below =
        page_of(PARTS({TEXT, 100, 1, 0}, {PHOTO, 30, 2, 0}, {PHOTO, 24, 3, 0}, {TEXT, 100, 1, 100}));
    for (int y = 0; y < 30; y++)
        above->hashes[(124 + y) * 4 + 2] = below->hashes[(100 + y) * 4 + 2] = mix(77, (uint64_t)y);
    assert_bands(reference, above,
                 BANDS(equal(0, 0, 100), inserted(100, 100, 24), changed(100, 124, 30), equal(130, 154, 100)));
    assert_bands(reference, below,
                 BANDS(equal(0, 0, 100), changed(100, 100, 30), inserted(130, 130, 24), equal(130, 154, 100)));
}

/* Of a page 64 rows farther down, the second line of five is a row lower still. */
static void a_line_that_is_a_row_off_is_changed(void) {
    assert_bands_of(PARTS({TEXT, 200, 1, 0}, {BLANK, 5, 0, 0}, {TEXT, 12, 2, 0}, {BLANK, 5, 0, 0}, {TEXT, 212, 3, 0}),
                    PARTS({PHOTO, 64, 9, 0}, {TEXT, 200, 1, 0}, {BLANK, 6, 0, 0}, {TEXT, 12, 2, 0}, {BLANK, 4, 0, 0},
                          {TEXT, 212, 3, 0}),
                    BANDS(inserted(0, 0, 64), equal(0, 64, 205), changed(205, 269, 13), equal(218, 282, 216)));
    /* Even if it has more rows than a change of the offset costs, there and back; but not if it is a picture. */
    assert_bands_of(PARTS({TEXT, 212, 1, 0}, {BLANK, 2, 0, 0}, {PHOTO, 24, 2, 0}, {BLANK, 2, 0, 0}, {TEXT, 212, 3, 0}),
                    PARTS({TEXT, 212, 1, 0}, {BLANK, 3, 0, 0}, {PHOTO, 24, 2, 0}, {BLANK, 1, 0, 0}, {TEXT, 212, 3, 0}),
                    BANDS(equal(0, 0, 214), changed(214, 214, 25), equal(239, 239, 213)));
    assert_bands_of(PARTS({TEXT, 212, 1, 0}, {BLANK, 2, 0, 0}, {PHOTO, 50, 2, 0}, {BLANK, 2, 0, 0}, {TEXT, 212, 3, 0}),
                    PARTS({TEXT, 212, 1, 0}, {BLANK, 3, 0, 0}, {PHOTO, 50, 2, 0}, {BLANK, 1, 0, 0}, {TEXT, 212, 3, 0}),
                    BANDS(equal(0, 0, 214), inserted(214, 214, 1), equal(214, 215, 51), removed(265, 266, 1),
                          equal(266, 266, 212)));
}

/* Every other line is a row lower than the shift of the page. */
static void lines_that_wobble_are_no_insertions(void) {
    Part reference_parts[64] = {{END, 0, 0, 0}}, run_parts[64] = {{END, 0, 0, 0}};
    run_parts[0] = (Part){PHOTO, 64, 99, 0};
    for (int i = 0; i < 31; i++) {
        int extra = i % 2 == 0 ? 1 : -1;
        reference_parts[2 * i] = (Part){TEXT, 12, i + 1, 0};
        reference_parts[2 * i + 1] = (Part){BLANK, 8, 0, 0};
        run_parts[2 * i + 1] = (Part){TEXT, 12, i + 1, 0};
        run_parts[2 * i + 2] = (Part){BLANK, i == 30 ? 8 : 8 + extra, 0, 0};
    }
    g_autoptr(Page) reference = page_of(reference_parts);
    g_autoptr(Page) run = page_of(run_parts);
    g_autoptr(GArray) bands = align(reference, run);
    assert_band(g_array_index(bands, Band, 0), (Band){BAND_INSERTED, 0, 256, 0, 0, 0, 64, false, false});
    for (guint i = 1; i < bands->len; i++) {
        g_assert_cmpint(g_array_index(bands, Band, i).kind, <=, BAND_CHANGED);
        g_assert_cmpint(g_array_index(bands, Band, i).run_y - g_array_index(bands, Band, i).reference_y, ==, 64);
    }
}

static void lines_that_grew_by_a_row_each_are_told_one_by_one(void) {
    Part reference_parts[21] = {{END, 0, 0, 0}}, run_parts[21] = {{END, 0, 0, 0}};
    for (int i = 0; i < 20; i++) {
        reference_parts[i] = (Part){TEXT, 20, i + 1, 0};
        run_parts[i] = (Part){TEXT, i % 2 == 0 ? 20 : 19, i + 1, 0};
    }
    g_autoptr(Page) reference = page_of(reference_parts);
    g_autoptr(Page) run = page_of(run_parts);
    g_autoptr(GArray) bands = align(reference, run);
    int n_equal = 0;
    for (guint i = 0; i < bands->len; i++)
        if (g_array_index(bands, Band, i).kind == BAND_EQUAL)
            n_equal += g_array_index(bands, Band, i).run_height;
    g_assert_cmpint(n_equal, ==, run->rows.height);
}

static void columns_that_stay_are_a_group_of_their_own(void) {
    for (int on_the_right = 0; on_the_right <= 1; on_the_right++) {
        int bar = on_the_right ? 16 : 0, page_end = on_the_right ? 16 : 20, page_first = on_the_right ? 0 : 4;
        g_autoptr(Page) reference = page_new(20, 1000);
        g_autoptr(Page) run = page_new(20, 1000);
        page_fill(reference, bar, bar + 4, PARTS({TEXT, 700, 1, 0}, {BLANK, 300, 0, 0}));
        page_fill(run, bar, bar + 4, PARTS({TEXT, 700, 1, 0}, {BLANK, 300, 0, 0}));
        page_fill(reference, page_first, page_end, PARTS({TEXT, 1000, 2, 0}));
        page_fill(run, page_first, page_end, PARTS({TEXT, 120, 2, 0}, {PHOTO, 64, 3, 0}, {TEXT, 816, 2, 120}));
        const Band still[] = {in_columns(equal(0, 0, 1000), bar, 4)};
        const Band shifted[] = {in_columns(equal(0, 0, 120), page_first, 16),
                                in_columns(inserted(120, 120, 64), page_first, 16),
                                in_columns(equal(120, 184, 816), page_first, 16),
                                in_columns(removed(936, 1000, 64), page_first, 16)};
        if (on_the_right)
            assert_bands(reference, run, BANDS(shifted[0], shifted[1], shifted[2], shifted[3], still[0]));
        else
            assert_bands(reference, run, BANDS(still[0], shifted[0], shifted[1], shifted[2], shifted[3]));
    }
}

static void the_border_of_a_sidebar_need_not_be_that_of_a_strip(void) {
    g_autoptr(Page) reference = page_new(10, 1000);
    g_autoptr(Page) run = page_new(10, 1000);
    page_fill(reference, 0, 4, PARTS({TEXT, 1000, 1, 0}));
    page_fill(run, 0, 4, PARTS({TEXT, 1000, 1, 0}));
    page_fill(reference, 3, 10, PARTS({TEXT, 1000, 2, 0}));
    page_fill(run, 3, 10, PARTS({TEXT, 120, 2, 0}, {PHOTO, 64, 3, 0}, {TEXT, 816, 2, 120}));
    for (int y = 0; y < 1000; y++) { /* strip 3 shows some of both */
        reference->hashes[y * 10 + 3] = mix(reference->hashes[y * 10 + 3], reference->hashes[y * 10 + 2]);
        run->hashes[y * 10 + 3] = mix(run->hashes[y * 10 + 3], run->hashes[y * 10 + 2]);
    }
    g_autoptr(GArray) bands = align(reference, run);
    assert_band(g_array_index(bands, Band, 0), in_columns(equal(0, 0, 1000), 0, 3));
    for (int i = 0; i < 4; i++) {
        const Band shifted[] = {equal(0, 0, 120), inserted(120, 120, 64), equal(120, 184, 816), removed(936, 1000, 64)};
        assert_band(g_array_index(bands, Band, bands->len - 4 + (guint)i), in_columns(shifted[i], 4, 6));
    }
}

static void columns_that_say_nothing_join_their_neighbours(void) {
    g_autoptr(Page) reference = page_new(8, 1000);
    g_autoptr(Page) run = page_new(8, 1064);
    const Part blank[] = {{BLANK, 1064, 0, 0}, {END, 0, 0, 0}};
    for (int strip = 0; strip < 8; strip++) {
        const Part text[] = {{TEXT, 1000, 2, 0}, {END, 0, 0, 0}};
        const Part shifted[] = {{TEXT, 120, 2, 0}, {PHOTO, 64, 3, 0}, {TEXT, 880, 2, 120}, {END, 0, 0, 0}};
        bool says_nothing = strip < 2 || strip == 5 || strip == 7;
        page_fill(reference, strip, strip + 1, says_nothing ? blank : text);
        page_fill(run, strip, strip + 1, says_nothing ? blank : shifted);
    }
    g_autoptr(GArray) bands = align(reference, run);
    for (guint i = 0; i < bands->len; i++)
        g_assert_cmpint(g_array_index(bands, Band, i).width, ==, run->rows.width);
    assert_band(g_array_index(bands, Band, 1), (Band){BAND_INSERTED, 0, 512, 120, 0, 120, 64, false, false});
}

static void a_gradient_to_the_side_is_no_column_that_stays(void) {
    g_autoptr(Page) reference = page_new(8, 1000);
    g_autoptr(Page) run = page_new(8, 1000);
    page_fill(reference, 0, 8, PARTS({DITHER, 1000, 1, 0}));
    page_fill(run, 0, 8, PARTS({DITHER, 1000, 1, 0}));
    page_fill(reference, 2, 8, PARTS({TEXT, 1000, 2, 0}));
    page_fill(run, 2, 8, PARTS({PHOTO, 66, 3, 0}, {TEXT, 934, 2, 0}));
    assert_bands(reference, run, BANDS(inserted(0, 0, 66), changed(0, 66, 934), removed(934, 1000, 66)));
}

static void a_column_that_always_changes_does_not_hide_what_the_others_did(void) {
    g_autoptr(Page) reference = page_new(8, 1000);
    g_autoptr(Page) run = page_new(8, 1064);
    page_fill(reference, 0, 8, PARTS({TEXT, 1000, 2, 0}));
    page_fill(run, 0, 8, PARTS({TEXT, 120, 2, 0}, {PHOTO, 64, 3, 0}, {TEXT, 880, 2, 120}));
    page_fill(reference, 6, 7, PARTS({PHOTO, 1000, 4, 0}));
    page_fill(run, 6, 7, PARTS({PHOTO, 1064, 5, 0}));
    assert_bands(reference, run, BANDS(changed(0, 0, 120), inserted(120, 120, 64), changed(120, 184, 880)));
}

static void a_background_behind_everything_makes_all_of_it_changed(void) {
    /* The background's rows have their place, whatever stands before it. */
    g_autoptr(Page) reference = page_new(4, 600);
    g_autoptr(Page) run = page_new(4, 600);
    page_fill(reference, 0, 4, PARTS({TEXT, 600, 2, 0}));
    page_fill(run, 0, 4, PARTS({PHOTO, 64, 3, 0}, {TEXT, 536, 2, 0}));
    for (int y = 0; y < 600; y++) {
        for (int strip = 0; strip < 4; strip++) {
            reference->hashes[y * 4 + strip] = mix(reference->hashes[y * 4 + strip], (uint64_t)y);
            run->hashes[y * 4 + strip] = mix(run->hashes[y * 4 + strip], (uint64_t)y);
        }
    }
    g_autoptr(GArray) bands = align(reference, run);
    for (guint i = 0; i < bands->len; i++) {
        Band band = g_array_index(bands, Band, i);
        g_assert_cmpint(band.reference_y, ==, band.run_y);
        g_assert_true(band.kind == BAND_CHANGED || band.kind == BAND_EQUAL);
    }
}

static void another_width_is_compared_where_both_have_columns(void) {
    g_autoptr(Page) reference = page_new(4, 400);
    g_autoptr(Page) run = page_new(6, 464);
    page_fill(reference, 0, 4, PARTS({TEXT, 400, 1, 0}));
    page_fill(run, 0, 6, PARTS({PHOTO, 64, 2, 0}, {TEXT, 400, 1, 0}));
    assert_bands(reference, run, BANDS(inserted(0, 0, 64), equal(0, 64, 400)));
    assert_bands(run, reference, BANDS(removed(0, 0, 64), equal(64, 0, 400)));

    /* The only strip ends elsewhere: no hash can be compared. */
    g_autoptr(Page) narrow = page_new(1, 400);
    narrow->rows.width = 60;
    assert_bands(narrow, reference, BANDS(changed(0, 0, 400)));
    assert_bands(narrow, narrow, BANDS(equal(0, 0, 400)));
}

/* A page's rows, and those of another page that was made from it by edits of whole rows. */
static GArray *random_rows(GRand *random, int n_rows, guint n_looks) {
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int i = 0; i < n_rows; i++) {
        uint64_t row = mix(7, g_rand_int(random) % n_looks);
        g_array_append_val(rows, row);
    }
    return rows;
}

static void edit(GRand *random, GArray *rows, guint n_looks) {
    guint at = (guint)g_rand_int_range(random, 0, (gint32)rows->len + 1);
    guint wanted = (guint)g_rand_int_range(random, 1, 60), height = MIN(wanted, rows->len - at);
    g_autoptr(GArray) fresh = random_rows(random, g_rand_int_range(random, 1, 60), n_looks);
    switch (g_rand_int_range(random, 0, 4)) {
    case 0:
        g_array_insert_vals(rows, at, fresh->data, fresh->len);
        break;
    case 1:
        if (height < rows->len)
            g_array_remove_range(rows, at, height);
        break;
    case 2:
        for (guint i = 0; i < MIN(height, fresh->len); i++)
            g_array_index(rows, uint64_t, at + i) = g_array_index(fresh, uint64_t, i);
        break;
    case 3: {
        g_autofree uint64_t *block = g_memdup2(&g_array_index(rows, uint64_t, at), height * sizeof(uint64_t));
        g_array_remove_range(rows, at, height);
        g_array_insert_vals(rows, (guint)g_rand_int_range(random, 0, (gint32)rows->len + 1), block, height);
        break;
    }
    }
}

/* In each strip its own, but for the first ones, whose rows follow another order. */
static Page *page_of_rows(const GArray *rows, const GArray *first_rows, int n_first) {
    Page *page = page_new(6, (int)rows->len);
    for (guint y = 0; y < rows->len; y++)
        for (guint strip = 0; strip < 6; strip++) {
            const GArray *source = (int)strip < n_first ? first_rows : rows;
            page->hashes[y * 6 + strip] = mix(g_array_index(source, uint64_t, y % source->len), strip);
        }
    return page;
}

/* align() looks into all that is promised, whatever the rows are. */
static void promises_are_kept_for_any_rows(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(20);
    static const guint looks[] = {1, 2, 5, 40, 1000, 1000000};
    for (int i = 0; i < 1500; i++) {
        guint n_looks = looks[i % (int)G_N_ELEMENTS(looks)];
        g_autoptr(GArray) reference_rows = random_rows(random, g_rand_int_range(random, 1, 500), n_looks);
        g_autoptr(GArray) run_rows = g_array_copy(reference_rows);
        g_autoptr(GArray) first_rows = random_rows(random, 500, n_looks);
        for (int n_edits = g_rand_int_range(random, 0, 6); n_edits > 0; n_edits--)
            edit(random, run_rows, n_looks);
        int n_first = g_rand_int_range(random, 0, 6);
        g_autoptr(Page) reference = page_of_rows(reference_rows, first_rows, n_first);
        g_autoptr(Page) run = page_of_rows(run_rows, first_rows, n_first);
        g_autoptr(GArray) bands = align(reference, run);
    }
}

static void an_edit_of_random_rows_is_found_exactly(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(21);
    for (int i = 0; i < 500; i++) {
        int y = g_rand_int_range(random, 0, 1000), height = g_rand_int_range(random, 1, 100);
        const Part whole[] = {{PHOTO, 1000, 1, 0}, {END, 0, 0, 0}};
        const Part longer[] = {{PHOTO, y, 1, 0}, {PHOTO, height, 2, 0}, {PHOTO, 1000 - y, 1, y}, {END, 0, 0, 0}};
        g_autoptr(Page) shorter_page = page_of(whole);
        g_autoptr(Page) longer_page = page_of(longer);
        g_autoptr(GArray) insertion = align(shorter_page, longer_page);
        g_autoptr(GArray) removal = align(longer_page, shorter_page);
        guint at = y > 0 ? 1 : 0;
        assert_band(g_array_index(insertion, Band, at), (Band){BAND_INSERTED, 0, 256, y, 0, y, height, false, false});
        assert_band(g_array_index(removal, Band, at), (Band){BAND_REMOVED, 0, 256, y, height, y, 0, false, false});
    }
}

/* Each edit touches 60 rows at most, in one place or in two, and up to 16 near it may go with them. */
static void a_few_edits_leave_all_other_rows_equal(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(22);
    const guint n_looks = 1u << 31;
    for (int i = 0; i < 300; i++) {
        g_autoptr(GArray) reference_rows = random_rows(random, 2000, n_looks);
        g_autoptr(GArray) run_rows = g_array_copy(reference_rows);
        int n_edits = g_rand_int_range(random, 1, 5), n_equal = 0;
        for (int k = 0; k < n_edits; k++)
            edit(random, run_rows, n_looks);
        g_autoptr(Page) reference = page_of_rows(reference_rows, reference_rows, 0);
        g_autoptr(Page) run = page_of_rows(run_rows, run_rows, 0);
        g_autoptr(GArray) bands = align(reference, run);
        for (guint k = 0; k < bands->len; k++)
            if (g_array_index(bands, Band, k).kind == BAND_EQUAL)
                n_equal += g_array_index(bands, Band, k).run_height;
        g_assert_cmpint(n_equal, >=, 2000 - n_edits * (60 + 2 * 16));
    }
}

/* Takes minutes where anything is quadratic: nothing unique; all unique, but backwards; many looks; a change every 10
 * rows. */
static void the_largest_pictures_take_no_time_to_speak_of(void) {
    enum { HEIGHT = 32767, N_STRIPS = 32 };
    for (int kind = 0; kind < 4; kind++) {
        g_autoptr(Page) reference = page_new(N_STRIPS, HEIGHT);
        g_autoptr(Page) run = page_new(N_STRIPS, HEIGHT);
        for (int y = 0; y < HEIGHT; y++) {
            const int64_t looks[][2] = {
                {y % 7, y % 5}, {y, HEIGHT - y}, {y * 7919LL % 5003, y * 104729LL % 5003}, {y, y % 10 == 9 ? -y : y}};
            for (int strip = 0; strip < N_STRIPS; strip++) {
                reference->hashes[y * N_STRIPS + strip] = mix((uint64_t)looks[kind][0], (uint64_t)strip);
                run->hashes[y * N_STRIPS + strip] = mix((uint64_t)looks[kind][1], (uint64_t)strip);
            }
        }
        g_autoptr(GArray) bands = align_rows(&reference->rows, &run->rows);
        assert_group(bands, 0, reference, run);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add_func("/align/" name, function)
    TEST("identical-pictures-are-one-equal-band", identical_pictures_are_one_equal_band);
    TEST("pictures-of-one-row-are-equal-or-changed", pictures_of_one_row_are_equal_or_changed);
    TEST("one-changed-row-is-one-band", one_changed_row_is_one_band);
    TEST("changed-rows-near-each-other-are-one-band", changed_rows_near_each_other_are_one_band);
    TEST("an-inserted-block-is-one-band-wherever-it-is", an_inserted_block_is_one_band_wherever_it_is);
    TEST("a-removed-block-is-one-band-wherever-it-is", a_removed_block_is_one_band_wherever_it_is);
    TEST("each-of-two-blocks-is-a-band", each_of_two_blocks_is_a_band);
    TEST("what-is-pushed-out-at-the-bottom-is-removed-there", what_is_pushed_out_at_the_bottom_is_removed_there);
    TEST("blank-rows-go-with-what-is-next-to-them", blank_rows_go_with_what_is_next_to_them);
    TEST("an-inserted-block-with-blank-space-begins-with-what-is-seen",
         an_inserted_block_with_blank_space_begins_with_what_is_seen);
    TEST("one-more-of-many-that-look-alike-is-one-band", one_more_of_many_that_look_alike_is_one_band);
    TEST("pages-without-a-unique-row-are-aligned-by-their-order",
         pages_without_a_unique_row_are_aligned_by_their_order);
    TEST("a-block-that-moved-is-told-once", a_block_that_moved_is_told_once);
    TEST("blocks-that-changed-places-have-moved", blocks_that_changed_places_have_moved);
    TEST("what-has-nothing-in-common-is-changed-by-place", what_has_nothing_in_common_is_changed_by_place);
    TEST("a-few-equal-rows-far-away-are-not-what-the-page-is-aligned-by",
         a_few_equal_rows_far_away_are_not_what_the_page_is_aligned_by);
    TEST("changed-rows-are-paired-where-more-of-their-columns-are-equal",
         changed_rows_are_paired_where_more_of_their_columns_are_equal);
    TEST("a-line-that-is-a-row-off-is-changed", a_line_that_is_a_row_off_is_changed);
    TEST("lines-that-wobble-are-no-insertions", lines_that_wobble_are_no_insertions);
    TEST("lines-that-grew-by-a-row-each-are-told-one-by-one", lines_that_grew_by_a_row_each_are_told_one_by_one);
    TEST("columns-that-stay-are-a-group-of-their-own", columns_that_stay_are_a_group_of_their_own);
    TEST("the-border-of-a-sidebar-need-not-be-that-of-a-strip", the_border_of_a_sidebar_need_not_be_that_of_a_strip);
    TEST("columns-that-say-nothing-join-their-neighbours", columns_that_say_nothing_join_their_neighbours);
    TEST("a-gradient-to-the-side-is-no-column-that-stays", a_gradient_to_the_side_is_no_column_that_stays);
    TEST("a-column-that-always-changes-does-not-hide-what-the-others-did",
         a_column_that_always_changes_does_not_hide_what_the_others_did);
    TEST("a-background-behind-everything-makes-all-of-it-changed",
         a_background_behind_everything_makes_all_of_it_changed);
    TEST("another-width-is-compared-where-both-have-columns", another_width_is_compared_where_both_have_columns);
    TEST("promises-are-kept-for-any-rows", promises_are_kept_for_any_rows);
    TEST("an-edit-of-random-rows-is-found-exactly", an_edit_of_random_rows_is_found_exactly);
    TEST("a-few-edits-leave-all-other-rows-equal", a_few_edits_leave_all_other_rows_equal);
    TEST("the-largest-pictures-take-no-time-to-speak-of", the_largest_pictures_take_no_time_to_speak_of);
#undef TEST
    return g_test_run();
}
