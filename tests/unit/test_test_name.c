#include "config/test_name.h"

#include <glib.h>

static void assert_good(const char *name) {
    g_assert_cmpstr(test_name_check(name), ==, NULL);
}

static void assert_bad(const char *name) {
    g_assert_cmpstr(test_name_check(name), !=, NULL);
}

static void names_may_be_nearly_anything(void) {
    g_autofree char *longest = g_strnfill(244, 'x');
    assert_good("a");
    assert_good("desk newsletter.v2? a&b #1");
    assert_good("folder/below/it");
    assert_good("back\\slash");
    assert_good("...");
    assert_good("\xC3\xBC"
                "ber");
    assert_good("a/.dpxdt/b");
    assert_good(longest);
}

static void names_cannot_leave_the_folder(void) {
    assert_bad("../a");
    assert_bad("a/../../b");
    assert_bad("a/..");
    assert_bad("..");
    assert_bad(".");
    assert_bad("/etc/passwd");
}

static void names_that_are_no_file_are_refused(void) {
    g_autofree char *component = g_strnfill(245, 'x');
    g_autofree char *part = g_strnfill(200, 'x');
    g_autofree char *whole = g_strjoin("/", part, part, part, part, part, NULL);
    assert_bad("");
    assert_bad("a//b");
    assert_bad("a/");
    assert_bad("a\nb");
    assert_bad("a\x7F");
    assert_bad("a\xC2\x85"); /* U+0085 */
    assert_bad(component);
    assert_bad(whole);
    assert_bad(".dpxdt/a");
}

static void two_tests_cannot_have_one_file(void) {
    g_autoptr(GHashTable) table = test_name_table_new();
    g_assert_cmpstr(test_name_take(table, "a", "x.yaml:1:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "b", "x.yaml:2:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "a", "y.yaml:1:1"), ==, "x.yaml:1:1");
}

static void a_file_cannot_be_a_folder_too(void) {
    g_autoptr(GHashTable) table = test_name_table_new();
    g_assert_cmpstr(test_name_take(table, "a", "x.yaml:1:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "a/b", "x.yaml:2:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "a/c", "x.yaml:3:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "a.png/b", "x.yaml:4:1"), ==, "x.yaml:1:1");
    g_assert_cmpstr(test_name_take(table, "d.png/e/f", "x.yaml:5:1"), ==, NULL);
    g_assert_cmpstr(test_name_take(table, "d", "x.yaml:6:1"), ==, "x.yaml:5:1");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/test_name/names-may-be-nearly-anything", names_may_be_nearly_anything);
    g_test_add_func("/test_name/names-cannot-leave-the-folder", names_cannot_leave_the_folder);
    g_test_add_func("/test_name/names-that-are-no-file-are-refused", names_that_are_no_file_are_refused);
    g_test_add_func("/test_name/two-tests-cannot-have-one-file", two_tests_cannot_have_one_file);
    g_test_add_func("/test_name/a-file-cannot-be-a-folder-too", a_file_cannot_be_a_folder_too);
    return g_test_run();
}
