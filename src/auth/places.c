#include "auth/places.h"

#include <glib.h>
#include <pthread.h>

struct Places {
    int most, most_each;

    pthread_mutex_t lock; /* guards all below */
    GHashTable *taken;    /* name -> how many */
    int n_taken;
};

Places *places_new(int most, int most_each) {
    Places *places = g_new0(Places, 1);
    places->most = most;
    places->most_each = most_each;
    places->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pthread_mutex_init(&places->lock, NULL);
    return places;
}

void places_free(Places *places) {
    if (!places)
        return;
    g_assert(places->n_taken == 0);
    pthread_mutex_destroy(&places->lock);
    g_hash_table_unref(places->taken);
    g_free(places);
}

/* With the lock held. */
static int taken_by(Places *places, const char *who) {
    return GPOINTER_TO_INT(g_hash_table_lookup(places->taken, who));
}

static void set_taken(Places *places, const char *who, int n) {
    places->n_taken += n - taken_by(places, who);
    if (n > 0)
        g_hash_table_insert(places->taken, g_strdup(who), GINT_TO_POINTER(n));
    else
        g_hash_table_remove(places->taken, who);
}

bool places_take(Places *places, const char *who) {
    pthread_mutex_lock(&places->lock);
    int n = taken_by(places, who);
    bool is_free = n < places->most_each && places->n_taken < places->most;
    if (is_free)
        set_taken(places, who, n + 1);
    pthread_mutex_unlock(&places->lock);
    return is_free;
}

void places_give_back(Places *places, const char *who) {
    pthread_mutex_lock(&places->lock);
    int n = taken_by(places, who);
    g_assert(n > 0);
    set_taken(places, who, n - 1);
    pthread_mutex_unlock(&places->lock);
}
