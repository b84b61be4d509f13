/* The browser as the rest of the program knows it: always there. A process that dies, or has served many pages, is
 * replaced behind the scenes; each page is a tab in a context of its own (cookies, storage, cache). */
#pragma once

#include "capture/capture.h"
#include "capture/devtools.h"

#include <glib.h>
#include <stdbool.h>

/* What is found, and what its pages may do. All zero: anything. */
typedef struct {
    const char *program; /* NULL: the best that is installed */
    bool public_only;   /* they reach nothing but addresses of the public internet, whatever they try: see net/gate.h */
    bool needs_sandbox; /* where a machine allows none, it does not start; else it warns, and goes on without */
    int64_t most_memory; /* bytes that a page may use, before it crashes; 0: any number */
} BrowserSetup;

/* Finds a browser and starts it. Fails as chromium_find(), chromium_start() and gate_new() do. */
Browser *browser_new(const BrowserSetup *setup, GError **error) MUST_CHECK;

/* No tab may be open. */
void browser_free(Browser *browser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Browser, browser_free)

typedef struct Tab Tab;

/* Opens an empty tab in a new context. handler and data are for its session, whose deadline is deadline_ms, or 20 s from
 * now if that is earlier: until there is a page in it, for which the caller sets another. still_images picks a browser
 * in which moving images do not move. Fails with ERROR_GONE if the browser dies meanwhile. Any thread. */
Tab *browser_open_tab(Browser *browser, bool still_images, CdpHandler handler, void *data, int64_t deadline_ms,
                      GError **error) MUST_CHECK;

/* Closes it, whatever its page is doing; works on one that hangs, crashed, or lost its browser. */
void tab_free(Tab *tab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tab, tab_free)

/* Looks, where a page failed with ERROR_TIMEOUT, whether it is the whole browser that hangs: then that is given up, with
 * all of its tabs, and the error becomes ERROR_GONE. May take some seconds. */
void tab_blame(Tab *tab, GError **error);

/* The same for a tab in which there is no page yet that could be the reason: a browser that does answer, but whose
 * processes for pages do not come, hangs, too. */
void tab_blame_empty(Tab *tab, GError **error);

CdpSession *tab_session(Tab *tab);

/* What the pictures of this tab are noted with: see CAPTURE_NOTE. Borrowed. */
const char *tab_note(const Tab *tab);
