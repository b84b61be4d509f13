/* `dpxdt diff A.png B.png`: the comparison that all else is built on, for two files at hand. */
#include "base/file.h"
#include "cmd/command.h"
#include "diff/diff.h"
#include "image/png.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* A person reads the first few; --json has more. */
enum { MAX_PRINTED_REGIONS = 20 };

typedef struct {
    char *output; /* path of the marked picture, or NULL */
    gboolean json;
    double tolerance;
    char **ignore;   /* as written: "x,y,width,height", NULL-terminated; or NULL */
    GArray *ignored; /* of Box: the same, parsed */
} Options;

static void options_clear(Options *options) {
    g_free(options->output);
    g_strfreev(options->ignore);
    g_clear_pointer(&options->ignored, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool parse_box(const char *text, Box *out_box, GError **error) {
    static const int least[] = {0, 0, 1, 1};
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    gint64 numbers[4];
    bool good = g_strv_length(parts) == G_N_ELEMENTS(numbers);
    for (size_t i = 0; good && i < G_N_ELEMENTS(numbers); i++)
        good = g_ascii_string_to_signed(parts[i], 10, least[i], IMAGE_MAX_SIDE, &numbers[i], NULL);
    if (good)
        *out_box = (Box){(int)numbers[0], (int)numbers[1], (int)numbers[2], (int)numbers[3]};
    else
        error_set(error, ERROR_INVALID, "--ignore %s: must be x,y,width,height in pixels, such as 0,0,320,40", text);
    return good;
}

static bool parse_options(const Command *command, int *argc, char ***argv, Options *options, GError **error) {
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
         "Write the second picture here with what changed in red, if anything did", "OUT.png"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL},
        {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &options->tolerance,
         "Let areas pass that differ by no more than N, 0 to 1 (default 0)", "N"},
        {"ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->ignore,
         "Leave this area of the second picture out; may be given again", "X,Y,WIDTH,HEIGHT"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, argc, argv, error))
        return false;
    if (!(options->tolerance >= 0 && options->tolerance <= 1)) { /* so put, it refuses nan, too */
        error_set(error, ERROR_INVALID, "--tolerance must be from 0 to 1, not %g", options->tolerance);
        return false;
    }
    options->ignored = g_array_new(FALSE, FALSE, sizeof(Box));
    for (char **text = options->ignore; text && *text; text++) {
        Box box;
        if (!parse_box(*text, &box, error))
            return false;
        g_array_append_val(options->ignored, box);
    }
    return true;
}

static Difference *compare_files(const char *reference_path, const char *run_path, const Options *options,
                                 GError **error) {
    g_autoptr(GBytes) reference = file_read(reference_path, PNG_MAX_BYTES, error);
    if (!reference)
        return NULL;
    g_autoptr(GBytes) run = file_read(run_path, PNG_MAX_BYTES, error);
    if (!run)
        return NULL;
    const DiffOptions diff_options = {
        .ignored = (const Box *)(void *)options->ignored->data,
        .n_ignored = options->ignored->len,
        .tolerance = options->tolerance,
        .want_marked = options->output != NULL,
        .reference_name = reference_path,
        .run_name = run_path,
    };
    return diff_png(reference, run, &diff_options, error);
}

static bool write_marked(const Image *marked, const char *path, GError **error) {
    g_autoptr(GBytes) png = png_encode(marked, error);
    return png && file_write_bytes(path, png, error);
}

/* 1234567 -> "1,234,567". The caller frees it. */
static char *group_digits(uint64_t number) {
    GString *digits = g_string_new(NULL);
    g_string_printf(digits, "%" PRIu64, number);
    for (gssize at = (gssize)digits->len - 3; at > 0; at -= 3)
        g_string_insert_c(digits, at, ',');
    return g_string_free(digits, FALSE);
}

static void print_counts(const Difference *difference) {
    g_autofree char *changed = group_digits(difference->changed_pixels);
    g_autofree char *all = group_digits((uint64_t)difference->width * (uint64_t)difference->height);
    g_autofree char *areas = group_digits(difference->n_regions);
    printf("%s pixel%s changed of %s in %s area%s\n", changed, difference->changed_pixels == 1 ? "" : "s", all, areas,
           difference->n_regions == 1 ? "" : "s");
}

static void print_regions(const Difference *difference) {
    guint n_printed = MIN(difference->regions->len, MAX_PRINTED_REGIONS);
    for (guint i = 0; i < n_printed; i++) {
        const Region *region = &g_array_index(difference->regions, Region, i);
        g_autofree char *changed = group_digits(region->changed_pixels);
        printf("  %dx%d at (%d,%d), %s pixel%s\n", region->box.width, region->box.height, region->box.x, region->box.y,
               changed, region->changed_pixels == 1 ? "" : "s");
    }
    if (difference->n_regions > n_printed) {
        g_autofree char *left = group_digits(difference->n_regions - n_printed);
        printf("  and %s more\n", left);
    }
}

static void print_text(const Difference *difference, double tolerance) {
    if (difference->same)
        puts(difference->changed_pixels > 0 ? "same, within the tolerance" : "same");
    if (difference->width != difference->reference_width || difference->height != difference->reference_height)
        printf("size changed from %dx%d to %dx%d\n", difference->reference_width, difference->reference_height,
               difference->width, difference->height);
    if (difference->changed_pixels == 0)
        return;
    g_autofree char *distortion = diff_format_distortion(difference->distortion);
    printf("%s distortion\n", distortion);
    print_counts(difference);
    if (tolerance > 0)
        printf("%.6g is the worst score of an area, %.6g the tolerance\n", difference->score, tolerance);
    print_regions(difference);
}

static json_t *region_to_json(const Region *region) {
    json_t *json = json_pack("{si si}", "x", region->box.x, "y", region->box.y);
    json_object_set_new(json, "width", json_integer(region->box.width));
    json_object_set_new(json, "height", json_integer(region->box.height));
    json_object_set_new(json, "changed_pixels", json_integer((json_int_t)region->changed_pixels));
    json_object_set_new(json, "score", json_real(region->score));
    return json;
}

static json_t *to_json(const Difference *difference) {
    json_t *regions = json_array();
    for (guint i = 0; i < difference->regions->len; i++) {
        const Region *region = &g_array_index(difference->regions, Region, i);
        json_array_append_new(regions, region_to_json(region));
    }
    json_int_t changed = (json_int_t)difference->changed_pixels;
    json_t *json = json_pack("{sb}", "same", difference->same);
    json_object_set_new(json, "distortion", json_real(difference->distortion));
    json_object_set_new(json, "score", json_real(difference->score));
    json_object_set_new(json, "changed_pixels", json_integer(changed));
    json_object_set_new(json, "width", json_integer(difference->width));
    json_object_set_new(json, "height", json_integer(difference->height));
    json_object_set_new(json, "reference_width", json_integer(difference->reference_width));
    json_object_set_new(json, "reference_height", json_integer(difference->reference_height));
    json_object_set_new(json, "n_regions", json_integer((json_int_t)difference->n_regions));
    json_object_set_new(json, "regions", regions);
    return json;
}

static void print_json(const Difference *difference) {
    json_t *json = to_json(difference);
    /* Six digits: those of the old tool's distortion. */
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(json);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(Options) options = {0};
    if (!parse_options(command, &argc, &argv, &options, error))
        return 0;
    if (!command_check_arguments(command, argc, 2, 2, error))
        return 2;
    g_autoptr(Difference) difference = compare_files(argv[1], argv[2], &options, error);
    if (!difference)
        return 2;
    if (difference->marked && !write_marked(difference->marked, options.output, error))
        return 2;
    if (options.json)
        print_json(difference);
    else
        print_text(difference, options.tolerance);
    return difference->same ? 0 : 1;
}

const Command diff_command = {
    "diff",
    "A.png B.png",
    "Compare two pictures",
    "Prints `same`, or how and where B differs from A: the distortion (0 to 1, over the whole\n"
    "picture), how many pixels changed, and the areas that they are in, the biggest first.\n"
    "Another size is a difference, too.\n"
    "\n"
    "  dpxdt diff before.png after.png -o changes.png\n"
    "  dpxdt diff before.png after.png --ignore 0,0,320,40 --tolerance 0.02 --json\n"
    "\n"
    "The tolerance is for each area by itself, so that a long page cannot hide a lost paragraph:\n"
    "0.02 lets an area pass whose colors differ by 2 % of their range (root mean square). --json\n"
    "tells the score of each.\n"
    "\n"
    "The exit status is 0 if they are the same, 1 if they differ, and 2 if they could not be\n"
    "compared.",
    run,
};
