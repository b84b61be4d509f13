#include "local/filter.h"

#include <glib.h>

static const struct {
    const char *filter, *name;
    bool meant;
} cases[] = {
    {NULL, "home", true},
    {"", "home", true},
    {"home", "home", true},
    {"home", "home page", false},
    {"home", "my home", false},
    {"Home", "home", false},
    {"home*", "home page", true},
    {"*", "anything at all", true},
    {"*", "", true},
    {"h?me", "home", true},
    {"h?me", "hme", false},
    {"h?me", "h\xc3\xa4me", true}, /* a character, not a byte */
    {"a*:b*", "apple", true},
    {"a*:b*", "berry", true},
    {"a*:b*", "cherry", false},
    {"a::b", "b", true},
    {"a::b", "", false},
    {"shop/cart@320x200", "shop/cart@320x200", true},
    {"shop/*", "shop/cart/empty", true},

    {"-a*", "apple", false},
    {"-a*", "berry", true},
    {"*-a*", "apple", false},
    {"*-a*", "berry", true},
    {"a*:b*-a1", "a1", false},
    {"a*:b*-a1", "a2", true},
    {"a*:b*-a1", "c", false},
    {"a:-b", "a", true},
    {"a:-b", "b", false},
    {"*-a:b", "a", false},
    {"*-a:b", "b", false},
    {"*-a:b", "c", true},

    /* names have hyphens */
    {"log-in", "log-in", true},
    {"log-in", "log", false},
    {"log-in*", "log-in page", true},
    {"log-in*:-log-in2", "log-in2", false},
    {"log-in*:-log-in2", "log-in1", true},
    {"*-log-in", "log-in", false},
    {"*-log-in", "log", true},
};

static void patterns_mean_what_they_say(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("\"%s\" and \"%s\"", cases[i].filter ? cases[i].filter : "(null)", cases[i].name);
        g_assert_cmpint(filter_matches(cases[i].filter, cases[i].name), ==, cases[i].meant);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/patterns-mean-what-they-say", patterns_mean_what_they_say);
    return g_test_run();
}
