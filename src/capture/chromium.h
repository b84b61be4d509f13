/* One browser process: found, started, asked for its version, killed. browser.c decides when. */
#pragma once

#include "capture/devtools.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Chromium Chromium;

typedef struct {
    const char *program; /* as chromium_find() gives it */
    bool still_images;   /* GIFs and other moving images show their first frame: a switch of the whole browser */
    int64_t most_memory; /* bytes, of each of its processes; 0: any number */
    bool needs_sandbox;  /* it does not start without it */
    bool proxy_only; /* it looks no name up itself, and has no way to the network but by a proxy that a context has */
} ChromiumSetup;

/* Finds a browser: the program wanted, if that is not NULL, else chromium-headless-shell where installed, else
 * chromium. Returns its path, which the caller frees. Fails with ERROR_NO_PROGRAM, and says what to install. */
char *chromium_find(const char *wanted, GError **error) MUST_CHECK;

/* Starts it and waits until it has answered. Fails with the last lines that it printed, and ERROR_DENIED if it says that the
 * machine does not allow it its sandbox, ERROR_NOT_NOW if it does not answer, is killed or cannot be forked, ERROR_FAILED if it
 * ends otherwise; with ERROR_INVALID if it is too old. Any thread; the Chromium may then be used from any. */
Chromium *chromium_start(const ChromiumSetup *setup, GError **error) MUST_CHECK;
void chromium_free(Chromium *chromium);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chromium, chromium_free)

Devtools *chromium_devtools(Chromium *chromium);

/* What took the pictures: "HeadlessChrome/156.0.8078.79, headless-shell, flags 1a2b3c4d". Borrowed. */
const char *chromium_note(const Chromium *chromium);

/* How it ended, as far as it has: "killed by signal 9", "ended with status 1", or "still runs". The caller frees it. */
char *chromium_obituary(Chromium *chromium);
