#include "base/process.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* So long the keeper kills what is left, and so long again we wait for the keeper. */
enum { KILL_MS = 5000 };

/* Three processes: ours, the keeper, the program.
 *
 *   ours --lifeline--> keeper     nothing is ever written; its end of file says that we are done, or dead
 *   ours <--report---- keeper     a Started when the program runs (or does not), its status when it has ended
 *
 * The keeper is forked from a process with threads, and never calls exec: between fork and its end it may call only
 * what is safe in a signal handler. So it does not allocate, print, or use GLib. */
struct Process {
    pid_t keeper;
    pid_t program;
    int grace_ms;
    int lifeline; /* closing it lets the keeper kill */
    int report;
    bool ended;
    int status;
};

typedef struct {
    pid_t program;
    int exec_errno; /* 0: it runs */
} Started;

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Everything below runs in the keeper or in the program's process before exec. */

static void close_all_but(int a, int b, int c) {
    int kept[] = {a, b, c};
    /* Three numbers: sorted by hand. */
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2 - i; j++)
            if (kept[j] > kept[j + 1]) {
                int swap = kept[j];
                kept[j] = kept[j + 1];
                kept[j + 1] = swap;
            }
    unsigned from = 0;
    for (int i = 0; i < 3; i++) {
        if (kept[i] < 0)
            continue;
        if ((unsigned)kept[i] > from)
            syscall(SYS_close_range, from, (unsigned)kept[i] - 1, 0);
        from = (unsigned)kept[i] + 1;
    }
    syscall(SYS_close_range, from, ~0U, 0);
}

static void give_default_signals(void) {
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts copies of the wanted descriptors at 0 to 4. They are moved out of the way first, because one of them may
 * stand where another is to go. */
static bool place_descriptors(const ProcessSetup *setup) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int wanted[5] = {null, setup->output, setup->output, -1, -1};

    if (setup->has_command_pipe) {
        wanted[3] = setup->command_pipe[0];
        wanted[4] = setup->command_pipe[1];
    }
    for (int i = 0; i < 5; i++) {
        if (wanted[i] < 0 && i < 3)
            wanted[i] = null;
        if (wanted[i] >= 0 && (wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 16)) < 0)
            return false;
    }
    for (int i = 0; i < 5; i++)
        if (wanted[i] >= 0 && dup2(wanted[i], i) < 0)
            return false;
    return true;
}

/* What a library, or whoever started us, left open for exec. Marked instead of closed: one of them tells of failure. */
static void drop_other_descriptors(const ProcessSetup *setup) {
    syscall(SYS_close_range, setup->has_command_pipe ? 5U : 3U, ~0U, CLOSE_RANGE_CLOEXEC);
}

static bool become_user(const ProcessSetup *setup) {
    if (getuid() != 0 || !setup->user)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(setup->group, setup->group, setup->group) == 0 &&
           setresuid(setup->user, setup->user, setup->user) == 0;
}

/* What is only reserved does not count, of which a browser has terabytes. */
static void limit_memory(const ProcessSetup *setup) {
    const struct rlimit most = {(rlim_t)setup->most_memory, (rlim_t)setup->most_memory};
    if (setup->most_memory > 0)
        setrlimit(RLIMIT_DATA, &most);
}

static _Noreturn void run_program(const ProcessSetup *setup, pid_t keeper, int failure) {
    struct rlimit no_core = {0, 0};

    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    limit_memory(setup);
    /* The user first: changing it clears the parent-death signal. */
    if (place_descriptors(setup) && (!setup->directory || chdir(setup->directory) == 0) && become_user(setup) &&
        prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == keeper) {
        give_default_signals();
        drop_other_descriptors(setup);
        if (setup->environment)
            execvpe(setup->argv[0], (char *const *)setup->argv, (char *const *)setup->environment);
        else
            execvp(setup->argv[0], (char *const *)setup->argv);
    }
    int why = errno;
    if (write(failure, &why, sizeof why) < 0)
        _exit(126);
    _exit(127);
}

/* Kills the keeper's children: the program, and orphans that it has adopted. */
static void kill_children(void) {
    char list[4096];
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, list, sizeof list - 1);
    close_fd(&fd);
    pid_t id = 0;
    for (ssize_t i = 0; i < size; i++) {
        if (list[i] >= '0' && list[i] <= '9') {
            id = id * 10 + (list[i] - '0');
        } else if (id) {
            kill(id, SIGKILL);
            id = 0;
        }
    }
}

static void reap(pid_t program, int report) {
    int status;
    for (pid_t id; (id = waitpid(-1, &status, WNOHANG)) > 0;)
        if (id == program && write(report, &status, sizeof status) < 0)
            return; /* nobody is there to read it: the lifeline says so too */
}

static bool has_children(void) {
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Waits a moment for a child to end, and reaps those that have. */
static void reap_soon(pid_t program, int report, int signals) {
    struct signalfd_siginfo info;
    struct pollfd child = {.fd = signals, .events = POLLIN};
    if (poll(&child, 1, 10) > 0 && read(signals, &info, sizeof info) < 0)
        return;
    reap(program, report);
}

/* Ends all that is left. Whoever dies leaves its children to the keeper, so this comes to an end. */
static void end_all(pid_t program, int report, int signals, int grace_ms) {
    if (grace_ms > 0)
        kill(-program, SIGTERM);
    for (int64_t until = clock_now_ms() + grace_ms; clock_now_ms() < until && has_children();)
        reap_soon(program, report, signals);
    kill(-program, SIGKILL);
    /* Where /proc does not tell of children, or one of them cannot be killed, this must end all the same. */
    for (int64_t until = clock_now_ms() + KILL_MS; clock_now_ms() < until && has_children();) {
        kill_children();
        reap_soon(program, report, signals);
    }
}

static _Noreturn void keep(const ProcessSetup *setup, int lifeline, int report) {
    int failure[2];
    sigset_t child_signal;
    Started started = {0};

    setsid();
    prctl(PR_SET_NAME, "dpxdt-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    give_default_signals();
    signal(SIGPIPE, SIG_IGN); /* if we were killed, nobody reads the report, and there is still killing to do */
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    int signals = signalfd(-1, &child_signal, SFD_CLOEXEC);
    pid_t self = getpid();
    if (signals < 0 || pipe2(failure, O_CLOEXEC) < 0 || (started.program = fork()) < 0) {
        started.exec_errno = errno;
        (void)!write(report, &started, sizeof started);
        _exit(1);
    }
    if (started.program == 0)
        run_program(setup, self, failure[1]);
    close(failure[1]);
    if (read(failure[0], &started.exec_errno, sizeof started.exec_errno) < 0)
        started.exec_errno = errno;
    close_all_but(lifeline, report, signals);
    /* In this order: descriptors 0 to 2 were closed too, and must not keep a caller's pipe open. */
    if (write(report, &started, sizeof started) < 0)
        end_all(started.program, report, signals, 0);

    struct pollfd wait[] = {{.fd = lifeline, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    struct signalfd_siginfo info;
    while (poll(wait, 2, -1) >= 0 || errno == EINTR) {
        if (wait[0].revents)
            break;
        if (wait[1].revents && read(signals, &info, sizeof info) > 0)
            reap(started.program, report);
    }
    end_all(started.program, report, signals, setup->grace_ms);
    _exit(0);
}

/* From here on: our own process. */

static void set_cannot_run(GError **error, const ProcessSetup *setup, int why) {
    ErrorCode code = why == ENOENT ? ERROR_NO_PROGRAM : error_code_of_errno(why);
    error_set_errno(error, code, why, "cannot run %s", setup->argv[0]);
}

static bool read_started(Process *process, const ProcessSetup *setup, GError **error) {
    Started started = {.exec_errno = EIO};
    ssize_t size;
    do
        size = read(process->report, &started, sizeof started);
    while (size < 0 && errno == EINTR);
    process->program = started.program;
    if (size == sizeof started && started.exec_errno == 0)
        return true;
    set_cannot_run(error, setup, started.exec_errno);
    return false;
}

Process *process_start(const ProcessSetup *setup, GError **error) {
    int lifeline[2] = {-1, -1}, report[2] = {-1, -1};
    if (pipe2(lifeline, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
        set_cannot_run(error, setup, errno);
        close_fd(&lifeline[0]);
        close_fd(&lifeline[1]);
        return NULL;
    }
    g_autoptr(Process) process = g_new0(Process, 1);
    process->grace_ms = setup->grace_ms;
    process->lifeline = lifeline[1];
    process->report = report[0];
    process->keeper = fork();
    if (process->keeper == 0)
        keep(setup, lifeline[0], report[1]);
    int why = errno;
    close_fd(&lifeline[0]);
    close_fd(&report[1]);
    if (process->keeper < 0) {
        set_cannot_run(error, setup, why);
        return NULL;
    }
    if (!read_started(process, setup, error))
        return NULL;
    return g_steal_pointer(&process);
}

bool process_wait(Process *process, int64_t deadline_ms, int *out_status) {
    struct pollfd wait[] = {{.fd = process->report, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};

    while (!process->ended) {
        int ready = poll(wait, 2, clock_left_ms(deadline_ms));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 || !wait[0].revents)
            return false;
        if (read(process->report, &process->status, sizeof process->status) != sizeof process->status)
            process->status = SIGKILL; /* the keeper itself was killed, and the program with it */
        process->ended = true;
    }
    *out_status = process->status;
    return true;
}

pid_t process_id(const Process *process) {
    return process->program;
}

/* Waits for the keeper. False if it was killed, or stopped and is killed now, before its work was done. */
static bool keeper_has_ended(const Process *process) {
    int how = 0;
    int64_t until = clock_now_ms() + process->grace_ms + 2 * KILL_MS;
    pid_t ended = 0;
    while ((ended = waitpid(process->keeper, &how, WNOHANG)) == 0 && clock_now_ms() < until)
        g_usleep(1000);
    if (ended == 0) {
        kill(process->keeper, SIGKILL);
        waitpid(process->keeper, &how, 0);
    }
    return ended > 0 && WIFEXITED(how);
}

void process_free(Process *process) {
    if (!process)
        return;
    close_fd(&process->lifeline);
    if (process->keeper > 0 && !keeper_has_ended(process) && process->program > 0)
        kill(-process->program, SIGKILL); /* what left the program's group lives on */
    close_fd(&process->report);
    g_free(process);
}
