#include "diff/lab.h"

#include <glib.h>
#include <math.h>

static void assert_lab(Lab color, Lab expected, double epsilon) {
    g_assert_cmpfloat_with_epsilon(color.l, expected.l, epsilon);
    g_assert_cmpfloat_with_epsilon(color.a, expected.a, epsilon);
    g_assert_cmpfloat_with_epsilon(color.b, expected.b, epsilon);
}

static void levels_of_srgb_are_the_light_that_the_standard_says(void) {
    double linear[256];
    lab_fill_linear(linear);
    g_assert_cmpfloat(linear[0], ==, 0);
    g_assert_cmpfloat_with_epsilon(linear[10], 10 / 255.0 / 12.92, 1e-15);
    g_assert_cmpfloat_with_epsilon(linear[128], 0.2158605, 1e-7);
    g_assert_cmpfloat(linear[255], ==, 1);
    for (int level = 1; level < 256; level++)
        g_assert_cmpfloat(linear[level], >, linear[level - 1]);
}

/* CSS Color 4 gives these in Oklab, B. Lindbloom's calculator in CIELAB. */
static void primary_colors_are_where_others_have_them(void) {
    static const struct {
        LinearRgb color;
        Lab oklab, cielab;
    } cases[] = {
        {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
        {{1, 1, 1}, {1, 0, 0}, {100, 0, 0}},
        {{1, 0, 0}, {0.62796, 0.22486, 0.12585}, {53.2408, 80.0925, 67.2032}},
        {{0, 1, 0}, {0.86644, -0.23389, 0.17950}, {87.7347, -86.1827, 83.1793}},
        {{0, 0, 1}, {0.45201, -0.03246, -0.31153}, {32.2970, 79.1875, -107.8602}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_lab(lab_oklab(cases[i].color), cases[i].oklab, 1e-5);
        assert_lab(lab_cielab(cases[i].color), cases[i].cielab, 2e-4);
    }
}

static void cielab_is_smooth_where_its_line_meets_its_curve(void) {
    double y = 216.0 / 24389.0;
    Lab below = lab_cielab((LinearRgb){y - 1e-9, y - 1e-9, y - 1e-9});
    Lab above = lab_cielab((LinearRgb){y + 1e-9, y + 1e-9, y + 1e-9});
    g_assert_cmpfloat_with_epsilon(below.l, 8, 1e-5);
    g_assert_cmpfloat_with_epsilon(above.l, below.l, 1e-5);
}

static void distance_is_euclidean(void) {
    g_assert_cmpfloat(lab_distance((Lab){1, 2, 3}, (Lab){3, 5, 9}), ==, 7);
}

/* Table 1 of Sharma, Wu and Dalal (2005), all of it. */
static void ciede2000_is_what_its_paper_has_in_its_table(void) {
    static const struct {
        Lab p, q;
        double distance;
    } cases[] = {
        {{50.0000, 2.6772, -79.7751}, {50.0000, 0.0000, -82.7485}, 2.0425},
        {{50.0000, 3.1571, -77.2803}, {50.0000, 0.0000, -82.7485}, 2.8615},
        {{50.0000, 2.8361, -74.0200}, {50.0000, 0.0000, -82.7485}, 3.4412},
        {{50.0000, -1.3802, -84.2814}, {50.0000, 0.0000, -82.7485}, 1.0000},
        {{50.0000, -1.1848, -84.8006}, {50.0000, 0.0000, -82.7485}, 1.0000},
        {{50.0000, -0.9009, -85.5211}, {50.0000, 0.0000, -82.7485}, 1.0000},
        {{50.0000, 0.0000, 0.0000}, {50.0000, -1.0000, 2.0000}, 2.3669},
        {{50.0000, -1.0000, 2.0000}, {50.0000, 0.0000, 0.0000}, 2.3669},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0009}, 7.1792},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0010}, 7.1792},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0011}, 7.2195},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0012}, 7.2195},
        {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0009, -2.4900}, 4.8045},
        {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0010, -2.4900}, 4.8045},
        {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0011, -2.4900}, 4.7461},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 0.0000, -2.5000}, 4.3065},
        {{50.0000, 2.5000, 0.0000}, {73.0000, 25.0000, -18.0000}, 27.1492},
        {{50.0000, 2.5000, 0.0000}, {61.0000, -5.0000, 29.0000}, 22.8977},
        {{50.0000, 2.5000, 0.0000}, {56.0000, -27.0000, -3.0000}, 31.9030},
        {{50.0000, 2.5000, 0.0000}, {58.0000, 24.0000, 15.0000}, 19.4535},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 3.1736, 0.5854}, 1.0000},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 3.2972, 0.0000}, 1.0000},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 1.8634, 0.5757}, 1.0000},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 3.2592, 0.3350}, 1.0000},
        {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
        {{63.0109, -31.0961, -5.8663}, {62.8187, -29.7946, -4.0864}, 1.2630},
        {{61.2901, 3.7196, -5.3901}, {61.4292, 2.2480, -4.9620}, 1.8731},
        {{35.0831, -44.1164, 3.7933}, {35.0232, -40.0716, 1.5901}, 1.8645},
        {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
        {{36.4612, 47.8580, 18.3852}, {36.2715, 50.5065, 21.2231}, 1.4146},
        {{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
        {{90.9257, -0.5406, -0.9208}, {88.6381, -0.8985, -0.7239}, 1.5381},
        {{6.7747, -0.2908, -2.4247}, {5.8714, -0.0985, -2.2286}, 0.6377},
        {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
    };
    g_assert_cmpuint(G_N_ELEMENTS(cases), ==, 34);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpfloat_with_epsilon(lab_ciede2000(cases[i].p, cases[i].q), cases[i].distance, 0.5e-4);
        g_assert_cmpfloat_with_epsilon(lab_ciede2000(cases[i].q, cases[i].p), cases[i].distance, 0.5e-4);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lab/levels-of-srgb-are-the-light-that-the-standard-says",
                    levels_of_srgb_are_the_light_that_the_standard_says);
    g_test_add_func("/lab/primary-colors-are-where-others-have-them", primary_colors_are_where_others_have_them);
    g_test_add_func("/lab/cielab-is-smooth-where-its-line-meets-its-curve",
                    cielab_is_smooth_where_its_line_meets_its_curve);
    g_test_add_func("/lab/distance-is-euclidean", distance_is_euclidean);
    g_test_add_func("/lab/ciede2000-is-what-its-paper-has-in-its-table", ciede2000_is_what_its_paper_has_in_its_table);
    return g_test_run();
}
