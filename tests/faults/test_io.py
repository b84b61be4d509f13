"""Reads, writes and allocations that fail: libfiu makes those of a server fail at random, failing.c one of any program.

The server keeps all in SQLite and a folder. What fails meanwhile is answered as a failure; what was acknowledged stays."""
import mmap
import os
import random
import shutil
import signal
import struct
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
    """failing.c in a program: lets one call of a kind fail, after so many more."""

    KINDS = {'an allocation fails': (0, 0), 'EIO of read': (1, EIO), 'a full disk (ENOSPC of write)': (2, ENOSPC),
             'EIO of write': (2, EIO), 'EIO of open': (3, EIO), 'no more descriptors (EMFILE of open)': (3, EMFILE),
             'EIO of rename': (4, EIO), 'EIO of fsync': (5, EIO)}

    def __init__(self, folder):
        path = folder / 'failing'
        path.write_bytes(struct.pack('qqq', -1, 0, 0))
        # Its functions must be found before the sanitizer's, which it asks by another name.
        self.env = {'LD_PRELOAD': built('failing.so'), 'FAILING': str(path),
                    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') +
                    ':verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1'}
        with open(path, 'r+b') as file:
            self.fault = mmap.mmap(file.fileno(), 24)

    def fail_after(self, n, name='an allocation fails'):
        self.fault[8:] = struct.pack('qq', *self.KINDS[name])
        self.fault[:8] = struct.pack('q', n)

    def has_failed(self):
        return struct.unpack('q', self.fault[:8])[0] < 0


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


class Worker(FaultTestCase):

    def test_calls_that_fail(self):
        """a worker one of whose calls fails now and then does each page or says why not, and all when they work again"""
        failing, chance = Failing(self.folder), random.Random()
        server = self.server('--allow-private')
        build = self.new_build()
        client = serving.Client(server.port, self.new_key(build))
        key, usual, self.env = self.new_key(), self.env, {**self.env, **failing.env}
        worker = self.worker(server, key, '--lease', 5)
        recovered, ends = {}, []
        for name in [*failing.KINDS] * (TIMES // 2):
            capturing = Capturing(self, client, build)
            capturing.site.wait_for('/b0', seconds=100)
            failing.fail_after(chance.randint(0, 20), name)
            capturing.finish(may_fail=True, again=lambda: self.again(worker, server, key, ends))
            worker = self.again(worker, server, key, ends)
            has_failed = failing.has_failed()
            failing.fail_after(-1)
            seconds = Capturing(self, client, build).finish()
            if has_failed:  # it may have made no such call
                recovered.setdefault(name, []).append(seconds)
        self.env = usual
        self.assertGreater(len(recovered), 0)
        self.assertLessEqual(set(ends), {-signal.SIGABRT, -signal.SIGTRAP})
        lost = self.check_fsck()
        for name, seconds in recovered.items():
            tell(name, 'worker; captures and comparisons', lost, seconds)

    def again(self, worker, server, key, ends):
        """Starts a worker that has ended anew, as whoever watches over it does."""
        if self.running[-1].process.poll() is None:
            return self.running[-1]
        ends.append(self.running[-1].process.returncode)
        return self.worker(server, key, '--lease', 5)


class Local(harness.LocalTestCase):
    """`dpxdt update` and `approve`, of a site that has changed: each reference is as it was or as it is now, and whole."""

    PAGES = 3

    def setUp(self):
        super().setUp()
        self.web = self.site()
        self.suite([(f'p{i}', f'{self.web.url}/{i}') for i in range(self.PAGES)])
        self.failing, self.chance = Failing(self.folder), random.Random()
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
            (self.tests / f'p{i}.png').write_bytes(png)

    def run_with(self, env, *args):
        usual, self.env = self.env, {**self.env, **env}
        try:
            return self.end(self.start(*args))
        finally:
            self.env = usual

    def check_whole(self, result, name):
        """Each reference is old or new; where all went well they are all new, and else it is said."""
        now = self.references()
        told = (name, result.args[1:], result.returncode, result.stdout, result.stderr)
        self.assertTrue(all(png in both for png, *both in zip(now, self.before, self.after)), told)
        if result.returncode == 0:
            self.assertEqual(now, self.after, told)
        else:
            self.assertTrue(result.stdout + result.stderr, told)

    def check_again(self, command):
        """The same does it, now that all is well; approve may want a test before. -> after how many seconds"""
        since = time.monotonic()
        for words in (command, 'test', command) if command == 'approve' else (command,):
            result = self.end(self.start(words, 'tests'))
            if (result.returncode, self.references()) == (0, self.after):
                break
        self.assertEqual((result.returncode, self.references()), (0, self.after), result.stdout + result.stderr)
        return time.monotonic() - since

    def try_each(self, faults, statuses):
        """faults: (name, the variables of a run with it)"""
        recovered, ends = {}, []
        for name, env in faults:
            for command in ('update', 'approve'):
                self.put_back(self.before, self.folder / 'tested')
                result = self.run_with(env(), command, 'tests')
                has_failed = self.failing.has_failed()
                self.check_whole(result, name)
                ends.append(result.returncode)
                self.assertIn(result.returncode, statuses, (name, result.stdout, result.stderr))
                seconds = self.check_again(command)
                if has_failed:  # it may have made no such call, or not so many
                    recovered.setdefault(name, []).append(seconds)
        self.assertGreater(len(recovered), 0)
        print(f'# exit statuses: { {it: ends.count(it) for it in set(ends)} }')
        for name, seconds in recovered.items():
            tell(name, 'update, approve', 0, seconds)

    def test_calls_that_fail(self):
        """update and approve of which a read, a write or a sync fails leave whole references, and say what went wrong"""
        def env(name):
            self.failing.fail_after(self.chance.randint(0, 60), name)
            return self.failing.env
        # Every day three of them, which are left to chance.
        names = [name for name in Failing.KINDS if name != 'an allocation fails']
        tried = names * (TIMES // 2) if TIMES >= 4 else random.sample(names, 3)
        self.try_each([(name, lambda name=name: env(name)) for name in tried], (0, 1, 2))

    def test_memory_that_runs_out(self):
        """update and approve that get no memory leave whole references"""
        def env():
            self.failing.fail_after(self.chance.randint(0, 3000))
            return self.failing.env
        self.try_each([('an allocation fails', env)] * TIMES, (0, 1, 2, -signal.SIGABRT, -signal.SIGTRAP))


if __name__ == '__main__':
    harness.main(parallel=4)
