"""The server, its workers and the tools, each in a process of its own, over real HTTP with a real browser."""
import base64
import concurrent.futures
import contextlib
import json
import re
import select
import socket
import sqlite3
import time
import urllib.parse

import harness
from harness import Picture, Site
import serving
from serving import Client, ServerTestCase

RED, BLUE = Picture(40, 30, (255, 0, 0, 255)).png(), Picture(40, 30, (0, 0, 255, 255)).png()


def quote(value):
    return urllib.parse.quote_plus(str(value).encode('utf-8', 'surrogatepass'))


class Life(ServerTestCase):

    def setUp(self):
        super().setUp()
        self.build = self.new_build()
        self.it = self.server()
        self.client = Client(self.it.port, self.new_key(self.build))

    def begin(self, name='r'):
        return {'build_id': self.build, 'release_name': name,
                'release_number': self.client.post('create_release', build_id=self.build,
                                                   release_name=name)['release_number']}

    def status(self, release):
        return self.client.post('release_status', **release)['status']

    def report(self, release, picture, name='/', **more):
        image = self.client.upload(self.build, 'a.png', picture)
        self.client.post('report_run', **release, run_name=name, image=image, **more)
        return image

    def test_a_release_by_hand_becomes_the_baseline_of_the_next(self):
        first = self.begin()
        image = self.report(first, RED)
        self.assertEqual(self.status(first), 'receiving')
        self.client.post('find_run', 400, build_id=self.build, run_name='/')
        self.client.post('runs_done', **first)
        self.assertEqual(self.status(first), 'reviewing')
        self.client.post('decide_release', **first, status='good')
        found = self.client.post('find_run', build_id=self.build, run_name='/')
        self.assertEqual((found['image'], found['release_number']), (image, 1))

        second = self.begin()
        self.assertEqual(second['release_number'], 2)
        self.report(second, BLUE, ref_image=image)
        self.client.post('runs_done', **second)
        self.assertEqual(self.status(second), 'processing')
        self.worker(self.it, self.new_key(), '--capture-threads', 0)
        state = self.client.post('release_status', **second, wait=60)
        self.assertEqual((state['status'], state['different']), ('reviewing', 1))
        run = self.client.post('list_runs', **second)['runs'][0]
        self.assertEqual(run['status'], 'diff_found')
        self.assertGreater(run['distortion'], 0.3)
        self.assertTrue(self.client.download(self.build, run['diff_image']).startswith(b'\x89PNG'))
        self.client.post('decide_run', **second, run_name='/', decision='approve')
        self.assertEqual(self.client.post('list_runs', **second)['runs'][0]['status'], 'diff_approved')

    def test_a_report_may_leave_it_to_the_server_what_to_compare_with(self):
        first = self.begin()
        image = self.report(first, RED, url='http://a/', baseline='auto')
        self.client.post('runs_done', **first)
        self.client.post('decide_release', **first, status='good')
        second = self.begin()
        self.report(second, BLUE, baseline='auto')
        self.report(second, BLUE, name='/new', baseline='auto')
        own = self.report(second, RED, name='/own')
        self.report(second, BLUE, name='/own', ref_image=own, baseline='auto')
        runs = {run['run_name']: run for run in self.client.post('list_runs', **second)['runs']}
        self.assertEqual([(runs[name]['ref_image'], runs[name]['ref_url']) for name in ('/', '/new', '/own')],
                         [(image, 'http://a/'), (None, None), (own, None)])
        answer = self.client.post('report_run', 400, **second, run_name='/', baseline='newest')
        self.assertEqual(answer['error'], 'baseline must be auto, not newest')

    def test_a_report_as_curl_sends_it(self):
        """curl -F sends a form with parts, and no file among them."""
        release = self.begin('2013-06-16 17:35:03.327710')
        log = self.client.upload(self.build, 'log.txt', b'fine')
        fields = {**release, 'run_name': '/static/dummy/dummy_page1.html', 'log': log}
        body = ''.join(f'--xyzzy\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
                       for key, value in fields.items()) + '--xyzzy--\r\n'
        send = lambda text: self.client.ask('POST', '/api/report_run', text.encode(),
                                            {'Content-Type': 'multipart/form-data; boundary=xyzzy'})
        status, _, answer = send(body)
        self.assertEqual((status, json.loads(answer)), (200, {'success': True}))
        status, _, answer = send(body.replace(log, '906d3259c103f6fcba4e8164a4dc3ae0d1a685d9'))
        self.assertEqual(status, 400)
        self.assertIn('has no file 906d3259c103f6fcba4e8164a4dc3ae0d1a685d9', json.loads(answer)['error'])

    def test_a_comparison_that_was_overtaken_says_nothing_of_the_new_picture(self):
        release, worker = self.begin(), Client(self.it.port, self.new_key())
        reference = self.client.upload(self.build, 'ref.png', b'reference')
        self.report(release, RED, ref_image=reference)
        task = worker.post('work_queue/run-pdiff/lease')['tasks'][0]
        self.report(release, BLUE)
        diff = self.client.upload(self.build, 'diff.png', b'difference')
        worker.post('report_run', **release, run_name='/', diff_image=diff, queue_name='run-pdiff',
                    task_id=task['task_id'], lease_id=task['lease_id'])
        run = self.client.post('list_runs', **release)['runs'][0]
        self.assertEqual((run['status'], run['diff_image']), ('needs_diff', None))

    def test_a_comparison_without_a_lease_is_not_of_a_pair_that_nobody_was_given(self):
        """As workers of old report."""
        release, worker = self.begin(), Client(self.it.port, self.new_key())
        reference = self.client.upload(self.build, 'ref.png', b'reference')
        self.report(release, RED, ref_image=reference)
        worker.post('work_queue/run-pdiff/lease')
        self.report(release, BLUE)
        log = self.client.upload(self.build, 'log.txt', b'the same')
        status = lambda: self.client.post('list_runs', **release)['runs'][0]['status']
        worker.post('report_run', **release, run_name='/', diff_log=log)
        self.assertEqual(status(), 'needs_diff')
        worker.post('work_queue/run-pdiff/lease')
        worker.post('report_run', **release, run_name='/', diff_log=log)
        self.assertEqual(status(), 'diff_not_found')

    def test_a_key_does_not_learn_which_tasks_others_have(self):
        other, release = self.new_build('theirs'), self.begin()
        them, worker = Client(self.it.port, self.new_key(other)), Client(self.it.port, self.new_key())
        them.post('create_release', build_id=other, release_name='r')
        image = them.upload(other, 'a.png', RED)
        them.post('report_run', build_id=other, release_name='r', release_number=1, run_name='/', image=image,
                  ref_image=them.upload(other, 'b.png', BLUE))
        task = worker.post('work_queue/run-pdiff/lease')['tasks'][0]['task_id']
        told = [self.client.post('report_run', 400, **release, run_name='/', queue_name='run-pdiff', task_id=name,
                                 lease_id='1')['error'].replace(name, 'X') for name in (task, 'none')]
        self.assertEqual(told[0], told[1])

    def test_what_was_canceled_has_failed_when_a_decision_is_taken_back(self):
        release = self.begin()
        self.report(release, RED, ref_image=self.client.upload(self.build, 'b.png', BLUE))
        self.client.post('decide_release', **release, status='bad')
        state = self.client.post('decide_release', **release, status='reviewing')
        self.assertEqual((state['pending'], state['failed'], state['status']), (0, 1, 'reviewing'))

    def test_a_page_that_is_asked_for_anew_is_captured_as_it_was_asked_for_last(self):
        server = self.start(serving.Server('--data', self.folder / 'other', '--ignore-auth', '--allow-private', env=self.env))
        self.command('build', 'create', '--data', self.folder / 'other', '--name', 'x')
        client = Client(server.port)
        client.post('create_release', build_id=1, release_name='r')
        release = {'build_id': 1, 'release_name': 'r', 'release_number': 1}
        ask = lambda url, config: client.post('request_run', **release, run_name='/', url=url, config=config,
                                              ref_url='http://x/before', ref_config='{}')['config']
        ask('http://x/old', '{}')
        lease = client.post('work_queue/capture/lease')['tasks'][0]
        ask('http://x/new', '{}')
        last = ask('http://x/new', '{"injectCss": "b {}"}')
        client.post('report_run', **release, run_name='/', run_failed='yes', queue_name='capture',
                    task_id=lease['task_id'], lease_id=lease['lease_id'])
        tasks = client.post('work_queue/capture/lease', count=9)['tasks']
        self.assertEqual(sorted((task['payload']['url'], task['payload']['baseline']) for task in tasks),
                         [('http://x/before', True), ('http://x/new', False)])
        self.assertIn(last, [task['payload']['config_sha1sum'] for task in tasks])

    def test_who_has_gone_is_given_no_task(self):
        key = self.new_key()
        with socket.create_connection(('127.0.0.1', self.it.port)) as peer:
            body = 'count=1&wait=50'
            secret = base64.b64encode(':'.join(key).encode()).decode()
            peer.sendall(f'POST /api/work_queue/x/lease HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {secret}\r\nContent-Type: '
                         f'application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}'.encode())
            self.assertEqual(select.select([peer], [], [], 0.5)[0], [])  # it waits
        worker = Client(self.it.port, key)
        worker.post('work_queue/x/add', payload='a', task_id='a')
        self.assertEqual([task['lease_attempts'] for task in worker.post('work_queue/x/lease', wait=5)['tasks']], [1])

    def test_a_name_is_the_same_however_it_is_composed(self):
        release = self.begin('Cafe\u0301')
        self.report(release, RED, name='\u00e9t\u00e9')
        self.client.post('runs_done', **{**release, 'release_name': 'Caf\u00e9'})
        self.client.post('decide_release', **release, status='good')
        self.assertTrue(self.client.post('find_run', build_id=self.build, run_name='e\u0301te\u0301')['image'])

    def test_what_nobody_has_a_key_for_costs_little(self):
        anybody = Client(self.it.port)
        parts = ''.join(f'--xyzzy\r\nContent-Disposition: form-data; name="f"; filename="{i}"\r\n\r\nx\r\n' for i in range(50))
        status, _, answer = anybody.ask('POST', '/api/upload', (parts + '--xyzzy--\r\n').encode(),
                                        {'Content-Type': 'multipart/form-data; boundary=xyzzy'})
        self.assertEqual((status, json.loads(answer)['error']), (400, 'the form has more than 8 files'))
        status, _, answer = anybody.ask('POST', '/api/create_release', b'x' * (2 << 20), {'Content-Type': 'text/plain'})
        self.assertEqual(status, 413)
        status, _, answer = anybody.ask('POST', '/api/request_run', b'url=http%3A%2F%2Flocalhost%2F&build_id=1',
                                        {'Content-Type': 'application/x-www-form-urlencoded'})
        self.assertEqual((status, json.loads(answer)['error']), (401, 'API key required'))

    def half_an_upload(self, path, key):
        """-> how many files it makes while it comes"""
        login = f'Authorization: Basic {base64.b64encode(":".join(key).encode()).decode()}\r\n' if key else ''
        half = b'--xyzzy\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b'x' * (1 << 20)
        with socket.create_connection(('127.0.0.1', self.it.port)) as peer:
            peer.sendall(f'POST {path} HTTP/1.1\r\nHost: localhost\r\n{login}Content-Type: multipart/form-data; boundary=xyzzy\r\n'
                         f'Content-Length: {len(half) * 2}\r\n\r\n'.encode() + half)
            deadline = time.monotonic() + 2
            while not (n := len(list((self.folder / 'data/blobs/new').iterdir()))) and time.monotonic() < deadline:
                time.sleep(0.02)
        return n

    def test_nothing_is_kept_of_what_a_stranger_sends(self):
        path = f'/api/upload?build_id={self.build}'
        self.assertEqual(self.half_an_upload(path, None), 0)
        self.assertEqual(self.half_an_upload(path, ('nobody', 'secret')), 0)
        self.assertEqual(self.half_an_upload('/nothing', self.client.key), 0)
        self.assertEqual(self.half_an_upload('/api/create_release', self.client.key), 0)
        self.assertEqual(self.half_an_upload(path, self.client.key), 1)
        self.assertEqual(Client(self.it.port).upload(self.build, 'a.png', RED, 401)['error'], 'API key required')

    def test_a_closed_release_takes_no_report(self):
        release = self.begin()
        self.report(release, RED)
        self.client.post('runs_done', **release)
        self.client.post('decide_release', **release, status='bad')
        answer = self.client.post('report_run', 409, **release, run_name='/')
        self.assertIn('release is closed', answer['error'])
        self.client.post('runs_done', **release)
        self.assertEqual(self.status(release), 'bad')

    def test_fifty_at_once_get_fifty_numbers_and_one_run(self):
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            numbers = list(pool.map(lambda _: self.begin('many')['release_number'], range(50)))
            self.assertEqual(sorted(numbers), list(range(1, 51)))
            release = self.begin('one')
            list(pool.map(lambda _: self.client.post('report_run', **release, run_name='page', url='http://x/'),
                          range(50)))
        self.assertEqual(len(self.client.post('list_runs', **release)['runs']), 1)

    def test_nothing_that_is_asked_is_answered_with_500(self):
        release = self.begin()
        names = ['create_release', 'find_run', 'request_run', 'upload', 'report_run', 'runs_done', 'release_status',
                 'list_runs', 'decide_release', 'decide_run', 'work_queue/capture/lease', 'work_queue/x/finish',
                 'work_queue/%00/add', 'work_queue/x/heartbeat', 'work_queue/x/give_back']
        values = ['', '0', '-1', '1e9', '99999999999999999999', 'x', '\0', 'a\x07b', '\ud800', 'é' * 5000, '{}', '[1]',
                  '{"a":', "' OR 1=1 --", '../../etc/passwd', '%s%n']
        superuser = Client(self.it.port, self.new_key())
        for name in names:
            for value in values:
                for field in ['build_id', 'release_name', 'release_number', 'run_name', 'url', 'config', 'image',
                              'task_id', 'payload', 'count', 'wait' if value != '1e9' else 'owner', 'distortion']:
                    fields = {**release, 'run_name': 'a', 'url': 'http://example.invalid/', field: value}
                    if name.endswith('lease'):
                        fields['wait'] = 0
                    body = '&'.join(f'{k}={quote(v)}' for k, v in fields.items())
                    status, headers, answer = superuser.ask('POST', f'/api/{name}', body, {
                        'Content-Type': 'application/x-www-form-urlencoded'})
                    self.assertLess(status, 500, f'{name} {field}={value!r}: {answer}')
                    if status != 200:
                        self.assertTrue(json.loads(answer)['error'])

    def test_what_is_wrong_with_an_upload_is_said(self):
        self.assertIn('exactly one', self.post_raw(b'--xyzzy--\r\n', 400))
        whole = (b'--xyzzy\r\nContent-Disposition: form-data; name="build_id"\r\n\r\n%d\r\n--xyzzy\r\nContent-Disposition: '
                 b'form-data; name="file"; filename="a.png"\r\n\r\nabc\r\n--xyzzy--\r\n' % self.build)
        self.post_raw(whole, 200)
        self.post_raw(whole[:-8], 400)
        two = whole.replace(b'--xyzzy--', b'--xyzzy\r\nContent-Disposition: form-data; name="b"; filename="b"\r\n\r\nb\r\n--xyzzy--')
        self.assertIn('exactly one', self.post_raw(two, 400))
        self.client.upload(self.build, 'big.png', b'x' * (17 << 20), 413)

    def post_raw(self, body, expected):
        status, _, answer = self.client.ask('POST', f'/api/upload?build_id={self.build}', body,
                                            {'Content-Type': 'multipart/form-data; boundary=xyzzy'})
        self.assertEqual(status, expected, answer)
        return json.loads(answer).get('error', '')

    def test_a_private_address_is_not_captured(self):
        release = self.begin()
        for url in ['http://127.0.0.1/', 'http://localhost:5000/', 'http://10.1.2.3/', 'http://[::1]/',
                    'http://169.254.169.254/latest/meta-data/', 'http://2130706433/', 'http://0x7f.1/',
                    'http://[::ffff:10.0.0.1]/', 'file:///etc/passwd', 'javascript:alert(1)', 'x']:
            answer = self.client.post('request_run', 400, **release, run_name='a', url=url)
            self.assertRegex(answer['error'], '^url: .*(private address|no http or https address)')
        self.assertEqual(self.client.post('list_runs', **release)['runs'], [])

    def test_health_readiness_and_metrics_need_no_key(self):
        anybody = Client(self.it.port)
        self.assertEqual(anybody.ask('GET', '/healthz')[0], 200)
        self.assertEqual(anybody.ask('GET', '/readyz')[0], 200)
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db')) as database, database:
            database.execute('INSERT INTO dpxdt_schema SELECT MAX(version) + 1 FROM dpxdt_schema')
        self.assertEqual(anybody.ask('GET', '/readyz')[::2], (503, b'the database has tables of another version\n'))
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db')) as database, database:
            database.execute('DELETE FROM dpxdt_schema WHERE version = (SELECT MAX(version) FROM dpxdt_schema)')
        self.assertEqual(anybody.ask('GET', '/readyz')[::2], (200, b'ready\n'))
        status, headers, text = anybody.ask('GET', '/metrics')
        self.assertEqual((status, headers['Content-Type']), (200, 'text/plain; version=0.0.4; charset=utf-8'))
        for line in text.decode().splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) dpxdt_\w+ .+|dpxdt_\w+(\{[^}]+\})? [0-9.]+)$')
        for queue in 'capture', 'run-pdiff', 'mail', 'webhook', 'commit-status':
            self.assertIn(f'dpxdt_tasks{{queue="{queue}",state="waiting"}} 0', text.decode())
            self.assertIn(f'dpxdt_oldest_task_seconds{{queue="{queue}"}} 0', text.decode())

    def test_requests_that_have_come_are_answered_when_it_ends(self):
        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            waiting = pool.submit(Client(self.it.port, self.new_key()).post, 'work_queue/capture/lease', wait=60)
            answers = [pool.submit(self.begin, f'r{i}') for i in range(8)]
            for answer in answers:
                answer.result()
            self.assertEqual(self.it.stop(), 0)
            self.assertEqual(waiting.result(), {'tasks': []})
        self.it.wait_for('event=stopped unanswered=none')

    def test_each_request_has_a_line_with_an_id(self):
        self.begin('a name')
        line = self.it.wait_for('event=request .*create_release.*')[0]
        self.assertRegex(line, r'id=[0-9a-f]{16} address=127.0.0.1 method=POST .* status=200 ')
        self.assertNotIn(self.client.key[1], '\n'.join(line for line in self.it.lines if line))


class Settings(ServerTestCase):

    def test_what_is_wrong_is_said_before_anything_starts(self):
        for args, words in [(['--port', '70000'], '--port must be from 0 to 65535'),
                            (['--host', 'nowhere'], '--host must be an IPv4 address of this machine, .*, not nowhere'),
                            (['--ignore-auth', '--host', '0.0.0.0'], 'say --ignore-auth-anywhere'),
                            (['--log-format', 'xml'], '--log-format must be logfmt or json'),
                            (['--database', 'oracle://x'], 'oracle...: sqlite:, postgresql:// or mysql:// is expected'),
                            (['--database', 'postgresql://nobody@127.0.0.1:1/x'], '(?i)connection refused'),
                            (['--capture-threads', '999', '--enable-queue-workers'], '--capture-threads must be from'),
                            (['--max-request', '0'], '--max-request must be from 1'), (['extra'], 'too much')]:
            with self.subTest(args):
                result = harness.dpxdt('server', *self.data, '--port', '0', *args, cwd=self.folder)
                self.assertEqual(result.returncode, 4 if 'refused' in words else 2)
                self.assertRegex(result.stderr, words)

    def test_a_port_in_use_is_told_of(self):
        first = self.server()
        result = harness.dpxdt('server', '--data', self.folder / 'other', '--port', first.port)
        self.assertEqual(result.returncode, 9)
        self.assertIn(f'cannot listen on 127.0.0.1:{first.port}: Address already in use', result.stderr)

    def test_json_lines(self):
        server = serving.Process('server', *self.data, '--port', '0', '--log-format', 'json', env=self.env)
        self.start(server)
        server.wait_for('"event":"started"')
        self.assertEqual(json.loads(server.lines[0])['auth'], 'keys')

    def test_a_folder_that_was_mistyped_is_no_empty_server(self):
        for command in (['fsck'], ['build', 'list'], ['api-key', 'list'], ['migrate']):
            result = harness.dpxdt(*command, '--data', self.folder / 'typo')
            self.assertEqual(result.returncode, 2)
            self.assertIn('typo/dpxdt.db is not there', result.stderr)
        self.assertFalse((self.folder / 'typo').exists())

    def test_where_nobody_is_asked_for_a_key_no_other_site_may_use_the_browser(self):
        build = self.new_build()
        it = self.server('--ignore-auth')
        own, form = f'http://127.0.0.1:{it.port}', {'Content-Type': 'application/x-www-form-urlencoded'}
        for headers, expected in [({}, 200), ({'Origin': own, 'Sec-Fetch-Site': 'same-origin'}, 200), ({'Sec-Fetch-Site': 'none'}, 200),
                                  ({'Host': f'localhost:{it.port}'}, 200), ({'Host': 'evil.example'}, 421), ({'Host': 'localhost.evil'}, 421),
                                  ({'Origin': 'https://evil.example'}, 403), ({'Origin': 'null'}, 403), ({'Sec-Fetch-Site': 'cross-site'}, 403),
                                  ({'Origin': f'http://127.0.0.1:{it.port + 1}', 'Sec-Fetch-Site': 'same-site'}, 403)]:
            status, _, answer = Client(it.port).ask('POST', '/api/create_release', f'build_id={build}&release_name=r', {**form, **headers})
            self.assertEqual(status, expected, (headers, answer))
        self.assertEqual(Client(it.port).ask('GET', '/', headers={'Host': 'evil.example'})[0], 421)

    def test_who_guesses_a_secret_is_told_to_wait(self):
        build, port = self.new_build(), self.server().port
        key, other = self.new_key(build), self.new_key(build)
        guesser = Client(port, (key[0], 'wrong'))
        asked = [guesser.ask('POST', f'/api/find_run?build_id={build}&run_name=x')[0] for _ in range(80)]
        self.assertEqual((asked[0], asked[-1]), (403, 429))
        self.assertEqual(Client(port, other).ask('POST', f'/api/find_run?build_id={build}&run_name=x')[0], 400)

    def test_users_are_listed_promoted_and_demoted(self):
        server = self.server('--ignore-auth')
        self.assertEqual(self.command('user', 'list', *self.data), '')
        Client(server.port).ask('GET', '/login')
        listed = 'superuser@example.com\t{}\tanonymous_superuser\n'
        self.assertEqual(self.command('user', 'list', *self.data), listed.format('superuser'))
        self.command('user', 'demote', *self.data, 'Superuser@example.com')
        self.assertEqual(self.command('user', 'list', *self.data), listed.format('user'))
        self.command('user', 'promote', *self.data, 'superuser@example.com')
        self.assertEqual(self.command('user', 'list', *self.data), listed.format('superuser'))
        for wrong in (['promote'], ['promote', 'nobody@example.com'], ['promote', 'zzz'], ['remove', 'x']):
            self.command('user', wrong[0], *self.data, *wrong[1:], expected=2)

    def test_a_password_in_an_address_is_not_shown(self):
        self.new_build()
        server = self.server('--ignore-auth', '--allow-private')
        client = Client(server.port)
        client.post('create_release', build_id=1, release_name='r', url='http://ann:hidden@example.com/')
        client.post('request_run', build_id=1, release_name='r', release_number=1, run_name='/', config='{}',
                    url='http://ann:hidden@example.com/page')
        cookie = client.ask('GET', '/login')[1]['Set-Cookie'].split(';')[0]
        for path in ('/release?id=1&name=r&number=1', '/run?id=1&name=r&number=1&test=/', '/config?id=1&name=r&number=1&test=/&type=after'):
            status, _, page = client.ask('GET', path, headers={'Cookie': cookie})
            self.assertEqual(status, 200)
            self.assertNotIn(b'hidden@', page)
            self.assertIn(b'example.com/', page)

    def test_proxies_that_nobody_can_have_meant_are_refused(self):
        no_block = 'is no address, and no block of addresses as 10.0.0.0/8'
        for proxies, words in [
                ('127.0.0.1,,10.0.0.0/8', 'entry 2 of "127.0.0.1,,10.0.0.0/8" is empty: between commas must be addresses, or blocks of '
                                          'addresses as 10.0.0.0/8'),
                ('127.0.0.1,', 'entry 2 of "127.0.0.1," is empty'), (', ::1', 'entry 1 of ", ::1" is empty'),
                ('::1, 10.1.2.3/8', '10.1.2.3/8 has bits outside of its network: say 10.0.0.0/8'),
                ('10.0.0.0/33', '10.0.0.0/33: what is behind the / must be a number from 0 to 32'),
                ('proxy.example.com', f'"proxy.example.com" {no_block}'), ('::1 10.0.0.0/8', f'"::1 10.0.0.0/8" {no_block}')]:
            for args, env in (['--trusted-proxies', proxies], {}), ([], {'DPXDT_TRUSTED_PROXIES': proxies}):
                with self.subTest(proxies, args=args):
                    result = harness.dpxdt('server', '--port', 0, *self.data, *args, env={**self.env, **env})
                    self.assertEqual(result.returncode, 2)
                    place = 'DPXDT_TRUSTED_PROXIES: ' if env else ''
                    self.assertIn(f'dpxdt server: {place}--trusted-proxies: {words}', result.stderr)

    def test_keys_are_listed_and_revoked(self):
        build = self.new_build()
        key = self.new_key(build)
        client = Client(self.server().port, key)
        client.post('create_release', build_id=build, release_name='a')
        self.assertRegex(self.command('api-key', 'list', *self.data, '--build-id', build), f'{key[0]}\t{key[1][:4]}')
        self.command('api-key', 'revoke', *self.data, key[0])
        client.post('create_release', 403, build_id=build, release_name='a')
        self.command('api-key', 'revoke', *self.data, 'none', expected=2)
        self.command('api-key', 'create', *self.data, expected=2)
        self.command('api-key', 'create', *self.data, '--build-id', 77, expected=2)
        self.command('build', 'create', *self.data, expected=2)
        self.command('build', 'creat', *self.data, '--name', 'x', expected=2)
        self.assertEqual(self.command('build', 'list', *self.data), f'{build}\tprivate\tdemo\n')


class Tools(ServerTestCase):

    def setUp(self):
        super().setUp()
        self.site = Site({'/a.html': '<body style="background: white"><h1>Before</h1>',
                          '/b.html': '<body style="background: white"><h1>After</h1>'})
        self.addCleanup(self.site.close)
        self.build = self.new_build()
        self.it = self.server('--allow-private')
        self.worker(self.it, self.new_key())
        key = self.new_key(self.build)
        self.client = Client(self.it.port, key)
        self.env.update(DPXDT_SERVER_PREFIX=self.it.prefix, DPXDT_CLIENT_ID=key[0], DPXDT_CLIENT_SECRET=key[1])

    def tool(self, name, *args, expected):
        """-> what --json tells"""
        return json.loads(self.command(name, f'--upload_build_id={self.build}', *args, '--wait', '--json',
                                       expected=expected))

    def good(self, told):
        self.client.post('decide_release', build_id=self.build, release_name=told['release_name'],
                         release_number=told['release_number'], status='good')

    def test_pair_diff_of_two_pages(self):
        told = self.tool('pair-diff', self.site.url + '/a.html', self.site.url + '/b.html', expected=1)
        run = told['runs'][0]
        self.assertEqual((told['status'], run['run_name'], run['status']), ('reviewing', '/b.html', 'diff_found'))
        self.assertGreater(run['distortion'], 0)
        self.assertTrue(self.client.download(self.build, run['diff_image']).startswith(b'\x89PNG'))
        thumbnail = self.folder / 'thumbnail.png'
        thumbnail.write_bytes(self.client.download(self.build, run['thumbnail']))
        picture = harness.read_picture(thumbnail)
        self.assertEqual((picture.width, picture.height), (488, 160))
        sides = [{picture[x, y] for x in range(left, left + 240) for y in range(160)} for left in (0, 248)]
        for side in sides:
            self.assertIn((0, 0, 0, 255), side)  # letters
            self.assertIn((255, 255, 255, 255), side)
        self.assertEqual({picture[x, y] for x in range(240, 248) for y in range(160)}, {(0, 0, 0, 0)})
        same = self.tool('pair-diff', self.site.url + '/a.html', self.site.url + '/a.html', expected=0)
        self.assertEqual([run['thumbnail'] for run in same['runs']], [None])
        failed = self.tool('pair-diff', self.site.url + '/a.html', self.site.url + '/none', expected=2)
        self.assertEqual(failed['failed'], 1)

    def test_lines_for_people(self):
        args = ['pair-diff', f'--upload_build_id={self.build}', '--upload_release_name', 'r', '--wait']
        text = self.command(*args, self.site.url + '/a.html', self.site.url + '/b.html', expected=1)
        self.assertRegex(text, r'^Results viewable at: http://127.0.0.1:\d+/release\?id=1&name=r&number=1\n'
                               r'/b.html: different: .* pixels changed in 1 area, .*\n'
                               r'1 different, 0 failed, 0 the same, 0 new; the release is reviewing\n$')
        text = self.command(*args, self.site.url + '/a.html', self.site.url + '/none', expected=2)
        self.assertRegex(text, r'/none: failed: .* answers 404\n')

    def test_site_diff_of_thirty_pages_shows_those_that_changed(self):
        links = ''.join(f'<a href="p{i}.html">{i}</a> ' for i in range(1, 30))
        self.site.pages = {f'/docs/p{i}.html': f'<body style="background: white"><p>page {i}<p>{links}<a href=/else>e</a>'
                           for i in range(30)}
        self.site.pages['/docs/p7.html'] += '<a href="gone.html">gone</a><a href="tag/x.html">x</a>'
        first = self.tool('site-diff', self.site.url + '/docs/p0.html', '--ignore_prefixes=/docs/tag/', expected=0)
        self.assertEqual(first['new'], 30)
        self.assertEqual(sorted((skip['url'][len(self.site.url):], skip['why']) for skip in first['skipped']),
                         [('/docs/gone.html', 'answered 404'), ('/docs/tag/x.html', 'begins with an ignored prefix')])
        self.good(first)
        for i in (3, 17):
            self.site.pages[f'/docs/p{i}.html'] = self.site.pages[f'/docs/p{i}.html'].replace('page', 'another page')
        second = self.tool('site-diff', self.site.url + '/docs/p0.html', '--ignore_prefixes', '/docs/tag/', expected=1)
        self.assertEqual({run['run_name'] for run in second['runs'] if run['status'] == 'diff_found'},
                         {'/docs/p3.html', '/docs/p17.html'})
        self.assertEqual((second['same'], second['different']), (28, 2))

    def test_site_diff_looks_at_no_page_where_no_release_may_be_made(self):
        other = self.new_key(self.new_build('another'))
        id, secret = self.env['DPXDT_CLIENT_ID'], self.env['DPXDT_CLIENT_SECRET']
        for build, key, words in [(77, (id, secret), 'build must exist'), (self.build, ('none', secret), 'API key must exist'),
                                  (self.build, (id, 'wrong'), 'Must have good credentials'),
                                  (self.build, other, 'API key must have access')]:
            with self.subTest(words):
                result = harness.dpxdt('site-diff', '--upload-build-id', build, self.site.url + '/a.html', cwd=self.folder,
                                       env={**self.env, 'DPXDT_CLIENT_ID': key[0], 'DPXDT_CLIENT_SECRET': key[1]})
                self.assertEqual((result.returncode, result.stderr),
                                 (2, f'dpxdt site-diff: the release could not be created: {words}\n'))
        self.assertEqual(self.site.requests, [])
        self.assertFalse([line for line in self.it.lines if 'create_release' in line])

    def test_diff_my_urls(self):
        self.write('urls.json', json.dumps([
            {'name': 'pair', 'run_url': self.site.url + '/b.html', 'run_config': {'viewportSize': {'width': 300, 'height': 200}},
             'ref_url': self.site.url + '/a.html', 'ref_config': {'viewportSize': {'width': 300, 'height': 200}}},
            {'name': 'single', 'run_url': self.site.url + '/a.html',
             'run_config': {'injectJs': "document.title='é'", 'injectCss': 'h1 { color: red }'}}]))
        told = self.tool('diff-my-urls', '--tests_json_path=urls.json', expected=1)
        self.assertEqual([run['status'] for run in told['runs']], ['diff_found', 'no_diff_needed'])
        self.good(told)
        again = self.tool('diff-my-urls', '--tests_json_path=urls.json', expected=1)
        self.assertEqual([run['status'] for run in again['runs']], ['diff_found', 'diff_not_found'])

    def test_diff_my_images(self):
        self.write('a.png', RED)
        self.write('b.png', BLUE)
        self.write('log.txt', 'fine')
        tests = [{'name': 'My homepage', 'run_failed': False, 'image_path': 'a.png', 'log_path': 'log.txt',
                  'url': 'http://example.com/'}, {'name': 'same', 'image_path': 'a.png'}]
        self.write('one.json', json.dumps(tests))
        first = self.tool('diff-my-images', '--tests_json_path=one.json', '--upload_release_name=Awesome', expected=0)
        self.assertEqual(first['new'], 2)
        self.good(first)
        tests[0]['image_path'] = 'b.png'
        self.write('two.json', json.dumps(tests + [{'name': 'broke', 'run_failed': True, 'log_path': 'log.txt'}]))
        second = self.tool('diff-my-images', '--tests_json_path=two.json', '--upload_release_name=Awesome', expected=2)
        self.assertEqual({run['run_name']: run['status'] for run in second['runs']},
                         {'My homepage': 'diff_found', 'same': 'diff_not_found', 'broke': 'failed'})
        self.assertEqual(second['release_number'], 2)

    def test_a_list_that_is_wrong_sends_nothing(self):
        for content, words in [('[', r'wrong.json:1:\d+: '), ('{}', 'must be a list'), ('[]', 'at least one test'),
                               ('[1]', 'test 1: must be an object'), ('[{}]', 'test 1: name is missing'),
                               ('[{"name": "a"}]', 'test 1: run_url is missing'),
                               ('[{"name": "a", "run_url": "http://x/", "run_config": []}]', 'run_config must be an object'),
                               ('[{"name": "a", "run_url": "u"}, {"name": "a", "run_url": "u"}]', 'test 2: there is a test named "a"')]:
            with self.subTest(content):
                self.write('wrong.json', content)
                result = harness.dpxdt('diff-my-urls', '--upload_build_id=1', '--tests_json_path=wrong.json',
                                       cwd=self.folder, env=self.env)
                self.assertEqual(result.returncode, 2)
                self.assertRegex(result.stderr, words)
        for content, words in [('[{"name": "a", "image_path": 7}]', 'image_path must be a text'),
                               ('[{"name": "a", "image_path": "x", "run_failed": "true"}]', 'run_failed must be true or false'),
                               ('[{"name": "a", "image_path": "none.png"}]', 'none.png cannot be read')]:
            self.write('wrong.json', content)
            result = harness.dpxdt('diff-my-images', '--upload_build_id=1', '--tests_json_path=wrong.json',
                                   cwd=self.folder, env=self.env)
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stderr, words)
        self.command('pair-diff', f'--upload_build_id={self.build}', '--width=0', 'http://x/a', 'http://x/b', expected=2)
        self.assertFalse([line for line in self.it.lines if 'create_release' in line])

    def test_a_tool_that_fails_half_way_gives_its_release_up(self):
        (self.folder / 'big.png').write_bytes(bytes(17 * 1024 * 1024))
        self.write('a.png', RED)
        self.write('shots.json', json.dumps([{'name': 'a', 'image_path': 'a.png'}, {'name': 'b', 'image_path': 'big.png'}]))
        result = harness.dpxdt('diff-my-images', f'--upload_build_id={self.build}', '--upload_release_name=r',
                               '--tests_json_path=shots.json', cwd=self.folder, env=self.env)
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, 'Gave up release r, number 1\n.*big.png')
        state = self.client.post('release_status', build_id=self.build, release_name='r', release_number=1)
        self.assertEqual(state['status'], 'bad')

    def test_what_a_config_says_of_the_comparison_counts(self):
        config = {'ignore': ['h1'], 'viewportSize': {'width': 300, 'height': 200}}
        self.write('urls.json', json.dumps([{'name': 'p', 'run_url': self.site.url + '/b.html', 'run_config': config,
                                             'ref_url': self.site.url + '/a.html', 'ref_config': config}]))
        told = self.tool('diff-my-urls', '--tests_json_path=urls.json', expected=0)
        self.assertEqual(told['runs'][0]['status'], 'diff_not_found')


class Limits(ServerTestCase):
    """What a page of a stranger may take of a worker: the pages beside it do not notice."""

    # Of an ArrayBuffer that cannot be had JavaScript is told; of objects it is not, and the page's process ends.
    HUNGRY = '<body>hungry<script>const all = []; for (let i = 1; ; i++) {' \
             'all.push(new Array(1e7).fill(i)); console.log("arrays of 40 MB", i) }</script>'
    ENDLESS = '<body>endless<script>addEventListener("load", () => { for (;;); })</script>'
    FINE = '<body style="background: white"><h1>Fine</h1>'

    def setUp(self):
        super().setUp()
        self.site = Site({'/hungry.html': self.HUNGRY, '/endless.html': self.ENDLESS, '/fine.html': self.FINE,
                          '/large.html': '<body style="height: 20000px; background: linear-gradient(red, blue)">'})
        self.addCleanup(self.site.close)
        self.build = self.new_build()
        self.it = self.server('--allow-private')
        self.client = Client(self.it.port, self.new_key(self.build))

    def captured(self, pages, *limits, config=None):
        """-> {page: its run}, captured by a worker with these limits"""
        release = {'build_id': self.build, 'release_name': 'r', 'release_number': 1}
        self.client.post('create_release', build_id=self.build, release_name='r')
        for page in pages:
            self.client.post('request_run', **release, run_name=page, url=f'{self.site.url}/{page}.html',
                             config=json.dumps(config or {}))
        self.client.post('runs_done', **release)
        self.worker(self.it, self.new_key(), *limits)
        while self.client.post('release_status', **release, wait=60)['status'] == 'processing':
            pass
        return {run['run_name']: run for run in self.client.post('list_runs', **release)['runs']}

    def log(self, run):
        return self.client.download(self.build, run['log']).decode()

    def test_a_page_that_takes_too_much_memory_fails_and_those_beside_it_do_not(self):
        runs = self.captured(['hungry', 'fine', 'large'], '--page-memory', 512)
        self.assertEqual({name: run['status'] for name, run in runs.items()},
                         {'hungry': 'failed', 'fine': 'no_diff_needed', 'large': 'no_diff_needed'})
        log = self.log(runs['hungry'])
        self.assertIn('crashed', log)
        self.assertLess(max(map(int, re.findall(r'arrays of 40 MB (\d+)', log))), 512 // 40 + 1)

    def test_a_page_that_takes_too_long_fails_and_those_beside_it_do_not(self):
        runs = self.captured(['endless', 'fine'], '--page-time', 10, config={'timeoutMs': 3600000})
        self.assertEqual({name: run['status'] for name, run in runs.items()},
                         {'endless': 'failed', 'fine': 'no_diff_needed'})
        self.assertIn('not done within 10000 ms', self.log(runs['endless']))


class Stopping(ServerTestCase):

    def test_who_waits_for_a_release_that_is_given_up_is_told(self):
        build = self.new_build()
        server = self.server('--allow-private', '--ignore-auth')
        args = ['pair-diff', '--upload-build-id', build, '--upload-release-name', 'same', '--release-server-prefix',
                server.prefix, 'http://127.0.0.1:1/a', 'http://127.0.0.1:1/b']
        first = self.start(serving.Process(*args, '--wait', env=self.env))
        first.wait_for('Created release')
        server.wait_for('path=/api/release_status')
        self.command(*args)
        self.assertEqual(first.process.wait(60), 2)
        first.wait_for('the release was given up meanwhile')

    def test_a_tool_ends_when_it_is_told_to_though_the_server_is_away(self):
        proxy = Site({'/api/create_release': 503})
        self.addCleanup(proxy.close)
        tool = self.start(serving.Process('pair-diff', '--upload-build-id', 1, '--release-server-prefix', proxy.url,
                                          'http://x/a', 'http://x/b', env=self.env))
        proxy.wait_for('POST /api/create_release')
        self.assertEqual(tool.stop(), 130)
        self.assertEqual(tool.lines[:-1], ['dpxdt pair-diff: stopped'])

    def test_a_worker_that_ends_gives_back_what_it_is_at(self):
        site = Site({'/': lambda request: site.ends.wait(60) and None})
        self.addCleanup(site.close)
        build = self.new_build()
        server = self.server('--allow-private')
        worker = self.worker(server, self.new_key())
        client = Client(server.port, self.new_key(build))
        client.post('create_release', build_id=build, release_name='r')
        client.post('request_run', build_id=build, release_name='r', release_number=1, run_name='/', url=site.url + '/',
                    config='{}')
        site.wait_for('/')
        self.assertEqual(worker.stop(), 0, worker.lines)
        worker.wait_for('result="given back"')
        tasks = Client(server.port, self.new_key()).post('work_queue/capture/lease', wait=5)['tasks']
        self.assertEqual([task['lease_attempts'] for task in tasks], [1])


harness.main()
