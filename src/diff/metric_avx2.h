/* Sieves for metric.c which take eight pixels at a time. */
#pragma once

#include "diff/metric.h"

/* Thresholds as the metric's kind compares them, in ascending order. */
typedef struct {
    double values[METRIC_MAX_THRESHOLDS];
    size_t n;
} MetricLimits;

/* What is known of 64 pixels; bits behind the end of a row are 0. */
typedef struct {
    uint64_t above[METRIC_MAX_THRESHOLDS]; /* for each limit: surely above it */
    uint64_t unsure;                       /* to be asked one by one; whatever above says of them is right already */
} MetricWord;

/* Sifts n pixels of a row, 1 to 64, from the one at first; word is all 0 before. */
typedef void MetricSieve(const MetricRow *row, size_t first, size_t n, const MetricLimits *limits, MetricWord *word);

/* The sieve for a kind, or NULL if there is none, or if this processor has no AVX2. */
MetricSieve *metric_avx2_sieve(MetricKind kind);
