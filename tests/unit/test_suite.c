#include "base/file.h"
#include "config/suite.h"

#include <glib.h>
#include <string.h>

static Suite *read_text(const char *text, GError **error) {
    g_autoptr(Suite) suite = suite_new("tests");
    return suite_add(suite, "tests/a.yaml", text, strlen(text), error) ? g_steal_pointer(&suite) : NULL;
}

static Suite *read_good(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = read_text(text, &error);
    g_assert_no_error(error);
    return g_steal_pointer(&suite);
}

static const TestFile *file_of(const Suite *suite, unsigned i) {
    return suite->files->pdata[i];
}

static const TestCase *test_of(const Suite *suite, unsigned i) {
    return file_of(suite, 0)->tests->pdata[i];
}

typedef struct {
    const char *text;
    const char *message;
} Refusal;

static void assert_refused(const Refusal *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Suite) suite = read_text(cases[i].text, &error);
        g_assert_null(suite);
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void assert_error_begins(const char *text, const char *begin) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = read_text(text, &error);
    g_assert_null(suite);
    g_autofree char *shown = g_strndup(error->message, strlen(begin));
    g_assert_cmpstr(shown, ==, begin);
}

static Suite *load_data(GError **error) {
    g_autofree char *dir = g_test_build_filename(G_TEST_DIST, "data", "yaml", NULL);
    return suite_load(dir, error);
}

static void real_files_load_in_the_order_of_their_names(void) {
    static const struct {
        const char *file;
        unsigned n_tests;
        const char *first;
    } cases[] = {
        {"danvk-comparea.yaml", 8, "widescreen"},
        {"danvk-dygraphs.yaml", 14, "demo"},
        {"generator-style.yaml", 3, "desk--de"},
        {"hammerlab-cycledash.yaml", 4, "examine"},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = load_data(&error);
    g_assert_no_error(error);
    g_assert_cmpuint(suite->warnings->len, ==, 0);
    g_assert_cmpuint(suite->files->len, ==, G_N_ELEMENTS(cases));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const TestFile *file = file_of(suite, i);
        const TestCase *first = file->tests->pdata[0];
        g_assert_true(g_str_has_suffix(file->path, cases[i].file));
        g_assert_cmpuint(file->tests->len, ==, cases[i].n_tests);
        g_assert_cmpstr(first->name, ==, cases[i].first);
    }
}

static void a_test_has_its_url_config_and_picture(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- name: a b/c.d\n  description: what\n  url: http://h/1\n"
                  "  config: {viewportSize: {width: 5, height: 6}}\n- {name: e, url: 'http://h/2'}\n");
    const TestCase *first = test_of(suite, 0), *second = test_of(suite, 1);
    g_assert_cmpstr(first->name, ==, "a b/c.d");
    g_assert_cmpstr(first->description, ==, "what");
    g_assert_cmpstr(first->reference_path, ==, "tests/a b/c.d.png");
    g_assert_cmpint(first->place.line, ==, 2);
    g_assert_cmpint(first->arms[ARM_RUN]->width, ==, 5);
    g_assert_true(first->arms[ARM_RUN] == first->arms[ARM_REFERENCE]);
    g_assert_cmpstr(second->arms[ARM_RUN]->target_url, ==, "http://h/2");
    g_assert_cmpint(second->arms[ARM_RUN]->width, ==, 400);
    g_assert_null(second->description);
}

static void ref_and_run_are_two_captures(void) {
    g_autoptr(Suite) suite = read_good("tests:\n- name: a\n  hide: .x\n  ref: {url: 'http://h/1'}\n"
                                       "  run: {url: 'http://h/2', config: {injectJs: b, hide: .y}}\n");
    const TestCase *test = test_of(suite, 0);
    const CaptureSpec *ref = test->arms[ARM_REFERENCE], *run = test->arms[ARM_RUN];
    g_assert_cmpstr(ref->target_url, ==, "http://h/1");
    g_assert_cmpstr(run->target_url, ==, "http://h/2");
    g_assert_null(ref->inject_js);
    g_assert_cmpstr(run->inject_js, ==, "b");
    g_assert_cmpstr(ref->hide->pdata[0], ==, ".x");
    g_assert_cmpstr(run->hide->pdata[0], ==, ".x");
}

static void what_stands_beside_the_config_wins(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- name: a\n  url: http://h/\n  delay: 5\n  still: off\n  tolerance: 0.5\n"
                  "  config: {delay: 6, injectCss: x, tolerance: 0.25}\n"
                  "- name: b\n  url: http://h/\n  config: {tolerance: 0.25}\n");
    const CaptureSpec *spec = test_of(suite, 0)->arms[ARM_RUN];
    g_assert_cmpint(spec->delay_ms, ==, 5);
    g_assert_cmpint(spec->still.mode, ==, STILL_OFF);
    g_assert_cmpstr(spec->inject_css, ==, "x");
    g_assert_cmpint(json_integer_value(json_object_get(spec->config, "delay")), ==, 5);
    g_assert_cmpfloat(test_of(suite, 0)->criteria.tolerance, ==, 0.5);
    g_assert_cmpfloat(test_of(suite, 1)->criteria.tolerance, ==, 0.25);
    g_assert_cmpuint(suite->warnings->len, ==, 0);
}

static void a_test_says_by_what_pictures_are_told_apart(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- {name: a, url: 'http://h/'}\n"
                  "- {name: b, url: 'http://h/', metric: ciede2000, antialiasing: ignore, align: no}\n"
                  "- {name: c, url: 'http://h/', threshold: 100, config: {metric: ciede2000, threshold: 1000}}\n"
                  "- name: d\n  ref: {url: 'http://h/', config: {metric: yiq, tolerance: 0.5, align: false}}\n"
                  "  run: {url: 'http://h/', config: {metric: oklab, align: true}}\n");
    const Criteria *plain = &test_of(suite, 0)->criteria, *all = &test_of(suite, 1)->criteria;
    const Criteria *mixed = &test_of(suite, 2)->criteria, *paired = &test_of(suite, 3)->criteria;
    g_assert_cmpint(plain->metric, ==, METRIC_EXACT);
    g_assert_cmpfloat(plain->threshold, ==, 0);
    g_assert_true(plain->align && !plain->ignore_antialiasing);
    g_assert_cmpint(all->metric, ==, METRIC_CIEDE2000);
    g_assert_cmpfloat(all->threshold, ==, 1);
    g_assert_true(!all->align && all->ignore_antialiasing);
    g_assert_cmpfloat(mixed->threshold, ==, 100);
    g_assert_cmpint(paired->metric, ==, METRIC_OKLAB);
    g_assert_cmpfloat(paired->tolerance, ==, 0.5);
    g_assert_true(paired->align);
    g_assert_cmpuint(suite->warnings->len, ==, 0);
}

static void tolerances_of_a_test_win_over_those_of_its_config(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- name: a\n  url: http://h/\n  tolerances: [{selector: .b, tolerance: 0.5}]\n"
                  "  config: {tolerances: [{selector: .c, tolerance: 1}, {selector: .d, tolerance: 1}]}\n");
    const GPtrArray *tolerances = test_of(suite, 0)->arms[ARM_RUN]->tolerances;
    const AreaTolerance *only = tolerances->pdata[0];
    g_assert_cmpuint(tolerances->len, ==, 1);
    g_assert_cmpstr(only->area.selector, ==, ".b");
    g_assert_cmpuint(suite->warnings->len, ==, 0);
}

static void each_viewport_is_a_picture_of_its_own(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- name: a\n  url: http://h/\n  viewports:\n  - {width: 320, height: 480}\n"
                  "  - {width: 320, height: 480, name: phone, touch: true}\n"
                  "  config: {viewportSize: {width: 1, height: 2}, injectCss: x}\n");
    const TestCase *first = test_of(suite, 0), *second = test_of(suite, 1);
    g_assert_cmpuint(file_of(suite, 0)->tests->len, ==, 2);
    g_assert_cmpstr(first->name, ==, "a@320x480");
    g_assert_cmpstr(second->name, ==, "a@phone");
    g_assert_cmpstr(second->reference_path, ==, "tests/a@phone.png");
    g_assert_cmpint(first->arms[ARM_RUN]->width, ==, 320);
    g_assert_cmpstr(first->arms[ARM_RUN]->inject_css, ==, "x");
    g_assert_true(second->arms[ARM_RUN]->touch);
    g_assert_cmpuint(suite->warnings->len, ==, 0);
}

static void viewports_may_stand_in_the_config(void) {
    g_autoptr(Suite) suite =
        read_good("tests:\n- name: a\n  url: http://h/\n  config: {viewports: [{width: 1, height: 2}]}\n");
    g_assert_cmpstr(test_of(suite, 0)->name, ==, "a@1x2");
    g_assert_null(json_object_get(test_of(suite, 0)->arms[ARM_RUN]->config, "viewports"));
}

static void setup_and_wait_for_are_read(void) {
    static const char tests[] = "tests: [{name: a, url: 'http://h/'}]\n";
    static const struct {
        const char *text, *setup, *url, *script;
        int timeout_ms;
    } cases[] = {
        {"", NULL, NULL, NULL, 0},
        {"setup: |\n  sleep 1\nname: anything\naliases: [{x: 1}]\n", "sleep 1\n", NULL, NULL, 0},
        {"waitFor: {url: 'http://h/'}\n", NULL, "http://h/", NULL, 10000},
        {"waitFor: {url: 'http://h/', timeout_secs: 1.5}\n", NULL, "http://h/", NULL, 1500},
        {"waitFor: exit 0\n", NULL, NULL, "exit 0", 30000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(cases[i].text, tests, NULL);
        g_autoptr(Suite) suite = read_good(text);
        const TestFile *file = file_of(suite, 0);
        g_assert_cmpstr(file->setup, ==, cases[i].setup);
        g_assert_cmpstr(file->wait_for.url, ==, cases[i].url);
        g_assert_cmpstr(file->wait_for.script, ==, cases[i].script);
        g_assert_cmpint(file->wait_for.timeout_ms, ==, cases[i].timeout_ms);
        g_assert_cmpuint(suite->warnings->len, ==, 0);
    }
}

static void a_wrong_file_is_refused_with_its_place(void) {
    static const Refusal cases[] = {
        {"", "tests/a.yaml:1:1: the file must be a map, not empty"},
        {"- a\n", "tests/a.yaml:1:1: the file must be a map, not a list"},
        {"setup: x\n", "tests/a.yaml:1:1: tests is missing"},
        {"setup: x\ntest: []\n", "tests/a.yaml:1:1: tests is missing; is \"test\" meant to be it?"},
        {"waitFor: http://h/\ntests: []\n",
         "tests/a.yaml:1:10: waitFor would be a bash script; a URL is written so: waitFor: {url: \"http://h/\"}"},
        {"waitFor: |\n  https://h/a\ntests: []\n",
         "tests/a.yaml:1:10: waitFor would be a bash script; a URL is written so: waitFor: {url: \"https://h/a\"}"},
        {"tests: []\n", "tests/a.yaml:1:8: tests must have at least one element"},
        {"tests: {a: 1}\n", "tests/a.yaml:1:8: tests must be a list, not a map"},
        {"setup: [x]\ntests: []\n", "tests/a.yaml:1:8: setup must be a text, not a list"},
        {"waitFor: 5\ntests: []\n", "tests/a.yaml:1:10: waitFor must be a bash script, or a map of "
                                    "url and timeout_secs, not 5"},
        {"waitFor: {timeout_secs: 5}\ntests: []\n", "tests/a.yaml:1:10: waitFor.url is missing"},
        {"waitFor: {url: 'http://h/', timeout_secs: soon}\ntests: []\n",
         "tests/a.yaml:1:43: waitFor.timeout_secs must be a number from 0 to 3600, not \"soon\""},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_wrong_test_is_refused_with_its_place(void) {
    static const Refusal cases[] = {
        {"tests:\n- a\n", "tests/a.yaml:2:3: tests[0] must be a map, not \"a\""},
        {"tests:\n- url: http://h/\n", "tests/a.yaml:2:3: tests[0].name is missing"},
        {"tests:\n- name: ''\n  url: http://h/\n  viewports: [{width: 1, height: 1}]\n",
         "tests/a.yaml:2:9: tests[0].name must have at least one character, not \"\""},
        {"tests:\n- name: 12\n  url: http://h/\n",
         "tests/a.yaml:2:9: tests[0].name must be a text (put it in quotes), not 12"},
        {"tests:\n- name: on\n  url: http://h/\n",
         "tests/a.yaml:2:9: tests[0].name must be a text (put it in quotes), not true"},
        {"tests:\n- name: a\n", "tests/a.yaml:2:3: tests[0] needs a url, or ref and run"},
        {"tests:\n- name: a\n  config: {}\n", "tests/a.yaml:2:3: tests[0] needs a url, or ref and run"},
        {"tests:\n- name: a\n  ref: {url: 'http://h/'}\n", "tests/a.yaml:2:3: tests[0] needs run beside ref"},
        {"tests:\n- name: a\n  run: {url: 'http://h/'}\n", "tests/a.yaml:2:3: tests[0] needs ref beside run"},
        {"tests:\n- name: a\n  url: http://h/\n  run: {url: 'http://h/'}\n",
         "tests/a.yaml:2:3: tests[0] has url or config, and also ref or run: only one of both "
         "works"},
        {"tests:\n- name: a\n  ref: {}\n  run: {url: 'http://h/'}\n", "tests/a.yaml:3:8: tests[0].ref.url is missing"},
        {"tests:\n- name: a\n  url: file:///etc/passwd\n",
         "tests/a.yaml:3:8: tests[0].url must begin with http:// or https:// (file: would show "
         "what "
         "lies on this machine), not \"file:///etc/passwd\""},
        {"tests:\n- name: a\n  url: http://h/\n  config: x\n",
         "tests/a.yaml:4:11: tests[0].config must be a map, not \"x\""},
        {"tests:\n- name: a\n  url: http://h/\n  config:\n    viewportSize: {width: wide, height: "
         "1}\n",
         "tests/a.yaml:5:27: viewportSize.width must be a whole number from 1 to 32767, not "
         "\"wide\""},
        {"tests:\n- name: a\n  url: http://h/\n  delay: soon\n",
         "tests/a.yaml:4:10: delay must be a whole number from 0 to 3600000, not \"soon\""},
        {"tests:\n- name: a\n  url: http://h/\n  tolerance: 2\n",
         "tests/a.yaml:4:14: tests[0].tolerance must be a number from 0 to 1, not 2"},
        {"tests:\n- name: a\n  url: http://h/\n  config: {tolerance: x}\n",
         "tests/a.yaml:4:23: tests[0].config.tolerance must be a number from 0 to 1, not \"x\""},
        {"tests:\n- name: a\n  url: http://h/\n  metric: rgb\n",
         "tests/a.yaml:4:11: tests[0].metric must be one of exact, yiq, oklab, ciede2000, not \"rgb\""},
        {"tests:\n- name: a\n  url: http://h/\n  metric: yiq\n  threshold: 2\n",
         "tests/a.yaml:5:14: tests[0].threshold must be a number from 0 to 1, not 2"},
        {"tests:\n- name: a\n  url: http://h/\n  metric: ciede2000\n  config: {threshold: 121}\n",
         "tests/a.yaml:5:23: tests[0].config.threshold must be a number from 0 to 120, not 121"},
        {"tests:\n- name: a\n  url: http://h/\n  antialiasing: false\n",
         "tests/a.yaml:4:17: tests[0].antialiasing must be one of count, ignore, not false"},
        {"tests:\n- name: a\n  url: http://h/\n  config: {align: rows}\n",
         "tests/a.yaml:4:19: tests[0].config.align must be true or false, not \"rows\""},
        {"tests:\n- name: a\n  url: http://h/\n  tolerances: [{selector: .b}]\n",
         "tests/a.yaml:4:16: tolerances[0].tolerance is missing"},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: []\n",
         "tests/a.yaml:4:14: tests[0].viewports must have at least one element"},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: [{width: 1, height: 99999}]\n",
         "tests/a.yaml:4:34: tests[0].viewports[0].height must be a whole number from 1 to 32767, not "
         "99999"},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: [{width: 1, height: 1}, {name: b, height: 2}]\n",
         "tests/a.yaml:4:38: tests[0].viewports[1].width is missing"},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: [{width: 9999, height: 1, deviceScaleFactor: 4}]\n",
         "tests/a.yaml:4:23: tests[0].viewports[0].width is 9999, which are 39996 pixels with a deviceScaleFactor of "
         "4; at most 32767 can be painted"},
        {"tests:\n- nmae: a\n  url: http://h/\n",
         "tests/a.yaml:2:3: tests[0].name is missing; is \"nmae\" meant to be it?"},
        {"tests:\n- name: a\n  ulr: http://h/\n",
         "tests/a.yaml:2:3: tests[0] needs a url, or ref and run; is \"ulr\" meant to be it?"},
        {"tests:\n- name: a\n  url: #front\n", "tests/a.yaml:2:3: tests[0] needs a url, or ref and run"},
        {"tests:\n- name: a\n  url: http://h/\n  steps:\n  - click: #go\n",
         "tests/a.yaml:5:11: steps[0].click must be a text, not empty; # begins a comment in YAML, so put it in "
         "quotes: \"#go\""},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: [{width: 1, height: 2, name: 5}]\n",
         "tests/a.yaml:4:43: tests[0].viewports[0].name must be a text (put it in quotes), not 5"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void two_tests_of_one_name_are_refused_with_both_places(void) {
    static const Refusal cases[] = {
        {"tests:\n- {name: a, url: 'http://h/'}\n- {name: a, url: 'http://h/'}\n",
         "tests/a.yaml:3:10: tests[1].name makes a.png, where the picture of another test goes; "
         "also "
         "named at tests/a.yaml:2:10"},
        {"tests:\n- {name: a, url: 'http://h/'}\n- {name: a.png/b, url: 'http://h/'}\n",
         "tests/a.yaml:3:10: tests[1].name makes a.png/b.png, where the picture of another test "
         "goes; "
         "also named at tests/a.yaml:2:10"},
        {"tests:\n- name: a\n  url: http://h/\n  viewports: [{width: 1, height: 2}, {width: 1, "
         "height: 2}]\n",
         "tests/a.yaml:4:38: tests[0].viewports[1] makes a@1x2.png, where the picture of another "
         "test "
         "goes; also named at tests/a.yaml:4:15"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_name_cannot_leave_the_folder(void) {
    static const Refusal cases[] = {
        {"tests:\n- {name: ../a, url: 'http://h/'}\n",
         "tests/a.yaml:2:10: tests[0].name must not have . or .. as a part, since its picture "
         "stays in "
         "the folder of the tests; it is \"../a\""},
        {"tests:\n- {name: /etc/a, url: 'http://h/'}\n",
         "tests/a.yaml:2:10: tests[0].name must have no empty part: no / at its begin or end, and "
         "no "
         "//; it is \"/etc/a\""},
        {"tests:\n- {name: \"a\\nb\", url: 'http://h/'}\n",
         "tests/a.yaml:2:10: tests[0].name must have no line breaks or other control characters; "
         "it is "
         "\"a\\nb\""},
        {"tests:\n- {name: a, url: 'http://h/', viewports: [{width: 1, height: 1, name: "
         "/../../b}]}\n",
         "tests/a.yaml:2:43: tests[0].viewports[0] must not have . or .. as a part, since its "
         "picture "
         "stays in the folder of the tests; it is \"a@/../../b\""},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_path_that_is_too_long_is_refused_with_its_place(void) {
    static const char text[] = "tests:\n- name: a\n  url: http://h/\n- name: four\n  url: http://h/\n";
    g_autofree char *dir = g_strnfill(4096 - 64 - 1, 'd');
    g_autoptr(Suite) suite = suite_new(dir);
    g_autoptr(GError) error = NULL;
    g_assert_false(suite_add(suite, "a.yaml", text, strlen(text), &error));
    g_assert_cmpstr(
        error->message, ==,
        "a.yaml:4:9: tests[1].name makes a path that is too long: 4031 bytes for the folder and 4 for the name");
}

static void yaml_that_is_broken_is_refused_with_its_place(void) {
    assert_error_begins("tests:\n\t- name: a\n", "tests/a.yaml:2:1: tabs cannot indent");
    assert_error_begins("tests: *none\n", "tests/a.yaml:1:8: unknown alias *none");
}

static void assert_warnings(const char *text, const char *const *expected) {
    g_autoptr(Suite) suite = read_good(text);
    for (unsigned i = 0; expected[i]; i++) {
        g_assert_cmpuint(i, <, suite->warnings->len);
        g_assert_cmpstr(suite->warnings->pdata[i], ==, expected[i]);
    }
    g_assert_cmpuint(suite->warnings->len, ==, g_strv_length((char **)expected));
}

static void an_unknown_key_is_a_warning(void) {
    static const char text[] = "std: &std {injectCSS: x}\n"
                               "tests:\n- {name: a, url: 'http://h/', config: *std, viewport: 1}\n"
                               "- {name: b, url: 'http://h/', config: *std, viewports: [{width: 1, height: 1}]}\n"
                               "- {name: c, url: 'http://h/', viewports: [{width: 1, height: 1, tuch: yes}]}\n";
    static const char *const expected[] = {
        "tests/a.yaml:3:45: unknown key tests[0].viewport; did you mean viewports?",
        "tests/a.yaml:1:12: unknown key injectCSS; did you mean injectCss?", /* once */
        "tests/a.yaml:5:65: unknown key tests[2].viewports[0].tuch; did you mean touch?",
        NULL,
    };
    assert_warnings(text, expected);
    g_autoptr(Suite) suite = read_good(text);
    g_assert_cmpstr(test_of(suite, 0)->arms[ARM_RUN]->unknown_keys->pdata[0], ==, "injectCSS");
}

static void a_key_of_the_file_that_looks_misspelt_is_a_warning(void) {
    static const char *const expected[] = {
        "tests/a.yaml:1:1: unknown key waitfor; did you mean waitFor?",
        "tests/a.yaml:2:1: unknown key wait_for; did you mean waitFor?",
        "tests/a.yaml:3:1: unknown key seutp; did you mean setup?",
        "tests/a.yaml:4:1: unknown key test; did you mean tests?",
        NULL,
    };
    assert_warnings("waitfor: 1\nwait_for: 1\nseutp: 1\ntest: []\nname: 1\naliases: 1\nstandard-config: 1\n"
                    "tests: [{name: a, url: 'http://h/'}]\n",
                    expected);
}

static void a_key_of_the_config_beside_it_is_a_warning(void) {
    static const char *const expected[] = {
        "tests/a.yaml:4:3: unknown key tests[0].injectCss; it belongs below config",
        "tests/a.yaml:5:3: unknown key tests[0].viewportSize; it belongs below config",
        "tests/a.yaml:8:27: unknown key tests[1].run.hide; it belongs below config",
        NULL,
    };
    assert_warnings("tests:\n- name: a\n  url: http://h/\n  injectCss: x\n  viewportSize: {width: 1, height: 1}\n"
                    "- name: b\n  ref: {url: 'http://h/'}\n  run: {url: 'http://h/', hide: a}\n",
                    expected);
}

static void a_key_with_nothing_behind_it_is_a_warning(void) {
    static const char *const expected[] = {
        "tests/a.yaml:1:7: setup is empty and counts as not given",
        "tests/a.yaml:5:8: tests[0].hide is empty and counts as not given; # begins a comment in YAML, so put it in "
        "quotes: \"#banner\"",
        "tests/a.yaml:7:14: selector is empty and counts as not given; # begins a comment in YAML, so put it in "
        "quotes: \"#main\"",
        NULL,
    };
    assert_warnings("setup:\ntests:\n- name: a\n  url: http://h/\n  hide: #banner\n"
                    "  config:\n    selector: #main\n    mask: ~\n",
                    expected);
}

/* A folder that is gone after the test. */
static void remove_folder(char *dir) {
    g_assert_true(file_remove_tree(dir, NULL));
    g_free(dir);
}
typedef char Folder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Folder, remove_folder)

static char *make_folder(void) {
    return g_dir_make_tmp("dpxdt-test-XXXXXX", NULL);
}

static void put(const char *dir, const char *name, const char *text) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(file_write_text(path, text, NULL));
}

static void a_folder_is_loaded_in_name_order_without_hidden_files(void) {
    g_autoptr(Folder) dir = make_folder();
    put(dir, "b.yaml", "tests: [{name: b, url: 'http://h/'}]\n");
    put(dir, "a.yml", "tests: [{name: a, url: 'http://h/'}]\n");
    put(dir, ".c.yaml", "broken: [\n");
    put(dir, "d.txt", "broken: [\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = suite_load(dir, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(suite->files->len, ==, 2);
    g_assert_true(g_str_has_suffix(file_of(suite, 0)->path, "/a.yml"));
    g_assert_true(g_str_has_suffix(file_of(suite, 1)->path, "/b.yaml"));
}

static void a_name_is_unique_across_files(void) {
    g_autoptr(Folder) dir = make_folder();
    put(dir, "a.yaml", "tests: [{name: x, url: 'http://h/'}]\n");
    put(dir, "b.yaml", "tests:\n- name: x\n  url: http://h/\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = suite_load(dir, &error);
    g_autofree char *expected =
        g_strdup_printf("%s/b.yaml:2:9: tests[0].name makes x.png, where the picture of another "
                        "test goes; also named at %s/a.yaml:1:16",
                        dir, dir);
    g_assert_null(suite);
    g_assert_cmpstr(error->message, ==, expected);
}

static void a_folder_without_tests_says_what_was_looked_for(void) {
    g_autoptr(Folder) dir = make_folder();
    put(dir, "a.txt", "");
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = suite_load(dir, &error);
    g_assert_null(suite);
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "looked for *.yaml and *.yml"));
}

static void what_is_no_folder_is_not_found(void) {
    g_autoptr(Folder) dir = make_folder();
    put(dir, "a.yaml", "");
    g_autofree char *file = g_build_filename(dir, "a.yaml", NULL);
    g_autofree char *nothing = g_build_filename(dir, "nothing", NULL);
    const char *const paths[] = {file, nothing};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Suite) suite = suite_load(paths[i], &error);
        g_assert_null(suite);
        g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
        g_assert_nonnull(strstr(error->message, paths[i]));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suite/real-files-load-in-the-order-of-their-names", real_files_load_in_the_order_of_their_names);
    g_test_add_func("/suite/a-test-has-its-url-config-and-picture", a_test_has_its_url_config_and_picture);
    g_test_add_func("/suite/ref-and-run-are-two-captures", ref_and_run_are_two_captures);
    g_test_add_func("/suite/what-stands-beside-the-config-wins", what_stands_beside_the_config_wins);
    g_test_add_func("/suite/a-test-says-by-what-pictures-are-told-apart", a_test_says_by_what_pictures_are_told_apart);
    g_test_add_func("/suite/tolerances-of-a-test-win-over-those-of-its-config",
                    tolerances_of_a_test_win_over_those_of_its_config);
    g_test_add_func("/suite/each-viewport-is-a-picture-of-its-own", each_viewport_is_a_picture_of_its_own);
    g_test_add_func("/suite/viewports-may-stand-in-the-config", viewports_may_stand_in_the_config);
    g_test_add_func("/suite/setup-and-wait-for-are-read", setup_and_wait_for_are_read);
    g_test_add_func("/suite/a-wrong-file-is-refused-with-its-place", a_wrong_file_is_refused_with_its_place);
    g_test_add_func("/suite/a-wrong-test-is-refused-with-its-place", a_wrong_test_is_refused_with_its_place);
    g_test_add_func("/suite/two-tests-of-one-name-are-refused-with-both-places",
                    two_tests_of_one_name_are_refused_with_both_places);
    g_test_add_func("/suite/a-name-cannot-leave-the-folder", a_name_cannot_leave_the_folder);
    g_test_add_func("/suite/a-path-that-is-too-long-is-refused-with-its-place",
                    a_path_that_is_too_long_is_refused_with_its_place);
    g_test_add_func("/suite/yaml-that-is-broken-is-refused-with-its-place",
                    yaml_that_is_broken_is_refused_with_its_place);
    g_test_add_func("/suite/an-unknown-key-is-a-warning", an_unknown_key_is_a_warning);
    g_test_add_func("/suite/a-key-of-the-file-that-looks-misspelt-is-a-warning",
                    a_key_of_the_file_that_looks_misspelt_is_a_warning);
    g_test_add_func("/suite/a-key-of-the-config-beside-it-is-a-warning", a_key_of_the_config_beside_it_is_a_warning);
    g_test_add_func("/suite/a-key-with-nothing-behind-it-is-a-warning", a_key_with_nothing_behind_it_is_a_warning);
    g_test_add_func("/suite/a-folder-is-loaded-in-name-order-without-hidden-files",
                    a_folder_is_loaded_in_name_order_without_hidden_files);
    g_test_add_func("/suite/a-name-is-unique-across-files", a_name_is_unique_across_files);
    g_test_add_func("/suite/a-folder-without-tests-says-what-was-looked-for",
                    a_folder_without_tests_says_what_was_looked_for);
    g_test_add_func("/suite/what-is-no-folder-is-not-found", what_is_no_folder_is_not_found);
    return g_test_run();
}
