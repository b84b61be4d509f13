/* RunReport -> a folder to look at: index.html, which holds its style, its script and all data, and images/.
 *
 * The page is gallery.html with its {{slots}} filled. Data goes into a JSON block, never into HTML; gallery.js makes
 * the page from it. The content security policy names style and script by their hashes, so that nothing else runs, even
 * if a name or a log should find a way out of its block. */
#include "report/report.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/stop.h"
#include "html/tools.h"
#include "image/png.h"
#include "report/words.h"
#include "version.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A log is read by a person: more than 64 KB is not. Of a test that is well, the end is enough; a thousand of them
 * must not make the page slow. */
enum { BAD_TEXT_MAX_BYTES = 64 * 1024, GOOD_TEXT_MAX_BYTES = 4 * 1024 };

/* Logs and configs are read whole before they are cut. */
static const size_t TEXT_FILE_MAX_BYTES = 64u << 20;

/* More boxes than this on one picture help nobody, and each takes room in the page. */
enum { MOST_REGIONS = 200 };

static const char INDEX[] = "index.html";
static const char IMAGES[] = "images";

/* How index.html begins; tells a folder of ours from a web site of somebody's. */
static const char MARKER[] = "<!DOCTYPE html>\n<!-- A gallery of dpxdt";

typedef struct {
    const char *name; /* as in gallery.html: {{name}} */
    const char *text;
} Slot;

/* ---- The folder ---- */

/* "12-home-page-diff.png" */
static bool is_our_picture(const char *name) {
    return g_regex_match_simple("^[0-9]+-([a-z0-9-]+-)?(ref|whole|run|diff)\\.png$", name, G_REGEX_DEFAULT,
                                G_REGEX_MATCH_DEFAULT);
}

static bool is_our_file(const char *name) {
    return strcmp(name, INDEX) == 0 || strcmp(name, IMAGES) == 0;
}

/* A folder that does not exist holds nothing else either. */
static bool holds_only(const char *folder, bool (*is_ours)(const char *name), GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &cause);
    if (!dir && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return false;
    }
    const char *name = NULL;
    while (dir && (name = g_dir_read_name(dir))) {
        if (is_ours(name))
            continue;
        error_set(error, ERROR_INVALID, "%s is no gallery of dpxdt, since %s is in it; nothing was replaced", folder,
                  name);
        return false;
    }
    return true;
}

static bool has_marker(const char *index, GError **error) {
    g_autofree char *text = NULL;
    if (!g_file_test(index, G_FILE_TEST_EXISTS))
        return true;
    if (g_file_get_contents(index, &text, NULL, NULL) && g_str_has_prefix(text, MARKER))
        return true;
    error_set(error, ERROR_INVALID, "%s was not written by dpxdt; nothing was replaced", index);
    return false;
}

/* The folder, or what is above it and exists, must let us make something there. */
static bool can_be_written(const char *folder, GError **error) {
    g_autofree char *existing = g_strdup(folder);
    while (!g_file_test(existing, G_FILE_TEST_EXISTS)) {
        char *above = g_path_get_dirname(existing);
        g_free(existing);
        existing = above;
    }
    if (!g_file_test(existing, G_FILE_TEST_IS_DIR))
        error_set(error, ERROR_INVALID, "%s is no folder", existing);
    else if (access(existing, W_OK | X_OK) < 0)
        error_set_errno(error, ERROR_DENIED, errno, "the folder %s", existing);
    else
        return true;
    return false;
}

bool report_check_gallery(const char *folder, GError **error) {
    g_autofree char *index = g_build_filename(folder, INDEX, NULL);
    g_autofree char *images = g_build_filename(folder, IMAGES, NULL);
    return can_be_written(folder, error) && holds_only(folder, is_our_file, error) &&
           holds_only(images, is_our_picture, error) && has_marker(index, error);
}

/* The page comes first, though it is written again at the end: a gallery that was cut short is known as ours. */
static bool prepare_folder(const char *folder, const char *index, GError **error) {
    g_autofree char *placeholder = g_strdup_printf("%s: it is being written -->\n", MARKER);
    g_autofree char *images = g_build_filename(folder, IMAGES, NULL);
    return report_check_gallery(folder, error) && file_remove_tree(images, error) &&
           file_write_text(index, placeholder, error) && file_make_folder(images, error);
}

/* ---- The pictures ---- */

/* "Home page (é)" -> "home-page". The number before it makes it unique. */
static char *slug(const char *name) {
    enum { LONGEST = 48 };
    GString *text = g_string_new(NULL);
    for (const char *at = name; *at && text->len < LONGEST; at++) {
        char c = g_ascii_tolower(*at);
        if (g_ascii_isalnum(c))
            g_string_append_c(text, c);
        else if (text->len > 0 && text->str[text->len - 1] != '-')
            g_string_append_c(text, '-');
    }
    if (text->len > 0 && text->str[text->len - 1] == '-')
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

/* Copies a picture and notes it in images under its kind. One that is gone is left out: the page says so. */
static bool add_picture(json_t *images, const char *kind, const char *from, const char *folder, const char *stem,
                        GError **error) {
    if (!from)
        return true;
    g_autofree char *name = g_strdup_printf("%s/%s-%s.png", IMAGES, stem, kind);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) png = file_read(from, PNG_MAX_BYTES, &cause);
    if (error_is(cause, ERROR_NOT_FOUND))
        return true;
    if (!png || !file_write_scratch(to, g_bytes_get_data(png, NULL), g_bytes_get_size(png), &cause)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause), "cannot copy %s: ", from);
        return false;
    }
    json_object_set_new(images, kind, json_string(name));
    return true;
}

/* Of a test in which nothing differs, one picture is enough. */
static bool add_pictures(json_t *images, const Result *result, const char *folder, const char *stem, GError **error) {
    const char *ref = result->ref_path ? result->ref_path : result->reference_path;
    const char *run = result->run_path ? result->run_path : ref;
    bool compared = result->status == RESULT_DIFFERENT || result->diff_path;
    if (result->status == RESULT_FAILED && !result->run_path)
        return add_picture(images, "ref", ref, folder, stem, error);
    return (!compared || add_picture(images, "ref", ref, folder, stem, error)) &&
           add_picture(images, "whole", result->whole_ref_path, folder, stem, error) &&
           add_picture(images, "run", run, folder, stem, error) &&
           add_picture(images, "diff", result->diff_path, folder, stem, error);
}

/* ---- The data ---- */

/* The file's text, the start of it cut off if it is long: the end tells what went wrong. */
static json_t *file_text(const char *path, size_t max_bytes) {
    g_autoptr(GBytes) bytes = path ? file_read(path, TEXT_FILE_MAX_BYTES, NULL) : NULL;
    if (!bytes)
        return json_null();
    size_t size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    size_t skipped = size > max_bytes ? size - max_bytes : 0;
    g_autofree char *kept = g_utf8_make_valid(data ? data + skipped : "", (gssize)(size - skipped));
    if (skipped == 0)
        return json_string(kept);
    g_autofree char *note =
        g_strdup_printf("(%zu bytes before this are left out; all is in %s)\n%s", skipped, path, kept);
    g_autofree char *valid = g_utf8_make_valid(note, -1);
    return json_string(valid);
}

static void cut_regions(json_t *data) {
    json_t *regions = json_object_get(data, "regions");
    while (json_array_size(regions) > MOST_REGIONS)
        json_array_remove(regions, json_array_size(regions) - 1);
}

/* Turns what results.json says of a result into what the page needs. */
static bool complete(json_t *data, const Result *result, guint number, const char *folder, GError **error) {
    size_t text_max_bytes = result_is_bad(result) ? BAD_TEXT_MAX_BYTES : GOOD_TEXT_MAX_BYTES;
    g_autofree char *name = slug(result->name);
    g_autofree char *stem = *name ? g_strdup_printf("%u-%s", number, name) : g_strdup_printf("%u", number);
    json_t *images = json_object();
    json_object_set_new(data, "images", images);
    if (!add_pictures(images, result, folder, stem, error))
        return false;
    json_object_set_new(data, "log", file_text(result->log_path, text_max_bytes));
    json_object_set_new(data, "config", file_text(result->config_path, text_max_bytes));
    cut_regions(data);
    return true;
}

/* JSON for inside <script>: without a '<', which in JSON stands in texts only, no "</script>" ends the block. */
static char *to_script_text(const json_t *json) {
    char *dumped = json_dumps(json, JSON_COMPACT);
    GString *text = g_string_sized_new(strlen(dumped));
    const char *rest = dumped;
    for (const char *at = NULL; (at = strchr(rest, '<')); rest = at + 1) {
        g_string_append_len(text, rest, at - rest);
        g_string_append(text, "\\u003c");
    }
    g_string_append(text, rest);
    free(dumped);
    return g_string_free(text, FALSE);
}

/* ---- The page ---- */

static char *policy_hash(const char *text) {
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize size = sizeof digest;
    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, digest, &size);
    g_autofree char *base64 = g_base64_encode(digest, size);
    return g_strdup_printf("'sha256-%s'", base64);
}

static const char *find_slot(const Slot *slots, size_t n_slots, const char *name, size_t n_name) {
    for (size_t i = 0; i < n_slots; i++)
        if (strlen(slots[i].name) == n_name && strncmp(slots[i].name, name, n_name) == 0)
            return slots[i].text;
    g_assert_not_reached();
}

static char *fill(const char *template, const Slot *slots, size_t n_slots) {
    GString *page = g_string_new(NULL);
    const char *open = NULL;
    while ((open = strstr(template, "{{"))) {
        const char *close = strstr(open, "}}");
        g_assert(close != NULL);
        g_string_append_len(page, template, open - template);
        g_string_append(page, find_slot(slots, n_slots, open + 2, (size_t)(close - open - 2)));
        template = close + 2;
    }
    g_string_append(page, template);
    return g_string_free(page, FALSE);
}

static char *tools(void) {
    g_autoptr(Html) html = html_new();
    tools_html(html, "Z");
    g_autoptr(GBytes) bytes = html_end(g_steal_pointer(&html));
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static bool write_page(const json_t *data, const char *index, GError **error) {
    g_autofree char *style = g_strconcat(embedded_text("html/stage.css"), embedded_text("report/gallery.css"), NULL);
    g_autofree char *script = g_strconcat(embedded_text("html/stage.js"), embedded_text("report/gallery.js"), NULL);
    g_autofree char *style_hash = policy_hash(style);
    g_autofree char *script_hash = policy_hash(script);
    g_autofree char *data_text = to_script_text(data), *tools_text = tools();
    const Slot slots[] = {
        {"version", DPXDT_VERSION}, {"style-hash", style_hash}, {"script-hash", script_hash}, {"style", style},
        {"script", script},         {"tools", tools_text},      {"data", data_text},
    };
    g_autofree char *page = fill(embedded_text("report/gallery.html"), slots, G_N_ELEMENTS(slots));
    g_assert(g_str_has_prefix(page, MARKER));
    return file_write_text(index, page, error);
}

bool report_write_gallery(const RunReport *report, const char *folder,
                          void (*progress)(int done, int total, void *data), void *data, GError **error) {
    g_autofree char *index = g_build_filename(folder, INDEX, NULL);
    if (!prepare_folder(folder, index, error))
        return false;

    json_auto_t *page = report_to_json(report);
    for (guint i = 0; i < report->results->len; i++) {
        json_t *result = json_array_get(json_object_get(page, "results"), i);
        if (!stop_check(error))
            return false;
        if (!complete(result, report->results->pdata[i], i + 1, folder, error))
            return false;
        if (progress)
            progress((int)i + 1, (int)report->results->len, data);
    }
    return write_page(page, index, error);
}
