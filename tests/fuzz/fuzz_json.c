/* A config as a worker gets it, JSON of anybody's -> CaptureSpec and Criteria. It may be refused, with a message that
 * names the place; what is taken is within the limits that spec.h tells, and read again says the same. */

#include "config/criteria.h"
#include "config/spec.h"
#include "diff/metric.h"
#include "fuzz/fuzz.h"

#include <math.h>

static void expect_good_message(bool ok, const GError *error) {
    g_assert_true(ok == (error == NULL));
    if (error) {
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_true(g_str_has_prefix(error->message, "config"));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static void expect_between(double value, double least, double most) {
    g_assert_true(isfinite(value) && value >= least && value <= most);
}

static void expect_good_area(const Area *area) {
    if (area->selector) {
        g_assert_true(*area->selector);
        return;
    }
    expect_between(area->left, 0, 1e9);
    expect_between(area->top, 0, 1e9);
    expect_between(area->width, 1, 1e9);
    expect_between(area->height, 1, 1e9);
}

static void expect_good_areas(const CaptureSpec *spec) {
    for (guint i = 0; i < spec->mask->len; i++)
        expect_good_area(spec->mask->pdata[i]);
    for (guint i = 0; i < spec->ignore->len; i++)
        expect_good_area(spec->ignore->pdata[i]);
    for (guint i = 0; i < spec->tolerances->len; i++) {
        const AreaTolerance *tolerance = spec->tolerances->pdata[i];
        expect_good_area(&tolerance->area);
        expect_between(tolerance->tolerance, 0, 1);
    }
    if (spec->has_clip)
        expect_good_area(&spec->clip);
}

/* Each kind has what its comment in spec.h says. */
static void expect_good_step(const Step *step) {
    switch (step->kind) {
    case STEP_CLICK:
    case STEP_HOVER:
    case STEP_WAIT_FOR:
        g_assert_nonnull(step->selector);
        break;
    case STEP_TYPE:
    case STEP_SELECT:
        g_assert_true(step->selector && step->text);
        break;
    case STEP_PRESS:
        g_assert_nonnull(step->text);
        break;
    case STEP_SCROLL:
        g_assert_true(step->selector || (step->x >= 0 && step->y >= 0));
        break;
    case STEP_WAIT:
        expect_between(step->wait_ms, 0, SPEC_MAX_TIMEOUT);
        break;
    }
}

static void expect_within_limits(const CaptureSpec *spec) {
    expect_between(spec->width, 1, SPEC_MAX_SIDE);
    expect_between(spec->height, 1, SPEC_MAX_SIDE);
    expect_between(spec->device_scale_factor, 0.1, 10);
    expect_between(spec->width * spec->device_scale_factor, 0, SPEC_MAX_SIDE);
    expect_between(spec->height * spec->device_scale_factor, 0, SPEC_MAX_SIDE);
    expect_between(spec->timeout_ms, 0, SPEC_MAX_TIMEOUT);
    expect_between(spec->resource_timeout_ms, 0, SPEC_MAX_TIMEOUT);
    expect_between(spec->delay_ms, 0, SPEC_MAX_TIMEOUT);
    for (guint i = 0; i < spec->steps->len; i++)
        expect_good_step(spec->steps->pdata[i]);
    expect_good_areas(spec);
    g_assert_true(g_ascii_strncasecmp(spec->target_url, "http://", 7) == 0 ||
                  g_ascii_strncasecmp(spec->target_url, "https://", 8) == 0);
}

/* What config.json would hold is a config, and of the same meaning. */
static void expect_same_again(const CaptureSpec *spec) {
    g_autoptr(GError) error = NULL;
    char *text = json_dumps(spec->config, JSON_COMPACT);
    json_auto_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    g_assert_true(json_equal(json, spec->config));
    g_autoptr(Document) document = document_from_json("config", json);
    g_autoptr(CaptureSpec) again = spec_parse(document, json, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(json_equal(again->config, spec->config));
    g_assert_cmpuint(again->steps->len, ==, spec->steps->len);
    g_assert_cmpuint(again->unknown_keys->len, ==, spec->unknown_keys->len);
    g_assert_true(again->width == spec->width && again->height == spec->height && again->delay_ms == spec->delay_ms);
}

static void read_spec(const Document *document, json_t *json, const char *url) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CaptureSpec) spec = spec_parse(document, json, url, warnings, &error);
    expect_good_message(spec != NULL, error);
    for (guint i = 0; i < warnings->len; i++)
        g_assert_true(g_utf8_validate(warnings->pdata[i], -1, NULL));
    if (spec) {
        expect_within_limits(spec);
        expect_same_again(spec);
    }
}

static void read_criteria(const Document *document, json_t *json) {
    g_autoptr(GError) error = NULL;
    Criteria criteria;
    bool ok = criteria_parse(document, json, &criteria, &error);
    expect_good_message(ok, error);
    if (ok) {
        expect_between(criteria.tolerance, 0, 1);
        expect_between(criteria.threshold, 0, metric_facts(criteria.metric)->max_threshold);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_auto_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json))
        return 0;
    g_autoptr(Document) document = document_from_json("config", json);
    read_spec(document, json, NULL);
    read_spec(document, json, "http://example.com/");
    read_criteria(document, json);
    return 0;
}
