"""What the tests of faults share: where things are, and a server with a Ledger."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'program'), str(HERE.parent / 'db')]

import harness
import serving
import with_s3

from ledger import TIMES, Ledger, tell
from proxy import Proxy


def built(library):
    """The path of a library of this folder, where it was built."""
    return str(pathlib.Path(os.environ['DPXDT']).parents[2] / 'tests/faults' / library)


def preloaded(*libraries):
    """Variables with which a program has these libraries before it, behind the sanitizer's, if it has one."""
    program = pathlib.Path(os.environ['DPXDT'])
    needs = subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout
    sanitizer = [line.split()[2] for line in needs.splitlines() if 'libasan' in line]
    # libfiu leaks what it was told at the start.
    options = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0:allocator_may_return_null=1'
    return {'LD_PRELOAD': ' '.join([*sanitizer, *libraries]), 'ASAN_OPTIONS': options}


class Faults:
    """libfiu in a program, whose faults come and go while it runs."""

    def __init__(self, folder):
        self.prefix = folder / 'fiu'
        self.env = {**preloaded('/usr/lib/fiu/fiu_run_preload.so', '/usr/lib/fiu/fiu_posix_preload.so'),
                    'FIU_CTRL_FIFO': str(self.prefix), 'FIU_ENABLE': ''}

    def tell(self, process, command):
        told = subprocess.run(['fiu-ctrl', '-f', self.prefix, '-c', command, str(process.pid)], capture_output=True,
                              text=True, timeout=60)
        assert told.returncode == 0, told.stdout + told.stderr

    def enable(self, process, point, number, probability):
        self.tell(process, f'enable_random name={point},failinfo={number},probability={probability}')

    def disable(self, process, point):
        self.tell(process, f'disable name={point}')


class FaultTestCase(serving.ServerTestCase):

    def database(self, kind):
        """-> the URL of a database of its own, and the socket on which its server listens"""
        url, folder = super().database(kind, durable=True), self.folder / f'{kind}-db'
        return url, {'postgres': f'{folder}/.s.PGSQL.5432', 'mysql': f'{folder}/socket', 'sqlite': None}[kind]

    def proxy(self, target):
        proxy = Proxy(target)
        self.addCleanup(proxy.close)
        return proxy

    def ledger(self, server):
        """A Ledger of a new build, which has its release."""
        build = self.new_build()
        ledger = Ledger(server.port, build, self.new_key(build))
        ledger.begin()
        return ledger

    def check_all(self, ledger):
        """Nothing is lost, and all that is kept fits together. -> how much is lost, which is 0"""
        return ledger.check(self) + self.check_fsck()

    def check_fsck(self):
        """-> how many problems there are, which is 0"""
        printed = self.command('fsck', *self.data)
        problems = int(re.fullmatch(r'[\s\S]*\d+ files?, (\d+) problems?\n', printed)[1])
        self.assertEqual(problems, 0, printed)
        return problems


class Capturing:
    """A release of some pages, to be captured and compared by workers; each third of them differs."""

    PAGES = 6

    def __init__(self, test, client, build, more=(), config=()):
        """more: pages that are captured as well, path -> what harness.Site has"""
        self.test, self.client, self.config = test, client, json.dumps(dict(config))
        self.requested = []
        pages = {f'/{side}{i}': f'<body style="background: white"><h1>{i} {side if i % 3 == 0 else ""}</h1>'
                 for i in range(self.PAGES) for side in 'ab'}
        self.site = harness.Site({**pages, **dict(more)})
        test.addCleanup(self.site.close)
        release = {'build_id': build, 'release_name': 'captured'}
        self.release = {**release, 'release_number': client.post('create_release', **release)['release_number']}
        for i in range(self.PAGES):
            self.request(f'/{i}', f'/b{i}', ref_url=f'{self.site.url}/a{i}', ref_config=self.config)
        for path in dict(more):
            self.request(path, path)
        client.post('runs_done', **self.release)

    def request(self, name, path, **more):
        self.requested.append(name)
        self.client.post('request_run', **self.release, run_name=name, url=self.site.url + path, config=self.config,
                         **more)

    def runs(self):
        return {run['run_name']: run for run in self.client.post('list_runs', **self.release)['runs']}

    def finish(self, seconds=300, failed=(), may_fail=False, again=lambda: None):
        """Waits until all is captured and compared, and as it should be, but these runs, which have failed; or any of them,
        if any may fail. again() is called now and then. -> after how many seconds"""
        since = time.monotonic()
        state = self.client.post('release_status', **self.release, wait=2)
        while state['status'] == 'processing' and time.monotonic() < since + seconds:
            again()
            state = self.client.post('release_status', **self.release, wait=2)
        self.test.assertEqual((state['status'], state['pending']), ('reviewing', 0), state)
        runs = self.runs()
        if may_fail:
            failed = [name for name, run in runs.items() if run['status'] == 'failed']
        same = {f'/{i}': 'diff_not_found' if i % 3 else 'diff_found' for i in range(self.PAGES)}
        self.test.assertEqual({name: run['status'] for name, run in runs.items()},
                              {**{name: 'no_diff_needed' for name in runs}, **same, **{name: 'failed' for name in failed}},
                              {name: self.log(name) for name, run in runs.items() if run['status'] == 'failed'})
        return time.monotonic() - since

    def lost(self):
        """How many pages are missing, or their picture, or the reason where one has failed; behind finish(). It is 0."""
        runs, lost = self.runs(), []
        for name in self.requested:
            run = runs.get(name, {'status': 'lost'})
            if run['status'] == 'failed' and not self.log(name):
                lost.append((name, 'no log'))
            elif run['status'] == 'lost' or run['status'] != 'failed' and not self.picture(run['image']):
                lost.append((name, run))
        self.test.assertEqual(lost, [])
        return len(lost)

    def picture(self, sha1):
        """Whether a picture is there, and whole."""
        status, _, png = self.client.ask('GET', f'/api/download?build_id={self.release["build_id"]}&sha1sum={sha1}')
        return status == 200 and hashlib.sha1(png).hexdigest() == sha1

    def log(self, name):
        """What is told of a run that failed."""
        run = self.runs()[name]
        logs = [run[key] for key in ('log', 'ref_log', 'diff_log') if run[key]]
        return b'\n'.join(self.client.download(self.release['build_id'], log) for log in logs).decode()
