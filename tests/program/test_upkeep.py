"""Whoever looks after a server's data: whose they are, tables of an older version, and the way back from newer ones."""
import os
import pathlib
import re
import shutil
import subprocess
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
import harness
import old_server
from harness import Picture
from serving import Client, ServerTestCase

KINDS = ('sqlite', 'postgres', 'mysql')
SOURCE = (ROOT / 'src/db/migrate.c').read_text()
STEPS = [(ROOT / 'src' / name).read_text() for name in re.findall(r'"(db/migrations/\w+\.sql)"', SOURCE)]


class Owner(ServerTestCase):
    """Root, where the data are another user's."""

    front = 'runuser -u nobody --'

    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.skipTest('only root can be mistaken for another user')
        self.place = self.folder / 'data'
        self.old = old_server.OldServer().make_file(self.folder / 'old.db')
        self.refusal = (' belongs to the user nobody, who cannot write what root makes there: '
                        f'as that user it is `{self.front} dpxdt')

    def commands(self):
        """Each that opens the data, but those that only read."""
        return [('build', 'create', '--name', 'x'), ('build', 'set', '--build-id', 1, '--keep-releases', 3),
                ('build', 'list'), ('api-key', 'create', '--build-id', 1), ('api-key', 'list'), ('user', 'promote', 'ann@example.com'), ('gc',),
                ('fsck',), ('migrate',), ('import', '--from', self.old), ('backup', '--to', self.folder / 'backup'),
                ('server', '--port', 0)]

    def give(self, *paths, user='nobody'):
        subprocess.run(['chown', '-R', user, *map(str, paths)], check=True)

    def listing(self):
        return {path: (path.stat().st_uid, path.is_file() and path.read_bytes()) for path in self.folder.rglob('*')}

    def refused(self, *args, place):
        before = self.listing()
        result = harness.dpxdt(*args, cwd=self.folder, env=self.env)
        self.assertEqual((result.returncode, result.stdout), (2, ''), result.stderr)
        self.assertIn(f'dpxdt {args[0]}: {place}{self.refusal}', result.stderr)
        self.assertEqual(self.listing(), before)

    def test_it_is_told_who_may_and_touches_nothing(self):
        self.new_build()
        self.give(self.place)
        for command in self.commands():
            with self.subTest(command[0]):
                self.refused(*command, *self.data, place=self.place / 'dpxdt.db')

    def test_the_words_that_it_is_told_do_it(self):
        self.new_build()
        self.give(self.place)
        program = self.write('dpxdt', pathlib.Path(os.environ['DPXDT']).read_bytes())  # where everybody may read it
        program.chmod(0o755)
        subprocess.run([*self.front.split(), program, 'build', 'create', *self.data, '--name', 'second'], check=True,
                       cwd=self.folder, stdout=subprocess.DEVNULL)
        self.assertEqual({path.owner() for path in [self.place, *self.place.iterdir()]}, {'nobody'})
        self.give(self.place, user='root')
        self.assertIn('second', self.command('build', 'list', *self.data))

    def test_nothing_is_begun_in_a_folder_of_his_that_is_empty(self):
        self.place.mkdir()
        self.give(self.place)
        self.refused('import', '--from', self.old, *self.data, place=self.place)
        self.refused('server', '--port', 0, *self.data, place=self.place)
        self.assertEqual(list(self.place.iterdir()), [])

    def test_a_database_pictures_or_a_key_of_his_elsewhere_count_too(self):
        self.new_build()
        for option, name in ('blobs', 'shots'), ('key-file', 'secret'), ('database', 'his.db'):
            with self.subTest(option):
                elsewhere = self.folder / option / name
                elsewhere.parent.mkdir()
                self.give(elsewhere.parent)
                value = f'sqlite:{elsewhere}' if option == 'database' else elsewhere
                self.refused('import', '--from', self.old, *self.data, f'--{option}', value, place=elsewhere.parent)

    def test_of_a_user_without_a_name_it_is_told_the_number(self):
        self.new_build()
        self.give(self.place, user='54321:54322')
        self.refusal = (' belongs to the user with the number 54321, who cannot write what root makes there: '
                        'as that user it is `setpriv --reuid=54321 --regid=54322 --clear-groups dpxdt ...`\n')
        self.refused('gc', *self.data, place=self.place / 'dpxdt.db')

    def test_it_may_look_and_do_as_it_likes_with_its_own(self):
        self.new_build()
        self.give(self.place)
        before = self.listing()
        self.command('import', '--from', self.old, *self.data, '--dry-run')
        self.assertEqual(self.listing(), before)
        self.give(self.place, user='root')
        self.command('import', '--from', self.old, *self.data)


class OlderTables(ServerTestCase):
    """What docs/operations.md says of an upgrade and a rollback, where tables change."""

    def database(self, kind):
        """That of SQLite is where --data has it."""
        if kind == 'sqlite':
            (self.folder / 'data').mkdir(exist_ok=True)
            return f'sqlite:{self.folder}/data/dpxdt.db'
        return super().database(kind)

    def words(self, kind):
        """{'{id}': 'INTEGER ...', ...}: what the steps write differently for each database"""
        rows = re.findall(r'\{"(\{\w+\})",\s*\{((?:\s*"[^"]*",?)+)\}\}', SOURCE)
        return {name: re.findall('"([^"]*)"', row)[KINDS.index(kind)] for name, row in rows}

    def make(self, url, version):
        """Tables as they were in a version, by the steps that led to it, with a release in them that was approved."""
        words, sql = self.words(old_server.kind_of(url)), 'CREATE TABLE dpxdt_schema (version INTEGER NOT NULL);\n'
        for number, step in enumerate(STEPS[:version], 1):
            sql += re.sub(r'^--.*\n', '', step, flags=re.M) + f'INSERT INTO dpxdt_schema (version) VALUES ({number});\n'
        for name, text in words.items():
            sql = sql.replace(name, text)
        old_server.ask(url, sql + '''
            INSERT INTO builds (name, created, modified) VALUES ('kept', 1000, 1000);
            INSERT INTO releases (build_id, name, number, status, created, modified, decided, n_found, n_approved)
                VALUES (1, 'blue', 7, 'good', 2000, 3000, 3000, 1, 1);
            INSERT INTO runs (release_id, build_id, name, status, created, modified, image, ref_image)
                VALUES (1, 1, '/found', 'diff_found', 2000, 2500, NULL, NULL);
            INSERT INTO runs (release_id, build_id, name, status, created, modified, url)
                VALUES (1, 1, '/approved', 'diff_approved', 2000, 2600, 'https://www.example.com/');
            INSERT INTO audit (build_id, kind, actor, created) VALUES (1, 'release_good', 'ann@example.com', 3000);''')

    def rows(self, url):
        """{table: its rows}"""
        names = {'sqlite': "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                 'mysql': 'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()',
                 'postgres': "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"}
        tables = [re.sub(r"\W", '', line) for line in old_server.ask(url, names[old_server.kind_of(url)])]
        return {table: sorted(old_server.ask(url, f'SELECT * FROM {table}')) for table in tables}

    def refused(self, url, status):
        """Nothing but migrate and backup works on these, and nothing changes them."""
        before = self.rows(url)
        for command in ('server', '--port', 0), ('gc',), ('build', 'create', '--name', 'x'):
            result = harness.dpxdt(*command, *self.data, '--database', url, cwd=self.folder, env=self.env)
            self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(self.rows(url), before)

    def check_rows(self, url):
        """What was there is shown by a server, and can be worked with."""
        where = [*self.data, '--database', url]
        self.assertRegex(self.command('fsck', *where), ', 0 problems\n$')
        key = self.command('api-key', 'create', *where, '--build-id', 1).split()
        server = self.server('--database', url)
        client = Client(server.port, key)
        release = {'build_id': 1, 'release_name': 'blue', 'release_number': 7}
        runs = client.post('list_runs', **release)['runs']
        self.assertEqual({(run['run_name'], run['status']) for run in runs},
                         {('/found', 'diff_found'), ('/approved', 'diff_approved')})
        self.assertEqual(client.post('release_status', **release)['status'], 'good')
        self.assertEqual(client.post('create_release', build_id=1, release_name='green')['release_number'], 1)
        server.stop()
        self.command('build', 'set', *where, '--build-id', 1, '--keep-releases', 1)  # what came with the newest step
        self.command('gc', *where)

    def upgraded(self, url, version):
        self.make(url, version)
        self.refused(url, 7)
        migrate = ['migrate', *self.data, '--database', url]
        self.assertEqual(self.command(*migrate),
                         f'The tables were of version {version}, and are of version {len(STEPS)} now.\n')
        self.assertEqual(self.command(*migrate), f'The tables are of version {len(STEPS)}, the newest.\n')
        self.assertEqual(len(self.rows(url)['audit']), 1)
        self.check_rows(url)

    def test_sqlite_of_every_older_version_goes_up_with_its_rows(self):
        for version in range(1, len(STEPS)):
            with self.subTest(version):
                self.upgraded(self.database('sqlite'), version)
                shutil.rmtree(self.folder / 'data')

    def test_postgresql_of_the_version_before_goes_up_with_its_rows(self):
        self.upgraded(self.database('postgres'), len(STEPS) - 1)

    def test_mariadb_of_the_version_before_goes_up_with_its_rows(self):
        self.upgraded(self.database('mysql'), len(STEPS) - 1)

    def test_the_backup_that_was_made_before_is_the_way_back(self):
        url, to = self.database('sqlite'), self.folder / 'backup'
        self.make(url, len(STEPS) - 1)
        before = self.rows(url)
        self.command('backup', *self.data, '--to', to)
        self.command('migrate', *self.data)
        self.new_build('after the upgrade')
        (self.folder / 'data').rename(self.folder / 'data.new')
        subprocess.run(['cp', '-a', to, self.folder / 'data'], check=True)
        self.assertEqual(self.rows(url), before)
        self.refused(url, 7)  # they are the older program's indeed
        self.command('migrate', *self.data)
        self.check_rows(url)

    def restore(self, url, dump):
        """As the tools of a database do it: into an empty one."""
        parts = urllib.parse.urlsplit(url)
        client = old_server.client(url)
        if parts.scheme == 'mysql':
            empty = [*client[:-1], '-e', 'DROP DATABASE dpxdt; CREATE DATABASE dpxdt CHARACTER SET utf8mb4']
            put_back = client
        else:
            empty = [*client, '-c', 'DROP SCHEMA public CASCADE; CREATE SCHEMA public']
            put_back = ['pg_restore', '--exit-on-error', *client[client.index('-h'):-1], '-d', client[-1]]
        subprocess.run(empty, check=True, capture_output=True, timeout=120)
        subprocess.run(put_back, input=dump, check=True, capture_output=True, timeout=120)

    def way_back(self, kind, *tool):
        """This program is the older one, and tables get newer."""
        url = self.database(kind)
        self.make(url, len(STEPS))
        client = old_server.client(url)
        words = client[client.index('--default-character-set=utf8mb4'):] if kind == 'mysql' else client[client.index('-h'):]
        dump = subprocess.run([*tool, *words], check=True, capture_output=True, timeout=120).stdout
        before = self.rows(url)
        self.newer(url)
        self.restore(url, dump)
        self.assertEqual(self.rows(url), before)
        self.check_rows(url)

    def newer(self, url):
        old_server.ask(url, f'''INSERT INTO dpxdt_schema (version) VALUES ({len(STEPS) + 1});
                                ALTER TABLE builds ADD COLUMN to_come INTEGER;
                                INSERT INTO builds (name, created, modified) VALUES ('after the upgrade', 1, 1);''')
        self.refused(url, 8)

    def test_postgresql_comes_back_from_its_own_dump(self):
        self.way_back('postgres', 'pg_dump', '--format=custom')

    def test_mariadb_comes_back_from_its_own_dump(self):
        self.way_back('mysql', 'mariadb-dump', '--no-defaults', '--single-transaction')

    def test_an_older_program_goes_on_from_the_backup_with_pictures_and_key(self):
        url, to = f'sqlite:{self.folder}/data/dpxdt.db', self.folder / 'backup'
        build = self.new_build()
        key, picture = self.new_key(build), Picture(4, 3).png()
        server = self.server()
        sha1 = Client(server.port, key).upload(build, 'a.png', picture)
        server.stop()
        self.command('backup', *self.data, '--to', to)
        self.newer(url)
        (self.folder / 'data').rename(self.folder / 'data.new')
        subprocess.run(['cp', '-a', to, self.folder / 'data'], check=True)
        self.assertRegex(self.command('fsck', *self.data), '1 file, 0 problems\n$')
        self.assertEqual(Client(self.server().port, key).download(build, sha1), picture)
        self.assertNotIn('after the upgrade', self.command('build', 'list', *self.data))


if __name__ == '__main__':
    harness.main()
