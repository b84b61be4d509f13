"""Runs a command and says what its whole tree of processes cost: wall and CPU seconds, peak memory.

A browser is a dozen processes which start and end all the time, so looking at them now and then misses most of what they do.

CPU comes from a cgroup (v2) of the command's own where one can be made: the kernel counts every process in it, also those
which ended. Elsewhere we become the subreaper of what we start: orphans come to us instead of to init, so that every process
of the tree is waited for by its parent or by us, and wait4() of the ones we wait for includes what their own children used.
Both agree within a percent, unless a program ignores SIGCHLD (none of these does). Polling /proc would add nothing to either.

Memory is the sum of PSS (each shared page divided among those who share it; RSS would count Chromium's 200 MB of code in each of
its processes), looked at every 100 ms. Reading it makes the kernel walk the page tables of every process, so it is read only
while the cheap sum of RSS is near the highest so far. Pages that only the kernel's page cache holds are nobody's.
"""
import ctypes
import os
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_S = 0.1
NEAR_THE_PEAK = 0.95
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Cost:
    """wall_s, cpu_s (user + system, whole tree), own_cpu_s (the command's own process alone), peak_mb; status, output."""


def own_cgroup():
    """The folder of the v2 cgroup we are in, if children can be made in it; otherwise None."""
    with open("/proc/self/mounts") as mounts:
        roots = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    with open("/proc/self/cgroup") as groups:
        paths = [line.strip()[3:] for line in groups if line.startswith("0::")]
    if not roots or not paths:
        return None
    folder = roots[0] + paths[0].rstrip("/")
    return folder if os.access(folder, os.W_OK) and os.access(folder + "/cgroup.procs", os.W_OK) else None


class Group:
    """A cgroup of our own, for one command."""

    def __init__(self, parent):
        self.folder = f"{parent}/bench-{os.getpid()}-{time.monotonic_ns()}"
        os.mkdir(self.folder)

    def enter(self):
        with open(self.folder + "/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))

    def pids(self):
        with open(self.folder + "/cgroup.procs") as file:
            return [int(line) for line in file]

    def cpu_s(self):
        with open(self.folder + "/cpu.stat") as file:
            return int(dict(line.split() for line in file)["usage_usec"]) / 1e6

    def remove(self):
        for _ in range(50):
            try:
                os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.1)


def tree(root, ours):
    """The pids below root, and orphans which were reparented to us; `ours` are children of ours which are not part of it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    found = {root} | {pid for pid, parent in parents.items() if parent == os.getpid() and pid not in ours}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found)
        found |= more


def memory_mb(pids, file_name, read):
    total_kb = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/{file_name}") as file:
                total_kb += read(file)
        except (OSError, ValueError, IndexError):
            pass        # it ended meanwhile
    return total_kb / 1024


def rss_mb(pids):
    return memory_mb(pids, "statm", lambda file: int(file.read().split()[1]) * PAGE_KB)


def pss_mb(pids):
    return memory_mb(pids, "smaps_rollup", lambda file: next(int(line.split()[1]) for line in file if line.startswith("Pss:")))


def watch_memory(pids, ended, peaks):
    highest_rss = 0
    while not ended.wait(SAMPLE_S):
        now = pids()
        rss = rss_mb(now)
        if rss > NEAR_THE_PEAK * highest_rss:
            highest_rss = max(rss, highest_rss)
            peaks.append(pss_mb(now))


def process_cpu_s(pid):
    """What a process used, without its children; works on one which ended and was not waited for."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def run(argv, folder, log, timeout_s, environment=None):
    """Runs argv in a folder, its output into the file `log`. What is left of its tree afterwards is killed. -> Cost"""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours = set(tree(os.getpid(), set()))
    parent = own_cgroup()
    group = Group(parent) if parent else None
    cost = Cost()
    start = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, preexec_fn=group and group.enter,
                                   env={**os.environ, **(environment or {})})
    pids = group.pids if group else lambda: tree(process.pid, ours)
    ended, peaks = threading.Event(), []
    watcher = threading.Thread(target=watch_memory, args=(pids, ended, peaks))
    watcher.start()
    late = threading.Timer(timeout_s, kill, (pids,))
    late.start()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    cost.wall_s = time.monotonic() - start
    late.cancel()
    cost.own_cpu_s = process_cpu_s(process.pid)
    ended.set()
    watcher.join()
    # What the command left behind has still cost something, but not to wall time.
    kill(lambda: [pid for pid in pids() if pid != process.pid])
    rusage_cpu_s = reap(process, ours)
    cost.cpu_s = group.cpu_s() if group else rusage_cpu_s
    cost.status = process.returncode
    cost.peak_mb = max(peaks, default=0)
    with open(log, encoding="utf-8", errors="replace") as output:
        cost.output = output.read()
    if group:
        group.remove()
    return cost


def kill(pids):
    for pid in pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def reap(process, ours):
    """Waits for the command and for all orphans of its tree. -> CPU seconds"""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    total = usage.ru_utime + usage.ru_stime
    for _ in range(100):
        left = set(tree(os.getpid(), set())) - ours - {os.getpid()}
        for pid in left:
            try:
                pid, _, usage = os.wait4(pid, os.WNOHANG)
                total += usage.ru_utime + usage.ru_stime if pid else 0
            except ChildProcessError:
                pass        # still its parent's
        if not left:
            break
        time.sleep(0.05)
    return total


# ---------------------------------------------------------------- programs of milliseconds, which are one process

# The shell starts the program and ends, so that the program becomes our child, but is not a copy of us.
BY_SHELL = ["/bin/sh", "-c", '"$@" &', "sh"]


def spawn(argv, log):
    """Without a fork: one of a large Python costs the child more CPU than some of these programs use."""
    redirect = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=redirect)


def quick(argv, log=os.devnull):
    """Runs a program (by its path) which starts no others: what wait4() says of it. -> Cost: wall_s, cpu_s and status"""
    cost = Cost()
    start = time.monotonic()
    _, status, usage = os.wait4(spawn(argv, log), 0)
    cost.wall_s = time.monotonic() - start
    cost.cpu_s = usage.ru_utime + usage.ru_stime
    cost.status = os.waitstatus_to_exitcode(status)
    return cost


def quick_peak(argv, log):
    """The same for memory. -> Cost: peak_mb, status and output

    wait4()'s ru_maxrss is that of all which the process ever was. One that we spawn was us until it became the program, and is
    said to have had all memory that we have; so it is started by a small shell, of 1 MB."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    cost = Cost()
    os.waitpid(spawn(BY_SHELL + argv, log), 0)
    _, status, usage = os.wait4(-1, 0)
    cost.peak_mb = usage.ru_maxrss / 1024
    cost.status = os.waitstatus_to_exitcode(status)
    with open(log, encoding="utf-8", errors="replace") as output:
        cost.output = output.read()
    return cost
