/* Heartbeats: from a thread of its own, so that a lease lasts as long as its work, however long that is silent. */
#pragma once

#include "worker/worker.h"

#include <dpxdt.h>

typedef struct Pulse Pulse;

/* Each task is told of three times in the time for which it is leased. */
Pulse *pulse_start(const WorkerSetup *setup);

/* Ends the thread. No task may be left. */
void pulse_stop(Pulse *pulse);

/* From now on, until pulse_remove(), the server is told that this task is at work; the task must stay where it is. Any
 * thread. */
void pulse_add(Pulse *pulse, const DpxdtTask *task);
void pulse_remove(Pulse *pulse, const DpxdtTask *task);

/* What it is at: told now, and with each beat. The text must be a constant. Any thread. */
void pulse_say(Pulse *pulse, const DpxdtTask *task, const char *message);
