#!/usr/bin/env python3
"""A quiet web server for pages under test: a folder's files, and paths which misbehave on purpose.

    serve.py FOLDER PORT [--log FILE]     PORT 0 takes a free one; "http://127.0.0.1:PORT" is printed

    /delay/MS/PATH     PATH, answered after MS milliseconds
    /hang              never answered; the connection stays open until the client or the server goes
    /status/NNN        that status with a short page (204 and 304 without one)
    /redirect/PATH     302 to /PATH; /redirect/redirect/PATH takes two steps
    /echo              the request's own method, path and headers, as JSON
    /auth/USER/PASSWORD/PATH   PATH behind HTTP Basic authentication

Anything after "?" is logged and otherwise ignored. The log has one JSON object a line: method, path, headers (names in
lower case), time (seconds since the epoch), in order of arrival. From Python:

    server = start_server(folder)         # server.url, server.requests (a list of such objects), server.stop()
"""
import argparse
import base64
import http.server
import json
import mimetypes
import os
import threading
import time
import urllib.parse

# What mimetypes does not know everywhere; without the right type Chromium refuses a worker and warns of a font.
TYPES = {".woff2": "font/woff2", ".ttf": "font/ttf", ".js": "text/javascript", ".svg": "image/svg+xml",
         ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; with Nagle's algorithm the second would wait 40 ms for the client's delayed ACK.
    disable_nagle_algorithm = True
    timeout = 120

    def do_GET(self):
        self.server.site.remember(self)
        path = urllib.parse.urlsplit(self.path).path
        self.answer(urllib.parse.unquote(path))

    do_HEAD = do_POST = do_GET

    def answer(self, path):
        word, _, rest = path.lstrip("/").partition("/")
        if word == "delay":
            ms, _, rest = rest.partition("/")
            # The server's end must not wait for a sleeping request.
            self.server.site.stopping.wait(int(ms) / 1000)
            self.answer("/" + rest)
        elif word == "hang":
            self.server.site.stopping.wait()
            self.close_connection = True
        elif word == "status":
            self.send(int(rest), b"<!doctype html><title>status</title><p>status " + rest.encode())
        elif word == "redirect":
            self.send(302, b"", {"Location": "/" + rest})
        elif word == "echo":
            body = json.dumps(describe(self), indent=1).encode()
            self.send(200, body, {"Content-Type": "application/json"})
        elif word == "auth":
            user, password, rest = (rest.split("/", 2) + ["", ""])[:3]
            wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
            if self.headers.get("Authorization") == wanted:
                self.answer("/" + rest)
            else:
                self.send(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="site"'})
        else:
            self.send_file(path)

    def send_file(self, path):
        root = self.server.site.folder
        name = os.path.realpath(os.path.join(root, path.lstrip("/") or "index.html"))
        if os.path.isdir(name):
            name = os.path.join(name, "index.html")
        if not name.startswith(root + os.sep) or not os.path.isfile(name):
            self.send(404, b"<!doctype html><title>not found</title><p>not found")
            return
        with open(name, "rb") as file:
            body = file.read()
        ending = os.path.splitext(name)[1]
        kind = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        # As sites do: a page is always asked for, what it is made of is kept.
        keep = "no-cache" if ending == ".html" else "max-age=3600"
        self.send(200, body, {"Content-Type": kind, "Cache-Control": keep})

    def send(self, status, body, headers={}):
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle(self):
        # A browser which is killed in the middle of a request is an everyday event here.
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass


def describe(handler):
    return {"method": handler.command, "path": handler.path,
            "headers": {name.lower(): value for name, value in handler.headers.items()}, "time": time.time()}


class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # The default of 5 drops connections when several browsers start at once.
    request_queue_size = 256

    def server_bind(self):
        # HTTPServer would ask the resolver for our name, which can take seconds.
        http.server.socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class Site:
    """A running server. Requests are remembered in `requests`; any thread may read it."""

    def __init__(self, folder, port=0, log=None):
        self.folder = os.path.realpath(folder)
        self.requests = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._log = open(log, "a", encoding="utf-8") if log else None
        self._server = Threads(("127.0.0.1", port), Handler)
        self._server.site = self
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def remember(self, handler):
        request = describe(handler)
        with self._lock:
            self.requests.append(request)
            if self._log:
                self._log.write(json.dumps(request) + "\n")
                self._log.flush()

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            if self._log:
                self._log.close()
                self._log = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_server(folder, port=0, log=None):
    """Serves a folder on 127.0.0.1 from threads of this process. log: a file to append requests to."""
    return Site(folder, port, log)


def main():
    parser = argparse.ArgumentParser(description="Serve a folder, and paths which misbehave on purpose.")
    parser.add_argument("folder")
    parser.add_argument("port", type=int)
    parser.add_argument("--log", help="append every request to this file, one JSON object a line")
    args = parser.parse_args()
    with start_server(args.folder, args.port, args.log) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
