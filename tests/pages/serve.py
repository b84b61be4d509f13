#!/usr/bin/env python3
"""A server with the same data each time, for the tests in site.yaml: serve.py PORT [DPXDT]

What is uploaded and reported goes in through the API, as from any tool; then what differs each time (times, ids of keys, who came
from where) is set to what it always is, people and their sessions are added, and the server is started once more, on PORT. Ends with it."""
import base64
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zlib

WHEN, FAR = 1767268800000, 4102444800000  # 2026-01-01 12:00 UTC, and when nobody uses this any more
OWNER, ADMINISTRATOR = "token-of-an-owner", "token-of-an-administrator"


# ---------------------------------------------------------------- pictures

def chunk(kind, data):
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def picture(boxes, width=800, height=600):
    """A white page with some boxes: (x, y, width, height, color)."""
    rows = [bytearray(b"\xff" * 3 * width) for _ in range(height)]
    for x, y, w, h, color in boxes:
        for row in rows[y:y + h]:
            row[3 * x:3 * (x + w)] = bytes(color) * w
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))) +
            chunk(b"IEND", b""))


def page(seed, banner=(30, 60, 120), width=240):
    text = [(40, 200 + 24 * line, 80 + (seed * 37 + line * 53) % 500, 9, (70, 74, 90)) for line in range(14)]
    return picture([(0, 0, 800, 48, (235, 238, 245)), (40, 80, width, 80, banner), *text])


# ---------------------------------------------------------------- the server, and asking it

class Server:
    def __init__(self, dpxdt, data, port):
        self.process = subprocess.Popen([dpxdt, "server", "--data", data, "--port", str(port)], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"event=started .*port=(\d+)", line):
                self.url = f"http://127.0.0.1:{found[1]}/api/"
                return
        sys.exit("serve.py: the server did not start")

    def ask(self, endpoint, body, kind):
        request = urllib.request.Request(self.url + endpoint, body, {"Content-Type": kind, "Authorization": self.authorization})
        return json.load(urllib.request.urlopen(request))

    def post(self, endpoint, **fields):
        return self.ask(endpoint, urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def upload(self, build, name, content):
        mark = "6a1f0c"
        body = (f'--{mark}\r\nContent-Disposition: form-data; name="build_id"\r\n\r\n{build}\r\n--{mark}\r\nContent-Disposition: form-data; '
                f'name="file"; filename="{name}"\r\n\r\n').encode() + content + f"\r\n--{mark}--\r\n".encode()
        return self.ask("upload", body, f"multipart/form-data; boundary={mark}")["sha1sum"]

    def release(self, build, name, runs, done=True):
        release = {"build_id": build, "release_name": name, "release_number": self.post("create_release", build_id=build, release_name=name)["release_number"]}
        for run, facts in runs.items():
            for kind in ("image", "ref_image", "diff_image", "log", "config", "ref_log", "diff_log"):
                if kind in facts:
                    facts[kind] = self.upload(build, kind + (".png" if "image" in kind else ".txt"), facts[kind])
            self.post("report_run", **release, run_name=run, **facts)
        if done:
            self.post("runs_done", **release)
        return release


# ---------------------------------------------------------------- what there is

RED, BLUE, GREEN = (200, 40, 50), (30, 60, 120), (20, 130, 90)


def differs(seed, group, color, width=240, **more):
    pixels = 80 * max(width, 240)
    findings = {"width": 800, "height": 600, "reference_width": 800, "reference_height": 600, "changed_pixels": pixels, "n_regions": 1, "score": 0.4,
                "fingerprint": f"{group:016x}", "summary": f"1 area changed, {max(width, 240)}x80",
                "regions": [{"x": 40, "y": 80, "width": max(width, 240), "height": 80, "changed_pixels": pixels, "score": 0.4,
                             "what": "color changed from #1e3c78 to #%02x%02x%02x" % color}], "bands": []}
    return {"image": page(seed, color, width), "ref_image": page(seed), "diff_image": picture([(40, 80, max(width, 240), 80, (255, 0, 0))]),
            "distortion": pixels / 480000, "findings": json.dumps(findings), "url": f"https://shop.example.com/{seed}",
            "ref_url": f"https://shop.example.com/{seed}", **more}


def same(seed):
    return {"image": page(seed), "ref_image": page(seed), "diff_success": "yes"}


def fill(server):
    shop, docs = 1, 2
    texts = {"log": b"0 ms: begins\n120 ms: GET https://shop.example.com/ 200\n300 ms: is at rest\n",
             "config": b'{"viewportSize": {"width": 800, "height": 600}, "injectHeaders": {"x": {"Authorization": "secret"}}}\n'}
    server.release(shop, "identical", {f"/same/{i}": same(i) for i in range(3)})
    server.release(shop, "first", {f"/new/{i}": {"image": page(i)} for i in range(25)})
    server.release(shop, "nothing", {})
    server.release(shop, "still coming", {"/here": same(1), **{f"/waits/{i}": {"image": page(i), "ref_image": page(50 + i)} for i in range(3)}})
    runs = {f"/basket/{i}": differs(i, 1, RED, **(texts if i == 0 else {})) for i in range(6)}
    runs |= {f"/order/{i}": differs(20 + i, 2, GREEN, 420) for i in range(3)}
    runs |= {"/a/single/page": differs(40, 3, GREEN, 300), "/broken": {"run_failed": "yes", "log": b"0 ms: begins\n10000 ms: no answer\n"},
             "/new": {"image": page(60)}, **{f"/same/{i}": same(i) for i in range(30)},
             "/\u540d\u524d/\u00e9t\u00e9 " + "with a long name " * 6: differs(70, 4, RED, 280)}
    server.release(shop, "cut 7", runs)
    server.release(docs, "public", {"/guide": differs(80, 1, RED), "/index": same(2)})


def insert(database, table, **row):
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def settle(path):
    """Sets what differs each time, and adds people."""
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM tasks")
        database.execute("DELETE FROM api_keys")
        for table, columns in {"builds": "created modified", "releases": "created modified", "runs": "created modified", "audit": "created",
                               "comparisons": "created"}.items():
            for column in columns.split():
                database.execute(f"UPDATE {table} SET {column} = ?", [WHEN])
        database.execute("UPDATE releases SET deadline = ? WHERE deadline IS NOT NULL", [FAR])
        database.execute("UPDATE releases SET status = 'good', decided = ? WHERE name = 'identical'", [WHEN])
        database.execute("UPDATE audit SET actor = 'key-of-ci', address = '192.0.2.1'")
        database.execute("UPDATE builds SET is_public = 1 WHERE name = 'Documentation'")
        insert(database, "api_keys", id="key-of-ci", secret_sha256=sha256("-"), secret_prefix="abcd", build_id=1, purpose="Nightly builds", created=WHEN)
        insert(database, "api_keys", id="key-of-old", secret_sha256=sha256("-"), secret_prefix="efgh", build_id=1, purpose="The old CI", created=WHEN, revoked=WHEN)
        now = int(time.time() * 1000)
        for name, token, is_superuser in (("alice", OWNER, 0), ("root", ADMINISTRATOR, 1)):
            insert(database, "users", id=f"oidc:{name}", email=f"{name}@example.com", name=name.title(), is_superuser=is_superuser, created=WHEN, seen=WHEN)
            insert(database, "sessions", token_sha256=sha256(token), user_id=f"oidc:{name}", created=now, seen=now)
        for build in (1, 2):
            insert(database, "build_owners", build_id=build, user_id="oidc:alice", created=WHEN)
        insert(database, "invitations", token_sha256=sha256("-"), build_id=1, email="bob@example.com", invited_by="oidc:alice", created=WHEN, expires=FAR)
        for number, (status, message) in enumerate((("live", None), ("error", "no answer from https://shop.example.com/ within 10 s"))):
            insert(database, "tasks", queue="capture", name=f"task {number}", status=status, eta=FAR, build_id=1, payload='{"build_id": 1}', created=WHEN,
                   content_type="application/json", attempts=number, max_attempts=3, message=message, finished=WHEN if number else None)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that its folder goes, too
    port, dpxdt = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else os.environ.get("DPXDT", "dpxdt")
    with tempfile.TemporaryDirectory(prefix="dpxdt-pages-") as data:
        for name in ("Shop", "Documentation"):
            subprocess.run([dpxdt, "build", "create", "--data", data, "--name", name], check=True, stdout=subprocess.DEVNULL)
        key = subprocess.run([dpxdt, "api-key", "create", "--data", data, "--superuser"], check=True, capture_output=True, text=True).stdout.split()
        server = Server(dpxdt, data, 0)
        server.authorization = "Basic " + base64.b64encode(":".join(key).encode()).decode()
        fill(server)
        server.process.terminate()
        server.process.wait()
        settle(f"{data}/dpxdt.db")
        sys.exit(subprocess.run([dpxdt, "server", "--data", data, "--port", port]).returncode)


if __name__ == "__main__":
    main()
