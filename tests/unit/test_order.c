#include "local/order.h"

#include "config/suite.h"

#include <glib.h>

/* Tests named "a", "b", ... of which some have a duration; -1: it is not known. */
static char *order_of(const int *durations_ms, unsigned n_tests) {
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    TestCase cases[G_N_ELEMENTS(names)] = {0};
    g_autoptr(GPtrArray) tests = g_ptr_array_new();
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    for (unsigned i = 0; i < n_tests; i++) {
        cases[i].name = (char *)names[i];
        g_ptr_array_add(tests, &cases[i]);
        gint64 *duration_ms = g_new(gint64, 1);
        *duration_ms = durations_ms[i];
        if (durations_ms[i] < 0)
            g_free(duration_ms);
        else
            g_hash_table_insert(table, (char *)names[i], duration_ms);
    }
    g_autoptr(GArray) order = order_by_duration(tests, table);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < order->len; i++)
        g_string_append(text, names[g_array_index(order, unsigned, i)]);
    return g_string_free(text, FALSE);
}

static void those_that_took_longest_come_first_and_before_them_the_unknown(void) {
    static const struct {
        int durations_ms[5];
        unsigned n_tests;
        const char *order;
    } cases[] = {
        {{0}, 0, ""},
        {{-1, -1, -1}, 3, "abc"},
        {{10, 30, 20}, 3, "bca"},
        {{10, -1, 20, -1, 20}, 5, "bdcea"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *order = order_of(cases[i].durations_ms, cases[i].n_tests);
        g_assert_cmpstr(order, ==, cases[i].order);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/order/those-that-took-longest-come-first-and-before-them-the-unknown",
                    those_that_took_longest_come_first_and_before_them_the_unknown);
    return g_test_run();
}
