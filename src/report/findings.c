#include "report/findings.h"

#include "report/member.h"
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

/* Of bands in one line. */
enum { MOST_BANDS = 3 };

static const char *const band_names[] = {
    [BAND_EQUAL] = "equal",     [BAND_CHANGED] = "changed", [BAND_INSERTED] = "inserted",
    [BAND_REMOVED] = "removed", [BAND_MOVED] = "moved",
};

/* ---- Regions in words ---- */

/* "#777777"; with its alpha if that is not 255, or that is asked for. */
static char *color_text(const uint8_t rgba[4], bool with_alpha) {
    if (with_alpha || rgba[3] != 255)
        return g_strdup_printf("#%02x%02x%02x%02x", rgba[0], rgba[1], rgba[2], rgba[3]);
    return g_strdup_printf("#%02x%02x%02x", rgba[0], rgba[1], rgba[2]);
}

/* "moved 5 px down and 2 px to the left" */
static char *moved_text(int dx, int dy) {
    g_autofree char *across =
        dx ? g_strdup_printf(" %d px to the %s", ABS(dx), dx > 0 ? "right" : "left") : g_strdup("");
    g_autofree char *along = dy ? g_strdup_printf(" %d px %s", ABS(dy), dy > 0 ? "down" : "up") : g_strdup("");
    return g_strdup_printf("moved%s%s%s", along, dx && dy ? " and" : "", across);
}

static char *recolored_text(const Change *change) {
    g_autofree char *from = color_text(change->from, false);
    g_autofree char *to = color_text(change->to, false);
    return g_strdup_printf("recolored from %s to %s", from, to);
}

static char *event_text(const Change *change) {
    if (change->kind == CHANGE_MOVED)
        return moved_text(change->dx, change->dy);
    if (change->kind == CHANGE_RECOLORED)
        return recolored_text(change);
    return g_strdup(change_kind_name(change->kind));
}

char *findings_what(const Region *region) {
    g_autofree char *event = event_text(&region->change);
    if (region->change.look == LOOK_PLAIN)
        return g_steal_pointer(&event);
    return g_strdup_printf("%s %s", change_look_name(region->change.look), event);
}

/* "192x43 at (144,295)" */
static char *where_text(const Box *box) {
    return g_strdup_printf("%dx%d at (%d,%d)", box->width, box->height, box->x, box->y);
}

/* "1 pixel", "7,949 pixels" */
static char *count_text(uint64_t n, const char *one, const char *many) {
    g_autofree char *number = words_number(n);
    return g_strdup_printf("%s %s", number, n == 1 ? one : many);
}

char *findings_region(const Region *region) {
    g_autofree char *where = where_text(&region->box);
    g_autofree char *what = findings_what(region);
    g_autofree char *pixels = count_text(region->changed_pixels, "pixel", "pixels");
    return g_strdup_printf("%s: %s, %s", where, what, pixels);
}

/* ---- Bands in words ---- */

static int height_of(const Band *band) {
    return MAX(band->run_height, band->reference_height);
}

static char *columns_text(const Band *band, int picture_width) {
    if (band->x == 0 && band->width == picture_width)
        return g_strdup("");
    return g_strdup_printf(", in columns %d to %d", band->x, band->x + band->width - 1);
}

char *findings_band(const Band *band, int picture_width) {
    if (band->is_jitter)
        return NULL;
    g_autofree char *rows = count_text((uint64_t)height_of(band), "row", "rows");
    g_autofree char *columns = columns_text(band, picture_width);
    switch (band->kind) {
    case BAND_EQUAL:
    case BAND_CHANGED:
        return NULL;
    case BAND_INSERTED:
        return g_strdup_printf(band->at_end ? "%s came in at the bottom, from y=%d%s" : "%s inserted at y=%d%s", rows,
                               band->run_y, columns);
    case BAND_REMOVED:
        if (band->at_end)
            return g_strdup_printf("%s went out at the bottom%s", rows, columns);
        return g_strdup_printf("%s removed, which %s at y=%d%s", rows, height_of(band) == 1 ? "was" : "were",
                               band->reference_y, columns);
    case BAND_MOVED:
        return g_strdup_printf("%s moved from y=%d to y=%d%s", rows, band->reference_y, band->run_y, columns);
    }
    g_assert_not_reached();
}

GPtrArray *findings_bands(const GArray *bands, int picture_width) {
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; bands && i < bands->len; i++) {
        char *line = findings_band(&g_array_index(bands, Band, i), picture_width);
        if (line)
            g_ptr_array_add(lines, line);
    }
    return lines;
}

/* ---- All in one line ---- */

static int64_t size_of(const Band *band) {
    return (int64_t)height_of(band) * band->width;
}

/* The largest first. */
static int compare_sizes(const void *a, const void *b) {
    return (size_of(b) > size_of(a)) - (size_of(b) < size_of(a));
}

static void add_bands(GString *line, const GArray *bands, int picture_width) {
    g_autoptr(GArray) sorted = bands ? g_array_copy((GArray *)bands) : g_array_new(FALSE, FALSE, sizeof(Band));
    g_array_sort(sorted, compare_sizes);
    g_autoptr(GPtrArray) told = findings_bands(sorted, picture_width);
    for (guint i = 0; i < MIN(told->len, MOST_BANDS); i++)
        g_string_append_printf(line, "%s%s", line->len ? "; " : "", (const char *)told->pdata[i]);
    if (told->len > MOST_BANDS)
        g_string_append_printf(line, ", and %d more", (int)told->len - MOST_BANDS);
}

/* " in 3 areas, the largest 192x43 at (144,295): text inserted". What is no more than "changed" was said already. */
static void add_regions(GString *line, const GArray *regions, uint64_t n_regions) {
    const Region *largest = &g_array_index(regions, Region, 0);
    g_autofree char *areas = count_text(n_regions, "area", "areas");
    g_autofree char *where = where_text(&largest->box);
    g_string_append_printf(line, " in %s, %s%s", areas, n_regions > 1 ? "the largest " : "", where);
    if (largest->change.kind == CHANGE_OTHER && largest->change.look == LOOK_PLAIN)
        return;
    g_autofree char *what = findings_what(largest);
    g_string_append_printf(line, ": %s", what);
}

char *findings_summary(uint64_t changed_pixels, const GArray *regions, uint64_t n_regions, const GArray *bands,
                       int picture_width) {
    g_autoptr(GString) line = g_string_new(NULL);
    add_bands(line, bands, picture_width);
    if (changed_pixels > 0) {
        g_autofree char *pixels = count_text(changed_pixels, "pixel", "pixels");
        g_string_append_printf(line, "%s%s changed", line->len ? "; " : "", pixels);
        if (regions && regions->len > 0)
            add_regions(line, regions, n_regions);
    }
    return line->len ? g_strdup(line->str) : NULL;
}

/* ---- Regions as JSON ---- */

/* Takes the text. */
static void set_text(json_t *object, const char *key, char *text) {
    g_autofree char *owned = text;
    json_object_set_new(object, key, json_string(owned));
}

static json_t *region_to_json(const Region *region) {
    const Change *change = &region->change;
    json_t *json =
        json_pack("{si si si si sI sf sf}", "x", region->box.x, "y", region->box.y, "width", region->box.width,
                  "height", region->box.height, "changed_pixels", (json_int_t)region->changed_pixels, "score",
                  region->score, "tolerance", region->tolerance);
    set_text(json, "fingerprint", findings_fingerprint(region->fingerprint));
    set_text(json, "kind", g_strdup(change_kind_name(change->kind)));
    set_text(json, "look", g_strdup(change_look_name(change->look)));
    set_text(json, "what", findings_what(region));
    if (change->kind == CHANGE_MOVED) {
        json_object_set_new(json, "dx", json_integer(change->dx));
        json_object_set_new(json, "dy", json_integer(change->dy));
    }
    if (change->kind == CHANGE_RECOLORED) {
        set_text(json, "from", color_text(change->from, true));
        set_text(json, "to", color_text(change->to, true));
    }
    return json;
}

json_t *findings_regions_to_json(const GArray *regions) {
    json_t *list = json_array();
    for (guint i = 0; regions && i < regions->len; i++)
        json_array_append_new(list, region_to_json(&g_array_index(regions, Region, i)));
    return list;
}

static bool read_color(const json_t *json, const char *key, uint8_t out_rgba[4], GError **error) {
    uint64_t bits = 0;
    if (!member_hex(json, key, "#", 8, &bits, error))
        return false;
    for (int channel = 0; channel < 4; channel++)
        out_rgba[channel] = (uint8_t)(bits >> (24 - 8 * channel));
    return true;
}

static bool read_change(const json_t *json, Change *out_change, GError **error) {
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const char *look = json_string_value(json_object_get(json, "look"));
    if ((kind && !change_kind_from_name(kind, &out_change->kind)) ||
        (look && !change_look_from_name(look, &out_change->look))) {
        error_set(error, ERROR_INVALID, "kind or look of a region is none of ours");
        return false;
    }
    return member_int(json, "dx", G_MININT, &out_change->dx, error) &&
           member_int(json, "dy", G_MININT, &out_change->dy, error) &&
           read_color(json, "from", out_change->from, error) && read_color(json, "to", out_change->to, error);
}

static bool read_region(const json_t *json, Region *out_region, GError **error) {
    int64_t changed_pixels = 0;
    Box *box = &out_region->box;
    if (!member_int(json, "x", 0, &box->x, error) || !member_int(json, "y", 0, &box->y, error) ||
        !member_int(json, "width", 0, &box->width, error) || !member_int(json, "height", 0, &box->height, error) ||
        !member_number(json, "changed_pixels", G_MAXINT64, &changed_pixels, error) ||
        !member_real(json, "score", &out_region->score, error) ||
        !member_real(json, "tolerance", &out_region->tolerance, error) ||
        !findings_read_fingerprint(json, "fingerprint", &out_region->fingerprint, error))
        return false;
    out_region->changed_pixels = (uint64_t)changed_pixels;
    return read_change(json, &out_region->change, error);
}

GArray *findings_regions_from_json(const json_t *list, GError **error) {
    g_autoptr(GArray) regions = g_array_new(FALSE, TRUE, sizeof(Region));
    size_t i = 0;
    const json_t *json = NULL;
    json_array_foreach (list, i, json) {
        Region region = {0};
        if (!read_region(json, &region, error))
            return NULL;
        g_array_append_val(regions, region);
    }
    return g_steal_pointer(&regions);
}

/* ---- Bands as JSON ---- */

static json_t *band_to_json(const Band *band, int picture_width) {
    json_t *json = json_pack("{ss si si si si si si}", "kind", band_names[band->kind], "x", band->x, "width",
                             band->width, "reference_y", band->reference_y, "reference_height", band->reference_height,
                             "run_y", band->run_y, "run_height", band->run_height);
    char *what = findings_band(band, picture_width);
    if (what)
        set_text(json, "what", what);
    if (band->is_jitter)
        json_object_set_new(json, "jitter", json_true());
    if (band->at_end)
        json_object_set_new(json, "at_end", json_true());
    return json;
}

json_t *findings_bands_to_json(const GArray *bands, int picture_width) {
    json_t *list = json_array();
    for (guint i = 0; bands && i < bands->len; i++)
        json_array_append_new(list, band_to_json(&g_array_index(bands, Band, i), picture_width));
    return list;
}

static bool read_band_kind(const json_t *json, BandKind *out_kind, GError **error) {
    const char *name = json_string_value(json_object_get(json, "kind"));
    for (size_t i = 0; name && i < G_N_ELEMENTS(band_names); i++) {
        if (strcmp(band_names[i], name) == 0) {
            *out_kind = (BandKind)i;
            return true;
        }
    }
    error_set(error, ERROR_INVALID, "kind of a band is none of ours");
    return false;
}

static bool read_band(const json_t *json, Band *out_band, GError **error) {
    out_band->is_jitter = json_is_true(json_object_get(json, "jitter"));
    out_band->at_end = json_is_true(json_object_get(json, "at_end"));
    return read_band_kind(json, &out_band->kind, error) && member_int(json, "x", 0, &out_band->x, error) &&
           member_int(json, "width", 0, &out_band->width, error) &&
           member_int(json, "reference_y", 0, &out_band->reference_y, error) &&
           member_int(json, "reference_height", 0, &out_band->reference_height, error) &&
           member_int(json, "run_y", 0, &out_band->run_y, error) &&
           member_int(json, "run_height", 0, &out_band->run_height, error);
}

bool findings_bands_from_json(const json_t *list, GArray **out_bands, GError **error) {
    g_autoptr(GArray) bands = g_array_new(FALSE, TRUE, sizeof(Band));
    size_t i = 0;
    const json_t *json = NULL;
    json_array_foreach (list, i, json) {
        Band band = {0};
        if (!read_band(json, &band, error))
            return false;
        g_array_append_val(bands, band);
    }
    *out_bands = bands->len ? g_steal_pointer(&bands) : NULL;
    return true;
}

/* ---- Fingerprints ---- */

char *findings_fingerprint(uint64_t fingerprint) {
    return g_strdup_printf("%016" PRIx64, fingerprint);
}

bool findings_read_fingerprint(const json_t *object, const char *key, uint64_t *out_fingerprint, GError **error) {
    return member_hex(object, key, "", 16, out_fingerprint, error);
}
