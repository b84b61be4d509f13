/* A text of anybody's -> document -> capture config and test file. It may be refused, with a message that names the
 * place; it may not crash, leak, hang, or give a message that is no UTF-8. */

#include "config/suite.h"
#include "fuzz/fuzz.h"

static void expect_good_message(bool ok, const GError *error) {
    g_assert_true(ok == (error == NULL));
    if (error) {
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_true(g_str_has_prefix(error->message, "fuzz.yaml:"));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static void parse_as_config(const char *text, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) spec_error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Document) document = document_from_yaml("fuzz.yaml", text, size, &error);
    expect_good_message(document != NULL, error);
    if (!document || !json_is_object(document_root(document)))
        return;
    g_autoptr(CaptureSpec) spec = spec_parse(document, document_root(document), NULL, warnings, &spec_error);
    expect_good_message(spec != NULL, spec_error);
}

static void parse_as_suite(const char *text, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Suite) suite = suite_new("tests");
    bool ok = suite_add(suite, "fuzz.yaml", text, size, &error);
    expect_good_message(ok, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    parse_as_config((const char *)data, size);
    parse_as_suite((const char *)data, size);
    return 0;
}
