"""Secrets of configs: passwords, cookies, headers, what is typed. They are for the browser that captures the page, and for nobody
who reads the disk, the database or a log."""
import json
import stat

import harness
import serving
from harness import Site
from serving import Client

SECRETS = {'user': 'ann-of-the-test', 'password': 'open-sesame-1', 'cookie': 'chocolate-chip-2', 'header': 'bearer-token-3',
           'typed': 'typed-by-hand-4'}
PAGE = '<body style="background: white"><h1>Members</h1><input id="it" type="password">'
CONFIG = {
    'viewportSize': {'width': 300, 'height': 200},
    'httpUserName': SECRETS['user'], 'httpPassword': SECRETS['password'],
    'cookies': [{'name': 'session', 'value': SECRETS['cookie']}],
    'injectHeaders': {'.': {'X-Token': SECRETS['header']}},
    'steps': [{'type': {'selector': '#it', 'text': SECRETS['typed']}}],
}


class SecretsTestCase(serving.ServerTestCase):

    def setUp(self):
        super().setUp()
        self.heads = []
        self.site = Site({'/a.html': self.page})
        self.addCleanup(self.site.close)

    def page(self, request):
        self.heads.append(str(request.headers))
        return PAGE

    def captured(self, it, build, key):
        """A release with one page, captured with the config of secrets. -> its run"""
        client = Client(it.port, key)
        release = {'build_id': build, 'release_name': 'r', 'release_number': 1}
        client.post('create_release', build_id=build, release_name='r')
        asked = client.post('request_run', **release, run_name='/', url=self.site.url + '/a.html', config=json.dumps(CONFIG))
        client.post('runs_done', **release)
        client.post('release_status', **release, wait=60)
        run = client.post('list_runs', **release)['runs'][0]
        return asked, run, client

    def kept(self):
        return [path for path in (self.folder / 'data').rglob('*') if path.is_file() and path.name != 'secret.key']


class AtRest(SecretsTestCase):

    def test_a_page_is_captured_with_secrets_that_neither_disk_nor_database_nor_logs_have(self):
        it = self.server('--allow-private')
        build = self.new_build()
        worker = self.worker(it, self.new_key())
        asked, run, client = self.captured(it, build, self.new_key(build))
        self.assertEqual(run['status'], 'no_diff_needed', run)
        # The page was asked for with them.
        seen = '\n'.join(self.heads)
        for name in 'cookie', 'header':
            self.assertIn(SECRETS[name], seen)
        # Who has a key of the build gets the config as it is.
        config = json.loads(client.download(build, asked['config']))
        self.assertEqual(config['httpPassword'], SECRETS['password'])
        # A log has nothing of it.
        log = client.download(build, run['log'])
        for name, secret in SECRETS.items():
            self.assertNotIn(secret.encode(), log, name)
        self.assertGreater(len(self.kept()), 3)
        for path in self.kept():
            for name, secret in SECRETS.items():
                self.assertNotIn(secret.encode(), path.read_bytes(), f'{name} in {path}')
        worker.stop()
        it.stop()
        for name, secret in SECRETS.items():
            self.assertNotIn(secret, '\n'.join(filter(None, it.lines + worker.lines)), name)
        self.assertEqual(self.command('fsck', *self.data).splitlines()[-1][-10:], '0 problems')

    def test_a_config_that_was_uploaded_is_hidden_once_a_run_has_it(self):
        it = self.server()
        build = self.new_build()
        client = Client(it.port, self.new_key(build))
        release = {'build_id': build, 'release_name': 'r', 'release_number': 1}
        client.post('create_release', build_id=build, release_name='r')
        text = json.dumps(CONFIG).encode()
        sha1 = client.upload(build, 'config.json', text)
        client.post('report_run', **release, run_name='/', config=sha1)
        self.assertEqual(client.download(build, sha1), text)
        self.assertEqual(client.upload(build, 'config.json', text), sha1)
        self.command('gc', *self.data, '--grace', 0, '--unused', 0)
        self.assertEqual(client.download(build, sha1), text)
        for path in self.kept():
            if 'dpxdt.db' not in path.name:
                self.assertNotIn(SECRETS['password'].encode(), path.read_bytes(), path)

    def test_the_key_is_the_servers_alone(self):
        self.server().stop()
        mode = (self.folder / 'data/secret.key').stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)


class Keys(SecretsTestCase):

    def requested(self, client, build):
        """-> the SHA-1 of the config of a run that was requested"""
        client.post('create_release', build_id=build, release_name='r')
        return client.post('request_run', build_id=build, release_name='r', release_number=1, run_name='/',
                           url='http://example.com/', config=json.dumps(CONFIG))['config']

    def refused(self, message, *args):
        result = harness.dpxdt('server', '--port', 0, *args, cwd=self.folder)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(message, result.stderr)

    def test_a_server_with_another_key_or_none_does_not_begin(self):
        it = self.server()
        build = self.new_build()
        key = self.new_key(build)
        client = Client(it.port, key)
        config = self.requested(client, build)
        it.stop()
        path = self.folder / 'data/secret.key'
        good = path.read_bytes()
        path.unlink()
        self.refused(f'{path}: No such file', *self.data)
        self.assertFalse(path.exists(), 'another key opens nothing')
        self.refused(f'{self.folder}/none.key: No such file', *self.data, '--key-file', self.folder / 'none.key')
        self.refused('a key is 64 bytes in base64, and these are', *self.data, '--key-file', self.write('no.key', 'secret'))
        self.refused('encrypted with the key', *self.data, '--key-file', self.write('other.key', 'A' * 85 + 'Q=='))
        named = self.write('named.key', good)
        again = self.server('--key-file', named)
        kept = json.loads(Client(again.port, key).download(build, config))
        self.assertEqual(kept['httpPassword'], SECRETS['password'])

    def test_two_servers_with_one_key_read_what_the_other_has_kept(self):
        first = self.server()
        database = f'sqlite:{self.folder}/data/dpxdt.db'
        key_file = self.folder / 'data/secret.key'
        second = self.start(serving.Server('--data', self.folder / 'elsewhere', '--database', database, '--blobs',
                                           self.folder / 'data/blobs', '--key-file', key_file))
        build = self.new_build()
        key = self.new_key(build)
        client = Client(first.port, key)
        config = self.requested(client, build)
        self.assertIn(SECRETS['typed'].encode(), Client(second.port, key).download(build, config))


if __name__ == '__main__':
    harness.main()
