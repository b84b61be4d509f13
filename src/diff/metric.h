/* How far apart two pixels are, and whether that is too far: rows of two pictures in, a bit for each pixel out. A
 * comparison that streams asks this for every row that is not equal byte for byte; antialias.h may then take bits
 * away. The distortion, which decides nothing, is rmse.h's.
 *
 * | kind      | distance of two pixels                                        | alpha             | usual | at most |
 * |-----------|---------------------------------------------------------------|-------------------|-------|---------|
 * | exact     | levels of the channel that differs most                       | see below         | 0     | 255     |
 * | yiq       | pixelmatch 7's: sqrt(yiq_delta() / YIQ_MAX_DELTA), see yiq.h  | on its background | 0.1   | 1       |
 * | oklab     | lab_distance() in Oklab, see lab.h                            | on white          | 0.02  | 1       |
 * | ciede2000 | lab_ciede2000(), see lab.h                                    | on white          | 1     | 120     |
 *
 * A pixel differs if its distance is greater than the threshold; equal ones have 0. In `exact` colours count as much as
 * they are opaque, and alpha is a channel, as everywhere in diff.h: at threshold 0 a pixel differs if and only if
 * rmse_of_colors() or rmse_of_alpha() is not 0. "On white" is what a browser would show, rounded to 8 bits. */
#pragma once

#include "diff/pixel.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More are not needed by anyone who compares settings, and all of them fit into a struct on the stack. */
enum { METRIC_MAX_THRESHOLDS = 8 };

typedef enum { METRIC_EXACT, METRIC_YIQ, METRIC_OKLAB, METRIC_CIEDE2000 } MetricKind;

/* What a person may ask for: thresholds are 0 to max_threshold. */
typedef struct {
    const char *name; /* as in the table above */
    double usual_threshold, max_threshold;
} MetricFacts;

const MetricFacts *metric_facts(MetricKind kind);

/* Finds the kind with this name, or returns false. */
bool metric_find(const char *name, MetricKind *out_kind);

/* A kind with its thresholds. It never changes, so any number of threads may use one. */
typedef struct Metric Metric;

/* Prepares a comparison. There are 1 to METRIC_MAX_THRESHOLDS thresholds within the limits of the kind, in ascending
 * order. It takes the fastest code that this processor runs. The caller frees it. */
Metric *metric_new(MetricKind kind, const double *thresholds, size_t n_thresholds);

/* The same with the plain code, which defines what is right: the fast one must find the same. For tests of that. */
Metric *metric_new_plain(MetricKind kind, const double *thresholds, size_t n_thresholds);

void metric_free(Metric *metric);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metric, metric_free)

/* A row of two pictures, or a part of it. */
typedef struct {
    const uint8_t *reference, *run; /* n pixels each; nothing behind them is read */
    PixelFormat format;             /* of both */
    size_t n;
    size_t index; /* of the first pixel: y * width + x. Matters to yiq alone, and there only where alpha is below 255 */
} MetricRow;

/* How many words hold a bit for each of n pixels. */
static inline size_t metric_words(size_t n) {
    return (n + 63) / 64;
}

/* Compares a row. Pixel i differs by more than threshold t if bit i % 64 is set in out_bits[t * metric_words(n) + i /
 * 64]. All bits are written, those behind the row as 0. Returns how many pixels differ by more than the lowest
 * threshold. Any thread. */
size_t metric_compare_row(const Metric *metric, const MetricRow *row, uint64_t *out_bits);

/* How many bits are set: the pixels that differ, of out_bits and of what is made from it. */
size_t metric_count(const uint64_t *bits, size_t n_words);
