"""Wall clocks that jump, of the server and of the worker, by wall_clock.c: what counts days, counts others then; but nothing
is lost, nothing is held by two for ever, and the queue goes on. The monotonic clock, by which all waits are measured
(src/base/clock.h), does not jump: so it is with real clocks."""
import contextlib
import mmap
import struct

import faults
from faults import TIMES, Capturing, FaultTestCase, built, preloaded, tell
import harness
from harness import wait_until
import serving

DAY = 24 * 60 * 60
JUMPS = {'half a day on': DAY / 2, 'a day back': -DAY, 'ten years back': -3652 * DAY, 'ten years on': 3652 * DAY}
# What leads a day on or more ends releases that are open.
SHORT = {'half a day on': DAY / 2, 'a day back': -DAY, 'ten years back': -3652 * DAY}


class Clock:
    """The wall clock of programs that are started with its env: set() moves it while they run."""

    def __init__(self, folder):
        path = folder / 'wall-clock'
        path.write_bytes(struct.pack('q', 0))
        self.env = {**preloaded(built('wall_clock.so')), 'WALL_CLOCK': str(path)}
        with open(path, 'r+b') as file:
            self.ahead = mmap.mmap(file.fileno(), 8)

    def set(self, seconds):
        self.ahead[:] = struct.pack('q', int(seconds))


class Jumps(FaultTestCase):

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.folder)
        self.build = self.new_build()
        self.key, self.superuser = self.new_key(self.build), self.new_key()

    @contextlib.contextmanager
    def jumping(self):
        """What is started meanwhile goes by the clock that jumps."""
        usual, self.env = self.env, {**self.env, **self.clock.env}
        yield
        self.env = usual

    def by_the_clock(self):
        with self.jumping():
            return self.server('--allow-private')

    def test_tasks(self):
        """a task that was added before the clock jumped, or whose worker died, is leased once, whatever the clock says"""
        server = self.by_the_clock()
        client = serving.Client(server.port, self.superuser)
        for jump, seconds in JUMPS.items():
            with self.subTest(jump):
                self.clock.set(0)
                client.post('work_queue/site/add', task_id='dead', payload='x')
                client.post('work_queue/site/lease')
                client.post('work_queue/site/add', task_id='waits', payload='x')
                self.clock.set(seconds)
                leased = []
                while len(leased) < 2:
                    leased += client.post('work_queue/site/lease', wait=60)['tasks']
                self.assertEqual({task['task_id'] for task in leased}, {'dead', 'waits'})
                self.assertEqual(client.post('work_queue/site/lease')['tasks'], [])
                for task in leased:
                    client.post('work_queue/site/finish', task_id=task['task_id'], lease_id=task['lease_id'])

    def test_uploads_and_reports(self):
        """what is uploaded, reported and decided while the clock of the server jumps is kept"""
        server, recovered = self.by_the_clock(), {jump: [] for jump in SHORT}
        ledger = self.ledger(server)
        with ledger.writing():
            for jump in [*SHORT] * TIMES:
                for seconds in (SHORT[jump], 0):
                    self.clock.set(seconds)
                    recovered[jump].append(ledger.recovered())
                    ledger.wait_for_more(4)
        self.assertEqual(ledger.refused + ledger.unanswered, 0, ledger.answers)
        lost = self.check_all(ledger)
        for jump, seconds in recovered.items():
            tell(f'the clock of the server jumps {jump}, and back', 'server; uploads, reports, decisions', lost, seconds)

    def captures(self, whose, server):
        client, recovered = serving.Client(server.port, self.key), {jump: [] for jump in SHORT}
        for jump in [*SHORT] * TIMES:
            for before, after in ((0, SHORT[jump]), (SHORT[jump], 0)):
                if after - before >= DAY:  # a release that is open would be given up, if that is looked for just now
                    self.clock.set(after)
                    continue
                capturing = Capturing(self, client, self.build)
                capturing.site.wait_for('/b0')
                self.clock.set(after)
                recovered[jump].append(capturing.finish())
        lost = self.check_fsck()
        for jump, seconds in recovered.items():
            back = ', and back' if SHORT[jump] > 0 else ''
            tell(f'the clock of the {whose} jumps {jump}{back}', 'worker; captures and comparisons', lost, seconds)

    def test_captures_by_a_server_whose_clock_jumps(self):
        """what is captured while the clock of the server jumps is captured and compared, all of it"""
        server = self.by_the_clock()
        self.worker(server, self.superuser, '--lease', 5)
        self.captures('server', server)

    def test_captures_by_a_worker_whose_clock_jumps(self):
        """what is captured by a worker whose clock jumps is captured and compared, all of it"""
        server = self.server('--allow-private')
        with self.jumping():
            self.worker(server, self.superuser, '--lease', 5)
        self.captures('worker', server)

    def test_ten_years_later(self):
        """after ten years a release that was open is given up, and all that was kept of it is there"""
        server = self.by_the_clock()
        ledger = self.ledger(server)
        with ledger.writing():
            ledger.wait_for_more(10)
        server.kill()
        self.clock.set(JUMPS['ten years on'])
        ledger.port = self.by_the_clock().port
        client = ledger.client(60)
        wait_until(lambda: client.post('release_status', **ledger.release())['status'] == 'bad', 60)
        self.check_all(ledger)
        client.post('decide_release', **ledger.release(), status='reviewing')


if __name__ == '__main__':
    harness.main(parallel=4)
