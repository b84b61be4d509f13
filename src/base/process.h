/* Programs that cannot outlive us: the browser, and the server that a test file's setup starts.
 *
 * Each runs below a keeper, a small process forked from ours which adopts whatever the program leaves behind. When
 * the Process is freed, or when we die in any way (also by SIGKILL), the keeper kills the program and all of its
 * descendants, those included which left its process group. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Process Process;

typedef struct {
    const char *const *argv;        /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *environment; /* NULL-terminated NAME=value, or NULL for ours */
    const char *directory;          /* to start in, or NULL for ours */
    int output;                     /* becomes descriptors 1 and 2; -1 is /dev/null. Descriptor 0 is /dev/null */
    int command_pipe[2];            /* become descriptors 3 and 4 where has_command_pipe */
    bool has_command_pipe;
    uid_t user; /* where we are root: whom to run as; 0 changes nothing */
    gid_t group;
    int64_t most_memory; /* bytes of its own that each of its processes may have (RLIMIT_DATA); 0: any number */
    int grace_ms;        /* at the end, between SIGTERM to its process group and SIGKILL to all; 0: none */
} ProcessSetup;

/* Starts a program in a session of its own. NULL with error if it cannot be executed (ERROR_NO_PROGRAM if there is no
 * such program, ERROR_NOT_NOW if there is no room for one more process). The descriptors in setup are copied, and stay
 * the caller's. Any thread. */
Process *process_start(const ProcessSetup *setup, GError **error) MUST_CHECK;

/* Waits until the program itself has ended (its descendants may live on), the deadline (clock_now_ms(); 0 has passed
 * and polls) has passed, or the wish to end came. True if it has ended; *out_status is then as waitpid(2) gives it.
 * One thread at a time. */
bool process_wait(Process *process, int64_t deadline_ms, int *out_status);

/* The id of the program's process, which is also that of its process group. */
pid_t process_id(const Process *process);

/* Kills the program and all that it started, and waits until none is left. */
void process_free(Process *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Process, process_free)
