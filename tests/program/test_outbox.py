"""What a server tells by itself: mail to a real SMTP server, webhooks and commit statuses to HTTP servers of Python's."""
import contextlib
import hashlib
import hmac
import http.server
import json
import re
import socket
import sqlite3
import threading
import time
import urllib.parse

from harness import Picture
import harness
from logging_in import Browser
from serving import Client, ServerTestCase

try:
    import mail_server
except ImportError as error:
    mail_server, why_not = None, f'the package python3-aiosmtpd is missing: {error}'

RED, BLUE, GREEN = (Picture(40, 30, (*rgb, 255)).png() for rgb in [(255, 0, 0), (0, 0, 255), (0, 255, 0)])
THUMBNAILS = [Picture(48 + i, 16, (i, 0, 0, 255)).png() for i in range(4)]
ANN, BOB = 'ann@example.com', 'bob@example.com'
LOGIN = ('dpxdt', 'pass word')
DAY_MS = 24 * 60 * 60 * 1000


class Receiver:
    """An HTTP server that keeps what it is sent, as (path, headers, body), and answers with .answers, one after the other, then
    204. One that is an event is waited for, and then it is 204. The caller closes it."""

    def __init__(self):
        self.requests, self.answers, self.changed = [], [], threading.Condition()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self.server.receiver = self
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def wait_for(self, n, seconds=60):
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.requests) >= n, seconds)
            assert came, f'{len(self.requests)} requests came, not {n}'
            return list(self.requests)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        with receiver.changed:
            status = receiver.answers.pop(0) if receiver.answers else 204
            receiver.requests.append((self.path, self.headers, body))
            receiver.changed.notify_all()
        if isinstance(status, threading.Event):
            status.wait(60)
            status = 204
        self.send_response(status)
        if status == 302:
            self.send_header('Location', receiver.url + '/elsewhere')
        self.send_header('Content-Length', '0')
        self.end_headers()


class OutboxTestCase(ServerTestCase):
    """A build that ann and bob own."""

    def setUp(self):
        super().setUp()
        self.build = self.new_build('De\u0301mo <b>')
        self.key = self.new_key(self.build)
        for user, address in ('oidc:1', ANN), ('oidc:2', BOB):
            self.sql('INSERT INTO users (id, email, created, seen) VALUES (?, ?, 1, 1)', user, address)
            self.sql('INSERT INTO build_owners (build_id, user_id, created) VALUES (?, ?, 1)', self.build, user)

    def sql(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.folder / 'data' / 'dpxdt.db', timeout=60)) as db:
            rows = db.execute(statement, values).fetchall()
            db.commit()
            return rows

    def task(self, name):
        rows = self.sql('SELECT status, attempts, message, payload, eta FROM tasks WHERE name = ?', name)
        return rows[0] if rows else None

    def wait_for_task(self, name, status, words='', attempts=None, seconds=60):
        """Looks until a task is so; the log of a server tells of it by and by, but not whose transaction it was."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            task = self.task(name)
            if task and task[0] == status and re.search(words, task[2] or '') and attempts in (None, task[1]):
                return task
            time.sleep(0.05)
        raise AssertionError(f'{name} is {task}, not {status} with {words}')

    def retry(self, name, queue):
        """As a superuser does, at the page of the queue, who does not want to wait."""
        browser = Browser(self.origin)
        browser.ask(f'{self.site}/login?next=/')
        page = browser.ask(f'{self.site}/api/work_queue/{queue}')[2]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        status, _, text = browser.ask(f'{self.site}/api/work_queue/{queue}',
                                      {'csrf': csrf, 'action': 'retry', 'task_id': name})
        self.assertEqual(status, 303, text)
        return page

    def start_server(self, *args, **more):
        server = self.server('--ignore-auth', *args, **more)
        self.origin = args[args.index('--public-url') + 1] if '--public-url' in args else None
        self.site = f'http://127.0.0.1:{server.port}'
        self.client = Client(server.port, self.key)
        return server

    def begin(self, name='r', **more):
        begun = self.client.post('create_release', build_id=self.build, release_name=name, **more)
        self.release_id = self.sql('SELECT MAX(id) FROM releases')[0][0]
        return {'build_id': self.build, 'release_name': name, 'release_number': begun['release_number']}

    def report(self, release, name, thumbnail=None, pixels=1, likeness='', **more):
        images = [self.client.upload(self.build, 'a.png', png) for png in (RED, BLUE, GREEN)]
        if thumbnail:
            more['thumbnail'] = self.client.upload(self.build, 't.png', thumbnail)
        findings = {'changed_pixels': pixels, 'fingerprint': likeness, 'summary': f'{pixels} pixels changed'}
        self.client.post('report_run', **release, run_name=name, image=images[0], ref_image=images[1],
                         diff_image=images[2], findings=json.dumps(findings), **more)

    def ready(self, name='r', n_different=1, n_failed=0, **more):
        """A release that is ready for review: of its pages /0, /1, ... the last one has the biggest change."""
        release = self.begin(name, **more)
        for i in range(n_different):
            self.report(release, f'/{i}', THUMBNAILS[i], pixels=100 + i, likeness=f'like {i}')
        for i in range(n_failed):
            self.client.post('report_run', **release, run_name=f'/failed{i}', run_failed='yes')
        self.client.post('runs_done', **release)
        self.assertEqual(self.client.post('release_status', **release)['status'], 'reviewing')
        return release

    def assert_secret_is_nowhere(self, *secrets):
        told = [str(row) for row in self.sql('SELECT message, payload FROM tasks')]
        told += [str(line) for process in self.running for line in process.lines]
        for secret in secrets:
            self.assertFalse([line for line in told if secret in line])


class Mail(OutboxTestCase):
    def setUp(self):
        super().setUp()
        if not mail_server:
            self.skipTest(why_not)
        self.certificate = mail_server.certificate(self.folder)

    def mail_server(self, **options):
        server = mail_server.MailServer(tls='starttls', certificate=self.certificate, login=LOGIN, **options)
        self.addCleanup(server.close)
        return server

    def start_mailing(self, mails, *args, sender=('--mail-from', 'dpxdt@example.com'), **more):
        self.env['DPXDT_SMTP_PASSWORD'] = LOGIN[1]
        return self.start_server('--smtp', mails.url, *sender, '--smtp-user', LOGIN[0], '--smtp-tls', 'required',
                                 '--smtp-ca-file', self.certificate, *args, **more)

    def test_a_release_that_is_ready_is_mailed_once_to_all_owners(self):
        mails = self.mail_server()
        self.start_mailing(mails, '--public-url', 'http://shots.example.com')
        release = self.ready('\u00e9 1', n_different=4, n_failed=2)
        mail = mails.wait_for(1)[0]
        self.assertEqual(sorted(mail.rcpt_tos), [ANN, BOB])
        self.assertEqual(mail.mail_from, 'dpxdt@example.com')
        self.assertEqual(mail['Subject'], 'D\u00e9mo <b>: \u00e9 1 - Ready for review')
        page = 'http://shots.example.com/release?id=1&name=%C3%A9%201&number=1'
        text = mail.get_body(('plain',)).get_content().replace('\r\n', '\n')
        self.assertIn(page, text)
        self.assertIn('2 failed, 4 to look at', text)
        self.assertLess(text.index('/failed0'), text.index('Different'))
        self.assertIn('/failed1', text)
        self.assertEqual(re.findall(r'^  (/\d): (\d+) pixels changed$', text, re.M),
                         [('/3', '103'), ('/2', '102'), ('/1', '101'), ('/0', '100')])
        self.assertIn('http://shots.example.com/run?id=1&name=%C3%A9%201&number=1&test=%2Ffailed1\n', text)
        self.assertIn('http://shots.example.com/build?id=1', text)
        html = mail.get_body(('html',)).get_content()
        self.assertIn(page.replace('&', '&amp;'), html)
        self.assertIn('D\u00e9mo &lt;b&gt;', html)
        self.assertNotIn('<b>:', html)
        self.assertIn('/failed1', html)

        pictures = {part['Content-ID'].strip('<>'): part for part in mail.walk() if part.get_content_type() == 'image/png'}
        shown = re.findall(r'src="cid:([^"]+)"', html)
        self.assertEqual(sorted(shown), sorted(pictures))
        self.assertEqual(len(shown), 3)
        self.assertEqual([pictures[it].get_content() for it in shown], THUMBNAILS[:0:-1])
        self.assertTrue(all(part.get_content_disposition() == 'inline' for part in pictures.values()))
        self.assertEqual(self.wait_for_task(f'ready:{self.release_id}', 'done')[2], 'sent to 2 of 2')

        self.client.post('decide_release', **release, status='bad')
        self.client.post('decide_release', **release, status='reviewing')
        self.client.post('runs_done', **release)
        self.ready('another')
        self.assertIn('another', mails.wait_for(2)[1]['Subject'])
        self.assert_secret_is_nowhere(LOGIN[1])

    def test_mail_comes_from_an_address_under_a_name(self):
        mails = self.mail_server()
        words = ['Gr\u00f6\u00dfe \u65e5\u672c', '"Shots, \\"Inc.\\" <x>"', '=?utf-8?q?x?=', 'x' * 200, '']
        names = ['Gr\u00f6\u00dfe \u65e5\u672c', 'Shots, "Inc." <x>', '=?utf-8?q?x?=', 'x' * 200, 'dpxdt']
        for i, (given, name) in enumerate(zip(words, names)):
            with self.subTest(given):
                self.env['DPXDT_MAIL_FROM'] = f'{given} <dpxdt@example.com>'
                server = self.start_mailing(mails, sender=())
                self.ready(f'r{i}')
                mail = mails.wait_for(i + 1)[i]
                self.assertEqual(mail.mail_from, 'dpxdt@example.com')
                self.assertEqual(mail_server.sender_of(mail), (name, 'dpxdt@example.com'))
                self.assertTrue(mail.raw.isascii())
                self.assertEqual(server.stop(), 0)

    def test_a_build_says_who_gets_mail_and_whether(self):
        mails = self.mail_server()
        self.start_mailing(mails)
        self.sql('UPDATE builds SET send_email = 0')
        self.ready('none')
        self.sql('UPDATE builds SET send_email = 1, email_alias = ?', 'team@example.com')
        self.ready('empty', n_different=0)
        self.ready('some')
        mail = mails.wait_for(1)[0]
        self.assertEqual((mail.rcpt_tos, mail['Subject'][-23:]), (['team@example.com'], 'some - Ready for review'))
        self.assertEqual(self.sql('SELECT COUNT(*) FROM tasks WHERE queue = ?', 'mail'), [(1,)])
        self.assertIn(f'http://localhost:{self.client.port}/release?id=1', mail.get_body(('plain',)).get_content())

    def test_what_cannot_be_sent_now_is_sent_later(self):
        mails = self.mail_server(answers={'MAIL': '451 4.3.0 not now'})
        self.start_mailing(mails)
        self.ready()
        name = f'ready:{self.release_id}'
        before = time.time() * 1000
        task = self.wait_for_task(name, 'live', '451 4.3.0 not now', attempts=1)
        self.assertLess(before - 10000, task[4] - 60000)
        self.assertLess(task[4] - 60000, before + 60000)
        mails.answers.clear()
        self.assertIn('451 4.3.0 not now', self.retry(name, 'mail'))
        mails.wait_for(1)
        self.wait_for_task(name, 'done')
        self.assertEqual(len(mails.mails), 1)

    def test_who_may_have_it_later_gets_it_alone(self):
        mails = self.mail_server(answers={BOB: '450 4.2.1 greylisted'})
        self.start_mailing(mails)
        self.ready()
        name = f'ready:{self.release_id}'
        self.assertIn(BOB, self.wait_for_task(name, 'live', 'sent to 1 of 2', attempts=1)[3])
        mails.answers.clear()
        self.retry(name, 'mail')
        self.assertEqual([it.rcpt_tos for it in mails.wait_for(2)], [[ANN], [BOB]])
        self.wait_for_task(name, 'done')

    def test_a_mail_that_was_refused_is_over(self):
        mails = self.mail_server(answers={'DATA': '554 5.7.1 spam'})
        self.start_mailing(mails)
        self.ready()
        self.wait_for_task(f'ready:{self.release_id}', 'error', '554 5.7.1 spam')

    def test_a_server_that_dies_in_the_middle_of_a_mail_does_not_send_it_twice(self):
        mails = self.mail_server(answers={'DATA': mail_server.MailServer.HANG})
        server = self.start_mailing(mails)
        asked = threading.Event()
        answer = mails.answer
        async def tell(self, *keys):
            if 'DATA' in keys:
                asked.set()
            return await answer(self, *keys)
        mails.answer = tell
        self.ready()
        name = f'ready:{self.release_id}'
        self.assertTrue(asked.wait(60))
        server.kill()
        self.assertEqual(self.task(name)[:2], ('live', 1))
        mails.answers.clear()
        self.sql('UPDATE tasks SET eta = 1 WHERE name = ?', name)  # a quarter of an hour later
        self.start_mailing(mails)
        self.wait_for_task(name, 'error', '^may have been sent: ')
        self.ready('another')
        self.assertIn('another', mails.wait_for(1)[0]['Subject'])
        self.retry(name, 'mail')
        mails.wait_for(2)

    def test_a_mail_that_is_on_its_way_when_the_server_ends(self):
        mails = self.mail_server(answers={'MAIL': mail_server.MailServer.HANG})
        server = self.start_mailing(mails)
        self.ready()
        name = f'ready:{self.release_id}'
        self.wait_for_task(name, 'live', '^may have been sent', attempts=1)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.task(name)[:2], ('live', 0))
        mails.answers.clear()
        self.start_mailing(mails)
        mails.wait_for(1)
        self.wait_for_task(name, 'done')

    def test_two_servers_on_one_database_send_one_mail(self):
        mails = self.mail_server()
        others = [self.start_mailing(mails) for _ in range(2)]
        for i in range(10):
            self.ready(f'r{i}')
        self.assertEqual(len(mails.wait_for(10)), 10)
        for i in range(10):
            self.wait_for_task(f'ready:{self.release_id - i}', 'done')
        self.assertEqual(len({mail['Subject'] for mail in mails.mails}), 10)
        self.assertEqual(len(mails.mails), 10)
        for other in others:
            self.assertEqual(other.stop(), 0)

    def test_a_server_without_mail_leaves_it_to_others_and_it_gets_old(self):
        self.start_server()
        self.ready()
        name = f'ready:{self.release_id}'
        self.assertEqual(self.task(name)[:3], ('live', 0, None))
        self.running[-1].stop()
        old = int(time.time() * 1000) - 3 * DAY_MS - 1000
        self.sql('UPDATE tasks SET created = ?, eta = ? WHERE name = ?', old, old, name)
        self.start_server()
        self.wait_for_task(name, 'error', 'three days')

    def test_an_invitation_is_in_the_mail_and_nowhere_else(self):
        mails = self.mail_server()
        self.start_mailing(mails)
        browser = Browser(self.origin)
        browser.ask(f'{self.site}/login?next=/')
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.ask(f'{self.site}/admins?build_id=1')[2])[1]
        status, _, page = browser.ask(f'{self.site}/admins', {'csrf': csrf, 'build_id': 1, 'email_address': 'eve@example.com'})
        self.assertEqual(status, 200, page)
        self.assertNotIn('token=', page)
        mail = mails.wait_for(1)[0]
        self.assertEqual((mail.rcpt_tos, mail['Subject']), (['eve@example.com'], 'Invitation to D\u00e9mo <b>'))
        link = re.search(r'http://\S+/invitation\?token=(\S+)', mail.get_body(('plain',)).get_content())
        self.assertIn(link[0], mail.get_body(('html',)).get_content())
        self.assertIn('superuser@example.com', mail.get_body(('plain',)).get_content())
        self.assert_secret_is_nowhere(link[1])
        status, headers, page = browser.ask(f'{self.site}/invitation', {'csrf': csrf, 'token': link[1]})
        self.assertEqual((status, headers['Location']), (303, '/build?id=1'), page)
        self.assertIn(('anonymous_superuser',), self.sql('SELECT user_id FROM build_owners'))

    def test_who_is_invited_again_gets_another_link_and_the_first_one_ends(self):
        mails = self.mail_server(answers={'RCPT': '450 4.2.1 later'})
        self.start_mailing(mails)
        browser = Browser(self.origin)
        browser.ask(f'{self.site}/login?next=/')
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.ask(f'{self.site}/admins?build_id=1')[2])[1]
        fields = {'csrf': csrf, 'build_id': 1, 'email_address': 'eve@example.com'}
        browser.ask(f'{self.site}/admins', fields)
        name = self.sql('SELECT name FROM tasks')[0][0]
        self.wait_for_task(name, 'live', '450 4.2.1 later')
        mails.answers.clear()
        tokens = []
        for i in range(2):
            browser.ask(f'{self.site}/admins', fields)
            tokens += re.findall(r'token=(\S+)', mails.wait_for(i + 1)[i].get_body(('plain',)).get_content())
            self.wait_for_task(name, 'done')
        self.assertEqual(browser.ask(f'{self.site}/invitation', {'csrf': csrf, 'token': tokens[0]})[0], 404)
        self.assertEqual(browser.ask(f'{self.site}/invitation', {'csrf': csrf, 'token': tokens[1]})[0], 303)

    def test_an_invitation_that_was_taken_back_is_not_sent(self):
        mails = self.mail_server(answers={'RCPT': '450 4.2.1 later'})
        self.start_mailing(mails)
        browser = Browser(self.origin)
        browser.ask(f'{self.site}/login?next=/')
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.ask(f'{self.site}/admins?build_id=1')[2])[1]
        fields = {'csrf': csrf, 'build_id': 1, 'email_address': 'eve@example.com'}
        browser.ask(f'{self.site}/admins', fields)
        name = self.sql('SELECT name FROM tasks')[0][0]
        self.wait_for_task(name, 'live', '450 4.2.1 later')
        browser.ask(f'{self.site}/admins.revoke', fields)
        mails.answers.clear()
        self.retry(name, 'mail')
        self.wait_for_task(name, 'done', '^not sent: nobody is invited')
        self.assertEqual(mails.mails, [])

    def test_options_that_make_no_sense(self):
        here, a, anne = ['--smtp', 'smtp://localhost'], ['--mail-from', 'a@example.com'], ['--smtp-user', 'a']
        for args, env, words in [
            (a, {}, '--mail-from needs --smtp'),
            (anne, {}, '--smtp-user needs --smtp'),
            (['--smtp-tls', 'none'], {}, '--smtp-tls needs --smtp'),
            (['--smtp-ca-file', 'x.pem'], {}, '--smtp-ca-file needs --smtp'),
            (here, {}, '--smtp needs --mail-from'),
            (['--smtp', 'http://localhost', *a], {}, '--smtp: .* must begin with smtp://'),
            (['--smtp', 'smtp://localhost:0', *a], {}, '--smtp: .* from 1 to 65535'),
            (['--smtp', 'smtp://localhost:65536', *a], {}, '--smtp: .* from 1 to 65535'),
            (['--smtp', 'smtp://ann:secret@localhost', *a], {}, '--smtp: what is given .* user and password do not belong there'),
            (['--mail-from', 'nobody'], {'DPXDT_SMTP': 'smtp://localhost'}, '--mail-from must be as .*"nobody" is no mail address'),
            ([*here, '--mail-from', 'x\r\nBcc: eve@example.com <a@example.com>'], {}, '--mail-from: the name must be one line'),
            ([*here, '--mail-from', 'x <a@example.com\r\nBcc: eve@example.com>'], {}, '--mail-from must be as'),
            ([*here, *a, *anne], {}, '--smtp-user needs a password, in the variable DPXDT_SMTP_PASSWORD'),
            ([], {'DPXDT_SMTP': 'smtp://localhost', 'DPXDT_MAIL_FROM': 'a@example.com', 'DPXDT_SMTP_PASSWORD': 'secret'},
             '--smtp-user is missing'),
            ([*here, *a, '--smtp-tls', 'yes'], {}, '--smtp-tls must be required, opportunistic or none, not yes'),
            (['--smtp', 'smtp://mail.example.com', *a, *anne, '--smtp-tls', 'none'], {'DPXDT_SMTP_PASSWORD': 'secret'},
             '--smtp-tls must be required where a password goes to another machine'),
            ([*here, *a, '--smtp-ca-file', 'none.pem'], {}, '--smtp-ca-file: none.pem cannot be read: No such file'),
        ]:
            result = harness.dpxdt('server', '--port', '0', *map(str, self.data), *args, cwd=self.folder, env={**self.env, **env},
                                   timeout=60)
            self.assertEqual(result.returncode, 2, args)
            self.assertRegex(result.stderr, '^dpxdt server: ' + words)
            self.assertNotIn('secret', result.stderr)


class Programs(OutboxTestCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def set(self, **columns):
        for column, value in columns.items():
            self.sql(f'UPDATE builds SET {column} = ?', value)

    def webhook(self, event, *rest):
        return ':'.join(['webhook', str(self.release_id), event, *map(str, rest)])

    def test_a_webhook_is_signed_and_told_each_event_once(self):
        self.set(webhook_url=self.receiver.url + '/hook?key=hidden', webhook_secret='s\u00e9cret')
        self.start_server('--allow-private', '--public-url', 'http://shots.example.com')
        self.receiver.answers = [500]
        release = self.ready('r 1', n_failed=1)
        name = self.webhook('release_ready', 0)
        self.wait_for_task(name, 'live', '^127.0.0.1 answered 500$', attempts=1)
        self.retry(name, 'webhook')
        self.wait_for_task(name, 'done', '^127.0.0.1 answered 204$')
        (path, headers, body), again = self.receiver.wait_for(2)
        self.assertEqual((path, headers['X-Dpxdt-Event'], headers['Content-Type']),
                         ('/hook?key=hidden', 'release_ready', 'application/json'))
        self.assertEqual(headers['X-Dpxdt-Signature'],
                         'sha256=' + hmac.new('s\u00e9cret'.encode(), body, hashlib.sha256).hexdigest())
        self.assertRegex(headers['X-Dpxdt-Delivery'], r'^\d+$')
        self.assertEqual(headers['X-Dpxdt-Delivery'], again[1]['X-Dpxdt-Delivery'])
        self.assertEqual(json.loads(body), {
            'event': 'release_ready', 'build_id': 1, 'build_name': 'D\u00e9mo <b>', 'release_name': 'r 1', 'release_number': 1,
            'status': 'reviewing', 'url': 'http://shots.example.com/release?id=1&name=r%201&number=1',
            'counts': {'pending': 0, 'failed': 1, 'different': 1, 'approved': 0, 'same': 0, 'new': 0}})

        for i, status in enumerate(['bad', 'reviewing', 'good', 'reviewing', 'good']):
            self.client.post('decide_release', **release, status=status)
        events = [json.loads(body)['event'] for _, _, body in self.receiver.wait_for(5)[2:]]
        self.assertEqual(sorted(events), ['release_bad', 'release_good', 'release_good'])
        self.assert_secret_is_nowhere('s\u00e9cret', 'hidden')

    def test_a_mail_server_that_says_nothing_holds_up_nobody_else(self):
        with socket.create_server(('127.0.0.1', 0)) as silent:
            silent.settimeout(60)
            server = self.start_server('--allow-private', '--smtp', f'smtp://127.0.0.1:{silent.getsockname()[1]}',
                                       '--mail-from', 'dpxdt@example.com')
            self.ready('mailed')
            mail = f'ready:{self.release_id}'
            with silent.accept()[0]:
                self.set(webhook_url=self.receiver.url + '/hook', status_prefix=self.receiver.url + '/', send_email=0)
                self.ready('told', status_url=self.receiver.url + '/status')
                self.wait_for_task(self.webhook('release_ready', 0), 'done')
                self.wait_for_task(f'status:{self.release_id}', 'done')
                self.wait_for_task(mail, 'live', '^may have been sent', attempts=1, seconds=1)  # still at it
                self.assertEqual(server.stop(), 0)
        self.assertEqual(self.task(mail)[:2], ('live', 0))

    def test_a_webhook_that_hangs_holds_up_no_other(self):
        with socket.create_server(('127.0.0.1', 0)) as silent:
            silent.settimeout(60)
            self.set(webhook_url=f'http://127.0.0.1:{silent.getsockname()[1]}/')
            self.start_server('--allow-private')
            self.ready('hangs')
            hanging = self.webhook('release_ready', 0)
            with silent.accept()[0]:
                self.set(webhook_url=self.receiver.url + '/hook')
                self.ready('told')
                self.wait_for_task(self.webhook('release_ready', 0), 'done')
                self.assertEqual(self.task(hanging)[2], None)  # nothing has come of it yet

    def test_a_webhook_that_is_gone_or_leads_elsewhere(self):
        self.set(webhook_url=self.receiver.url, webhook_secret='secret')
        self.start_server('--allow-private')
        self.receiver.answers = [410, 302]
        self.ready('a')
        self.wait_for_task(self.webhook('release_ready', 0), 'error', 'answered 410')
        self.ready('b')
        self.wait_for_task(self.webhook('release_ready', 0), 'live', 'answered 302, and redirects are not followed')
        self.assertEqual(len(self.receiver.requests), 2)

    def test_private_addresses_are_not_told_anything(self):
        self.set(webhook_url=self.receiver.url, webhook_secret='secret', status_prefix=self.receiver.url + '/', status_token='t')
        self.start_server()
        self.ready(status_url=self.receiver.url + '/repos/a/b/statuses/1')
        for name in self.webhook('release_ready', 0), f'status:{self.release_id}':
            self.wait_for_task(name, 'error', '^127.0.0.1 leads to a private address, which is not allowed here$')
        self.assertEqual(self.receiver.requests, [])

    def test_the_status_of_a_commit_follows_the_release(self):
        self.set(status_prefix=self.receiver.url + '/', status_token='tok-en')
        self.start_server('--allow-private', '--public-url', 'http://shots.example.com')
        for path in '/repos/me/it/statuses/0a1b', '/api/v1/repos/me/it/statuses/0a1b':  # GitHub, Gitea
            with self.subTest(path):
                self.receiver.requests.clear()
                release = self.begin(f'of {path}', status_url=self.receiver.url + path)
                self.receiver.wait_for(1)
                self.wait_for_task(f'status:{self.release_id}', 'done')
                self.report(release, '/')
                self.client.post('report_run', **release, run_name='/x', run_failed='yes')
                self.client.post('runs_done', **release)
                self.receiver.wait_for(2)
                self.wait_for_task(f'status:{self.release_id}', 'done')
                self.client.post('decide_release', **release, status='good')
                said = self.receiver.wait_for(3)
                self.assertEqual({(path, headers['Authorization']) for path, headers, _ in said}, {(path, 'token tok-en')})
                self.assertTrue(all(headers['User-Agent'].startswith('dpxdt/') for _, headers, _ in said))
                bodies = [json.loads(body) for _, _, body in said]
                self.assertEqual([(it['state'], it['description']) for it in bodies],
                                 [('pending', 'being compared'), ('failure', '1 to look at, 1 failed'), ('success', 'good')])
                self.assertEqual({it['context'] for it in bodies}, {'dpxdt'})
                url = f'http://shots.example.com/release?id=1&name={urllib.parse.quote("of " + path, "")}&number=1'
                self.assertEqual({it['target_url'] for it in bodies}, {url})
        self.assert_secret_is_nowhere('tok-en')

    def test_the_status_of_a_commit_at_gitlab(self):
        self.set(status_prefix=self.receiver.url + '/api/v4/projects/7/', status_token='tok-en')
        self.start_server('--allow-private')
        release = self.begin(status_url=self.receiver.url + '/api/v4/projects/7/statuses/0a1b')
        self.receiver.wait_for(1)
        self.wait_for_task(f'status:{self.release_id}', 'done')
        self.client.post('runs_done', **release)
        self.receiver.wait_for(2)
        self.wait_for_task(f'status:{self.release_id}', 'done')
        self.client.post('decide_release', **release, status='bad')
        said = self.receiver.wait_for(3)
        self.assertEqual({headers['PRIVATE-TOKEN'] for _, headers, _ in said}, {'tok-en'})
        self.assertEqual({headers['Content-Type'] for _, headers, _ in said}, {'application/x-www-form-urlencoded'})
        forms = [dict(urllib.parse.parse_qsl(body.decode())) for _, _, body in said]
        self.assertEqual([(it['state'], it['description'], it['name']) for it in forms],
                         [('pending', 'being compared', 'dpxdt'), ('success', 'no pages', 'dpxdt'), ('failed', 'bad', 'dpxdt')])

    def test_a_status_that_changes_while_it_is_told_is_told_again(self):
        self.set(status_prefix=self.receiver.url + '/', status_token='t')
        self.start_server('--allow-private')
        answered = threading.Event()
        self.receiver.answers = [answered]
        release = self.begin(status_url=self.receiver.url + '/repos/me/it/statuses/0a1b')
        self.receiver.wait_for(1)
        self.client.post('runs_done', **release)
        self.client.post('decide_release', **release, status='bad')
        answered.set()
        said = [json.loads(body)['state'] for _, _, body in self.receiver.wait_for(2)]
        self.assertEqual(said, ['pending', 'failure'])
        self.wait_for_task(f'status:{self.release_id}', 'done', attempts=1)

    def test_what_is_not_true_any_more_is_not_told(self):
        self.set(status_prefix=self.receiver.url + '/', status_token='t')
        self.start_server('--allow-private')
        self.receiver.answers = [500]
        commit = self.receiver.url + '/repos/me/it/statuses/0a1b'
        self.ready('old', status_url=commit)
        old = f'status:{self.release_id}'
        self.wait_for_task(old, 'live', 'answered 500')
        self.ready('new', status_url=commit)
        self.wait_for_task(f'status:{self.release_id}', 'done')
        self.retry(old, 'commit-status')
        self.wait_for_task(old, 'done', 'a newer release tells of this commit')

    def tools(self, page):
        """Each tool of a release, with what it needs: the page at '/' of a site, or a picture."""
        site = harness.Site({'/': page})
        self.addCleanup(site.close)
        self.write('urls.json', json.dumps([{'name': '/', 'run_url': site.url + '/'}]))
        self.write('a.png', RED)
        self.write('images.json', json.dumps([{'name': '/', 'image_path': 'a.png'}]))
        return site, [['site-diff', site.url + '/', '--no-sitemap'], ['pair-diff', site.url + '/', site.url + '/'],
                      ['diff-my-urls', '--tests-json-path=urls.json'], ['diff-my-images', '--tests-json-path=images.json']]

    def tool(self, *args, expected):
        env = {**self.env, 'DPXDT_SERVER_PREFIX': self.site + '/api', 'DPXDT_CLIENT_ID': self.key[0],
               'DPXDT_CLIENT_SECRET': self.key[1]}
        told = harness.dpxdt(*args, f'--upload-build-id={self.build}', cwd=self.folder, env=env, timeout=300)
        self.assertEqual(told.returncode, expected, told.stdout + told.stderr)
        return told

    def test_a_tool_has_the_status_of_its_commit_told(self):
        self.set(status_prefix=self.receiver.url + '/', status_token='t')
        self.start_server('--allow-private', '--enable-queue-workers')
        _, tools = self.tools(lambda _: self.receiver.wait_for(1) and '<p>hello')  # what is pending is told before
        for tool, *args in tools:
            with self.subTest(tool):
                self.receiver.requests.clear()
                self.tool(tool, *args, '--wait', f'--status-url={self.receiver.url}/{tool}', expected=0)
                self.wait_for_task(f"status:{self.sql('SELECT MAX(id) FROM releases')[0][0]}", 'done')
                said = [(path, json.loads(body)['state']) for path, _, body in self.receiver.requests]
                if tool == 'diff-my-images':  # may be done before anybody is told that it is pending
                    said = [(f'/{tool}', 'pending')] + said[-1:]
                self.assertEqual(said, [(f'/{tool}', 'pending'), (f'/{tool}', 'success')])

    def test_a_site_without_pages_is_a_failure_of_its_commit(self):
        self.set(status_prefix=self.receiver.url + '/', status_token='t')
        self.start_server('--allow-private')
        _, tools = self.tools(lambda _: self.receiver.wait_for(1) and 404)
        self.tool(*tools[0], f'--status-url={self.receiver.url}/it', expected=2)
        said = [json.loads(body)['state'] for _, _, body in self.receiver.wait_for(2)]
        self.assertEqual(said, ['pending', 'failure'])

    def test_a_tool_with_a_wrong_status_url_says_where_and_does_nothing_else(self):
        self.set(status_prefix='https://api.example.com/repos/me/')
        self.start_server('--allow-private')
        site, tools = self.tools('<p>hello')
        elsewhere = 'https://api.example.com/repos/you/it/statuses/0a1b'
        for tool, *args in tools:
            with self.subTest(tool):
                for url, words in [('nonsense', '--status-url: nonsense is no http or https address'),
                                   ('ftp://api.example.com/repos/me/', '--status-url: ftp://.* is no http or https address'),
                                   (elsewhere, 'the release could not be created: --status-url: '
                                               'status_url must begin with https://api.example.com/repos/me/')]:
                    told = self.tool(tool, *args, f'--status-url={url}', expected=2)
                    self.assertRegex(told.stderr, f'^dpxdt {tool}: {words}\n$')
                    self.assertEqual(told.stdout, '')
        self.assertEqual(site.requests, [])
        self.assertEqual(self.sql('SELECT (SELECT COUNT(*) FROM releases), (SELECT COUNT(*) FROM artifacts)'), [(0, 0)])

    def test_status_url_is_where_the_build_says(self):
        self.start_server('--allow-private')
        url = 'https://api.example.com/repos/me/it/statuses/1'

        def refused(status_url, words):
            told = self.client.post('create_release', 400, build_id=self.build, release_name='r', status_url=status_url)
            self.assertRegex(told['error'], words)
        refused(url, '^status_url must begin with')
        self.set(status_prefix='https://api.example.com/repos/me/')
        for other in ['https://api.example.com/repos/you/it', 'https://api.example.com/repos/me/../you/it',
                      'https://api.example.com/repos/me/%2e%2E/you/it', 'https://api.example.com/repos/me/..%2fyou/it', 'nonsense',
                      'https://api.example.com/repos/me']:
            refused(other, '^status_url must begin with https://api.example.com/repos/me/$')
        refused(url + 'x' * 2048, '^status_url ')
        refused(url + '\n', '^status_url ')
        self.set(status_prefix='https://api.example.com')
        for other in ['https://api.example.com.evil/', 'https://api.example.com:password@evil/', 'https://api.example.com@evil/']:
            refused(other, '^status_url must begin with https://api.example.com$')
        self.assertEqual(self.sql('SELECT COUNT(*) FROM releases'), [(0,)])
        self.client.post('create_release', build_id=self.build, release_name='r', status_url=url)
        self.assertEqual(self.sql('SELECT status_url FROM releases'), [(url,)])


if __name__ == '__main__':
    harness.main()
