"""docs/operations.md and examples/deploy/ against the program: commands, options, settings, variables, metrics and limits that they
name are there, and what they set is accepted."""
import json
import math
import os
import pathlib
import re
import shutil
import subprocess

import yaml

import harness
import under_profile
from harness import dpxdt
from serving import Client, Process, ServerTestCase
from test_manual import MAN, ROOT, commands, options, section

GUIDE = (ROOT / 'docs' / 'operations.md').read_text()
DEPLOY = ROOT / 'examples' / 'deploy'
FILES = {path.name: path.read_text() for path in DEPLOY.iterdir()}
EVERYTHING = {'operations.md': GUIDE, **FILES}


def documents(name):
    return list(yaml.safe_load_all(FILES[name]))


def command_lines():
    """(file, words behind dpxdt) of each command line that is shown."""
    names = '|'.join(map(re.escape, commands()))
    for name, text in EVERYTHING.items():
        text = text.replace('\\\n', ' ')
        for line in re.findall(rf'\bdpxdt ((?:{names})(?: [^\n`|#;&()>]*)?)', text):
            yield name, re.split(' {2,}', line)[0].split()  # behind two blanks begins a comment


def pods():
    """(name, what a pod is made of) of each in kubernetes.yaml"""
    for it in documents('kubernetes.yaml'):
        spec = it.get('spec', {})
        spec = spec.get('jobTemplate', {}).get('spec', spec)
        if 'template' in spec:
            yield it['metadata']['name'], spec['template']['spec']


class Words(harness.TestCase):

    def test_every_option_of_every_command_line_is_there(self):
        n = 0
        for file, (command, *words) in command_lines():
            known = options(command)
            for word in words:
                if word.startswith('--'):
                    name, equals, _ = word.partition('=')
                    self.assertIn(name, known, f'{file}: dpxdt {command} {" ".join(words)}')
                    self.assertFalse(equals and not known[name], f'{file}: {word}')
                    n += 1
        self.assertGreater(n, 10)

    def test_every_option_that_is_named_is_some_command_s(self):
        known = {name for command in commands() for name in options(command)}
        for file, text in EVERYTHING.items():
            for name in re.findall(r'`(--[a-z-]+)', text):
                self.assertIn(name, known, file)

    def test_every_variable_is_an_option_s_or_in_the_manual(self):
        known = {'DPXDT_' + name[2:].upper().replace('-', '_') for command in ('server', 'worker')
                 for name in options(command)}
        for page in MAN.glob('*.scd'):
            known |= set(re.findall(r'(?:^|, )\*(DPXDT_\w+)\*', page.read_text(), re.M))
        for file, text in EVERYTHING.items():
            found = set(re.findall(r'\bDPXDT_[A-Z_]+\b', text))
            self.assertEqual(found - known, set(), file)

    def test_every_exit_status_is_in_the_guide(self):
        listed = re.findall(r'^\*(\d)\*', section('dpxdt-server.1.scd', 'EXIT STATUS'), re.M)
        told = re.findall(r'^\| (\d) \|', GUIDE, re.M)
        self.assertEqual(told, [status for status in listed if status != '0'])

    def test_limits_that_can_be_set_are_as_help_says(self):
        rows = re.findall(r'^\|[^|]*\| ([^|]*) \| `(--[a-z-]+)`(?:, ([\w-]+))? \|', GUIDE, re.M)
        self.assertGreater(len(rows), 8)
        for value, option, command in rows:
            text = dpxdt(command or 'server', '--help').stdout
            told = re.search(rf'{option}=\S+ .*\(default: ([^;,)]*)', text)
            self.assertTrue(told, f'{command or "server"} {option}')
            self.assertEqual(value.split()[0].replace(',', ''), told[1], option)


class Limits(harness.TestCase):
    """Those in the guide against the program's constants: what a row begins with, its numbers in the constants' units."""

    ROWS = {
        'an invitation': [('store/owner.h', 'INVITATION_MS', 24 * 3600 * 1000)],
        'a session': [('auth/session.h', 'SESSION_IDLE_MS', 24 * 3600 * 1000),
                      ('auth/session.h', 'SESSION_MOST_MS', 24 * 3600 * 1000)],
        'a login, until': [('auth/login.h', 'LOGIN_MOST_MS', 60 * 1000)],
        'making keys and inviting': [('auth/session.h', 'SESSION_FRESH_MS', 3600 * 1000)],
        'what the login service answers': [('auth/http_json.c', 'TIMEOUT_MS', 1000),
                                           ('auth/http_json.c', 'MOST_BYTES', 1 << 20)],
        'fields and files': [('http/form.c', name, unit) for name, unit in
                             (('MOST_FIELDS', 1), ('MOST_FILES', 1), ('MOST_RAW_BYTES', 1 << 20))],
        'connections of clients': [('http/server.c', 'MOST_CONNECTIONS', 1)],
        'streams of events': [('web/web.c', 'MOST_STREAMS', 1), ('web/web.c', 'MOST_STREAMS_EACH', 1)],
        'wrong keys': [('api/api.c', 'WRONG_KEYS_AT_ONCE', 1), ('api/api.c', 'WRONG_KEYS_A_MINUTE', 1)],
        'uploads of one key': [('api/api.c', 'UPLOADS_AT_ONCE', 1), ('api/api.c', 'UPLOADS_A_MINUTE', 1)],
        'logins from one address': [('web/web.c', 'LOGINS_AT_ONCE', 1), ('web/web.c', 'LOGINS_A_MINUTE', 1)],
        'invitations of one person': [('web/web.c', 'INVITATIONS_AT_ONCE', 1), ('web/web.c', 'INVITATIONS_A_MINUTE', 1)],
        'attempts at a task': [('queue/queue.h', 'QUEUE_MAX_ATTEMPTS', 1)],
        'releases that `dpxdt gc': [('store/gc.h', 'GC_MOST_LISTED', 1)],
        'names of builds': [('store/store.h', 'STORE_MOST_NAME', 1)],
        'an address': [('store/store.h', 'STORE_MOST_URL', 1)],
        'token of': [('web/settings.c', 'MOST_TOKEN', 1)],
        'on one page': [('web/home.c', 'BUILDS_ON_PAGE', 1), ('web/build.c', 'RELEASES_ON_PAGE', 1),
                        ('web/activity.c', 'ENTRIES_ON_PAGE', 1), ('web/keys.c', 'MOST_KEYS', 1)],
        'keys that': [('cmd/api_key.c', 'MOST_LISTED', 1)],
        'a log or config': [('web/text.c', 'MOST_SHOWN', 1 << 10)],
        'a config that': [('store/artifact.c', 'MOST_SECRET_BYTES', 1 << 20)],
        'an object in S3': [('blob/s3.c', 'MAX_OBJECT_BYTES', 1 << 30), ('blob/s3.c', 'STALL_S', 1),
                            ('blob/s3.c', 'MOST_TRIES', 1)],
        'waiting for a connection': [('db/db.c', 'TAKE_TIMEOUT_MS', 1000)],
        'mail: recipients': [('mail/message.c', 'MAX_RECIPIENTS', 1), ('mail/message.c', 'MAX_BYTES', 1 << 20),
                             ('mail/ready.h', 'READY_MOST_LISTED', 1), ('mail/ready.h', 'READY_MOST_PICTURES', 1)],
        'an answer to a tool': [('client/ask.c', 'TIMEOUT_MS', 1000), ('client/ask.c', 'MOST_TRIES', 1)],
        '`dpxdt site-diff`: a page': [('crawl/visit.c', 'MAX_PAGE_BYTES', 1 << 20),
                                      ('crawl/sitemap.h', 'SITEMAP_MAX_BYTES', 1 << 20),
                                      ('crawl/crawl.c', 'MAX_ADDRESSES', 1)],
        'a list of': [('cmd/tool.c', 'MOST_FILE_BYTES', 1 << 20)],
    }

    def constant(self, file, name):
        text = (ROOT / 'src' / file).read_text()
        value = re.search(rf'\b{name}\b(?: = | )([^,/}}\n]+)', text)[1]
        return math.prod(map(int, re.findall(r'\d+', value.replace('INT64_C', ''))))  # 14 * 24 * 60 * 60 * 1000

    def test_they_are_those_of_the_source(self):
        for begin, constants in self.ROWS.items():
            found = re.findall(rf'^\| {re.escape(begin)}[^|]*\| ([^|]*)', GUIDE, re.M)
            self.assertEqual(len(found), 1, begin)
            numbers = [int(it.replace(',', '')) for it in re.findall(r'\d+(?:,\d{3})*', found[0])]
            self.assertEqual(numbers, [self.constant(file, name) / unit for file, name, unit in constants], begin)

    def test_of_releases_that_are_kept_it_is_the_highest(self):
        self.assertEqual(re.search(r'^\| releases that a build keeps.* 1 to ([\d,]+) ', GUIDE, re.M)[1].replace(',', ''),
                         str(self.constant('store/build.h', 'BUILD_MOST_KEPT')))


class Settings(harness.TestCase):

    def accepted(self, *args, env=None):
        result = dpxdt(*args, '--print-config', cwd=self.folder, env=env)
        self.assertEqual((result.returncode, result.stderr), (0, ''), f'{args} {env}')

    def test_those_in_the_guide_are_accepted(self):
        blocks = re.findall(r'^(?: {4,}[a-z][a-z-]* = .*\n)+', GUIDE, re.M)
        self.assertGreater(len(blocks), 2)
        for block in blocks:
            file = self.write('dpxdt.conf', re.sub('^ +', '', block, flags=re.M))
            command = 'worker' if 'release-server-prefix' in block else 'server'
            self.accepted(command, '--config', file, env={'DPXDT_OIDC_CLIENT_SECRET': 'x', 'DPXDT_SMTP_PASSWORD': 'x'})

    def test_those_of_kubernetes_are_accepted(self):
        settings = next(it for it in documents('kubernetes.yaml') if it['kind'] == 'ConfigMap')['data']['dpxdt.conf']
        self.accepted('server', '--config', self.write('dpxdt.conf', settings), env={'DPXDT_OIDC_CLIENT_SECRET': 'x'})
        for name, pod in pods():
            for container in pod['containers']:
                env = {it['name']: it['value'] for it in container.get('env', [])}
                self.assertIn(container['args'][0], commands(), name)
                if container['args'][0] in ('server', 'worker'):
                    self.accepted(*container['args'], env=env)

    def test_those_of_the_containers_are_accepted(self):
        for name, service in documents('compose.yaml')[0]['services'].items():
            if name in ('server', 'worker'):
                env = {key: re.sub(r'\$\{(\w+)\}', lambda it: {'PUBLIC_URL': 'http://localhost:5000', 'WORKER_SANDBOX': 'required'}
                                   .get(it[1], 'x'), value) for key, value in service['environment'].items()}
                self.accepted(name, env=env)


class Deployments(harness.TestCase):

    def test_what_is_asked_of_the_env_file_is_said_in_its_head(self):
        text = FILES['compose.yaml']
        said = set(re.findall(r'^#     ([A-Z_]+)=', text, re.M))
        self.assertEqual(set(re.findall(r'\$\{(\w+)\}', text)), said)

    def test_pods_are_not_root_have_no_variables_of_others_and_are_given_time_to_end(self):
        user = int(re.search(r'--uid (\d+)', FILES['Containerfile'])[1])
        self.assertEqual(re.findall(r'^USER (\d+):', FILES['Containerfile'], re.M), [str(user)] * 2)
        found = dict(pods())
        self.assertEqual(sorted(found), ['dpxdt-gc', 'dpxdt-migrate', 'dpxdt-server', 'dpxdt-worker'])
        for name, pod in found.items():
            self.assertIs(pod['enableServiceLinks'], False, name)
            self.assertGreater(pod['terminationGracePeriodSeconds'], 30, name)
            self.assertEqual((pod['securityContext']['runAsNonRoot'], pod['securityContext']['runAsUser']), (True, user), name)

    def test_no_service_is_called_so_that_its_variables_are_our_settings(self):
        names = [it['metadata']['name'] for it in documents('kubernetes.yaml') if it['kind'] == 'Service']
        self.assertEqual(names, ['screenshots', 'nobody'])
        self.assertNotEqual(dpxdt('server', '--print-config', env={'DPXDT_PORT': 'tcp://10.0.0.1:80'}).returncode, 0)

    def led_to(self, path):
        """-> the Service to which an Ingress passes a path on, as networking.k8s.io/v1 has it: an Exact one goes first"""
        rules = [(it['pathType'], it['path'], it['backend']['service']['name'])
                 for ingress in documents('kubernetes.yaml') if ingress['kind'] == 'Ingress'
                 for rule in ingress['spec']['rules'] for it in rule['http']['paths']]
        exact = [service for kind, of, service in rules if kind == 'Exact' and of == path]
        prefix = [service for kind, of, service in rules if kind == 'Prefix' and path.startswith(of)]
        return (exact + prefix)[0]

    def test_metrics_are_not_for_who_comes_by_the_ingress(self):
        services = {it['metadata']['name']: it['spec'] for it in documents('kubernetes.yaml') if it['kind'] == 'Service'}
        self.assertEqual(self.led_to('/api/list_runs'), 'screenshots')
        self.assertEqual(self.led_to('/readyz'), 'screenshots')
        self.assertNotIn('selector', services[self.led_to('/metrics')])
        self.assertIn('/metrics', GUIDE[GUIDE.index('of another one see that it'):GUIDE.index('A server that is told to end')])

    def test_what_is_named_in_kubernetes_is_there(self):
        made = {(it['kind'], it['metadata']['name']) for it in documents('kubernetes.yaml')}
        for name, pod in pods():
            for volume in pod['volumes']:
                if 'configMap' in volume:
                    self.assertIn(('ConfigMap', volume['configMap']['name']), made)
            mounted = {it['name'] for container in pod['containers'] for it in container['volumeMounts']}
            self.assertEqual(mounted, {it['name'] for it in pod['volumes']}, name)
        secrets = set(re.findall(r'secretRef: \{name: ([\w-]+)\}', FILES['kubernetes.yaml']))
        self.assertEqual(secrets, set(re.findall(r'create secret generic ([\w-]+)', FILES['kubernetes.yaml'])))


class Profile(ServerTestCase):
    """seccomp.json, which lets a container's worker have the browser's sandbox."""

    PYTHON = '/usr/bin/python3'  # of the system: it has libseccomp, and everybody may run it
    CALLS = ('clone', 'unshare', 'chroot')

    def setUp(self):
        super().setUp()
        self.told = json.loads(FILES['seccomp.json'])
        nobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] if os.getuid() == 0 else []
        self.user = [*nobody, 'env', f'TMPDIR={self.folder / "tmp"}', f'HOME={self.folder / "tmp"}']
        (self.folder / 'tmp').mkdir()
        (self.folder / 'tmp').chmod(0o777)
        self.program = pathlib.Path(shutil.copy(os.environ['DPXDT'], self.folder))
        tried = subprocess.run([*self.user, 'unshare', '--user', 'true'], capture_output=True)
        self.has_namespaces = tried.returncode == 0
        self.running_server = self.server('--allow-private')
        self.key = self.new_key()

    def contained(self, told):
        """A worker in all of a container that counts here: the profile, and no capabilities."""
        profile = self.write('profile.json', json.dumps(told))
        script = shutil.copy(under_profile.__file__, self.folder)
        sandbox = 'required' if self.has_namespaces else 'preferred'  # none in a chroot, whatever a profile says
        return self.start(Process('worker', '--release-server-prefix', self.running_server.prefix, '--sandbox', sandbox,
                                  '--release-client-id', self.key[0], '--release-client-secret', self.key[1], '--allow-private',
                                  words=[*self.user, self.PYTHON, script, profile, self.program]))

    def test_a_worker_without_capabilities_captures_under_it_with_the_sandbox(self):
        site = harness.Site({'/': '<body style="background: white">hello'})
        self.addCleanup(site.close)
        worker = self.contained(self.told)
        worker.wait_for('event=started')
        printed = self.command('site-diff', '--release-server-prefix', self.running_server.prefix, '--upload-build-id',
                               self.new_build(), '--wait', site.url + '/', '--release-client-id', self.key[0],
                               '--release-client-secret', self.key[1])
        self.assertIn('0 different, 0 failed, 0 the same, 1 new', printed)
        status = pathlib.Path(f'/proc/{worker.process.pid}/status').read_text()
        for line in 'CapEff:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2':
            self.assertIn(line, status)
        self.assertEqual(any('without its sandbox' in line for line in worker.lines if line), not self.has_namespaces)

    def test_the_call_that_podman_s_own_profile_lacks_is_what_it_takes(self):
        for rule in self.told['syscalls']:
            if set(rule['names']) == set(self.CALLS):
                rule['names'].remove('chroot')
        self.told['syscalls'].append({'names': ['chroot'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1})
        worker = self.contained(self.told)
        worker.wait_for('did not start.*it said' if self.has_namespaces else 'without its sandbox')

    def test_it_allows_three_calls_and_no_other_of_those_that_need_a_capability(self):
        allowed = [rule for rule in self.told['syscalls'] if rule['action'] == 'SCMP_ACT_ALLOW']
        for call in self.CALLS:
            self.assertEqual([rule for rule in self.told['syscalls'] if call in rule['names']], allowed[-1:], call)
        free = {name for rule in allowed if under_profile.holds(rule, 'amd64') for name in rule['names']}
        self.assertEqual(free & {'bpf', 'init_module', 'kexec_load', 'open_by_handle_at', 'perf_event_open'}, set())


class Watching(ServerTestCase):

    def test_metrics_of_the_guide_and_of_alerts_are_those_of_the_server(self):
        client = Client(self.server().port)
        client.ask('GET', '/healthz')
        _, _, text = client.ask('GET', '/metrics')
        there = set(re.findall(r'^# TYPE (dpxdt_\w+)', text.decode(), re.M))
        rules = [rule for group in documents('alerts.yaml')[0]['groups'] for rule in group['rules']]
        asked = {name for rule in rules for name in re.findall(r'\bdpxdt_\w+', rule['expr'])}
        self.assertEqual(asked - there, set())
        told = set(re.findall(r'^\| `(dpxdt_\w+)', GUIDE, re.M))
        self.assertEqual(told, there)
        for queues in re.findall('queue=~"(.*?)"', FILES['alerts.yaml']):
            for queue in queues.split('|'):
                self.assertIn(f'queue="{queue}"', text.decode())

    def test_probes_ask_for_what_is_answered(self):
        client = Client(self.server().port)
        container = dict(pods())['dpxdt-server']['containers'][0]
        for probe in 'readinessProbe', 'livenessProbe':
            self.assertEqual(client.ask('GET', container[probe]['httpGet']['path'])[0], 200)


if __name__ == '__main__':
    harness.main()
