/* "/api/work_queue": what is to be done, and what went wrong, for superusers. */
#pragma once

#include "queue/queue.h"
#include "web/view.h"

HttpHandler web_queues, web_queue, web_change_task;

/* counts: array of QueueCount. */
void queues_html(Html *out, const View *view, const GPtrArray *counts);

/* tasks: array of Task, newest first; status: which of them, or NULL. */
void queue_html(Html *out, const View *view, const char *queue, const char *status, const GPtrArray *tasks);
