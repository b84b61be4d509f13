"""A real `dpxdt server`, real workers, and asking them over HTTP: what the tests of the server share."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'db'))

import harness
import with_database

STOP_S = 60


class Process:
    """dpxdt with these arguments, or the words of another way to start it. What it says on standard error is kept in .lines, line
    by line."""

    def __init__(self, *args, env=None, words=()):
        self.lines = []
        self.told = threading.Condition()
        self.process = subprocess.Popen([*map(str, words or [os.environ['DPXDT']]), *map(str, args)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.told:
                self.lines.append(line.rstrip('\n'))
                self.told.notify_all()
        with self.told:
            self.lines.append(None)  # the end
            self.told.notify_all()

    def wait_for(self, pattern, timeout=60):
        """The match of the first line that has it."""
        def look():
            for line in self.lines:
                if line is None:
                    return False
                match = re.search(pattern, line)
                if match:
                    return match
            return None
        with self.told:
            found = self.told.wait_for(lambda: look() is not None, timeout) and look()
        assert found, f'no line has {pattern}: {self.lines}'
        return found

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as an administrator does. -> its exit status"""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_S)
        self.reader.join(STOP_S)
        self.process.stderr.close()
        return status


class Server(Process):
    """A server that listens on a port of its own."""

    def __init__(self, *args, env=None, port=0):
        super().__init__('server', '--port', port, *args, env=env)
        self.port = int(self.wait_for(r'event=started .*port=(\d+)')[1])
        self.prefix = f'http://127.0.0.1:{self.port}/api'


class Client:
    """Asks a server, as the key that is given: (id, secret), or None."""

    def __init__(self, port, key=None, timeout=120):
        self.port, self.key, self.timeout = port, key, timeout

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=self.timeout)

    def ask(self, method, path, body=b'', headers=None):
        """-> (status, headers, body)"""
        headers = dict(headers or {})
        if self.key:
            headers['Authorization'] = 'Basic ' + base64.b64encode(':'.join(self.key).encode()).decode()
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def post(self, endpoint, expected=200, /, **fields):
        """-> the JSON that is answered, whose status must be the expected one"""
        status, answer = self.try_post(endpoint, **fields)
        assert status == expected, f'{endpoint} {fields}: {status} {str(answer)[:500]}'
        return answer

    def try_post(self, endpoint, /, **fields):
        """-> (status, the JSON that is answered)"""
        body = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None})
        status, _, answer = self.ask('POST', f'/api/{endpoint}', body,
                                     {'Content-Type': 'application/x-www-form-urlencoded'})
        return status, json.loads(answer)

    def upload(self, build, name, content, expected=200):
        """-> the SHA-1 (or, of an error, the answer)"""
        status, answer = self.send(build, name, content)
        assert status == expected, f'{status} {str(answer)[:500]}'
        return answer['sha1sum'] if status == 200 else answer

    def send(self, build, name, content):
        """Uploads. -> (status, the JSON that is answered)"""
        mark = 'fe3a0086440cb9125c4aa22da6994251'
        body = (f'--{mark}\r\nContent-Disposition: form-data; name="build_id"\r\n\r\n{build}\r\n'
                f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n').encode()
        body += content + f'\r\n--{mark}--\r\n'.encode()
        status, _, answer = self.ask('POST', '/api/upload', body,
                                     {'Content-Type': f'multipart/form-data; boundary={mark}'})
        return status, json.loads(answer)

    def download(self, build, sha1):
        status, _, answer = self.ask('GET', f'/api/download?build_id={build}&sha1sum={sha1}')
        assert status == 200, f'{status} {answer[:500]}'
        return answer


class ServerTestCase(harness.TestCase):
    """self.data is where a server keeps things; what is started by start() ends with the test."""

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        self.data = ['--data', self.folder / 'data']
        self.env = {'TMPDIR': str(self.folder)}
        self.running = []
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for process in reversed(self.running):
            if process.process.poll() is None:
                process.stop()

    def database(self, kind, name='db', **more):
        """Starts a database server ('sqlite' is a file), which ends with the test. -> the URL of the database"""
        folder = self.folder / f'{kind}-{name}'
        folder.mkdir()
        return self.enterContext(getattr(with_database, kind)(str(folder), **more))

    def start(self, process):
        self.running.append(process)
        return process

    def server(self, *args, **more):
        return self.start(Server(*self.data, *args, env=self.env, **more))

    def worker(self, server, key, *args):
        return self.start(Process('worker', '--release-server-prefix', server.prefix, '--release-client-id', key[0],
                                  '--release-client-secret', key[1], '--allow-private', *args, env=self.env))

    def command(self, *args, expected=0, **more):
        """-> what a command printed"""
        result = harness.dpxdt(*args, cwd=self.folder, env={**self.env, **more.pop('env', {})}, timeout=300)
        assert result.returncode == expected, f'{args}: {result.returncode}\n{result.stdout}\n{result.stderr}'
        return result.stdout

    def new_build(self, name='demo'):
        return int(self.command('build', 'create', *self.data, '--name', name))

    def new_key(self, build=None):
        whom = ['--build-id', build] if build else ['--superuser']
        return self.command('api-key', 'create', *self.data, *whom).split()
