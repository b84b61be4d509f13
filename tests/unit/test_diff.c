#include "diff/diff.h"

#include "diff/regions.h"
#include "image/png.h"

#include "pictures.h"

#include <glib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static const uint8_t white[4] = {255, 255, 255, 255}, black[4] = {0, 0, 0, 255};
static const uint8_t clear[4] = {0, 0, 0, 0};

static void fill(Image *image, Box box, const uint8_t color[4]) {
    for (int y = box.y; y < box.y + box.height; y++)
        for (int x = box.x; x < box.x + box.width; x++)
            memcpy(image_row(image, y) + 4 * x, color, 4);
}

static Image *make_image(int width, int height, bool has_alpha, const uint8_t color[4]) {
    Image *image = image_new(width, height, has_alpha);
    fill(image, (Box){0, 0, width, height}, color);
    return image;
}

static Image *make_white(int width, int height) {
    return make_image(width, height, false, white);
}

static Difference *compare(const Image *reference, const Image *run, const DiffOptions *options) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) reference_png = pictures_encode(reference);
    g_autoptr(GBytes) run_png = pictures_encode(run);
    Difference *difference = diff_png(reference_png, run_png, options, &error);
    g_assert_no_error(error);
    return difference;
}

/* Of a white picture in which the boxes became black. */
static Difference *compare_with_boxes(int width, int height, const Box *boxes, size_t n_boxes,
                                      const DiffOptions *options) {
    g_autoptr(Image) reference = make_white(width, height);
    g_autoptr(Image) run = make_white(width, height);
    for (size_t i = 0; i < n_boxes; i++)
        fill(run, boxes[i], black);
    return compare(reference, run, options);
}

static const Region *region_at(const Difference *difference, guint index) {
    g_assert_cmpuint(index, <, difference->regions->len);
    return &g_array_index(difference->regions, Region, index);
}

static void assert_box(Box box, int x, int y, int width, int height) {
    g_assert_cmpint(box.x, ==, x);
    g_assert_cmpint(box.y, ==, y);
    g_assert_cmpint(box.width, ==, width);
    g_assert_cmpint(box.height, ==, height);
}

static void assert_near(double a, double b) {
    g_assert_cmpfloat_with_epsilon(a, b, 1e-12);
}

static void equal_pictures_are_the_same(void) {
    g_autoptr(Image) opaque = make_white(10, 7);
    g_autoptr(Image) with_alpha = make_image(10, 7, true, white);
    const Image *const runs[] = {opaque, with_alpha}; /* equal bytes, and equal pixels in other bytes */
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autoptr(Difference) difference = compare(opaque, runs[i], NULL);
        g_assert_true(difference->same);
        g_assert_cmpfloat(difference->distortion, ==, 0);
        g_assert_cmpuint(difference->changed_pixels, ==, 0);
        g_assert_cmpuint(difference->regions->len, ==, 0);
        g_assert_cmpint(difference->width, ==, 10);
        g_assert_cmpint(difference->reference_height, ==, 7);
        g_assert_false(difference_has_any(difference));
        g_assert_cmpuint(difference->fingerprint, ==, 0);
    }
}

static void an_error_names_the_picture_that_is_bad(void) {
    g_autoptr(Image) image = make_white(2, 2);
    g_autoptr(GBytes) good = pictures_encode(image);
    g_autoptr(GBytes) bad = g_bytes_new_static("junk", 4);
    const DiffOptions named = {.reference_name = "a.png", .run_name = "b.png"};
    const struct {
        GBytes *reference, *run;
        const DiffOptions *options;
        const char *message;
    } cases[] = {
        {bad, good, NULL, "the reference: not a PNG"}, {good, bad, NULL, "the run: not a PNG"},
        {bad, good, &named, "a.png: not a PNG"},       {good, bad, &named, "b.png: not a PNG"},
        {bad, bad, &named, "a.png: not a PNG"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(diff_png(cases[i].reference, cases[i].run, cases[i].options, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void the_distortion_is_the_root_mean_square_over_all_channels(void) {
    static const struct {
        uint8_t reference[4], run[4]; /* of one pixel in four, the others being white */
        bool has_alpha;
        double distortion;
    } cases[] = {
        {{0, 0, 0, 255}, {255, 255, 255, 255}, false, 0.5},
        {{255, 255, 255, 255}, {255, 255, 254, 255}, false, 1 / 255.0 / 3.4641016151377544 /* 12 */},
        /* colours by their alpha, and alpha itself: (1 + 1 + 1 + 1) / 16 */
        {{255, 255, 255, 255}, {255, 255, 255, 0}, true, 0.5},
        {{255, 0, 0, 51}, {255, 0, 0, 102}, true, 0.2 * 0.35355339059327379 /* sqrt(2 / 16) */},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Image) reference = make_image(2, 2, cases[i].has_alpha, white);
        g_autoptr(Image) run = make_image(2, 2, cases[i].has_alpha, white);
        /* A clear pixel in both: else the reference of case 2 is opaque, and alpha does not count (rmse.h). */
        if (cases[i].has_alpha) {
            fill(reference, (Box){1, 1, 1, 1}, clear);
            fill(run, (Box){1, 1, 1, 1}, clear);
        }
        fill(reference, (Box){0, 0, 1, 1}, cases[i].reference);
        fill(run, (Box){0, 0, 1, 1}, cases[i].run);
        g_autoptr(Difference) difference = compare(reference, run, NULL);
        assert_near(difference->distortion, cases[i].distortion);
        g_assert_cmpuint(difference->changed_pixels, ==, 1);
    }
}

static void the_distortion_is_printed_with_six_digits(void) {
    static const struct {
        double distortion;
        const char *text;
    } cases[] = {{0, "0"}, {0.03856688, "0.0385669"}, {1, "1"}, {2.0668498e-06, "2.06685e-06"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = diff_format_distortion(cases[i].distortion);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void colors_of_clear_pixels_do_not_matter(void) {
    static const uint8_t clear_red[4] = {255, 0, 0, 0};
    g_autoptr(Image) reference = make_image(3, 3, true, clear);
    g_autoptr(Image) run = make_image(3, 3, true, clear_red);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_true(difference->same);
}

static void the_references_alpha_is_dropped_where_the_run_has_none(void) {
    static const uint8_t half_white[4] = {255, 255, 255, 128};
    g_autoptr(Image) reference = make_image(3, 3, true, half_white);
    g_autoptr(Image) run = make_white(3, 3);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_true(difference->same);
}

/* The distortion is 0 then (rmse.h), as it was in the old tool, but a person sees the page's colour through. */
static void black_and_clear_differ_even_where_the_distortion_does_not_tell(void) {
    g_autoptr(Image) reference = make_image(3, 3, true, black);
    g_autoptr(Image) run = make_image(3, 3, true, clear);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_cmpfloat(difference->distortion, ==, 0);
    g_assert_cmpuint(difference->changed_pixels, ==, 9);
    g_assert_cmpfloat(difference->score, ==, 0.5);
    g_assert_false(difference->same);
}

static void another_size_is_a_difference(void) {
    g_autoptr(Image) reference = make_white(4, 5);
    g_autoptr(Image) run = make_white(4, 3);
    const DiffOptions tolerant = {.tolerance = 1};
    g_autoptr(Difference) difference = compare(reference, run, &tolerant);
    g_assert_false(difference->same);
    g_assert_cmpuint(difference->changed_pixels, ==, 0);
    g_assert_cmpint(difference->reference_height, ==, 5);
    g_assert_true(difference_has_any(difference));
}

static void a_smaller_reference_is_filled_up(void) {
    for (int has_alpha = 0; has_alpha <= 1; has_alpha++) {
        const uint8_t filling[4] = {0, 0, 0, has_alpha ? 0 : 255};
        g_autoptr(Image) reference = make_white(3, 3);
        g_autoptr(Image) run = make_image(5, 4, has_alpha, filling);
        fill(run, (Box){0, 0, 3, 3}, white);
        g_autoptr(Difference) difference = compare(reference, run, NULL);
        g_assert_cmpuint(difference->changed_pixels, ==, 0);
        g_assert_false(difference->same);
    }
}

static void ignored_areas_count_as_equal_wherever_they_reach(void) {
    const Box changed[] = {{2, 2, 4, 4}, {20, 10, 10, 10}};
    const Box ignored[] = {
        {-5, -5, 11, 11},
        {25, 10, INT_MAX, INT_MAX},
        {20, INT_MIN, 5, INT_MAX},
        {20, 10, 5, 9},
    };
    const DiffOptions options = {.ignored = ignored, .n_ignored = G_N_ELEMENTS(ignored)};
    g_autoptr(Difference) difference = compare_with_boxes(30, 20, changed, G_N_ELEMENTS(changed), &options);
    g_assert_cmpuint(difference->changed_pixels, ==, 5);
    assert_box(region_at(difference, 0)->box, 20, 19, 5, 1);
    assert_near(difference->distortion, sqrt(5 / 600.0));
}

static void the_worst_region_decides_not_the_whole_picture(void) {
    g_autoptr(Image) reference = make_white(300, 300);
    g_autoptr(Image) run = make_white(300, 300);
    const uint8_t light[4] = {204, 204, 204, 255}, dark[4] = {102, 102, 102, 255};
    fill(run, (Box){0, 0, 200, 200}, light); /* scores 0.2 */
    fill(run, (Box){290, 290, 2, 2}, dark);  /* scores 0.6 */
    for (int tenths = 5; tenths <= 7; tenths++) {
        const DiffOptions options = {.tolerance = tenths / 10.0 + 1e-9};
        g_autoptr(Difference) difference = compare(reference, run, &options);
        assert_near(difference->score, 0.6);
        g_assert_cmpint(difference->same, ==, tenths >= 6);
    }
}

static void a_score_is_the_mean_over_the_box(void) {
    const Box corners[] = {{0, 0, 1, 1}, {9, 9, 1, 1}};
    g_autoptr(Difference) difference = compare_with_boxes(20, 20, corners, 2, NULL);
    g_assert_cmpuint(difference->n_regions, ==, 1);
    assert_box(region_at(difference, 0)->box, 0, 0, 10, 10);
    assert_near(region_at(difference, 0)->score, sqrt(2 / 100.0));
}

static guint count_regions(Box first, Box second) {
    const Box boxes[] = {first, second};
    g_autoptr(Difference) difference = compare_with_boxes(64, 64, boxes, 2, NULL);
    return difference->regions->len;
}

static void pixels_nearer_than_the_gap_are_one_region_wherever_they_are(void) {
    for (int at = 0; at < 2 * CELL_SIDE; at++) {
        for (int gap = REGION_GAP - 2; gap <= REGION_GAP + 1; gap++) {
            guint expected = gap < REGION_GAP ? 1 : 2;
            Box pixel = {20 + at, 20 + at, 1, 1};
            Box right = {20 + at + gap, 20 + at, 1, 1}, below = {20 + at, 20 + at + gap, 1, 1};
            Box lower_left = {20 + at - gap, 20 + at + gap, 1, 1};
            g_assert_cmpuint(count_regions(pixel, right), ==, expected);
            g_assert_cmpuint(count_regions(pixel, below), ==, expected);
            g_assert_cmpuint(count_regions(pixel, lower_left), ==, expected);
        }
    }
}

/* Counts clusters of points the slow way: flood from each that is not reached yet. */
static size_t count_clusters(const Box *points, size_t n) {
    g_autofree bool *reached = g_new0(bool, n);
    g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(size_t));
    size_t clusters = 0;
    for (size_t start = 0; start < n; start++) {
        if (reached[start])
            continue;
        clusters++;
        reached[start] = true;
        g_array_append_val(stack, start);
        while (stack->len > 0) {
            Box point = points[g_array_index(stack, size_t, stack->len - 1)];
            g_array_set_size(stack, stack->len - 1);
            for (size_t i = 0; i < n; i++) {
                if (reached[i] || ABS(points[i].x - point.x) >= REGION_GAP || ABS(points[i].y - point.y) >= REGION_GAP)
                    continue;
                reached[i] = true;
                g_array_append_val(stack, i);
            }
        }
    }
    return clusters;
}

/* At most one pixel in a cell, because nearness is measured between boxes within cells. */
static void regions_of_scattered_pixels_are_what_a_flood_finds(void) {
    for (int round = 0; round < 50; round++) {
        Box points[400];
        size_t n = 0;
        for (int cell = 0; cell < 20 * 20; cell++)
            if (g_test_rand_int_range(0, 400) < 8 * round)
                points[n++] = (Box){cell % 20 * CELL_SIDE + g_test_rand_int_range(0, CELL_SIDE),
                                    cell / 20 * CELL_SIDE + g_test_rand_int_range(0, CELL_SIDE), 1, 1};
        g_autoptr(Difference) difference = compare_with_boxes(163, 161, points, n, NULL);
        g_assert_cmpuint(difference->changed_pixels, ==, n);
        g_assert_cmpuint(difference->n_regions, ==, count_clusters(points, n));
    }
}

static void boxes_are_tight_and_the_biggest_comes_first(void) {
    const Box changed[] = {{50, 40, 2, 3}, {3, 5, 7, 9}, {60, 10, 3, 2}, {90, 10, 2, 3}};
    g_autoptr(Difference) difference = compare_with_boxes(99, 77, changed, G_N_ELEMENTS(changed), NULL);
    g_assert_cmpuint(difference->regions->len, ==, 4);
    assert_box(region_at(difference, 0)->box, 3, 5, 7, 9);
    assert_box(region_at(difference, 1)->box, 60, 10, 3, 2);
    assert_box(region_at(difference, 2)->box, 90, 10, 2, 3);
    assert_box(region_at(difference, 3)->box, 50, 40, 2, 3);
    g_assert_cmpuint(region_at(difference, 0)->changed_pixels, ==, 63);
}

static void regions_beyond_the_most_are_counted_and_judged(void) {
    g_autoptr(Image) reference = make_white(40 * 24, 30 * 24);
    g_autoptr(Image) run = make_white(40 * 24, 30 * 24);
    static const uint8_t light[4] = {254, 254, 254, 255};
    for (int i = 0; i < 1200; i++)
        fill(run, (Box){i % 40 * 24, i / 40 * 24, 2, 1}, light);
    fill(run, (Box){950, 710, 1, 1}, black); /* the smallest of all, so that it is not kept */
    fill(run, (Box){936, 696, 2, 1}, white);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_cmpuint(difference->n_regions, ==, 1200);
    g_assert_cmpuint(difference->regions->len, ==, DIFF_MAX_REGIONS);
    g_assert_cmpuint(difference->changed_pixels, ==, 2399);
    g_assert_cmpfloat(difference->score, ==, 1);
}

/* Rows that came, went and moved. */

/* A page of lines of text, as it were: each line has its own pixels, and blank rows stand between. */
enum { LINE = 20, PAGE_WIDTH = 400 };

static void draw_line_at(Image *page, int line, int left, int y) {
    g_autoptr(GRand) pixels = g_rand_new_with_seed((guint32)line);
    for (int row = 4; row < 16 && y + row < page->height; row++)
        for (int x = left; x < left + PAGE_WIDTH - 20; x++)
            if (g_rand_boolean(pixels))
                memcpy(image_row(page, y + row) + 4 * x, black, 4);
}

static void draw_line(Image *page, int line, int y) {
    draw_line_at(page, line, 10, y);
}

/* Lines from first on, one below the other. */
static void draw_lines(Image *page, int first, int n, int y) {
    for (int i = 0; i < n; i++)
        draw_line(page, first + i, y + i * LINE);
}

static Image *make_page(int n_lines) {
    Image *page = make_white(PAGE_WIDTH, n_lines * LINE);
    draw_lines(page, 0, n_lines, 0);
    return page;
}

static Band find_band(const Difference *difference, BandKind kind) {
    g_assert_nonnull(difference->bands);
    for (guint i = 0; i < difference->bands->len; i++)
        if (g_array_index(difference->bands, Band, i).kind == kind)
            return g_array_index(difference->bands, Band, i);
    g_assert_not_reached();
}

static void rows_that_came_are_told_and_what_went_along_is_not_changed(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_white(PAGE_WIDTH, 53 * LINE);
    draw_lines(run, 0, 10, 0);
    draw_lines(run, 100, 3, 10 * LINE);
    draw_lines(run, 10, 40, 13 * LINE);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    Band band = find_band(difference, BAND_INSERTED);
    g_assert_cmpint(band.run_height, ==, 3 * LINE);
    g_assert_cmpint(ABS(band.run_y - 10 * LINE), <=, 4); /* the rows above and below are blank */
    g_assert_cmpuint(difference->changed_pixels, ==, 0);
    g_assert_cmpfloat(difference->distortion, >, 0.1);
    g_assert_false(difference->same);
}

static void rows_that_went_are_told(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_white(PAGE_WIDTH, 44 * LINE);
    draw_lines(run, 0, 20, 0);
    draw_lines(run, 26, 24, 20 * LINE);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    Band band = find_band(difference, BAND_REMOVED);
    g_assert_cmpint(band.reference_height, ==, 6 * LINE);
    g_assert_cmpuint(difference->changed_pixels, ==, 0);
}

static void what_changed_in_rows_that_went_along_is_found_where_it_is_in_the_run(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_white(PAGE_WIDTH, 52 * LINE);
    draw_lines(run, 100, 2, 0);
    draw_lines(run, 0, 50, 2 * LINE);
    fill(run, (Box){50, 32 * LINE, 3, 2}, black);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_cmpuint(difference->changed_pixels, ==, 6);
    assert_box(region_at(difference, 0)->box, 50, 32 * LINE, 3, 2);
}

static void rows_are_compared_by_place_if_wanted(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_white(PAGE_WIDTH, 50 * LINE);
    draw_lines(run, 100, 2, 0);
    draw_lines(run, 0, 50, 2 * LINE);
    const DiffOptions by_place = {.no_align = true};
    g_autoptr(Difference) aligned = compare(reference, run, NULL);
    g_autoptr(Difference) unaligned = compare(reference, run, &by_place);
    g_assert_nonnull(aligned->bands);
    g_assert_null(unaligned->bands);
    g_assert_cmpuint(unaligned->changed_pixels, >, 50000);
    g_assert_cmpfloat(unaligned->distortion, ==, aligned->distortion);
}

/* A picture that is another one at the same place, large enough to be suspicious. */
static void what_changed_in_place_has_no_bands(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_page(50);
    draw_lines(run, 200, 10, 20 * LINE);
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_null(difference->bands);
    g_assert_cmpuint(difference->n_regions, ==, 1);
}

/* Where rows were found to have moved no more than sums is made by place; which must be made up for. */
static void all_is_told_where_only_rows_that_are_ignored_have_moved(void) {
    static const Box ignored[] = {{0, 0, PAGE_WIDTH, 20 * LINE}};
    const DiffOptions options = {.ignored = ignored, .n_ignored = 1};
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_page(50);
    fill(run, ignored[0], white);
    draw_lines(run, 0, 18, 2 * LINE);
    fill(run, (Box){50, 40 * LINE, 3, 2}, black);
    g_autoptr(Difference) difference = compare(reference, run, &options);
    g_assert_null(difference->bands);
    g_assert_cmpuint(difference->changed_pixels, ==, 6);
    assert_box(region_at(difference, 0)->box, 50, 40 * LINE, 3, 2);
}

/* Antialiasing is not looked for while rows are suspected to have moved, but in the end it is. */
static void antialiased_pixels_of_what_changed_in_place_are_left_out(void) {
    static const double thresholds[] = {0.1};
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_page(50);
    draw_lines(run, 200, 10, 20 * LINE);
    for (int i = 0; i < 200; i++) /* edges of a slope */
        fill(run, (Box){i, 20 * LINE + i, 30, 1}, (const uint8_t[4]){(uint8_t)(40 + i), 99, 99, 255});
    DiffOptions options = {
        .metric = METRIC_YIQ, .thresholds = thresholds, .n_thresholds = 1, .ignore_antialiasing = true};
    g_autoptr(Difference) difference = compare(reference, run, &options);
    options.no_align = true;
    g_autoptr(Difference) by_place = compare(reference, run, &options);
    options.ignore_antialiasing = false;
    g_autoptr(Difference) all = compare(reference, run, &options);
    g_assert_null(difference->bands);
    g_assert_cmpuint(difference->changed_pixels, ==, by_place->changed_pixels);
    g_assert_cmpuint(difference->fingerprint, ==, by_place->fingerprint);
    g_assert_cmpfloat(difference->distortion, ==, by_place->distortion);
    g_assert_cmpuint(difference->changed_pixels, <, all->changed_pixels);
}

static void columns_that_stay_are_no_change(void) {
    g_autoptr(Image) reference = make_white(1000, 2000), run = make_white(1000, 2060);
    for (int i = 0; i < 100; i++) {
        draw_line(reference, i, i * LINE);
        draw_line(run, i, i * LINE + (i < 30 ? 0 : 60));
    }
    for (int i = 0; i < 60; i++) { /* a sidebar */
        draw_line_at(reference, 1000 + i, 600, 7 + i * 27);
        draw_line_at(run, 1000 + i, 600, 7 + i * 27);
    }
    g_autoptr(Difference) difference = compare(reference, run, NULL);
    g_assert_cmpuint(difference->changed_pixels, ==, 0);
    g_assert_cmpint(find_band(difference, BAND_INSERTED).run_height, ==, 60);
}

static void rows_that_came_pass_no_tolerance_unless_they_are_ignored(void) {
    g_autoptr(Image) reference = make_page(50);
    g_autoptr(Image) run = make_page(50);
    fill(run, (Box){0, 0, PAGE_WIDTH, 50 * LINE}, white);
    draw_lines(run, 0, 10, 0);
    draw_lines(run, 100, 3, 10 * LINE);
    draw_lines(run, 10, 37, 13 * LINE);
    const DiffOptions tolerant = {.tolerance = 1};
    g_autoptr(Difference) difference = compare(reference, run, &tolerant);
    g_assert_false(difference->same);
}

/* Nothing differs but the end of one of them. */
static void rows_that_went_at_the_end_are_told_and_make_the_fingerprint(void) {
    uint64_t prints[2];
    for (int i = 0; i < 2; i++) {
        g_autoptr(Image) reference = make_page(40);
        draw_lines(reference, 500 + 100 * i, 10, 30 * LINE);
        g_autoptr(Image) run = pictures_place(reference, PAGE_WIDTH, 30 * LINE, false, black);
        g_autoptr(Difference) difference = compare(reference, run, NULL);
        Band band = find_band(difference, BAND_REMOVED);
        g_assert_cmpint(band.reference_y, ==, 30 * LINE);
        g_assert_cmpint(band.reference_height, ==, 10 * LINE);
        prints[i] = difference->fingerprint;
    }
    g_assert_cmpuint(prints[0], !=, 0);
    g_assert_cmpuint(prints[0], !=, prints[1]);
}

/* Verdicts. */

static void an_area_has_its_own_tolerance_for_what_lies_in_it_wholly(void) {
    g_autoptr(Image) reference = make_white(200, 200);
    g_autoptr(Image) run = make_white(200, 200);
    const uint8_t light[4] = {204, 204, 204, 255};
    fill(run, (Box){50, 50, 20, 20}, light); /* scores 0.2 */
    static const struct {
        TolerantArea areas[2];
        bool same;
    } cases[] = {
        {{{{50, 50, 20, 20}, 0.3}, {{0, 0, 1, 1}, 0}}, true},
        {{{{51, 50, 20, 20}, 0.3}, {{0, 0, 1, 1}, 0}}, false},
        {{{{0, 0, INT_MAX, INT_MAX}, 0.1}, {{40, 40, 50, 50}, 0.3}}, true}, /* the last counts */
        {{{{40, 40, 50, 50}, 0.3}, {{0, 0, INT_MAX, INT_MAX}, 0.1}}, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const DiffOptions options = {.tolerant_areas = cases[i].areas, .n_tolerant_areas = 2};
        g_autoptr(Difference) difference = compare(reference, run, &options);
        g_assert_cmpint(difference->same, ==, cases[i].same);
    }
}

static void thresholds_are_counted_together_and_the_first_decides(void) {
    g_autoptr(Image) reference = make_white(100, 100);
    g_autoptr(Image) run = make_white(100, 100);
    for (int i = 1; i <= 50; i++)
        fill(run, (Box){2 * i - 2, 50, 1, 1}, (const uint8_t[4]){(uint8_t)(255 - i), 255, 255, 255});
    const double thresholds[] = {10, 40, 50};
    const DiffOptions options = {.thresholds = thresholds, .n_thresholds = 3};
    g_autoptr(Difference) difference = compare(reference, run, &options);
    g_assert_cmpuint(difference->changed_pixels, ==, 40);
    g_assert_cmpuint(difference->counts[0], ==, 40);
    g_assert_cmpuint(difference->counts[1], ==, 10);
    g_assert_cmpuint(difference->counts[2], ==, 0);
    const DiffOptions blind = {.thresholds = thresholds + 2, .n_thresholds = 1};
    g_autoptr(Difference) unseen = compare(reference, run, &blind);
    g_assert_true(unseen->same);
    g_assert_cmpfloat(unseen->distortion, ==, difference->distortion); /* whatever the threshold */
}

/* Fingerprints. */

/* A word, drawn in a page of some size. */
static Difference *compare_with_word(int width, int height, int x, int y, int seed, bool swapped) {
    g_autoptr(Image) page = make_white(width, height);
    g_autoptr(Image) with_word = make_white(width, height);
    g_autoptr(GRand) pixels = g_rand_new_with_seed((guint32)seed);
    for (int i = 0; i < 400; i++)
        if (g_rand_boolean(pixels))
            fill(with_word, (Box){x + i % 40, y + i / 40, 1, 1}, black);
    return swapped ? compare(with_word, page, NULL) : compare(page, with_word, NULL);
}

static void the_same_change_elsewhere_has_the_same_fingerprint(void) {
    g_autoptr(Difference) one = compare_with_word(200, 100, 10, 10, 1, false);
    g_autoptr(Difference) elsewhere = compare_with_word(1280, 900, 1001, 703, 1, false);
    g_autoptr(Difference) other = compare_with_word(200, 100, 10, 10, 2, false);
    g_autoptr(Difference) back = compare_with_word(200, 100, 10, 10, 1, true);
    g_assert_cmpuint(one->fingerprint, !=, 0);
    g_assert_cmpuint(one->fingerprint, ==, elsewhere->fingerprint);
    g_assert_cmpuint(region_at(one, 0)->fingerprint, ==, region_at(elsewhere, 0)->fingerprint);
    g_assert_cmpuint(one->fingerprint, !=, other->fingerprint);
    g_assert_cmpuint(one->fingerprint, !=, back->fingerprint);
}

static Difference *compare_with_inserted(int n_lines, int at, int first, int n) {
    g_autoptr(Image) reference = make_page(n_lines);
    g_autoptr(Image) run = make_white(PAGE_WIDTH, (n_lines + n) * LINE);
    draw_lines(run, 0, at, 0);
    draw_lines(run, first, n, at * LINE);
    draw_lines(run, at, n_lines - at, (at + n) * LINE);
    return compare(reference, run, NULL);
}

static void the_same_rows_inserted_elsewhere_have_the_same_fingerprint(void) {
    g_autoptr(Difference) one = compare_with_inserted(50, 10, 100, 3);
    g_autoptr(Difference) elsewhere = compare_with_inserted(80, 33, 100, 3);
    g_autoptr(Difference) other = compare_with_inserted(50, 10, 101, 3);
    g_assert_cmpuint(one->fingerprint, !=, 0);
    g_assert_cmpuint(one->fingerprint, ==, elsewhere->fingerprint);
    g_assert_cmpuint(one->fingerprint, !=, other->fingerprint);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diff/equal-pictures-are-the-same", equal_pictures_are_the_same);
    g_test_add_func("/diff/an-error-names-the-picture-that-is-bad", an_error_names_the_picture_that_is_bad);
    g_test_add_func("/diff/the-distortion-is-the-root-mean-square-over-all-channels",
                    the_distortion_is_the_root_mean_square_over_all_channels);
    g_test_add_func("/diff/the-distortion-is-printed-with-six-digits", the_distortion_is_printed_with_six_digits);
    g_test_add_func("/diff/colors-of-clear-pixels-do-not-matter", colors_of_clear_pixels_do_not_matter);
    g_test_add_func("/diff/the-references-alpha-is-dropped-where-the-run-has-none",
                    the_references_alpha_is_dropped_where_the_run_has_none);
    g_test_add_func("/diff/black-and-clear-differ-even-where-the-distortion-does-not-tell",
                    black_and_clear_differ_even_where_the_distortion_does_not_tell);
    g_test_add_func("/diff/another-size-is-a-difference", another_size_is_a_difference);
    g_test_add_func("/diff/a-smaller-reference-is-filled-up", a_smaller_reference_is_filled_up);
    g_test_add_func("/diff/ignored-areas-count-as-equal-wherever-they-reach",
                    ignored_areas_count_as_equal_wherever_they_reach);
    g_test_add_func("/diff/the-worst-region-decides-not-the-whole-picture",
                    the_worst_region_decides_not_the_whole_picture);
    g_test_add_func("/diff/a-score-is-the-mean-over-the-box", a_score_is_the_mean_over_the_box);
    g_test_add_func("/diff/pixels-nearer-than-the-gap-are-one-region-wherever-they-are",
                    pixels_nearer_than_the_gap_are_one_region_wherever_they_are);
    g_test_add_func("/diff/regions-of-scattered-pixels-are-what-a-flood-finds",
                    regions_of_scattered_pixels_are_what_a_flood_finds);
    g_test_add_func("/diff/boxes-are-tight-and-the-biggest-comes-first", boxes_are_tight_and_the_biggest_comes_first);
    g_test_add_func("/diff/regions-beyond-the-most-are-counted-and-judged",
                    regions_beyond_the_most_are_counted_and_judged);
    g_test_add_func("/diff/rows-that-came-are-told-and-what-went-along-is-not-changed",
                    rows_that_came_are_told_and_what_went_along_is_not_changed);
    g_test_add_func("/diff/rows-that-went-are-told", rows_that_went_are_told);
    g_test_add_func("/diff/what-changed-in-rows-that-went-along-is-found-where-it-is-in-the-run",
                    what_changed_in_rows_that_went_along_is_found_where_it_is_in_the_run);
    g_test_add_func("/diff/rows-are-compared-by-place-if-wanted", rows_are_compared_by_place_if_wanted);
    g_test_add_func("/diff/what-changed-in-place-has-no-bands", what_changed_in_place_has_no_bands);
    g_test_add_func("/diff/all-is-told-where-only-rows-that-are-ignored-have-moved",
                    all_is_told_where_only_rows_that_are_ignored_have_moved);
    g_test_add_func("/diff/antialiased-pixels-of-what-changed-in-place-are-left-out",
                    antialiased_pixels_of_what_changed_in_place_are_left_out);
    g_test_add_func("/diff/columns-that-stay-are-no-change", columns_that_stay_are_no_change);
    g_test_add_func("/diff/rows-that-went-at-the-end-are-told-and-make-the-fingerprint",
                    rows_that_went_at_the_end_are_told_and_make_the_fingerprint);
    g_test_add_func("/diff/rows-that-came-pass-no-tolerance-unless-they-are-ignored",
                    rows_that_came_pass_no_tolerance_unless_they_are_ignored);
    g_test_add_func("/diff/an-area-has-its-own-tolerance-for-what-lies-in-it-wholly",
                    an_area_has_its_own_tolerance_for_what_lies_in_it_wholly);
    g_test_add_func("/diff/thresholds-are-counted-together-and-the-first-decides",
                    thresholds_are_counted_together_and_the_first_decides);
    g_test_add_func("/diff/the-same-change-elsewhere-has-the-same-fingerprint",
                    the_same_change_elsewhere_has_the_same_fingerprint);
    g_test_add_func("/diff/the-same-rows-inserted-elsewhere-have-the-same-fingerprint",
                    the_same_rows_inserted_elsewhere_have_the_same_fingerprint);
    return g_test_run();
}
