#include "diff/clips.h"

#include <string.h>

/* Of a small page. */
enum { WIDTH = 60, HEIGHT = 40, N_PIXELS = WIDTH * HEIGHT };

/* Adds n pixels which all have the bytes of two pixels. */
static bool add(Clips *clips, int x, int y, size_t n, const uint8_t reference[4], const uint8_t run[4]) {
    g_autofree uint8_t *p = g_malloc(4 * n), *q = g_malloc(4 * n);
    for (size_t i = 0; i < n; i++) {
        memcpy(p + 4 * i, reference, 4);
        memcpy(q + 4 * i, run, 4);
    }
    return clips_add(clips, x, y, n, PIXEL_RGBA, p, q);
}

static const uint8_t red[4] = {255, 0, 0, 255}, blue[4] = {0, 0, 255, 255};

static size_t place_of(const Clip *clip, int x, int y) {
    return (size_t)(y - clip->box.y) * (size_t)clip->box.width + (size_t)(x - clip->box.x);
}

static bool is_known(const Clip *clip, int x, int y) {
    return clip->known[place_of(clip, x, y)];
}

static size_t count_known(const Clip *clip) {
    size_t n = 0;
    for (size_t i = 0; i < (size_t)clip->box.width * (size_t)clip->box.height; i++)
        n += clip->known[i];
    return n;
}

static void assert_box(Box box, int x, int y, int width, int height) {
    g_assert_cmpint(box.x, ==, x);
    g_assert_cmpint(box.y, ==, y);
    g_assert_cmpint(box.width, ==, width);
    g_assert_cmpint(box.height, ==, height);
}

static void pixels_come_back_as_rgba_from_where_they_were(void) {
    static const uint8_t p_rgb[] = {1, 2, 3, 4, 5, 6}, q_rgb[] = {7, 8, 9, 10, 11, 12};
    static const uint8_t p_rgba[] = {1, 2, 3, 100, 4, 5, 6, 255}, q_rgba[] = {7, 8, 9, 255, 10, 11, 12, 1};
    static const uint8_t p_widened[] = {1, 2, 3, 255, 4, 5, 6, 255}, q_widened[] = {7, 8, 9, 255, 10, 11, 12, 255};
    g_autoptr(Clips) clips = clips_new(N_PIXELS);
    g_assert_true(clips_add(clips, 10, 5, 2, PIXEL_RGB, p_rgb, q_rgb));
    g_assert_true(clips_add(clips, 20, 7, 2, PIXEL_RGBA, p_rgba, q_rgba));

    g_autoptr(Clip) clip = clips_cut(clips, (Box){10, 5, 12, 3}, 0);
    assert_box(clip->box, 10, 5, 12, 3);
    g_assert_true(clip->whole);
    g_assert_cmpuint(count_known(clip), ==, 4);
    g_assert_true(is_known(clip, 10, 5) && is_known(clip, 11, 5) && is_known(clip, 20, 7) && is_known(clip, 21, 7));
    size_t above = 4 * place_of(clip, 10, 5), below = 4 * place_of(clip, 20, 7);
    g_assert_cmpmem(clip->reference + above, 8, p_widened, 8);
    g_assert_cmpmem(clip->run + above, 8, q_widened, 8);
    g_assert_cmpmem(clip->reference + below, 8, p_rgba, 8);
    g_assert_cmpmem(clip->run + below, 8, q_rgba, 8);
}

static void a_box_cuts_off_what_is_outside_of_it(void) {
    g_autoptr(Clips) clips = clips_new(N_PIXELS);
    add(clips, 5, 3, 20, red, blue);
    add(clips, 5, 4, 3, red, blue);
    add(clips, 12, 4, 4, red, blue);
    add(clips, 22, 4, 3, red, blue);
    add(clips, 5, 5, 20, red, blue);
    g_autoptr(Clip) clip = clips_cut(clips, (Box){10, 4, 10, 1}, 0);
    g_assert_cmpuint(count_known(clip), ==, 4);
    g_assert_true(is_known(clip, 12, 4) && is_known(clip, 15, 4));
}

static void a_margin_ends_at_the_left_and_the_top_edge(void) {
    g_autoptr(Clips) clips = clips_new(N_PIXELS);
    add(clips, 0, 2, 20, red, blue);
    g_autoptr(Clip) near_edges = clips_cut(clips, (Box){3, 2, 5, 1}, 4);
    assert_box(near_edges->box, 0, 0, 12, 7);
    g_assert_cmpuint(count_known(near_edges), ==, 12);
    g_autoptr(Clip) far_from_them = clips_cut(clips, (Box){30, 20, 5, 1}, 4);
    assert_box(far_from_them->box, 26, 16, 13, 9);
    g_assert_cmpuint(count_known(far_from_them), ==, 0);
}

static void what_is_clear_is_equal_whatever_its_color(void) {
    static const uint8_t clear_red[4] = {255, 0, 0, 0}, clear_blue[4] = {0, 0, 255, 0};
    g_autoptr(Clips) clips = clips_new(N_PIXELS);
    add(clips, 0, 0, 1, clear_red, clear_blue);
    g_autoptr(Clip) clip = clips_cut(clips, (Box){0, 0, 1, 1}, 0);
    g_assert_cmpmem(clip->reference, 4, clip->run, 4);
}

static void without_room_for_a_stretch_it_and_all_that_follow_are_lost(void) {
    g_autoptr(Clips) clips = clips_new(30);
    g_assert_true(add(clips, 0, 4, 20, red, blue));
    g_assert_false(add(clips, 0, 6, 11, red, blue));
    g_assert_false(add(clips, 20, 6, 1, red, blue));
    g_autoptr(Clip) above = clips_cut(clips, (Box){0, 4, WIDTH, 2}, 0);
    g_assert_true(above->whole);
    g_assert_cmpuint(count_known(above), ==, 20);
    g_autoptr(Clip) below = clips_cut(clips, (Box){0, 4, WIDTH, 3}, 0);
    g_assert_false(below->whole);
    g_assert_cmpuint(count_known(below), ==, 20);
}

/* As where columns moved by themselves. */
static void groups_of_columns_may_come_one_after_another(void) {
    g_autoptr(Clips) clips = clips_new(40);
    add(clips, 0, 2, 10, red, blue);
    add(clips, 0, 9, 10, red, blue);
    add(clips, 20, 1, 10, red, blue);
    g_assert_false(clips_add(clips, 20, 5, 20, PIXEL_RGBA, NULL, NULL));
    clips_end(clips);
    g_autoptr(Clip) above = clips_cut(clips, (Box){20, 0, 10, 3}, 0);
    g_assert_cmpuint(count_known(above), ==, 10);
    g_assert_true(above->whole);
    g_autoptr(Clip) below = clips_cut(clips, (Box){20, 4, 10, 3}, 0);
    g_assert_false(below->whole);
}

static void of_a_box_that_is_too_large_the_upper_rows_are_cut(void) {
    g_autoptr(Clips) clips = clips_new(N_PIXELS);
    add(clips, 2000, 0, 5, red, blue);
    add(clips, 2000, 5000, 5, red, blue);
    g_autoptr(Clip) clip = clips_cut(clips, (Box){0, 0, 4096, 5001}, 0);
    assert_box(clip->box, 0, 0, 4096, CLIP_MAX_PART / 4096);
    g_assert_false(clip->whole);
    g_assert_cmpuint(count_known(clip), ==, 5);
}

/* Adds stretches at random, and paints them onto a page of both pictures. */
static void add_at_random(Clips *clips, uint8_t *reference, uint8_t *run, uint8_t *known) {
    for (int y = 0; y < HEIGHT; y += g_test_rand_int_range(1, 3)) {
        int end;
        for (int x = g_test_rand_int_range(0, 30); x < WIDTH; x = end + g_test_rand_int_range(0, 30)) {
            end = g_test_rand_int_range(x, WIDTH) + 1;
            size_t n = (size_t)(end - x), first = (size_t)(y * WIDTH + x);
            for (size_t i = 4 * first; i < 4 * (first + n); i++) {
                reference[i] = (uint8_t)g_test_rand_int_range(1, 256);
                run[i] = (uint8_t)g_test_rand_int_range(1, 256);
            }
            memset(known + first, 1, n);
            g_assert_true(clips_add(clips, x, y, n, PIXEL_RGBA, reference + 4 * first, run + 4 * first));
        }
    }
}

static void any_box_holds_what_was_kept_of_it(void) {
    for (int round = 0; round < 50; round++) {
        g_autofree uint8_t *reference = g_malloc0(4 * N_PIXELS), *run = g_malloc0(4 * N_PIXELS);
        g_autofree uint8_t *known = g_malloc0(N_PIXELS);
        g_autoptr(Clips) clips = clips_new(N_PIXELS);
        add_at_random(clips, reference, run, known);

        Box box = {g_test_rand_int_range(0, WIDTH), g_test_rand_int_range(0, HEIGHT), 1, 1};
        box.width = g_test_rand_int_range(1, WIDTH - box.x + 1);
        box.height = g_test_rand_int_range(1, HEIGHT - box.y + 1);
        g_autoptr(Clip) clip = clips_cut(clips, box, 0);
        for (int y = box.y; y < box.y + box.height; y++) {
            size_t here = place_of(clip, box.x, y), there = (size_t)(y * WIDTH + box.x), n = (size_t)box.width;
            g_assert_cmpmem(clip->known + here, n, known + there, n);
            g_assert_cmpmem(clip->reference + 4 * here, 4 * n, reference + 4 * there, 4 * n);
            g_assert_cmpmem(clip->run + 4 * here, 4 * n, run + 4 * there, 4 * n);
        }
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clips/pixels-come-back-as-rgba-from-where-they-were",
                    pixels_come_back_as_rgba_from_where_they_were);
    g_test_add_func("/clips/a-box-cuts-off-what-is-outside-of-it", a_box_cuts_off_what_is_outside_of_it);
    g_test_add_func("/clips/a-margin-ends-at-the-left-and-the-top-edge", a_margin_ends_at_the_left_and_the_top_edge);
    g_test_add_func("/clips/what-is-clear-is-equal-whatever-its-color", what_is_clear_is_equal_whatever_its_color);
    g_test_add_func("/clips/without-room-for-a-stretch-it-and-all-that-follow-are-lost",
                    without_room_for_a_stretch_it_and_all_that_follow_are_lost);
    g_test_add_func("/clips/groups-of-columns-may-come-one-after-another",
                    groups_of_columns_may_come_one_after_another);
    g_test_add_func("/clips/of-a-box-that-is-too-large-the-upper-rows-are-cut",
                    of_a_box_that_is_too_large_the_upper_rows_are_cut);
    g_test_add_func("/clips/any-box-holds-what-was-kept-of-it", any_box_holds_what_was_kept_of_it);
    return g_test_run();
}
