#!/usr/bin/env python3
"""Runs a command with a database of its own: with_database.py sqlite|postgres|mysql COMMAND ...

The database is new and empty, in a folder that goes with the command; the server listens on nothing but a socket in there. Its URL is
in DPXDT_TEST_DATABASE. What each of them is started as and with is what Debian has; a server that is not installed is a failure.
"""
import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

START_S = 60
STOP_S = 30


def last_of(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        sys.exit(f"with_database.py: {pattern} is not installed")
    return found[-1]


def unprivileged(folder):
    """As root: gives the folder to nobody. -> what goes in front of a command, as both servers refuse to run as root"""
    if os.getuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "env", f"HOME={folder}"]


def run(command, log):
    with open(log, "ab") as file:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False).returncode == 0:
            return
    with open(log, encoding="utf-8", errors="replace") as file:
        sys.exit(f"with_database.py: {' '.join(command)}\n{file.read()[-3000:]}")


@contextlib.contextmanager
def ending(process):
    """Ends it, by its own process id, when the block does."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def server(command, is_up, log):
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    with ending(process):
        deadline = time.monotonic() + START_S
        while not is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                with open(log, encoding="utf-8", errors="replace") as file:
                    sys.exit(f"with_database.py: {command[0]} does not start\n{file.read()[-3000:]}")
            time.sleep(0.05)
        yield


def answers(command):
    return lambda: subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def sqlite(folder, durable=False):
    yield f"sqlite:{folder}/test.db"


@contextlib.contextmanager
def postgres(folder, durable=False):
    bin_folder, front, log = last_of("/usr/lib/postgresql/*/bin"), unprivileged(folder), f"{folder}/log"
    data = f"{folder}/data"
    run(front + [f"{bin_folder}/initdb", "-D", data, "-U", "dpxdt", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], log)
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "max_connections": 60}
    if not durable:
        settings.update({"fsync": "off", "synchronous_commit": "off"})
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    # SIGINT ends it without waiting for clients; terminate() of the front is passed on by exec.
    command = front + [f"{bin_folder}/postgres", "-D", data] + options
    with server(command, answers([f"{bin_folder}/pg_isready", "-q", "-h", folder]), log):
        run([f"{bin_folder}/createdb", "-h", folder, "-U", "dpxdt", "dpxdt"], log)
        yield f"postgresql://dpxdt@/dpxdt?host={folder}"


@contextlib.contextmanager
def mysql(folder, durable=False):
    front, log, data, socket = unprivileged(folder), f"{folder}/log", f"{folder}/data", f"{folder}/socket"
    install = shutil.which("mariadb-install-db") or sys.exit("with_database.py: mariadb-install-db is not installed")
    run(front + [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db",
                       f"--tmpdir={folder}"], log)
    command = front + [last_of("/usr/sbin/mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder}/pid",
                       f"--tmpdir={folder}",
                       "--skip-networking", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin",
                       "--innodb-buffer-pool-size=64M", f"--innodb-flush-log-at-trx-commit={int(durable)}"]
    client = ["mariadb", "--no-defaults", "-uroot", "-S", socket]
    with server(command, answers(client + ["-e", "SELECT 1"]), log):
        run(client + ["-e", "CREATE DATABASE dpxdt; CREATE USER 'dpxdt'@'localhost' IDENTIFIED BY 'p@ss/w:rd'; "
                            "GRANT ALL ON dpxdt.* TO 'dpxdt'@'localhost'"], log)
        yield f"mysql://dpxdt:p%40ss%2Fw%3Ard@localhost/dpxdt?socket={socket}"


def main():
    kind, command = {"sqlite": sqlite, "postgres": postgres, "mysql": mysql}[sys.argv[1]], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="dpxdt-db-", ignore_cleanup_errors=True) as folder, kind(folder) as url:
        sys.exit(subprocess.run(command, env={**os.environ, "DPXDT_TEST_DATABASE": url}, check=False).returncode)


if __name__ == "__main__":
    main()
