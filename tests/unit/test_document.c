#include "config/document.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *text;
    const char *expected; /* JSON, or the message */
} Case;

static Document *read_text(const char *text, GError **error) {
    return document_from_yaml("a.yaml", text, strlen(text), error);
}

static char *to_json(const Document *document) {
    return json_dumps(document_root(document), JSON_ENCODE_ANY | JSON_COMPACT);
}

static void assert_values(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Document) document = read_text(cases[i].text, &error);
        g_assert_no_error(error);
        g_autofree char *json = to_json(document);
        g_assert_cmpstr(json, ==, cases[i].expected);
    }
}

static void assert_refused(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Document) document = read_text(cases[i].text, &error);
        g_assert_null(document);
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, cases[i].expected);
    }
}

static void real_files_mean_what_pyyaml_says(void) {
    static const char *const names[] = {"danvk-comparea", "danvk-dygraphs", "generator-style", "hammerlab-cycledash"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *stem = g_test_build_filename(G_TEST_DIST, "data", "yaml", names[i], NULL);
        g_autofree char *yaml_path = g_strconcat(stem, ".yaml", NULL);
        g_autofree char *json_path = g_strconcat(stem, ".json", NULL);
        g_autofree char *text = NULL;
        size_t size;
        g_assert_true(g_file_get_contents(yaml_path, &text, &size, NULL));
        g_autoptr(GError) error = NULL;
        g_autoptr(Document) document = document_from_yaml(yaml_path, text, size, &error);
        g_assert_no_error(error);
        json_auto_t *expected_root = json_load_file(json_path, 0, NULL);
        g_autofree char *expected = json_dumps(expected_root, JSON_COMPACT);
        g_autofree char *actual = to_json(document);
        g_assert_cmpstr(actual, ==, expected); /* as text: the order of keys counts too */
    }
}

static void plain_scalars_mean_what_yaml_1_1_says(void) {
    static const Case cases[] = {
        {"", "null"},
        {"# nothing\n", "null"},
        {"[~, null, Null, NULL, ]", "[null,null,null,null]"},
        {"[yes, Yes, YES, on, true, no, OFF, False]", "[true,true,true,true,true,false,false,false]"},
        {"[y, n, yEs, nULL]", "[\"y\",\"n\",\"yEs\",\"nULL\"]"},
        {"[0, -0, +12, 1_000, 9223372036854775807]", "[0,0,12,1000,9223372036854775807]"},
        {"[-9223372036854775808, 0b101, -0x1F, 010]", "[-9223372036854775808,5,-31,8]"},
        {"[1:30, 190:20:30, -1:30]", "[90,685230,-90]"},
        {"[09, 1:60, 0x, 0b2, +, 1__x]", "[\"09\",\"1:60\",\"0x\",\"0b2\",\"+\",\"1__x\"]"},
        {"[1.5, .5, 1_0., -1.5e+3, 1:30.5]", "[1.5,0.5,10.0,-1500.0,90.5]"},
        {"[1e3, 1.5e3, -.5, ., 1.2.3]", "[\"1e3\",\"1.5e3\",\"-.5\",\".\",\"1.2.3\"]"},
        {"[2001-01-01, =, \"12\", 'yes', \"\"]", "[\"2001-01-01\",\"=\",\"12\",\"yes\",\"\"]"},
        {"{on: 1, 2: x, ~: y}", "{\"on\":1,\"2\":\"x\",\"~\":\"y\"}"},
    };
    assert_values(cases, G_N_ELEMENTS(cases));
}

static void core_tags_are_honoured(void) {
    static const Case cases[] = {
        {"[!!str 12, !!str yes, !!int \"0x1F\", !!float 3]", "[\"12\",\"yes\",31,3.0]"},
        {"[!!bool \"yes\", !!null \"\", !!seq [], !!map {}, ! 12]", "[true,null,[],{},12]"},
        {"!!timestamp 2001-01-01", "\"2001-01-01\""},
    };
    static const Case refused[] = {
        {"a: !!python/object x", "a.yaml:1:4: this tag is not known here; !!str, !!int, !!float, "
                                 "!!bool and !!null are"},
        {"a: !thing {}", "a.yaml:1:4: the tag !<!thing> is not known here"},
        {"a: !!int many", "a.yaml:1:4: !!int must be a whole number"},
    };
    assert_values(cases, G_N_ELEMENTS(cases));
    assert_refused(refused, G_N_ELEMENTS(refused));
}

static void long_texts_are_folded_as_yaml_says(void) {
    static const Case cases[] = {
        {"|\n  one\n  two\n", "\"one\\ntwo\\n\""},
        {">-\n  one\n  two\n\n  three\n", "\"one two\\nthree\""},
        {"\"one\\\n  \\ two\\_\\xE9\"", "\"one two\xC2\xA0\xC3\xA9\""},
        {"'one\n\n  two'", "\"one\\ntwo\""},
        {"tests:\n- a\n- b", "{\"tests\":[\"a\",\"b\"]}"},
        {"\xEF\xBB\xBF"
         "a: 1\r\nb: 2\r\n",
         "{\"a\":1,\"b\":2}"},
    };
    assert_values(cases, G_N_ELEMENTS(cases));
}

/* The order of keys is PyYAML's. */
static void merges_give_way_to_what_stands_beside_them(void) {
    static const Case cases[] = {
        {"[&a {x: 1, y: 2}, {<<: *a, y: 3}]", "[{\"x\":1,\"y\":2},{\"x\":1,\"y\":3}]"},
        {"[&a {x: 1, y: 2}, {y: 3, <<: *a}]", "[{\"x\":1,\"y\":2},{\"x\":1,\"y\":3}]"},
        {"[&a {x: 1}, &b {x: 2, z: 3}, {<<: [*a, *b]}]", "[{\"x\":1},{\"x\":2,\"z\":3},{\"x\":1,\"z\":3}]"},
        {"[&a {x: 1}, &b {x: 2}, {<<: *a, <<: *b}]", "[{\"x\":1},{\"x\":2},{\"x\":2}]"},
        {"{<<: {x: 1}, y: 2}", "{\"x\":1,\"y\":2}"},
        {"{<<: [], y: 2}", "{\"y\":2}"},
        {"{\"<<\": 1}", "{\"<<\":1}"},
    };
    static const Case refused[] = {
        {"a:\n  <<: 1\n", "a.yaml:2:7: << takes a map or a list of maps"},
        {"a:\n  <<: [{}, 1]\n", "a.yaml:2:7: << takes a map or a list of maps"},
    };
    assert_values(cases, G_N_ELEMENTS(cases));
    assert_refused(refused, G_N_ELEMENTS(refused));
}

static void an_alias_shares_the_subtree(void) {
    g_autoptr(Document) document = read_text("a: &a {x: 1}\nb: *a\n", NULL);
    g_assert_true(json_object_get(document_root(document), "a") == json_object_get(document_root(document), "b"));
}

static void broken_syntax_is_refused_with_its_place(void) {
    static const Case cases[] = {
        {"a: [1, 2\nb: 3\n", "a.yaml:2:2: did not find expected ',' or ']', while parsing a flow "
                             "sequence that begins at line 1"},
        {"a: b: c\n", "a.yaml:1:5: mapping values are not allowed in this context"},
        {"a: 1\n b: 2\n", "a.yaml:2:3: mapping values are not allowed in this context"},
        {"a: \"b\n", "a.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar "
                     "that begins at line 1"},
        {"a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here; a file may hold only one"},
        {"a: b\ac\n", "a.yaml:1:5: the character U+0007 may not stand in YAML"},
        {"a: \"b\\0\"\n", "a.yaml:1:4: a NUL character (\\0) may not stand in a text"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void tabs_cannot_indent(void) {
    static const Case elsewhere[] = {{"a: [1,\n\t2]\nb:\t3\n", "{\"a\":[1,2],\"b\":3}"}};
    assert_values(elsewhere, G_N_ELEMENTS(elsewhere));
    static const Case cases[] = {
        {"a: [1,\n\t2: 3: 4]\n", "a.yaml:2:6: did not find expected ',' or ']', while parsing a "
                                 "flow sequence that begins at line 1"},
        {"a:\n\tb: 1\n", "a.yaml:2:1: tabs cannot indent in YAML, use spaces (found character that "
                         "cannot start any token, while scanning for the next token)"},
        {"a:\n  b: x\n \tc: y\n",
         "a.yaml:3:2: tabs cannot indent in YAML, use spaces (found a tab character that violates "
         "indentation, while scanning a plain scalar that begins at line 2)"},
        {"a: |\n\tx\n", "a.yaml:2:1: tabs cannot indent in YAML, use spaces (found a tab character where an "
                        "indentation space is expected, while scanning a block scalar that begins at line 1)"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void what_is_no_utf_8_is_refused_with_its_place(void) {
    static const Case cases[] = {
        {"a: 1\nb: \xC3\xA9\xFF\n", "a.yaml:2:5: not UTF-8: invalid leading UTF-8 octet"},
        {"a: 1\r\nb: \xC3", "a.yaml:2:4: not UTF-8: incomplete UTF-8 octet sequence"},
        {"a: \xE2\x28\xA1\n", "a.yaml:1:5: not UTF-8: invalid trailing UTF-8 octet"},
        {"a: \xED\xA0\x80\n", "a.yaml:1:4: not UTF-8: invalid Unicode character"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void what_json_cannot_hold_is_refused_with_its_place(void) {
    static const Case cases[] = {
        {"a: .inf\n", "a.yaml:1:4: JSON has neither infinity nor NaN"},
        {"a: [1, -.Inf]\n", "a.yaml:1:8: JSON has neither infinity nor NaN"},
        {"a: .NaN\n", "a.yaml:1:4: JSON has neither infinity nor NaN"},
        {"a: 1.0e+999\n", "a.yaml:1:4: JSON has neither infinity nor NaN"},
        {"a: 9223372036854775808\n", "a.yaml:1:4: a whole number must fit into 64 bits"},
        {"a: 99999999999999999999:30\n", "a.yaml:1:4: a whole number must fit into 64 bits"},
        {"? [a]\n: b\n", "a.yaml:1:3: a key must be a text, not a map or a list"},
        {"- &a {}\n- {*a : b}\n", "a.yaml:2:4: a key must be a text, not a map or a list"},
        {"a: 1\nb: {c: 1, c: 2}\n", "a.yaml:2:11: the key \"c\" stands twice in one map, first at line 2 column 5"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void unknown_repeated_and_cyclic_anchors_are_refused(void) {
    static const Case cases[] = {
        {"a: *b\n", "a.yaml:1:4: unknown alias *b: no &b stands before it"},
        {"a: &std-config {}\nb: *stdconfig\n", "a.yaml:2:4: unknown alias *stdconfig: no &stdconfig "
                                               "stands before it; did you mean *std-config?"},
        {"- &a 1\n- &a 2\n", "a.yaml:2:3: the anchor &a stands for something else already, see line 1 column 3"},
        {"a: &a\n  b: *a\n", "a.yaml:2:6: the alias *a stands inside of &a itself, which would never end"},
        {"&a [1, *a]\n", "a.yaml:1:8: the alias *a stands inside of &a itself, which would never end"},
        {"a: &a\n  <<: *a\n", "a.yaml:2:7: the alias *a stands inside of &a itself, which would never end"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

/* Each line holds the one before it nine times. */
static char *billion_laughs(void) {
    GString *text = g_string_new("a0: &a0 {x: 1}\n");
    for (int i = 1; i < 12; i++) {
        g_string_append_printf(text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            g_string_append_printf(text, "*a%d, ", i - 1);
        g_string_append(text, "]\n");
    }
    return g_string_free(text, FALSE);
}

static void a_billion_laughs_are_refused_at_once(void) {
    g_autofree char *text = billion_laughs();
    g_autoptr(GError) error = NULL;
    int64_t begin = g_get_monotonic_time();
    g_autoptr(Document) document = read_text(text, &error);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 1000000); /* microseconds; it takes 300 */
    g_assert_null(document);
    g_assert_cmpstr(error->message, ==, "a.yaml:7:10: the file has more than 200000 values, with aliases followed");
}

static void merges_cannot_grow_beyond_the_limit_either(void) {
    GString *text = g_string_new("m0: &m0 {k: 1}\n");
    for (int i = 1; i < 60; i++)
        g_string_append_printf(text, "m%d: &m%d {<<: [*m%d, *m%d], k%d: *m%d}\n", i, i, i - 1, i - 1, i, i - 1);
    g_autofree char *owned = g_string_free(text, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) document = read_text(owned, &error);
    g_assert_null(document);
    g_assert_true(g_str_has_suffix(error->message, "more than 200000 values, with aliases followed"));
}

static void deep_nesting_is_refused_through_aliases_too(void) {
    g_autofree char *open = g_strnfill(65, '[');
    g_autofree char *half = g_strnfill(33, '[');
    g_autofree char *close = g_strnfill(33, ']');
    g_autofree char *aliased = g_strdup_printf("a: &a %s%s\nb: %s*a%s\n", half, close, half, close);
    const Case cases[] = {
        {open, "a.yaml:1:65: nested deeper than 64 levels, with aliases followed"},
        {aliased, "a.yaml:2:37: nested deeper than 64 levels, with aliases followed"},
    };
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void a_file_that_is_too_large_is_refused(void) {
    g_autofree char *text = g_strnfill(DOCUMENT_MAX_BYTES + 1, '#');
    const Case cases[] = {{text, "a.yaml: 4194305 bytes, at most 4194304 are read"}};
    assert_refused(cases, G_N_ELEMENTS(cases));
}

static void assert_place(Place place, int line, int column) {
    g_assert_cmpint(place.line, ==, line);
    g_assert_cmpint(place.column, ==, column);
}

static void every_value_knows_where_it_stood(void) {
    g_autoptr(Document) document =
        read_text("a: &a\n  x: true\n  y: [true, 2]\nb:\n  <<: *a\n  \"\xC3\xA9\": true\n", NULL);
    json_t *root = document_root(document);
    json_t *b = json_object_get(root, "b");
    assert_place(document_place_of_root(document), 1, 1);
    assert_place(document_place_of_key(document, root, "a"), 1, 4);
    assert_place(document_place_of_name(document, root, "b"), 4, 1);
    assert_place(document_place_of_key(document, root, "b"), 5, 3);
    assert_place(document_place_of_key(document, b, "x"), 2, 6); /* where it was written */
    assert_place(document_place_of_name(document, b, "x"), 2, 3);
    assert_place(document_place_of_key(document, b, "\xC3\xA9"), 6, 8); /* in characters */
    assert_place(document_place_of_element(document, json_object_get(b, "y"), 1), 3, 13);
}

static void a_value_that_is_not_there_is_no_null_that_was_written(void) {
    static const char text[] = "# \xC3\xA9\xE2\x80\xA8\na:\nb: #one two\t\r\nc: # remark\nd: ~\ne: ''\nf: [{g}]\nh:\n- "
                               "#\xC3\xA9\n- &i ~\nj: *i\n";
    static const struct {
        const char *key, *expected;
    } cases[] = {{"a", ""},   {"b", "#one two"}, {"c", ""},   {"d", NULL},
                 {"e", NULL}, {"f", NULL},       {"j", NULL}, {"k", NULL}};
    g_autoptr(Document) document = read_text(text, NULL);
    json_t *root = document_root(document), *list = json_object_get(root, "h");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Place place = document_place_of_key(document, root, cases[i].key);
        g_assert_cmpstr(document_blank_at(document, place), ==, cases[i].expected);
    }
    g_assert_cmpstr(document_blank_at(document, document_place_of_element(document, list, 0)), ==, "#\xC3\xA9");
    g_assert_null(document_blank_at(document, document_place_of_element(document, list, 1)));
}

static void a_document_from_json_names_the_path_alone(void) {
    json_auto_t *root = json_pack("{s:i}", "a", 1);
    g_autoptr(Document) document = document_from_json("task.json", root);
    assert_place(document_place_of_key(document, root, "a"), 0, 0);
    g_autofree char *message =
        document_message(document, document_place_of_key(document, root, "a"), "must be %s", "good");
    g_assert_cmpstr(message, ==, "task.json: must be good");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/document/real-files-mean-what-pyyaml-says", real_files_mean_what_pyyaml_says);
    g_test_add_func("/document/plain-scalars-mean-what-yaml-1-1-says", plain_scalars_mean_what_yaml_1_1_says);
    g_test_add_func("/document/core-tags-are-honoured", core_tags_are_honoured);
    g_test_add_func("/document/long-texts-are-folded-as-yaml-says", long_texts_are_folded_as_yaml_says);
    g_test_add_func("/document/merges-give-way-to-what-stands-beside-them", merges_give_way_to_what_stands_beside_them);
    g_test_add_func("/document/an-alias-shares-the-subtree", an_alias_shares_the_subtree);
    g_test_add_func("/document/broken-syntax-is-refused-with-its-place", broken_syntax_is_refused_with_its_place);
    g_test_add_func("/document/tabs-cannot-indent", tabs_cannot_indent);
    g_test_add_func("/document/what-is-no-utf-8-is-refused-with-its-place", what_is_no_utf_8_is_refused_with_its_place);
    g_test_add_func("/document/what-json-cannot-hold-is-refused-with-its-place",
                    what_json_cannot_hold_is_refused_with_its_place);
    g_test_add_func("/document/unknown-repeated-and-cyclic-anchors-are-refused",
                    unknown_repeated_and_cyclic_anchors_are_refused);
    g_test_add_func("/document/a-billion-laughs-are-refused-at-once", a_billion_laughs_are_refused_at_once);
    g_test_add_func("/document/merges-cannot-grow-beyond-the-limit-either", merges_cannot_grow_beyond_the_limit_either);
    g_test_add_func("/document/deep-nesting-is-refused-through-aliases-too",
                    deep_nesting_is_refused_through_aliases_too);
    g_test_add_func("/document/a-file-that-is-too-large-is-refused", a_file_that_is_too_large_is_refused);
    g_test_add_func("/document/every-value-knows-where-it-stood", every_value_knows_where_it_stood);
    g_test_add_func("/document/a-value-that-is-not-there-is-no-null-that-was-written",
                    a_value_that_is_not_there_is_no_null_that_was_written);
    g_test_add_func("/document/a-document-from-json-names-the-path-alone", a_document_from_json_names_the_path_alone);
    return g_test_run();
}
