#include "diff/change.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 300, HEIGHT = 120, MARGIN = 16 };

typedef struct {
    uint8_t red, green, blue;
} Color;

static const Color white = {255, 255, 255}, black = {0, 0, 0}, red = {200, 40, 40}, green = {30, 160, 90};

/* Two pages, which are white at first. */
typedef struct {
    Image *reference, *run;
} Pages;

static void pages_clear(Pages *pages) {
    image_free(pages->reference);
    image_free(pages->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pages, pages_clear)

static void set_pixel(Image *page, int x, int y, Color color) {
    const uint8_t pixel[4] = {color.red, color.green, color.blue, 255};
    memcpy(image_row(page, y) + 4 * x, pixel, 4);
}

static void fill(Image *page, Box box, Color color) {
    for (int y = box.y; y < box.y + box.height; y++)
        for (int x = box.x; x < box.x + box.width; x++)
            set_pixel(page, x, y, color);
}

static Pages make_pages(void) {
    Pages pages = {image_new(WIDTH, HEIGHT, false), image_new(WIDTH, HEIGHT, false)};
    fill(pages.reference, (Box){0, 0, WIDTH, HEIGHT}, white);
    fill(pages.run, (Box){0, 0, WIDTH, HEIGHT}, white);
    return pages;
}

static void outline(Image *page, Box box, Color color) {
    fill(page, (Box){box.x, box.y, box.width, 1}, color);
    fill(page, (Box){box.x, box.y + box.height - 1, box.width, 1}, color);
    fill(page, (Box){box.x, box.y, 1, box.height}, color);
    fill(page, (Box){box.x + box.width - 1, box.y, 1, box.height}, color);
}

/* Letters as a browser paints them: '#' is ink, and what is less has less of it. */
enum { LETTER_WIDTH = 7, LETTER_HEIGHT = 9 };

static const char *const letters[][LETTER_HEIGHT] = {
    {"       ", " .+++. ", " +. +# ", "    .# ", " .+### ", " #+ .# ", " #. +# ", " +###+ ", "       "},
    {" #.    ", " #.    ", " #+##. ", " ##. # ", " #.  #.", " #.  #.", " ##. # ", " #+##. ", "       "},
    {"    .# ", "    .# ", " .##+# ", " #. ## ", ".#  .# ", ".#  .# ", " #. ## ", " .##+# ", "       "},
    {"       ", " .+#+. ", " #. .# ", ".#...#.", ".#+++++", ".#     ", " #. .+ ", " .+#+. ", "       "},
};

static uint8_t mix(int ground, int ink, int ninths) {
    return (uint8_t)(ground + (ink - ground) * ninths / 9);
}

static void blend(Image *page, int x, int y, Color ink, int ninths) {
    const uint8_t *ground = image_row(page, y) + 4 * x;
    const Color color = {mix(ground[0], ink.red, ninths), mix(ground[1], ink.green, ninths),
                         mix(ground[2], ink.blue, ninths)};
    set_pixel(page, x, y, color);
}

static int ninths_of(char part) {
    return part == '#' ? 9 : part == '+' ? 5 : part == '.' ? 2 : 0;
}

/* Writes a word of the letters a, b, d and e. */
static void write_word(Image *page, int x, int y, const char *word, Color ink) {
    for (; *word; word++, x += LETTER_WIDTH) {
        const char *const *letter = letters[*word == 'a' ? 0 : *word == 'b' ? 1 : *word == 'd' ? 2 : 3];
        for (int i = 0; i < LETTER_WIDTH * LETTER_HEIGHT; i++) {
            int column = i % LETTER_WIDTH, row = i / LETTER_WIDTH;
            blend(page, x + column, y + row, ink, ninths_of(letter[row][column]));
        }
    }
}

static int wave(int x, int length) {
    return abs(x % length - length / 2) * 120 / length;
}

/* Many colors, which change softly, but everywhere. */
static void paint_photo(Image *page, Box box, int seed) {
    for (int y = 0; y < box.height; y++) {
        for (int x = 0; x < box.width; x++) {
            int grain = (x * 37 + y * 91 + seed * 53) % 23;
            const Color color = {(uint8_t)(60 + wave(x + seed, 50) + wave(y, 34) + grain),
                                 (uint8_t)(40 + wave(x + y + seed, 60) + wave(y, 44) + grain),
                                 (uint8_t)(30 + wave(x, 70) + wave(x + 2 * y + seed, 90) + grain)};
            set_pixel(page, box.x + x, box.y + y, color);
        }
    }
}

static bool differs(const Pages *pages, int x, int y) {
    return memcmp(image_row(pages->reference, y) + 4 * x, image_row(pages->run, y) + 4 * x, 4) != 0;
}

static bool is_near_change(const Pages *pages, int x, int y) {
    for (int near = MAX(x - MARGIN, 0); near <= MIN(x + MARGIN, WIDTH - 1); near++)
        if (differs(pages, near, y))
            return true;
    return false;
}

/* As it is when two pictures stream by: of each row only what is near to a change. */
static void keep_row(const Pages *pages, int y, Clips *clips) {
    int end;
    for (int x = 0; x < WIDTH; x = end + 1) {
        for (end = x; end < WIDTH && is_near_change(pages, end, y);)
            end++;
        const uint8_t *reference = image_row(pages->reference, y) + 4 * x, *run = image_row(pages->run, y) + 4 * x;
        if (end > x)
            clips_add(clips, x, y, (size_t)(end - x), PIXEL_RGBA, reference, run);
    }
}

static Box box_of_changes(const Pages *pages) {
    int left = WIDTH, top = HEIGHT, right = 0, bottom = 0;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            if (!differs(pages, x, y))
                continue;
            left = MIN(left, x), right = MAX(right, x + 1);
            top = MIN(top, y), bottom = MAX(bottom, y + 1);
        }
    }
    return (Box){left, top, right - left, bottom - top};
}

/* Guesses what happened, if there is room for so many pixels. */
static Change guess_with_room(const Pages *pages, size_t max_pixels) {
    g_autoptr(Clips) clips = clips_new(max_pixels);
    for (int y = 0; y < HEIGHT; y++)
        keep_row(pages, y, clips);
    g_autoptr(Clip) clip = clips_cut(clips, box_of_changes(pages), MARGIN);
    return change_guess(clip);
}

static Change guess(const Pages *pages) {
    return guess_with_room(pages, WIDTH * HEIGHT);
}

/* What came from the reference to the run went from the run to the reference. */
static Change guess_back(const Pages *pages) {
    const Pages back = {pages->run, pages->reference};
    return guess(&back);
}

static void assert_change(Change change, ChangeKind kind, ChangeLook look) {
    g_assert_cmpstr(change_kind_name(change.kind), ==, change_kind_name(kind));
    g_assert_cmpstr(change_look_name(change.look), ==, change_look_name(look));
}

static void assert_moved(Change change, int dx, int dy) {
    g_assert_cmpstr(change_kind_name(change.kind), ==, "moved");
    g_assert_cmpint(change.dx, ==, dx);
    g_assert_cmpint(change.dy, ==, dy);
}

static void assert_recolored(Change change, Color from, Color to) {
    const uint8_t from_pixel[4] = {from.red, from.green, from.blue, 255},
                  to_pixel[4] = {to.red, to.green, to.blue, 255};
    g_assert_cmpstr(change_kind_name(change.kind), ==, "recolored");
    g_assert_cmpmem(change.from, 4, from_pixel, 4);
    g_assert_cmpmem(change.to, 4, to_pixel, 4);
}

static void what_was_nudged_has_moved(void) {
    static const struct {
        int dx, dy;
    } cases[] = {{1, 0}, {0, 1}, {-1, 0}, {3, -2}, {5, 0}, {0, 12}, {-8, -12}, {24, 24}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pages) pages = make_pages();
        write_word(pages.reference, 100, 50, "abadebedbaed", black);
        write_word(pages.run, 100 + cases[i].dx, 50 + cases[i].dy, "abadebedbaed", black);
        Change change = guess(&pages);
        assert_moved(change, cases[i].dx, cases[i].dy);
        g_assert_cmpint(change.look, ==, LOOK_TEXT);
    }
}

static void a_box_and_a_line_have_moved_by_the_least_that_fits(void) {
    static const struct {
        Box box;
        int dx, dy;
    } cases[] = {
        {{60, 40, 90, 30}, 10, 4}, {{60, 40, 64, 64}, -3, 0}, {{60, 40, 90, 1}, 0, 3}, {{60, 40, 1, 50}, 2, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pages) pages = make_pages();
        Box box = cases[i].box;
        fill(pages.reference, box, red);
        fill(pages.run, (Box){box.x + cases[i].dx, box.y + cases[i].dy, box.width, box.height}, red);
        assert_moved(guess(&pages), cases[i].dx, cases[i].dy);
    }
}

static void a_box_that_grew_has_not_moved(void) {
    g_auto(Pages) pages = make_pages();
    fill(pages.reference, (Box){40, 30, 90, 30}, red);
    fill(pages.run, (Box){40, 30, 100, 30}, red);
    assert_change(guess(&pages), CHANGE_OTHER, LOOK_PLAIN);
    assert_change(guess_back(&pages), CHANGE_OTHER, LOOK_PLAIN);
}

static void what_moved_and_is_not_the_same_has_not_moved(void) {
    g_auto(Pages) pages = make_pages();
    write_word(pages.reference, 100, 50, "abadebedbaed", black);
    write_word(pages.run, 104, 50, "badaebedabde", black);
    assert_change(guess(&pages), CHANGE_OTHER, LOOK_TEXT);
}

static void what_stands_on_plain_ground_now_was_inserted_and_back_it_is_removed(void) {
    g_auto(Pages) text = make_pages(), button = make_pages(), line = make_pages(), frame = make_pages();
    g_auto(Pages) photo = make_pages();
    write_word(text.run, 60, 40, "deadbed", black);
    fill(button.run, (Box){60, 40, 70, 25}, green);
    write_word(button.run, 70, 48, "deadbed", white);
    fill(line.run, (Box){60, 40, 100, 1}, black);
    outline(frame.run, (Box){60, 40, 100, 40}, green);
    paint_photo(photo.run, (Box){60, 20, 100, 80}, 1);
    const struct {
        const Pages *pages;
        ChangeLook look;
    } cases[] = {
        {&text, LOOK_TEXT}, {&button, LOOK_TEXT}, {&line, LOOK_PLAIN}, {&frame, LOOK_PLAIN}, {&photo, LOOK_IMAGE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_change(guess(cases[i].pages), CHANGE_INSERTED, cases[i].look);
        assert_change(guess_back(cases[i].pages), CHANGE_REMOVED, cases[i].look);
    }
}

static void a_gradient_is_plain_ground(void) {
    g_auto(Pages) pages = make_pages();
    for (int x = 0; x < WIDTH; x++) {
        const Color shade = {(uint8_t)(250 - x / 4), (uint8_t)(250 - x / 5), 250};
        fill(pages.reference, (Box){x, 0, 1, HEIGHT}, shade);
        fill(pages.run, (Box){x, 0, 1, HEIGHT}, shade);
    }
    write_word(pages.run, 60, 40, "deadbeddeadbed", black);
    assert_change(guess(&pages), CHANGE_INSERTED, LOOK_TEXT);
    assert_change(guess_back(&pages), CHANGE_REMOVED, LOOK_TEXT);
}

static void text_in_another_color_is_recolored_from_ink_to_ink(void) {
    static const struct {
        Color ground, from, to;
    } cases[] = {
        {{255, 255, 255}, {0x77, 0x77, 0x77}, {0x88, 0x88, 0x88}},
        {{255, 255, 255}, {0, 0, 0}, {204, 0, 0}},
        {{255, 255, 255}, {0, 102, 204}, {204, 0, 102}},
        {{0, 102, 204}, {255, 255, 255}, {255, 255, 0}},
        {{34, 34, 34}, {221, 221, 221}, {0, 160, 0}},
        {{128, 128, 128}, {0, 0, 0}, {255, 255, 255}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pages) pages = make_pages();
        fill(pages.reference, (Box){0, 0, WIDTH, HEIGHT}, cases[i].ground);
        fill(pages.run, (Box){0, 0, WIDTH, HEIGHT}, cases[i].ground);
        write_word(pages.reference, 60, 40, "deadbed", cases[i].from);
        write_word(pages.run, 60, 40, "deadbed", cases[i].to);
        Change change = guess(&pages);
        assert_recolored(change, cases[i].from, cases[i].to);
        g_assert_cmpint(change.look, ==, LOOK_TEXT);
    }
}

static void one_word_is_recolored_though_its_neighbors_are_not(void) {
    g_auto(Pages) pages = make_pages();
    write_word(pages.reference, 60, 40, "deadbeddeadbed", black);
    write_word(pages.run, 60, 40, "deadbeddeadbed", black);
    fill(pages.run, (Box){60 + 4 * LETTER_WIDTH, 40, 3 * LETTER_WIDTH, LETTER_HEIGHT}, white);
    write_word(pages.run, 60 + 4 * LETTER_WIDTH, 40, "bed", red);
    assert_recolored(guess(&pages), black, red);
}

static void a_ground_in_another_color_is_recolored_and_plain_whatever_stands_on_it(void) {
    static const Color shade = {0xf3, 0xf3, 0xf3};
    g_auto(Pages) pages = make_pages();
    fill(pages.run, (Box){0, 20, WIDTH, 80}, shade);
    for (int line = 0; line < 4; line++) {
        write_word(pages.reference, 20, 30 + 16 * line, "deadbedabedbabededa", black);
        write_word(pages.run, 20, 30 + 16 * line, "deadbedabedbabededa", black);
    }
    Change change = guess(&pages);
    assert_recolored(change, white, shade);
    g_assert_cmpint(change.look, ==, LOOK_PLAIN);
}

static void a_box_or_a_border_in_another_color_is_recolored(void) {
    static const Color light = {0xdd, 0xdd, 0xdd}, dark = {0xcc, 0xcc, 0xcc};
    g_auto(Pages) box = make_pages(), border = make_pages();
    fill(box.reference, (Box){60, 40, 70, 25}, red);
    fill(box.run, (Box){60, 40, 70, 25}, green);
    assert_recolored(guess(&box), red, green);
    outline(border.reference, (Box){60, 20, 120, 60}, light);
    outline(border.run, (Box){60, 20, 120, 60}, dark);
    assert_recolored(guess(&border), light, dark);
}

static void another_text_is_not_recolored(void) {
    g_auto(Pages) pages = make_pages();
    write_word(pages.reference, 60, 40, "deadbed", black);
    write_word(pages.run, 60, 40, "beadabe", black);
    assert_change(guess(&pages), CHANGE_OTHER, LOOK_TEXT);
}

/* Each color has become one other; but white is not gone. */
static void another_shape_in_another_color_is_not_recolored(void) {
    g_auto(Pages) pages = make_pages();
    fill(pages.reference, (Box){60, 40, 12, 12}, red);
    fill(pages.run, (Box){72, 40, 12, 12}, green);
    assert_change(guess(&pages), CHANGE_OTHER, LOOK_PLAIN);
}

static void another_photo_is_another_image(void) {
    g_auto(Pages) pages = make_pages();
    paint_photo(pages.reference, (Box){60, 20, 100, 80}, 1);
    paint_photo(pages.run, (Box){60, 20, 100, 80}, 17);
    assert_change(guess(&pages), CHANGE_OTHER, LOOK_IMAGE);
}

static void of_what_was_not_kept_nothing_is_said(void) {
    g_auto(Pages) pages = make_pages();
    write_word(pages.run, 60, 40, "deadbed", black);
    Change change = guess_with_room(&pages, 200);
    g_assert_cmpint(change.kind, ==, CHANGE_OTHER);
}

static void where_nothing_changed_nothing_is_said(void) {
    g_autoptr(Clips) clips = clips_new(100);
    g_autoptr(Clip) clip = clips_cut(clips, (Box){0, 0, 20, 20}, MARGIN);
    assert_change(change_guess(clip), CHANGE_OTHER, LOOK_PLAIN);
}

static void names_lead_back_to_what_they_name(void) {
    for (ChangeKind kind = CHANGE_OTHER; kind <= CHANGE_RECOLORED; kind++) {
        ChangeKind found;
        g_assert_true(change_kind_from_name(change_kind_name(kind), &found));
        g_assert_cmpint(found, ==, kind);
    }
    for (ChangeLook look = LOOK_PLAIN; look <= LOOK_IMAGE; look++) {
        ChangeLook found;
        g_assert_true(change_look_from_name(change_look_name(look), &found));
        g_assert_cmpint(found, ==, look);
    }
    ChangeKind kind = CHANGE_MOVED;
    g_assert_false(change_kind_from_name("Moved", &kind));
    g_assert_cmpint(kind, ==, CHANGE_MOVED);
    ChangeLook look = LOOK_TEXT;
    g_assert_false(change_look_from_name("", &look));
    g_assert_cmpint(look, ==, LOOK_TEXT);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/what-was-nudged-has-moved", what_was_nudged_has_moved);
    g_test_add_func("/change/a-box-and-a-line-have-moved-by-the-least-that-fits",
                    a_box_and_a_line_have_moved_by_the_least_that_fits);
    g_test_add_func("/change/a-box-that-grew-has-not-moved", a_box_that_grew_has_not_moved);
    g_test_add_func("/change/what-moved-and-is-not-the-same-has-not-moved",
                    what_moved_and_is_not_the_same_has_not_moved);
    g_test_add_func("/change/what-stands-on-plain-ground-now-was-inserted-and-back-it-is-removed",
                    what_stands_on_plain_ground_now_was_inserted_and_back_it_is_removed);
    g_test_add_func("/change/a-gradient-is-plain-ground", a_gradient_is_plain_ground);
    g_test_add_func("/change/text-in-another-color-is-recolored-from-ink-to-ink",
                    text_in_another_color_is_recolored_from_ink_to_ink);
    g_test_add_func("/change/one-word-is-recolored-though-its-neighbors-are-not",
                    one_word_is_recolored_though_its_neighbors_are_not);
    g_test_add_func("/change/a-ground-in-another-color-is-recolored-and-plain-whatever-stands-on-it",
                    a_ground_in_another_color_is_recolored_and_plain_whatever_stands_on_it);
    g_test_add_func("/change/a-box-or-a-border-in-another-color-is-recolored",
                    a_box_or_a_border_in_another_color_is_recolored);
    g_test_add_func("/change/another-text-is-not-recolored", another_text_is_not_recolored);
    g_test_add_func("/change/another-shape-in-another-color-is-not-recolored",
                    another_shape_in_another_color_is_not_recolored);
    g_test_add_func("/change/another-photo-is-another-image", another_photo_is_another_image);
    g_test_add_func("/change/of-what-was-not-kept-nothing-is-said", of_what_was_not_kept_nothing_is_said);
    g_test_add_func("/change/where-nothing-changed-nothing-is-said", where_nothing_changed_nothing_is_said);
    g_test_add_func("/change/names-lead-back-to-what-they-name", names_lead_back_to_what_they_name);
    return g_test_run();
}
