#include "diff/antialias.h"

#include <glib.h>
#include <string.h>

enum { SIDE = 5 };

/* Two pictures of 5x5, in letters: '#' black, '.' white, '+' grey, 'o' a lighter grey. */
typedef struct {
    const char *reference[SIDE], *run[SIDE];
} Drawing;

static void draw(uint8_t *out_pixels, const char *const rows[SIDE], PixelFormat format) {
    memset(out_pixels, 255, (size_t)SIDE * SIDE * format);
    for (int i = 0; i < SIDE * SIDE; i++) {
        char letter = rows[i / SIDE][i % SIDE];
        int level = letter == '#' ? 0 : letter == '+' ? 128 : letter == 'o' ? 200 : 255;
        memset(out_pixels + (size_t)i * format, level, 3);
    }
}

static bool find(const Drawing *drawing, PixelFormat format, int x, int y) {
    uint8_t reference[SIDE * SIDE * 4], run[SIDE * SIDE * 4];
    draw(reference, drawing->reference, format);
    draw(run, drawing->run, format);
    AntialiasWindow window = {.format = format, .width = SIDE, .index = (size_t)(y * SIDE)};
    for (int i = 0; i < ANTIALIAS_ROWS; i++) {
        int row = y + i - ANTIALIAS_REACH;
        if (row < 0 || row >= SIDE)
            continue;
        window.reference[i] = reference + (size_t)(row * SIDE) * format;
        window.run[i] = run + (size_t)(row * SIDE) * format;
    }
    return antialias_find(&window, x);
}

/* An edge between black and white, at (2, 2) of which something changed. */
static void a_pixel_on_an_edge_is_antialiased_in_whichever_picture_it_is_grey(void) {
    static const char *const soft[SIDE] = {"..###", "..###", "..+##", "...##", "...##"};
    static const char *const hard[SIDE] = {"..###", "..###", "..###", "...##", "...##"};
    Drawing first = {{0}, {0}}, second = {{0}, {0}};
    memcpy(first.reference, soft, sizeof soft);
    memcpy(first.run, hard, sizeof hard);
    memcpy(second.reference, hard, sizeof hard);
    memcpy(second.run, soft, sizeof soft);
    static const PixelFormat formats[] = {PIXEL_RGB, PIXEL_RGBA};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_assert_true(find(&first, formats[i], 2, 2));
        g_assert_true(find(&second, formats[i], 2, 2));
    }
}

static void a_pixel_of_a_plain_area_is_not_antialiased(void) {
    static const Drawing drawing = {
        {".....", ".....", ".....", ".....", "....."},
        {".....", ".###.", ".###.", ".###.", "....."},
    };
    for (int y = 1; y <= 3; y++)
        for (int x = 1; x <= 3; x++)
            g_assert_false(find(&drawing, PIXEL_RGB, x, y));
}

/* A lone dot has brighter neighbours and no darker ones. */
static void a_dot_is_not_antialiased(void) {
    static const Drawing drawing = {
        {".....", ".....", ".....", ".....", "....."},
        {".....", ".....", "..+..", ".....", "....."},
    };
    g_assert_false(find(&drawing, PIXEL_RGB, 2, 2));
}

/* The darkest and the brightest neighbour must lie in plain areas of both pictures. */
static void an_edge_of_what_is_new_is_not_antialiased(void) {
    static const Drawing drawing = {
        {"#.#.#", "+o+o+", "#.#.#", "+o+o+", "#.#.#"},
        {"..###", "..###", "..+##", "...##", "...##"},
    };
    g_assert_false(find(&drawing, PIXEL_RGB, 2, 2));
}

/* The places are corners and sides of the picture; what is meant is that nothing outside of it is read. */
static void an_edge_may_run_along_the_edges_of_the_picture(void) {
    static const Drawing drawing = {
        {"+####", ".####", ".+###", "..###", "..+##"},
        {"#####", ".####", ".####", "..###", "..###"},
    };
    static const struct {
        int x, y;
        bool antialiased;
    } cases[] = {{0, 0, true}, {4, 0, false}, {1, 2, true}, {2, 4, true}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(find(&drawing, PIXEL_RGB, cases[i].x, cases[i].y), ==, cases[i].antialiased);
}

static void a_picture_of_one_pixel_has_no_edges(void) {
    static const uint8_t black[3] = {0, 0, 0}, white[3] = {255, 255, 255};
    const AntialiasWindow window = {
        .reference = {NULL, NULL, black, NULL, NULL},
        .run = {NULL, NULL, white, NULL, NULL},
        .format = PIXEL_RGB,
        .width = 1,
    };
    g_assert_false(antialias_find(&window, 0));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/antialias/a-pixel-on-an-edge-is-antialiased-in-whichever-picture-it-is-grey",
                    a_pixel_on_an_edge_is_antialiased_in_whichever_picture_it_is_grey);
    g_test_add_func("/antialias/a-pixel-of-a-plain-area-is-not-antialiased",
                    a_pixel_of_a_plain_area_is_not_antialiased);
    g_test_add_func("/antialias/a-dot-is-not-antialiased", a_dot_is_not_antialiased);
    g_test_add_func("/antialias/an-edge-of-what-is-new-is-not-antialiased", an_edge_of_what_is_new_is_not_antialiased);
    g_test_add_func("/antialias/an-edge-may-run-along-the-edges-of-the-picture",
                    an_edge_may_run_along_the_edges_of_the_picture);
    g_test_add_func("/antialias/a-picture-of-one-pixel-has-no-edges", a_picture_of_one_pixel_has_no_edges);
    return g_test_run();
}
