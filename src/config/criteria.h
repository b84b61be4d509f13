/* By what two pictures are told apart, as a test or a config of a page says. */
#pragma once

#include "base/error.h"
#include "diff/diff.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct Document;
struct Field;

/* By what two pictures are told apart: see DiffOptions. */
typedef struct {
    double tolerance;         /* 0 to 1, default 0 */
    MetricKind metric;        /* default METRIC_EXACT */
    double threshold;         /* within the metric's limits; default what is usual for it */
    bool ignore_antialiasing; /* default false */
    bool align;               /* default true */
} Criteria;

/* Sets what criteria say of a comparison; options borrow from criteria. */
void criteria_apply(const Criteria *criteria, DiffOptions *options);

/* Reads what maps say of it, of which those that come later win; one whose value is NULL says nothing. Fails with
 * ERROR_INVALID and the place. */
bool criteria_read(const struct Field *const *maps, size_t n, Criteria *out_criteria, GError **error) MUST_CHECK;

/* The same of a config that is an object of a document. */
bool criteria_parse(const struct Document *document, json_t *config, Criteria *out_criteria, GError **error) MUST_CHECK;
