/* A task that is being done: what the files of this folder share. */
#pragma once

#include "worker/pulse.h"
#include "worker/worker.h"

#include <dpxdt.h>
#include <jansson.h>

typedef struct Browser Browser;

typedef struct {
    const WorkerSetup *setup;
    Browser *browser; /* where there are captures */
    DpxdtClient *client;
    Pulse *pulse;
    bool beats; /* the pulse tells of it */
    const DpxdtTask *task;
    json_t *payload;
    DpxdtRelease release; /* of the run; borrows from the payload */
    const char *run_name;
} Job;

/* A client of the server that setup names, which the caller frees. */
DpxdtClient *job_connect(const WorkerSetup *setup);

/* A text of the payload. NULL with ERROR_INVALID if there is none. */
const char *job_text(const Job *job, const char *key, GError **error) MUST_CHECK;

/* Tells the server how far it is. */
void job_say(Job *job, const char *message);

/* A file of the build. NULL with an error. */
GBytes *job_download(Job *job, const char *sha1, GError **error) MUST_CHECK;

/* Uploads a file. False with an error. */
bool job_upload(Job *job, const char *name, const void *data, size_t size, char out_sha1[DPXDT_SHA1_SIZE],
                GError **error) MUST_CHECK;

/* Reports what came of it, which finishes the task. */
bool job_report(Job *job, DpxdtReport *report, GError **error) MUST_CHECK;

/* What is done for each of the queues. False if it could not be done or reported: with ERROR_STOPPED, or whatever was in the
 * way. A page that cannot be captured is a result, too. */
bool capture_task_run(Job *job, GError **error) MUST_CHECK;
bool diff_task_run(Job *job, GError **error) MUST_CHECK;
