"""Where the options of server and worker come from, what a wrong one says, and with what status the program ends that cannot
begin."""
import os
import pathlib
import re
import shutil
import socket
import sqlite3

import harness
import serving
from harness import dpxdt


ROOT = pathlib.Path(__file__).resolve().parents[2]


def closed_port():
    """A port of this machine on which nobody listens."""
    with socket.socket() as it:
        it.bind(('127.0.0.1', 0))
        return it.getsockname()[1]


class SettingsTestCase(harness.TestCase):

    def conf(self, text):
        return self.write('dpxdt.conf', text)

    def server(self, *args, **env):
        return dpxdt('server', *args, cwd=self.folder, env=env)

    def printed(self, *args, command='server', **env):
        """{'port': ('5000', 'default')}: what --print-config says."""
        result = dpxdt(command, '--print-config', *args, cwd=self.folder, env=env)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        found = re.findall(r'^#?([\w-]+) =(?: (.*?))? +# (.*)$', result.stdout, re.M)
        return {name: (value, place) for name, value, place in found}


class Wrong(SettingsTestCase):
    """A wrong setting stops the start."""

    def refused(self, message, *args, **env):
        result = self.server(*args, DPXDT_DATA='data', **env)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertIn(message, result.stderr)
        self.assertFalse((self.folder / 'data').exists(), 'nothing may have been begun')

    def test_a_wrong_line_is_told_with_its_place_and_what_is_allowed(self):
        mail, login = 'smtp = smtp://localhost\nmail-from = a@example.com', 'oidc-issuer = https://a.example\noidc-client-id = x'
        for line, message in [
                ('prot = 80', 'there is no setting "prot"; did you mean port?'),
                ('colour = red', 'there is no setting "colour"'),
                ('smtp-password = x', 'smtp-password is a secret, and comes from the environment: DPXDT_SMTP_PASSWORD'),
                ('port 80', '"port 80" is no setting: option = value is expected'),
                ('port =', 'port has no value'),
                ('port = # 80', 'port has no value'),
                ('port = eighty', "Cannot parse integer value 'eighty' for --port: a whole number is expected"),
                ('port = 99999999999', "Integer value '99999999999' for --port out of range"),
                ('port = 70000', '--port must be from 0 to 65535, not 70000'),
                ('capture-threads = 65', '--capture-threads must be from 0 to 64, not 65'),
                ('allow-private = maybe', 'allow-private must be yes or no, not maybe'),
                ('public-url = dpxdt.example.com', '--public-url must be a scheme and a host'),
                ('trusted-proxies = 10.1.2.3/8', '--trusted-proxies: 10.1.2.3/8 has bits outside of its network'),
                ('log-format = xml', '--log-format must be logfmt or json, not xml'),
                ('smtp-user = ann', '--smtp-user needs --smtp'),
                ('config = other.conf', 'there is no setting "config"'),
                ('host = foo', '--host must be an IPv4 address of this machine, or 0.0.0.0 for all of them, not foo'),
                ('host = ::1', '--host must be an IPv4 address'),
                ('database = oracle://x', '--database: oracle...: sqlite:, postgresql:// or mysql:// is expected'),
                ('database = mysql://ann@db', '--database: mysql://USER:PASSWORD@HOST:PORT/DATABASE is expected'),
                ('blobs = ftp://x', '--blobs: ftp://x: a folder or s3://BUCKET/PREFIX is expected'),
                ('blobs = s3://shots/?endpoint=s3:9000', '--blobs: s3://shots/?endpoint=s3:9000: the endpoint is "s3:9000"'),
                (f'key-file = {self.write("no.key", "secret")}', f'--key-file: {self.folder}/no.key: a key is 64 bytes in base64'),
                ('smtp = smtp://localhost', '--smtp needs --mail-from'),
                (f'smtp-ca-file = {self.folder}/none.pem\n{mail}', f'--smtp-ca-file: {self.folder}/none.pem cannot be read'),
                (f'smtp-ca-file = {self.folder}/no.key\n{mail}', f'--smtp-ca-file: {self.folder}/no.key has no certificate in it'),
                (f'smtp-ca-file = {self.folder}\n{mail}', f'--smtp-ca-file: {self.folder}'),
                ('oidc-issuer = https://login.example.com', '--oidc-issuer needs --oidc-client-id'),
                ('oidc-client-id = x', '--oidc-client-id needs --oidc-issuer'),
                ('oidc-hosted-domain = example.com', '--oidc-hosted-domain needs --oidc-issuer'),
                (login, '--oidc-issuer needs a secret, in the variable DPXDT_OIDC_CLIENT_SECRET'),
                ('release-server-prefix = ftp://x', '--release-server-prefix: ftp://x is no http or https address'),
                ('queue-server-prefix = x', '--queue-server-prefix: x is no http or https address'),
        ]:
            with self.subTest(line):
                conf = self.conf(f'# Of the team.\n\n{line}\n')
                self.refused(f'dpxdt server: {conf}:3: {message}', '--config', conf)

    def test_links_to_localhost_are_for_who_tries_it_on_his_own_machine_alone(self):
        secret = {'DPXDT_OIDC_CLIENT_SECRET': 'x'}
        for wanted in 'smtp = smtp://localhost\nmail-from = a@b.cd\n', 'oidc-issuer = https://a.example\noidc-client-id = x\n':
            name, others = wanted.split()[0], ('host = 0.0.0.0\n', 'trusted-proxies = 127.0.0.1\n')
            for other in others:
                conf = self.conf(wanted + other)
                self.refused(f'{conf}:1: --{name} needs --public-url', '--config', conf, **secret)
            for fine in '', *('public-url = https://dpxdt.example.com\n' + other for other in others):
                self.printed('--config', self.conf(wanted + fine), **secret)

    def test_an_issuer_that_is_none_is_told_with_its_place(self):
        conf = self.conf('oidc-issuer = login.example.com\noidc-client-id = x\n')
        self.refused(f'{conf}:1: --oidc-issuer: ', '--config', conf, DPXDT_OIDC_CLIENT_SECRET='x')

    def test_a_line_that_turns_out_to_be_wrong_later_is_told_with_its_place_too(self):
        # Keys are in the environment of the service alone, and --print-config does without.
        conf = self.conf('port = 0\nblobs = s3://shots/?endpoint=http://127.0.0.1:1\n')
        self.assertEqual(self.printed('--config', conf)['blobs'][1], f'{conf}:2')
        result = self.server('--config', conf, DPXDT_DATA='data')
        self.assertEqual(result.returncode, 2)
        self.assertIn(f'{conf}:2: --blobs: s3://shots/?endpoint=http://127.0.0.1:1: AWS_ACCESS_KEY_ID is not set', result.stderr)
        for command, *lines in ['server', 'enable-queue-workers = yes'], ['worker']:
            conf = self.conf('\n'.join(['browser = nobody', *lines]))
            result = dpxdt(command, '--config', conf, cwd=self.folder,
                           env={'DPXDT_DATA': 'data', **({'DPXDT_PORT': '0'} if command == 'server' else {})})
            self.assertEqual(result.returncode, 3)
            self.assertEqual(result.stderr, f'dpxdt {command}: {conf}:1: --browser nobody: there is no such program\n')

    def test_a_command_beside_the_server_tells_a_wrong_place_of_the_data_with_its_line(self):
        for line in 'database = oracle://x', 'blobs = ftp://x':
            conf = self.conf(f'port = 80\n{line}\n')
            result = dpxdt('build', 'list', cwd=self.folder, env={'DPXDT_CONFIG': str(conf)})
            self.assertEqual(result.returncode, 2)
            self.assertIn(f'dpxdt build: {conf}:2: --{line.split()[0]}: {line.split()[2][:3]}', result.stderr)

    def test_a_line_that_is_there_twice_is_told_with_both(self):
        conf = self.conf('port = 80\nhost = 127.0.0.1\nport = 81\n')
        self.refused(f'{conf}:3: port is in line 1 already', '--config', conf)

    def test_a_wrong_variable_is_told_with_its_name(self):
        for variable, value, message in [
                ('DPXDT_PORT', 'tcp://10.0.0.7:5000', "Cannot parse integer value 'tcp://10.0.0.7:5000' for --port"),
                ('DPXDT_ALLOW_PRIVATE', '1', 'allow-private must be yes or no, not 1'),
                ('DPXDT_LEASE', '1', '--lease must be from 3 to 3600, not 1'),
                ('DPXDT_HOST', 'foo', '--host must be an IPv4 address')]:
            with self.subTest(variable):
                self.refused(f'dpxdt server: {variable}: {message}', **{variable: value})

    def test_a_wrong_option_on_the_line_has_no_other_place(self):
        conf = self.conf('port = 80\n')
        self.refused('dpxdt server: --port must be from 0 to 65535, not 70000', '--config', conf, '--port', '70000')

    def test_an_option_without_a_value_takes_none(self):
        """Else --ignore-auth=no would mean that nobody is asked who he is."""
        for option in '--ignore-auth', '--ignore_auth', '--allow-private', '--print-config':
            for value in 'no', 'yes', '':
                shown = option.replace('_', '-')
                self.refused(f'{shown} takes no value: leave it out, or the whole option', f'{option}={value}')
        result = dpxdt('gc', '--dry-run=no', '--data', 'data', cwd=self.folder)
        self.assertIn('--dry-run takes no value', result.stderr)

    def test_a_file_that_is_named_must_be_there_and_be_text(self):
        self.refused('the settings cannot be read', '--config', self.folder / 'none.conf')
        self.refused('none.conf', DPXDT_CONFIG=str(self.folder / 'none.conf'))
        self.refused('the settings cannot be read', '--config', self.folder)
        binary = self.write('binary.conf', b'port = 80\n\xff\xfe')
        self.refused(f'{binary}: no text (UTF-8)', '--config', binary)

    def test_print_config_prints_no_wrong_ones(self):
        conf = self.conf('port = 70000\n')
        result = self.server('--print-config', '--config', conf)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertIn(f'{conf}:1: --port must be', result.stderr)


class Order(SettingsTestCase):

    def test_the_line_beats_the_variable_which_beats_the_file_which_beats_what_is_usual(self):
        conf = self.conf('port = 81\nlease = 81\ndiff_threads=8   # as many\n')
        env = {'DPXDT_PORT': '82', 'DPXDT_LEASE': '82', 'DPXDT_HOST': ''}
        found = self.printed('--config', conf, '--port', '83', **env)
        self.assertEqual(found['port'], ('83', 'command line'))
        self.assertEqual(found['lease'], ('82', 'DPXDT_LEASE'))
        self.assertEqual(found['diff-threads'], ('8', f'{conf}:3'))
        self.assertEqual(found['capture-threads'], ('3', 'default'))
        self.assertEqual(found['host'], ('127.0.0.1', 'default'))
        self.assertEqual(found['smtp'], ('', 'not set'))

    def test_an_option_that_is_a_value_is_none(self):
        found = self.printed('--host', '127.0.0.2', '--browser', '--port', DPXDT_PORT='77')
        self.assertEqual((found['port'], found['browser']), (('77', 'DPXDT_PORT'), ('--port', 'command line')))

    def test_a_byte_order_mark_is_no_part_of_the_first_setting(self):
        conf = self.write('dpxdt.conf', b'\xef\xbb\xbfport = 81\r\nlease = 82\r\n')
        found = self.printed('--config', conf)
        self.assertEqual((found['port'], found['lease']), (('81', f'{conf}:1'), ('82', f'{conf}:2')))

    def test_a_yes_or_no_can_be_taken_back_by_the_variable(self):
        conf = self.conf('allow-private = yes\n')
        self.assertEqual(self.printed('--config', conf)['allow-private'], ('yes', f'{conf}:1'))
        found = self.printed('--config', conf, DPXDT_ALLOW_PRIVATE='no')
        self.assertEqual(found['allow-private'], ('no', 'DPXDT_ALLOW_PRIVATE'))

    def test_the_file_may_be_named_by_a_variable(self):
        conf = self.conf('port = 81\n')
        self.assertEqual(self.printed(DPXDT_CONFIG=str(conf))['port'], ('81', f'{conf}:1'))
        other = self.write('other.conf', 'port = 82\n')
        self.assertEqual(self.printed('--config', other, DPXDT_CONFIG=str(conf))['port'], ('82', f'{other}:1'))

    def test_every_option_is_printed_and_what_is_printed_is_a_file_of_settings(self):
        conf = self.conf('public-url = https://dpxdt.example.com/\nblobs = s3://shots/a?endpoint=http://s3:9000\n'
                         'trusted-proxies = 10.0.0.0/8, 127.0.0.1 # two\nallow-private = yes\nlog-format = json\n')
        first = dpxdt('server', '--print-config', '--config', conf)
        listed = re.findall(r'^ +(?:-\w, )?--([a-z-]+)', dpxdt('server', '--help').stdout.split('\nOptions:\n')[1], re.M)
        found = self.printed('--config', conf)
        self.assertEqual(sorted({*listed} - {'help', 'config', 'print-config'}), sorted(found))
        again = self.printed('--config', self.write('printed.conf', first.stdout))
        self.assertEqual({name: value for name, (value, _) in found.items()},
                         {name: value for name, (value, _) in again.items()})

    def test_secrets_are_not_printed(self):
        conf = self.conf('database = postgresql://ann:s3cret@db/dpxdt?sslmode=require\n')
        result = dpxdt('server', '--print-config', '--config', conf, env={'DPXDT_SMTP_PASSWORD': 's3cret'})
        self.assertIn('database = postgresql://***@db/dpxdt?sslmode=require ', result.stdout)
        self.assertIn('# DPXDT_SMTP_PASSWORD is set', result.stdout)
        self.assertIn('# DPXDT_OIDC_CLIENT_SECRET is not set', result.stdout)
        for url in ('mysql://ann:s3:cr/et@db/dpxdt', 'postgresql:///dpxdt?host=db&password=s3cret', 'postgresql://a:s3c/et@h/d',
                    'postgresql://a@b:s3cret@h/d', 'postgresql://a:s3c?et@h/d', 'postgresql://h/d?sslpassword=s3cret',
                    'postgresql://h/d?PASSWORD=s3cret', 'postgresql://h/d?pass%77ord=s3cret', "host=h password='s3c ret'",
                    'host=h password = s3cret'):
            result = dpxdt('server', '--print-config', '--database', url)
            self.assertEqual(result.returncode, 0 if '://' in url else 2)
            self.assertNotIn('s3c', result.stdout + result.stderr, url)
        worker = dpxdt('worker', '--print-config', '--release-client-id', 'k', '--release-client-secret', 's3cret')
        self.assertIn('release-client-secret = *** ', worker.stdout)
        self.assertNotIn('s3cret', worker.stdout)

    def test_quotes_are_around_a_value_that_would_end_too_soon(self):
        for line, value in [('mail-from = "Our #1 shots <a@b.cd>"  # of the team', 'Our #1 shots <a@b.cd>'),
                            ('mail-from = Our#1 <a@b.cd> # x', 'Our#1 <a@b.cd>'),
                            ('mail-from = "Shots, Inc." <a@b.cd> # "x"', '"Shots, Inc." <a@b.cd>'),
                            (r'mail-from = "\"Shots #1, Inc.\" <a@b.cd>"', '"Shots #1, Inc." <a@b.cd>')]:
            with self.subTest(line):
                first = dpxdt('server', '--print-config', '--config', self.conf(f'smtp = smtp://localhost\n{line}\n'))
                self.assertEqual(first.stderr, '')
                again = dpxdt('server', '--print-config', '--config', self.write('printed.conf', first.stdout))
                for printed in first.stdout, again.stdout:
                    printed = re.search('(?m)^mail-from = (.*?) +# /', printed)[1]
                    self.assertIn(value, (printed, re.sub(r'\\(.)', r'\1', printed[1:-1])))

    def test_a_worker_has_settings_too(self):
        conf = self.conf('release-server-prefix = https://dpxdt.example.com/api\ncapture-threads = 2\n')
        found = self.printed('--config', conf, command='worker')
        self.assertEqual(found['release-server-prefix'], ('https://dpxdt.example.com/api', f'{conf}:1'))
        self.assertEqual(found['capture-threads'], ('2', f'{conf}:2'))
        result = dpxdt('worker', '--config', self.conf('port = 80\n'))
        self.assertEqual(result.returncode, 2)
        self.assertIn(f'{conf}:1: there is no setting "port"', result.stderr)


class Used(serving.ServerTestCase):

    def test_a_server_and_the_commands_beside_it_use_the_same_file(self):
        data = self.folder / 'elsewhere'
        conf = self.write('dpxdt.conf', f'data = {data}\nmax-request = 32\nhost = 127.0.0.1\n')
        env = {'DPXDT_CONFIG': str(conf)}
        server = self.start(serving.Server(env=env))
        self.assertEqual(serving.Client(server.port).ask('GET', '/healthz')[0], 200)
        self.assertTrue((data / 'dpxdt.db').exists())
        created = dpxdt('build', 'create', '--name', 'demo', env=env)
        self.assertEqual((created.returncode, created.stderr), (0, ''))
        self.assertEqual(dpxdt('fsck', env=env).returncode, 0)
        self.assertIn('demo', dpxdt('build', 'list', '--data', data, env={'DPXDT_CONFIG': ''}).stdout)

    def test_a_folder_on_the_line_is_not_mixed_with_places_of_the_file(self):
        """Else `gc --data BACKUP` would remove pictures of the server that runs."""
        data = self.folder / 'backup'
        dpxdt('build', 'create', '--name', 'demo', '--data', data, env={'DPXDT_CONFIG': ''})
        for line in f'blobs = {self.folder}/live', f'database = sqlite:{self.folder}/live.db', 'key-file = /live.key':
            conf = self.write('dpxdt.conf', f'data = {self.folder}/other\n{line}\n')
            env = {'DPXDT_CONFIG': str(conf)}
            for command in ['server'], ['fsck'], ['gc'], ['build', 'list'], ['backup', '--to', self.folder / 'to']:
                result = dpxdt(*command, '--data', data, env=env)
                self.assertEqual(result.returncode, 2, command)
                self.assertIn(f'--data is on the command line, and {line.split()[0]} comes from {conf}:2', result.stderr)
        places = ['--database', f'sqlite:{data}/dpxdt.db', '--blobs', data / 'blobs', '--key-file', data / 'secret.key']
        self.assertEqual(dpxdt('fsck', '--data', data, *places, env=env).returncode, 0)

    def test_a_command_beside_the_server_tells_a_line_that_concerns_it(self):
        conf = self.write('dpxdt.conf', 'data = a\ndata = b\n')
        result = dpxdt('build', 'list', env={'DPXDT_CONFIG': str(conf)})
        self.assertEqual(result.returncode, 2)
        self.assertIn(f'{conf}:2: data is in line 1 already', result.stderr)


class CannotBegin(harness.LocalTestCase):
    """Each thing without which a command cannot begin has a status and words of its own."""

    def ends(self, status, message, *args, env=None):
        result = dpxdt(*args, cwd=self.folder, env={**self.env, **(env or {})})
        self.assertIn(message, result.stderr)
        self.assertEqual(result.returncode, status, result.stderr)

    def test_a_missing_browser_is_3_and_2_where_scripts_know_it_so(self):
        self.suite([('one', 'http://127.0.0.1:8000/')])
        self.ends(3, '--browser nobody: there is no such program', 'worker', '--browser', 'nobody')
        self.ends(2, '--browser nobody: there is no such program', 'update', 'tests', '--browser', 'nobody')

    def test_a_database_that_does_not_answer_is_4(self):
        port = closed_port()
        self.ends(4, 'PostgreSQL: ', 'server', '--database', f'postgresql://ann@127.0.0.1:{port}/dpxdt')
        self.ends(4, 'MariaDB: ', 'server', '--database', f'mysql://ann@127.0.0.1:{port}/dpxdt')
        self.ends(4, 'file is not a database', 'server', '--database', f'sqlite:{self.write("no.db", "words " * 1000)}')
        self.ends(4, 'unable to open database file', 'server', '--database', f'sqlite:{self.folder}/none/dpxdt.db')

    def test_a_store_that_does_not_answer_is_5(self):
        env = {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b'}
        place = f's3://shots/?endpoint=http://127.0.0.1:{closed_port()}'
        self.ends(5, 'the store cannot be reached', 'server', '--data', 'data', '--blobs', place, env=env)
        self.ends(5, 'cannot make the folder', 'server', '--data', 'data', '--blobs', self.write('file', 'x') / 'blobs')
        self.ends(5, 'cannot make the folder', 'server', '--data', self.folder / 'file/data')
        self.ends(2, 'there is no parameter "endpiont"', 'server', '--data', 'data', '--blobs',
                  's3://shots/?endpiont=http://127.0.0.1', env=env)

    def test_a_full_disk_is_6(self):
        os.mkdir(self.folder / 'disk')
        for way, words in self.without_room(self.folder / 'disk', '16k'):
            with self.subTest(way):
                result = self.dpxdt('server', '--data', 'disk/data', argv0=words)
                self.assertEqual(result.returncode, 6, result.stderr)
                self.assertIn('full', result.stderr)

    def test_tables_of_an_older_version_are_7_and_of_a_newer_one_8(self):
        dpxdt('build', 'create', '--name', 'demo', '--data', 'data', cwd=self.folder)
        for change, status, message in [
                ('DELETE FROM dpxdt_schema WHERE version = (SELECT MAX(version) FROM dpxdt_schema)', 7, 'dpxdt migrate'),
                ('INSERT INTO dpxdt_schema (version) VALUES (1000)', 8, 'it takes a newer one')]:
            with sqlite3.connect(self.folder / 'data/dpxdt.db') as db:
                db.execute(change)
            db.close()
            for command in ['server'], ['build', 'list'], ['fsck']:
                self.ends(status, message, *command, '--data', 'data')


    def test_a_port_that_is_in_use_or_an_address_that_is_not_there_yet_is_9(self):
        with socket.create_server(('127.0.0.1', 0)) as other:
            self.ends(9, 'cannot listen on 127.0.0.1:', 'server', '--data', 'data', '--port', other.getsockname()[1])
        self.ends(9, 'cannot listen on 192.0.2.1:', 'server', '--data', 'data', '--host', '192.0.2.1', '--port', '0')

    def fake_browser(self, mode):
        return shutil.copy(ROOT / 'tests/fake-chromium', self.folder / f'fake-chromium-{mode}')

    def worker_ends(self, status, pattern, mode):
        result = dpxdt('worker', '--sandbox', 'required', '--browser', self.fake_browser(mode), cwd=self.folder, env=self.env)
        self.assertRegex(result.stderr, f'^dpxdt worker: {pattern}')
        self.assertEqual(result.returncode, status)

    def test_a_browser_that_hangs_or_is_killed_at_its_start_is_9_and_one_that_will_not_is_2(self):
        started = r'the browser \S+ did not start: '
        self.worker_ends(9, started + 'it does not answer', 'silent')
        self.worker_ends(9, started + 'killed by signal 9', 'is-killed')
        self.worker_ends(2, started + 'ended with status 7', 'dies')
        self.worker_ends(2, 'with its sandbox, which this machine may not allow: ' + started, 'sandboxless')

    def test_a_browser_is_not_tried_without_its_sandbox_because_it_hangs(self):
        result = self.dpxdt('worker', '--sandbox', 'preferred', '--browser', self.fake_browser('silent'))
        self.assertEqual((result.returncode, 'sandbox' in result.stderr), (9, False), result.stderr)

    def test_a_machine_with_too_many_processes_is_9(self):
        # The limit is of a user, and root has none. What looks for leaks would need a process, too.
        self.tmp.chmod(0o777)
        somebody = ['setpriv', '--reuid=64321', '--regid=64321', '--clear-groups'] if os.getuid() == 0 else []
        options = f'ASAN_OPTIONS={os.environ.get("ASAN_OPTIONS", "")}:detect_leaks=0'
        result = self.dpxdt('worker', '--allow-private', '--browser', '/bin/true',
                            argv0=['env', options, *somebody, 'prlimit', '--nproc=1', *self.copy_of_dpxdt()])
        self.assertEqual(result.stderr, 'dpxdt worker: cannot run /bin/true: Resource temporarily unavailable\n')
        self.assertEqual(result.returncode, 9)

    def test_systemd_tries_again_what_may_pass_and_nothing_else(self):
        for unit, final in ('dpxdt-server.service', {2, 3, 7, 8}), ('dpxdt-worker@.service', {2, 3}):
            text = (ROOT / f'systemd/{unit}.in').read_text()
            self.assertEqual({*map(int, re.search('(?m)^RestartPreventExitStatus=(.*)$', text)[1].split())}, final)
            self.assertRegex(text, '(?m)^Restart=on-failure$')


if __name__ == '__main__':
    harness.main()
