"""What the tests of captures share: a web server that remembers what it was asked, and a decorator that says beside a
test which page is captured for it, and how.

    class Viewport(capturing.TestCase):

        @shot('<script>console.log(innerWidth)</script>', viewportSize={'width': 500, 'height': 350})
        def test_the_page_sees_its_width(self, shot):
            self.assertEqual(shot.said, ['500'])

All pages of a class are captured by one run of `dpxdt update`, since starting a browser for each would take minutes. A
test with several shots has several decorators; its arguments are in their order.
"""
import base64
import functools
import hashlib
import http.server
import json
import pathlib
import re
import struct
import sys
import tempfile
import threading

import harness
from harness import Picture, dpxdt

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255)  # as CSS names them
WHITE, BLACK, CLEAR = (255, 255, 255, 255), (0, 0, 0, 255), (0, 0, 0, 0)

HTML = 'text/html; charset=utf-8'


class Request:
    """What a browser asked for."""

    def __init__(self, method, path, headers):
        self.method, self.path, self.headers = method, path, headers

    def __repr__(self):
        return f'{self.method} {self.path}'


class Answer:
    """What a server says: body is bytes or a text, headers a map.

    after is a path below the shot's: the answer comes when that was asked for. hangs: it never comes. stays_open: the
    body does, but not its end. breaks_off: the server hangs up when it has sent the body, and had promised more.
    """

    def __init__(self, body='', status=200, type=HTML, headers=None, after=None, hangs=False, stays_open=False, breaks_off=False):
        self.body = body if isinstance(body, bytes) else body.encode()
        self.status, self.headers = status, {'Content-Type': type, **(headers or {})}
        self.after, self.hangs, self.stays_open, self.breaks_off = after, hangs, stays_open, breaks_off


class Changing:
    """Answers first with one, and then, when all were captured and are tested, with the other."""

    def __init__(self, first, then):
        self.both = [Answer('<!DOCTYPE html>' + first), Answer('<!DOCTYPE html>' + then)]


def picture_of(color, width=20, height=20):
    return Answer(Picture(width, height, color).png(), type='image/png')


class Server:
    """Serves what `answers` has (path -> Answer, or a function from Request to one) at 127.0.0.1:port, on a port from
    the system, and keeps a Request for everything that was asked, in order."""

    def __init__(self, answers):
        self.answers, self.requests = answers, []
        self.changed = threading.Condition()
        self.closing = False
        self.round = 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def answer(self):
                try:
                    length = int(self.headers.get('Content-Length') or 0)
                    self.rfile.read(length)
                    server.answer(self)
                except OSError:
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_OPTIONS = answer

            def log_message(self, *args):
                pass

        class Tcp(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.http = Tcp(('127.0.0.1', 0), Handler)
        self.port = self.http.server_address[1]
        self.origin = f'http://127.0.0.1:{self.port}'
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.http.shutdown()
        self.http.server_close()

    def note(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    def wait(self, condition=lambda: False):
        with self.changed:
            self.changed.wait_for(lambda: self.closing or condition(), timeout=120)

    def was_asked(self, path):
        return any(request.path == path for request in self.requests)

    def answer(self, connection):
        path = connection.path.split('?')[0]
        request = Request(connection.command, connection.path, connection.headers)
        self.note(request)
        answer = self.answers.get(path, Answer('nothing here', status=404, type='text/plain'))
        if isinstance(answer, Changing):
            answer = answer.both[self.round]
        if callable(answer):
            answer = answer(request)
        if answer.hangs:
            self.wait()
        if answer.after:
            self.wait(lambda: self.was_asked(path.rsplit('/', 1)[0] + '/' + answer.after))
        if answer.status == 101:
            self.shake_hands(connection)
            return
        connection.send_response(answer.status)
        for name, value in answer.headers.items():
            connection.send_header(name, value)
        if answer.stays_open:
            connection.send_header('Connection', 'close')
        else:
            connection.send_header('Content-Length', str(len(answer.body) + (1000 if answer.breaks_off else 0)))
            connection.close_connection = answer.breaks_off
        connection.end_headers()
        if connection.command != 'HEAD':
            connection.wfile.write(answer.body)
        if answer.stays_open:
            connection.wfile.flush()
            self.wait()
            connection.close_connection = True

    def shake_hands(self, connection):
        """A WebSocket that says hello, and then nothing more."""
        key = connection.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        connection.send_response(101)
        connection.send_header('Upgrade', 'websocket')
        connection.send_header('Connection', 'Upgrade')
        connection.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        connection.end_headers()
        connection.wfile.write(b'\x81\x05hello')
        connection.wfile.flush()
        self.wait()
        connection.close_connection = True


class Shot:
    """How one capture went."""

    def __init__(self, case, name, result):
        self.case, self.name, self.result = case, name, result
        self.status, self.message = result['status'], result['message']
        self.seconds = result['duration_ms'] / 1000
        self.log = pathlib.Path(result['log_path']).read_text()
        self.config = json.loads(pathlib.Path(result['config_path']).read_text())
        self.png = pathlib.Path(result['reference_path'])

    @functools.cached_property
    def picture(self):
        if self.message:
            raise AssertionError(f'{self.name}: {self.message}\n{self.log}')
        return harness.read_picture(self.png)

    @property
    def size(self):
        if self.message:
            raise AssertionError(f'{self.name}: {self.message}\n{self.log}')
        return struct.unpack_from('>II', self.png.read_bytes(), 16)

    @property
    def said(self):
        """What the page wrote with console.log(), a text a call."""
        return re.findall(r' ms  console\.log: (.*)', self.log)

    def requests(self, server=None):
        """What was asked for, of the page's own server or of the other one, without the path to the page."""
        start = f'/{self.name}/'
        return [Request(request.method, request.path.removeprefix(start), request.headers)
                for request in (server or self.case.server).requests if request.path.startswith(start)]

    def request(self, path, server=None):
        """The first that asked for a path."""
        for request in self.requests(server):
            if request.path == path:
                return request
        raise AssertionError(f'{self.name}: nobody asked for {path}, only for {self.requests(server)}\n{self.log}')


def shot(page, url='', answers=None, other=None, test_options=None, **config):
    """Captures a page: HTML, or an Answer. In HTML and in config {OTHER} is the same path on another origin, {PORT} our
    port and {NAME} the shot's name. answers has what else there is on the page's server, other what the other origin
    has, by path beside the page. url is what to capture, if it is not the page itself, with the same words in braces;
    test_options stand beside the config in YAML."""
    def decorate(test):
        if not hasattr(test, 'shots'):
            inner = test

            @functools.wraps(inner)
            def test(self):
                inner(self, *[shot for i in range(1, len(test.shots) + 1) for name, shot in self.shots.items()
                              if name.split('@')[0] == f'{inner.__name__}-{i}'])
            test.shots = []
        test.shots.insert(0, (page, url, answers or {}, other or {}, test_options or {}, config))
        return test
    return decorate


class TestCase(harness.TestCase):
    options = []         # of the command
    update_again = False  # whether it runs twice; then self.again(shot) is the second Shot
    then_test = False     # whether `dpxdt test` follows; then self.compared(shot) is its result

    @classmethod
    def setUpClass(cls):
        cls.answers, cls.other_answers = {}, {}
        cls.server, cls.other = Server(cls.answers), Server(cls.other_answers)
        cls.addClassCleanup(cls.server.close)
        cls.addClassCleanup(cls.other.close)
        folder = tempfile.TemporaryDirectory(prefix='dpxdt-test-')
        cls.addClassCleanup(folder.cleanup)
        cls.suite = pathlib.Path(folder.name)
        wanted = set(sys.argv[1:])
        tests = []
        for name in dir(cls):
            full = f'{cls.__name__}.{name}'
            if wanted and not wanted & {full, cls.__name__}:
                continue
            if getattr(getattr(cls, name), '__unittest_skip__', False):
                continue
            for i, declared in enumerate(getattr(getattr(cls, name), 'shots', [])):
                tests.append(cls.prepare(f'{name}-{i + 1}', *declared))
        (cls.suite / 'suite.yaml').write_text(json.dumps({'tests': tests}, indent=1))
        cls.printed, cls.shots = cls.command('update')
        if cls.update_again:
            _, cls.second_shots = cls.command('update')
        cls.server.round = 1
        if cls.then_test:
            _, cls.comparisons = cls.command('test')

    @classmethod
    def prepare(cls, name, page, url, answers, other, options, config):
        """Puts what a shot needs on the servers, and returns its test for the YAML."""
        def fill(value):
            if isinstance(value, str):
                for word, meaning in {'{OTHER}': f'{cls.other.origin}/{name}', '{PORT}': str(cls.server.port),
                                      '{NAME}': name}.items():
                    value = value.replace(word, meaning)
                return value
            if isinstance(value, Answer):
                value.body = fill(value.body.decode('latin-1')).encode('latin-1')
                value.headers = fill(value.headers)
                return value
            if isinstance(value, Changing):
                value.both = fill(value.both)
                return value
            if isinstance(value, dict):
                return {fill(key): fill(item) for key, item in value.items()}
            return [fill(item) for item in value] if isinstance(value, list) else value

        page = page if not isinstance(page, str) else Answer('<!DOCTYPE html>' + page)
        for served, these in ((cls.answers, {'page.html': page, **answers}), (cls.other_answers, other)):
            for path, answer in these.items():
                served[f'/{name}/{path}'] = fill(answer)
        return {'name': name, 'url': fill(url) or f'{cls.server.origin}/{name}/page.html', 'config': fill(config),
                **fill(options)}

    @classmethod
    def command(cls, command):
        """What it printed, and the shots by name."""
        path = cls.suite / 'results.json'
        run = dpxdt(command, cls.suite, '--json', path, *cls.options, timeout=280)
        if not path.exists():
            raise AssertionError(run.stdout + run.stderr)
        results = json.loads(path.read_text())['results']
        path.unlink()
        return run.stdout + run.stderr, {result['name']: Shot(cls, result['name'], result) for result in results}

    def again(self, shot):
        return self.second_shots[shot.name]

    def compared(self, shot):
        return self.comparisons[shot.name]

    def assertSaid(self, shot, *texts):
        self.assertIn(' '.join(texts), shot.said, shot.log)

    def assertColors(self, shot, colors):
        """colors: (x, y) -> colour."""
        for at, color in colors.items():
            self.assertEqual(shot.picture[at], color, f'{shot.name} at {at}\n{shot.log}')

    def assertFailed(self, shot, words):
        """With these words (a regex) in the message, and without a picture."""
        self.assertEqual(shot.status, 'failed', shot.log)
        self.assertRegex(shot.message, words)
        self.assertFalse(shot.png.exists())
