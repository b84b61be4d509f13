/* One test, once: captured, and kept or compared. */
#pragma once

#include "capture/browser.h"
#include "config/suite.h"
#include "local/site.h"
#include "report/report.h"

#include <stdbool.h>

typedef struct {
    Browser *browser;
    Site *site;         /* asked before a reference is written, whether it is still there */
    const char *folder; /* for this test's pictures and log; made when needed */
    bool update;
} Trial;

/* Returns the result; whatever goes wrong with the page or its pictures is told there, as RESULT_FAILED. NULL with error
 * for what ends the whole run: the site died, or we were asked to stop. Any thread. */
Result *trial_run(const Trial *trial, const TestCase *test, GError **error) MUST_CHECK;
