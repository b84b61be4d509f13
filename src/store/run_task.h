/* What is to be done for a run, as tasks of the queues of old: their payloads have the keys that workers of old take as
 * parameters, and no others. In a transaction. */
#pragma once

#include "queue/queue.h"
#include "store/run.h"

#define RUN_CAPTURE_QUEUE "capture"
#define RUN_DIFF_QUEUE "run-pdiff"

/* A picture of a page, as a config (an artifact's SHA-1) says; it becomes the run's image or, of a baseline, its
 * ref_image. */
bool run_add_capture_task(Db *db, const Release *release, const Run *run, const char *url, const char *config,
                          bool is_baseline, int64_t now_ms, GError **error) MUST_CHECK;

/* What the task for the comparison of its two pictures is called, which the caller frees. */
char *run_diff_task_name(const Run *run);

/* A comparison of its image with its ref_image. */
bool run_add_diff_task(Db *db, const Release *release, const Run *run, int64_t now_ms, GError **error) MUST_CHECK;

/* What a task was to bring does not come: its run has failed, unless it has what it needs from elsewhere, and its release goes
 * on. Nothing for a task that is of no run. */
bool run_task_over(Db *db, const Task *task, int64_t now_ms, GError **error) MUST_CHECK;

/* A task is live again: its run waits for it. */
bool run_task_again(Db *db, const Task *task, int64_t now_ms, GError **error) MUST_CHECK;
