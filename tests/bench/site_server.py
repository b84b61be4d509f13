"""A server whose pages are measured, by its own log and the clock of its process: what bench_site and tests/load share."""
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

CONNECTIONS = 16


class Server:
    """In a folder, as everybody's who asks; args are options of `dpxdt server`."""

    def __init__(self, dpxdt, folder, *args):
        self.data, self.log = f"{folder}/data", f"{folder}/server.log"
        self.process = subprocess.Popen([dpxdt, "server", "--port", "0", "--ignore-auth", "--data", self.data, *args], stderr=open(self.log, "w"))
        while not (found := re.search(r"event=started .*port=(\d+)", open(self.log).read())):
            time.sleep(0.02)
            assert self.process.poll() is None, open(self.log).read()
        self.port, self.cookie, self.n_asked = int(found[1]), None, 0
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        answer, _ = self.ask("GET", "/login?next=/")
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def ask(self, method, path, fields=None):
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if fields:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        self.connection.request(method, path, urllib.parse.urlencode(fields) if fields else None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        self.n_asked += 1
        assert answer.status < 400, f"{path}: {answer.status} {body[:500]}"
        return answer, body

    def cost(self, method, path, fields=None):
        """-> ms by the server's log, ms of CPU, the answer"""
        before = self.cpu_ms()
        _, body = self.ask(method, path, fields)
        while len(found := re.findall(r"event=request .*us=(\d+)\n", open(self.log).read())) < self.n_asked:
            time.sleep(0.001)  # it is logged when the answer has gone
        return int(found[-1]) / 1000, self.cpu_ms() - before, body

    def cpu_ms(self):
        """By the process's own clock, whose number is made of its id: clock_getcpuclockid(3)."""
        return time.clock_gettime(~self.process.pid << 3 | 2) * 1000

    def memory_mb(self, what):
        return int(re.search(rf"{what}:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1]) / 1024

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def form_of(server, path):
    """-> the fields of the form with which a page of a run is decided"""
    _, page = server.ask("GET", path)
    form = re.search(rb'<form id="decide".*?</form>', page, re.DOTALL)[0].decode()
    return {name: value.replace("&amp;", "&") for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form) if name != "verb"}


def rate_of(server, path, seconds):
    """-> page views a second by so many connections of wrk; there is nothing to take its place, as others would ask for less"""
    said = subprocess.run(["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", f"Cookie: {server.cookie}", f"http://127.0.0.1:{server.port}{path}"],
                          check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def check_wrk():
    if not shutil.which("wrk"):
        sys.exit(f"{sys.argv[0]}: wrk is not installed, and it is what asks for pages")
