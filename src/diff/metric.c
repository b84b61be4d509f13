/* A row is taken in words of 64 pixels. A sieve, if the processor has one for the kind, says of each pixel that its
 * distance is above a limit, that it is not, or that it is unsure; the plain code settles those, here all of them if
 * there is no sieve. So sieves may be quick and rough, but never wrong. */
#include "diff/metric.h"

#include "diff/lab.h"
#include "diff/metric_avx2.h"
#include "diff/yiq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Metric {
    MetricKind kind;
    MetricLimits limits;
    MetricSieve *sieve; /* NULL: none */
    double linear[256]; /* see lab.h; for oklab and ciede2000 */
};

const MetricFacts *metric_facts(MetricKind kind) {
    static const MetricFacts facts[] = {
        [METRIC_EXACT] = {"exact", 0, 255},
        [METRIC_YIQ] = {"yiq", 0.1, 1},
        [METRIC_OKLAB] = {"oklab", 0.02, 1},
        [METRIC_CIEDE2000] = {"ciede2000", 1, 120},
    };
    return &facts[kind];
}

bool metric_find(const char *name, MetricKind *out_kind) {
    for (MetricKind kind = METRIC_EXACT; kind <= METRIC_CIEDE2000; kind++) {
        if (strcmp(metric_facts(kind)->name, name) == 0) {
            *out_kind = kind;
            return true;
        }
    }
    return false;
}

/* A threshold in the unit of distance_of(); that of yiq is computed as pixelmatch does. */
static double limit_of(MetricKind kind, double threshold) {
    return kind == METRIC_YIQ ? YIQ_MAX_DELTA * threshold * threshold : threshold;
}

Metric *metric_new_plain(MetricKind kind, const double *thresholds, size_t n_thresholds) {
    g_assert(n_thresholds >= 1 && n_thresholds <= METRIC_MAX_THRESHOLDS);
    Metric *metric = g_new0(Metric, 1);
    metric->kind = kind;
    metric->limits.n = n_thresholds;
    for (size_t i = 0; i < n_thresholds; i++) {
        g_assert(thresholds[i] >= (i > 0 ? thresholds[i - 1] : 0));
        g_assert(thresholds[i] <= metric_facts(kind)->max_threshold);
        metric->limits.values[i] = limit_of(kind, thresholds[i]);
    }
    lab_fill_linear(metric->linear);
    return metric;
}

Metric *metric_new(MetricKind kind, const double *thresholds, size_t n_thresholds) {
    Metric *metric = metric_new_plain(kind, thresholds, n_thresholds);
    metric->sieve = metric_avx2_sieve(kind);
    return metric;
}

void metric_free(Metric *metric) {
    g_free(metric);
}

static double distance_in_levels(Pixel p, Pixel q) {
    int red = abs(p.red * p.alpha - q.red * q.alpha);
    int green = abs(p.green * p.alpha - q.green * q.alpha);
    int blue = abs(p.blue * p.alpha - q.blue * q.alpha);
    int alpha = abs(255 * (p.alpha - q.alpha));
    return MAX(MAX(red, green), MAX(blue, alpha)) / 255.0;
}

static int on_white(int value, int alpha) {
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

static LinearRgb linear_of(const Metric *metric, Pixel p) {
    return (LinearRgb){
        .red = metric->linear[on_white(p.red, p.alpha)],
        .green = metric->linear[on_white(p.green, p.alpha)],
        .blue = metric->linear[on_white(p.blue, p.alpha)],
    };
}

static double distance_of(const Metric *metric, Pixel p, Pixel q, size_t index) {
    switch (metric->kind) {
    case METRIC_EXACT:
        return distance_in_levels(p, q);
    case METRIC_YIQ:
        return yiq_delta(yiq_subtract(p, q, index));
    case METRIC_OKLAB:
        return lab_distance(lab_oklab(linear_of(metric, p)), lab_oklab(linear_of(metric, q)));
    case METRIC_CIEDE2000:
        return lab_ciede2000(lab_cielab(linear_of(metric, p)), lab_cielab(linear_of(metric, q)));
    }
    g_assert_not_reached();
}

/* Sets the bit of one pixel for each limit that its distance is above. */
static void settle_pixel(const MetricLimits *limits, double distance, int bit, MetricWord *word) {
    for (size_t t = 0; t < limits->n && distance > limits->values[t]; t++)
        word->above[t] |= UINT64_C(1) << bit;
}

/* Pixels next to each other often change from one same colour to another, and the colour spaces are slow to ask. yiq
 * is not, and depends on the place. */
static void settle(const Metric *metric, const MetricRow *row, size_t first, MetricWord *word) {
    bool depends_on_place = metric->kind == METRIC_YIQ;
    Pixel last_p = {0}, last_q = {0};
    double distance = 0;
    for (uint64_t unsure = word->unsure; unsure != 0; unsure &= unsure - 1) {
        int bit = __builtin_ctzll(unsure);
        size_t x = first + (size_t)bit;
        Pixel p = pixel_at(row->reference, row->format, x), q = pixel_at(row->run, row->format, x);
        if (pixel_equal(p, q))
            continue;
        if (depends_on_place || !pixel_equal(p, last_p) || !pixel_equal(q, last_q))
            distance = distance_of(metric, p, q, row->index + x);
        last_p = p;
        last_q = q;
        settle_pixel(&metric->limits, distance, bit, word);
    }
}

static uint64_t lowest_bits(size_t n) {
    return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

static MetricWord compare_word(const Metric *metric, const MetricRow *row, size_t first) {
    size_t n = MIN(row->n - first, 64), bytes = (size_t)row->format;
    MetricWord word = {0};
    if (memcmp(row->reference + first * bytes, row->run + first * bytes, n * bytes) == 0)
        return word;
    if (metric->sieve)
        metric->sieve(row, first, n, &metric->limits, &word);
    else
        word.unsure = lowest_bits(n);
    settle(metric, row, first, &word);
    return word;
}

size_t metric_compare_row(const Metric *metric, const MetricRow *row, uint64_t *out_bits) {
    size_t n_words = metric_words(row->n);
    for (size_t i = 0; i < n_words; i++) {
        MetricWord word = compare_word(metric, row, 64 * i);
        for (size_t t = 0; t < metric->limits.n; t++)
            out_bits[t * n_words + i] = word.above[t];
    }
    return metric_count(out_bits, n_words);
}

size_t metric_count(const uint64_t *bits, size_t n_words) {
    size_t count = 0;
    for (size_t i = 0; i < n_words; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    return count;
}
