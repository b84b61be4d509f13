/* The server that a test file starts (setup), and waiting until it answers (waitFor). */
#pragma once

#include "base/error.h"
#include "config/suite.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Site Site;

/* Starts the file's setup, if it has one, and waits as its waitFor says. log_path is where setup and waitFor script
 * write. Fails with ERROR_TIMEOUT or ERROR_FAILED, and the tail of that log, if it does not come up. Warns if
 * it may be another server that answers. */
Site *site_start(const TestFile *file, const char *log_path, GError **error) MUST_CHECK;

/* Fails, with the tail of the log, if setup has ended with a status other than 0. Any thread. */
bool site_check(Site *site, GError **error) MUST_CHECK;

/* What may be wrong with the server if a page of it refuses the connection, or NULL. A constant. Any thread. */
const char *site_hint(Site *site);

/* Kills setup, and all that it started. */
void site_free(Site *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Site, site_free)
