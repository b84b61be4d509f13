"""Reads, writes and allocations that fail: libfiu makes those of a server fail at random, failing.c one of any program.

The server keeps all in SQLite and a folder. What fails meanwhile is answered as a failure; what was acknowledged stays."""
import collections
import hashlib
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import time

import faults
from faults import TIMES, Capturing, Faults, FaultTestCase, built, tell
import harness
import serving

ENOSPC, EIO, EMFILE = 28, 5, 24

# Name, libfiu's point, errno, how probable.
FAULTS = [
    ('a full disk (ENOSPC of write)', 'posix/io/rw/write', ENOSPC, 0.2),
    ('a full disk (ENOSPC of pwrite)', 'posix/io/rw/pwrite', ENOSPC, 0.2),
    ('EIO of write', 'posix/io/rw/write', EIO, 0.2),
    ('EIO of pwrite', 'posix/io/rw/pwrite', EIO, 0.2),
    ('short writes', 'posix/io/rw/write/reduce', 0, 0.5),
    ('EIO of read', 'posix/io/rw/read', EIO, 0.2),
    ('EIO of pread', 'posix/io/rw/pread', EIO, 0.2),
    ('EIO of fsync', 'posix/io/sync/fsync', EIO, 0.2),
    ('EIO of fdatasync', 'posix/io/sync/fdatasync', EIO, 0.2),
    ('EIO of open', 'posix/io/oc/open', EIO, 0.2),
    ('no more descriptors (EMFILE of open)', 'posix/io/oc/open', EMFILE, 0.2),
    ('EIO of rename', 'posix/io/dir/rename', EIO, 0.2),
    ('EIO of ftruncate', 'posix/io/rw/ftruncate', EIO, 0.2),
]


class Failing:
    """failing.c in a program: lets one call of a kind fail, after so many more, and counts them."""

    KINDS = {'an allocation fails': (0, 0), 'EIO of read': (1, EIO), 'a full disk (ENOSPC of write)': (6, ENOSPC),
             'EIO of write': (2, EIO), 'EIO of open': (3, EIO), 'no more descriptors (EMFILE of open)': (3, EMFILE),
             'EIO of rename': (4, EIO), 'EIO of fsync': (5, EIO)}
    UNLINK, STOP = 7, -1

    def __init__(self, folder):
        path = folder / 'failing'
        path.write_bytes(struct.pack('11q', -1, *[0] * 10))
        # Its functions must be found before the sanitizer's, which it asks by another name.
        self.env = {'LD_PRELOAD': built('failing.so'), 'FAILING': str(path),
                    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') +
                    ':verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1'}
        with open(path, 'r+b') as file:
            self.fault = mmap.mmap(file.fileno(), 88)

    def fail_after(self, n, name='an allocation fails'):
        self.fault[8:24] = struct.pack('qq', *self.KINDS[name])
        self.fault[:8] = struct.pack('q', n)

    def stop_before_unlink(self):
        """The process stops (SIGSTOP) before it removes its next file."""
        self.fault[8:24] = struct.pack('qq', self.UNLINK, self.STOP)
        self.fault[:8] = struct.pack('q', 0)

    def has_failed(self):
        return struct.unpack('q', self.fault[:8])[0] < 0

    def made(self, name):
        """How many calls of the kind there were since forget_made()."""
        return struct.unpack('8q', self.fault[24:])[self.KINDS[name][0]]

    def forget_made(self):
        self.fault[24:] = bytes(64)


class Server(FaultTestCase):

    def server_with(self, env):
        return self.start(serving.Server(*self.data, env={**self.env, **env}))

    def test_calls_that_fail(self):
        """a server whose reads, writes and syncs fail at random loses nothing, and goes on when they work again"""
        fiu = Faults(self.folder)
        server, chance = self.server_with(fiu.env), random.Random(8)
        ledger, recovered = self.ledger(server), {fault[0]: [] for fault in FAULTS}
        with ledger.writing():
            for name, point, number, probability in FAULTS * TIMES:
                fiu.enable(server.process, point, number, probability)
                ledger.wait_for_some(chance.randint(5, 30))
                fiu.disable(server.process, point)
                recovered[name].append(ledger.recovered())
                self.assertIsNone(server.process.poll(), name)
        self.assertGreater(ledger.refused, 0)
        server.kill()
        ledger.port = self.server().port
        lost = self.check_all(ledger)
        for name, seconds in recovered.items():
            tell(name, 'server; uploads, reports, decisions', lost, seconds)

    def test_memory_that_runs_out(self):
        """a server that gets no memory ends, or refuses; nothing is lost, and one that is started again goes on"""
        failing = Failing(self.folder)
        server, chance = self.server_with(failing.env), random.Random(9)
        ledger, recovered, ends = self.ledger(server), [], []
        with ledger.writing():
            for _ in range(5 * TIMES):
                failing.fail_after(chance.randint(0, 20000))
                harness.wait_until(failing.has_failed, 120)
                ledger.wait_for_some(5)
                if server.process.poll() is not None:
                    ends.append(server.process.returncode)
                    server = self.server_with(failing.env)
                    ledger.port = server.port
                recovered.append(ledger.recovered())
        self.assertGreater(len(ends), 0)
        self.assertLessEqual(set(ends), {-signal.SIGABRT, -signal.SIGTRAP}, 'GLib ends the program')
        tell(f'an allocation fails ({len(ends)} times it ended the server, which was started again)',
             'server; uploads, reports, decisions', self.check_all(ledger), recovered)


class Worker(FaultTestCase, harness.LocalTestCase):

    OPENING = ('EIO of open', 'no more descriptors (EMFILE of open)')
    NEVER = ('a full disk (ENOSPC of write)', 'EIO of rename', 'EIO of fsync')  # such calls it does not make

    def test_calls_that_fail(self):
        """a worker one of whose calls fails does each page or says why not, and all when they work again"""
        failing, chance = Failing(self.folder), random.Random(10)
        server = self.server('--allow-private')
        build = self.new_build()
        client = serving.Client(server.port, self.new_key(build))
        key, usual, self.env = self.new_key(), self.env, {**self.env, **failing.env}
        worker = self.worker(server, key, '--lease', 5)
        recovered, lost, ends = {}, collections.Counter(), []
        for name in [it for it in Failing.KINDS if it not in self.NEVER] * max(1, TIMES // 2):
            capturing = Capturing(self, client, build)
            capturing.site.wait_for('/b0', seconds=100)
            self.fail_soon(failing, name, chance)
            capturing.finish(may_fail=True, again=lambda: self.again(worker, server, key, ends))
            worker = self.again(worker, server, key, ends)
            self.assertTrue(failing.has_failed(), name)
            lost[name] += capturing.lost()
            recovered.setdefault(name, []).append(Capturing(self, client, build).finish())
        self.env = usual
        self.assertEqual({name: failing.made(name) for name in self.NEVER}, {name: 0 for name in self.NEVER})
        self.assertLessEqual(set(ends), {-signal.SIGABRT, -signal.SIGTRAP})
        self.check_fsck()
        for name, seconds in recovered.items():
            tell(name, 'worker; captures and comparisons', lost[name], seconds)

    def fail_soon(self, failing, name, chance):
        """One of the next calls of a kind fails: where files are opened, the first one for a new browser."""
        if name in self.OPENING:
            failing.fail_after(0, name)
            harness.wait_until(lambda: self.send_to_browsers(signal.SIGKILL), 60)
        else:
            failing.fail_after(chance.randint(0, 10), name)

    def again(self, worker, server, key, ends):
        """Starts a worker that has ended anew, as whoever watches over it does."""
        if self.running[-1].process.poll() is None:
            return self.running[-1]
        ends.append(self.running[-1].process.returncode)
        return self.worker(server, key, '--lease', 5)


class Removal(FaultTestCase):
    """Bytes that nothing names come again while `dpxdt gc` stands between saying that it removes them and doing so."""

    def bring_what_is_removed(self, kind):
        self.data = ['--data', self.folder / f'data-{kind}', '--database', self.database(kind)[0]]
        gc, content, failing = ('gc', *self.data, '--grace', 0), f'nobody has {kind}'.encode(), Failing(self.folder)
        sha256, build = hashlib.sha256(content).hexdigest(), self.new_build()
        client = serving.Client(self.server().port, self.new_key(build))
        self.write(f'data-{kind}/blobs/{sha256[:2]}/{sha256}', content)
        self.command('gc', *self.data)  # notices it
        failing.stop_before_unlink()
        removal = subprocess.Popen([os.environ['DPXDT'], *map(str, gc)], stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, **self.env, **failing.env})
        self.addCleanup(removal.kill)
        self.assertEqual(os.waitid(os.P_PID, removal.pid, os.WSTOPPED | os.WEXITED).si_status, signal.SIGSTOP)
        self.assertEqual(client.send(build, 'a.png', content)[0], 503)
        removal.send_signal(signal.SIGCONT)
        self.assertIn('\n1 blob (', removal.communicate(timeout=100)[0])
        self.assertEqual(client.download(build, client.upload(build, 'a.png', content)), content)
        self.check_fsck()

    def test_bytes_that_come_while_they_are_removed(self):
        """bytes that are about to be removed are not taken before they are, on each database"""
        for kind in ('sqlite', 'postgres', 'mysql'):
            self.bring_what_is_removed(kind)


class Local(harness.LocalTestCase):
    """`dpxdt update` and `approve`, of a site that has changed: each reference is as it was or as it is now, and whole."""

    PAGES = 3
    CALLS = [name for name in Failing.KINDS if name != 'an allocation fails']

    def setUp(self):
        super().setUp()
        self.web = self.site()
        self.suite([(f'p{i}', f'{self.web.url}/{i}') for i in range(self.PAGES)])
        self.failing = Failing(self.folder)
        self.before, self.after = self.pictures('red'), self.pictures('blue')
        self.put_back(self.before)
        self.assertEqual(self.dpxdt('test', 'tests').returncode, 1)
        shutil.copytree(self.tests / '.dpxdt', self.folder / 'tested', symlinks=True)  # whose pictures are to be approved

    def pictures(self, color):
        """-> what is in the references of a site of this color"""
        self.web.pages.update({f'/{i}': f'<!DOCTYPE html><body style="background: {color}">{i}' for i in range(self.PAGES)})
        self.assertEqual(self.dpxdt('update', 'tests').returncode, 0)
        return self.references()

    def references(self):
        return [(self.tests / f'p{i}.png').read_bytes() for i in range(self.PAGES)]

    def put_back(self, pictures, runs=None):
        if runs:
            shutil.rmtree(self.tests / '.dpxdt')
            shutil.copytree(runs, self.tests / '.dpxdt', symlinks=True)
        for i, png in enumerate(pictures):
            reference = self.tests / f'p{i}.png'
            reference.write_bytes(png)
            os.utime(reference, (0, 0))  # approve refuses for one that is newer than the test

    def run_with(self, env, *args):
        usual, self.env = self.env, {**self.env, **env}
        try:
            return self.end(self.start(*args))
        finally:
            self.env = usual

    def check_whole(self, result, name):
        """Each reference is old or new; where all went well they are all new, else it is said. -> how many are neither"""
        now = self.references()
        told = (name, result.args[1:], result.returncode, result.stdout, result.stderr)
        lost = sum(png not in both for png, *both in zip(now, self.before, self.after))
        self.assertEqual(lost, 0, told)
        if result.returncode == 0:
            self.assertEqual(now, self.after, told)
        else:
            self.assertTrue(result.stdout + result.stderr, told)
        return lost

    def check_again(self, command):
        """The same does it, now that all is well; approve may want a test before. -> after how many seconds"""
        since = time.monotonic()
        for words in (command, 'test', command) if command == 'approve' else (command,):
            result = self.end(self.start(words, 'tests'))
            if (result.returncode, self.references()) == (0, self.after):
                break
        self.assertEqual((result.returncode, self.references()), (0, self.after), result.stdout + result.stderr)
        return time.monotonic() - since

    def calls_of(self, command):
        """-> how many calls of each kind a command makes when all is well"""
        self.put_back(self.before, self.folder / 'tested')
        self.failing.forget_made()
        result = self.run_with(self.failing.env, command, 'tests')
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return {name: self.failing.made(name) for name in Failing.KINDS}

    def run_failing(self, command, name, n):
        """Runs a command of which a call fails: that one, or an earlier one where it is not always made."""
        while True:
            self.put_back(self.before, self.folder / 'tested')
            self.failing.fail_after(n, name)
            result = self.run_with(self.failing.env, command, 'tests')
            if self.failing.has_failed() or n == 0:
                return result
            n //= 2

    def try_each(self, command, names, times, statuses):
        """Of each kind, so many calls fail, one at a time, as far apart from each other as they can be."""
        recovered, lost, ends, calls = {}, collections.Counter(), collections.Counter(), self.calls_of(command)
        for name in names:
            for i in range(times):
                result = self.run_failing(command, name, calls[name] * (2 * i + 1) // (2 * times))
                self.assertTrue(self.failing.has_failed(), f'{command} makes no such call: {name}')
                self.assertIn(result.returncode, statuses, (name, result.stdout, result.stderr))
                ends[result.returncode] += 1
                lost[name] += self.check_whole(result, name)
                recovered.setdefault(name, []).append(self.check_again(command))
        print(f'# {command}: exit statuses: {dict(ends)}')
        for name, seconds in recovered.items():
            tell(name, command, lost[name], seconds)

    def test_calls_of_update_that_fail(self):
        """update, of which a call fails, of each kind, leaves whole references, and says what went wrong"""
        self.try_each('update', self.CALLS, max(1, TIMES // 2), (0, 1, 2, 6))

    def test_calls_of_approve_that_fail(self):
        """approve, of which a call fails, of each kind, leaves whole references, and says what went wrong"""
        self.try_each('approve', self.CALLS, max(1, TIMES // 2), (0, 1, 2, 6))

    def test_memory_that_runs_out(self):
        """update and approve that get no memory leave whole references"""
        for command in 'update', 'approve':
            self.try_each(command, ['an allocation fails'], TIMES, (0, 1, 2, -signal.SIGABRT, -signal.SIGTRAP))


if __name__ == '__main__':
    harness.main(parallel=4)
