"""What the program tests share: running dpxdt, a folder for each test, pictures, a web server, and TAP on standard
output.

A test file ends with `harness.main()`; each of its tests is a method of a harness.TestCase whose docstring, or else
whose name, says in words what holds. Standard library only, so that the tests run wherever Python 3 does.
"""
import concurrent.futures
import functools
import http.server
import io
import json
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest
import zlib

# What is set on this machine for a dpxdt that is installed here is not for the one that is tested.
os.environ.setdefault('DPXDT_CONFIG', '/dev/null')
# The pages of tests are our own, and a chroot allows no sandbox.
os.environ.setdefault('DPXDT_SANDBOX', 'preferred')

# Each browser that dpxdt starts is worth this line where the machine forbids what its sandbox is made of, as a chroot
# does. Whether it comes is no matter of most tests.
NO_SANDBOX = 'dpxdt: warning: the browser runs without its sandbox, which this machine does not allow\n'


# Of a browser's processes: its own is '', which has no --type=.
BROWSER_PARTS = {'the browser': '', 'a renderer': 'renderer', 'the GPU process': 'gpu-process', 'the zygote': 'zygote',
                 'the network service': 'utility'}

# A page that wants more memory than small_browser() has.
HUNGRY = '<!DOCTYPE html><script>const all = []; for (;;) all.push({text: "y".repeat(99) + all.length})</script>'


def dpxdt(*args, cwd=None, env=None, timeout=240):
    """Runs the program named by $DPXDT. env is added to our own environment. What it printed is as it was printed."""
    return subprocess.run([os.environ['DPXDT'], *map(str, args)], cwd=cwd, timeout=timeout,
                          env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace')


class TestCase(unittest.TestCase):
    """self.folder is a pathlib.Path to an empty folder, which goes when the test ends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='dpxdt-test-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        """Writes bytes, a text or a Picture into the test's folder, and returns the path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Picture):
            content = content.png()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


class LocalTestCase(TestCase):
    """A folder with tests/ in it, in which dpxdt is started. After each command no process that it started may live,
    and no temporary file of it may be left."""

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)  # as root, dpxdt runs the browser as nobody
        self.tests = self.folder / 'tests'
        self.tmp = self.folder / 'tmp'
        self.tests.mkdir()
        self.tmp.mkdir()
        self.env = {'TMPDIR': str(self.tmp)}
        self.sessions = set()  # of the processes seen

    def suite(self, tests, name='test.yaml', **top):
        """Writes a test file; each test is a dict, or a pair of name and URL. (JSON is YAML.)"""
        tests = [{'name': it[0], 'url': it[1]} if isinstance(it, tuple) else it for it in tests]
        return self.write(f'tests/{name}', json.dumps({**top, 'tests': tests}, indent=1, ensure_ascii=False))

    def site(self, pages=None, **options):
        """A Site which ends with the test."""
        site = Site(pages or {}, **options)
        self.addCleanup(site.close)
        return site

    def start(self, *args, argv0=(), **options):
        """Starts dpxdt as a shell does, in a process group of its own, and returns the Popen; argv0 comes before it.
        The caller ends it with end()."""
        process = subprocess.Popen([*argv0, os.environ['DPXDT'], *map(str, args)], cwd=self.folder,
                                   env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors='replace', start_new_session=True,
                                   **options)
        self.addCleanup(self._put_away, process)
        return process

    def end(self, process, timeout=240):
        """Waits for a started dpxdt. Returns what dpxdt() returns, without NO_SANDBOX; nothing it started is left."""
        self.processes()
        out, err = process.communicate(timeout=timeout)
        self.assert_nothing_runs()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err.replace(NO_SANDBOX, ''))

    def copy_of_dpxdt(self, before=b'', after=b''):
        """Words to put before the command, for start(): it runs a copy of the program, which everybody may read, and in
        which one text was replaced by another of the same length."""
        program = pathlib.Path(os.environ['DPXDT']).read_bytes()
        assert before in program and len(before) == len(after), before
        copy = self.write('copy-of-dpxdt', program.replace(before, after) if before else program)
        copy.chmod(0o755)
        return ('/bin/sh', '-c', 'shift; exec "$0" "$@"', str(copy))

    def no_room(self, folder):
        """Words to put before a command: it and what it starts can write nothing into files below a folder."""
        library = pathlib.Path(os.environ['DPXDT']).parents[2] / 'tests/program/no_room.so'
        copy = self.write('no_room.so', library.read_bytes())  # where the browser's user may read it
        asan = os.environ.get('ASAN_OPTIONS', '')
        return ('env', f'LD_PRELOAD={copy}', f'NO_ROOM={folder}', f'ASAN_OPTIONS={asan}:verify_asan_link_order=0')

    def without_room(self, folder, size, script='exec "$@"'):
        """The ways to run a command with a full disk in a folder: a name, and words to put before the command, which a
        script runs as "$@". Everywhere no_room.c can refuse what is written there; where we may mount, the folder is a
        disk of that size, too."""
        ways = {'no byte can be written': ('sh', '-ec', script, 'sh', *self.no_room(folder))}
        if mounting():
            ways['a small disk'] = after_mount(f'mount -t tmpfs -o size={size},mode=755 none {folder}', script)
        return ways.items()

    def dpxdt(self, *args, timeout=240, **options):
        """Runs dpxdt to its end, and asserts that it left no process and no temporary file."""
        result = self.end(self.start(*args, **options), timeout)
        self.assertEqual(os.listdir(self.tmp), [], 'left in the folder for temporary files')
        return result

    def results(self, *args, status=None):
        """Runs `dpxdt <args>` and returns the results from its JSON report, by the test's name."""
        result = self.dpxdt(*args, '--json=results.json')
        if status is not None:
            self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        report = self.folder / 'results.json'
        self.assertTrue(report.exists(), result.stderr)
        return {it['name']: it for it in json.loads(report.read_text())['results']}

    def picture(self, name):
        return read_picture(self.tests / f'{name}.png')

    def files(self):
        """What is in tests/, with content and time of the last change; .dpxdt is left out."""
        return {str(path.relative_to(self.tests)): (path.is_file() and path.read_bytes(), path.lstat().st_mtime_ns)
                for path in sorted(self.tests.rglob('*')) if '.dpxdt' not in path.parts and not path.is_dir()}

    def processes(self):
        """The ids of all processes with this test's folder in their environment, command line or as their folder; and,
        since a sandbox hides these, of those in a session where one of them was ever seen."""
        sessions = {int(it.name): _session(it.path) for it in os.scandir('/proc') if it.name.isdigit()}
        marked = {it for it in sessions if self.folder.name in _facts(f'/proc/{it}')}
        self.sessions |= {sessions[it] for it in marked} - {0, os.getsid(0)}
        return sorted(it for it in sessions if it in marked or sessions[it] in self.sessions)

    def small_browser(self):
        """A browser that gives pages little memory."""
        wrapper = self.write('small-browser', f'#!/bin/sh\nexec {shlex.quote(browser())} '
                                              '--js-flags=--max-old-space-size=64 "$@"\n')
        wrapper.chmod(0o755)
        return wrapper

    def send_to_browsers(self, what, kind=''):
        """Sends a signal to all processes of a kind, as browsers() has it. -> whether there was one"""
        sent = False
        for process in self.browsers(kind):
            try:
                os.kill(process, what)
                sent = True
            except ProcessLookupError:
                pass
        return sent

    def browsers(self, kind=''):
        """The ids of the processes of a kind (--type=) of the browsers that dpxdt runs; their main process for ''."""
        found = []
        for process in self.processes():
            words = _read(f'/proc/{process}/cmdline').replace('\0', ' ').split()
            is_browser = any('--remote-debugging-pipe' in word for word in words) or f'--type={kind}' in words
            kinds = [word.removeprefix('--type=') for word in words if word.startswith('--type=')] or ['']
            if is_browser and kinds == [kind]:
                found.append(process)
        return found

    def assert_nothing_runs(self, seconds=20):
        """Waits until all processes of this test have ended: one that was killed needs a moment for it."""
        deadline = time.monotonic() + seconds
        while left := self.processes():
            if time.monotonic() > deadline:
                self.fail('still running: ' + '; '.join(
                    f'{it} {_read(f"/proc/{it}/cmdline")[:200]!r} {_read(f"/proc/{it}/status")[:80]!r}' for it in left))
            _wait_for_end(left[0], deadline)

    def _put_away(self, process):
        if process.poll() is None:
            process.kill()
        for leftover in self.processes():
            try:
                os.kill(leftover, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()
        for pipe in (process.stdout, process.stderr):
            pipe.close()


def _read(path):
    try:
        with open(path, 'rb') as file:
            return file.read().decode(errors='replace')
    except OSError:
        return ''


def _session(path):
    """The session of a process that has not ended, else 0."""
    words = _read(path + '/stat').rpartition(')')[2].split()
    return int(words[3]) if words and words[0] not in 'ZX' else 0


def _facts(path):
    try:
        folder = os.readlink(path + '/cwd')
    except OSError:
        folder = ''
    return '\n'.join((folder, _read(path + '/environ'), _read(path + '/cmdline')))


def _wait_for_end(process, deadline):
    try:
        end = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        poll.poll(max(0, 1000 * (deadline - time.monotonic())))
    finally:
        os.close(end)


@functools.cache
def unshare(*more, user=('--map-root-user',)):
    """Words to put before a command: it may mount without anybody else seeing it, and has of its own what more asks for
    (--net). None where that is not allowed, as in most containers. user: what one who is not root does about that."""
    words = ('unshare', '--mount', *more, *(user if os.getuid() != 0 else ()))
    # In a chroot, the mounts of which do not begin at its root, none can be made private; there it depends on them.
    tried = (words, (*words, '--propagation', 'unchanged'))
    return next(filter(_mounts_unseen, tried), None)


def _mounts_unseen(words):
    before = os.stat('/mnt').st_dev
    mounted = subprocess.run([*words, 'mount', '-t', 'tmpfs', 'none', '/mnt'], capture_output=True).returncode == 0
    is_seen = os.stat('/mnt').st_dev != before
    if is_seen:
        subprocess.run(['umount', '/mnt'], check=True)
    return mounted and not is_seen


def mounting():
    """Words for a shell which may mount, for itself and what it starts, and words for it to put before a command which
    shall again run as who we are; None where that is not allowed."""
    shell = unshare()
    back = ('unshare', '-U', f'--map-user={os.getuid()}', f'--map-group={os.getgid()}') if os.getuid() != 0 else ()
    return shell and (shell, back)


def after_mount(mount, script='exec "$@"'):
    """Words to put before a command: it is run by a script, as "$@", after a command that mounts."""
    shell, back = mounting()
    return (*shell, 'sh', '-ec', f'{mount}; {script}', 'sh', *back)


def wait_until(condition, seconds=20):
    """For what gives no event: asks often, and returns the first answer that counts as true."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, 'waited in vain'
        time.sleep(0.01)
    return answer


def browser():
    """The program that dpxdt finds, where a distribution put it."""
    programs = ('/usr/lib/chromium/chromium-headless-shell', '/usr/lib/chromium/chromium', 'chromium-headless-shell',
                'chrome-headless-shell', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome')
    return next(filter(None, map(shutil.which, programs)))


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


class Site:
    """A web server on a port of its own. pages maps paths to a text (HTML), bytes, a number (an answer with that
    status and no more), or a function that is called with the request's http.server.BaseHTTPRequestHandler and returns
    one of these, or None if it has answered itself. Other paths answer 404. All may be changed at any time.

    site.requests has the paths asked for with GET, in order, and those asked for with HEAD or POST as 'HEAD /path'."""

    def __init__(self, pages, certificate=None):
        self.pages = dict(pages)
        self.requests = []
        self.changed = threading.Condition()
        self.ends = threading.Event()  # for pages that wait for ever
        self.server = _Server(('127.0.0.1', 0), _Handler)
        self.server.site = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f'http{"s" if certificate else ""}://127.0.0.1:{self.port}'
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.ends.set()
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, path, times=1, seconds=60):
        """Waits until a path has been asked for so often."""
        with self.changed:
            came = self.changed.wait_for(lambda: self.requests.count(path) >= times, seconds)
        assert came, f'{path} was asked for {self.requests.count(path)} times, not {times}'


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # who hung up knows why


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET('HEAD ')

    def do_POST(self):
        self.do_GET('POST ')

    def do_GET(self, method=''):
        site = self.server.site
        with site.changed:
            site.requests.append(method + self.path)
            site.changed.notify_all()
        content = site.pages.get(self.path, 404)
        self.answer(content(self) if callable(content) else content)

    def answer(self, content, kind=None):
        if content is None:
            return
        status = content if isinstance(content, int) else 200
        body = b'' if isinstance(content, int) else content
        kind = kind or ('text/html; charset=utf-8' if isinstance(body, str) else 'image/png')
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)


class Picture:
    """RGBA pixels: picture[x, y] is a tuple of four numbers."""

    def __init__(self, width, height, color=(255, 255, 255, 255)):
        self.width, self.height = width, height
        self.pixels = bytearray(bytes(color) * (width * height))

    def __getitem__(self, at):
        start = 4 * (at[1] * self.width + at[0])
        return tuple(self.pixels[start:start + 4])

    def __setitem__(self, at, color):
        start = 4 * (at[1] * self.width + at[0])
        self.pixels[start:start + 4] = bytes(color)

    def fill(self, x, y, width, height, color):
        for row in range(y, y + height):
            start = 4 * (row * self.width + x)
            self.pixels[start:start + 4 * width] = bytes(color) * width
        return self

    def png(self, alpha=False):
        """A PNG file of it: RGBA with alpha, else RGB."""
        if alpha:
            return png_file(self.width, self.height, bytes(self.pixels), color_type=6)
        samples = bytearray(3 * self.width * self.height)
        for channel in range(3):
            samples[channel::3] = self.pixels[channel::4]
        return png_file(self.width, self.height, bytes(samples))


PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type: grey, RGB, palette, grey+alpha, RGBA


def png_chunk(kind, content):
    return (struct.pack('>I', len(content)) + kind + content +
            struct.pack('>I', zlib.crc32(kind + content)))


def png_file(width, height, samples, color_type=2, bit_depth=8, before=b''):
    """A PNG file of samples, which are packed as in the file but without filter bytes; before holds whole chunks
    to stand between header and pixels (PLTE, tRNS, ...)."""
    stride = (width * PNG_CHANNELS[color_type] * bit_depth + 7) // 8
    rows = b''.join(b'\0' + samples[y * stride:(y + 1) * stride] for y in range(height))
    header = struct.pack('>IIBBBBB', width, height, bit_depth, color_type, 0, 0, 0)
    return (PNG_SIGNATURE + png_chunk(b'IHDR', header) + before +
            png_chunk(b'IDAT', zlib.compress(rows)) + png_chunk(b'IEND', b''))


def png_chunks(png):
    """The (kind, content) of each chunk of a PNG file; asserts that their checksums hold."""
    assert png.startswith(PNG_SIGNATURE)
    chunks, at = [], 8
    while at < len(png):
        size, = struct.unpack_from('>I', png, at)
        kind, content = png[at + 4:at + 8], png[at + 8:at + 8 + size]
        assert png_chunk(kind, content) == png[at:at + 12 + size], f'bad chunk {kind}'
        chunks.append((kind, content))
        at += 12 + size
    return chunks


def read_picture(path):
    """The Picture in a PNG file of RGB8 or RGBA8 without interlacing, as dpxdt and Chromium write them."""
    chunks = png_chunks(pathlib.Path(path).read_bytes())
    width, height, depth, color_type, _, _, interlace = struct.unpack('>IIBBBBB', chunks[0][1])
    assert (depth, interlace) == (8, 0) and color_type in (2, 6), 'RGB8 and RGBA8 only'
    n = PNG_CHANNELS[color_type]
    raw = zlib.decompress(b''.join(content for kind, content in chunks if kind == b'IDAT'))
    picture = Picture(width, height)
    above = bytes(width * n)
    for y in range(height):
        start = y * (width * n + 1)
        above = _unfilter(raw[start], bytearray(raw[start + 1:start + 1 + width * n]), above, n)
        row = memoryview(picture.pixels)[4 * width * y:4 * width * (y + 1)]
        for channel in range(n):
            row[channel::4] = above[channel::n]
    return picture


def _unfilter(kind, row, above, n):
    if kind == 0:
        return bytes(row)
    for i in range(len(row)):
        left = row[i - n] if i >= n else 0
        up = above[i]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[i - n] if i >= n else 0
            guess = min(left, up, corner, key=lambda it: abs(left + up - corner - it))
        row[i] = (row[i] + guess) & 255
    return bytes(row)


class _Tap(unittest.TestResult):
    """Prints a line a test, and what went wrong as comments below it."""

    def __init__(self, out=None, number=1):
        super().__init__()
        self.out, self.number = out or sys.stdout, number
        self.current, self.problems, self.skip = None, [], ''

    def startTest(self, test):
        super().startTest(test)
        self.current, self.problems, self.skip = test, [], ''

    def addError(self, test, err):
        super().addError(test, err)
        if self.current is None:  # setUpClass() or the like: there is no test to blame
            print('Bail out! ' + ''.join(traceback.format_exception(*err)).replace('\n', ' | '), file=self.out)
        self.problems.append((test, err))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.problems.append((test, err))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.problems.append((subtest, err))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip = f' # SKIP {reason}'

    def stopTest(self, test):
        super().stopTest(test)
        name = test.shortDescription() or test.id().split('.')[-1].removeprefix('test_').replace('_', ' ')
        print(f'{"not ok" if self.problems else "ok"} {self.number} - {name}{self.skip}', file=self.out)
        for which, err in self.problems:
            text = f'{which}\n' + ''.join(traceback.format_exception(*err))
            print(''.join(f'# {line}\n' for line in text.splitlines()), end='', file=self.out)
        self.out.flush()
        self.current = None
        self.number += 1


def _all_tests(suite):
    for it in suite:
        if isinstance(it, unittest.TestSuite):
            yield from _all_tests(it)
        else:
            yield it


def _run_alone(test, number):
    result = _Tap(io.StringIO(), number)
    test.run(result)
    return result


def main(parallel=1):
    """Runs the tests of the calling file, or those named on the command line (Class.method), and exits. Where several
    run at once, there is no setUpClass(), and print() comes in between."""
    caller = sys.modules['__main__']
    load = unittest.defaultTestLoader
    names = sys.argv[1:]
    suite = load.loadTestsFromNames(names, caller) if names else load.loadTestsFromModule(caller)
    print(f'1..{suite.countTestCases()}', flush=True)
    if parallel == 1:
        result = _Tap()
        suite.run(result)
        sys.exit(not result.wasSuccessful())
    fine = True
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        for result in pool.map(_run_alone, _all_tests(suite), range(1, suite.countTestCases() + 1)):
            print(result.out.getvalue(), end='', flush=True)
            fine = fine and result.wasSuccessful()
    sys.exit(not fine)
