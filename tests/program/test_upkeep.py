"""Whoever looks after a server's data: whose they are."""
import os
import pathlib
import subprocess

import harness
import old_server
from serving import ServerTestCase


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


if __name__ == '__main__':
    harness.main()
