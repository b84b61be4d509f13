/* `dpxdt diff A.png B.png`: the comparison that all else is built on, for two files at hand, or for many.
 *
 *   diff_line   the command line
 *   diff_file   files -> their bytes
 *   diff_pair   two files -> what they differ in, in words
 *   diff_list   two folders, or a list -> pairs of files
 *   diff_many   pairs -> a line each, by some threads */
#include "cmd/command.h"
#include "cmd/diff_file.h"
#include "cmd/diff_line.h"
#include "cmd/diff_list.h"
#include "cmd/diff_many.h"
#include "cmd/diff_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_one(char *reference_path, char *run_path, const DiffLine *line, GError **error) {
    const DiffPair pair = {.reference_path = reference_path, .run_path = run_path, .output_path = line->output};
    g_autoptr(Difference) difference = diff_pair_compare(&pair, line, error);
    if (!difference)
        return 2;
    g_autofree char *text =
        line->json ? diff_pair_to_json(&pair, difference, line, JSON_INDENT(2)) : diff_pair_tell(difference, line);
    printf("%s%s", text, line->json ? "\n" : "");
    return difference->same ? 0 : 1;
}

/* Takes the pairs, which are NULL if there was an error. */
static int run_many(GPtrArray *pairs, const DiffLine *line, GError **error) {
    g_autoptr(GPtrArray) owned = pairs;
    return owned ? diff_many_run(owned, line, error) : 2;
}

static bool is_folder(const char *path) {
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* Fails if one is a folder and the other a file. What is missing is told of later. */
static bool check_kinds(const char *a, const char *b, GError **error) {
    const char *folder = is_folder(a) ? a : b, *other = is_folder(a) ? b : a;
    if (is_folder(a) == is_folder(b) || !g_file_test(other, G_FILE_TEST_EXISTS))
        return true;
    error_set(error, ERROR_INVALID, "%s: not a file, as %s is; two files are compared, or two folders", folder, other);
    return false;
}

/* What a path leads to, by whatever links; of one that is not there yet, as far as it is. */
static char *resolve(const char *path) {
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *real = realpath(absolute, NULL);
    if (real || strcmp(absolute, "/") == 0)
        return g_strdup(real ? real : absolute);
    g_autofree char *above = g_path_get_dirname(absolute), *name = g_path_get_basename(absolute);
    g_autofree char *real_above = resolve(above);
    return g_build_filename(real_above, name, NULL);
}

static bool is_in(const char *path, const char *folder) {
    g_autofree char *inner = resolve(path), *outer = resolve(folder);
    size_t length = strlen(outer);
    return strncmp(inner, outer, length) == 0 && (inner[length] == '/' || inner[length] == '\0');
}

static int run_folders(const char *a, const char *b, const DiffLine *line, GError **error) {
    if (line->output && (is_in(line->output, a) || is_in(line->output, b))) {
        error_set(error, ERROR_INVALID, "-o %s: is in a folder that is compared, whose pictures it might write over",
                  line->output);
        return 2;
    }
    return run_many(diff_list_folders(a, b, line->output, error), line, error);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DiffLine) line = {0};
    if (!diff_line_parse(command, &argc, &argv, &line, error))
        return 0;
    int n_arguments = line.pairs_path ? 0 : 2;
    if (!command_check_arguments(command, argc, n_arguments, n_arguments, error))
        return 2;
    diff_file_install();
    if (line.pairs_path)
        return run_many(diff_list_read(line.pairs_path, line.output, error), &line, error);
    if (!check_kinds(argv[1], argv[2], error))
        return 2;
    if (is_folder(argv[1]) || is_folder(argv[2]))
        return run_folders(argv[1], argv[2], &line, error);
    return run_one(argv[1], argv[2], &line, error);
}

const Command diff_command = {
    "diff",
    "A.png B.png",
    "Compare two pictures, or two folders of them",
    "Prints `same`, or how and where B differs from A: the distortion (0 to 1, over the whole\n"
    "picture), rows that came, went or moved, how many pixels changed, and the areas that they are\n"
    "in, the biggest first. Another size is a difference, too.\n"
    "\n"
    "  dpxdt diff before.png after.png -o changes.png\n"
    "  dpxdt diff before.png after.png --ignore 0,0,320,40 --tolerance 0.02 --json\n"
    "  dpxdt diff before/ after/ -o changes/\n"
    "  dpxdt diff --pairs list.txt --metric yiq --threshold 0.1,0.2 --json\n"
    "\n"
    "Of two folders all PNGs are compared, by their paths below them; each has a line.\n"
    "\n"
    "The tolerance is for each area by itself, so that a long page cannot hide a lost paragraph:\n"
    "0.02 lets an area pass whose colors differ by 2 % of their range (root mean square). --json\n"
    "tells the score of each.\n"
    "\n"
    "The exit status is 0 if all are the same, 1 if any differ, and 2 if any could not be compared.",
    run,
};
