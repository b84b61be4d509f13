#include "diff/mark.h"

#include "image/png.h"

#include "pictures.h"

#include <glib.h>
#include <string.h>

/* Pictures of 24 x 24 pixels of one color, in the run a box of which is black. */
typedef struct {
    GBytes *reference, *run;
    Difference *difference;
} Fixture;

static const uint8_t white[4] = {255, 255, 255, 255}, black[4] = {0, 0, 0, 255};
static const Box changed = {7, 7, 10, 2};

static GBytes *encode(int width, int height, bool has_alpha, const uint8_t color[4], const Box *box) {
    g_autoptr(Image) image = image_new(width, height, has_alpha);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(image_row(image, y) + 4 * x, color, 4);
    for (int y = box ? box->y : 0; box && y < box->y + box->height; y++)
        for (int x = box->x; x < box->x + box->width; x++)
            memcpy(image_row(image, y) + 4 * x, black, 4);
    return pictures_encode(image);
}

static void set_up(Fixture *f, GBytes *reference, GBytes *run) {
    g_autoptr(GError) error = NULL;
    *f = (Fixture){reference, run, diff_png(reference, run, NULL, &error)};
    g_assert_no_error(error);
}

static void tear_down(Fixture *f) {
    g_bytes_unref(f->reference);
    g_bytes_unref(f->run);
    difference_free(f->difference);
}

static Image *paint(const Fixture *f, MarkStyle style, const MarkColors *colors) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) png = mark_png(f->difference, f->run, style, colors, &error);
    g_assert_no_error(error);
    Image *image = png_decode(png, &error);
    g_assert_no_error(error);
    return image;
}

/* All pixels in the box that changed have one color, all others the other. */
static void assert_painted(const Image *image, const uint8_t in_box[4], const uint8_t elsewhere[4]) {
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            bool inside =
                x >= changed.x && x < changed.x + changed.width && y >= changed.y && y < changed.y + changed.height;
            g_assert_cmpmem(image_row(image, y) + 4 * x, 4, inside ? in_box : elsewhere, 4);
        }
    }
}

static void each_style_paints_what_changed_on_its_own_ground(void) {
    static const uint8_t half_red[4] = {255, 0, 0, 102};
    static const uint8_t red[4] = {255, 0, 0, 255}, clear[4] = {0, 0, 0, 0}, veil[4] = {255, 255, 255, 0xcc};
    static const uint8_t faded[4] = {255, 235, 235, 255}; /* on white it is #FF9999, and a fifth of that this */
    static const struct {
        MarkStyle style;
        const uint8_t *ground;
    } cases[] = {{MARK_MASK, clear}, {MARK_FADED, faded}, {MARK_CLASSIC, veil}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f;
        set_up(&f, encode(24, 24, true, half_red, NULL), encode(24, 24, true, half_red, &changed));
        g_autoptr(Image) image = paint(&f, cases[i].style, NULL);
        assert_painted(image, red, cases[i].ground);
        tear_down(&f);
    }
}

static void colors_can_be_chosen(void) {
    Fixture f;
    set_up(&f, encode(24, 24, false, white, NULL), encode(24, 24, false, white, &changed));
    const MarkColors *safe = mark_find_colors("safe");
    g_autoptr(Image) image = paint(&f, MARK_MASK, safe);
    const uint8_t expected[4] = {safe->changed[0], safe->changed[1], safe->changed[2], 255}, clear[4] = {0};
    assert_painted(image, expected, clear);
    g_assert_null(mark_find_colors("blue"));
    tear_down(&f);
}

static void names_of_styles_are_known_and_no_others(void) {
    MarkStyle style;
    g_assert_true(mark_style_from_name("faded", &style) && style == MARK_FADED);
    g_assert_true(mark_style_from_name("mask", &style) && style == MARK_MASK);
    g_assert_true(mark_style_from_name("classic", &style) && style == MARK_CLASSIC);
    g_assert_false(mark_style_from_name("Mask", &style));
}

/* A page of noise, each row its own. */
static Image *make_noise(int width, int height) {
    g_autoptr(GRand) pixels = g_rand_new_with_seed(7);
    Image *image = image_new(width, height, false);
    for (int i = 0; i < width * height * 4; i++)
        image->pixels[i] = i % 4 == 3 ? 255 : (uint8_t)g_rand_int(pixels);
    return image;
}

static void rows_that_came_are_tinted_and_a_line_is_where_rows_went(void) {
    g_autoptr(Image) page = make_noise(80, 400);
    g_autoptr(Image) other = image_new(80, 400, false);
    /* 40 rows come at 100, and 40 go from where 200 is then 240. */
    memset(other->pixels, 255, 80 * 400 * 4);
    memcpy(other->pixels, page->pixels, 80 * 100 * 4);
    memcpy(image_row(other, 140), image_row(page, 100), 80 * 100 * 4);
    memcpy(image_row(other, 240), image_row(page, 240), 80 * 160 * 4);
    Fixture f;
    set_up(&f, pictures_encode(page), pictures_encode(other));
    g_autoptr(Image) mask = paint(&f, MARK_MASK, NULL);
    const MarkColors *colors = mark_find_colors("red");
    for (int y = 0; y < 400; y++) {
        const uint8_t *expected = y >= 100 && y < 140    ? colors->inserted
                                  : y == 239 || y == 240 ? colors->removed
                                                         : NULL;
        const uint8_t *pixel = image_row(mask, y) + 4 * 33;
        g_assert_cmpint(pixel[3] != 0, ==, expected != NULL);
        if (expected)
            g_assert_cmpmem(pixel, 3, expected, 3);
    }
    tear_down(&f);
}

static void a_mask_of_a_long_page_is_small(void) {
    Fixture f;
    set_up(&f, encode(1280, 8000, false, white, NULL), encode(1280, 8000, false, white, &changed));
    g_autoptr(GBytes) mask = mark_png(f.difference, f.run, MARK_MASK, NULL, NULL);
    g_assert_cmpuint(g_bytes_get_size(mask), <, 16 * 1024);
    tear_down(&f);
}

static void a_reference_is_laid_on_the_runs_canvas(void) {
    for (int has_alpha = 0; has_alpha <= 1; has_alpha++) {
        const uint8_t filling[4] = {0, 0, 0, has_alpha ? 0 : 255};
        Fixture f;
        set_up(&f, encode(3, 9, false, white, NULL), encode(5, 4, has_alpha, white, NULL));
        g_autoptr(GBytes) png = mark_place_reference(f.difference, f.reference, f.run, NULL);
        g_autoptr(Image) placed = png_decode(png, NULL);
        g_assert_cmpint(placed->width, ==, 5);
        g_assert_cmpint(placed->height, ==, 4);
        g_assert_cmpmem(image_row(placed, 3) + 4 * 2, 4, white, 4);
        g_assert_cmpmem(image_row(placed, 3) + 4 * 3, 4, filling, 4);
        tear_down(&f);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mark/each-style-paints-what-changed-on-its-own-ground",
                    each_style_paints_what_changed_on_its_own_ground);
    g_test_add_func("/mark/colors-can-be-chosen", colors_can_be_chosen);
    g_test_add_func("/mark/names-of-styles-are-known-and-no-others", names_of_styles_are_known_and_no_others);
    g_test_add_func("/mark/rows-that-came-are-tinted-and-a-line-is-where-rows-went",
                    rows_that_came_are_tinted_and_a_line_is_where_rows_went);
    g_test_add_func("/mark/a-mask-of-a-long-page-is-small", a_mask_of_a_long_page_is_small);
    g_test_add_func("/mark/a-reference-is-laid-on-the-runs-canvas", a_reference_is_laid_on_the_runs_canvas);
    return g_test_run();
}
