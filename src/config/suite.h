/* A folder of YAML tests -> Suite.
 *
 * Every DIR/<file>.yaml and .yml, in name order, is a TestFile with its own server; each of its tests becomes one
 * TestCase for each picture (a test with viewports becomes several). docs/tests.md describes the format. */
#pragma once

#include "config/criteria.h"
#include "config/spec.h"

#include <glib.h>
#include <stdbool.h>

typedef enum { ARM_REFERENCE, ARM_RUN } Arm;

typedef struct {
    char *name;           /* unique in the suite; may have '/'; "name@WxH" or "name@label" for one of viewports */
    char *description;    /* or NULL */
    char *reference_path; /* DIR/<name>.png */
    Place place;          /* of the test in its file */
    CaptureSpec *arms[2]; /* by Arm; update captures ARM_REFERENCE, test captures ARM_RUN. The same spec twice unless
                               the test has ref and run */
    Criteria criteria;
} TestCase;

typedef struct {
    char *url;      /* to poll until it answers 200, or NULL */
    char *script;   /* for bash, must exit 0, or NULL. Neither: nothing is waited for */
    int timeout_ms; /* default 10,000 for url, 30,000 for script */
} WaitFor;

typedef struct {
    char *path;  /* of the YAML file, as opened */
    char *setup; /* for bash, or NULL */
    WaitFor wait_for;
    GPtrArray *tests; /* of TestCase, in the file's order */
} TestFile;

typedef struct {
    char *dir;           /* as given */
    GPtrArray *files;    /* of TestFile, in name order */
    GPtrArray *warnings; /* of char *: unknown keys, with place */
    GHashTable *taken;   /* suite.c's own: what the tests' pictures occupy below dir */
} Suite;

/* Loads all files of a folder, or refuses all of them: ERROR_NOT_FOUND for no folder, or none with a test file in it;
 * ERROR_INVALID with file:line:column for anything wrong in one. Hidden files are passed over. The caller frees it. */
Suite *suite_load(const char *dir, GError **error) MUST_CHECK;

/* The same by hand: an empty suite, to which files are added as text. path stands in messages. A suite to which a
 * file could not be added is good for nothing but suite_free(). */
Suite *suite_new(const char *dir);
bool suite_add(Suite *suite, const char *path, const char *text, size_t size, GError **error) MUST_CHECK;

void suite_free(Suite *suite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Suite, suite_free)
