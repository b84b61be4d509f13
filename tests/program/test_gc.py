"""What is removed, and what never is: `dpxdt gc` beside servers to which files come."""
import calendar
import concurrent.futures
import hashlib
import os
import random
import re
import subprocess
import threading
import time

import harness
from serving import Client, ServerTestCase
from visiting import Visitor
import with_s3

DAY_S = 24 * 60 * 60
KILLS = int(os.environ.get('DPXDT_TEST_GC_KILLS', 30))


class GcTestCase(ServerTestCase):
    def gc(self, *args, unused=DAY_S, grace=DAY_S, expected=0):
        """-> (releases, runs, files, blobs that nothing names, blobs removed)"""
        said = self.command('gc', *self.data, '--unused', unused, '--grace', grace, *args, expected=expected)
        return self.read(said)

    def read(self, said):
        match = re.match(r'(\d+) old releases? with (\d+) runs? .*\n(?:  .*\n)*(?:\d+ more bad .*\n)?(\d+) files? of builds .*\n'
                         r'(\d+) blobs? \(.*\n(\d+) blobs? \(', said)
        self.assertTrue(match, said)
        return tuple(map(int, match.groups()))


class Retention(GcTestCase):
    """Releases of one page each, which are decided as they come."""

    def setUp(self):
        super().setUp()
        self.build = self.new_build()
        self.client = Client(self.server().port, self.new_key(self.build))

    def release(self, name, decision=None, image=None, run='/'):
        """-> the SHA-1 of its picture"""
        number = self.client.post('create_release', build_id=self.build, release_name=name)['release_number']
        release = {'build_id': self.build, 'release_name': name, 'release_number': number}
        sha1 = self.client.upload(self.build, 'a.png', (image or name).encode())
        self.client.post('report_run', **release, run_name=run, image=sha1)
        self.client.post('runs_done', **release)
        if decision:
            self.client.post('decide_release', **release, status=decision)
        return sha1

    def keep(self, n):
        self.command('build', 'set', *self.data, '--build-id', self.build, '--keep-releases', n)

    def assert_gone(self, name, number=1):
        told = self.client.post('list_runs', 400, build_id=self.build, release_name=name, release_number=number)
        self.assertEqual(told['error'], 'release does not exist')

    def assert_kept(self, name, sha1):
        runs = self.client.post('list_runs', build_id=self.build, release_name=name, release_number=1)['runs']
        self.assertEqual([run['image'] for run in runs], [sha1])
        self.assertEqual(self.client.download(self.build, sha1), name.encode())

    def clean(self):
        """Without any grace, twice, as garbage is noticed first."""
        first = self.gc(unused=0, grace=0)
        self.assertEqual(self.gc(unused=0, grace=0), (0, 0, 0, 0, 0))
        self.assertRegex(self.command('fsck', *self.data), r', 0 problems\n$')
        return first

    def test_bad_releases_go_but_the_newest_and_what_is_good_or_undecided_stays(self):
        """Bad releases go but for the newest; what is good or undecided stays, however old it is."""
        old_bad, old_good, old_open = self.release('a', 'bad'), self.release('b', 'good'), self.release('c')
        new_bad, newest = self.release('d', 'bad'), self.release('e', 'good')
        self.assertEqual(self.clean()[:3], (0, 0, 0))  # a build keeps all, unless it is told otherwise
        self.keep(2)
        self.assertEqual(self.clean(), (1, 1, 1, 1, 1))
        self.assert_gone('a')
        self.assertEqual(self.client.ask('GET', f'/api/download?build_id={self.build}&sha1sum={old_bad}')[0], 404)
        for name, sha1 in (('b', old_good), ('c', old_open), ('d', new_bad), ('e', newest)):
            self.assert_kept(name, sha1)

    def test_what_a_release_that_stays_shows_too_stays(self):
        bad = self.release('a', 'bad', image='the same')
        self.release('b', 'good', image='the same')
        self.keep(1)
        self.assertEqual(self.clean(), (1, 1, 0, 0, 0))
        self.assertEqual(self.client.download(self.build, bad), b'the same')

    def test_a_release_that_was_decided_just_now_and_bytes_that_are_garbage_just_now_stay(self):
        self.release('a', 'bad')
        self.release('b', 'good')
        self.keep(1)
        self.assertEqual(self.gc(), (0, 0, 0, 0, 0))
        self.assertEqual(self.gc(unused=0), (1, 1, 1, 1, 0))
        self.assertEqual(self.gc(unused=0), (0, 0, 0, 1, 0))
        self.assertEqual(self.gc(unused=0, grace=0), (0, 0, 0, 1, 1))

    def test_a_dry_run_tells_what_a_real_one_does_and_changes_nothing(self):
        kept = self.release('a', 'bad')
        self.release('b', 'bad', image='once in both')
        self.release('c', 'good', image='once in both')
        self.client.upload(self.build, 'a.png', b'in no run')
        self.keep(1)
        told = self.gc('--dry-run', unused=0, grace=0)
        self.assertEqual(told, (2, 2, 2, 2, 2))
        self.assertEqual(self.gc('--dry-run', unused=0), (2, 2, 2, 2, 0))
        self.assert_kept('a', kept)
        self.assertEqual(self.gc(unused=0, grace=0), told)

    def test_a_dry_run_names_the_releases_that_would_go(self):
        self.release('a', 'bad')
        self.release('a', 'bad')
        self.release('b', 'good')
        self.keep(1)
        said = self.command('gc', *self.data, '--dry-run', '--unused', 0)
        self.assertIn('2 old releases with 2 runs would be removed\n'
                      f'  build {self.build}: a #1, 1 run\n  build {self.build}: a #2, 1 run\n1 file of builds ', said)
        self.assertIn('\n1 blob (1 byte) that nothing would name any more\n'
                      '0 blobs (0 bytes) of these would be removed at once; the others stay for a while ', said)
        self.assertNotIn('build ', self.command('gc', *self.data, '--unused', 0))  # what was removed is in the activity

    def test_of_many_releases_a_dry_run_names_some_dozens(self):
        for _ in range(53):
            self.release('a', 'bad')
        self.release('b', 'good')
        self.keep(1)
        said = self.command('gc', *self.data, '--dry-run', '--unused', 0)
        self.assertEqual(len(re.findall(r'^  build \d+: a #\d+, 1 run$', said, re.M)), 50)
        self.assertIn(': a #50, 1 run\n  and 3 more\n', said)

    def test_bad_releases_that_were_decided_just_now_are_told_with_the_time_until_which_they_stay(self):
        began = time.time() // 60 * 60
        self.release('a', 'bad')
        self.release('b', 'good')
        self.keep(1)
        for args in (['--dry-run'], []):
            said = self.command('gc', *self.data, *args)
            match = re.search(r'^0 old releases .*\n1 more bad release stays until (.*) UTC, as it can be reopened ', said, re.M)
            self.assertTrue(match, said)
            until = calendar.timegm(time.strptime(match[1], '%Y-%m-%d %H:%M'))
            self.assertTrue(began + DAY_S <= until <= time.time() + DAY_S + 60, said)
        self.release('a', 'bad')
        self.release('b', 'good')
        self.assertRegex(self.command('gc', *self.data), '\n2 more bad releases stay, the first until .* UTC, the last until .* UTC, ')
        self.assertNotIn(' stay', self.command('gc', *self.data, '--unused', 0).split('\n')[1])

    def test_a_number_is_not_given_twice_and_the_activity_tells(self):
        self.release('a', 'bad')
        self.release('a', 'bad')
        self.release('b', 'good')
        self.keep(1)
        self.assertEqual(self.clean()[0], 2)
        answer = self.client.post('create_release', build_id=self.build, release_name='a')
        self.assertEqual(answer['release_number'], 3)
        port = self.server('--ignore-auth').port
        visitor = Visitor(port, f'http://127.0.0.1:{port}')
        visitor.get('/login', 303)
        page = visitor.page(f'/activity?build_id={self.build}')
        told = ' '.join(page.text.split())
        for what in ('began the release a #1 ', 'decided that a #1 is bad ', 'decided that a #2 is bad ', 'decided that b #1 is good ',
                     'dpxdt removed the old release a #1', 'dpxdt removed the old release a #2',
                     'dpxdt changed the settings keeps 1 release '):
            self.assertIn(what, told)
        self.assertEqual([link for link in page.links() if re.search('name=a&number=[12]$', link)], [])
        self.assertNotEqual([link for link in page.links() if link.endswith('name=a&number=3')], [])

    def test_the_activity_names_what_was_removed_on_its_older_pages_too(self):
        self.release('a', 'bad')
        self.release('b', 'bad')
        port = self.server('--ignore-auth').port
        visitor = Visitor(port, f'http://127.0.0.1:{port}')
        visitor.get('/login', 303)
        decided = lambda number: ' '.join(visitor.page(f'/activity?build_id={self.build}&before={number}').text.split())
        newest = next(number for number in range(1, 50) if 'decided that b #1 is bad' in decided(number))
        self.release('c', 'good')
        self.keep(1)
        self.assertEqual(self.clean()[0], 2)
        told = decided(newest)
        for what in ('began the release a #1 ', 'decided that a #1 is bad ', 'began the release b #1 ', 'decided that b #1 is bad '):
            self.assertIn(what, told)
        self.assertNotIn('removed the old release', told)

    def test_an_approved_pair_is_approved_when_it_comes_again(self):
        old, new, diff = (self.client.upload(self.build, 'a.png', it) for it in (b'old', b'new', b'diff'))

        def report(name):
            number = self.client.post('create_release', build_id=self.build, release_name=name)['release_number']
            release = {'build_id': self.build, 'release_name': name, 'release_number': number}
            for it in (b'old', b'new', b'diff'):
                self.client.upload(self.build, 'a.png', it)
            self.client.post('report_run', **release, run_name='/', image=new, ref_image=old, diff_image=diff)
            return release
        first = report('first')
        self.client.post('decide_run', **first, run_name='/', decision='approve')
        self.client.post('decide_release', **first, status='bad')
        self.release('b', 'good')
        self.keep(1)
        self.assertEqual(self.clean(), (1, 1, 3, 3, 3))
        runs = self.client.post('list_runs', **report('again'))['runs']
        self.assertEqual(runs[0]['status'], 'diff_approved')

    def test_numbers_that_are_none_are_refused(self):
        for n in ('0', '-1', 'x', '1.5', '1000001', ''):
            said = harness.dpxdt('build', 'set', *self.data, '--build-id', self.build, f'--keep-releases={n}')
            self.assertEqual(said.returncode, 2)
            self.assertIn('--keep-releases: all or a number from 1 to 1000000 is expected', said.stderr)
        said = harness.dpxdt('build', 'set', *self.data, '--build-id', 77, '--keep-releases', 5)
        self.assertEqual((said.returncode, said.stderr), (2, 'dpxdt build: build must exist\n'))
        for option in ('--grace', '--unused'):
            said = harness.dpxdt('gc', *self.data, f'{option}=-1')
            self.assertEqual((said.returncode, said.stderr), (2, f'dpxdt gc: {option}: it cannot be less than 0\n'))

    def test_the_blobs_of_another_server_are_left_alone(self):
        sha1 = self.release('a', 'good')
        other = self.folder / 'other'
        harness.dpxdt('build', 'create', '--data', other, '--name', 'x')
        server = self.start_other(other)
        server.upload(1, 'a.png', b'of the other')
        for _ in range(2):
            said = harness.dpxdt('gc', '--data', other, '--blobs', self.folder / 'data/blobs', '--grace', 0)
            self.assertEqual(said.returncode, 2)
            self.assertIn('one of the two is another server', said.stderr)
        self.assertEqual(self.client.download(self.build, sha1), b'a')

    def start_other(self, folder):
        self.data = ['--data', folder]
        return Client(self.server('--ignore-auth').port)


class Uploads(GcTestCase):
    """Files come whose bytes are garbage, while that is removed. It goes in the order of the hashes, and files come in the opposite
    one: so each who brings some meets the removal."""

    ROUNDS, SERVERS, WRITERS, COLLECTORS = 3, 2, 6, 2

    def begin(self, *where, env=None, n_garbage=1000):
        self.data = [*self.data, *where]
        self.env.update(env or {})
        self.build = self.new_build()
        self.n_garbage = n_garbage
        key = self.new_key(self.build)
        self.clients = [Client(self.server().port, key) for _ in range(self.SERVERS)]

    def plant_file(self, sha256, content):
        self.write(f'data/blobs/{sha256[:2]}/{sha256}', content)

    def plant(self, number):
        """Makes garbage that is known as such. -> [(SHA-256, content)] in the order of the hashes"""
        contents = [b'%d of round %d' % (i, number) for i in range(self.n_garbage)]
        garbage = sorted((hashlib.sha256(content).hexdigest(), content) for content in contents)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda it: self.plant_file(*it), garbage))
        self.assertEqual(self.gc()[3:], (self.n_garbage, 0))
        return garbage

    def bring(self, garbage, seed, over):
        """Uploads file by file until it is over. -> SHA-1 -> content, of what was acknowledged"""
        kept, chance = {}, random.Random(seed)
        first = chance.randrange(len(garbage) // 3, len(garbage))
        for _, content in reversed(garbage[:first]):
            if over.is_set():
                break
            try:
                kept[chance.choice(self.clients).upload(self.build, 'a.png', content)] = content
            except AssertionError as refusal:
                self.assertIn('503', str(refusal))  # the same file was about to be removed for too long
        return kept

    def run_it(self):
        n_removed, n_kept = 0, 0
        for number in range(self.ROUNDS):
            garbage, over = self.plant(number), threading.Event()
            with concurrent.futures.ThreadPoolExecutor(self.WRITERS + self.COLLECTORS + 1) as pool:
                writers = [pool.submit(self.bring, garbage, number * 100 + i, over) for i in range(self.WRITERS)]
                collectors = [pool.submit(self.gc, grace=grace) for grace in (0, 1)[:self.COLLECTORS]]
                checks = pool.submit(self.command, 'fsck', *self.data)
                n_removed += sum(collector.result()[4] for collector in collectors)
                over.set()
                kept = {sha1: content for writer in writers for sha1, content in writer.result().items()}
                self.assertRegex(checks.result(), r', 0 problems\n$')
            for sha1, content in kept.items():
                self.assertEqual(random.choice(self.clients).download(self.build, sha1), content)
            n_kept += len(kept)
            self.assertRegex(self.command('fsck', *self.data), rf'^{n_kept} files, 0 problems\n$')
        self.assertGreater(n_removed, self.n_garbage)
        self.assertGreater(n_kept, self.WRITERS * self.ROUNDS)
        print(f'# {n_removed} files removed, {n_kept} brought meanwhile, none of them lost')

    def test_sqlite_and_a_folder(self):
        self.begin()
        self.run_it()

    def test_postgresql_and_a_store(self):
        variables = self.enterContext(with_s3.s3())
        place = variables.pop('DPXDT_TEST_BLOBS')
        port = int(place.rsplit(':', 1)[1])

        def plant_file(sha256, content):
            status, _ = with_s3.request(port, 'PUT', f'/{with_s3.BUCKET}/{sha256[:2]}/{sha256}', content)
            self.assertEqual(status, 200)
        self.plant_file = plant_file
        self.begin('--database', self.database('postgres'), '--blobs', place, env=variables, n_garbage=300)
        self.run_it()

    def test_mariadb_and_a_folder(self):
        self.begin('--database', self.database('mysql'))
        self.run_it()

    def test_a_kill_at_any_moment_breaks_nothing(self):
        """What a gc was about when it was killed can be brought again, if only a while later."""
        self.begin(n_garbage=200)
        garbage, kept, chance = self.plant(0), {}, random.Random(7)
        command = [os.environ['DPXDT'], 'gc', *map(str, self.data), '--grace', '0']
        for _ in range(KILLS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **self.env})
            time.sleep(chance.uniform(0, 0.4))  # the moment is what is random here
            content = chance.choice(garbage)[1]
            try:
                kept[self.clients[0].upload(self.build, 'a.png', content)] = content
            except AssertionError as refusal:
                self.assertRegex(str(refusal), '^503 ')
            process.kill()
            process.wait()
        self.gc(grace=0)
        for sha1, content in kept.items():
            self.assertEqual(self.clients[1].download(self.build, sha1), content)
        self.assertRegex(self.command('fsck', *self.data), r', 0 problems\n$')
        print(f'# {KILLS} kills, {len(kept)} files acknowledged, none lost')


if __name__ == '__main__':
    harness.main()
