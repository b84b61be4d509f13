#include "worker/criteria_note.h"

#include "image/png.h"

#include <jansson.h>
#include <string.h>

static const char KEY[] = "dpxdt-criteria";

/* Boxes: [x, y, width, height], with a tolerance behind them where they have one. */

static json_t *box_to_json(const Box *box) {
    return json_pack("[i, i, i, i]", box->x, box->y, box->width, box->height);
}

static int number_at(const json_t *list, size_t index) {
    json_int_t number = json_integer_value(json_array_get(list, index));
    return (int)CLAMP(number, G_MININT, G_MAXINT);
}

static Box box_from_json(const json_t *list) {
    return (Box){number_at(list, 0), number_at(list, 1), number_at(list, 2), number_at(list, 3)};
}

static json_t *ignored_to_json(const Capture *capture) {
    json_t *list = json_array();
    for (guint i = 0; i < capture->ignored->len; i++)
        json_array_append_new(list, box_to_json(&g_array_index(capture->ignored, Box, i)));
    return list;
}

static json_t *tolerances_to_json(const Capture *capture) {
    json_t *list = json_array();
    for (guint i = 0; i < capture->tolerances->len; i++) {
        const BoxTolerance *each = &g_array_index(capture->tolerances, BoxTolerance, i);
        json_t *box = box_to_json(&each->box);
        json_array_append_new(box, json_real(each->tolerance));
        json_array_append_new(list, box);
    }
    return list;
}

static bool is_usual(const Capture *capture, const Criteria *criteria) {
    const Criteria usual = {.align = true};
    return capture->ignored->len == 0 && capture->tolerances->len == 0 && criteria->tolerance <= 0 &&
           criteria->metric == usual.metric && criteria->threshold <= 0 && !criteria->ignore_antialiasing &&
           criteria->align;
}

GBytes *criteria_note_add(const Capture *capture, const Criteria *criteria, GError **error) {
    if (is_usual(capture, criteria))
        return g_bytes_ref(capture->png);
    json_t *json = json_pack("{s:f, s:s, s:f, s:b, s:b, s:o, s:o}", "tolerance", criteria->tolerance, "metric",
                             metric_facts(criteria->metric)->name, "threshold", criteria->threshold,
                             "ignore_antialiasing", criteria->ignore_antialiasing, "align", criteria->align, "ignored",
                             ignored_to_json(capture), "tolerances", tolerances_to_json(capture));
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    GBytes *noted = png_add_note(capture->png, KEY, text, error);
    free(text);
    json_decref(json);
    return noted;
}

/* Anybody may upload a picture, with any note: what makes no sense in it is as if it were not there. */
static double fraction_of(const json_t *value, double most) {
    return CLAMP(json_number_value(value), 0, most);
}

static void read_criteria(const json_t *json, Criteria *out) {
    const char *metric = json_string_value(json_object_get(json, "metric"));
    if (metric)
        (void)metric_find(metric, &out->metric);
    out->tolerance = fraction_of(json_object_get(json, "tolerance"), 1);
    out->threshold = fraction_of(json_object_get(json, "threshold"), metric_facts(out->metric)->max_threshold);
    out->ignore_antialiasing = json_is_true(json_object_get(json, "ignore_antialiasing"));
    out->align = !json_is_false(json_object_get(json, "align"));
}

static void read_boxes(const json_t *json, CriteriaNote *out) {
    size_t i;
    json_t *each;
    json_array_foreach (json_object_get(json, "ignored"), i, each) {
        const Box box = box_from_json(each);
        g_array_append_val(out->ignored, box);
    }
    json_array_foreach (json_object_get(json, "tolerances"), i, each) {
        const TolerantArea area = {box_from_json(each), fraction_of(json_array_get(each, 4), 1)};
        g_array_append_val(out->tolerances, area);
    }
}

void criteria_note_read(GBytes *png, CriteriaNote *out_note) {
    g_autofree char *text = png_find_note(png, KEY);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    *out_note = (CriteriaNote){
        .criteria.align = true,
        .ignored = g_array_new(FALSE, FALSE, sizeof(Box)),
        .tolerances = g_array_new(FALSE, FALSE, sizeof(TolerantArea)),
    };
    if (json_is_object(json)) {
        read_criteria(json, &out_note->criteria);
        read_boxes(json, out_note);
    }
    json_decref(json);
}

void criteria_note_clear(CriteriaNote *note) {
    g_clear_pointer(&note->ignored, g_array_unref);
    g_clear_pointer(&note->tolerances, g_array_unref);
}
