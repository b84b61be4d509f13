/* Tasks that wait to be done by somebody, somewhere: added once, leased for a time, finished once.
 *
 *     live --lease--> leased (until eta) --finish--> done | error
 *      ^                 |
 *      +--- eta passed --+      after max_attempts leases: error
 *
 * What cannot be undone is told before it is done, by queue_begin(): then a lease that ran out ends the task.
 *
 * Who leases a task gets a token for it, which is asked for when he reports of it. Workers of old have none; they are
 * told apart by their owner, which is an address. Nothing sweeps: a lease that ran out is simply leased again. When the
 * clock was set back, what was added by the clock of before is leased at once, and leases of it end, if that was by more
 * than an hour; where nothing else waits. The database is the only truth, so any number of servers may share a queue.
 * Knows nothing of what tasks are about. Every function works on a connection, in a transaction if the caller began one;
 * times are milliseconds since 1970, UTC. */
#pragma once

#include "db/db.h"

enum { QUEUE_MAX_ATTEMPTS = 3 };

typedef enum { TASK_LIVE, TASK_DONE, TASK_ERROR, TASK_CANCELED } TaskStatus;

/* "live", "done", "error", "canceled". */
const char *task_status_name(TaskStatus status);

typedef struct {
    int64_t id;
    char *queue; /* its name: "capture", "run-pdiff", or another one */
    char *name;  /* of the task, unique in its queue */
    TaskStatus status;
    int64_t eta_ms;                       /* when it may be leased: when it was added, or when its lease runs out */
    int64_t build_id, release_id, run_id; /* what it is for; 0: nothing */
    char *source;                         /* who added it; may be NULL */
    char *payload, *content_type;
    int64_t created_ms, leased_ms, finished_ms; /* 0: not yet */
    char *lease, *owner;                        /* of the last lease; NULL before the first */
    int attempts, max_attempts;
    char *message; /* of the last heartbeat; NULL if there was none */
    bool is_begun; /* see queue_begin() */
} Task;

void task_free(Task *task);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Task, task_free)

/* Adds a task, of which queue, name, payload and content_type must be set. One that is there under that name stays as it
 * is while it is live and has the same payload; else it begins anew, and who has leased it has it no longer. *out_added
 * is whether there is something new to do. */
bool queue_add(Db *db, const Task *task, int64_t now_ms, bool *out_added, GError **error) MUST_CHECK;

/* The same for what is done once and never again: a task that is there under that name stays as it is, whatever became
 * of it. */
bool queue_add_once(Db *db, const Task *task, int64_t now_ms, bool *out_added, GError **error) MUST_CHECK;

/* Who leases tasks, and how. */
typedef struct {
    const char *owner;
    int64_t lease_ms;
    int most;
} LeaseRequest;

/* Leases the oldest tasks of a queue that wait, at most so many. Returns an array of Task, maybe empty, which the caller
 * frees, or NULL with an error. Those that were leased max_attempts times, or begun, become errors instead, and are given in
 * out_failed, which the caller frees, too. In a transaction of the caller's, which is to be begun again if it fails with
 * DB_ERROR_BUSY. */
GPtrArray *queue_lease(Db *db, const char *queue, const LeaseRequest *request, int64_t now_ms, GPtrArray **out_failed,
                       GError **error) MUST_CHECK;

/* Who speaks of a task: by the token of his lease or, if lease is NULL, as its owner. */
typedef struct {
    const char *queue, *name, *lease, *owner;
    int64_t run_id; /* there are no tasks of other runs to him; 0: there are all */
} LeaseHolder;

/* Says that work goes on: the lease gets as much time as it had. What was said with a smaller index than the last is left
 * out, but for the time. Fails with ERROR_NOT_FOUND if there is no such task, ERROR_DENIED if it is leased by somebody else,
 * ERROR_TIMEOUT if the lease has run out, ERROR_GONE if the task was canceled or is over. */
bool queue_heartbeat(Db *db, const LeaseHolder *holder, const char *message, int index, int64_t now_ms,
                     GError **error) MUST_CHECK;

/* Says that from now on there is something which nobody may do twice: if the lease runs out, the task is not leased
 * again, but becomes an error with this message. The lease gets as much time as it had. Fails as queue_heartbeat(). */
bool queue_begin(Db *db, const LeaseHolder *holder, const char *message, int64_t now_ms, GError **error) MUST_CHECK;

/* Gives a lease back until eta_ms, and says why; the attempt counts, and behind the last one the task is an error. What was
 * begun is known not to have been done. Returns the task as it is now, which the caller frees. Fails as queue_heartbeat(). */
Task *queue_postpone(Db *db, const LeaseHolder *holder, const char *why, int64_t eta_ms, int64_t now_ms,
                     GError **error) MUST_CHECK;

/* Writes what is left to be done, instead of what was. Fails as queue_heartbeat(). */
bool queue_set_payload(Db *db, const LeaseHolder *holder, const char *payload, int64_t now_ms,
                       GError **error) MUST_CHECK;

/* Says that the work is done, or cannot be. Returns the task as it is now, which the caller frees. Fails as
 * queue_heartbeat(), but that who has finished a task may say so again: *out_again is then true. */
Task *queue_finish(Db *db, const LeaseHolder *holder, bool failed, int64_t now_ms, bool *out_again,
                   GError **error) MUST_CHECK;

/* Gives a lease back: the task waits again, at once, and the attempt does not count; what was begun was not done. Fails as
 * queue_heartbeat(). */
bool queue_give_back(Db *db, const LeaseHolder *holder, int64_t now_ms, GError **error) MUST_CHECK;

/* Cancels what is live of a run's tasks in a queue but the one of that name: those whose names end with suffix, or those
 * whose do not. Returns how many, or -1. */
int64_t queue_cancel_others(Db *db, int64_t run_id, const char *queue, const char *name, const char *suffix,
                            bool ends_with, int64_t now_ms, GError **error);

/* Cancels what is live of the tasks for a release. Returns how many, or -1. */
int64_t queue_cancel(Db *db, int64_t release_id, int64_t now_ms, GError **error);

/* Makes a task live again, with all its attempts, whatever it is. Fails with ERROR_NOT_FOUND. */
bool queue_retry(Db *db, const char *queue, const char *name, int64_t now_ms, GError **error) MUST_CHECK;

/* Removes a task. Returns it as it was, which the caller frees. Fails with ERROR_NOT_FOUND. */
Task *queue_delete(Db *db, const char *queue, const char *name, GError **error) MUST_CHECK;

/* Whether a run has tasks in a queue under other names than this, which were leased by somebody, and none of this name that
 * was: who speaks of one without saying which does not speak of this one. */
bool queue_only_others_leased(Db *db, int64_t run_id, const char *queue, const char *name, bool *out_only,
                              GError **error) MUST_CHECK;

/* Tasks of a queue that were added before, and that nobody is at, become errors; with this message, unless they have one that
 * says what went wrong. One that was retried has an attempt first. Returns how many, or -1. */
int64_t queue_expire(Db *db, const char *queue, int64_t before_ms, const char *message, int64_t now_ms, GError **error);

/* How many live tasks a run or a release has, or -1. */
int64_t queue_count_of_run(Db *db, int64_t run_id, GError **error);

/* A task, or NULL with ERROR_NOT_FOUND. The caller frees it. */
Task *queue_find(Db *db, const char *queue, const char *name, GError **error) MUST_CHECK;

/* Tasks of a queue, newest first, of one status ("live", "done", "error", "canceled") or, if that is NULL, of any; at
 * most so many. The caller frees the array of Task. */
GPtrArray *queue_list(Db *db, const char *queue, const char *status, int most, GError **error) MUST_CHECK;

/* How many tasks of each queue have each status. */
typedef struct {
    char *queue, *status;
    int64_t n, newest_ms, oldest_eta_ms;
} QueueCount;

void queue_count_free(QueueCount *count);

/* By queue and status. The caller frees the array of QueueCount. */
GPtrArray *queue_count_all(Db *db, GError **error) MUST_CHECK;

/* What is live in a queue. */
typedef struct {
    int64_t waiting, leased;
    int64_t oldest_ms; /* how long ago the oldest was added; 0 if there is none */
} QueueDepth;

bool queue_depth(Db *db, const char *queue, int64_t now_ms, QueueDepth *out_depth, GError **error) MUST_CHECK;
