#include "web/stage.h"

#include "web/layout.h"

#include <jansson.h>

/* A page with more has changed everywhere. */
enum { MOST_REGIONS = 100, MOST_BANDS = 400 };

static json_t *first_of(const json_t *list, size_t most) {
    json_t *first = json_array();
    size_t i;
    json_t *one;
    json_array_foreach (list, i, one) {
        if (i == most)
            break;
        if (json_is_object(one))
            json_array_append(first, one);
    }
    return first;
}

static void copy_numbers(json_t *to, const json_t *from) {
    static const char *const keys[] = {"width",     "height", "reference_width", "reference_height", "changed_pixels",
                                       "n_regions", "score"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_t *value = json_object_get(from, keys[i]);
        json_object_set_new(to, keys[i], json_is_number(value) ? json_incref(value) : json_integer(0));
    }
}

static json_t *download(const Run *run, const char *sha1) {
    if (!sha1)
        return json_null();
    g_autofree char *url =
        g_strdup_printf("/api/download?build_id=%" G_GINT64_FORMAT "&sha1sum=%s", run->build_id, sha1);
    return json_string(url);
}

char *stage_of_run(const Run *run) {
    const RunFacts *facts = &run->facts;
    json_auto_t *findings = facts->findings ? json_loads(facts->findings, 0, NULL) : NULL;
    json_auto_t *stage =
        json_pack("{s:s, s:I, s:s, s:f, s:{s:o, s:o, s:o}, s:o, s:o}", "name", run->name, "order", (json_int_t)run->id,
                  "status", layout_run_class(run->status), "distortion", facts->distortion, "images", "ref",
                  download(run, facts->ref_image), "diff", download(run, facts->diff_image), "run",
                  download(run, facts->image), "regions", first_of(json_object_get(findings, "regions"), MOST_REGIONS),
                  "bands", first_of(json_object_get(findings, "bands"), MOST_BANDS));
    copy_numbers(stage, findings);
    char *text = json_dumps(stage, JSON_COMPACT), *owned = g_strdup(text);
    free(text);
    return owned;
}
