#include "api/housekeeping.h"

#include "auth/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/overdue.h"

enum { PERIOD_MS = 60 * 1000 };

struct Housekeeping {
    Api *api;
    pthread_t thread;
};

static bool settle(Db *db, void *out_n, GError **error) {
    *(int64_t *)out_n = overdue_settle(db, g_get_real_time() / 1000, error);
    return *(int64_t *)out_n >= 0;
}

static bool sweep(Db *db, void *unused, GError **error) {
    return session_sweep(db, g_get_real_time() / 1000, error) >= 0;
}

static void look(Api *api) {
    int64_t n = 0;
    g_autoptr(GError) error = NULL;
    if (!db_transact(api->pool, settle, &n, &error))
        log_event(LOG_ERROR, "housekeeping", LOG_TEXT("error", error->message));
    else if (n > 0)
        log_event(LOG_WARNING, "housekeeping", LOG_NUMBER("overdue_releases", n));
    if (n > 0)
        news_tell(&api->news);
    g_clear_error(&error);
    if (!db_transact(api->pool, sweep, NULL, &error))
        log_event(LOG_ERROR, "housekeeping", LOG_TEXT("error", error->message));
}

static void *run(void *data) {
    Api *api = data;
    do
        look(api);
    while (news_sleep(&api->news, clock_now_ms() + PERIOD_MS));
    return NULL;
}

Housekeeping *housekeeping_start(Api *api) {
    Housekeeping *housekeeping = g_new0(Housekeeping, 1);
    housekeeping->api = api;
    pthread_create(&housekeeping->thread, NULL, run, api);
    return housekeeping;
}

void housekeeping_join(Housekeeping *housekeeping) {
    if (!housekeeping)
        return;
    pthread_join(housekeeping->thread, NULL);
    g_free(housekeeping);
}
