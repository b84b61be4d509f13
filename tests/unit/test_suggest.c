#include "base/suggest.h"

#include <glib.h>

static const char *const names[] = {"injectCss", "injectJs", "viewportSize", "jobs"};

static const char *suggest(const char *written) {
    return suggest_name(written, names, G_N_ELEMENTS(names));
}

static void a_misspelt_name_finds_the_nearest(void) {
    g_assert_cmpstr(suggest("injectCSS"), ==, "injectCss");
    g_assert_cmpstr(suggest("inject_js"), ==, "injectJs");
    g_assert_cmpstr(suggest("veiwportSize"), ==, "viewportSize");
    g_assert_cmpstr(suggest("job"), ==, "jobs");
    g_assert_cmpstr(suggest("jbos"), ==, "jobs");
}

static void a_word_of_its_own_finds_nothing(void) {
    g_assert_null(suggest("cookies"));
    g_assert_null(suggest(""));
    g_assert_null(suggest("a-word-that-is-far-longer-than-any-name-which-this-program-will-ever-have"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suggest/a-misspelt-name-finds-the-nearest", a_misspelt_name_finds_the_nearest);
    g_test_add_func("/suggest/a-word-of-its-own-finds-nothing", a_word_of_its_own_finds_nothing);
    return g_test_run();
}
