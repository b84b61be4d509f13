"""A copy that is made while all goes on, and a server that goes on from the copy."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import threading

import harness
from harness import Picture
from serving import Client, Server, ServerTestCase
from visiting import Visitor

WRITERS = 3


class Backup(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.to = self.folder / 'backup'
        self.build = self.new_build()
        self.key = self.new_key(self.build)

    def backup(self, *args, expected=0):
        return self.command('backup', *self.data, '--to', self.to, *args, expected=expected)

    def release(self, client, name, n_runs, decision):
        """-> {name of a run: its picture}, once all of it was acknowledged"""
        number = client.post('create_release', build_id=self.build, release_name=name)['release_number']
        release = {'build_id': self.build, 'release_name': name, 'release_number': number}
        pictures = {}
        for i in range(n_runs):
            content = Picture(2 + i, 2).png() + name.encode()
            sha1 = client.upload(self.build, 'a.png', content)
            client.post('report_run', **release, run_name=f'/{i}', image=sha1)
            pictures[f'/{i}'] = (sha1, content)
        client.post('runs_done', **release)
        client.post('decide_release', **release, status=decision)
        return pictures

    def files(self, folder):
        return {str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file()}

    def assert_whole(self, data, releases):
        """A server on these data shows these releases, with their pictures."""
        self.data = ['--data', data]
        self.assertRegex(self.command('fsck', *self.data), r', 0 problems\n$')
        server = self.server()
        port = self.server('--ignore-auth').port
        client, visitor = Client(server.port, self.key), Visitor(port, f'http://127.0.0.1:{port}')
        visitor.get('/login', 303)
        for name, pictures in releases.items():
            runs = client.post('list_runs', build_id=self.build, release_name=name, release_number=1)['runs']
            self.assertEqual({run['run_name']: run['image'] for run in runs},
                             {run: sha1 for run, (sha1, _) in pictures.items()})
            for sha1, content in pictures.values():
                self.assertEqual(client.download(self.build, sha1), content)
            self.assertIn(name, visitor.page(f'/release?id={self.build}&name={name}&number=1').text)

    def test_a_copy_that_is_made_under_load_is_whole(self):
        """Files come, releases are decided and removed all the time; in the middle the server is copied, then killed."""
        server, done, stopping = self.server(), {}, threading.Event()
        self.command('build', 'set', *self.data, '--build-id', self.build, '--keep-releases', 1)
        before = threading.Barrier(WRITERS + 1)

        def write(number):
            client, chance = Client(server.port, self.key), random.Random(number)
            for i in range(10000):
                name = f'{number}-{i}'
                decision = chance.choice(('good', 'bad'))
                try:
                    pictures = self.release(client, name, 4, decision)
                except (OSError, http.client.HTTPException):
                    return  # it was killed
                except AssertionError as refusal:
                    self.assertIn('the build has no file', str(refusal))  # gc was between the upload and the report
                    continue
                if decision == 'good':  # the others are removed meanwhile
                    done[name] = pictures
                if i == 5:
                    before.wait(60)
                if stopping.is_set():
                    return

        def collect():
            while not stopping.is_set():
                self.command('gc', *self.data, '--unused', 0, '--grace', 0)
        with concurrent.futures.ThreadPoolExecutor(WRITERS + 1) as pool:
            workers = [pool.submit(write, i) for i in range(WRITERS)]
            before.wait(60)
            workers.append(pool.submit(collect))
            # Of what was acknowledged by now all must be in the copy; of what comes meanwhile some.
            releases = dict(done)
            said = self.backup()
            stopping.set()
            server.kill()
            for worker in workers:
                worker.result()
        self.assertGreater(len(releases), WRITERS)
        self.assertRegex(said, rf'^{self.to} has the database and \d+ files \(.*\), of which \d+ \(.*\) are new\n$')
        shutil.rmtree(self.folder / 'data')
        self.assert_whole(self.to, releases)

    def test_a_second_copy_takes_only_what_is_new(self):
        client = Client(self.server().port, self.key)
        releases = {'a': self.release(client, 'a', 3, 'good')}
        self.assertRegex(self.backup(), r'3 files \(.*\), of which 3 \(')
        times = {path: path.stat().st_mtime_ns for path in (self.to / 'blobs').rglob('*') if path.is_file()}
        releases['b'] = self.release(client, 'b', 2, 'good')
        self.assertRegex(self.backup(), r'5 files \(.*\), of which 2 \(')
        for path, time_ns in times.items():
            self.assertEqual(path.stat().st_mtime_ns, time_ns)
            self.assertEqual(path.stat().st_nlink, 1)  # a copy, of which nothing depends on the first disk
        manifest = json.loads((self.to / 'backup.json').read_text())
        self.assertEqual((manifest['dpxdt_backup'], manifest['files'], manifest['problems']), (1, 5, 0))
        self.assert_whole(self.to, releases)

    def test_what_else_is_kept_there_is_copied_with_its_mode(self):
        data = self.folder / 'data'
        (data / 'secret.key').write_bytes(b'\0\1key')
        (data / 'secret.key').chmod(0o600)
        (data / 'notes').write_text('of somebody')
        self.backup()
        self.assertEqual((self.to / 'secret.key').read_bytes(), b'\0\1key')
        self.assertEqual(stat.S_IMODE((self.to / 'secret.key').stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.to.stat().st_mode), 0o700)
        self.assertEqual(self.files(self.to), {'dpxdt.db', 'secret.key', 'backup.json'})

    def test_one_that_broke_off_is_no_backup_and_the_one_before_stays(self):
        client = Client(self.server().port, self.key)
        releases = {name: self.release(client, name, 40, 'good') for name in 'ab'}
        command = [os.environ['DPXDT'], 'backup', *map(str, self.data), '--to', str(self.to)]

        def break_off(folder, least):
            """Kills one as soon as so many files are there."""
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, **self.env})
            while process.poll() is None and len(self.files(folder / 'blobs')) < least:
                pass
            process.kill()
            process.wait()
            return len(self.files(folder / 'blobs'))
        part = self.folder / 'backup.part'
        self.assertIn(break_off(part, 10), range(10, 80))
        self.assertFalse(self.to.exists())
        self.assertFalse((part / 'dpxdt.db').exists())
        first = dict(releases)
        self.assertNotRegex(self.backup(), r'of which 80 ')  # it goes on where the other one ended
        self.assertFalse(part.exists())
        releases['c'] = self.release(client, 'c', 60, 'good')
        self.assertIn(break_off(self.to, 90), range(90, 140))
        copy = self.folder / 'copy'
        shutil.copytree(self.to, copy)
        self.assert_whole(copy, first)
        self.data = ['--data', self.folder / 'data']
        self.backup()
        self.assertFalse((self.to / 'dpxdt.db.new').exists())
        self.assert_whole(self.to, releases)

    def test_a_file_that_the_server_has_lost_is_told_and_the_others_are_there(self):
        client = Client(self.server().port, self.key)
        pictures = self.release(client, 'a', 3, 'good')
        lost, broken, _ = sorted(path for path in (self.folder / 'data/blobs').rglob('*') if path.is_file())
        lost.unlink()
        broken.write_bytes(b'others')
        said = self.backup(expected=1)
        self.assertRegex(said, r'file [0-9a-f]{40}: there are no bytes with the SHA-256 ' + lost.name)
        self.assertRegex(said, rf'file [0-9a-f]{{40}}: the bytes kept as {broken.name} are others')
        self.assertRegex(said, r'has the database and 1 files .*\n2 problems: what is told above is not in it\n$')
        self.assertEqual(len(self.files(self.to / 'blobs')), 1)
        for sha1, content in pictures.values():
            client.upload(self.build, 'a.png', content)
        self.assertRegex(self.backup(), r'3 files \(.*\), of which 2 \(')

    def test_folders_that_will_not_do_are_refused(self):
        data = self.folder / 'data'
        (self.folder / 'full').mkdir()
        self.write('full/file', 'of somebody')
        self.write('used/backup.json', '{}')
        self.write('used/dpxdt.db-wal', 'x')
        before = {path: path.read_bytes() for path in self.folder.rglob('*') if path.is_file()}
        for to, why in ((self.folder / 'full', 'is not empty, and no backup'), (data, "is the server's data itself"),
                        (f'{data}/', "is the server's data itself"), (data / 'new' / 'one', 'or within it'), (self.folder / 'used', 'is in use by a server'),
                        ('/dev/null', 'is not empty, and no backup')):
            said = harness.dpxdt('backup', *self.data, '--to', to)
            self.assertEqual((said.returncode, said.stdout), (2, ''), said)
            self.assertIn(why, said.stderr)
        said = harness.dpxdt('backup', *self.data)
        self.assertEqual((said.returncode, said.stderr), (2, 'dpxdt backup: --to is missing: into which folder?\n'))
        self.assertEqual({path: path.read_bytes() for path in before}, before)

    def test_a_folder_of_somebody_else_is_left_alone(self):
        self.backup()
        other = self.folder / 'other'
        self.command('build', 'create', '--data', other, '--name', 'x')
        said = harness.dpxdt('backup', '--data', other, '--to', self.to)
        self.assertEqual(said.returncode, 2)
        self.assertIn('is a backup of another folder', said.stderr)
        for make in (lambda part: part.symlink_to(other), lambda part: self.write('new.part/file', 'of somebody')):
            part = self.folder / 'new.part'
            make(part)
            mode = other.stat().st_mode
            said = harness.dpxdt('backup', *self.data, '--to', self.folder / 'new')
            self.assertEqual(said.returncode, 2)
            self.assertIn(f'{part} is no backup that broke off', said.stderr)
            self.assertEqual(other.stat().st_mode, mode)
            part.unlink() if part.is_symlink() else shutil.rmtree(part)

    def test_a_key_that_is_elsewhere_comes_with_it_and_one_that_is_lost_is_told(self):
        key = self.folder / 'elsewhere.key'
        (self.folder / 'data').mkdir(exist_ok=True)
        self.server('--key-file', key).stop()
        self.backup('--key-file', key)
        self.assertEqual((self.to / 'secret.key').read_bytes(), key.read_bytes())
        self.server('--data', self.to).stop()
        lost = self.folder / 'lost'
        said = self.command('backup', *self.data, '--to', lost, expected=1)
        self.assertRegex(said, r'the key of configs: .*/secret.key: No such file.*\n[^\n]*\n1 problem: ')
        self.assertRegex(self.command('fsck', *self.data, expected=1), r'the key of configs: .*\n.*1 problem\n$')
        self.assertRegex(self.command('fsck', *self.data, '--key-file', key), r' 0 problems\n$')

    def test_one_that_a_server_has_used_is_no_backup_any_more(self):
        self.backup()
        self.start(Server('--data', self.to)).stop()
        said = harness.dpxdt('backup', *self.data, '--to', self.to)
        self.assertEqual(said.returncode, 2)
        self.assertIn('is not empty, and no backup', said.stderr)

    def test_a_database_of_an_older_version_is_copied_as_it_is(self):
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db')) as database, database:
            database.execute('DELETE FROM dpxdt_schema WHERE version > 3')
        self.backup()
        with contextlib.closing(sqlite3.connect(self.to / 'dpxdt.db')) as database:
            self.assertEqual(database.execute('SELECT MAX(version) FROM dpxdt_schema').fetchone(), (3,))
            self.assertEqual(database.execute('SELECT name FROM builds').fetchall(), [('demo',)])

    def test_an_empty_folder_will_do(self):
        self.to.mkdir()
        self.backup()
        self.assertEqual(self.files(self.to), {'dpxdt.db', 'backup.json'})

    def test_other_databases_and_stores_have_their_own_tools(self):
        for kind, tool in (('postgres', 'pg_dump'), ('mysql', 'mariadb-dump')):
            where = ['--data', self.folder / 'data', '--database', self.database(kind)]
            self.command('build', 'create', *where, '--name', 'x')
            said = harness.dpxdt('backup', *where, '--to', self.to)
            self.assertEqual((said.returncode, said.stdout), (2, ''))
            self.assertIn(f'nothing was copied: back it up with `{tool}', said.stderr)
            self.assertFalse(self.to.exists() or (self.folder / 'backup.part').exists())


if __name__ == '__main__':
    harness.main()
