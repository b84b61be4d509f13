/* Bringing a page to rest.
 *
 * In the strict mode a page lives in virtual time. Its clock stands still until we give it a budget; then it jumps from
 * timer to timer as fast as the processor allows, waits for the network, and stops when the budget is used up. So a
 * page that needs five seconds to come to rest needs a few milliseconds of ours. And, which matters more, whatever
 * ticks for ever in the page has ticked exactly as often as the last time: so budgets are of one size, are always used
 * up, and how many are given depends on nothing that takes real time. What has to happen in real time (painting, the
 * network) happens while the clock stands.
 *
 * In the realtime mode we wait for the network to be quiet, as other tools do. */
#include "capture/page.h"

#include "base/clock.h"

#include <string.h>

/* How much of the page's time is allowed to pass at once: longer than any entrance animation. It costs nothing on a
 * page where nothing happens. */
enum { BUDGET_MS = 5000 };
/* See wait_for_missing(): the smallest time that there is, and how often, and in between. */
static const double SPECK_MS = 0.001;
enum { MAX_SPECKS = 100, LOOK_AGAIN_MS = 20 };
/* Each budget ends so much behind a whole millisecond, so that some specks more make no timer due. */
static const double FRACTION_MS = 0.05;
/* Injected code may wait for longer: so many budgets, a minute of the page's time. */
enum { MAX_BUDGETS = 12 };
/* Realtime: no request on its way for so long counts as quiet. In the strict mode: event streams are given up so long
 * after the last request has ended. */
enum { QUIET_MS = 250 };
/* Chromium 156 counts a history.back() as a navigation that never ends, and stops its clock for ever. */
enum { STUCK_MS = 3000 };
/* A page whose scripts keep the processor busy gets so much real time before we take it as it is; and so much each time
 * that it is asked for something after that. */
enum { STALL_MS = 8000, RESTLESS_MS = 500 };
/* Two frames take 33 ms; a page that paints none in this time will not. */
enum { PAINT_MS = 1000 };
/* Events are taken in 10 ms, in 90 ms under load. Where it takes so long, the page may wait for its clock. */
enum { INPUT_MS = 3000 };
/* How often a wait looks at the clock where no event comes. */
enum { POLL_MS = 50 };
/* An animation may start another when it ends; a chain may be so long, and one without end is cut here. */
enum { FREEZE_ROUNDS = 8 };
/* With workers, a budget is given in so many parts: so often page and workers can answer each other in it. */
enum { PARTS = 5 };
/* At most so tall a viewport for lazy content; a taller one costs memory and shows little that is new. */
enum { MAX_GROWN_HEIGHT = 16384 };

static bool is_strict(const Page *page) {
    return page->spec->still.mode == STILL_STRICT;
}

static void set_clock(Page *page, const char *policy, double budget_ms) {
    json_t *params = json_pack("{s:s}", "policy", policy);
    if (budget_ms > 0)
        json_object_set_new(params, "budget", json_real(budget_ms));
    cdp_send(page->session, "Emulation.setVirtualTimePolicy", params);
    page->clock_runs = budget_ms > 0;
}

/* A worker has globals of its own, and waits until it is told to go on. Its clock is the page's: virtual time is of the
 * whole process, and a budget given to a worker stops both for ever. */
static void on_attached(Page *page, const json_t *params) {
    const char *id = json_string_value(json_object_get(params, "sessionId"));
    const json_t *about = json_object_get(params, "targetInfo");
    if (!id)
        return;
    if (g_strcmp0(json_string_value(json_object_get(about, "type")), "worker") == 0) {
        g_autofree char *script = page_still_script(page);
        cdp_send_to(page->session, id, "Runtime.evaluate", json_pack("{s:s}", "expression", script));
        traffic_forget(page, json_string_value(json_object_get(about, "url")));
        g_ptr_array_add(page->workers, g_strdup(id));
    }
    cdp_send_to(page->session, id, "Runtime.runIfWaitingForDebugger", NULL);
}

static void on_detached(Page *page, const json_t *params) {
    const char *id = json_string_value(json_object_get(params, "sessionId"));
    unsigned index;
    if (id && g_ptr_array_find_with_equal_func(page->workers, id, g_str_equal, &index))
        g_ptr_array_remove_index(page->workers, index);
}

static bool handle(Page *page, const char *event, const json_t *params) {
    if (strcmp(event, "Emulation.virtualTimeBudgetExpired") == 0)
        page->clock_runs = false;
    else if (strcmp(event, "Target.attachedToTarget") == 0)
        on_attached(page, params);
    else if (strcmp(event, "Target.detachedFromTarget") == 0)
        on_detached(page, params);
    else
        return false;
    return true;
}

void settle_start(Page *page) {
    const Still *still = &page->spec->still;
    page_add_handler(page, handle);
    cdp_send(page->session, "Target.setAutoAttach",
             json_pack("{s:b, s:b, s:b}", "autoAttach", 1, "waitForDebuggerOnStart", 1, "flatten", 1));
    if (still->mode != STILL_OFF && still->animations) {
        /* They stand at their beginning until settle_freeze() takes them to their end. */
        cdp_send(page->session, "Animation.enable", NULL);
        cdp_send(page->session, "Animation.setPlaybackRate", json_pack("{s:i}", "playbackRate", 0));
    }
    if (is_strict(page))
        set_clock(page, "pause", 0);
}

/* Waiting. */

typedef struct {
    Call *const *all;
    unsigned n;
} Calls;

typedef struct Rest Rest;
struct Rest {
    Page *page;
    bool (*done)(const Rest *rest);
    Calls calls;     /* evaluations that must end */
    int64_t busy_ms; /* when something was last seen on its way */
    int64_t stall_ms;
    bool has_stalled;
};

static void run_clock(Page *page, double budget_ms) {
    set_clock(page, page->ignores_network ? "advance" : "pauseIfNetworkFetchesPending", budget_ms);
}

/* Event streams and beacons count as network to the browser, and so may what was cut off: they would stop its clock for
 * ever. When nothing else is on its way, it is told not to wait any more. */
static void look_at_network(Rest *rest) {
    Page *page = rest->page;
    bool is_stuck = traffic_is_overdue(page);
    if (is_stuck)
        traffic_cut_off(page);
    if (traffic_pending(page) > 0 && !page->ignores_network)
        rest->busy_ms = clock_now_ms();
    bool has_been_quiet = clock_now_ms() - rest->busy_ms >= QUIET_MS;
    is_stuck = is_stuck || (has_been_quiet && g_hash_table_size(page->requests) > 0);
    is_stuck = is_stuck || (page->went_back && page->clock_runs && clock_now_ms() - rest->busy_ms >= STUCK_MS);
    if (!is_stuck || page->ignores_network)
        return;
    page->ignores_network = true;
    if (page->clock_runs)
        run_clock(page, BUDGET_MS);
}

static bool is_loading(const Page *page) {
    return g_hash_table_size(page->loading) > 0;
}

static bool clock_stands(const Rest *rest) {
    return !rest->page->clock_runs;
}

static bool calls_are_done(Calls calls) {
    for (unsigned i = 0; i < calls.n; i++)
        if (!call_is_done(calls.all[i]))
            return false;
    return true;
}

static bool calls_have_ended(const Rest *rest) {
    return calls_are_done(rest->calls);
}

static bool is_quiet(const Rest *rest) {
    bool quiet = rest->page->spec->still.mode == STILL_OFF || clock_now_ms() - rest->busy_ms >= QUIET_MS;
    return quiet && !is_loading(rest->page) && calls_are_done(rest->calls);
}

static bool is_done_or_stalls(void *data) {
    Rest *rest = data;
    look_at_network(rest);
    if (rest->done(rest))
        return true;
    rest->has_stalled = clock_now_ms() - rest->busy_ms > rest->stall_ms;
    return rest->has_stalled;
}

/* Waits for a condition, but not for long when nothing is on its way. A page that does not get there is no failure: it
 * is logged, and taken as it stands. */
static bool wait_for(Page *page, Calls calls, bool (*done)(const Rest *), int64_t stall_ms, GError **error) {
    Rest rest = {.page = page, .done = done, .calls = calls, .busy_ms = clock_now_ms()};
    rest.stall_ms = page->is_restless ? MIN(stall_ms, RESTLESS_MS) : stall_ms;
    if (!cdp_wait(page->session, is_done_or_stalls, &rest, INT64_MAX, POLL_MS, error)) {
        g_prefix_error(error, "waiting for the page to come to rest: ");
        return false;
    }
    if (rest.has_stalled && stall_ms >= STALL_MS && !page->is_restless) {
        page_remark(page, "the page does not come to rest; taken as it is");
        page->is_restless = true;
    }
    return true;
}

static Calls all_of(const GPtrArray *calls) {
    return (Calls){(Call *const *)calls->pdata, calls->len};
}

static bool run_clock_for(Page *page, double budget_ms, GError **error) {
    run_clock(page, budget_ms);
    return wait_for(page, (Calls){0}, clock_stands, STALL_MS, error);
}

/* What workers were asked: session id -> Call. */
typedef struct {
    Page *page;
    GHashTable *calls;
} Asked;

/* Asks every worker for nothing: one that works answers when it is done. */
static GHashTable *ask_workers(Page *page) {
    GHashTable *calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)call_free);
    for (unsigned i = 0; i < page->workers->len; i++) {
        const char *id = page->workers->pdata[i];
        json_t *nothing = json_pack("{s:s}", "expression", "0");
        g_hash_table_insert(calls, g_strdup(id), cdp_begin_to(page->session, id, "Runtime.evaluate", nothing));
    }
    return calls;
}

/* One that has ended meanwhile is not waited for. */
static bool workers_are_idle(void *data) {
    const Asked *asked = data;
    for (unsigned i = 0; i < asked->page->workers->len; i++) {
        Call *call = g_hash_table_lookup(asked->calls, asked->page->workers->pdata[i]);
        if (call && !call_is_done(call))
            return false;
    }
    return true;
}

/* Waits, while the page's clock stands, until the workers have done what they were told: how long they take, and how busy
 * the machine is, must not be seen in the page. When one works for ever, or sleeps until another wakes it, they are left
 * alone from then on. */
static bool wait_for_workers(Page *page, GError **error) {
    g_autoptr(GHashTable) calls = ask_workers(page);
    g_autoptr(GError) cause = NULL;
    Asked asked = {page, calls};
    if (cdp_wait(page->session, workers_are_idle, &asked, clock_now_ms() + STALL_MS, POLL_MS, &cause))
        return true;
    if (!error_is(cause, ERROR_TIMEOUT)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    page_remark(page, "a worker of the page does not come to rest; not waited for any more");
    g_ptr_array_set_size(page->workers, 0);
    return true;
}

/* Uses up one budget. What a worker said while the clock stood is heard when it runs again. */
static bool live_once(Page *page, double budget_ms, GError **error) {
    const int parts = page->workers->len > 0 ? PARTS : 1;
    for (int i = 0; i < parts; i++)
        if (!wait_for_workers(page, error) || !run_clock_for(page, budget_ms / parts, error))
            return false;
    return true;
}

/* One budget; and another one while the page is on its way to a document, or the evaluation runs, or when workers have
 * come. */
static bool live(Page *page, Call *call, int budget_ms, GError **error) {
    const Calls calls = {&call, call != NULL};
    if (!is_strict(page))
        return wait_for(page, calls, is_quiet, STALL_MS, error);
    for (int i = 0; i < MAX_BUDGETS; i++) {
        bool had_workers = page->workers->len > 0;
        if (!live_once(page, budget_ms + FRACTION_MS, error))
            return false;
        bool have_come = !had_workers && page->workers->len > 0;
        if (!is_loading(page) && !have_come && calls_are_done(calls))
            return true;
    }
    page_remark(page, "the page still works after %d ms of its time; taken as it is", MAX_BUDGETS * budget_ms);
    return true;
}

/* Work in all frames, while the clock stands. */

static GPtrArray *ask_frames(Page *page, const char *expression) {
    GPtrArray *calls = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);
    g_autoptr(GList) worlds = g_hash_table_get_keys(page->worlds);
    for (const GList *world = worlds; world; world = world->next)
        g_ptr_array_add(calls, page_begin_evaluation(page, GPOINTER_TO_INT(world->data), expression));
    return calls;
}

/* Adds the number that a frame answered. A frame that went away meanwhile, or does not answer, counts as 0. */
static bool add_answer(Call *asked, int64_t *sum, GError **error) {
    g_autoptr(Call) call = asked;
    g_autoptr(GError) cause = NULL;
    if (!call_is_done(call))
        return true;
    json_t *value = page_end_evaluation(g_steal_pointer(&call), &cause);
    *sum += json_integer_value(value);
    json_decref(value);
    if (value || error_is(cause, ERROR_FAILED))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* Evaluates in all frames at once. Returns the sum of what comes out, or -1 with error. */
static int64_t in_all_frames(Page *page, const char *expression, GError **error) {
    g_autoptr(GPtrArray) calls = ask_frames(page, expression);
    int64_t sum = 0;
    if (!wait_for(page, all_of(calls), calls_have_ended, STALL_MS, error))
        return -1;
    while (calls->len > 0)
        if (!add_answer(g_ptr_array_steal_index_fast(calls, calls->len - 1), &sum, error))
            return -1;
    return sum;
}

static bool is_over(void *data) {
    return clock_now_ms() >= *(int64_t *)data;
}

/* Lets real time pass. */
static bool let_pass(Page *page, int ms, GError **error) {
    int64_t until = clock_now_ms() + ms;
    return cdp_wait(page->session, is_over, &until, INT64_MAX, MIN(ms, POLL_MS), error);
}

/* Waits for what has come but is not unpacked yet. That takes real time, and goes on only while the clock runs: so it is
 * given specks of time, which tickers do not notice. */
static bool wait_for_missing(Page *page, GError **error) {
    for (int i = 0; i < MAX_SPECKS; i++) {
        int64_t missing = in_all_frames(page, "__dpxdt.missing()", error);
        if (missing <= 0)
            return missing == 0;
        if (is_strict(page) && !run_clock_for(page, SPECK_MS, error))
            return false;
        if (!let_pass(page, LOOK_AGAIN_MS, error))
            return false;
    }
    return true;
}

/* Asks lazy images to load, which may wake up scripts, and waits for all. */
static bool arrive(Page *page, GError **error) {
    if (page->spec->still.mode == STILL_OFF)
        return true;
    int64_t awoken = in_all_frames(page, "__dpxdt.wake()", error);
    if (awoken < 0 || (awoken > 0 && !live(page, NULL, BUDGET_MS, error)))
        return false;
    return wait_for_missing(page, error);
}

bool settle(Page *page, GError **error) {
    return live(page, NULL, BUDGET_MS, error) && arrive(page, error);
}

json_t *settle_evaluation(Page *page, Call *begun, GError **error) {
    g_autoptr(Call) call = begun;
    if (!live(page, call, BUDGET_MS, error) || !arrive(page, error))
        return NULL;
    if (call_is_done(call))
        return page_end_evaluation(g_steal_pointer(&call), error);
    error_set(error, ERROR_TIMEOUT, "did not end within %d ms of the page's time", MAX_BUDGETS * BUDGET_MS);
    return NULL;
}

/* Events reach the page by another way than the commands to its clock. If it ran at once, they would come before, within or
 * behind the budget. */
bool settle_input(Page *page, Call *last, GError **error) {
    g_autoptr(Call) call = last;
    if (!wait_for(page, (Calls){&call, 1}, calls_have_ended, INPUT_MS, error))
        return false;
    json_auto_t *taken = call_is_done(call) ? page_end_evaluation(g_steal_pointer(&call), error)
                                            : settle_evaluation(page, g_steal_pointer(&call), error);
    return taken != NULL;
}

bool settle_for(Page *page, int ms, GError **error) {
    return is_strict(page) ? live(page, NULL, ms, error) : let_pass(page, ms, error);
}

static bool wait_for_painting(Page *page, bool (*done)(const Rest *), GError **error) {
    g_autoptr(Call) call = page_begin_evaluation(page, page->own_world, "__dpxdt.painted()");
    return wait_for(page, (Calls){&call, 1}, done, PAINT_MS, error);
}

bool settle_painting(Page *page, GError **error) {
    return wait_for_painting(page, calls_have_ended, error);
}

/* A document that is on its way is not painted while the clock stands. */
static bool is_painted_or_goes(const Rest *rest) {
    return calls_are_done(rest->calls) || g_hash_table_contains(rest->page->loading, rest->page->frame_id);
}

/* Events of scrolling and of transitions come with the next frame, which is painted in real time: so before time of the page
 * passes. The answer comes behind the news that the page goes to another document, which that of settle_input() overtakes. */
bool settle_step(Page *page, GError **error) {
    return wait_for_painting(page, is_painted_or_goes, error) && settle(page, error);
}

bool settle_lazy_content(Page *page, GError **error) {
    const CaptureSpec *spec = page->spec;
    int width, height;
    if (spec->still.mode == STILL_OFF || !spec->still.images || !spec->grow_viewport)
        return true;
    if (!page_document_size(page, &width, &height, error))
        return false;
    if (height <= spec->height)
        return true;
    page_set_viewport(page, spec->width, MIN(height, MAX_GROWN_HEIGHT));
    if (!settle_painting(page, error) || !settle(page, error))
        return false;
    page_set_viewport(page, spec->width, spec->height);
    return settle_painting(page, error) && settle(page, error);
}

/* Ends what moves, and what begins to move because of that. No time of the page passes meanwhile: how many rounds there
 * are depends on when the painter looked, and tickers must not learn of it. */
static bool end_animations(Page *page, GError **error) {
    int64_t ended = 1;
    for (int i = 0; i < FREEZE_ROUNDS && ended > 0; i++) {
        ended = in_all_frames(page, "__dpxdt.finish()", error);
        if (ended < 0 || (ended > 0 && !settle_painting(page, error)))
            return false;
    }
    return true;
}

bool settle_freeze(Page *page, GError **error) {
    if (page->spec->still.mode == STILL_OFF)
        return true;
    return end_animations(page, error) && live(page, NULL, BUDGET_MS, error) && end_animations(page, error);
}
