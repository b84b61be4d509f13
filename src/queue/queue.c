#include "queue/queue.h"

#include "base/random.h"

#include <string.h>

enum { LEASE_BYTES = 16 };

/* Clocks of servers that share a queue may differ by so much before one takes the other's leases for those of another
 * time. */
enum { CLOCKS_DIFFER_MS = 60 * 60 * 1000 };

/* In the place of the index of the last message: what the task is about is begun. A heartbeat cannot say so. */
enum { BEGUN = -1 };

static const char *const status_names[] = {
    [TASK_LIVE] = "live", [TASK_DONE] = "done", [TASK_ERROR] = "error", [TASK_CANCELED] = "canceled"};

const char *task_status_name(TaskStatus status) {
    return status_names[status];
}

void task_free(Task *task) {
    if (!task)
        return;
    g_free(task->queue);
    g_free(task->name);
    g_free(task->source);
    g_free(task->payload);
    g_free(task->content_type);
    g_free(task->lease);
    g_free(task->owner);
    g_free(task->message);
    g_free(task);
}

/* Reading. */

/* In this order read_task() has them. */
#define COLUMNS                                                                                                    \
    "id, queue, name, status, eta, build_id, release_id, run_id, source, payload, content_type, created, leased, " \
    "finished, lease, owner, attempts, max_attempts, message, message_index "

static TaskStatus status_from_name(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(status_names); i++)
        if (strcmp(status_names[i], name) == 0)
            return (TaskStatus)i;
    return TASK_ERROR;
}

static Task *read_task(const DbQuery *query) {
    Task *task = g_new0(Task, 1);
    task->id = db_int(query, 0);
    task->queue = g_strdup(db_text(query, 1));
    task->name = g_strdup(db_text(query, 2));
    task->status = status_from_name(db_text(query, 3));
    task->eta_ms = db_int(query, 4);
    task->build_id = db_int(query, 5);
    task->release_id = db_int(query, 6);
    task->run_id = db_int(query, 7);
    task->source = g_strdup(db_text(query, 8));
    task->payload = g_strdup(db_text(query, 9));
    task->content_type = g_strdup(db_text(query, 10));
    task->created_ms = db_int(query, 11);
    task->leased_ms = db_int(query, 12);
    task->finished_ms = db_int(query, 13);
    task->lease = g_strdup(db_text(query, 14));
    task->owner = g_strdup(db_text(query, 15));
    task->attempts = (int)db_int(query, 16);
    task->max_attempts = (int)db_int(query, 17);
    task->message = g_strdup(db_text(query, 18));
    task->is_begun = db_int(query, 19) == BEGUN;
    return task;
}

static Task *set_not_found(const char *queue, const char *name, GError **error) {
    error_set(error, ERROR_NOT_FOUND, "there is no task %s in the queue %s", name, queue);
    return NULL;
}

/* The task of that name, locked, or NULL: with ERROR_NOT_FOUND if there is none. In SQLite the transaction has locked all. */
static Task *find_task(Db *db, const char *queue, const char *name, GError **error) {
    static const char sql[] = "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND name = ?";
    static const char locking_sql[] = "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND name = ? FOR UPDATE";
    g_autoptr(DbQuery) query = db_query(db, db_pick(db, sql, locking_sql, locking_sql), DB_TEXT(queue), DB_TEXT(name));
    Task *task = db_next(query) ? read_task(query) : NULL;
    return db_end(query, error) && !task ? set_not_found(queue, name, error) : task;
}

/* Adding. */

static bool insert(Db *db, const Task *task, int64_t now_ms, GError **error) {
    int max_attempts = task->max_attempts > 0 ? task->max_attempts : QUEUE_MAX_ATTEMPTS;
    return db_insert(db, error,
                     "INSERT INTO tasks (queue, name, status, eta, build_id, release_id, run_id, source, payload, "
                     "content_type, created, max_attempts) VALUES (?, ?, 'live', ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                     "RETURNING id",
                     DB_TEXT(task->queue), DB_TEXT(task->name), DB_INT(now_ms), DB_ID(task->build_id),
                     DB_ID(task->release_id), DB_ID(task->run_id), DB_TEXT(task->source), DB_TEXT(task->payload),
                     DB_TEXT(task->content_type), DB_INT(now_ms), DB_INT(max_attempts)) >= 0;
}

/* What is not live any more, or was to do something else, begins anew, with what it is to do now. */
static int64_t insert_anew(Db *db, const Task *task, int64_t now_ms, GError **error) {
    return db_change(db, error,
                     "UPDATE tasks SET status = 'live', eta = ?, build_id = ?, release_id = ?, run_id = ?, source = ?, "
                     "payload = ?, content_type = ?, created = ?, finished = NULL, lease = NULL, leased = NULL, "
                     "owner = NULL, attempts = 0, message = NULL, message_index = 0 "
                     "WHERE queue = ? AND name = ? AND (status <> 'live' OR payload <> ?)",
                     DB_INT(now_ms), DB_ID(task->build_id), DB_ID(task->release_id), DB_ID(task->run_id),
                     DB_TEXT(task->source), DB_TEXT(task->payload), DB_TEXT(task->content_type), DB_INT(now_ms),
                     DB_TEXT(task->queue), DB_TEXT(task->name), DB_TEXT(task->payload));
}

static bool is_there(Db *db, const Task *task, bool *out_there, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT id FROM tasks WHERE queue = ? AND name = ?", DB_TEXT(task->queue), DB_TEXT(task->name));
    *out_there = db_next(query);
    return db_end(query, error);
}

bool queue_add_once(Db *db, const Task *task, int64_t now_ms, bool *out_added, GError **error) {
    bool there;
    if (!is_there(db, task, &there, error))
        return false;
    *out_added = !there;
    return there || insert(db, task, now_ms, error);
}

/* Two may add the same at once: the one who comes second is told by the database, and begins his transaction again. */
bool queue_add(Db *db, const Task *task, int64_t now_ms, bool *out_added, GError **error) {
    bool there;
    if (!is_there(db, task, &there, error))
        return false;
    if (!there) {
        *out_added = true;
        return insert(db, task, now_ms, error);
    }
    int64_t changed = insert_anew(db, task, now_ms, error);
    *out_added = changed > 0;
    return changed >= 0;
}

/* Leasing. */

static GPtrArray *read_tasks(DbQuery *query, GError **error) {
    g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func((GDestroyNotify)task_free);
    while (db_next(query))
        g_ptr_array_add(tasks, read_task(query));
    return db_end(query, error) ? g_steal_pointer(&tasks) : NULL;
}

/* Those who wait, oldest first, locked; what others have locked is left to them. */
static GPtrArray *find_due(Db *db, const char *queue, int most, int64_t now_ms, GError **error) {
    static const char sql[] =
        "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND status = 'live' AND eta <= ? ORDER BY eta, id LIMIT ?";
    static const char locking_sql[] = "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND status = 'live' AND eta <= ? "
                                      "ORDER BY eta, id LIMIT ? FOR UPDATE SKIP LOCKED";
    g_autoptr(DbQuery) query =
        db_query(db, db_pick(db, sql, locking_sql, locking_sql), DB_TEXT(queue), DB_INT(now_ms), DB_INT(most));
    return read_tasks(query, error);
}

/* Those which say that they were added, or leased, when it is not yet: the clock was set back since, and they would wait
 * until it is that late again. Who works on one still says so with his next heartbeat, and is of this time by that. */
static GPtrArray *find_of_another_time(Db *db, const char *queue, int most, int64_t now_ms, GError **error) {
    static const char sql[] = "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND status = 'live' AND eta > ? AND "
                              "(leased IS NULL OR leased > ?) ORDER BY eta, id LIMIT ?";
    static const char locking_sql[] =
        "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND status = 'live' AND eta > ? AND "
        "(leased IS NULL OR leased > ?) ORDER BY eta, id LIMIT ? FOR UPDATE SKIP LOCKED";
    g_autoptr(DbQuery) query = db_query(db, db_pick(db, sql, locking_sql, locking_sql), DB_TEXT(queue), DB_INT(now_ms),
                                        DB_INT(now_ms + CLOCKS_DIFFER_MS), DB_INT(most));
    return read_tasks(query, error);
}

static GPtrArray *find_waiting(Db *db, const char *queue, int most, int64_t now_ms, GError **error) {
    g_autoptr(GPtrArray) due = find_due(db, queue, most, now_ms, error);
    return !due || due->len > 0 ? g_steal_pointer(&due) : find_of_another_time(db, queue, most, now_ms, error);
}

static bool give_up(Db *db, Task *task, int64_t now_ms, GError **error) {
    task->status = TASK_ERROR;
    task->finished_ms = now_ms;
    return db_change(db, error, "UPDATE tasks SET status = 'error', finished = ? WHERE id = ?", DB_INT(now_ms),
                     DB_INT(task->id)) == 1;
}

static bool lease(Db *db, Task *task, const LeaseRequest *request, int64_t now_ms, GError **error) {
    g_free(task->lease);
    g_free(task->owner);
    g_clear_pointer(&task->message, g_free);
    task->lease = random_hex(LEASE_BYTES);
    task->owner = g_strdup(request->owner);
    task->eta_ms = now_ms + request->lease_ms;
    task->leased_ms = now_ms;
    task->attempts++;
    return db_change(db, error,
                     "UPDATE tasks SET eta = ?, lease = ?, lease_ms = ?, leased = ?, owner = ?, attempts = ?, "
                     "message = NULL, message_index = 0 WHERE id = ?",
                     DB_INT(task->eta_ms), DB_TEXT(task->lease), DB_INT(request->lease_ms), DB_INT(now_ms),
                     DB_TEXT(task->owner), DB_INT(task->attempts), DB_INT(task->id)) == 1;
}

GPtrArray *queue_lease(Db *db, const char *queue, const LeaseRequest *request, int64_t now_ms, GPtrArray **out_failed,
                       GError **error) {
    g_autoptr(GPtrArray) waiting = find_waiting(db, queue, request->most, now_ms, error);
    g_autoptr(GPtrArray) leased = g_ptr_array_new_with_free_func((GDestroyNotify)task_free);
    g_autoptr(GPtrArray) failed = g_ptr_array_new_with_free_func((GDestroyNotify)task_free);
    if (!waiting)
        return NULL;
    while (waiting->len > 0) {
        Task *task = g_ptr_array_steal_index(waiting, 0);
        bool is_used_up = task->attempts >= task->max_attempts || task->is_begun;
        g_ptr_array_add(is_used_up ? failed : leased, task);
        if (!(is_used_up ? give_up(db, task, now_ms, error) : lease(db, task, request, now_ms, error)))
            return NULL;
    }
    *out_failed = g_steal_pointer(&failed);
    return g_steal_pointer(&leased);
}

/* Speaking of a lease. */

static bool is_holder(const Task *task, const LeaseHolder *holder) {
    const char *said = holder->lease ? holder->lease : holder->owner;
    return g_strcmp0(holder->lease ? task->lease : task->owner, said) == 0 && said;
}

/* The task of a holder, locked, whatever became of it; NULL with an error if he does not hold it. */
static Task *find_held(Db *db, const LeaseHolder *holder, GError **error) {
    g_autoptr(Task) task = find_task(db, holder->queue, holder->name, error);
    if (task && holder->run_id != 0 && task->run_id != holder->run_id)
        return set_not_found(holder->queue, holder->name, error);
    if (!task || is_holder(task, holder))
        return g_steal_pointer(&task);
    error_set(error, ERROR_DENIED, "the task %s is not leased by %s", holder->name,
              holder->lease   ? holder->lease
              : holder->owner ? holder->owner
                              : "nobody");
    return NULL;
}

static bool is_running(const Task *task, int64_t now_ms, GError **error) {
    if (task->status != TASK_LIVE)
        error_set(error, ERROR_GONE, "the task %s is over: %s", task->name, task_status_name(task->status));
    else if (task->eta_ms <= now_ms)
        error_set(error, ERROR_TIMEOUT, "the lease of the task %s has run out", task->name);
    return task->status == TASK_LIVE && task->eta_ms > now_ms;
}

bool queue_heartbeat(Db *db, const LeaseHolder *holder, const char *message, int index, int64_t now_ms,
                     GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    return task && is_running(task, now_ms, error) &&
           db_change(db, error, "UPDATE tasks SET eta = ? + lease_ms, leased = ? WHERE id = ?", DB_INT(now_ms),
                     DB_INT(now_ms), DB_INT(task->id)) >= 0 &&
           db_change(db, error, "UPDATE tasks SET message = ?, message_index = ? WHERE id = ? AND message_index <= ?",
                     DB_TEXT(message), DB_INT(index), DB_INT(task->id), DB_INT(index)) >= 0;
}

bool queue_begin(Db *db, const LeaseHolder *holder, const char *message, int64_t now_ms, GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    return task && is_running(task, now_ms, error) &&
           db_change(db, error,
                     "UPDATE tasks SET eta = ? + lease_ms, leased = ?, message = ?, message_index = ? WHERE id = ?",
                     DB_INT(now_ms), DB_INT(now_ms), DB_TEXT(message), DB_INT(BEGUN), DB_INT(task->id)) >= 0;
}

Task *queue_postpone(Db *db, const LeaseHolder *holder, const char *why, int64_t eta_ms, int64_t now_ms,
                     GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    if (!task || !is_running(task, now_ms, error))
        return NULL;
    bool is_used_up = task->attempts >= task->max_attempts;
    task->status = is_used_up ? TASK_ERROR : TASK_LIVE;
    task->eta_ms = eta_ms;
    task->is_begun = false;
    if (db_change(db, error,
                  "UPDATE tasks SET status = ?, eta = ?, finished = ?, lease = NULL, message = ?, message_index = 0 "
                  "WHERE id = ?",
                  DB_TEXT(task_status_name(task->status)), DB_INT(eta_ms), is_used_up ? DB_INT(now_ms) : DB_NULL,
                  DB_TEXT(why), DB_INT(task->id)) != 1)
        return NULL;
    return g_steal_pointer(&task);
}

bool queue_set_payload(Db *db, const LeaseHolder *holder, const char *payload, int64_t now_ms, GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    return task && is_running(task, now_ms, error) &&
           db_change(db, error, "UPDATE tasks SET payload = ? WHERE id = ?", DB_TEXT(payload), DB_INT(task->id)) >= 0;
}

Task *queue_finish(Db *db, const LeaseHolder *holder, bool failed, int64_t now_ms, bool *out_again, GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    if (!task)
        return NULL;
    *out_again = task->status != TASK_LIVE;
    if (*out_again)
        return g_steal_pointer(&task);
    if (!is_running(task, now_ms, error))
        return NULL;
    task->status = failed ? TASK_ERROR : TASK_DONE;
    task->finished_ms = now_ms;
    if (db_change(db, error, "UPDATE tasks SET status = ?, finished = ? WHERE id = ?",
                  DB_TEXT(task_status_name(task->status)), DB_INT(now_ms), DB_INT(task->id)) != 1)
        return NULL;
    return g_steal_pointer(&task);
}

bool queue_give_back(Db *db, const LeaseHolder *holder, int64_t now_ms, GError **error) {
    g_autoptr(Task) task = find_held(db, holder, error);
    return task && is_running(task, now_ms, error) &&
           db_change(
               db, error,
               "UPDATE tasks SET eta = ?, lease = NULL, owner = NULL, attempts = ?, message_index = 0 WHERE id = ?",
               DB_INT(now_ms), DB_INT(MAX(task->attempts - 1, 0)), DB_INT(task->id)) == 1;
}

/* By others than holders. */

int64_t queue_cancel(Db *db, int64_t release_id, int64_t now_ms, GError **error) {
    return db_change(db, error,
                     "UPDATE tasks SET status = 'canceled', finished = ? WHERE release_id = ? AND status = 'live'",
                     DB_INT(now_ms), DB_INT(release_id));
}

int64_t queue_cancel_others(Db *db, int64_t run_id, const char *queue, const char *name, const char *suffix,
                            bool ends_with, int64_t now_ms, GError **error) {
    static const char with[] = "UPDATE tasks SET status = 'canceled', finished = ? WHERE run_id = ? AND queue = ? AND "
                               "status = 'live' AND name <> ? AND name LIKE ?";
    static const char without[] =
        "UPDATE tasks SET status = 'canceled', finished = ? WHERE run_id = ? AND queue = ? AND "
        "status = 'live' AND name <> ? AND name NOT LIKE ?";
    g_autofree char *pattern = g_strconcat("%", suffix, NULL);
    return db_change(db, error, ends_with ? with : without, DB_INT(now_ms), DB_INT(run_id), DB_TEXT(queue),
                     DB_TEXT(name), DB_TEXT(pattern));
}

int64_t queue_expire(Db *db, const char *queue, int64_t before_ms, const char *message, int64_t now_ms,
                     GError **error) {
    return db_change(db, error,
                     "UPDATE tasks SET status = 'error', finished = ?, message = COALESCE(message, ?) "
                     "WHERE queue = ? AND status = 'live' AND created < ? AND (attempts > 0 OR eta < ?) AND "
                     "(lease IS NULL OR eta <= ?)",
                     DB_INT(now_ms), DB_TEXT(message), DB_TEXT(queue), DB_INT(before_ms), DB_INT(before_ms),
                     DB_INT(now_ms));
}

bool queue_retry(Db *db, const char *queue, const char *name, int64_t now_ms, GError **error) {
    g_autoptr(Task) task = find_task(db, queue, name, error);
    return task && db_change(db, error,
                             "UPDATE tasks SET status = 'live', eta = ?, finished = NULL, lease = NULL, leased = NULL, "
                             "owner = NULL, attempts = 0, message = NULL, message_index = 0 WHERE id = ?",
                             DB_INT(now_ms), DB_INT(task->id)) == 1;
}

Task *queue_delete(Db *db, const char *queue, const char *name, GError **error) {
    g_autoptr(Task) task = find_task(db, queue, name, error);
    if (!task || db_change(db, error, "DELETE FROM tasks WHERE id = ?", DB_INT(task->id)) != 1)
        return NULL;
    return g_steal_pointer(&task);
}

bool queue_only_others_leased(Db *db, int64_t run_id, const char *queue, const char *name, bool *out_only,
                              GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT SUM(CASE WHEN name = ? THEN 1 ELSE 0 END), COUNT(*) FROM tasks "
                                        "WHERE run_id = ? AND queue = ? AND leased IS NOT NULL",
                                        DB_TEXT(name), DB_INT(run_id), DB_TEXT(queue));
    *out_only = db_next(query) && db_int(query, 1) > 0 && db_int(query, 0) == 0;
    return db_end(query, error);
}

int64_t queue_count_of_run(Db *db, int64_t run_id, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT COUNT(*) FROM tasks WHERE run_id = ? AND status = 'live'", DB_INT(run_id));
    int64_t n = db_next(query) ? db_int(query, 0) : 0;
    return db_end(query, error) ? n : -1;
}

bool queue_depth(Db *db, const char *queue, int64_t now_ms, QueueDepth *out_depth, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT COUNT(*), SUM(CASE WHEN eta <= ? THEN 1 ELSE 0 END), MIN(created) "
                                        "FROM tasks WHERE queue = ? AND status = 'live'",
                                        DB_INT(now_ms), DB_TEXT(queue));
    *out_depth = (QueueDepth){0};
    if (db_next(query) && db_int(query, 0) > 0)
        *out_depth = (QueueDepth){.waiting = db_int(query, 1),
                                  .leased = db_int(query, 0) - db_int(query, 1),
                                  .oldest_ms = MAX(now_ms - db_int(query, 2), 0)};
    return db_end(query, error);
}

/* For people. */

Task *queue_find(Db *db, const char *queue, const char *name, GError **error) {
    return find_task(db, queue, name, error);
}

GPtrArray *queue_list(Db *db, const char *queue, const char *status, int most, GError **error) {
    g_autoptr(DbQuery) query =
        status ? db_query(db, "SELECT " COLUMNS "FROM tasks WHERE queue = ? AND status = ? ORDER BY id DESC LIMIT ?",
                          DB_TEXT(queue), DB_TEXT(status), DB_INT(most))
               : db_query(db, "SELECT " COLUMNS "FROM tasks WHERE queue = ? ORDER BY id DESC LIMIT ?", DB_TEXT(queue),
                          DB_INT(most));
    return read_tasks(query, error);
}

void queue_count_free(QueueCount *count) {
    if (!count)
        return;
    g_free(count->queue);
    g_free(count->status);
    g_free(count);
}

GPtrArray *queue_count_all(Db *db, GError **error) {
    g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func((GDestroyNotify)queue_count_free);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT queue, status, COUNT(*), MAX(created), MIN(eta) FROM tasks GROUP BY queue, status "
                     "ORDER BY queue, status");
    while (db_next(query)) {
        QueueCount *count = g_new0(QueueCount, 1);
        *count = (QueueCount){g_strdup(db_text(query, 0)), g_strdup(db_text(query, 1)), db_int(query, 2),
                              db_int(query, 3), db_int(query, 4)};
        g_ptr_array_add(counts, count);
    }
    return db_end(query, error) ? g_steal_pointer(&counts) : NULL;
}
