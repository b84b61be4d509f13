#include "base/file.h"
#include "diff/diff.h"
#include "report/report.h"
#include "report/text.h"
#include "report/story.h"
#include "report/words.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *dir; /* a folder of the test's own */
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    f->dir = g_dir_make_tmp("dpxdt-report-XXXXXX", NULL);
    g_assert_nonnull(f->dir);
}

static void tear_down(Fixture *f, const void *unused) {
    g_assert_true(file_remove_tree(f->dir, NULL));
    g_free(f->dir);
}

/* ---- Results to tell about ---- */

static Result *add_result(RunReport *report, const char *name, ResultStatus status) {
    Result *result = result_new(name);
    result->status = status;
    result->file = g_strdup("tests/a.yaml");
    result->line = 12;
    result->url = g_strdup("http://localhost:8000/demo.html");
    result->reference_path = g_strdup_printf("tests/%s.png", name);
    g_ptr_array_add(report->results, result);
    return result;
}

static void add_region(Result *result, Box box, uint64_t changed_pixels) {
    Region region = {.box = box, .changed_pixels = changed_pixels, .score = 0.25};
    if (!result->regions)
        result->regions = g_array_new(FALSE, FALSE, sizeof(Region));
    g_array_append_val(result->regions, region);
    result->n_regions++;
    result->changed_pixels += changed_pixels;
}

static Result *add_different(RunReport *report, const char *name) {
    Result *result = add_result(report, name, RESULT_DIFFERENT);
    result->distortion = 0.0385669;
    result->ref_path = g_strdup_printf("/tmp/x/%s/ref_resized", name);
    result->run_path = g_strdup_printf("/tmp/x/%s/screenshot.png", name);
    result->diff_path = g_strdup_printf("/tmp/x/%s/diff.png", name);
    add_region(result, (Box){16, 120, 320, 40}, 1000);
    add_region(result, (Box){0, 0, 5, 5}, 200);
    add_region(result, (Box){90, 90, 7, 9}, 34);
    return result;
}

static void add_inserted_rows(Result *result) {
    const Band band = {.kind = BAND_INSERTED, .width = 1280, .reference_y = 120, .run_y = 120, .run_height = 64};
    result->width = 1280;
    result->bands = g_array_new(FALSE, FALSE, sizeof(Band));
    g_array_append_val(result->bands, band);
}

static Result *add_failed(RunReport *report, const char *name, const char *message) {
    Result *result = add_result(report, name, RESULT_FAILED);
    result->message = g_strdup(message);
    return result;
}

static char *read_text(const char *path) {
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* ---- JSON ---- */

static void a_report_survives_being_json(Fixture *f, const void *unused) {
    g_autofree char *path = g_build_filename(f->dir, "results.json", NULL);
    g_autoptr(RunReport) report = run_report_new("tests", false);
    report->started_ms = 1754300000123;
    report->duration_ms = 24300;
    report->browser = g_strdup("Chromium 130");
    add_result(report, "fine", RESULT_PASSED)->duration_ms = 812;
    Result *different = add_different(report, "demo \"x\" \n é");
    different->attempts = 2;
    different->width = 1280;
    different->reference_height = 8000;
    different->n_regions = 1234;
    different->reference_browser = g_strdup("Chromium 129");
    different->fingerprint = 0xfedcba9876543210;
    add_inserted_rows(different);

    g_assert_true(report_write_json(report, path, NULL));
    g_autoptr(RunReport) back = report_read_json(path, NULL);

    g_assert_nonnull(back);
    g_assert_cmpint(back->started_ms, ==, 1754300000123);
    g_assert_cmpstr(back->browser, ==, "Chromium 130");
    g_assert_cmpuint(back->results->len, ==, 2);
    const Result *second = back->results->pdata[1];
    g_assert_cmpint(second->status, ==, RESULT_DIFFERENT);
    g_assert_cmpstr(second->name, ==, "demo \"x\" \n é");
    g_assert_cmpfloat(second->distortion, ==, 0.0385669);
    g_assert_cmpuint(second->changed_pixels, ==, 1234);
    g_assert_cmpint(second->line, ==, 12);
    g_assert_cmpint(second->attempts, ==, 2);
    g_assert_cmpint(second->width, ==, 1280);
    g_assert_cmpint(second->reference_height, ==, 8000);
    g_assert_cmpstr(second->diff_path, ==, different->diff_path);
    g_assert_cmpstr(second->reference_browser, ==, "Chromium 129");
    g_assert_null(second->message);
    g_assert_cmpuint(second->n_regions, ==, 1234);
    g_assert_cmpuint(second->regions->len, ==, 3);
    const Region *region = &g_array_index(second->regions, Region, 0);
    g_assert_cmpint(region->box.width, ==, 320);
    g_assert_cmpuint(region->changed_pixels, ==, 1000);
    g_assert_cmpfloat(region->score, ==, 0.25);
    g_assert_cmpuint(second->fingerprint, ==, 0xfedcba9876543210);
    g_assert_cmpuint(second->bands->len, ==, 1);
    g_assert_cmpint(g_array_index(second->bands, Band, 0).run_height, ==, 64);
    g_assert_null(((const Result *)back->results->pdata[0])->bands);

    json_auto_t *first_time = report_to_json(report);
    json_auto_t *second_time = report_to_json(back);
    g_assert_true(json_equal(first_time, second_time));
}

static void json_which_is_no_report_is_refused(void) {
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"{}", "not a report of dpxdt"},
        {"[]", "not a report of dpxdt"},
        {"{\"format\": \"dpxdt-results-9\"}", "dpxdt-results-9"},
        {"{\"format\": \"dpxdt-results-1\", \"dir\": 3}", "dir is not a text"},
        {"{\"format\": \"dpxdt-results-1\", \"results\": [3]}", "result 1: status"},
        {"{\"format\": \"dpxdt-results-1\", \"results\": [{\"status\": \"fine\"}]}", "result 1: status"},
        {"{\"format\": \"dpxdt-results-1\", \"results\": [{\"status\": \"passed\"}]}", "no name"},
        {"{\"format\": \"dpxdt-results-1\", \"results\":"
         " [{\"status\": \"passed\", \"name\": \"a\", \"width\": -1}]}",
         "width is not a number"},
        {"{\"format\": \"dpxdt-results-1\", \"results\":"
         " [{\"status\": \"passed\", \"name\": \"a\", \"regions\": [{\"x\": \"1\"}]}]}",
         "x is not a number"},
        {"{\"format\": \"dpxdt-results-1\", \"results\":"
         " [{\"status\": \"passed\", \"name\": \"a\", \"bands\": 5}]}",
         "bands is not a list"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        json_auto_t *json = json_loads(cases[i].json, 0, NULL);
        g_assert_null(report_from_json(json, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_nonnull(strstr(error->message, cases[i].reason));
    }
}

static void a_report_that_moved_finds_its_files(void) {
    g_autoptr(RunReport) report = run_report_new("tests/", false);
    Result *result = add_result(report, "demo", RESULT_PASSED);
    result->run_path = g_strdup("tests/.dpxdt/last/demo/screenshot.png");
    result->log_path = g_strdup("tests-of-others/log.txt");

    run_report_move(report, "/mnt/job");

    g_assert_cmpstr(report->dir, ==, "/mnt/job");
    g_assert_cmpstr(result->reference_path, ==, "/mnt/job/demo.png");
    g_assert_cmpstr(result->run_path, ==, "/mnt/job/.dpxdt/last/demo/screenshot.png");
    g_assert_cmpstr(result->log_path, ==, "tests-of-others/log.txt");
}

/* ---- JUnit ---- */

/* What a parser sees: "<name a=[b]>text</name>". */
static void see_start(GMarkupParseContext *context, const char *element, const char **names, const char **values,
                      void *seen, GError **error) {
    g_string_append_printf(seen, "<%s", element);
    for (size_t i = 0; names[i]; i++)
        g_string_append_printf(seen, " %s=[%s]", names[i], values[i]);
    g_string_append_c(seen, '>');
}

static void see_end(GMarkupParseContext *context, const char *element, void *seen, GError **error) {
    g_string_append_printf(seen, "</%s>", element);
}

static void see_text(GMarkupParseContext *context, const char *text, size_t size, void *seen, GError **error) {
    g_string_append_len(seen, text, (gssize)size);
}

static char *parse_xml(const char *path) {
    static const GMarkupParser parser = {see_start, see_end, see_text, NULL, NULL};
    g_autofree char *xml = read_text(path);
    GString *seen = g_string_new(NULL);
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, seen, NULL);
    g_assert_true(g_markup_parse_context_parse(context, xml, -1, NULL));
    g_assert_true(g_markup_parse_context_end_parse(context, NULL));
    return g_string_free(seen, FALSE);
}

static void assert_has(const char *text, const char *part) {
    if (!strstr(text, part))
        g_error("this is missing:\n%s\nin:\n%s", part, text);
}

static void junit_has_a_suite_for_each_file(Fixture *f, const void *unused) {
    g_autofree char *path = g_build_filename(f->dir, "junit.xml", NULL);
    g_autoptr(RunReport) report = run_report_new("tests", false);
    report->duration_ms = 1500;
    add_result(report, "fine", RESULT_PASSED)->duration_ms = 250;
    add_different(report, "demo");
    add_result(report, "new", RESULT_MISSING);
    Result *other = add_failed(report, "down", "it answered 503");
    g_free(other->file);
    other->file = g_strdup("tests/b.yaml");

    g_assert_true(report_write_junit(report, path, NULL));

    g_autofree char *seen = parse_xml(path);
    assert_has(seen, "<testsuites name=[tests] tests=[4] failures=[2] errors=[1] skipped=[0] time=[1.500]>");
    assert_has(seen, "<testsuite name=[tests/a.yaml] tests=[3] failures=[2] errors=[0]");
    assert_has(seen, "<testsuite name=[tests/b.yaml] tests=[1] failures=[0] errors=[1]");
    assert_has(seen, "<testcase name=[fine] classname=[tests/a] file=[tests/a.yaml] line=[12] time=[0.250]>");
    assert_has(seen, "<failure type=[different] message=[0.0385669 distortion, 1,234 pixels changed in 3 areas, "
                     "the largest 320x40 at (16,120)]>");
    assert_has(seen, "(16,120)\n5x5 at (0,0): changed, 200 pixels\n7x9 at (90,90): changed, 34 pixels</failure>");
    assert_has(seen, "Diff: /tmp/x/demo/diff.png");
    assert_has(seen, "<failure type=[missing] message=[Reference image tests/new.png does not exist.");
    assert_has(seen, "<error type=[failed] message=[it answered 503]>it answered 503</error>");
}

static void junit_holds_any_text(Fixture *f, const void *unused) {
    g_autofree char *path = g_build_filename(f->dir, "junit.xml", NULL);
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_failed(report, "<a href=\"x\">&amp;' \x1b[31m", "first ]]> \x01\x02 \xff line\nsecond \xef\xbf\xbe");

    g_assert_true(report_write_junit(report, path, NULL));

    g_autofree char *seen = parse_xml(path);
    g_autofree char *xml = read_text(path);
    assert_has(seen, "<testcase name=[<a href=\"x\">&amp;' \uFFFD[31m]");
    assert_has(seen, "first ]]> \uFFFD\uFFFD \uFFFD line\nsecond \uFFFD</error>");
    g_assert_null(strchr(xml, '\x1b'));
    g_assert_null(strstr(xml, "&#x1"));
}

/* ---- GitHub ---- */

static void github_escapes_what_its_runner_would_cut_at(void) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_result(report, "fine", RESULT_PASSED);
    add_different(report, "demo");
    Result *odd = add_failed(report, "a: 100%, b", "50% of it\r\nfailed: why, we\x1b do not know");
    g_free(odd->file);
    odd->file = g_strdup("tests/x,y:z.yaml");

    g_autofree char *text = report_to_github(report);

    g_assert_cmpstr(text, ==,
                    "::error file=tests/a.yaml,line=12,title=demo%3A looks different::0.0385669 distortion, "
                    "1,234 pixels changed in 3 areas, the largest 320x40 at (16,120)\n"
                    "::error file=tests/x%2Cy%3Az.yaml,line=12,title=a%3A 100%25%2C b%3A failed::"
                    "50%25 of it%0Afailed: why, we\uFFFD do not know\n");
}

/* ---- Text ---- */

/* Sends what is printed to a file until end_capture(). */
typedef struct {
    char *path;
    int saved[2];
} Captured;

static Captured begin_capture(const char *dir) {
    Captured captured = {g_build_filename(dir, "printed", NULL), {dup(1), dup(2)}};
    int file = open(captured.path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
    fflush(stdout);
    g_assert_true(file >= 0 && dup2(file, 1) == 1 && dup2(file, 2) == 2);
    close(file);
    return captured;
}

static char *end_capture(Captured captured) {
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        dup2(captured.saved[i], i + 1);
        close(captured.saved[i]);
    }
    char *text = read_text(captured.path);
    g_free(captured.path);
    return text;
}

/* Prints the report as it would have come from tests which end in the given order. */
static char *print_report(const Fixture *f, const RunReport *report, const int *order, bool live, bool color) {
    int n = (int)report->results->len;
    Captured captured = begin_capture(f->dir);
    g_autoptr(TextReport) text = text_report_new(n, report->update, live, color);
    for (int i = 0; i < n; i++)
        text_report_begin(text, i, ((const Result *)report->results->pdata[i])->name);
    for (int i = 0; i < n; i++)
        text_report_result(text, order[i], report->results->pdata[order[i]]);
    text_report_end(text, report);
    return end_capture(captured);
}

static void a_pipe_gets_the_old_lines_in_the_suites_order(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_result(report, "fine", RESULT_PASSED);
    add_different(report, "demo")->attempts = 2;
    Result *tolerated = add_result(report, "nearly", RESULT_PASSED);
    add_region(tolerated, (Box){1, 2, 3, 4}, 1);
    add_result(report, "new", RESULT_MISSING);
    add_failed(report, "down", "it answered 503\nfor http://localhost/");

    g_autofree char *printed = print_report(f, report, (int[]){3, 1, 4, 0, 2}, false, false);

    g_assert_cmpstr(printed, ==,
                    "fine: Running webpage capture process\n"
                    "fine: Resizing reference image\n"
                    "fine: Running perceptual diff process\n"
                    "fine passed (no diff)\n"
                    "demo: Running webpage capture process\n"
                    "demo: Resizing reference image\n"
                    "demo: Running perceptual diff process\n"
                    "demo failed\n"
                    "  0.0385669 distortion\n"
                    "  Ref:  /tmp/x/demo/ref_resized\n"
                    "  Run:  /tmp/x/demo/screenshot.png\n"
                    "  Diff: /tmp/x/demo/diff.png\n"
                    " (all):     /tmp/x/demo/{ref_resized,screenshot.png,diff.png}\n"
                    "      1,234 pixels changed in 3 areas, the largest 320x40 at (16,120)\n"
                    "        5x5 at (0,0): changed, 200 pixels\n"
                    "        7x9 at (90,90): changed, 34 pixels\n"
                    "      (attempt 2)\n"
                    "nearly: Running webpage capture process\n"
                    "nearly: Resizing reference image\n"
                    "nearly: Running perceptual diff process\n"
                    "nearly passed (within tolerance)\n"
                    "      1 pixel changed in 1 area, 3x4 at (1,2)\n"
                    "new: Running webpage capture process\n"
                    "new failed\n"
                    "  Reference image tests/new.png does not exist. Try running in update mode.\n"
                    "down: Running webpage capture process\n"
                    "down failed\n"
                    "  it answered 503\n"
                    "      for http://localhost/\n"
                    "3 test(s) failed.\n");
}

static void a_pipe_gets_the_old_lines_of_an_update(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", true);
    add_result(report, "demo", RESULT_UPDATED);
    add_result(report, "same", RESULT_UNCHANGED);

    g_autofree char *printed = print_report(f, report, (int[]){1, 0}, false, false);

    g_assert_cmpstr(printed, ==,
                    "demo: Running webpage capture process\n"
                    "demo: Updated tests/demo.png\n"
                    "same: Running webpage capture process\n"
                    "same: Unchanged tests/same.png\n"
                    "All tests passed!\n");
}

typedef struct {
    TextReport *text;
    const RunReport *report;
    int first; /* every fourth test from here is this thread's */
} Worker;

static void *report_every_fourth(void *data) {
    const Worker *worker = data;
    for (int i = worker->first; i < (int)worker->report->results->len; i += 4) {
        const Result *result = worker->report->results->pdata[i];
        text_report_begin(worker->text, i, result->name);
        text_report_result(worker->text, i, result);
    }
    return NULL;
}

static void threads_may_report_at_once(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", true);
    g_autoptr(GString) expected = g_string_new(NULL);
    for (int i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("page-%d", i);
        add_result(report, name, RESULT_UPDATED);
        g_string_append_printf(expected, "%s: Running webpage capture process\n%s: Updated tests/%s.png\n", name, name,
                               name);
    }
    Captured captured = begin_capture(f->dir);
    g_autoptr(TextReport) text = text_report_new(100, true, false, false);
    pthread_t threads[4];
    Worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (Worker){text, report, i};
        g_assert_cmpint(pthread_create(&threads[i], NULL, report_every_fourth, &workers[i]), ==, 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    g_autofree char *printed = end_capture(captured);

    g_assert_cmpstr(printed, ==, expected->str);
}

static void a_run_that_was_stopped_does_not_pass(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    Result *result = add_result(report, "fine", RESULT_PASSED);
    Captured captured = begin_capture(f->dir);
    g_autoptr(TextReport) text = text_report_new(3, false, false, false);
    text_report_result(text, 2, result);
    text_report_end(text, report);
    g_autofree char *printed = end_capture(captured);

    g_assert_true(g_str_has_suffix(printed, "fine passed (no diff)\n2 test(s) did not run.\n"));
}

static void no_control_character_reaches_the_terminal(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_failed(report, "evil\x1b]0;title\x07\r\n",
               "mess\x1b[2J\xc2\x9b"
               "31m age \u202e");
    add_different(report, "new\nline");

    for (int live = 0; live <= 1; live++) {
        g_autofree char *printed = print_report(f, report, (int[]){1, 0}, live, false);
        g_autoptr(GString) rest = g_string_new(printed);
        g_string_replace(rest, "\r\033[K", "", 0); /* which erases the progress bar */
        for (const char *at = rest->str; *at; at = g_utf8_next_char(at))
            g_assert_true(*at == '\n' || !g_unichar_iscntrl(g_utf8_get_char(at)));
        g_assert_null(strstr(rest->str, "\u202e"));
        g_assert_null(strstr(rest->str, "new\nline"));
    }
}

static void the_live_form_fits_the_terminal(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests of mine", false);
    g_autofree char *long_name = g_strnfill(300, 'n');
    add_result(report, "日本語のとても長いページの名前日本語のとても長いページの名前日本語のとても長いページ",
               RESULT_PASSED);
    add_different(report, long_name);
    add_failed(report, "down", long_name);

    g_autofree char *printed = print_report(f, report, (int[]){2, 0, 1}, true, false);

    g_auto(GStrv) parts = g_regex_split_simple("\r\033\\[K|\n", printed, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
    bool summary = false;
    for (char **part = parts; *part; part++) {
        int columns = 0;
        for (const char *at = *part; *at; at = g_utf8_next_char(at))
            columns += g_unichar_iswide(g_utf8_get_char(at)) ? 2 : 1;
        summary = summary || g_str_has_prefix(*part, "1 failed, 1 different, 1 passed in ");
        g_assert_true(summary || columns < 80);
    }
    g_assert_true(summary);
    assert_has(printed, "2 of 3");
    assert_has(printed, "dpxdt report 'tests of mine'");
    assert_has(printed, "dpxdt approve 'tests of mine'");
}

static void a_message_of_many_lines_stays_one_block(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_failed(report, "down", "Error: one\r\n\n   \n\nother passed (no diff)\n  0.5 distortion\n\n");
    const char *block = "down failed\n"
                        "  Error: one\n"
                        "      other passed (no diff)\n"
                        "        0.5 distortion\n"
                        "1 test(s) failed.\n";

    g_autofree char *plain = print_report(f, report, (int[]){0}, false, false);
    g_autofree char *annotation = report_to_github(report);

    assert_has(plain, block);
    assert_has(annotation, "::Error: one%0Aother passed (no diff)%0A  0.5 distortion\n");
}

static void the_live_summary_has_whole_messages(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_failed(report, "down",
               "http://localhost:8000/a/page/with/a/rather/long/address?and=a&query=string&of=some&length=too does not "
               "load: net::ERR_CONNECTION_REFUSED, nothing listens there\nsecond line");
    add_different(report, "demo");

    g_autofree char *printed = print_report(f, report, (int[]){0, 1}, true, false);

    assert_has(
        printed,
        "  failed     down\n"
        "             http://localhost:8000/a/page/with/a/rather/long/address?and=a&query=string&of=some&length=too\n"
        "             does not load: net::ERR_CONNECTION_REFUSED, nothing listens there\n"
        "             second line\n"
        "  different  demo\n"
        "             0.0385669 distortion, 1,234 pixels changed in 3 areas, the largest\n"
        "             320x40 at (16,120)\n"
        "               5x5 at (0,0): changed, 200 pixels\n"
        "               7x9 at (90,90): changed, 34 pixels\n"
        "             /tmp/x/demo/diff.png\n");
}

static void a_terminal_is_not_told_that_an_update_passed(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", true);
    add_result(report, "demo", RESULT_UPDATED);
    g_autofree char *printed = print_report(f, report, (int[]){0}, true, false);
    assert_has(printed, "1 updated in 0.0 s\nAll references are up to date.\n");
}

static void colours_are_printed_only_where_wanted(Fixture *f, const void *unused) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_different(report, "demo");
    g_autofree char *plain = print_report(f, report, (int[]){0}, true, false);
    g_autofree char *coloured = print_report(f, report, (int[]){0}, true, true);
    g_assert_null(strstr(plain, "\033[0m"));
    g_assert_nonnull(strstr(coloured, "\033[1;31m"));
}

/* ---- Gallery ---- */

static void put(const char *dir, const char *name, const char *text) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(file_write_text(path, text, NULL));
}

static bool is_there(const char *dir, const char *name) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static char *make_picture(const Fixture *f, const char *name) {
    put(f->dir, name, name);
    return g_build_filename(f->dir, name, NULL);
}

static void count_progress(int done, int total, void *data) {
    *(int *)data += done <= total;
}

static void the_gallery_is_a_page_and_its_pictures(Fixture *f, const void *unused) {
    g_autofree char *folder = g_build_filename(f->dir, "gallery", NULL);
    g_autoptr(RunReport) report = run_report_new("tests", false);
    Result *fine = add_result(report, "Fine & dandy/é", RESULT_PASSED);
    fine->run_path = make_picture(f, "run.png");
    fine->ref_path = make_picture(f, "ref.png");
    Result *different = add_result(report, "</script><!--", RESULT_DIFFERENT);
    different->ref_path = make_picture(f, "ref.png");
    different->run_path = make_picture(f, "run.png");
    different->diff_path = make_picture(f, "diff.png");
    different->log_path = make_picture(f, "</script>");
    Result *gone = add_result(report, "é", RESULT_DIFFERENT);
    gone->run_path = g_build_filename(f->dir, "no such file", NULL);
    gone->log_path = make_picture(f, "empty");
    put(f->dir, "empty", "");
    int calls = 0;

    g_assert_true(report_write_gallery(report, folder, count_progress, &calls, NULL));

    g_assert_cmpint(calls, ==, 3);
    g_assert_true(is_there(folder, "images/1-fine-dandy-run.png"));
    g_assert_false(is_there(folder, "images/1-fine-dandy-ref.png"));
    g_assert_true(is_there(folder, "images/2-script-ref.png"));
    g_assert_true(is_there(folder, "images/2-script-run.png"));
    g_assert_true(is_there(folder, "images/2-script-diff.png"));
    g_assert_false(is_there(folder, "images/3-run.png"));
    g_autofree char *index = g_build_filename(folder, "index.html", NULL);
    g_autofree char *page = read_text(index);
    assert_has(page, "\"name\":\"\\u003c/script>\\u003c!--\"");
    g_assert_null(strstr(page, "</script><!--"));
    g_assert_null(strstr(page, "{{"));
}

static void a_gallery_replaces_only_a_gallery(Fixture *f, const void *unused) {
    g_autofree char *folder = g_build_filename(f->dir, "gallery", NULL);
    g_autofree char *site = g_build_filename(f->dir, "site", NULL);
    g_autoptr(RunReport) report = run_report_new("tests", false);
    add_result(report, "a", RESULT_PASSED)->run_path = make_picture(f, "run.png");
    put(site, "index.html", "<!DOCTYPE html><title>mine</title>");

    g_assert_true(report_write_gallery(report, folder, NULL, NULL, NULL));
    put(folder, "images/7-of-an-earlier-run.png", "");
    g_assert_true(report_write_gallery(report, folder, NULL, NULL, NULL));
    g_assert_false(is_there(folder, "images/7-of-an-earlier-run.png"));

    put(folder, "images/holiday.png", "");
    g_autoptr(GError) foreign_picture = NULL;
    g_assert_false(report_write_gallery(report, folder, NULL, NULL, &foreign_picture));
    g_assert_true(error_is(foreign_picture, ERROR_INVALID));
    g_assert_true(is_there(folder, "images/1-a-run.png"));

    g_autoptr(GError) foreign_page = NULL;
    g_assert_false(report_write_gallery(report, site, NULL, NULL, &foreign_page));
    g_assert_true(error_is(foreign_page, ERROR_INVALID));

    g_autoptr(GError) foreign_folder = NULL;
    g_assert_false(report_write_gallery(report, f->dir, NULL, NULL, &foreign_folder));
    g_assert_true(error_is(foreign_folder, ERROR_INVALID));
}

/* ---- Words ---- */

static void numbers_and_durations_are_readable(void) {
    static const struct {
        uint64_t number;
        const char *text;
    } numbers[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}};
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {{0, "0.0 s"}, {812, "0.8 s"}, {59499, "59.5 s"}, {59500, "1 min 0 s"}, {125000, "2 min 5 s"}};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *text = words_number(numbers[i].number);
        g_assert_cmpstr(text, ==, numbers[i].text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(durations); i++) {
        g_autofree char *text = words_duration(durations[i].ms);
        g_assert_cmpstr(text, ==, durations[i].text);
    }
}

static void rows_are_told_before_pixels(void) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    Result *result = add_different(report, "demo");
    add_inserted_rows(result);
    g_autofree char *words = story_why(result);
    g_assert_cmpstr(words, ==,
                    "0.0385669 distortion, 64 rows inserted at y=120; 1,234 pixels changed in 3 areas, the largest "
                    "320x40 at (16,120)");
}

static void areas_are_counted_though_only_some_are_kept(void) {
    g_autoptr(RunReport) report = run_report_new("tests", false);
    Result *result = add_different(report, "demo");
    result->n_regions = 4321;
    g_autofree char *words = story_change(result);
    g_assert_cmpstr(words, ==, "1,234 pixels changed in 4,321 areas, the largest 320x40 at (16,120)");
}

static void add(const char *name, void (*test)(Fixture *f, const void *unused)) {
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    add("/report/json/a-report-survives-being-json", a_report_survives_being_json);
    g_test_add_func("/report/json/json-which-is-no-report-is-refused", json_which_is_no_report_is_refused);
    g_test_add_func("/report/json/a-report-that-moved-finds-its-files", a_report_that_moved_finds_its_files);
    add("/report/junit/has-a-suite-for-each-file", junit_has_a_suite_for_each_file);
    add("/report/junit/holds-any-text", junit_holds_any_text);
    g_test_add_func("/report/github/escapes-what-its-runner-would-cut-at", github_escapes_what_its_runner_would_cut_at);
    add("/report/text/a-pipe-gets-the-old-lines-in-the-suites-order", a_pipe_gets_the_old_lines_in_the_suites_order);
    add("/report/text/a-pipe-gets-the-old-lines-of-an-update", a_pipe_gets_the_old_lines_of_an_update);
    add("/report/text/threads-may-report-at-once", threads_may_report_at_once);
    add("/report/text/a-run-that-was-stopped-does-not-pass", a_run_that_was_stopped_does_not_pass);
    add("/report/text/no-control-character-reaches-the-terminal", no_control_character_reaches_the_terminal);
    add("/report/text/the-live-form-fits-the-terminal", the_live_form_fits_the_terminal);
    add("/report/text/a-message-of-many-lines-stays-one-block", a_message_of_many_lines_stays_one_block);
    add("/report/text/the-live-summary-has-whole-messages", the_live_summary_has_whole_messages);
    add("/report/text/a-terminal-is-not-told-that-an-update-passed", a_terminal_is_not_told_that_an_update_passed);
    add("/report/text/colours-are-printed-only-where-wanted", colours_are_printed_only_where_wanted);
    add("/report/gallery/is-a-page-and-its-pictures", the_gallery_is_a_page_and_its_pictures);
    add("/report/gallery/replaces-only-a-gallery", a_gallery_replaces_only_a_gallery);
    g_test_add_func("/report/words/numbers-and-durations-are-readable", numbers_and_durations_are_readable);
    g_test_add_func("/report/words/rows-are-told-before-pixels", rows_are_told_before_pixels);
    g_test_add_func("/report/words/areas-are-counted-though-only-some-are-kept",
                    areas_are_counted_though_only_some_are_kept);
    return g_test_run();
}
