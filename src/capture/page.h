/* One page being captured: the inside of the capture folder. page.c opens it, runs script in it and takes the picture;
 * traffic.c answers for what it requests, settle.c brings it to rest, steps.c clicks and types; capture.c tells them
 * in which order.
 *
 * A Page belongs to one thread. Functions return false with an error as cdp_call() sets it, or an ERROR_FAILED of
 * their own. */
#pragma once

#include "capture/browser.h"
#include "config/spec.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Page Page;

/* Takes note of an event. False if it is none of those that matter to it. */
typedef bool (*PageHandler)(Page *page, const char *event, const json_t *params);

struct Page {
    const CaptureSpec *spec; /* borrowed */
    GString *log;            /* borrowed; see page_log() */
    GString *remarks;        /* see page_remark() */
    int64_t started_ms;
    Tab *tab;
    PageHandler handlers[2]; /* of traffic.c and settle.c */
    CdpSession *session;     /* the tab's */
    char *frame_id;          /* of the main frame */
    GHashTable *worlds;      /* set of execution context ids: where page.js runs, one a frame */
    int64_t own_world;       /* the one of the main frame, 0 while there is none */
    int64_t page_world;      /* where the main frame's own scripts run, 0 while there is none */
    double scale;            /* at which the page is painted: see page_show() */
    GHashTable *loading;     /* set of ids of frames on their way to a (new) document */

    /* settle.c */
    GPtrArray *workers;   /* of char *: session ids of the page's workers */
    bool ignores_network; /* the clock no longer waits for it: something is on its way that never ends */
    bool is_restless;     /* it did not come to rest in good time: no more patience is shown */
    bool clock_runs;      /* a budget of virtual time was given, and is not used up */

    /* traffic.c */
    GHashTable *requests;  /* request id -> Request: on their way */
    int document_status;   /* HTTP status of the main frame's latest document, 0 if none came */
    char *document_url;    /* its URL */
    bool will_go;          /* the main frame asked for another document */
    bool went_back;        /* it came to one without asking: by the history */
    bool is_download;      /* the server sent a file to keep, not a page */
    char *document_error;  /* why the main frame's latest document did not come, or not to its end; or NULL */
    bool document_cut_off; /* the document itself did not end in time */
    bool certificate_is_bad;
    GHashTable *credentials_given; /* set of request ids which got user and password once */
};

/* Opens an empty page set up as spec says: viewport, user agent, the script that keeps it still. */
Page *page_open(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) MUST_CHECK;
void page_free(Page *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Page, page_free)

/* Adds a line to the log, with the milliseconds since the page was opened before it. Control characters in what pages
 * say are replaced. */
void page_log(Page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for what the user should know although the picture is taken: a line of Capture.remarks, too. */
void page_remark(Page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds who is told of the page's events before page.c itself. */
void page_add_handler(Page *page, PageHandler handler);

/* Waits until the browser has obeyed all commands that were sent so far, and sets the cookies. Called once, before
 * page_navigate(). */
bool page_get_ready(Page *page, GError **error) MUST_CHECK;

/* Goes to spec->target_url and waits until its first bytes have come. Fails if it cannot be reached; the message says
 * why and, where it is known, what may help. */
bool page_navigate(Page *page, GError **error) MUST_CHECK;

/* What one of the network's errors, as "net::ERR_CONNECTION_REFUSED", means to a person; NULL for most. Those of a SOCKS proxy are of
 * net/gate.h. */
const char *page_hint(const char *code);

/* Calls a function of page.js in the main frame with arguments as json_pack() makes an array of them. Returns its value
 * as JSON, which the caller owns. Fails with ERROR_FAILED and what it throws. */
json_t *page_ask(Page *page, GError **error, const char *function, const char *format, ...) MUST_CHECK;

/* Begins to evaluate an expression in the world of page.js of a frame, promises awaited, for page_end_evaluation(). */
Call *page_begin_evaluation(Page *page, int64_t world, const char *expression);

/* The same among the main frame's own scripts, for code of the user's: whatever its value is, it does not matter. */
Call *page_begin_injection(Page *page, const char *source);
json_t *page_end_evaluation(Call *call, GError **error) MUST_CHECK;

/* still.js, which takes clock, chance and frames away from a document or a worker, as the spec says. The caller frees
 * it. */
char *page_still_script(const Page *page);

/* Sets the size that the page is laid out for, in CSS pixels. Until page_show() it is painted small: that is cheaper,
 * and nothing of it can be used for the picture. Otherwise an image that was already painted at one size, or a tile of
 * a background at another, would now and then show in the picture by a hair's breadth. Of all this the page itself
 * sees nothing. */
void page_set_viewport(Page *page, int width, int height);

/* Paints the page at its real size from now on. */
void page_show(Page *page);

/* The whole document's size in CSS pixels, rounded up. */
bool page_document_size(Page *page, int *out_width, int *out_height, GError **error) MUST_CHECK;

/* Nothing of the page's own runs or loads from now on, unless the spec wants no stillness. */
void page_end_scripts(Page *page);

/* Takes the picture of a box of the document (CSS pixels), which may reach beyond the viewport. Returns a PNG. */
GBytes *page_picture(Page *page, double x, double y, double width, double height, GError **error) MUST_CHECK;

/* Makes css our style sheet of the main document, instead of the one before, under any Content-Security-Policy. */
bool page_set_style(Page *page, const char *css, GError **error) MUST_CHECK;

/* traffic.c: what the page requests. */

/* Begins to take note of what is requested. Called once, before page_get_ready(). */
void traffic_start(Page *page);

/* How many requests hold the page up: on their way, and not of the kind that never ends (event streams, sockets). */
int traffic_pending(Page *page);

/* A request for this URL need not be waited for: its end is told to somebody else (a worker's script). */
void traffic_forget(Page *page, const char *url);

/* Whether something is on its way, and all of it for longer than spec->resource_timeout_ms. Then traffic_cut_off()
 * aborts and logs it. */
bool traffic_is_overdue(Page *page);
void traffic_cut_off(Page *page);

/* Fails if the main document came with a status of 400 or more, broke off, never ended, or was a download. */
bool traffic_check_document(Page *page, GError **error) MUST_CHECK;

/* settle.c: bringing a page to rest. */

/* Stops the page's clock and animations. Called once, before page_get_ready(). */
void settle_start(Page *page);

/* Lets the page live until nothing more is to come: scripts, timers, requests, lazy images, fonts. Returns with the
 * page's time stopped, in the strict mode. A page that does not come to rest is left as it is, and the log says so. */
bool settle(Page *page, GError **error) MUST_CHECK;

/* The same, while an evaluation of the caller's runs, until it has ended too. Takes the call and returns its value as
 * page_end_evaluation() does; ERROR_TIMEOUT if it does not end. */
json_t *settle_evaluation(Page *page, Call *call, GError **error) MUST_CHECK;

/* Waits until the page has taken the last of some events of mouse or keys, while no time of the page passes: timers that it
 * sets then begin at the same moment each time. Takes the call. Fails as settle_evaluation() does. */
bool settle_input(Page *page, Call *last, GError **error) MUST_CHECK;

/* Lets the page live after a step, as settle() does, when it has been told what the step moved or scrolled. */
bool settle_step(Page *page, GError **error) MUST_CHECK;

/* Lets `ms` of the page's time pass. */
bool settle_for(Page *page, int ms, GError **error) MUST_CHECK;

/* Waits until the page was painted, so that observers of what is in view were told. */
bool settle_painting(Page *page, GError **error) MUST_CHECK;

/* Shows the page in a viewport as large as its document for a moment, if it is larger than the viewport, so that
 * what loads when it is scrolled to gets loaded. */
bool settle_lazy_content(Page *page, GError **error) MUST_CHECK;

/* Ends animations and hides the text cursor, in all frames. */
bool settle_freeze(Page *page, GError **error) MUST_CHECK;

/* steps.c: what a person would do. */

/* Waits until an element that matches the selector is there. ERROR_TIMEOUT, naming it, after the resource timeout. */
bool steps_wait_for(Page *page, const char *selector, GError **error) MUST_CHECK;

/* Does spec->steps in order, and lets the page settle after each. The message of a failure names the step. */
bool steps_do(Page *page, GError **error) MUST_CHECK;
