"""Who writes to a server all the time, and keeps a list of what it has acknowledged: all of that must be there in the end.

    ledger = Ledger(server.port, build, key)
    with ledger.writing(4):
        ...                                 # a fault comes, and goes
        ledger.recovered()                  # -> after how many seconds all is well
    ledger.check(self)                      # nothing is lost
"""
import contextlib
import http.client
import itertools
import json
import os
import random
import threading
import time

from serving import Client

# How often each fault is tried. The tests as they are run every day only show that it holds; tests/bench/bench_faults
# takes more.
TIMES = int(os.environ.get('DPXDT_TEST_FAULTS', 2))

# Whoever waits longer asks again.
PATIENCE_S = 5


def tell(fault, during, lost, recovered):
    """A row of the table: what bench_faults reads. recovered is after how many seconds, each time."""
    row = {'fault': fault, 'during': during, 'times': len(recovered), 'lost': lost,
           'recovered_s': [round(seconds, 2) for seconds in recovered]}
    print(f'# row {json.dumps(row)}\n', end='', flush=True)  # at once: tests run side by side


class Ledger:

    def __init__(self, port, build, key):
        self.port, self.build, self.key = port, build, key
        self.changed = threading.Condition()  # guards all below
        self.uploads = {}    # SHA-1 -> bytes
        self.reports = {}    # (release's number, run) -> SHA-1 of its image
        self.approved = {}   # the same -> whether it is approved
        self.releases = {1}  # numbers
        self.acknowledged = self.refused = self.unanswered = 0
        self.answers = set()  # (status, what was told) of those that were refused
        self.numbers = itertools.count()
        self.ended = threading.Event()

    def client(self, timeout=PATIENCE_S):
        return Client(self.port, self.key, timeout)

    def release(self, number=1):
        return {'build_id': self.build, 'release_name': 'r', 'release_number': number}

    def begin(self):
        self.client(60).post('create_release', build_id=self.build, release_name='r')

    # Writing.

    @contextlib.contextmanager
    def writing(self, writers=4, seed=6):
        chance = random.Random(seed)
        threads = [threading.Thread(target=self.write, args=(random.Random(chance.random()),)) for _ in range(writers)]
        for thread in threads:
            thread.start()
        try:
            self.wait_for_more(writers)
            yield self
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()

    def write(self, chance):
        while not self.ended.is_set():
            try:
                self.work(chance)
            except Refused as refused:
                with self.changed:
                    self.refused += 1
                    self.answers.add(refused.args)
                    self.changed.notify_all()
                self.ended.wait(0.05)  # as a client who rests before he asks again
            except (OSError, http.client.HTTPException):
                with self.changed:
                    self.unanswered += 1
                    self.changed.notify_all()
                self.ended.wait(0.05)

    def work(self, chance):
        """A page, as a client sends it: its picture, its report, now and then a difference with a person's word on it."""
        client, number = self.client(), next(self.numbers)
        content = b'%d ' % number + chance.randbytes(chance.choice([10, 1000, 100000]))
        sha1 = self.upload(client, content)
        run = {**self.release(), 'run_name': str(number)}
        self.ask(client, 'report_run', **run, image=sha1)
        self.note(self.reports, (1, str(number)), sha1)
        if number % 3 == 0:
            other = self.upload(client, b'other ' + content)
            self.ask(client, 'report_run', **run, ref_image=other, diff_image=other)
            self.ask(client, 'decide_run', **run, decision='approve')
            self.note(self.approved, (1, str(number)), True)
        if number % 10 == 0:
            begun = self.ask(client, 'create_release', build_id=self.build, release_name='other')
            with self.changed:
                self.releases.add(begun['release_number'])

    def upload(self, client, content):
        status, answer = client.send(self.build, 'a.png', content)
        if status != 200:
            raise Refused(status, answer.get('error'))
        self.note(self.uploads, answer['sha1sum'], content)
        return answer['sha1sum']

    def ask(self, client, endpoint, **fields):
        status, answer = client.try_post(endpoint, **fields)
        if status != 200:
            raise Refused(status, answer.get('error'))
        return answer

    def note(self, where, key, value):
        with self.changed:
            where[key] = value
            self.acknowledged += 1
            self.changed.notify_all()

    # Waiting.

    def wait_for_more(self, n=1, seconds=120):
        """Until the server has acknowledged so much more."""
        self.wait_for(lambda: self.acknowledged, n, seconds)

    def wait_for_trouble(self, n=1, seconds=120):
        """Until so many more were refused, or not answered."""
        self.wait_for(lambda: self.refused + self.unanswered, n, seconds)

    def wait_for_some(self, n=1, seconds=120):
        """Until so many were answered, whatever the answer was."""
        self.wait_for(lambda: self.acknowledged + self.refused + self.unanswered, n, seconds)

    def wait_for(self, count, n, seconds):
        with self.changed:
            enough = count() + n
            assert self.changed.wait_for(lambda: count() >= enough, seconds), (
                f'waited in vain: {self.acknowledged} acknowledged, {self.refused} refused, '
                f'{self.unanswered} unanswered; {self.answers}')

    def recovered(self, seconds=120):
        """Waits until somebody who comes now is given all that he asks for. -> after how many seconds"""
        since, chance = time.monotonic(), random.Random()
        while True:
            try:
                self.work(chance)
                return time.monotonic() - since
            except (Refused, OSError, http.client.HTTPException) as why:
                assert time.monotonic() < since + seconds, f'not recovered: {why}'
                time.sleep(0.02)

    # In the end.

    def lost(self):
        """What was acknowledged and is not there. The server must be well."""
        client = self.client(60)
        lost = []
        for sha1, content in self.uploads.items():
            status, _, kept = client.ask('GET', f'/api/download?build_id={self.build}&sha1sum={sha1}')
            if status != 200 or kept != content:
                lost.append(f'upload {sha1}: {status}')
        runs = self.runs(client)
        lost += [f'report {run}' for (_, run), sha1 in self.reports.items() if runs.get(run, {}).get('image') != sha1]
        lost += [f'decision {run}' for _, run in self.approved if runs[run]['status'] != 'diff_approved']
        lost += [f'release {number}' for number in self.releases - {1}
                 if client.try_post('release_status', build_id=self.build, release_name='other',
                                    release_number=number)[0] != 200]
        return lost

    def runs(self, client):
        runs, after = {}, None
        while page := client.post('list_runs', **self.release(), after=after)['runs']:
            runs.update((run['run_name'], run) for run in page)
            after = page[-1]['run_name']
        return runs

    def check(self, test):
        """Nothing is lost. -> how much is, which is 0, for tell()"""
        lost = self.lost()
        print(f'# {self.acknowledged} acknowledged, {self.refused} refused, {self.unanswered} not answered: {self.answers}')
        test.assertEqual(lost, [])
        test.assertLessEqual({status for status, _ in self.answers}, {500, 503, 504, 507})
        test.assertGreater(self.acknowledged, 0)
        return len(lost)


class Refused(Exception):
    """A status, and what was told."""
