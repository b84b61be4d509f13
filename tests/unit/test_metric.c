#include "diff/metric.h"

#include "diff/rmse.h"
#include "diff/yiq.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { LONGEST = 200, WORDS = (LONGEST + 63) / 64 };

static const MetricKind kinds[] = {METRIC_EXACT, METRIC_YIQ, METRIC_OKLAB, METRIC_CIEDE2000};

/* A row of its own memory, so that AddressSanitizer sees who reads behind it. */
typedef struct {
    uint8_t *reference, *run;
    PixelFormat format;
    size_t n;
} Pair;

static void pair_clear(Pair *pair) {
    g_free(pair->reference);
    g_free(pair->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static Pair make_pair(PixelFormat format, size_t n) {
    return (Pair){g_malloc0(n * format), g_malloc0(n * format), format, n};
}

static MetricRow row_of(const Pair *pair, size_t index) {
    return (MetricRow){pair->reference, pair->run, pair->format, pair->n, index};
}

static uint8_t random_byte(void) {
    return (uint8_t)g_test_rand_int_range(0, 256);
}

/* A third of the pixels are equal, a third are near to each other, a third are not. In RGBA half of the rows have
 * pixels that are not opaque. */
static Pair make_random_pair(PixelFormat format, size_t n) {
    Pair pair = make_pair(format, n);
    bool opaque = g_test_rand_bit();
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = pair.reference + i * format, *q = pair.run + i * format;
        int likeness = g_test_rand_int_range(0, 3);
        for (size_t channel = 0; channel < format; channel++) {
            p[channel] = random_byte();
            q[channel] = likeness == 0 ? p[channel] : likeness == 1 ? p[channel] ^ (random_byte() & 15) : random_byte();
        }
        if (format == PIXEL_RGBA && (opaque || g_test_rand_int_range(0, 20) > 0))
            p[3] = q[3] = 255;
    }
    return pair;
}

/* How many pixels of a pair of one differ. */
static size_t compare_pixels(MetricKind kind, double threshold, const uint8_t p[4], const uint8_t q[4], size_t index) {
    g_autoptr(Metric) metric = metric_new(kind, &threshold, 1);
    const MetricRow row = {p, q, PIXEL_RGBA, 1, index};
    uint64_t bits;
    return metric_compare_row(metric, &row, &bits);
}

static void assert_distance(MetricKind kind, const uint8_t p[4], const uint8_t q[4], double distance) {
    g_assert_cmpuint(compare_pixels(kind, distance - 1e-4, p, q, 0), ==, 1);
    g_assert_cmpuint(compare_pixels(kind, MIN(distance + 1e-4, metric_facts(kind)->max_threshold), p, q, 0), ==, 0);
}

static void kinds_are_found_by_their_names(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        MetricKind kind;
        g_assert_true(metric_find(metric_facts(kinds[i])->name, &kind));
        g_assert_cmpint(kind, ==, kinds[i]);
    }
    MetricKind untouched = METRIC_OKLAB;
    g_assert_false(metric_find("YIQ", &untouched));
    g_assert_cmpint(untouched, ==, METRIC_OKLAB);
}

static void equal_rows_do_not_differ_at_any_threshold(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Pair) pair = make_random_pair(PIXEL_RGBA, LONGEST);
        memcpy(pair.run, pair.reference, (size_t)LONGEST * 4);
        const MetricRow row = row_of(&pair, 0);
        const double threshold = 0;
        g_autoptr(Metric) metric = metric_new(kinds[i], &threshold, 1);
        uint64_t bits[WORDS];
        memset(bits, 0xff, sizeof bits);
        g_assert_cmpuint(metric_compare_row(metric, &row, bits), ==, 0);
        g_assert_cmpuint(metric_count(bits, WORDS), ==, 0);
    }
}

static void distances_are_those_of_the_table(void) {
    static const struct {
        MetricKind kind;
        uint8_t p[4], q[4];
        double distance;
    } cases[] = {
        {METRIC_EXACT, {10, 20, 30, 255}, {12, 17, 30, 255}, 3},
        {METRIC_EXACT, {0, 0, 0, 255}, {255, 255, 255, 255}, 255},
        {METRIC_EXACT, {100, 0, 0, 51}, {0, 0, 0, 51}, 20},
        {METRIC_EXACT, {0, 0, 0, 51}, {0, 0, 0, 71}, 20},
        {METRIC_YIQ, {0, 0, 0, 255}, {255, 255, 255, 255}, 0.96594},
        {METRIC_YIQ, {119, 119, 119, 255}, {136, 136, 136, 255}, 0.06440},
        {METRIC_OKLAB, {255, 255, 255, 255}, {0, 0, 0, 255}, 1},
        {METRIC_OKLAB, {255, 0, 0, 255}, {255, 255, 255, 255}, 0.45257},
        {METRIC_OKLAB, {0, 0, 0, 0}, {0, 0, 0, 255}, 1},
        {METRIC_CIEDE2000, {255, 255, 255, 255}, {0, 0, 0, 255}, 100},
        {METRIC_CIEDE2000, {255, 0, 0, 255}, {0, 0, 255, 255}, 52.8814},
        {METRIC_CIEDE2000, {9, 9, 9, 0}, {0, 0, 0, 255}, 100},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_distance(cases[i].kind, cases[i].p, cases[i].q, cases[i].distance);
}

/* docs/diff.md warns of these. */
static void the_usual_threshold_of_yiq_misses_what_people_see(void) {
    static const uint8_t pairs[][2][4] = {
        {{0x77, 0x77, 0x77, 255}, {0x88, 0x88, 0x88, 255}},
        {{0xdd, 0xdd, 0xdd, 255}, {0xcc, 0xcc, 0xcc, 255}},
        {{0xff, 0xff, 0xff, 255}, {0xf3, 0xf3, 0xf3, 255}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_assert_cmpuint(compare_pixels(METRIC_YIQ, 0.1, pairs[i][0], pairs[i][1], 0), ==, 0);
        g_assert_cmpuint(compare_pixels(METRIC_OKLAB, 0.02, pairs[i][0], pairs[i][1], 0), ==, 1);
        g_assert_cmpuint(compare_pixels(METRIC_CIEDE2000, 1, pairs[i][0], pairs[i][1], 0), ==, 1);
    }
}

static void exact_at_0_finds_what_the_distortion_counts(void) {
    const double threshold = 0;
    g_autoptr(Metric) metric = metric_new(METRIC_EXACT, &threshold, 1);
    for (int round = 0; round < 200; round++) {
        g_auto(Pair) pair = make_random_pair(PIXEL_RGBA, LONGEST);
        for (size_t i = 0; i < LONGEST; i += 7)
            pair.reference[4 * i + 3] = pair.run[4 * i + 3] = 0; /* clear in both: of no colour */
        const MetricRow row = row_of(&pair, 0);
        uint64_t bits[WORDS];
        metric_compare_row(metric, &row, bits);
        for (size_t i = 0; i < LONGEST; i++) {
            const uint8_t *p = pair.reference + 4 * i, *q = pair.run + 4 * i;
            bool differs = rmse_of_colors(p, q) + rmse_of_alpha(p, q) > 0;
            g_assert_cmpint(bits[i / 64] >> (i % 64) & 1, ==, differs);
        }
    }
}

/* Byte 4 * 2 of the buffer has a green of 207 below it, and byte 0 one of 48. */
static void yiq_of_clear_pixels_depends_on_their_place(void) {
    static const uint8_t clear[4] = {0, 0, 0, 0}, shade[4] = {48, 48, 48, 255};
    g_assert_cmpuint(compare_pixels(METRIC_YIQ, 0.1, clear, shade, 0), ==, 0);
    g_assert_cmpuint(compare_pixels(METRIC_YIQ, 0.1, clear, shade, 2), ==, 1);
}

/* All lengths, formats and kinds, with thresholds that are the very distance of one of the pixels, and its neighbours
 * among the doubles. */
static void fast_code_finds_what_plain_code_finds(void) {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2"))
        g_test_skip("this processor has no AVX2");
#else
    g_test_skip("there is no fast code for this processor");
#endif
    for (int round = 0; round < 4000; round++) {
        MetricKind kind = kinds[round % 2]; /* the others have none */
        PixelFormat format = g_test_rand_bit() ? PIXEL_RGB : PIXEL_RGBA;
        g_auto(Pair) pair = make_random_pair(format, (size_t)(1 + round / 2 % 140));
        const MetricRow row = row_of(&pair, (size_t)g_test_rand_int_range(0, 300000000));

        size_t chosen = (size_t)g_test_rand_int_range(0, (gint32)pair.n);
        Pixel p = pixel_at(pair.reference, format, chosen), q = pixel_at(pair.run, format, chosen);
        double yiq = sqrt(yiq_delta(yiq_subtract(p, q, row.index + chosen)) / YIQ_MAX_DELTA);
        double at = kind == METRIC_YIQ ? MIN(yiq, 0.9) : MIN(ABS(p.red - q.red), 254);
        const double thresholds[] = {0, nextafter(at, 0), at, nextafter(at, INFINITY), at + 0.05, at + 0.0500001};
        enum { N = G_N_ELEMENTS(thresholds) };

        g_autoptr(Metric) fast = metric_new(kind, thresholds, N);
        g_autoptr(Metric) plain = metric_new_plain(kind, thresholds, N);
        uint64_t found[N * WORDS], expected[N * WORDS];
        size_t bytes = N * metric_words(pair.n) * sizeof(uint64_t);
        g_assert_cmpuint(metric_compare_row(fast, &row, found), ==, metric_compare_row(plain, &row, expected));
        g_assert_cmpmem(found, bytes, expected, bytes);
    }
}

static void rgb_is_compared_as_opaque_rgba(void) {
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        const double threshold = metric_facts(kinds[k])->usual_threshold;
        g_autoptr(Metric) metric = metric_new(kinds[k], &threshold, 1);
        g_auto(Pair) rgb = make_random_pair(PIXEL_RGB, LONGEST);
        g_auto(Pair) rgba = make_pair(PIXEL_RGBA, LONGEST);
        for (size_t i = 0; i < LONGEST; i++) {
            memcpy(rgba.reference + 4 * i, rgb.reference + 3 * i, 3);
            memcpy(rgba.run + 4 * i, rgb.run + 3 * i, 3);
            rgba.reference[4 * i + 3] = rgba.run[4 * i + 3] = 255;
        }
        const MetricRow narrow = row_of(&rgb, 0), wide = row_of(&rgba, 0);
        uint64_t found[WORDS], expected[WORDS];
        g_assert_cmpuint(metric_compare_row(metric, &narrow, found), >, 0);
        metric_compare_row(metric, &wide, expected);
        g_assert_cmpmem(found, sizeof found, expected, sizeof expected);
    }
}

static void several_thresholds_give_what_each_gives_alone(void) {
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        double thresholds[METRIC_MAX_THRESHOLDS];
        for (int t = 0; t < METRIC_MAX_THRESHOLDS; t++)
            thresholds[t] = metric_facts(kinds[k])->max_threshold * t / METRIC_MAX_THRESHOLDS;
        g_auto(Pair) pair = make_random_pair(PIXEL_RGBA, LONGEST);
        const MetricRow row = row_of(&pair, 0);
        uint64_t together[METRIC_MAX_THRESHOLDS * WORDS], alone[WORDS];
        g_autoptr(Metric) metric = metric_new(kinds[k], thresholds, METRIC_MAX_THRESHOLDS);
        metric_compare_row(metric, &row, together);
        for (int t = 0; t < METRIC_MAX_THRESHOLDS; t++) {
            g_autoptr(Metric) one = metric_new(kinds[k], &thresholds[t], 1);
            size_t count = metric_compare_row(one, &row, alone);
            g_assert_cmpmem(together + t * WORDS, sizeof alone, alone, sizeof alone);
            g_assert_cmpuint(count, ==, metric_count(alone, WORDS));
        }
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metric/kinds-are-found-by-their-names", kinds_are_found_by_their_names);
    g_test_add_func("/metric/equal-rows-do-not-differ-at-any-threshold", equal_rows_do_not_differ_at_any_threshold);
    g_test_add_func("/metric/distances-are-those-of-the-table", distances_are_those_of_the_table);
    g_test_add_func("/metric/the-usual-threshold-of-yiq-misses-what-people-see",
                    the_usual_threshold_of_yiq_misses_what_people_see);
    g_test_add_func("/metric/exact-at-0-finds-what-the-distortion-counts", exact_at_0_finds_what_the_distortion_counts);
    g_test_add_func("/metric/yiq-of-clear-pixels-depends-on-their-place", yiq_of_clear_pixels_depends_on_their_place);
    g_test_add_func("/metric/fast-code-finds-what-plain-code-finds", fast_code_finds_what_plain_code_finds);
    g_test_add_func("/metric/rgb-is-compared-as-opaque-rgba", rgb_is_compared_as_opaque_rgba);
    g_test_add_func("/metric/several-thresholds-give-what-each-gives-alone",
                    several_thresholds_give_what_each_gives_alone);
    return g_test_run();
}
