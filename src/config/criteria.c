#include "config/criteria.h"

#include "config/field.h"

typedef struct {
    Criteria criteria;
    Field threshold; /* its limits are known when the metric is */
} Form;

void criteria_apply(const Criteria *criteria, DiffOptions *options) {
    options->tolerance = criteria->tolerance;
    options->metric = criteria->metric;
    options->thresholds = &criteria->threshold;
    options->n_thresholds = 1;
    options->ignore_antialiasing = criteria->ignore_antialiasing;
    options->no_align = !criteria->align;
}

static bool read_metric(const Field *field, void *target, GError **error) {
    const char *choices[METRIC_CIEDE2000 + 2] = {NULL};
    for (int kind = METRIC_EXACT; kind <= METRIC_CIEDE2000; kind++)
        choices[kind] = metric_facts((MetricKind)kind)->name;
    Form *form = target;
    int choice = 0;
    if (!field_get_choice(field, choices, &choice, error))
        return false;
    form->criteria.metric = (MetricKind)choice;
    return true;
}

static bool read_antialiasing(const Field *field, void *target, GError **error) {
    static const char *const choices[] = {"count", "ignore", NULL};
    Form *form = target;
    int choice = 0;
    if (!field_get_choice(field, choices, &choice, error))
        return false;
    form->criteria.ignore_antialiasing = choice == 1;
    return true;
}

static const FieldRule rules[] = {
    {"tolerance", FIELD_NUMBER, .at = offsetof(Form, criteria.tolerance), .least = 0, .most = 1},
    {"metric", FIELD_CUSTOM, .read = read_metric},
    {"threshold", FIELD_ANY, .at = offsetof(Form, threshold)},
    {"antialiasing", FIELD_CUSTOM, .read = read_antialiasing},
    {"align", FIELD_BOOL, .at = offsetof(Form, criteria.align)},
};

static bool read_threshold(Form *form, GError **error) {
    const MetricFacts *facts = metric_facts(form->criteria.metric);
    form->criteria.threshold = facts->usual_threshold;
    return !form->threshold.value ||
           field_get_number(&form->threshold, 0, facts->max_threshold, &form->criteria.threshold, error);
}

bool criteria_read(const Field *const *maps, size_t n, Criteria *out_criteria, GError **error) {
    Form form = {.criteria.align = true};
    for (size_t i = 0; i < n; i++)
        if (maps[i]->value && !field_read_known(maps[i], rules, G_N_ELEMENTS(rules), &form, error))
            return false;
    if (!read_threshold(&form, error))
        return false;
    *out_criteria = form.criteria;
    return true;
}

bool criteria_parse(const Document *document, json_t *config, Criteria *out_criteria, GError **error) {
    FieldSource source = {.document = document};
    const Field map = field_top(&source, "the config", config, (Place){0});
    const Field *const maps[] = {&map};
    return criteria_read(maps, G_N_ELEMENTS(maps), out_criteria, error);
}
