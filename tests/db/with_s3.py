#!/usr/bin/env python3
"""Runs a command with an S3-compatible store of its own: with_s3.py COMMAND ...

It is Ceph's gateway in front of a monitor and one place for objects, which keeps them in memory. All of them listen on
loopback, and have their files in a folder that goes with the command. In the environment are DPXDT_TEST_BLOBS, the place as
blobs_open() has it, in a bucket that is new and empty, and the keys (AWS_ACCESS_KEY_ID and so on). If Ceph is not installed
it is a failure.

A test imports s3(), which gives these variables:

    with with_s3.s3() as variables:
        subprocess.run([...], env={**os.environ, **variables})
"""
import contextlib
import datetime
import hashlib
import hmac
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import with_database

START_S = 120
COMMAND_S = 60
REGION = "us-east-1"
BUCKET = "dpxdt-test"
ACCESS_KEY, SECRET_KEY = "dpxdt-access", "dpxdt+secret/of=the.test"

CONFIG = """
[global]
fsid = {id}
mon_initial_members = a
mon_host = [v1:127.0.0.1:{mon_port}]
ms_bind_ipv6 = false
ms_bind_msgr2 = false
public_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
keyring = {folder}/keyring
run_dir = {folder}
admin_socket =
log_file = {folder}/$name.log
pid_file =
mon_data = {folder}/mon
# A disk that is nearly full is no reason to end.
mon_data_avail_crit = 1
mon_allow_pool_size_one = true
# A change is told at once, not with others a second later: the gateway makes ten, one after another.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_crush_chooseleaf_type = 0
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:{port}
"""


class CannotStart(Exception):
    pass


def tail(folder):
    texts = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".out"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                texts.append(f"{name}:\n{file.read()[-1500:]}")
    return "\n".join(texts)


def find(program):
    found = shutil.which(program)
    if not found:
        raise CannotStart(f"{program} is not installed")
    return found


def run(folder, *command):
    with open(f"{folder}/commands.out", "ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            subprocess.run([find(command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           timeout=COMMAND_S, check=True)
        except subprocess.SubprocessError as why:
            raise CannotStart(f"{why}\n{tail(folder)}") from None


def daemon(folder, name, *command):
    """-> what ends it when the block does"""
    with open(f"{folder}/{name}.out", "ab") as log:
        process = subprocess.Popen([find(command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    return with_database.ending(process)


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for_port(folder, process, port):
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"{process.args[0]} does not start\n{tail(folder)}") from None
            time.sleep(0.05)


def request(port, method, path, body=b""):
    """A signed request, by other code than the program's. -> status, body"""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope, sha256, host = f"{now[:8]}/{REGION}/s3/aws4_request", hashlib.sha256(body).hexdigest(), f"127.0.0.1:{port}"
    headers = {"host": host, "x-amz-content-sha256": sha256, "x-amz-date": now}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = hashlib.sha256(f"{method}\n{path}\n\n{lines}\n{names}\n{sha256}".encode()).hexdigest()
    key = f"AWS4{SECRET_KEY}".encode()
    for word in (now[:8], REGION, "s3", "aws4_request", f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{canonical}"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope},SignedHeaders={names},Signature={key.hex()}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=COMMAND_S)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def make_bucket(port):
    status, body = request(port, "PUT", f"/{BUCKET}")
    if status != 200:
        raise CannotStart(f"cannot make a bucket: HTTP {status} {body.decode(errors='replace')}")


@contextlib.contextmanager
def ceph(folder, port, mon_port):
    config, osd_id = f"{folder}/ceph.conf", str(uuid.uuid4())
    cluster_id = str(uuid.uuid4())
    os.makedirs(f"{folder}/mon")
    os.makedirs(f"{folder}/osd")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(id=cluster_id, folder=folder, port=port, mon_port=mon_port))
    run(folder, "ceph-authtool", "--create-keyring", f"{folder}/keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    run(folder, "monmaptool", "--create", "--addv", "a", f"[v1:127.0.0.1:{mon_port}]", "--fsid", cluster_id, f"{folder}/monmap")
    run(folder, "ceph-mon", "-c", config, "-i", "a", "--mkfs", "--monmap", f"{folder}/monmap", "--keyring", f"{folder}/keyring")
    with contextlib.ExitStack() as stack:
        mon = stack.enter_context(daemon(folder, "mon", "ceph-mon", "-c", config, "-i", "a", "-f"))
        wait_for_port(folder, mon, mon_port)
        run(folder, "ceph", "-c", config, "osd", "new", osd_id)
        run(folder, "ceph-osd", "-c", config, "-i", "0", "--mkfs", "--osd-uuid", osd_id, "--no-mon-config")
        stack.enter_context(daemon(folder, "osd", "ceph-osd", "-c", config, "-i", "0", "-f", "--osd-uuid", osd_id,
                                   "--no-mon-config"))
        rgw = stack.enter_context(daemon(folder, "rgw", "radosgw", "-c", config, "-n", "client.rgw", "-f"))
        wait_for_port(folder, rgw, port)
        run(folder, "radosgw-admin", "-c", config, "-n", "client.rgw", "user", "create", "--uid=dpxdt", "--display-name=dpxdt",
            f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        yield


@contextlib.contextmanager
def s3():
    """-> the variables for the environment of whoever uses the store"""
    with tempfile.TemporaryDirectory(prefix="dpxdt-s3-", ignore_cleanup_errors=True) as folder:
        port, mon_port = free_ports(2)
        with ceph(folder, port, mon_port):
            make_bucket(port)
            yield {
                "DPXDT_TEST_BLOBS": f"s3://{BUCKET}?endpoint=http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_REGION": REGION,
            }


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of all that is to be stopped
    try:
        with s3() as variables:
            sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **variables}, check=False).returncode)
    except CannotStart as why:
        sys.exit(f"with_s3.py: {why}")


if __name__ == "__main__":
    main()
