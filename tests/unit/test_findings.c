#include "report/findings.h"

#include <string.h>

/* ---- Things to tell of ---- */

static Region region_of(Change change) {
    return (Region){
        .box = {144, 295, 192, 43},
        .changed_pixels = 7949,
        .score = 0.25,
        .tolerance = 0.125,
        .fingerprint = 0xfedcba9876543210,
        .change = change,
    };
}

static const Change recolored = {
    CHANGE_RECOLORED, LOOK_TEXT, 0, 0, {0x77, 0x77, 0x77, 0xff}, {0x88, 0x88, 0x88, 0xff},
};

static const Band inserted = {.kind = BAND_INSERTED, .width = 1280, .reference_y = 120, .run_y = 120, .run_height = 64};
static const Band jitter = {
    .kind = BAND_INSERTED, .width = 1280, .reference_y = 500, .run_y = 564, .run_height = 1, .is_jitter = true};
static const Band removed = {
    .kind = BAND_REMOVED, .width = 1280, .reference_y = 300, .reference_height = 1, .run_y = 364};
static const Band moved = {BAND_MOVED, 256, 1024, 80, 40, 700, 40, false, false};
static const Band equal = {BAND_EQUAL, 0, 1280, 120, 500, 184, 500, false, false};
static const Band changed = {BAND_CHANGED, 0, 1280, 0, 20, 0, 20, false, false};

static GArray *array_of_bands(const Band *const *bands, size_t n_bands) {
    GArray *array = g_array_new(FALSE, FALSE, sizeof(Band));
    for (size_t i = 0; i < n_bands; i++)
        g_array_append_val(array, *bands[i]);
    return array;
}

static GArray *array_of_one(Change change) {
    GArray *regions = g_array_new(FALSE, FALSE, sizeof(Region));
    Region region = region_of(change);
    g_array_append_val(regions, region);
    return regions;
}

/* ---- Words ---- */

static void a_region_tells_what_happened(void) {
    static const struct {
        Change change;
        const char *text;
    } cases[] = {
        {{CHANGE_OTHER, LOOK_PLAIN, 0, 0, {0}, {0}}, "changed"},
        {{CHANGE_OTHER, LOOK_TEXT, 0, 0, {0}, {0}}, "text changed"},
        {{CHANGE_INSERTED, LOOK_IMAGE, 0, 0, {0}, {0}}, "image inserted"},
        {{CHANGE_REMOVED, LOOK_TEXT, 0, 0, {0}, {0}}, "text removed"},
        {{CHANGE_MOVED, LOOK_PLAIN, -2, 5, {0}, {0}}, "moved 5 px down and 2 px to the left"},
        {{CHANGE_MOVED, LOOK_TEXT, 0, -7, {0}, {0}}, "text moved 7 px up"},
        {{CHANGE_MOVED, LOOK_PLAIN, 1, 0, {0}, {0}}, "moved 1 px to the right"},
        {{CHANGE_RECOLORED, LOOK_PLAIN, 0, 0, {1, 2, 3, 255}, {255, 0, 0, 128}}, "recolored from #010203 to #ff000080"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Region region = region_of(cases[i].change);
        g_autofree char *text = findings_what(&region);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void a_region_is_one_line(void) {
    Region region = region_of(recolored);
    g_autofree char *text = findings_region(&region);
    g_assert_cmpstr(text, ==, "192x43 at (144,295): text recolored from #777777 to #888888, 7,949 pixels");
}

static void a_band_tells_which_rows_came_went_or_moved(void) {
    static const struct {
        const Band *band;
        const char *text;
    } cases[] = {
        {&inserted, "64 rows inserted at y=120"},
        {&removed, "1 row removed, which was at y=300"},
        {&moved, "40 rows moved from y=80 to y=700, in columns 256 to 1279"},
        {&equal, NULL},
        {&changed, NULL},
        {&jitter, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = findings_band(cases[i].band, 1280);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void the_summary_begins_with_the_bands(void) {
    g_autoptr(GArray) regions = array_of_one(recolored);
    g_autoptr(GArray) bands = array_of_bands((const Band *[]){&equal, &inserted}, 2);

    g_autofree char *all = findings_summary(9000, regions, 3, bands, 1280);
    g_autofree char *one_area = findings_summary(1, regions, 1, NULL, 1280);
    g_autofree char *rows_alone = findings_summary(0, NULL, 0, bands, 1280);
    g_autofree char *nothing = findings_summary(0, NULL, 0, NULL, 1280);

    g_assert_cmpstr(all, ==,
                    "64 rows inserted at y=120; 9,000 pixels changed in 3 areas, the largest 192x43 at (144,295): "
                    "text recolored from #777777 to #888888");
    g_assert_cmpstr(one_area, ==,
                    "1 pixel changed in 1 area, 192x43 at (144,295): text recolored from #777777 to #888888");
    g_assert_cmpstr(rows_alone, ==, "64 rows inserted at y=120");
    g_assert_null(nothing);
}

static void the_summary_tells_the_largest_of_many_bands(void) {
    g_autoptr(GArray) bands =
        array_of_bands((const Band *[]){&removed, &inserted, &equal, &removed, &moved, &removed}, 6);
    g_autofree char *text = findings_summary(0, NULL, 0, bands, 1280);
    g_assert_cmpstr(text, ==,
                    "64 rows inserted at y=120; 40 rows moved from y=80 to y=700, in columns 256 to 1279; 1 row "
                    "removed, which was at y=300, and 2 more");
}

/* ---- JSON ---- */

static void regions_survive_being_json(void) {
    static const Change moved_away = {CHANGE_MOVED, LOOK_IMAGE, -3, 4, {0}, {0}};
    g_autoptr(GArray) regions = array_of_one(recolored);
    Region second = region_of(moved_away);
    g_array_append_val(regions, second);

    json_auto_t *json = findings_regions_to_json(regions);
    g_autoptr(GArray) back = findings_regions_from_json(json, NULL);

    const json_t *first = json_array_get(json, 0);
    g_assert_cmpstr(json_string_value(json_object_get(first, "fingerprint")), ==, "fedcba9876543210");
    g_assert_cmpstr(json_string_value(json_object_get(first, "from")), ==, "#777777ff");
    g_assert_cmpstr(json_string_value(json_object_get(first, "what")), ==, "text recolored from #777777 to #888888");
    g_assert_null(json_object_get(first, "dx"));
    g_assert_cmpuint(back->len, ==, 2);
    const Region *a = &g_array_index(back, Region, 0), *b = &g_array_index(back, Region, 1);
    g_assert_cmpfloat(a->tolerance, ==, 0.125);
    g_assert_cmpuint(a->fingerprint, ==, 0xfedcba9876543210);
    g_assert_cmpint(a->change.kind, ==, CHANGE_RECOLORED);
    g_assert_cmpmem(a->change.to, 4, recolored.to, 4);
    g_assert_cmpint(b->change.look, ==, LOOK_IMAGE);
    g_assert_cmpint(b->change.dx, ==, -3);
    g_assert_cmpint(b->change.dy, ==, 4);
    json_auto_t *again = findings_regions_to_json(back);
    g_assert_true(json_equal(json, again));
}

static void bands_survive_being_json(void) {
    g_autoptr(GArray) bands =
        array_of_bands((const Band *[]){&changed, &inserted, &equal, &moved, &removed, &jitter}, 6);
    g_autoptr(GArray) back = NULL;

    json_auto_t *json = findings_bands_to_json(bands, 1280);
    g_assert_true(findings_bands_from_json(json, &back, NULL));

    const json_t *second = json_array_get(json, 1);
    g_assert_cmpstr(json_string_value(json_object_get(second, "what")), ==, "64 rows inserted at y=120");
    g_assert_cmpuint(back->len, ==, 6);
    g_assert_cmpint(g_array_index(back, Band, 3).x, ==, 256);
    g_assert_true(g_array_index(back, Band, 5).is_jitter);
    json_auto_t *again = findings_bands_to_json(back, 1280);
    g_assert_true(json_equal(json, again));
}

static void without_bands_there_are_none(void) {
    g_autoptr(GArray) back = NULL;
    json_auto_t *json = findings_bands_to_json(NULL, 1280);
    g_assert_true(findings_bands_from_json(json, &back, NULL));
    g_assert_cmpuint(json_array_size(json), ==, 0);
    g_assert_null(back);
}

static void what_an_older_dpxdt_wrote_can_be_read(void) {
    json_auto_t *json = json_loads("[{\"x\": 1, \"y\": 2, \"width\": 3, \"height\": 4, \"changed_pixels\": 5,"
                                   " \"score\": 0.5}]",
                                   0, NULL);
    g_autoptr(GArray) regions = findings_regions_from_json(json, NULL);
    const Region *region = &g_array_index(regions, Region, 0);
    g_assert_cmpint(region->box.height, ==, 4);
    g_assert_cmpint(region->change.kind, ==, CHANGE_OTHER);
    g_assert_cmpuint(region->fingerprint, ==, 0);
}

static void json_that_is_wrong_is_refused(void) {
    static const struct {
        const char *json, *reason;
    } regions[] = {
        {"[{\"x\": -1}]", "x is not a number"},
        {"[{\"kind\": \"eaten\"}]", "kind or look"},
        {"[{\"look\": \"blue\"}]", "kind or look"},
        {"[{\"from\": \"777777ff\"}]", "from is not # and 8 hexadecimal digits"},
        {"[{\"to\": \"#77\"}]", "to is not #"},
        {"[{\"fingerprint\": \"fedcba987654321x\"}]", "fingerprint is not"},
        {"[{\"fingerprint\": 12}]", "fingerprint is not"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_autoptr(GError) error = NULL;
        json_auto_t *json = json_loads(regions[i].json, 0, NULL);
        g_assert_null(findings_regions_from_json(json, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_nonnull(strstr(error->message, regions[i].reason));
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) bands = NULL;
    json_auto_t *json = json_loads("[{\"kind\": \"eaten\"}]", 0, NULL);
    g_assert_false(findings_bands_from_json(json, &bands, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/findings/words/a-region-tells-what-happened", a_region_tells_what_happened);
    g_test_add_func("/findings/words/a-region-is-one-line", a_region_is_one_line);
    g_test_add_func("/findings/words/a-band-tells-which-rows-came-went-or-moved",
                    a_band_tells_which_rows_came_went_or_moved);
    g_test_add_func("/findings/words/the-summary-begins-with-the-bands", the_summary_begins_with_the_bands);
    g_test_add_func("/findings/words/the-summary-tells-the-largest-of-many-bands",
                    the_summary_tells_the_largest_of_many_bands);
    g_test_add_func("/findings/json/regions-survive", regions_survive_being_json);
    g_test_add_func("/findings/json/bands-survive", bands_survive_being_json);
    g_test_add_func("/findings/json/without-bands-there-are-none", without_bands_there_are_none);
    g_test_add_func("/findings/json/what-an-older-dpxdt-wrote-can-be-read", what_an_older_dpxdt_wrote_can_be_read);
    g_test_add_func("/findings/json/what-is-wrong-is-refused", json_that_is_wrong_is_refused);
    return g_test_run();
}
