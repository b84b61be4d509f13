/* How many threads work, and with what: what worker and server have in common. */
#pragma once

#include "cmd/command.h"
#include "worker/worker.h"

typedef struct {
    int capture_threads, diff_threads, lease_s, page_memory_mb, page_time_s;
    char *browser, *sandbox;
    gboolean allow_private;
} WorkerOptions;

/* As capturing does two things at once for two processors, and comparing is over sooner. */
#define WORKER_OPTIONS_USUAL \
    { .capture_threads = 3, .diff_threads = 1, .lease_s = 60, .page_memory_mb = 2048, .page_time_s = 600 }

void worker_options_clear(WorkerOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WorkerOptions, worker_options_clear)

/* Entries for command_parse(). */
#define WORKER_ENTRIES(options)                                                        \
    {"capture-threads",                                                                \
     0,                                                                                \
     0,                                                                                \
     G_OPTION_ARG_INT,                                                                 \
     &(options)->capture_threads,                                                      \
     "Pages that are captured at once (default: 3)",                                   \
     "N"},                                                                             \
        {"diff-threads",                                                               \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_INT,                                                             \
         &(options)->diff_threads,                                                     \
         "Pictures that are compared at once (default: 1)",                            \
         "N"},                                                                         \
        {"lease",                                                                      \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_INT,                                                             \
         &(options)->lease_s,                                                          \
         "Time after which the task of a worker that died is another's (default: 60)", \
         "SECONDS"},                                                                   \
        {"page-memory",                                                                \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_INT,                                                             \
         &(options)->page_memory_mb,                                                   \
         "Memory that a page may use (default: 2048; 0: any)",                         \
         "MB"},                                                                        \
        {"page-time",                                                                  \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_INT,                                                             \
         &(options)->page_time_s,                                                      \
         "Time that a page may take, whatever its config says (default: 600)",         \
         "SECONDS"},                                                                   \
        {"browser",                                                                    \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_FILENAME,                                                        \
         &(options)->browser,                                                          \
         "Chromium to use (default: chromium-headless-shell, else chromium)",          \
         "PATH"},                                                                      \
        {"sandbox",                                                                    \
         0,                                                                            \
         0,                                                                            \
         G_OPTION_ARG_STRING,                                                          \
         &(options)->sandbox,                                                          \
         "The browser's: required, or preferred (default: required)",                  \
         "HOW"},                                                                       \
    {                                                                                  \
        "allow-private", 0, 0, G_OPTION_ARG_NONE, &(options)->allow_private,           \
            "Also capture pages at private and loopback addresses", NULL               \
    }

/* Fills in what a worker needs of them. Fails with ERROR_INVALID for numbers that are none. */
bool worker_options_apply(const WorkerOptions *options, WorkerSetup *out_setup, GError **error) MUST_CHECK;
