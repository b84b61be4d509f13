/* `dpxdt diff-my-images`: screenshots that somebody else took, as by Selenium; the server's workers compare them with those of
 * the last good release. */
#include "client/client.h"
#include "cmd/tool_list.h"

#include <unistd.h>

/* One test of the file. */
typedef struct {
    const ToolTest *test;
    const char *name, *url, *image_path, *log_path;
    bool failed;
} ImageTest;

static bool check_file(const ImageTest *image, const char *key, const char *path, GError **error) {
    if (!path || access(path, R_OK) == 0)
        return true;
    error_set(error, ERROR_NOT_FOUND, "%s: test %zu (\"%s\"): %s: %s cannot be read", image->test->path,
              image->test->index + 1, image->name, key, path);
    return false;
}

/* A test that failed may have no picture. */
static bool read_test(const ToolTest *test, ImageTest *out, GError **error) {
    *out = (ImageTest){.test = test};
    if (!tool_list_text(test, "name", &out->name, error) || !tool_list_text(test, "url", &out->url, error) ||
        !tool_list_text(test, "image_path", &out->image_path, error) ||
        !tool_list_text(test, "log_path", &out->log_path, error) ||
        !tool_list_flag(test, "run_failed", &out->failed, error))
        return false;
    if (!out->image_path && !out->failed)
        return tool_list_need(test, "image_path", error);
    bool has_image = !out->failed || (out->image_path && access(out->image_path, F_OK) == 0);
    if (!has_image)
        out->image_path = NULL;
    return check_file(out, "image_path", out->image_path, error) && check_file(out, "log_path", out->log_path, error);
}

static bool upload(Tool *tool, const char *path, char out_sha1[DPXDT_SHA1_SIZE], GError **error) {
    if (!path)
        return true;
    DpxdtStatus status = dpxdt_upload_file(tool->client, tool->release.build_id, path, out_sha1);
    if (client_check(tool->client, status, error))
        return true;
    g_prefix_error(error, "%s: ", path);
    return false;
}

static bool report(Tool *tool, const ImageTest *test, GError **error) {
    char image[DPXDT_SHA1_SIZE], log[DPXDT_SHA1_SIZE];
    DpxdtRun baseline = {0};
    DpxdtStatus found = dpxdt_find_run(tool->client, tool->release.build_id, test->name, &baseline);
    if (found != DPXDT_NOT_FOUND && !client_check(tool->client, found, error))
        return false;
    bool is_fine = upload(tool, test->image_path, image, error) && upload(tool, test->log_path, log, error);
    const DpxdtReport run = {.url = test->url,
                             .image = test->image_path ? image : NULL,
                             .log = test->log_path ? log : NULL,
                             .ref_url = baseline.url,
                             .ref_image = baseline.image,
                             .ref_log = baseline.log,
                             .ref_config = baseline.config,
                             .run_failed = test->failed};
    is_fine =
        is_fine && client_check(tool->client, dpxdt_report_run(tool->client, &tool->release, test->name, &run), error);
    dpxdt_run_clear(&baseline);
    return is_fine;
}

static bool check_and_report(Tool *tool, const ToolTest *test, bool only_check, GError **error) {
    ImageTest image;
    return read_test(test, &image, error) && (only_check || report(tool, &image, error));
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    const ToolList list = {"screenshots are uploaded", check_and_report};
    return tool_list_run(command, &list, argc, argv, error);
}

const Command diff_my_images_command = {
    "diff-my-images",
    "",
    "Upload screenshots, and have them compared by a server",
    "The file is a JSON list of objects with name, image_path, and if wanted log_path, url and run_failed\n"
    "(true: the test failed, and may have no image). Each is compared with the one of that name in the\n"
    "last good release.\n"
    "\n"
    "  dpxdt diff-my-images --upload-build-id 1 --upload-release-name Awesome --tests-json-path shots.json\n"
    "\n"
    "All files are looked for before anything is sent. With --wait the exit status is 0 if all are the\n"
    "same, 1 if some differ, 2 if any failed.",
    run,
};
