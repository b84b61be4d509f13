#include "diff/thumbnail.h"

#include "image/png.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>

static const uint8_t white[4] = {255, 255, 255, 255}, grey[4] = {200, 200, 200, 255}, red[4] = {255, 0, 0, 255};
static const uint8_t clear[4] = {0, 0, 0, 0};

static void fill(Image *image, Box box, const uint8_t color[4]) {
    for (int y = box.y; y < box.y + box.height; y++)
        for (int x = box.x; x < box.x + box.width; x++)
            memcpy(image_row(image, y) + 4 * x, color, 4);
}

static Image *make_page(int width, int height, const uint8_t color[4]) {
    Image *image = image_new(width, height, color[3] != 255);
    fill(image, (Box){0, 0, width, height}, color);
    return image;
}

/* A page of noise, each row its own. */
static Image *make_noise(int width, int height) {
    g_autoptr(GRand) pixels = g_rand_new_with_seed(7);
    Image *image = image_new(width, height, false);
    for (int i = 0; i < width * height * 4; i++)
        image->pixels[i] = i % 4 == 3 ? 255 : (uint8_t)g_rand_int(pixels);
    return image;
}

static void copy_rows(Image *to, int to_y, const Image *from, int from_y, int n) {
    memcpy(image_row(to, to_y), image_row(from, from_y), 4 * (size_t)n * (size_t)from->width);
}

/* Compares two pictures. The caller frees their thumbnail. */
static Image *make_thumbnail(const Image *reference, const Image *run) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) reference_png = pictures_encode(reference), run_png = pictures_encode(run);
    g_autoptr(Difference) difference = diff_png(reference_png, run_png, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) png = thumbnail_png(difference, reference_png, run_png, &error);
    g_assert_no_error(error);
    Image *thumbnail = png_decode(png, &error);
    g_assert_no_error(error);
    return thumbnail;
}

static void assert_size(const Image *thumbnail, int side_width, int height) {
    g_assert_cmpint(thumbnail->width, ==, 2 * side_width + THUMBNAIL_GAP);
    g_assert_cmpint(thumbnail->height, ==, height);
}

static void assert_pixel(const Image *image, int x, int y, const uint8_t color[4]) {
    g_assert_cmpmem(image_row(image, y) + 4 * x, 4, color, 4);
}

/* A rectangle of the thumbnail is that of a picture from (x, y) on, pixel by pixel. */
static void assert_shows(const Image *thumbnail, Box box, const Image *picture, int x, int y) {
    for (int row = 0; row < box.height; row++)
        g_assert_cmpmem(image_row(thumbnail, box.y + row) + 4 * box.x, 4 * (size_t)box.width,
                        image_row(picture, y + row) + 4 * x, 4 * (size_t)box.width);
}

static void a_small_change_is_shown_as_large_as_it_is_before_and_after(void) {
    g_autoptr(Image) reference = make_noise(900, 700), run = make_noise(900, 700);
    fill(run, (Box){400, 300, 40, 20}, red);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 0, 240, 160}, reference, 300, 230);
    assert_shows(thumbnail, (Box){248, 0, 240, 160}, run, 300, 230);
    for (int x = 240; x < 248; x++)
        assert_pixel(thumbnail, x, 80, clear);
}

static void of_several_changes_the_largest_is_shown(void) {
    g_autoptr(Image) reference = make_page(600, 2000, white), run = make_page(600, 2000, white);
    fill(run, (Box){0, 0, 10, 10}, grey);
    fill(run, (Box){300, 1500, 50, 50}, red);
    fill(run, (Box){100, 800, 20, 20}, grey);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_pixel(thumbnail, 120, 80, white);
    assert_pixel(thumbnail, 248 + 120, 80, red);
}

static void sides_are_as_small_as_the_page_and_no_larger_than_half_a_thumbnail(void) {
    static const struct {
        int width, height; /* of the page */
        Box change;
        int side_width, side_height;
    } cases[] = {
        {1, 1, {0, 0, 1, 1}, 1, 1},
        {40, 30, {5, 5, 4, 4}, 40, 30},
        {240, 160, {0, 0, 240, 160}, 240, 160},
        {100, 4000, {10, 3000, 4, 4}, 100, 160},
        {3000, 20, {1500, 5, 4, 4}, 240, 20},
        {480, 320, {0, 0, 480, 320}, 240, 160},
        {1280, 3000, {0, 0, 1280, 3000}, 160, 160}, /* its first rows */
        {1280, 3000, {100, 100, 200, 2500}, 240, 160},
        {1280, 3000, {40, 300, 1200, 50}, 240, 160},
        {1280, 3000, {40, 300, 300, 30}, 240, 160},
        {1280, 100, {0, 0, 1280, 100}, 240, 80}, /* its first columns */
        {32767, 2, {0, 0, 32767, 2}, 240, 2},
        {2, 32767, {0, 0, 2, 32767}, 2, 160},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Image) reference = make_page(cases[i].width, cases[i].height, white);
        g_autoptr(Image) run = make_page(cases[i].width, cases[i].height, white);
        fill(run, cases[i].change, red);
        g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
        assert_size(thumbnail, cases[i].side_width, cases[i].side_height);
    }
}

static void a_change_at_the_end_of_a_page_of_30000_rows_is_shown(void) {
    g_autoptr(Image) reference = make_page(400, 30000, white), run = make_page(400, 30000, white);
    fill(run, (Box){396, 29990, 4, 10}, red);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_pixel(thumbnail, 248 + 235, 155, white);
    assert_pixel(thumbnail, 248 + 236, 150, red);
    assert_pixel(thumbnail, 248 + 239, 159, red);
    assert_pixel(thumbnail, 239, 159, white);
}

/* Rows that came, went and moved. */

static void rows_that_came_are_shown_where_they_are_not_yet_and_where_they_are(void) {
    g_autoptr(Image) reference = make_noise(200, 1000), run = make_page(200, 1040, grey);
    copy_rows(run, 0, reference, 0, 500);
    copy_rows(run, 540, reference, 500, 500);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 200, 160);
    assert_shows(thumbnail, (Box){0, 0, 200, 160}, reference, 0, 440);
    assert_shows(thumbnail, (Box){208, 0, 200, 160}, run, 0, 440);
}

static void of_rows_that_went_the_first_are_shown(void) {
    g_autoptr(Image) run = make_noise(240, 1000), reference = make_page(240, 2000, grey);
    copy_rows(reference, 0, run, 0, 300);
    copy_rows(reference, 1300, run, 300, 700);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 160, 160); /* of 240 x 240, from 24 rows above on */
    assert_pixel(thumbnail, 80, 24, grey);
    assert_pixel(thumbnail, 80, 159, grey);
    g_autoptr(Image) of_same = make_thumbnail(run, reference);
    assert_shows(thumbnail, (Box){168, 0, 160, 160}, of_same, 0, 0);
}

static void the_largest_rows_are_shown_and_each_picture_has_its_own_place_of_them(void) {
    g_autoptr(Image) reference = make_noise(200, 1000), run = make_noise(200, 1000);
    /* 20 rows come at 200, and 100 go where 600 is then 620. */
    fill(run, (Box){0, 200, 200, 20}, grey);
    copy_rows(run, 220, reference, 200, 400);
    copy_rows(run, 620, reference, 700, 300);
    fill(run, (Box){0, 920, 200, 80}, grey);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 200, 160);
    assert_shows(thumbnail, (Box){0, 0, 200, 160}, reference, 0, 570);
    assert_shows(thumbnail, (Box){208, 0, 200, 160}, run, 0, 590);
}

static void rows_that_moved_are_shown_where_they_were_and_are(void) {
    g_autoptr(Image) reference = make_noise(240, 1200), run = make_noise(240, 1200);
    copy_rows(run, 200, reference, 300, 600);
    copy_rows(run, 800, reference, 200, 100);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 30, 240, 100}, reference, 0, 200);
    assert_shows(thumbnail, (Box){248, 30, 240, 100}, run, 0, 800);
}

static void a_change_below_rows_that_came_is_shown_beside_what_it_was(void) {
    g_autoptr(Image) reference = make_noise(240, 1000), run = make_page(240, 1040, grey);
    copy_rows(run, 40, reference, 0, 1000);
    fill(run, (Box){100, 740, 100, 100}, red);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 0, 240, 160}, reference, 0, 670);
    assert_shows(thumbnail, (Box){248, 0, 240, 160}, run, 0, 710);
}

static void a_change_beside_rows_that_came_is_shown_beside_what_it_was(void) {
    g_autoptr(Image) reference = make_noise(640, 1000), run = make_page(640, 1040, grey);
    /* 40 rows come at 100, but not in the 256 columns of a sidebar. */
    copy_rows(run, 0, reference, 0, 100);
    copy_rows(run, 140, reference, 100, 900);
    for (int y = 0; y < 1000; y++)
        memcpy(image_row(run, y), image_row(reference, y), 4 * 256);
    fill(run, (Box){100, 700, 100, 100}, red);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 0, 226, 160}, reference, 30, 670);
    assert_shows(thumbnail, (Box){248, 0, 240, 160}, run, 30, 670);
}

/* Ends of pictures. */

static void behind_its_end_a_picture_is_transparent(void) {
    g_autoptr(Image) reference = make_noise(240, 1000), run = image_new(240, 940, false);
    copy_rows(run, 0, reference, 0, 940);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 0, 240, 160}, reference, 0, 840);
    assert_shows(thumbnail, (Box){248, 0, 240, 100}, run, 0, 840);
    for (int x = 248; x < 488; x++)
        assert_pixel(thumbnail, x, 100, clear);
}

static void columns_that_only_one_picture_has_are_shown(void) {
    g_autoptr(Image) reference = make_page(300, 100, white), run = make_page(200, 100, white);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 100);
    assert_pixel(thumbnail, 239, 50, white);
    assert_pixel(thumbnail, 248 + 139, 50, white);
    assert_pixel(thumbnail, 248 + 140, 50, clear);
}

static void an_end_under_part_of_a_pixel_shows_through_it(void) {
    const uint8_t half_clear[4] = {255, 255, 255, 128};
    g_autoptr(Image) reference = make_page(480, 320, red), run = make_page(479, 320, white);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    assert_pixel(thumbnail, 248 + 238, 10, white);
    assert_pixel(thumbnail, 248 + 239, 10, half_clear);
}

/* Colors. */

static void what_is_transparent_is_shown_on_white(void) {
    const uint8_t half_red[4] = {255, 0, 0, 51}, on_white[4] = {255, 204, 204, 255}, black_air[4] = {0, 0, 0, 0};
    g_autoptr(Image) reference = make_page(30, 30, black_air), run = make_page(30, 30, half_red);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_pixel(thumbnail, 15, 15, white);
    assert_pixel(thumbnail, 38 + 15, 15, on_white);
}

static void four_pixels_become_their_mean(void) {
    static const uint8_t fields[4][4] = {{0, 10, 0, 255}, {255, 20, 0, 255}, {255, 30, 0, 255}, {0, 41, 0, 0}};
    const uint8_t mean[4] = {191, 79, 64, 255}; /* the last is white: (0 + 255 + 255 + 255) / 4 is 191.25, and so on */
    g_autoptr(Image) reference = make_page(480, 320, white), run = image_new(480, 320, true);
    for (int y = 0; y < 320; y++)
        for (int x = 0; x < 480; x++)
            memcpy(image_row(run, y) + 4 * x, fields[y % 2 * 2 + x % 2], 4);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    for (int y = 0; y < 160; y++)
        for (int x = 0; x < 240; x++)
            assert_pixel(thumbnail, 248 + x, y, mean);
}

static void a_checkerboard_becomes_grey(void) {
    const uint8_t black[4] = {0, 0, 0, 255}, middle[4] = {128, 128, 128, 255};
    g_autoptr(Image) reference = make_page(480, 320, red), run = make_page(480, 320, white);
    for (int y = 0; y < 320; y++)
        for (int x = y % 2; x < 480; x += 2)
            fill(run, (Box){x, y, 1, 1}, black);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    for (int y = 0; y < 160; y++)
        for (int x = 0; x < 240; x++)
            assert_pixel(thumbnail, 248 + x, y, middle);
}

static void a_pixel_that_is_under_two_counts_for_each_by_its_share(void) {
    /* Three pixels become two: each has one and a half. */
    static const uint8_t levels[3] = {30, 90, 180};
    g_autoptr(Image) reference = make_page(360, 240, white), run = make_page(360, 240, white);
    for (int y = 0; y < 240; y++)
        for (int x = 0; x < 360; x++)
            memcpy(image_row(run, y) + 4 * x, (uint8_t[]){levels[x % 3], levels[y % 3], 0, 255}, 4);
    g_autoptr(Image) thumbnail = make_thumbnail(reference, run);
    assert_size(thumbnail, 240, 160);
    for (int y = 0; y < 160; y++)
        for (int x = 0; x < 240; x++)
            assert_pixel(thumbnail, 248 + x, y, (uint8_t[]){x % 2 ? 150 : 50, y % 2 ? 150 : 50, 0, 255});
}

/* Files. */

static GBytes *cut(GBytes *png) {
    return g_bytes_new_from_bytes(png, 0, g_bytes_get_size(png) / 2);
}

static void a_file_that_is_not_what_it_was_is_named(void) {
    g_autoptr(Image) old = make_noise(300, 300), new = make_noise(300, 300), other = make_page(300, 299, white);
    fill(new, (Box){10, 250, 20, 20}, red);
    g_autoptr(GBytes) reference = pictures_encode(old), run = pictures_encode(new), shorter = pictures_encode(other);
    g_autoptr(GBytes) cut_reference = cut(reference), cut_run = cut(run), nothing = g_bytes_new(NULL, 0);
    g_autoptr(Difference) difference = diff_png(reference, run, NULL, NULL);
    const struct {
        GBytes *reference, *run;
        const char *name;
    } cases[] = {{cut_reference, run, "the reference: "}, {reference, cut_run, "the run: "},
                 {nothing, run, "the reference: "},       {reference, nothing, "the run: "},
                 {shorter, run, "the reference: "},       {reference, shorter, "the run: "}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(thumbnail_png(difference, cases[i].reference, cases[i].run, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_true(g_str_has_prefix(error->message, cases[i].name));
    }
}

static void the_same_difference_gives_the_same_bytes(void) {
    g_autoptr(Image) old = make_noise(900, 900), new = make_noise(900, 900);
    fill(new, (Box){100, 100, 700, 700}, red);
    g_autoptr(GBytes) reference = pictures_encode(old), run = pictures_encode(new);
    g_autoptr(Difference) difference = diff_png(reference, run, NULL, NULL);
    g_autoptr(GBytes) first = thumbnail_png(difference, reference, run, NULL);
    g_autoptr(GBytes) second = thumbnail_png(difference, reference, run, NULL);
    g_assert_true(g_bytes_equal(first, second));
}

static void of_two_that_are_equal_the_top_left_corner_is_shown(void) {
    g_autoptr(Image) page = make_noise(500, 500);
    g_autoptr(Image) thumbnail = make_thumbnail(page, page);
    assert_size(thumbnail, 240, 160);
    assert_shows(thumbnail, (Box){0, 0, 240, 160}, page, 0, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/thumbnail/a-small-change-is-shown-as-large-as-it-is-before-and-after",
                    a_small_change_is_shown_as_large_as_it_is_before_and_after);
    g_test_add_func("/thumbnail/of-several-changes-the-largest-is-shown", of_several_changes_the_largest_is_shown);
    g_test_add_func("/thumbnail/sides-are-as-small-as-the-page-and-no-larger-than-half-a-thumbnail",
                    sides_are_as_small_as_the_page_and_no_larger_than_half_a_thumbnail);
    g_test_add_func("/thumbnail/a-change-at-the-end-of-a-page-of-30000-rows-is-shown",
                    a_change_at_the_end_of_a_page_of_30000_rows_is_shown);
    g_test_add_func("/thumbnail/rows-that-came-are-shown-where-they-are-not-yet-and-where-they-are",
                    rows_that_came_are_shown_where_they_are_not_yet_and_where_they_are);
    g_test_add_func("/thumbnail/of-rows-that-went-the-first-are-shown", of_rows_that_went_the_first_are_shown);
    g_test_add_func("/thumbnail/the-largest-rows-are-shown-and-each-picture-has-its-own-place-of-them",
                    the_largest_rows_are_shown_and_each_picture_has_its_own_place_of_them);
    g_test_add_func("/thumbnail/rows-that-moved-are-shown-where-they-were-and-are",
                    rows_that_moved_are_shown_where_they_were_and_are);
    g_test_add_func("/thumbnail/a-change-below-rows-that-came-is-shown-beside-what-it-was",
                    a_change_below_rows_that_came_is_shown_beside_what_it_was);
    g_test_add_func("/thumbnail/a-change-beside-rows-that-came-is-shown-beside-what-it-was",
                    a_change_beside_rows_that_came_is_shown_beside_what_it_was);
    g_test_add_func("/thumbnail/behind-its-end-a-picture-is-transparent", behind_its_end_a_picture_is_transparent);
    g_test_add_func("/thumbnail/columns-that-only-one-picture-has-are-shown",
                    columns_that_only_one_picture_has_are_shown);
    g_test_add_func("/thumbnail/an-end-under-part-of-a-pixel-shows-through-it",
                    an_end_under_part_of_a_pixel_shows_through_it);
    g_test_add_func("/thumbnail/what-is-transparent-is-shown-on-white", what_is_transparent_is_shown_on_white);
    g_test_add_func("/thumbnail/four-pixels-become-their-mean", four_pixels_become_their_mean);
    g_test_add_func("/thumbnail/a-checkerboard-becomes-grey", a_checkerboard_becomes_grey);
    g_test_add_func("/thumbnail/a-pixel-that-is-under-two-counts-for-each-by-its-share",
                    a_pixel_that_is_under_two_counts_for_each_by_its_share);
    g_test_add_func("/thumbnail/a-file-that-is-not-what-it-was-is-named", a_file_that_is_not_what_it_was_is_named);
    g_test_add_func("/thumbnail/the-same-difference-gives-the-same-bytes", the_same_difference_gives_the_same_bytes);
    g_test_add_func("/thumbnail/of-two-that-are-equal-the-top-left-corner-is-shown",
                    of_two_that_are_equal_the_top_left_corner_is_shown);
    return g_test_run();
}
