#include "local/order.h"

#include "config/suite.h"

typedef struct {
    gint64 duration_ms;
    unsigned index;
} Turn;

static int longest_first(const void *a, const void *b) {
    const Turn *first = a, *second = b;
    if (first->duration_ms != second->duration_ms)
        return first->duration_ms > second->duration_ms ? -1 : 1;
    return first->index < second->index ? -1 : 1;
}

GArray *order_by_duration(const GPtrArray *tests, GHashTable *durations_ms) {
    g_autoptr(GArray) turns = g_array_new(FALSE, FALSE, sizeof(Turn));
    for (unsigned i = 0; i < tests->len; i++) {
        const TestCase *test = tests->pdata[i];
        const gint64 *known = durations_ms ? g_hash_table_lookup(durations_ms, test->name) : NULL;
        const Turn turn = {known ? *known : G_MAXINT64, i};
        g_array_append_val(turns, turn);
    }
    g_array_sort(turns, longest_first);
    GArray *order = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < turns->len; i++)
        g_array_append_val(order, g_array_index(turns, Turn, i).index);
    return order;
}
