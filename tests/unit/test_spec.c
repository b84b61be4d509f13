#include "config/spec.h"

#include "image/image.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *text;
    const char *message;
} Refusal;

static CaptureSpec *parse(const char *text, GPtrArray *warnings, GError **error) {
    g_autoptr(Document) document = document_from_yaml("a.yaml", text, strlen(text), error);
    if (!document)
        return NULL;
    return spec_parse(document, document_root(document), "http://localhost/", warnings, error);
}

static CaptureSpec *parse_good(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(CaptureSpec) spec = parse(text, NULL, &error);
    g_assert_no_error(error);
    return g_steal_pointer(&spec);
}

static void assert_refused(const Refusal *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaptureSpec) spec = parse(cases[i].text, NULL, &error);
        g_assert_null(spec);
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static bool matches(const GPtrArray *regexes, unsigned i, const char *url) {
    return g_regex_match(regexes->pdata[i], url, 0, NULL);
}

static void what_is_not_given_has_its_default(void) {
    json_auto_t *nothing = json_object();
    g_autoptr(Document) document = document_from_json("task", nothing);
    g_autoptr(CaptureSpec) spec = spec_parse(document, NULL, "http://localhost/", NULL, NULL);
    g_assert_cmpstr(spec->target_url, ==, "http://localhost/");
    g_assert_cmpint(spec->width, ==, 400);
    g_assert_cmpint(spec->height, ==, 300);
    g_assert_cmpfloat(spec->device_scale_factor, ==, 1);
    g_assert_true(spec->transparent && spec->ignore_certificate_errors && spec->grow_viewport);
    g_assert_false(spec->mobile || spec->touch || spec->viewport_only || spec->has_clip);
    g_assert_cmpint(spec->resource_timeout_ms, ==, 10000);
    g_assert_cmpint(spec->timeout_ms, ==, 60000);
    g_assert_cmpint(spec->still.mode, ==, STILL_STRICT);
    g_assert_true(spec->still.clock && spec->still.fonts);
    g_assert_null(spec->inject_css);
    g_assert_cmpuint(spec->hide->len + spec->mask->len + spec->ignore->len + spec->steps->len, ==, 0);
}

static void null_means_not_given(void) {
    g_autoptr(CaptureSpec) spec =
        parse_good("viewportSize: ~\nhide:\nstill: null\nclipRect: ~\ninjectHeaders: {x: ~}\n");
    g_assert_cmpint(spec->width, ==, 400);
    g_assert_false(spec->has_clip);
    g_assert_cmpuint(spec->header_rules->len, ==, 0);
}

static void how_the_page_is_seen_is_read(void) {
    g_autoptr(CaptureSpec) spec =
        parse_good("viewportSize: {width: 800, height: 600.0, deviceScaleFactor: 2, mobile: yes, "
                   "touch: true}\n"
                   "clipRect: {left: 1, top: 2.5, width: 3, height: 4}\n"
                   "background: white\nviewportOnly: true\ngrowViewport: no\nselector: '#a'\n"
                   "ignoreCertificateErrors: no\nresourceTimeoutMs: 5\ntimeoutMs: 6\n");
    g_assert_cmpint(spec->width, ==, 800);
    g_assert_cmpint(spec->height, ==, 600);
    g_assert_cmpfloat(spec->device_scale_factor, ==, 2);
    g_assert_true(spec->mobile && spec->touch && spec->has_clip && spec->viewport_only);
    g_assert_cmpfloat(spec->clip.left, ==, 1);
    g_assert_cmpfloat(spec->clip.top, ==, 2.5);
    g_assert_cmpfloat(spec->clip.width, ==, 3);
    g_assert_cmpfloat(spec->clip.height, ==, 4);
    g_assert_false(spec->transparent || spec->grow_viewport || spec->ignore_certificate_errors);
    g_assert_cmpstr(spec->selector, ==, "#a");
    g_assert_cmpint(spec->resource_timeout_ms, ==, 5);
    g_assert_cmpint(spec->timeout_ms, ==, 6);
}

static void cookies_keep_what_was_given_and_nothing_else(void) {
    g_autoptr(CaptureSpec) spec =
        parse_good("cookies: [{name: a, value: b c, domain: .example.com, path: ~, secure: true, junk: 1}]\n");
    g_autofree char *json = json_dumps(spec->cookies, JSON_COMPACT | JSON_SORT_KEYS);
    g_assert_cmpstr(json, ==, "[{\"domain\":\".example.com\",\"name\":\"a\",\"secure\":true,\"value\":\"b c\"}]");
}

static void headers_go_to_urls_that_match(void) {
    g_autoptr(CaptureSpec) spec = parse_good("injectHeaders: {'example\\.com': {X-A: '1'}, '^https:': {X-B: b}}\n");
    const HeaderRule *first = spec->header_rules->pdata[0], *second = spec->header_rules->pdata[1];
    g_assert_true(g_regex_match(first->url, "http://www.example.com/", 0, NULL));
    g_assert_false(g_regex_match(first->url, "http://wwwexample-com/", 0, NULL));
    g_assert_cmpstr(json_string_value(json_object_get(first->headers, "X-A")), ==, "1");
    g_assert_true(g_regex_match(second->url, "https://x/", 0, NULL));
}

static void google_analytics_is_always_ignored(void) {
    g_autoptr(CaptureSpec) none = parse_good("{}");
    g_autoptr(CaptureSpec) one = parse_good("resourcesToIgnore: ['bad\\.js$']\n");
    g_assert_cmpuint(none->resources_to_ignore->len, ==, 1);
    g_assert_true(matches(none->resources_to_ignore, 0, "https://www.google-analytics.com/ga.js"));
    g_assert_false(matches(none->resources_to_ignore, 0, "https://wwwxgoogle-analytics.com/"));
    g_assert_cmpuint(one->resources_to_ignore->len, ==, 2);
    g_assert_true(matches(one->resources_to_ignore, 0, "https://www.google-analytics.com/ga.js"));
    g_assert_true(matches(one->resources_to_ignore, 1, "http://x/bad.js"));
}

static void a_regex_that_would_never_end_gives_up(void) {
    g_autoptr(CaptureSpec) spec = parse_good("resourcesToIgnore: ['^(([a-z])+.)+[A-Z]([a-z])+$']\n");
    g_autofree char *url = g_strnfill(200, 'a');
    g_autoptr(GError) error = NULL;
    g_assert_false(g_regex_match_full(spec->resources_to_ignore->pdata[1], url, -1, 0, 0, NULL, &error));
    g_assert_error(error, G_REGEX_ERROR, G_REGEX_ERROR_MATCH);
}

static void areas_are_selectors_or_boxes(void) {
    g_autoptr(CaptureSpec) spec = parse_good("hide: .a\nmask: [.b, {left: 1, top: 2, width: 3, height: 4}]\n"
                                             "ignore: {width: 5, height: 6}\n");
    const Area *selector = spec->mask->pdata[0], *box = spec->mask->pdata[1];
    const Area *ignored = spec->ignore->pdata[0];
    g_assert_cmpstr(spec->hide->pdata[0], ==, ".a");
    g_assert_cmpstr(selector->selector, ==, ".b");
    g_assert_null(box->selector);
    g_assert_cmpfloat(box->top, ==, 2);
    g_assert_cmpfloat(ignored->left, ==, 0);
    g_assert_cmpfloat(ignored->height, ==, 6);
}

static void areas_have_tolerances_of_their_own(void) {
    g_autoptr(CaptureSpec) spec =
        parse_good("tolerances:\n- {selector: .a, tolerance: 0.5}\n- {top: 1, width: 2, height: 3, tolerance: 0}\n");
    const AreaTolerance *selector = spec->tolerances->pdata[0], *box = spec->tolerances->pdata[1];
    g_assert_cmpuint(spec->tolerances->len, ==, 2);
    g_assert_cmpstr(selector->area.selector, ==, ".a");
    g_assert_cmpfloat(selector->tolerance, ==, 0.5);
    g_assert_null(box->area.selector);
    g_assert_cmpfloat(box->area.top, ==, 1);
    g_assert_cmpfloat(box->area.height, ==, 3);
    g_assert_cmpfloat(box->tolerance, ==, 0);
}

static void steps_are_read_in_order(void) {
    g_autoptr(CaptureSpec) spec =
        parse_good("steps:\n- click: a\n- hover: b\n- type: {selector: c, text: d}\n- scroll: e\n"
                   "- scroll: {y: 7}\n- wait: 8\n- waitFor: f\n"
                   "- press: Enter\n- press: {selector: g, key: \xC3\xA9}\n- select: {selector: h, value: ''}\n");
    static const Step expected[] = {
        {STEP_CLICK, "a", NULL, 0, 0, 0},       {STEP_HOVER, "b", NULL, 0, 0, 0},
        {STEP_TYPE, "c", "d", 0, 0, 0},         {STEP_SCROLL, "e", NULL, 0, 0, 0},
        {STEP_SCROLL, NULL, NULL, 0, 7, 0},     {STEP_WAIT, NULL, NULL, 0, 0, 8},
        {STEP_WAIT_FOR, "f", NULL, 0, 0, 0},    {STEP_PRESS, NULL, "Enter", 0, 0, 0},
        {STEP_PRESS, "g", "\xC3\xA9", 0, 0, 0}, {STEP_SELECT, "h", "", 0, 0, 0},
    };
    g_assert_cmpuint(spec->steps->len, ==, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < spec->steps->len; i++) {
        const Step *step = spec->steps->pdata[i];
        g_assert_cmpint(step->kind, ==, expected[i].kind);
        g_assert_cmpstr(step->selector, ==, expected[i].selector);
        g_assert_cmpstr(step->text, ==, expected[i].text);
        g_assert_cmpint(step->y, ==, expected[i].y);
        g_assert_cmpint(step->wait_ms, ==, expected[i].wait_ms);
    }
}

static void a_key_has_the_name_that_the_dom_gives_it(void) {
    static const Refusal cases[] = {
        {"steps: [press: enter]",
         "a.yaml:1:16: steps[0].press must be one character or the name of a key (did you mean "
         "Enter?), not \"enter\""},
        {"steps: [press: {selector: a, key: ArowDown}]",
         "a.yaml:1:35: steps[0].press.key must be one character or the name of a key (did you mean ArrowDown?), not "
         "\"ArowDown\""},
        {"steps: [press: Control+A]",
         "a.yaml:1:16: steps[0].press must be one character or the name of a key (Enter, Escape, Tab, Space, "
         "Backspace, Delete, Insert, Home, End, PageUp, PageDown, ArrowUp, ArrowDown, ArrowLeft, ArrowRight, F1, F2, "
         "F3, F4, F5, F6, F7, F8, F9, F10, F11, F12), not \"Control+A\""},
        {"steps: [press: 5]", "a.yaml:1:16: steps[0].press must be a text (put it in quotes), not 5"},
        {"steps: [press: {selector: a}]", "a.yaml:1:16: steps[0].press.key is missing"},
        {"steps: [select: a]", "a.yaml:1:17: steps[0].select must be a map, not \"a\""},
        {"steps: [select: {selector: a}]", "a.yaml:1:17: steps[0].select.value is missing"},
    };
    static const char *const good[] = {"a", " ", "\xC3\xA9", "Space", "Escape", "F12"};
    assert_refused(cases, G_N_ELEMENTS(cases));
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *text = g_strdup_printf("steps: [press: '%s']", good[i]);
        g_autoptr(CaptureSpec) spec = parse_good(text);
        g_assert_cmpstr(((const Step *)spec->steps->pdata[0])->text, ==, good[i]);
    }
}

static void each_part_of_stillness_has_its_switch(void) {
    static const struct {
        const char *text;
        StillMode mode;
        bool clock, caret;
    } cases[] = {
        {"still: false", STILL_OFF, false, false},
        {"still: off", STILL_OFF, false, false},
        {"still: 'off'", STILL_OFF, false, false},
        {"still: true", STILL_STRICT, true, true},
        {"still: strict", STILL_STRICT, true, true},
        {"still: realtime", STILL_REALTIME, true, true},
        {"still: {clock: false}", STILL_STRICT, false, true},
        {"still: {caret: true, mode: off}", STILL_OFF, false, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CaptureSpec) spec = parse_good(cases[i].text);
        g_assert_cmpint(spec->still.mode, ==, cases[i].mode);
        g_assert_cmpint(spec->still.clock, ==, cases[i].clock);
        g_assert_cmpint(spec->still.caret, ==, cases[i].caret);
    }
}

static void a_wrong_type_is_refused_with_its_place(void) {
    static const Refusal cases[] = {
        {"viewportSize:\n  width: wide\n  height: 1\n",
         "a.yaml:2:10: viewportSize.width must be a whole number from 1 to 32767, not \"wide\""},
        {"viewportSize: {width: 1.5, height: 1}",
         "a.yaml:1:23: viewportSize.width must be a whole number from 1 to 32767, not 1.5"},
        {"viewportSize: {width: 0, height: 1}",
         "a.yaml:1:23: viewportSize.width must be a whole number from 1 to 32767, not 0"},
        {"viewportSize: {width: 40000, height: 1}",
         "a.yaml:1:23: viewportSize.width must be a whole number from 1 to 32767, not 40000"},
        {"viewportSize: {width: 4, height: ~}", "a.yaml:1:34: viewportSize.height is missing"},
        {"viewportSize: 800x600", "a.yaml:1:15: viewportSize must be a map, not \"800x600\""},
        {"viewportSize: {width: 1, height: 1, deviceScaleFactor: 11}",
         "a.yaml:1:56: viewportSize.deviceScaleFactor must be a number from 0.1 to 10, not 11"},
        {"injectCss: [a]", "a.yaml:1:12: injectCss must be a text, not a list"},
        {"injectJs: 5", "a.yaml:1:11: injectJs must be a text (put it in quotes), not 5"},
        {"viewportOnly: \"yes\"", "a.yaml:1:15: viewportOnly must be true or false, not \"yes\""},
        {"background: blue", "a.yaml:1:13: background must be one of white, transparent, not \"blue\""},
        {"clipRect: {left: -1, width: 1, height: 1}",
         "a.yaml:1:18: clipRect.left must be a number from 0 to 1000000, not -1"},
        {"cookies: {a: b}", "a.yaml:1:10: cookies must be a list, not a map"},
        {"cookies: [{name: a}]", "a.yaml:1:11: cookies[0].value is missing"},
        {"cookies: [{name: a b, value: c}]", "a.yaml:1:18: cookies[0].name must consist of letters, "
                                             "digits and !#$%&'*+-.^_`|~ only, not \"a b\""},
        {"cookies: [{name: a, value: 'b;c'}]",
         "a.yaml:1:28: cookies[0].value must have no semicolons, line breaks or other control "
         "characters, not \"b;c\""},
        {"cookies: [{name: a, value: b, sameSite: lax}]",
         "a.yaml:1:41: cookies[0].sameSite must be one of Strict, Lax, None, not \"lax\""},
        {"hide: [a, 5]", "a.yaml:1:11: hide[1] must be a text (put it in quotes), not 5"},
        {"hide: [~]", "a.yaml:1:8: hide[0] must be a text, not empty"},
        {"mask: 5", "a.yaml:1:7: mask must be a selector, or a map of left, top, width, height, not 5"},
        {"tolerances: .a", "a.yaml:1:13: tolerances must be a map, not \".a\""},
        {"tolerances: [{selector: .a}]", "a.yaml:1:14: tolerances[0].tolerance is missing"},
        {"tolerances: [{selector: .a, tolerance: 2}]",
         "a.yaml:1:40: tolerances[0].tolerance must be a number from 0 to 1, not 2"},
        {"tolerances: [{tolerance: 1}]",
         "a.yaml:1:14: tolerances[0] needs either a selector, or left, top, width and height"},
        {"tolerances: [{tolerance: 1, selector: .a, left: 0}]",
         "a.yaml:1:14: tolerances[0] needs either a selector, or left, top, width and height"},
        {"tolerances: [{tolerance: 1, left: 0, width: 1}]", "a.yaml:1:14: tolerances[0].height is missing"},
        {"selector: ''", "a.yaml:1:11: selector must have at least one character, not \"\""},
        {"still: maybe", "a.yaml:1:8: still must be one of off, realtime, strict, not \"maybe\""},
        {"still: {clock: 1}", "a.yaml:1:16: still.clock must be true or false, not 1"},
        {"delay: -1", "a.yaml:1:8: delay must be a whole number from 0 to 3600000, not -1"},
        {"steps: [{click: a, hover: b}]", "a.yaml:1:9: steps[0] must have exactly one of click, hover, type, scroll, "
                                          "wait, waitFor, press, select; it has 2 keys"},
        {"steps: [{}]", "a.yaml:1:9: steps[0] must have exactly one of click, hover, type, scroll, wait, waitFor, "
                        "press, select; it has 0 keys"},
        {"steps:\n- clik: a\n", "a.yaml:2:3: steps[0].clik is no step; did you mean click?"},
        {"steps: [{jump: a}]", "a.yaml:1:10: steps[0].jump is no step; these are: click, hover, type, scroll, wait, "
                               "waitFor, press, select"},
        {"steps: [click]", "a.yaml:1:9: steps[0] must be a map, not \"click\""},
        {"steps: [{type: {selector: a}}]", "a.yaml:1:16: steps[0].type.text is missing"},
        {"- a", "a.yaml: the config must be a map, not a list"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

/* hide: #banner is hide and a comment. */
static void what_yaml_takes_for_a_comment_is_not_passed_over(void) {
    static const Refusal cases[] = {
        {"hide:\n- .a\n- #banner .x  \n- .b\n", "a.yaml:3:2: hide[1] must be a text, not empty; # begins a comment in "
                                                "YAML, so put it in quotes: \"#banner .x\""},
        {"hide:\n- # what is in the way\n- .b\n", "a.yaml:2:2: hide[0] must be a text, not empty"},
        {"steps:\n- click: #go\n", "a.yaml:2:9: steps[0].click must be a text, not empty; # begins a comment in YAML, "
                                   "so put it in quotes: \"#go\""},
        {"steps:\n- click:\n", "a.yaml:2:9: steps[0].click must be a text, not empty"},
        {"steps:\n- click: ~\n", "a.yaml:2:10: steps[0].click must be a text, not empty"},
        {"steps:\n- type:\n    text: \xC3\xA9\n    selector: #\xC3\xA9\n",
         "a.yaml:4:14: steps[0].type.selector is missing; # begins a comment in YAML, so put it in quotes: "
         "\"#\xC3\xA9\""},
        {"steps:\n- type: {selector: #a, text: b}\n",
         "a.yaml:3:1: did not find expected node content, while parsing a flow node; # begins a comment in YAML, "
         "unless it is in quotes"},
        {"hide: [#a, .b]\nselector: a\n", "a.yaml:3:1: did not find expected ',' or ']', while parsing a flow sequence "
                                          "that begins at line 1; # begins a "
                                          "comment in YAML, unless it is in quotes"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_key_with_nothing_behind_it_is_a_warning(void) {
    static const struct {
        const char *text, *warning;
    } cases[] = {
        {"# \xC3\xA9\r\nhide: #banner\r\n",
         "a.yaml:2:6: hide is empty and counts as not given; # begins a comment in YAML, so put it in "
         "quotes: \"#banner\""},
        {"injectCss:\ndelay: 1\n", "a.yaml:1:11: injectCss is empty and counts as not given"},
        {"injectCss: # none yet\n", "a.yaml:1:11: injectCss is empty and counts as not given"},
        {"viewportSize: {width: 1, height: 1, mobile: }\n",
         "a.yaml:1:45: viewportSize.mobile is empty and counts as not given"},
        {"tolerance:\n", "a.yaml:1:11: tolerance is empty and counts as not given"},
        {"injectCss: ~\nhide: null\n", NULL},
        {"injectCss: ''\n", NULL},
        {"still: &none ~\nhide: *none\n", NULL},
        {"anything: #else\n", "a.yaml:1:1: unknown key anything"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(CaptureSpec) spec = parse(cases[i].text, warnings, NULL);
        g_assert_nonnull(spec);
        g_assert_cmpuint(warnings->len, ==, cases[i].warning ? 1 : 0);
        if (cases[i].warning)
            g_assert_cmpstr(warnings->pdata[0], ==, cases[i].warning);
    }
}

static void the_keys_of_a_box_are_left_and_top(void) {
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CaptureSpec) spec = parse("mask: [{x: 1, y: 2, width: 3, height: 4}]\n", warnings, NULL);
    g_assert_nonnull(spec);
    g_assert_cmpuint(warnings->len, ==, 2);
    g_assert_cmpstr(warnings->pdata[0], ==, "a.yaml:1:9: unknown key mask[0].x; did you mean left?");
    g_assert_cmpstr(warnings->pdata[1], ==, "a.yaml:1:15: unknown key mask[0].y; did you mean top?");
}

static void a_viewport_fits_in_a_picture_in_pixels_of_the_device(void) {
    static const Refusal cases[] = {
        {"viewportSize: {width: 20000, height: 100, deviceScaleFactor: 2}",
         "a.yaml:1:23: viewportSize.width is 20000, which are 40000 pixels with a deviceScaleFactor of 2; at most "
         "32767 can be "
         "painted"},
        {"viewportSize: {deviceScaleFactor: 10, width: 1, height: 3277}",
         "a.yaml:1:57: viewportSize.height is 3277, which are 32770 pixels with a deviceScaleFactor of 10; at most "
         "32767 can be "
         "painted"},
        {"viewportSize: {width: 20000, height: 20000}",
         "a.yaml:1:15: viewportSize has 400 million pixels (20000x20000, deviceScaleFactor 1); at most 300 million can "
         "be in a picture"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
    g_autoptr(CaptureSpec) high = parse_good("viewportSize: {width: 800, height: 32767}");
    g_autoptr(CaptureSpec) sharp = parse_good("viewportSize: {width: 1000, height: 3000, deviceScaleFactor: 10}");
    g_assert_cmpint(SPEC_MAX_SIDE, ==, IMAGE_MAX_SIDE);
    g_assert_cmpint(SPEC_MAX_PIXELS, ==, IMAGE_MAX_PIXELS);
}

static void headers_cannot_be_split(void) {
    static const Refusal cases[] = {
        {"injectHeaders: {x: {A: \"b\\r\\nC: d\"}}",
         "a.yaml:1:24: injectHeaders.x.A must have no line breaks or other control characters, not "
         "\"b\\r\\nC: d\""},
        {"injectHeaders: {x: {\"A\\r\\nB\": c}}",
         "a.yaml:1:31: injectHeaders.x.\"A\\r\\nB\" is no name of a header: it must consist of "
         "letters, digits and !#$%&'*+-.^_`|~ only"},
        {"injectHeaders: {x: {A: 5}}", "a.yaml:1:24: injectHeaders.x.A must be a text (put it in quotes), not 5"},
        {"userAgent: \"a\\nb\"", "a.yaml:1:12: userAgent must have no line breaks or other control "
                                 "characters, not \"a\\nb\""},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_broken_regex_is_refused_with_the_reason(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(CaptureSpec) spec = parse("resourcesToIgnore: [a, 'b(c']", NULL, &error);
    g_assert_null(spec);
    g_assert_true(g_str_has_prefix(error->message, "a.yaml:1:24: resourcesToIgnore[1] must be a regular expression: "));
    g_assert_nonnull(strstr(error->message, "at char 3: missing terminating )"));
}

static void only_pages_of_the_web_are_captured(void) {
    static const char *const bad[] = {
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://x/",
        "javascript:alert(1)",
        "data:text/html,x",
        "chrome://version",
        "localhost:8000/",
        "/a",
        "",
        "http://",
        "http:///a",
        "http://h:99999/",
        "http://h/\n",
        "view-source:http://h/",
        "http://[::1/",
    };
    static const char *const good[] = {
        "http://localhost:8000/a b.html?x={y}|%#f",
        "HTTPS://user:pw@example.com:8443",
        "http://[::1]:80/",
        "http://target/USA48+GBR",
        "http://m\xC3\xBCller.example/\xC3\xA9",
    };
    json_auto_t *nothing = json_object();
    g_autoptr(Document) document = document_from_json("task", nothing);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaptureSpec) spec = spec_parse(document, nothing, bad[i], NULL, &error);
        g_assert_null(spec);
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_true(g_str_has_prefix(error->message, "task: targetUrl must be"));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(CaptureSpec) spec = spec_parse(document, nothing, good[i], NULL, NULL);
        g_assert_cmpstr(spec->target_url, ==, good[i]);
    }
}

static void a_file_url_is_refused_with_the_reason(void) {
    json_auto_t *config = json_pack("{s:s}", "targetUrl", "file:///etc/passwd");
    g_autoptr(Document) document = document_from_json("task", config);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaptureSpec) spec = spec_parse(document, config, NULL, NULL, &error);
    g_assert_null(spec);
    g_assert_cmpstr(error->message, ==,
                    "task: targetUrl must begin with http:// or https:// (file: would show "
                    "what lies on this machine), not \"file:///etc/passwd\"");
}

static void the_url_beside_the_config_wins(void) {
    json_auto_t *config = json_pack("{s:s}", "targetUrl", "http://inside/");
    g_autoptr(Document) document = document_from_json("task", config);
    g_autoptr(CaptureSpec) beside = spec_parse(document, config, "http://beside/", NULL, NULL);
    g_autoptr(CaptureSpec) inside = spec_parse(document, config, NULL, NULL, NULL);
    g_assert_cmpstr(beside->target_url, ==, "http://beside/");
    g_assert_cmpstr(json_string_value(json_object_get(beside->config, "targetUrl")), ==, "http://beside/");
    g_assert_cmpstr(inside->target_url, ==, "http://inside/");
}

static void a_config_without_url_is_refused(void) {
    json_auto_t *nothing = json_object();
    g_autoptr(Document) document = document_from_json("task", nothing);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaptureSpec) spec = spec_parse(document, nothing, NULL, NULL, &error);
    g_assert_null(spec);
    g_assert_cmpstr(error->message, ==, "task: targetUrl is missing");
}

static void unknown_keys_are_kept_and_warned_about(void) {
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaptureSpec) spec = parse("injectCSS: a\nviewportSize: {width: 1, height: 2,\n  depth: 3}\ntolerance: "
                                        "1\nviewports: x\n"
                                        "cookies: [{name: a, value: b, httponly: true}]\n\"a\\nb\": 1\n",
                                        warnings, &error);
    g_assert_no_error(error);
    static const char *const expected[] = {
        "a.yaml:3:3: unknown key viewportSize.depth",
        "a.yaml:6:31: unknown key cookies[0].httponly; did you mean httpOnly?",
        "a.yaml:1:1: unknown key injectCSS; did you mean injectCss?",
        "a.yaml:7:1: unknown key \"a\\nb\"",
    };
    static const char *const keys[] = {"viewportSize.depth", "cookies[0].httponly", "injectCSS", "\"a\\nb\""};
    g_assert_cmpuint(warnings->len, ==, G_N_ELEMENTS(expected));
    g_assert_cmpuint(spec->unknown_keys->len, ==, G_N_ELEMENTS(keys));
    for (unsigned i = 0; i < warnings->len; i++) {
        g_assert_cmpstr(warnings->pdata[i], ==, expected[i]);
        g_assert_cmpstr(spec->unknown_keys->pdata[i], ==, keys[i]);
    }
    g_assert_cmpstr(json_string_value(json_object_get(spec->config, "injectCSS")), ==, "a");
}

static void a_spec_outlives_its_document(void) {
    g_autoptr(CaptureSpec) spec = parse_good("{injectCss: 'a {}', hide: .b, steps: [{click: c}]}");
    const Step *step = spec->steps->pdata[0];
    g_assert_cmpstr(spec->inject_css, ==, "a {}");
    g_assert_cmpstr(spec->hide->pdata[0], ==, ".b");
    g_assert_cmpstr(step->selector, ==, "c");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spec/what-is-not-given-has-its-default", what_is_not_given_has_its_default);
    g_test_add_func("/spec/null-means-not-given", null_means_not_given);
    g_test_add_func("/spec/how-the-page-is-seen-is-read", how_the_page_is_seen_is_read);
    g_test_add_func("/spec/cookies-keep-what-was-given-and-nothing-else", cookies_keep_what_was_given_and_nothing_else);
    g_test_add_func("/spec/headers-go-to-urls-that-match", headers_go_to_urls_that_match);
    g_test_add_func("/spec/google-analytics-is-always-ignored", google_analytics_is_always_ignored);
    g_test_add_func("/spec/a-regex-that-would-never-end-gives-up", a_regex_that_would_never_end_gives_up);
    g_test_add_func("/spec/areas-are-selectors-or-boxes", areas_are_selectors_or_boxes);
    g_test_add_func("/spec/areas-have-tolerances-of-their-own", areas_have_tolerances_of_their_own);
    g_test_add_func("/spec/steps-are-read-in-order", steps_are_read_in_order);
    g_test_add_func("/spec/a-key-has-the-name-that-the-dom-gives-it", a_key_has_the_name_that_the_dom_gives_it);
    g_test_add_func("/spec/each-part-of-stillness-has-its-switch", each_part_of_stillness_has_its_switch);
    g_test_add_func("/spec/a-wrong-type-is-refused-with-its-place", a_wrong_type_is_refused_with_its_place);
    g_test_add_func("/spec/what-yaml-takes-for-a-comment-is-not-passed-over",
                    what_yaml_takes_for_a_comment_is_not_passed_over);
    g_test_add_func("/spec/a-key-with-nothing-behind-it-is-a-warning", a_key_with_nothing_behind_it_is_a_warning);
    g_test_add_func("/spec/the-keys-of-a-box-are-left-and-top", the_keys_of_a_box_are_left_and_top);
    g_test_add_func("/spec/a-viewport-fits-in-a-picture-in-pixels-of-the-device",
                    a_viewport_fits_in_a_picture_in_pixels_of_the_device);
    g_test_add_func("/spec/headers-cannot-be-split", headers_cannot_be_split);
    g_test_add_func("/spec/a-broken-regex-is-refused-with-the-reason", a_broken_regex_is_refused_with_the_reason);
    g_test_add_func("/spec/only-pages-of-the-web-are-captured", only_pages_of_the_web_are_captured);
    g_test_add_func("/spec/a-file-url-is-refused-with-the-reason", a_file_url_is_refused_with_the_reason);
    g_test_add_func("/spec/the-url-beside-the-config-wins", the_url_beside_the_config_wins);
    g_test_add_func("/spec/a-config-without-url-is-refused", a_config_without_url_is_refused);
    g_test_add_func("/spec/unknown-keys-are-kept-and-warned-about", unknown_keys_are_kept_and_warned_about);
    g_test_add_func("/spec/a-spec-outlives-its-document", a_spec_outlives_its_document);
    return g_test_run();
}
