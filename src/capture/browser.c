#include "capture/browser.h"

#include "base/clock.h"
#include "capture/chromium.h"
#include "net/gate.h"

#include <glib.h>
#include <pthread.h>

/* Browsers leak a little with every page. */
enum { PAGES_PER_PROCESS = 500 };
/* A busy browser answers in a second; one that was stopped, or hangs, not at all. */
enum { OPEN_MS = 20000, ANSWER_MS = 5000 };

/* One process, and who uses it: it is freed when it was replaced and its last tab has closed. */
typedef struct {
    Chromium *chromium;
    int pages; /* how many it has served; guarded by the browser's lock, as users is */
    int users;
} Generation;

struct Browser {
    char *program;         /* set once */
    int64_t most_memory;   /* likewise */
    bool needs_sandbox;    /* likewise */
    Gate *gate;            /* likewise; NULL if pages may go anywhere */
    pthread_mutex_t lock;  /* guards all below; held while a process starts, since all wait for it anyway */
    Generation *newest[2]; /* by whether images stand still; NULL until needed */
};

struct Tab {
    Browser *browser;
    Generation *generation;
    CdpSession *root; /* the browser's own session is of this thread, for closing */
    CdpSession *session;
    char *context_id;
    int64_t opened_ms;
};

static void drop_user(Generation *generation) {
    if (--generation->users > 0)
        return;
    chromium_free(generation->chromium);
    g_free(generation);
}

static bool is_worn_out(const Generation *generation) {
    return generation->pages >= PAGES_PER_PROCESS || devtools_is_gone(chromium_devtools(generation->chromium));
}

/* A generation to open a page in, with one more user. The slot itself is a user too. */
static Generation *take_generation(Browser *browser, bool still_images, GError **error) {
    Generation **slot = &browser->newest[still_images];
    if (*slot && is_worn_out(*slot))
        drop_user(g_steal_pointer(slot));
    if (!*slot) {
        const ChromiumSetup setup = {.program = browser->program,
                                     .still_images = still_images,
                                     .most_memory = browser->most_memory,
                                     .needs_sandbox = browser->needs_sandbox,
                                     .proxy_only = browser->gate != NULL};
        Chromium *chromium = chromium_start(&setup, error);
        if (!chromium)
            return NULL;
        *slot = g_new0(Generation, 1);
        (*slot)->chromium = chromium;
        (*slot)->users = 1;
    }
    (*slot)->pages++;
    (*slot)->users++;
    return *slot;
}

Browser *browser_new(const BrowserSetup *setup, GError **error) {
    g_autofree char *found = chromium_find(setup->program, error);
    if (!found)
        return NULL;
    g_autoptr(Browser) browser = g_new0(Browser, 1);
    browser->program = g_steal_pointer(&found);
    browser->most_memory = setup->most_memory;
    browser->needs_sandbox = setup->needs_sandbox;
    pthread_mutex_init(&browser->lock, NULL);
    browser->gate = setup->public_only ? gate_new(error) : NULL;
    if (setup->public_only && !browser->gate)
        return NULL;
    Generation *first = take_generation(browser, true, error);
    if (!first)
        return NULL;
    first->users--;
    first->pages--;
    return g_steal_pointer(&browser);
}

void browser_free(Browser *browser) {
    if (!browser)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(browser->newest); i++)
        if (browser->newest[i])
            drop_user(browser->newest[i]);
    gate_free(browser->gate);
    pthread_mutex_destroy(&browser->lock);
    g_free(browser->program);
    g_free(browser);
}

static char *call_for_text(CdpSession *session, const char *method, json_t *params, const char *key, GError **error) {
    json_t *result = cdp_call(session, method, params, error);
    char *text = g_strdup(json_string_value(json_object_get(result, key)));
    json_decref(result);
    if (!text && error && !*error)
        error_set(error, ERROR_FAILED, "%s: no %s in the answer", method, key);
    return text;
}

/* A browser has few connections to a proxy at a time (32), but as many for each context. */
static json_t *context_of(const Browser *browser) {
    if (!browser->gate)
        return json_pack("{s:b}", "disposeOnDetach", 1);
    g_autofree char *proxy = g_strdup_printf("socks5://127.0.0.1:%d", gate_port(browser->gate));
    return json_pack("{s:b, s:s, s:s}", "disposeOnDetach", 1, "proxyServer", proxy, "proxyBypassList", "<-loopback>");
}

static bool open_session(Tab *tab, CdpHandler handler, void *data, int64_t deadline_ms, GError **error) {
    cdp_set_deadline(tab->root, MIN(deadline_ms, clock_now_ms() + OPEN_MS));
    tab->context_id =
        call_for_text(tab->root, "Target.createBrowserContext", context_of(tab->browser), "browserContextId", error);
    if (!tab->context_id)
        return false;
    g_autofree char *target_id =
        call_for_text(tab->root, "Target.createTarget",
                      json_pack("{s:s, s:s}", "url", "about:blank", "browserContextId", tab->context_id), "targetId",
                      error);
    if (!target_id)
        return false;
    g_autofree char *session_id =
        call_for_text(tab->root, "Target.attachToTarget", json_pack("{s:s, s:b}", "targetId", target_id, "flatten", 1),
                      "sessionId", error);
    if (!session_id)
        return false;
    tab->session = cdp_new(chromium_devtools(tab->generation->chromium), session_id, handler, data);
    tab->opened_ms = clock_now_ms();
    cdp_set_deadline(tab->session, MIN(deadline_ms, tab->opened_ms + OPEN_MS));
    return true;
}

Tab *browser_open_tab(Browser *browser, bool still_images, CdpHandler handler, void *data, int64_t deadline_ms,
                      GError **error) {
    pthread_mutex_lock(&browser->lock);
    Generation *generation = take_generation(browser, still_images, error);
    pthread_mutex_unlock(&browser->lock);
    if (!generation)
        return NULL;
    g_autoptr(Tab) tab = g_new0(Tab, 1);
    tab->browser = browser;
    tab->generation = generation;
    tab->root = cdp_new(chromium_devtools(generation->chromium), NULL, NULL, NULL);
    g_autoptr(GError) cause = NULL;
    if (open_session(tab, handler, data, deadline_ms, &cause))
        return g_steal_pointer(&tab);
    tab_blame(tab, &cause);
    g_propagate_prefixed_error(error, g_steal_pointer(&cause), "cannot open a tab: ");
    return NULL;
}

void tab_free(Tab *tab) {
    if (!tab)
        return;
    if (tab->context_id)
        cdp_send(tab->root, "Target.disposeBrowserContext", json_pack("{s:s}", "browserContextId", tab->context_id));
    cdp_free(tab->session);
    cdp_free(tab->root);
    pthread_mutex_lock(&tab->browser->lock);
    drop_user(tab->generation);
    pthread_mutex_unlock(&tab->browser->lock);
    g_free(tab->context_id);
    g_free(tab);
}

void tab_blame(Tab *tab, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (!error_is(*error, ERROR_TIMEOUT))
        return;
    cdp_set_deadline(tab->root, clock_now_ms() + ANSWER_MS);
    json_t *version = cdp_call(tab->root, "Browser.getVersion", NULL, &cause);
    json_decref(version);
    if (!error_is(cause, ERROR_TIMEOUT))
        return;
    devtools_give_up(chromium_devtools(tab->generation->chromium));
    g_clear_error(error);
    error_set(error, ERROR_GONE, "the browser hangs");
}

void tab_blame_empty(Tab *tab, GError **error) {
    tab_blame(tab, error);
    if (!error_is(*error, ERROR_TIMEOUT) || clock_now_ms() - tab->opened_ms < ANSWER_MS)
        return;
    devtools_give_up(chromium_devtools(tab->generation->chromium));
    g_clear_error(error);
    error_set(error, ERROR_GONE, "the browser hangs: no process comes for a page");
}

CdpSession *tab_session(Tab *tab) {
    return tab->session;
}

const char *tab_note(const Tab *tab) {
    return chromium_note(tab->generation->chromium);
}
