/* How often one may. */
#include "auth/limit.h"
#include "auth/places.h"

#include <glib.h>
#include <pthread.h>

static void so_many_at_once_and_then_by_time(void) {
    Limit *limit = limit_new(1, 3); /* one a minute: none comes in while this runs */
    for (int i = 0; i < 3; i++)
        g_assert_true(limit_allow(limit, "a"));
    g_assert_false(limit_allow(limit, "a"));
    g_assert_true(limit_is_used_up(limit, "a"));
    g_assert_false(limit_is_used_up(limit, "b"));
    g_assert_true(limit_allow(limit, "b"));
    limit_free(limit);
}

static void what_was_used_comes_back(void) {
    Limit *limit = limit_new(60 * 1000 * 1000, 1); /* a thousand a millisecond */
    g_assert_true(limit_allow(limit, "a"));
    while (!limit_allow(limit, "a"))
        ;
    limit_free(limit);
}

static void a_flood_of_names_takes_no_more_memory_than_it_may(void) {
    Limit *limit = limit_new(1, 2);
    int n = 0;
    for (int i = 0; i < 100 * 1000; i++) {
        g_autofree char *name = g_strdup_printf("%d", i);
        n += limit_allow(limit, name);
    }
    g_assert_cmpint(n, ==, 20 * 1000);
    limit_free(limit);
}

static void nobody_takes_all_places(void) {
    Places *places = places_new(3, 2);
    g_assert_true(places_take(places, "a"));
    g_assert_true(places_take(places, "a"));
    g_assert_false(places_take(places, "a"));
    g_assert_true(places_take(places, "b"));
    g_assert_false(places_take(places, "c"));
    places_give_back(places, "a");
    g_assert_true(places_take(places, "c"));
    places_give_back(places, "a");
    places_give_back(places, "b");
    places_give_back(places, "c");
    g_assert_true(places_take(places, "a"));
    places_give_back(places, "a");
    places_free(places);
}

enum { THREADS = 4, TIMES = 1000 };

static void *use(void *limit) {
    int n = 0;
    for (int i = 0; i < TIMES; i++)
        n += limit_allow(limit, "a");
    return GINT_TO_POINTER(n);
}

static void many_threads_get_no_more_than_there_is(void) {
    Limit *limit = limit_new(1, 1500);
    pthread_t threads[THREADS];
    int n = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use, limit);
    for (int i = 0; i < THREADS; i++) {
        void *got;
        pthread_join(threads[i], &got);
        n += GPOINTER_TO_INT(got);
    }
    g_assert_cmpint(n, >=, 1500);
    g_assert_cmpint(n, <=, 1502);
    limit_free(limit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limit/so-many-at-once-and-then-by-time", so_many_at_once_and_then_by_time);
    g_test_add_func("/limit/what-was-used-comes-back", what_was_used_comes_back);
    g_test_add_func("/limit/a-flood-of-names-takes-no-more-memory-than-it-may",
                    a_flood_of_names_takes_no_more_memory_than_it_may);
    g_test_add_func("/limit/nobody-takes-all-places", nobody_takes_all_places);
    g_test_add_func("/limit/many-threads-get-no-more-than-there-is", many_threads_get_no_more_than_there_is);
    return g_test_run();
}
