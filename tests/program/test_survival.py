"""What was acknowledged is there, whatever is killed, and when: with SIGKILL, in the middle of everything."""
import concurrent.futures
import http.client
import itertools
import os
import random
import sys
import pathlib
import threading
import time

import harness
from harness import Site
import serving
from serving import Client, ServerTestCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'faults'))
from ledger import tell
import with_s3

TIMES = int(os.environ.get('DPXDT_TEST_KILLS', 100))


class Acknowledged(ServerTestCase):
    """A server that is killed at random moments, while files are uploaded and reported."""

    def setUp(self):
        super().setUp()
        self.build = self.new_build()
        self.key = self.new_key(self.build)
        self.uploads, self.reports = {}, {}  # SHA-1 -> bytes, name of a run -> SHA-1; of what was acknowledged
        self.numbers = itertools.count()

    def write_until_it_dies(self, port, chance):
        client = Client(port, self.key)
        try:
            while True:
                number = next(self.numbers)
                content = b'%d ' % number + chance.randbytes(chance.choice([10, 1000, 100000]))
                sha1 = client.upload(self.build, 'a.png', content)
                self.uploads[sha1] = content
                client.post('report_run', build_id=self.build, release_name='r', release_number=1, run_name=number,
                            image=sha1)
                self.reports[str(number)] = sha1
        except (OSError, http.client.HTTPException):
            pass  # it is dead

    def test_nothing_that_was_acknowledged_is_missing_after_100_kills(self):
        chance = random.Random(4)
        server = self.server()
        Client(server.port, self.key).post('create_release', build_id=self.build, release_name='r')
        recovered = []
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in range(TIMES):
                writers = [pool.submit(self.write_until_it_dies, server.port, random.Random(chance.random()))
                           for _ in range(4)]
                time.sleep(chance.uniform(0, 0.3))  # the moment is what is random here
                server.kill()
                for writer in writers:
                    writer.result()
                since = time.monotonic()
                server = self.server()
                recovered.append(time.monotonic() - since)
        client = Client(server.port, self.key)
        self.assertGreater(len(self.uploads), TIMES)
        lost = [sha1 for sha1, content in self.uploads.items() if client.download(self.build, sha1) != content]
        runs, after = {}, None
        while True:
            page = client.post('list_runs', build_id=self.build, release_name='r', release_number=1, after=after)['runs']
            if not page:
                break
            runs.update((run['run_name'], run['image']) for run in page)
            after = page[-1]['run_name']
        lost += [name for name, sha1 in self.reports.items() if runs.get(name) != sha1]
        self.assertEqual(lost, [])
        self.assertRegex(self.command('fsck', *self.data), r'^\d+ files, 0 problems\n$')
        tell('the server is killed (SIGKILL); SQLite', 'server; uploads, reports', len(lost), recovered)
        print(f'# {TIMES} kills, {len(self.uploads)} uploads and {len(self.reports)} reports acknowledged, none lost')


class Cluster(ServerTestCase):
    """Two servers and three workers on one database; one server and one worker are killed in the middle."""

    PAGES = 24

    def run_it(self, *where, env=None):
        self.data = [*self.data, *where]
        self.env.update(env or {})
        pages = {f'/{side}{i}': f'<body style="background: white"><h1>{i} {side if i % 3 == 0 else ""}</h1>'
                 for i in range(self.PAGES) for side in 'ab'}
        site = Site(pages)
        self.addCleanup(site.close)
        build = self.new_build()
        key, superuser = self.new_key(build), self.new_key()
        servers = [self.server('--allow-private') for _ in range(2)]
        workers = [self.worker(servers[i], superuser, '--lease', 5, '--capture-threads', 2) for i in (0, 1, 1)]
        clients = [Client(server.port, key) for server in servers]
        release = {'build_id': build, 'release_name': 'r',
                   'release_number': clients[0].post('create_release', build_id=build, release_name='r')['release_number']}

        for i in range(self.PAGES):
            clients[i % 2].post('request_run', **release, run_name=f'/{i}', url=f'{site.url}/b{i}', config='{}',
                                ref_url=f'{site.url}/a{i}', ref_config='{}')
        clients[1].post('runs_done', **release)
        site.wait_for('/a5')
        workers[0].kill()
        servers[0].kill()
        since = time.monotonic()

        state = clients[1].post('release_status', **release, wait=60)
        for _ in range(5):
            if state['status'] == 'processing':
                state = clients[1].post('release_status', **release, wait=60)
        self.assertEqual((state['status'], state['pending'], state['failed']), ('reviewing', 0, 0))
        runs = clients[1].post('list_runs', **release)['runs']
        lost = {f'/{i}' for i in range(self.PAGES)} - {run['run_name'] for run in runs}
        self.assertEqual((len(runs), lost), (self.PAGES, set()))
        different = {run['run_name'] for run in runs if run['status'] == 'diff_found'}
        self.assertEqual(different, {f'/{i}' for i in range(self.PAGES) if i % 3 == 0})
        self.assertEqual({run['status'] for run in runs}, {'diff_found', 'diff_not_found'})
        self.assertEqual(Client(servers[1].port, superuser).post('work_queue/capture/lease')['tasks'], [])
        self.assertRegex(self.command("fsck", *self.data), r', 0 problems\n$')
        kind = str(where[1]).partition(':')[0] if where else 'sqlite'
        tell(f'one of two servers and one of three workers are killed; {kind}', 'captures and comparisons', len(lost),
             [time.monotonic() - since])

    def test_sqlite_and_a_folder(self):
        self.run_it()

    def test_mariadb_and_a_folder(self):
        self.run_it('--database', self.database('mysql'))

    def test_postgresql_and_s3(self):
        variables = self.enterContext(with_s3.s3())
        self.run_it('--database', self.database('postgres'), '--blobs', variables['DPXDT_TEST_BLOBS'], env=variables)


harness.main()
