#include "local/outputs.h"

#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One spelling for a file: its folder's links followed, and its own not, since a file is replaced and not written into.
 * NULL if the folder is not there. */
static char *place_of(const char *path) {
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *real = realpath(folder, NULL);
    return real ? g_build_filename(real, name, NULL) : NULL;
}

static bool is_at(const char *path, const char *place) {
    g_autofree char *its_place = place_of(path);
    return g_strcmp0(its_place, place) == 0;
}

/* A pipe or a device is written to where it stands, so its folder does not matter. */
static bool check_can_be_written(const char *option, const char *path, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path);
    struct stat facts;
    bool exists = stat(path, &facts) == 0;
    if (exists && S_ISDIR(facts.st_mode))
        error_set(error, ERROR_INVALID, "%s %s: that is a folder", option, path);
    else if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        error_set(error, ERROR_INVALID, "%s %s: there is no folder %s", option, path, folder);
    else if ((!exists || S_ISREG(facts.st_mode)) && access(folder, W_OK | X_OK) < 0)
        error_set_errno(error, ERROR_DENIED, errno, "%s %s: the folder %s", option, path, folder);
    else
        return true;
    return false;
}

static bool check_is_none_of_the_tests(const char *option, const char *path, const Suite *suite, GError **error) {
    g_autofree char *place = place_of(path);
    for (unsigned i = 0; i < suite->files->len; i++) {
        const TestFile *file = suite->files->pdata[i];
        if (is_at(file->path, place)) {
            error_set(error, ERROR_INVALID, "%s %s: that is a file of the tests", option, path);
            return false;
        }
        for (unsigned j = 0; j < file->tests->len; j++) {
            const TestCase *test = file->tests->pdata[j];
            if (!is_at(test->reference_path, place))
                continue;
            error_set(error, ERROR_INVALID, "%s %s: that is the reference picture of %s", option, path, test->name);
            return false;
        }
    }
    return true;
}

/* The gallery wants a folder for itself: the next one would not be put where something else is, too. */
static bool check_is_not_in_gallery(const char *option, const char *path, const char *gallery, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *real_folder = realpath(folder, NULL);
    g_autofree char *real_gallery = realpath(gallery, NULL);
    if (!real_gallery || g_strcmp0(real_folder, real_gallery) != 0)
        return true;
    error_set(error, ERROR_INVALID, "%s %s: it cannot be in the folder of --report, which is replaced as a whole",
              option, path);
    return false;
}

static bool check_file(const char *option, const char *path, const LocalOptions *options, const Suite *suite,
                       GError **error) {
    return !path ||
           (check_can_be_written(option, path, error) && check_is_none_of_the_tests(option, path, suite, error) &&
            (!options->report_dir || check_is_not_in_gallery(option, path, options->report_dir, error)));
}

static bool check_are_two(const char *json_path, const char *junit_path, GError **error) {
    g_autofree char *place = place_of(json_path);
    if (!is_at(junit_path, place))
        return true;
    error_set(error, ERROR_INVALID, "--json and --junit are the same file, %s", junit_path);
    return false;
}

bool outputs_check(const LocalOptions *options, const Suite *suite, GError **error) {
    if (!check_file("--json", options->json_path, options, suite, error) ||
        !check_file("--junit", options->junit_path, options, suite, error))
        return false;
    if (options->json_path && options->junit_path && !check_are_two(options->json_path, options->junit_path, error))
        return false;
    if (!options->report_dir || report_check_gallery(options->report_dir, error))
        return true;
    g_prefix_error(error, "--report %s: ", options->report_dir);
    return false;
}
