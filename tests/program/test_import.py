"""`dpxdt import`: the database of an old server, as it was made there, into each of ours; and a server that goes on with it."""
import contextlib
import hashlib
import itertools
import os
import re
import signal
import sqlite3
import subprocess
import sys

import harness
import old_server
from harness import Picture, dpxdt
from old_server import OldServer
from serving import Client, ServerTestCase

KINDS = ('sqlite', 'postgres', 'mysql')
RED, BLUE, GREEN, MARK = (Picture(60, 40, (*rgb, 255)).png() for rgb in [(255, 0, 0), (0, 0, 255), (0, 255, 0), (9, 9, 9)])
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b'<!doctype html><script>alert(document.cookie)</script>'
CONFIG = b'{"targetUrl": "http://www.example.com/", "httpPassword": "hush"}'
LARGE = bytes(range(256)) * 10000  # more than is read at once
KEY = ('mfzwizdsmvzxizlsmfzwizdsmvzxizls', 'c2VjcmV0IG9mIG9sZCBkYXlzIQ')
REVOKED = ('nbswy3dpnbswy3dpnbswy3dpnbswy3dp', 'bm8gbW9yZSBvZiB0aGlzIGtleQ')
SUPERUSER = ('onxw2zjaonxw2zjaonxw2zjaonxw2zja', 'd29ya2VycyBoYWQgdGhpcyBvbmU')


def sha1(content):
    return hashlib.sha1(content).hexdigest()


def ordinary():
    """What an old server has that nobody did anything unusual with: a good release, one in review, one that was given up."""
    old = OldServer()
    old.user(117, 'Ann@Example.com', superuser=True)
    old.user(118, 'bob@example.com')
    old.add('user', id='email_invitation:carol@example.com', email_address='carol@example.com')
    old.add('build', name='Primary build')
    build = old.add('build', name='Shop – Läden', public=True, send_email=False, email_alias='team@example.com')
    old.own(build, 'google_oauth2:117', 'google_oauth2:118', 'email_invitation:carol@example.com')
    old.add('api_key', id=KEY[0], secret=KEY[1], purpose='Jenkins', build_id=build)
    old.add('api_key', id=REVOKED[0], secret=REVOKED[1], purpose='leaked', build_id=build, active=False)
    old.add('api_key', id=SUPERUSER[0], secret=SUPERUSER[1], purpose='workers', superuser=True)
    files = {name: old.artifact(build, content, kind) for name, content, kind in [
        ('red', RED, 'image/png'), ('blue', BLUE, 'image/png'), ('mark', MARK, 'image/png'), ('config', CONFIG, 'application/json'),
        ('log', b'GET /\n', 'text/plain'), ('svg', SVG, 'image/svg+xml'), ('html', HTML, 'text/html'), ('large', LARGE, None)]}
    good = old.add('release', name='cut 1', number=1, status='good', build_id=build, url='https://ci.example.com/1')
    old.add('run', release_id=good, name='/', status='no_diff_needed', image=files['red'], log=files['log'],
            config=files['config'], url='http://www.example.com/')
    review = old.add('release', name='cut 1', number=2, status='reviewing', build_id=build)
    pair = {'image': files['blue'], 'ref_image': files['red'], 'ref_url': 'http://www.example.com/', 'diff_image': files['mark'],
            'diff_log': files['log'], 'distortion': 0.474542}
    old.add('run', release_id=review, name='/', status='diff_approved', **pair)
    old.add('run', release_id=review, name='/about', status='diff_found', **pair)
    old.add('run', release_id=review, name='/same', status='diff_not_found', image=files['red'], ref_image=files['red'],
            diff_log=files['log'])
    old.add('run', release_id=review, name='/broken', status='failed', log=files['log'])
    old.add('release', name='cut 0', number=1, status='bad', build_id=build)
    old.add('admin_log', build_id=build, user_id='google_oauth2:117', log_type='created_build', message='Shop')
    old.add('admin_log', build_id=build, release_id=good, user_id='google_oauth2:118', log_type='release_good')
    old.add('admin_log', build_id=build, release_id=review, run_id=2, user_id='google_oauth2:117', log_type='run_approved')
    old.add('work_queue', task_id='2:a:b', queue_name='run-pdiff', status='done', build_id=build, release_id=review, run_id=2,
            payload=b'{}')
    return old


def worn(strict=False):
    """The same after years: duplicates, null types, and what ours does not let in. strict: as far as a database that heeds its
    columns has it. -> it, and lines that must be told of it"""
    old = ordinary()
    told = []
    build = 2

    def tell(row, *words):
        told.append((row, *words))

    old.own(build, 'google_oauth2:117', 'google_oauth2:117')
    for name in ('red', 'red', 'blue'):
        old.artifact(build, {'red': RED, 'blue': BLUE}[name])
    old.add('user', id='google_oauth2:119', email_address='zzz')
    tell('user google_oauth2:119', 'left out')
    old.own(build, 'google_oauth2:119')
    tell('build_ownership of build 2', 'left out', 'google_oauth2:119')
    old.add('build', name=None)
    tell('build 3', "called 'Build 3' here: its name is empty")
    old.add('build', name='Bell\a', email_alias='nobody', created=None, modified=None)
    tell('build 4', "called 'Build 4'")
    tell('build 4', 'email_alias')
    old.add('api_key', id='of nothing', secret='x', build_id=99)
    tell('api_key of nothing', 'left out', 'build')

    # One name and number twice; runs of one name in either, and twice in one.
    first = old.add('release', name='twice', number=1, status='reviewing', build_id=build)
    second = old.add('release', name='twice', number=1, status='receiving', build_id=build)
    tell(f'release {second}', f'is one with {first}')
    kept = old.add('run', release_id=first, name='/with', status='no_diff_needed', image=sha1(GREEN))
    old.artifact(build, GREEN)
    gone = old.add('run', release_id=first, name='/with', status='data_pending')
    tell(f'run {gone}', f'is one with {kept}', 'a picture')
    older = old.add('run', release_id=first, name='/both', status='no_diff_needed', image=sha1(RED))
    newer = old.add('run', release_id=second, name='/both', status='no_diff_needed', image=sha1(BLUE))
    tell(f'run {older}', f'is one with {newer}')

    # Files.
    old.artifact(build, b'{"a": 1}', None)
    old.artifact(build, b'these bytes', 'text/plain', id='0' * 40)
    tell('artifact ' + '0' * 40, 'left out', sha1(b'these bytes'))
    old.artifact(build, None, alternate='gs://bucket/file', id='1' * 40)
    tell('artifact ' + '1' * 40, 'left out', 'gs://bucket/file')
    old.artifact(build, b'?', id='not a hash')
    tell('artifact not a hash', 'left out')
    old.add('artifact_ownership', artifact='2' * 40, build_id=build)
    tell('artifact ' + '2' * 40, 'left out', 'not there')
    old.artifact(None, b'of nobody')
    tell(f'artifact {sha1(b"of nobody")}', 'left out', 'no build')
    foreign = old.artifact(1, b'of another build')

    bad = old.add('release', name='bad rows', number=1, status='reviewing', build_id=build, url='javascript:alert(1)')
    tell(f'release {bad}', 'url', 'javascript:')
    for facts, words in [
        ({'name': '/lost', 'image': '0' * 40, 'status': 'no_diff_needed'}, ['counts as failed', 'a picture is missing']),
        ({'name': '/lost log', 'image': sha1(RED), 'log': '1' * 40, 'status': 'no_diff_needed'}, ['log']),
        ({'name': '/foreign', 'image': foreign, 'status': 'no_diff_needed'}, ['has no file']),
        ({'name': '/local', 'image': sha1(RED), 'url': 'file:///etc/passwd', 'status': 'no_diff_needed'}, ['file:///etc/passwd']),
        ({'name': 'tab\there', 'image': sha1(RED), 'status': 'no_diff_needed'}, ['left out', 'control characters']),
        ({'name': None, 'image': sha1(RED), 'status': 'no_diff_needed'}, ['left out']),
        ({'name': '/far', 'image': sha1(RED), 'distortion': 7.5, 'status': 'no_diff_needed'}, ['distortion']),
    ]:
        tell(f'run {old.add("run", release_id=bad, **facts)}', *words)
    run = old.add('run', release_id=99, name='/of nothing', status='failed')
    tell(f'run {run}', 'left out', 'no release 99')
    none = old.add('release', name='of nothing', number=1, status='good', build_id=77)
    tell(f'release {none}', 'left out', 'no build 77')
    zero = old.add('release', name='number', number=0, status='good', build_id=build)
    tell(f'release {zero}', 'left out', 'number')
    entry = old.add('admin_log', build_id=78, log_type='release_good')
    tell(f'admin_log {entry}', 'left out', 'no build 78')
    old.add('work_queue', task_id='of no run', queue_name='site-diff', status='live', payload=b'x')
    tell('work_queue of no run', 'left out')

    if not strict:
        for facts, words in [({'name': 'x' * 300, 'status': 'failed'}, ['left out', '300 characters']),
                             ({'name': '/odd', 'status': 'odd'}, ['left out', 'odd'])]:
            tell(f'run {old.add("run", release_id=bad, **facts)}', *words)
        odd = old.add('release', name='odd', number=1, status='exploded', build_id=build)
        run = old.add('run', release_id=odd, name='/', status='failed')
        tell(f'release {odd}', 'left out', 'exploded', '1 runs')
        entry = old.add('admin_log', build_id=build, log_type='danced')
        tell(f'admin_log {entry}', 'left out', 'danced')
    return old, told


class ImportTestCase(ServerTestCase):

    def old_file(self, old):
        return old.make_file(self.folder / 'old.db')

    def bring(self, source, *args, expected=0):
        return self.command('import', '--from', source, *self.data, *args, expected=expected)

    @property
    def here(self):
        return f'sqlite:{self.folder}/data/dpxdt.db'

    def sql(self, text):
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db', timeout=60)) as database, database:
            return database.execute(text).fetchall()

    def assert_told(self, report, told):
        lines = report.splitlines()
        for row, *words in told:
            found = [line for line in lines if line.removeprefix('note: ').startswith(row + ':')
                     and all(word in line for word in words)]
            self.assertTrue(found, f'{row} {words}\n{report}')

    def assert_all_expected(self, report, told):
        """Each line is one of those, and the problems are those that are not marked as notes."""
        lines = report[:report.index('\n             ')].splitlines()
        notes = [line for line in lines if line.startswith('note: ')]
        self.assertEqual(notes, [line for line in lines if re.search(': is one with |: is invited to |: has the id ', line)])
        strange = [line for line in lines if line not in notes and not any(line.startswith(row + ':') for row, *_ in told)]
        self.assertEqual(strange, [])
        self.assertIn(f'\n{len(lines) - len(notes)} problems\n', report)

    def assert_counts(self, report, **counts):
        """Counts are (new, changed, known, left out)."""
        for name, expected in counts.items():
            line = next(line for line in report.splitlines() if line.startswith(name.replace('_', ' ') + '  '))
            self.assertEqual(tuple(map(int, line.split()[-4:])), expected, line)

    def contents(self, folder):
        return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


class Everything(ImportTestCase):

    def bring_twice(self, source_kind, kind):
        old, told = worn(strict=source_kind != 'sqlite')
        source = old.make(self.database(source_kind, 'old'))
        target = self.database(kind, 'new')
        first = self.bring(source, '--database', target, expected=1)
        self.assert_told(first, told)
        self.assert_all_expected(first, told)
        before = old_server.dump(target)
        again = self.bring(source, '--database', target, expected=1)
        self.assert_told(again, told)
        self.assertEqual(old_server.dump(target), before)
        self.assert_counts(first, users=(2, 0, 0, 1), builds=(4, 0, 0, 0), invitations=(1, 0, 0, 0))
        self.assert_counts(again, users=(0, 0, 2, 1), builds=(0, 0, 4, 0), invitations=(0, 0, 1, 0))
        self.assertRegex(self.command('fsck', *self.data, '--database', target), r'\d+ files, 0 problems\n$')
        return target

    def test_sqlite_to_sqlite_twice_is_once(self):
        self.bring_twice('sqlite', 'sqlite')

    def test_sqlite_to_postgresql_twice_is_once(self):
        target = self.bring_twice('sqlite', 'postgres')
        self.assertEqual(int(self.command('build', 'create', '--database', target, '--name', 'next')), 5)

    def test_sqlite_to_mariadb_twice_is_once(self):
        target = self.bring_twice('sqlite', 'mysql')
        self.assertEqual(int(self.command('build', 'create', '--database', target, '--name', 'next')), 5)

    def test_mariadb_to_sqlite_twice_is_once(self):
        self.bring_twice('mysql', 'sqlite')

    def test_postgresql_to_sqlite_twice_is_once(self):
        self.bring_twice('postgres', 'sqlite')

    def test_what_is_ordinary_comes_whole(self):
        report = self.bring(self.old_file(ordinary()))
        self.assert_counts(report, users=(2, 0, 0, 0), builds=(2, 0, 0, 0), owners=(2, 0, 0, 0), invitations=(1, 0, 0, 0),
                           API_keys=(3, 0, 0, 0), releases=(3, 0, 0, 0), runs=(5, 0, 0, 0), files=(8, 0, 0, 0),
                           log_entries=(3, 0, 0, 0))
        self.assertRegex(report, r'\n0 problems\n$')
        self.assertEqual(self.sql('SELECT id, email, is_superuser FROM users ORDER BY id'),
                         [('google_oauth2:117', 'ann@example.com', 1), ('google_oauth2:118', 'bob@example.com', 0)])
        self.assertEqual(self.sql('SELECT id, name, is_public, send_email, email_alias FROM builds ORDER BY id'),
                         [(1, 'Primary build', 0, 1, None), (2, 'Shop – Läden', 1, 0, 'team@example.com')])
        self.assertEqual(self.sql('SELECT build_id, email FROM invitations'), [(2, 'carol@example.com')])
        self.assertEqual(self.sql('SELECT name, number, status, url, n_new, n_found, n_approved, n_same, n_failed, n_pending '
                                  'FROM releases ORDER BY id'),
                         [('cut 1', 1, 'good', 'https://ci.example.com/1', 1, 0, 0, 0, 0, 0),
                          ('cut 1', 2, 'reviewing', None, 0, 1, 1, 1, 1, 0), ('cut 0', 1, 'bad', None, 0, 0, 0, 0, 0, 0)])
        self.assertEqual(self.sql("SELECT name, status, sort_rank, distortion FROM runs WHERE release_id = 2 ORDER BY name"),
                         [('/', 'diff_approved', 1, 0.474542), ('/about', 'diff_found', 1, 0.474542),
                          ('/broken', 'failed', 0, None), ('/same', 'diff_not_found', 4, None)])
        self.assertEqual(self.sql('SELECT run_name, actor FROM decisions'), [('/', 'google_oauth2:117')])
        self.assertEqual(self.sql('SELECT a.kind, a.actor, l.number, r.name FROM audit a '
                                  'LEFT JOIN releases l ON l.id = a.release_id LEFT JOIN runs r ON r.id = a.run_id ORDER BY a.id'),
                         [('created_build', 'google_oauth2:117', None, None), ('release_good', 'google_oauth2:118', 1, None),
                          ('run_approved', 'google_oauth2:117', 2, '/')])

    def test_times_are_utc(self):
        old = OldServer()
        old.add('build', name='b', created='2013-06-16 17:35:03.327710', modified='2013-06-16 17:35:04')
        old.add('release', name='r', number=1, status='good', build_id=1, created='2013-06-16 17:35:05', modified=None)
        old.add('admin_log', build_id=1, release_id=1, log_type='release_good', created='2013-06-17 00:00:00.000000')
        self.bring(self.old_file(old))
        self.assertEqual(self.sql('SELECT created, modified FROM builds'), [(1371404103327, 1371404104000)])
        self.assertEqual(self.sql('SELECT created, decided FROM releases'), [(1371404105000, 1371427200000)])

    def test_types_are_found_out_anew(self):
        self.bring(self.old_file(ordinary()))
        types = dict(self.sql('SELECT sha1, content_type FROM build_artifacts'))
        self.assertEqual({name: types[sha1(content)] for name, content in [
            ('red', RED), ('config', CONFIG), ('svg', SVG), ('html', HTML), ('large', LARGE)]},
            {'red': 'image/png', 'config': 'application/json', 'svg': 'text/plain', 'html': 'text/plain', 'large': 'text/plain'})
        self.assertEqual(dict(self.sql('SELECT sha1, sha256 FROM artifacts'))[sha1(LARGE)], hashlib.sha256(LARGE).hexdigest())

    def test_configs_are_encrypted_and_no_other_file_is(self):
        self.bring(self.old_file(ordinary()))
        kept = self.contents(self.folder / 'data/blobs')
        self.assertEqual([path for path, content in kept.items() if b'hush' in content], [])
        self.assertEqual(self.sql('SELECT sha1, content_sha256 FROM artifacts WHERE content_sha256 IS NOT NULL'),
                         [(sha1(CONFIG), hashlib.sha256(CONFIG).hexdigest())])
        self.assertIn(RED, kept.values())

    def test_an_older_schema_without_some_columns_is_fine(self):
        source = self.old_file(ordinary())
        for table, column in ('build', 'send_email'), ('build', 'email_alias'), ('run', 'distortion'), ('api_key', 'revoked'):
            old_server.ask(source, f'ALTER TABLE "{table}" DROP COLUMN {column};')
        self.bring(source)
        self.assertEqual(self.sql('SELECT send_email, email_alias FROM builds'), [(1, None), (1, None)])

    def test_an_address_of_sqlalchemy_is_understood(self):
        path = self.folder / 'old.db'
        self.old_file(ordinary())
        self.bring(f'sqlite:///{path}')  # four slashes in all
        result = dpxdt('import', '--from', 'sqlite:///old.db', '--data', 'other', cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)


class Refused(ImportTestCase):

    def refused(self, *args, status=2):
        result = dpxdt('import', *self.data, *args, cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout), (status, ''), result.stderr)
        self.assertFalse((self.folder / 'data').exists())
        return result.stderr

    def test_no_old_database_is_named(self):
        self.assertIn('--from', self.refused())

    def test_a_file_that_is_not_there_is_not_made(self):
        self.assertIn('none.db', self.refused('--from', f'sqlite:{self.folder}/none.db', status=4))
        self.assertFalse((self.folder / 'none.db').exists())

    def test_a_database_of_something_else(self):
        with contextlib.closing(sqlite3.connect(self.folder / 'other.db')) as database:
            database.execute('CREATE TABLE build (id INTEGER)')
        told = self.refused('--from', f'sqlite:{self.folder}/other.db')
        self.assertEqual(told, 'dpxdt import: this is no database of a Python dpxdt server: it has no table user, build_ownership, '
                               'api_key, release, run, artifact, artifact_ownership, admin_log, work_queue\n')

    def test_an_old_database_that_lacks_a_table(self):
        for kind in KINDS:
            with self.subTest(kind):
                url = ordinary().make(self.database(kind, 'lacking'))
                old_server.ask(url, 'DROP TABLE build_ownership')
                self.assertTrue(self.refused('--from', url).endswith(' server: it has no table build_ownership\n'))

    def test_a_file_that_is_no_database(self):
        self.write('old.db', 'this is no database\n' * 100)
        self.assertIn('not a database', self.refused('--from', f'sqlite:{self.folder}/old.db', status=4))

    def test_a_file_whose_writer_was_killed_is_left_to_who_may_write(self):
        ordinary().make_file(self.folder / 'old.db')
        script = ('import os, sqlite3; db = sqlite3.connect("old.db", isolation_level=None); db.execute("PRAGMA cache_size = 2"); '
                  'db.execute("BEGIN IMMEDIATE"); '
                  'db.executemany("INSERT INTO build (name) VALUES (?)", [("x" * 500,)] * 3000); os.kill(os.getpid(), 9)')
        subprocess.run([sys.executable, '-c', script], cwd=self.folder, check=False)
        before = {path.name: path.read_bytes() for path in self.folder.glob('old.db*')}
        self.assertEqual(len(before), 2)
        self.assertIn('attempt to write a readonly database', self.refused('--from', f'sqlite:{self.folder}/old.db', status=4))
        self.assertEqual({path.name: path.read_bytes() for path in self.folder.glob('old.db*')}, before)

    def test_a_url_of_another_kind(self):
        self.assertIn('is expected', self.refused('--from', 'oracle://scott:tiger@localhost/dpxdt'))

    def test_what_only_sqlalchemy_connects_to_says_what_to_write_instead(self):
        self.assertIn('by its address it is mysql://USER:PASSWORD@HOST:PORT/DATABASE\n',
                      self.refused('--from', 'mysql+gaerdbms:///dpxdt?instance=project:name'))
        self.assertIn('unix_socket=PATH is socket=PATH here\n',
                      self.refused('--from', 'mysql+mysqldb://root@/dpxdt?unix_socket=/cloudsql/project:name'))


class Dry(ImportTestCase):

    def test_it_tells_what_the_real_one_tells_and_writes_nothing(self):
        old, told = worn()
        source = self.old_file(old)
        before = self.contents(self.folder)
        dry = self.bring(source, '--dry-run', expected=1)
        self.assertEqual(self.contents(self.folder), before)
        self.assert_told(dry, told)
        self.assertEqual(self.bring(source, expected=1), dry)

    def test_that_it_was_dry_is_the_last_line_also_in_a_pipe(self):
        said = subprocess.run([os.environ['DPXDT'], 'import', '--from', self.old_file(ordinary()), *map(str, self.data), '--dry-run'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
        self.assertTrue(said.endswith('\n0 problems\ndpxdt import: this was a dry run: nothing was written\n'), said)

    def test_of_what_is_there_nothing_changes(self):
        for kind in KINDS:
            with self.subTest(kind):
                target = ['--database', self.database(kind)]
                source = self.old_file(ordinary())
                self.bring(source, *target)
                before, blobs = old_server.dump(target[1]), self.contents(self.folder / 'data')
                old, _ = worn()
                source = self.old_file(old)
                dry = self.bring(source, '--dry-run', *target, expected=1)
                self.assertEqual((old_server.dump(target[1]), self.contents(self.folder / 'data')), (before, blobs))
                self.assertEqual(self.bring(source, *target, expected=1), dry)
                self.assertNotEqual(old_server.dump(target[1]), before)

    def test_no_file_is_left_beside_a_database_in_sqlite(self):
        source = self.old_file(ordinary())
        self.bring(source)
        before = self.contents(self.folder / 'data')
        self.bring(source, '--dry-run')
        self.assertEqual(self.contents(self.folder / 'data'), before)

    def test_what_a_server_writes_meanwhile_is_seen(self):
        self.bring(self.old_file(ordinary()))
        server = self.server()
        Client(server.port, KEY).post('create_release', build_id=2, release_name='cut 1')
        old = ordinary()
        new = old.add('release', name='cut 1', number=3, status='good', build_id=2)
        self.assert_told(self.bring(self.old_file(old), '--dry-run', expected=1), [(f'release {new}', 'another cut 1, 3')])

    def test_a_database_that_is_empty_stays_so(self):
        target = self.database('postgres')
        self.bring(self.old_file(ordinary()), '--dry-run', '--database', target)
        tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        self.assertEqual(old_server.ask(target, tables), [])


class Source(ImportTestCase):

    def tables(self, source):
        kind = old_server.kind_of(source)
        return {name: old_server.ask(source, f'SELECT * FROM {old_server.quoted(kind, name)}') for name in old_server.TABLES}

    def test_it_is_not_written_to(self):
        folder = self.folder / 'source'
        folder.mkdir()
        source = ordinary().make_file(folder / 'old.db')
        before = self.contents(folder)
        self.bring(source)
        self.assertEqual(self.contents(folder), before)

    def test_rows_that_are_in_its_journal_yet_are_seen(self):
        """Somebody has set it to WAL, and the old server runs."""
        source = self.old_file(ordinary())
        with contextlib.closing(sqlite3.connect(self.folder / 'old.db')) as database:
            database.execute('PRAGMA journal_mode = WAL')
            database.execute("INSERT INTO build (id, name) VALUES (7, 'late')")
            database.commit()
            self.bring(source)
        self.assertEqual(self.sql('SELECT name FROM builds WHERE id = 7'), [('late',)])

    def test_mariadb_and_postgresql_are_told_so(self):
        for kind in 'mysql', 'postgres':
            with self.subTest(kind):
                source = ordinary().make(self.database(kind))
                tables = self.tables(source)
                self.bring(source, '--database', f'sqlite:{self.folder}/{kind}.db')
                self.assertEqual(self.tables(source), tables)

    def with_password(self, kind):
        """-> (the URL of an old database without the password that it wants, the variable for that, the password)"""
        source = ordinary().make(self.database(kind))
        if kind == 'mysql':
            return re.sub(':[^/@]+@', '@', source), 'MYSQL_PWD', 'p@ss/w:rd'
        rules = self.folder / 'postgres-db/data/pg_hba.conf'
        rules.write_text(rules.read_text().replace('trust', 'scram-sha-256'))
        old_server.ask(source, "ALTER USER dpxdt PASSWORD 'p@ss'; SELECT pg_reload_conf()")
        return source, 'PGPASSWORD', 'p@ss'

    def test_its_password_may_be_in_the_environment_where_no_list_of_processes_shows_it(self):
        for kind in 'mysql', 'postgres':
            with self.subTest(kind):
                source, variable, password = self.with_password(kind)
                for given in {}, {variable: 'wrong'}:
                    refused = dpxdt('import', '--from', source, *self.data, cwd=self.folder, env=given)
                    self.assertEqual(refused.returncode, 4, refused.stderr)
                target = f'sqlite:{self.folder}/{kind}.db'
                report = self.command('import', '--from', source, '--database', target, *self.data, env={variable: password})
                self.assertIn('\n0 problems\n', report)


class Again(ImportTestCase):
    """Imported early, and once more when the old server is switched off."""

    def setUp(self):
        super().setUp()
        self.old = ordinary()
        self.bring(self.old_file(self.old))

    def row(self, table, number):
        return self.old.rows[table][number - 1]

    def bring_again(self, expected=0):
        return self.bring(self.old_file(self.old), expected=expected)

    def test_what_is_new_there_comes(self):
        self.old.user(120, 'dora@example.com')
        self.old.own(2, 'google_oauth2:120')
        release = self.old.add('release', name='cut 2', number=1, status='good', build_id=2)
        self.old.add('run', release_id=release, name='/', status='no_diff_needed', image=self.old.artifact(2, GREEN))
        self.old.add('admin_log', build_id=2, release_id=release, log_type='release_good')
        self.assert_counts(self.bring_again(), users=(1, 0, 2, 0), owners=(1, 0, 2, 0), releases=(1, 0, 3, 0), runs=(1, 0, 5, 0),
                           files=(1, 0, 8, 0), log_entries=(1, 0, 3, 0))

    def test_what_has_changed_there_comes(self):
        self.row('build', 1)['name'] = 'Renamed'
        self.row('release', 2)['status'] = 'good'
        self.row('run', 2)['status'] = 'diff_found'
        self.row('run', 3)['status'] = 'diff_approved'
        self.old.add('run', release_id=2, name='/late', status='no_diff_needed', image=sha1(RED))
        self.row('api_key', 1)['active'] = False
        self.assert_counts(self.bring_again(), builds=(0, 1, 1, 0), releases=(0, 1, 2, 0), runs=(0, 5, 1, 0), API_keys=(0, 1, 2, 0))
        self.assertEqual(self.sql('SELECT name FROM builds WHERE id = 1'), [('Renamed',)])
        self.assertEqual(self.sql("SELECT status, n_found, n_approved, n_same, n_failed, n_new FROM releases WHERE number = 2"),
                         [('good', 1, 1, 1, 1, 1)])
        self.assertEqual(self.sql('SELECT run_name, actor FROM decisions'), [('/about', 'imported')])
        self.assertEqual(self.sql(f"SELECT COUNT(*) FROM api_keys WHERE id = '{KEY[0]}' AND revoked > 0"), [(1,)])
        self.assert_counts(self.bring_again(), releases=(0, 0, 3, 0), runs=(0, 0, 6, 0), API_keys=(0, 0, 3, 0))

    def test_what_was_changed_here_stays(self):
        server = self.server()
        Client(server.port, KEY).post('decide_release', build_id=2, release_name='cut 1', release_number=2, status='bad')
        server.stop()
        self.sql("UPDATE builds SET name = 'Mine', modified = modified + 1 WHERE id = 1")
        before = old_server.dump(self.here)
        self.assertRegex(self.bring_again(), r'\n0 problems\n$')
        self.assertEqual(old_server.dump(self.here), before)
        self.row('release', 2)['status'] = 'good'
        self.row('build', 1)['name'] = 'Theirs'
        self.assert_told(self.bring_again(expected=1), [('release 2', 'there and here'), ('build 1', 'there and here')])
        self.assertEqual(old_server.dump(self.here), before)

    def test_what_was_removed_here_stays_away(self):
        for sql in ('DELETE FROM runs', 'DELETE FROM releases', 'DELETE FROM build_artifacts', 'DELETE FROM artifacts',
                    'DELETE FROM build_owners', 'DELETE FROM invitations'):
            self.sql(sql)
        before = old_server.dump(self.here)
        self.assertRegex(self.bring_again(), r'\n0 problems\n$')
        self.assertEqual(old_server.dump(self.here), before)

    def test_a_removed_file_comes_back_with_a_release_that_needs_it(self):
        for sql in 'DELETE FROM runs', 'DELETE FROM releases', 'DELETE FROM build_artifacts', 'DELETE FROM artifacts':
            self.sql(sql)
        release = self.old.add('release', name='cut 2', number=1, status='good', build_id=2)
        self.old.add('run', release_id=release, name='/', status='no_diff_needed', image=sha1(RED))
        self.bring_again()
        self.assertEqual(self.sql('SELECT sha1 FROM build_artifacts'), [(sha1(RED),)])
        self.assertRegex(self.command('fsck', *self.data), r'\n?1 file, 0 problems\n$')

    def test_a_release_that_was_made_here_under_the_same_name_stays(self):
        self.server()
        client = Client(self.running[0].port, KEY)
        client.post('create_release', build_id=2, release_name='cut 1')
        self.running[0].stop()
        new = self.old.add('release', name='cut 1', number=3, status='good', build_id=2)
        self.assert_told(self.bring_again(expected=1), [(f'release {new}', 'left out', 'another cut 1, 3')])

    def test_a_copy_under_another_path_is_the_same(self):
        before = old_server.dump(self.here)
        (self.folder / 'old.db').rename(self.folder / 'copy.db')
        self.bring(f'sqlite:{self.folder}/copy.db')
        self.assertEqual(old_server.dump(self.here), before)

    def test_another_old_server_is_another(self):
        other = OldServer()
        other.minute = 10000  # made at another time
        other.add('build', name='Of others')
        other.add('release', name='cut 1', number=1, status='good', build_id=1)
        source = other.make_file(self.folder / 'other.db')
        report = self.bring(source)
        self.assert_told(report, [('build 1', 'has the id 3 here')])
        self.assertEqual(self.sql("SELECT build_id FROM releases WHERE name = 'cut 1' AND number = 1"), [(2,), (3,)])
        before = old_server.dump(self.here)
        self.bring(source)
        self.assertEqual(old_server.dump(self.here), before)


class Ids(ImportTestCase):

    def test_a_build_whose_id_is_taken_gets_another_and_it_is_told(self):
        for kind in KINDS:
            with self.subTest(kind):
                target = ['--database', self.database(kind)]
                self.server(*target).stop()
                self.assertEqual(int(self.command('build', 'create', *target, '--name', 'mine')), 1)
                source = self.old_file(ordinary())
                report = self.bring(source, *target)
                self.assert_told(report, [('build 1', 'has the id 3 here')])
                names = old_server.ask(target[1], 'SELECT id, name FROM builds ORDER BY id')
                self.assertEqual([int(re.search(r'\d+', line)[0]) for line in names], [1, 2, 3])
                self.assertEqual(int(self.command('build', 'create', *target, '--name', 'next')), 4)


    def test_ids_that_no_server_gave_are_given_anew(self):
        old = ordinary()
        for build_id in 2 ** 63 - 1, -5, 2 ** 60:
            old.add('build', id=build_id, name=f'build {build_id}')
        report = self.bring(self.old_file(old))
        self.assert_told(report, [('build 9223372036854775807', 'as it cannot be'), ('build -5', 'as it cannot be')])
        ids = [row[0] for row in self.sql('SELECT id FROM builds ORDER BY id')]
        self.assertLess(max(ids), 100)
        self.assertGreater(min(ids), 0)
        self.assertEqual(int(self.command('build', 'create', *self.data, '--name', 'next')), max(ids) + 1)

    def test_two_imports_at_once_bring_a_build_once(self):
        old = ordinary()
        for i in range(40):
            old.add('build', id=100 + i, name=f'build {i}')
        source = self.old_file(old)
        self.server().stop()
        command = [os.environ['DPXDT'], 'import', '--from', source, *map(str, self.data)]
        both = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 text=True) for _ in range(3)]
        said = [process.communicate(timeout=240)[1] for process in both]
        for process, words in zip(both, said):
            if process.returncode == 2:
                self.assertIn('import once more', words)
        names = [row[0] for row in self.sql('SELECT name FROM builds')]
        self.assertEqual(len(names), len(set(names)), said)
        self.bring(source)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM builds WHERE name LIKE 'build %'"), [(40,)])

    def test_numbers_in_the_place_of_texts_are_told_and_texts_in_the_place_of_bytes_are_bytes(self):
        old, text = ordinary(), 'äöü€' * 10
        path = self.folder / 'old.db'
        old.make_file(path)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.executescript("""
                ALTER TABLE artifact_ownership RENAME TO typed; CREATE TABLE artifact_ownership (artifact, build_id);
                INSERT INTO artifact_ownership SELECT artifact, build_id FROM typed;
                INSERT INTO artifact_ownership VALUES (5, 2);
                ALTER TABLE artifact RENAME TO blobs; CREATE TABLE artifact (id, created, data, alternate, content_type);
                INSERT INTO artifact SELECT id, created, data, alternate, content_type FROM blobs""")
            name = hashlib.sha1(text.encode()).hexdigest()
            database.execute("INSERT INTO artifact (id, created, data) VALUES (?, '2015-03-01 00:00:00', ?)", [name, text])
            database.execute('INSERT INTO artifact_ownership VALUES (?, 2)', [name])
        said = harness.dpxdt('import', '--from', f'sqlite:{path}', *self.data)
        self.assertEqual((said.returncode, said.stderr.count('Sanitizer')), (1, 0), said)
        self.assertEqual(self.sql(f"SELECT size FROM artifacts WHERE sha1 = '{name}'"), [(len(text.encode()),)])
        self.assertRegex(self.command('fsck', *self.data), r' 0 problems\n$')


class Open(ImportTestCase):
    """Releases that were still receiving or processing, and what was in the queue for them."""

    def setUp(self):
        super().setUp()
        self.old = ordinary()
        self.n = itertools.count(100)

    def release(self, name, status):
        return self.old.add('release', name=name, number=1, status=status, build_id=2)

    def run_of(self, release, name, status='data_pending', task=None, **facts):
        run = self.old.add('run', release_id=release, name=name, status=status, **facts)
        if task is not None:
            self.old.add('work_queue', task_id=f'{run}:{next(self.n)}{task}', queue_name='capture', status='live', build_id=2,
                         release_id=release, run_id=run, payload=b'{}', content_type='application/json')
        return run

    def bring_in(self):
        self.bring(self.old_file(self.old))
        return {f'{name} {run}': (release, status) for name, release, run, status in self.sql(
            'SELECT l.name, l.status, r.name, r.status FROM runs r JOIN releases l ON l.id = r.release_id')}

    def test_what_is_to_be_captured_and_compared_has_its_tasks(self):
        release = self.release('going', 'processing')
        asked = {'url': 'http://a.example/', 'config': sha1(CONFIG)}
        ref = {'ref_url': 'http://b.example/', 'ref_config': sha1(CONFIG)}
        self.run_of(release, 'capture', task='', **asked)
        self.run_of(release, 'baseline', task=':baseline', image=sha1(RED), **asked, **ref)
        self.run_of(release, 'diff', status='needs_diff', image=sha1(RED), ref_image=sha1(BLUE))
        self.run_of(release, 'equal', status='needs_diff', image=sha1(RED), ref_image=sha1(RED))
        self.run_of(release, 'dead', **asked)
        self.assertEqual({name: status for name, status in self.bring_in().items() if 'going' in name}, {
            'going capture': ('processing', 'data_pending'), 'going baseline': ('processing', 'data_pending'),
            'going diff': ('processing', 'needs_diff'), 'going equal': ('processing', 'diff_not_found'),
            'going dead': ('processing', 'failed')})
        server = self.server()
        superuser = Client(server.port, SUPERUSER)
        captures = superuser.post('work_queue/capture/lease', count=10)['tasks']
        payloads = [task['payload'] for task in captures]
        self.assertEqual(sorted((payload['run_name'], payload['url'], payload['baseline']) for payload in payloads),
                         [('baseline', 'http://b.example/', True), ('capture', 'http://a.example/', False)])
        diffs = superuser.post('work_queue/run-pdiff/lease', count=10)['tasks']
        self.assertEqual([(task['payload']['run_sha1sum'], task['payload']['reference_sha1sum']) for task in diffs],
                         [(sha1(RED), sha1(BLUE))])

    def test_what_waited_in_vain_is_reviewed(self):
        release = self.release('stuck', 'processing')
        self.run_of(release, 'dead', url='http://a.example/', config=sha1(CONFIG))
        self.run_of(release, 'fine', status='no_diff_needed', image=sha1(RED))
        found = self.bring_in()
        self.assertEqual((found['stuck dead'], found['stuck fine']), (('reviewing', 'failed'), ('reviewing', 'no_diff_needed')))
        self.assertEqual(self.sql("SELECT COUNT(*) FROM tasks WHERE queue = 'mail'"), [(0,)])

    def test_a_client_goes_on_with_what_it_began_there(self):
        release = self.release('begun', 'receiving')
        self.run_of(release, 'announced')
        self.assertEqual(self.bring_in()['begun announced'], ('receiving', 'data_pending'))
        server = self.server()
        client = Client(server.port, KEY)
        named = {'build_id': 2, 'release_name': 'begun', 'release_number': 1}
        client.post('report_run', **named, run_name='announced', image=sha1(RED))
        client.post('runs_done', **named)
        self.assertEqual(client.post('release_status', **named)['status'], 'reviewing')


class Served(ImportTestCase):

    def setUp(self):
        super().setUp()
        self.bring(self.old_file(ordinary()))
        self.it = self.server()
        self.client = Client(self.it.port, KEY)

    def test_an_old_key_opens_its_build_with_its_old_secret(self):
        found = self.client.post('find_run', build_id=2, run_name='/')
        self.assertEqual((found['release_name'], found['release_number'], found['image']), ('cut 1', 1, sha1(RED)))
        self.client.post('create_release', 404, build_id=1, release_name='x')
        Client(self.it.port, (KEY[0], KEY[1] + 'x')).post('find_run', 403, build_id=2, run_name='/')
        self.assertEqual(Client(self.it.port, REVOKED).post('find_run', 403, build_id=2, run_name='/'),
                         {'error': 'API key must be active'})
        self.assertEqual(Client(self.it.port, SUPERUSER).post('work_queue/capture/lease'), {'tasks': []})

    def test_files_come_under_their_sha1_and_run_nothing(self):
        for content, kind in (RED, 'image/png'), (LARGE, 'text/plain; charset=utf-8'), (SVG, 'text/plain; charset=utf-8'), \
                (HTML, 'text/plain; charset=utf-8'), (CONFIG, 'application/json'):
            status, headers, body = self.client.ask('GET', f'/api/download?build_id=2&sha1sum={sha1(content)}')
            self.assertEqual((status, headers['Content-Type'], body), (200, kind, content))

    def test_its_pages_are_there(self):
        """The build is public."""
        stranger = Client(self.it.port)
        for path, words in (('/build?id=2', 'Shop – Läden'), ('/release?id=2&name=cut+1&number=2', '/about'),
                            ('/run?id=2&name=cut+1&number=2&test=/about', '/about')):
            status, _, body = stranger.ask('GET', path)
            self.assertEqual(status, 200, path)
            self.assertIn(words, body.decode(), path)
        status, _, body = stranger.ask('GET', f'/api/download?build_id=2&sha1sum={sha1(BLUE)}')
        self.assertEqual((status, body), (200, BLUE))

    def test_a_new_release_is_compared_with_the_good_one(self):
        self.worker(self.it, SUPERUSER)
        named = self.client.post('create_release', build_id=2, release_name='cut 1')
        self.assertEqual(named['release_number'], 3)
        named = {name: named[name] for name in ('build_id', 'release_name', 'release_number')}
        image = self.client.upload(2, 'a.png', GREEN)
        self.client.post('report_run', **named, run_name='/', image=image, baseline='auto')
        self.client.post('runs_done', **named)
        state = self.client.post('release_status', **named, wait=60)
        self.assertEqual((state['status'], state['different']), ('reviewing', 1), state)
        run = self.client.post('list_runs', **named)['runs'][0]
        self.assertEqual((run['ref_image'], run['status']), (sha1(RED), 'diff_found'))

    def test_what_was_imported_can_be_reviewed(self):
        named = {'build_id': 2, 'release_name': 'cut 1', 'release_number': 2}
        self.client.post('decide_run', **named, run_name='/about', decision='approve')
        self.client.post('decide_run', **named, run_name='/', decision='reject')
        self.client.post('decide_release', **named, status='good')
        self.assertEqual(self.sql("SELECT n_found, n_approved, status FROM releases WHERE number = 2"), [(1, 1, 'good')])
        self.assertEqual(self.client.post('find_run', build_id=2, run_name='/')['image'], sha1(BLUE))


class Killed(ImportTestCase):

    N_RELEASES, N_RUNS = 12, 12

    def many(self):
        old = ordinary()
        for number in range(self.N_RELEASES):
            release = old.add('release', name='many', number=number + 1, status='good', build_id=2)
            for i in range(self.N_RUNS):
                image = old.artifact(2, Picture(20 + i, 20 + number).png(), 'image/png')
                old.add('run', release_id=release, name=f'/{i}', status='no_diff_needed', image=image)
                old.add('admin_log', build_id=2, release_id=release, log_type='release_good')
        return self.old_file(old)

    def all_but_chance(self, url):
        """What is kept, without what chance or the clock made."""
        tables = old_server.dump(url)
        for name in ('invitations', 'sqlite_sequence'):
            tables.pop(name)
        for name in 'build_owners', 'build_artifacts', 'artifacts':  # when they came
            tables[name] = [re.sub(r', 1[0-9]{12}\b', '', row) for row in tables[name]]
        return tables

    def kill_when(self, source, is_time):
        """-> its exit status"""
        process = subprocess.Popen([os.environ['DPXDT'], 'import', '--from', source, *map(str, self.data)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.wait_until(lambda: process.poll() is not None or is_time(), 60)
        process.kill()
        return process.wait()

    def count(self, table):
        try:
            return self.sql(f'SELECT COUNT(*) FROM {table}')[0][0]
        except sqlite3.OperationalError:
            return 0

    def test_what_was_killed_is_taken_up_again(self):
        source = self.many()
        whole = f'sqlite:{self.folder}/whole.db'
        self.bring(source, '--database', whole)
        n_killed = 0
        for table, n in ('users', 1), ('artifacts', 1), ('artifacts', 100), ('releases', 1), ('releases', 7), ('audit', 1):
            n_killed += self.kill_when(source, lambda: self.count(table) >= n) == -signal.SIGKILL
        self.assertGreaterEqual(n_killed, 3)
        self.bring(source)
        self.assertEqual(self.all_but_chance(self.here), self.all_but_chance(whole))
        self.assertRegex(self.command('fsck', *self.data), r'\d+ files, 0 problems\n$')


harness.main()
