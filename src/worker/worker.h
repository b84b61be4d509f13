/* Workers: threads that lease tasks from a server's queue, do them, and report what came of them. They speak HTTP alone, so
 * they run anywhere from which the server can be reached.
 *
 *     worker.c        a thread: lease, do, again
 *     pulse.c         tells the server, while work goes on, that it does
 *     capture_task.c  a page -> its picture
 *     diff_task.c     two pictures -> what they differ in
 *     criteria_note.c how they are to be compared: in the picture itself */
#pragma once

#include "base/error.h"

typedef struct {
    const char *prefix;       /* of the server's API: "http://localhost:5000/api" */
    const char *queue_prefix; /* NULL: below it */
    const char *key, *secret; /* of a superuser; NULL: the server asks for none */
    int capture_threads, diff_threads;
    int lease_s;         /* for which tasks are leased; heartbeats come three times as often */
    const char *browser; /* NULL: the best that is installed */
    bool allow_private;  /* pages at private addresses may be captured */
    bool needs_sandbox;  /* the browser is not started without it */
    int page_memory_mb;  /* that a page may use; 0: any */
    int page_time_s;     /* that a page may take, whatever its config allows */
} WorkerSetup;

typedef struct Worker Worker;

/* Starts the threads, which work until the program is to end (base/stop.h): what they are at is given back then. What setup
 * points to must outlive the worker. Fails as browser_new() does. */
Worker *worker_start(const WorkerSetup *setup, GError **error) MUST_CHECK;

/* Waits until all threads have ended, and frees the worker. */
void worker_join(Worker *worker);
