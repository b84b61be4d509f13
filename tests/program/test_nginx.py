"""examples/deploy/nginx.conf as it is, but for ports and the place of its certificate: a real nginx with it, a real server behind
it, and a worker, clients and people who reach that over HTTPS only."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import urllib.parse

import harness
import logging_in
from serving import Client, Process, ServerTestCase
from visiting import Visitor, page_of

CONF = pathlib.Path(__file__).resolve().parents[2] / 'examples' / 'deploy' / 'nginx.conf'
NGINX = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
HERE, ELSEWHERE = '127.0.0.1', '127.0.0.2'  # as this machine's addresses go

# What Debian's nginx.conf has around such a file, as far as it matters; all that nginx writes is in the test's folder.
AROUND = '''
daemon off;
pid nginx.pid;
error_log stderr info;
events {{ worker_connections 256; }}
http {{
    log_format protocols '$server_protocol $request_method $uri $status';
    access_log access.log protocols;
    client_body_temp_path bodies; proxy_temp_path answers; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    include {};
}}
'''


def certificate(folder):
    """Makes ca.pem, and a certificate of localhost signed by it, where nginx.conf looks for it."""
    (folder / 'names').write_text('subjectAltName=DNS:localhost\n')
    for command in (
            'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=dpxdt-tests',
            'req -newkey rsa:2048 -nodes -keyout privkey.pem -out request.pem -subj /CN=localhost',
            'x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out fullchain.pem -days 2 -extfile names'):
        subprocess.run(['openssl', *command.split()], cwd=folder, check=True, capture_output=True)
    return folder / 'ca.pem'


class Nginx:
    """nginx with that file. .port is where it speaks HTTPS, .plain_port where it does not."""

    def __init__(self, folder, server_port):
        self.folder, self.port, self.plain_port = folder, harness.free_port(), harness.free_port()
        self.ca = certificate(folder)
        text = re.sub(r' *listen \[::\]:.*\n', '', CONF.read_text())  # not every machine has IPv6
        for before, after in (('dpxdt.example.com', 'localhost'), ('/etc/letsencrypt/live/localhost', str(folder)),
                              ('server 127.0.0.1:5000', f'server 127.0.0.1:{server_port}'),
                              ('listen 443', f'listen 127.0.0.1:{self.port}'),
                              ('listen 80', f'listen 127.0.0.1:{self.plain_port}')):
            assert before in text, before
            text = text.replace(before, after)
        (folder / 'dpxdt.conf').write_text(text)
        (folder / 'nginx.conf').write_text(AROUND.format(folder / 'dpxdt.conf'))
        self.process = subprocess.Popen([NGINX, '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if 'start worker process' in line:
                break
        else:
            raise AssertionError(f'nginx did not start: {self.said}')
        self.reader = threading.Thread(target=self.said.extend, args=(self.process.stderr,))
        self.reader.start()

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.reader.join(60)
        self.process.stderr.close()

    def log(self):
        return (self.folder / 'access.log').read_text().splitlines()

    def connect(self, source=HERE):
        context = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection('localhost', self.port, timeout=120, context=context, source_address=(source, 0))


class Behind:
    """For a Client or a Visitor, who are to ask nginx."""

    def __init__(self, nginx, *args, source=HERE, **more):
        super().__init__(nginx.port, *args, **more)
        self.nginx, self.source = nginx, source

    def connect(self):
        return self.nginx.connect(self.source)


class ClientBehind(Behind, Client):
    pass


class VisitorBehind(Behind, Visitor):
    pass


class ProxiedTestCase(ServerTestCase):
    """self.nginx, at self.origin; begin() starts the server that it asks."""

    def setUp(self):
        super().setUp()
        if not NGINX:
            self.skipTest('nginx is not installed')
        self.port = harness.free_port()
        folder = self.folder / 'nginx'
        folder.mkdir()
        # As root nginx answers as somebody else, who has to get at its folder; and so do we, who trust its certificate.
        folder.chmod(0o777)
        self.nginx = Nginx(folder, self.port)
        self.addCleanup(self.nginx.close)
        self.origin = f'https://localhost:{self.nginx.port}'

    def begin(self, *args):
        return self.server('--public-url', self.origin, '--trusted-proxies', HERE, *args, port=self.port)

    def client(self, build, **more):
        return ClientBehind(self.nginx, self.new_key(build), **more)

    def release_of(self, client, build, done=False):
        told = client.post('create_release', build_id=build, release_name='r')
        release = {'build_id': build, 'release_name': 'r', 'release_number': told['release_number']}
        if done:
            client.post('runs_done', **release)
        return release


class Programs(ProxiedTestCase):

    def test_who_comes_without_tls_is_sent_to_where_it_is(self):
        with contextlib.closing(http.client.HTTPConnection(HERE, self.nginx.plain_port, timeout=60)) as connection:
            connection.request('GET', '/build?id=1', headers={'Host': 'localhost'})
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.headers['Location']), (301, 'https://localhost/build?id=1'))

    def test_browsers_are_offered_http_2_and_hosts_strict_security(self):
        self.begin()
        context = ssl.create_default_context(cafile=str(self.nginx.ca))
        context.set_alpn_protocols(['h2', 'http/1.1'])
        with socket.create_connection((HERE, self.nginx.port), 60) as plain:
            with context.wrap_socket(plain, server_hostname='localhost') as channel:
                self.assertEqual(channel.selected_alpn_protocol(), 'h2')
        visitor = VisitorBehind(self.nginx, self.origin)
        self.assertRegex(visitor.get('/').headers['Strict-Transport-Security'], 'max-age=')

    def test_metrics_are_for_who_asks_the_server_itself(self):
        self.begin()
        self.assertEqual(ClientBehind(self.nginx).ask('GET', '/metrics')[0], 403)
        self.assertEqual(Client(self.port).ask('GET', '/metrics')[0], 200)
        self.assertEqual(ClientBehind(self.nginx).ask('GET', '/readyz')[::2], (200, b'ready\n'))

    def test_files_of_many_megabytes_come_and_go_whole_and_in_parts(self):
        self.begin()
        build = self.new_build()
        client = self.client(build)
        content = os.urandom(12 << 20)
        sha1 = client.upload(build, 'x.png', content)
        self.assertTrue(client.download(build, sha1) == content)
        path = f'/api/download?build_id={build}&sha1sum={sha1}'
        status, headers, part = client.ask('GET', path, headers={'Range': 'bytes=5000000-7999999'})
        self.assertEqual((status, headers['Content-Range']), (206, f'bytes 5000000-7999999/{len(content)}'))
        self.assertTrue(part == content[5000000:8000000])

    def test_what_is_too_large_is_told_by_the_server(self):
        self.begin()
        build = self.new_build()
        told = self.client(build).upload(build, 'x.png', bytes(20 << 20), expected=413)
        self.assertEqual(list(told), ['error'])

    def test_what_the_server_was_told_to_take_comes_through(self):
        self.begin('--max-request', 32)
        build = self.new_build()
        content = os.urandom(20 << 20)
        self.assertEqual(self.client(build).upload(build, 'x.png', content), hashlib.sha1(content).hexdigest())

    def test_who_waits_for_a_release_is_answered_when_it_is_there(self):
        self.begin()
        build = self.new_build()
        client = self.client(build)
        release = self.release_of(client, build)
        self.assertEqual(client.post('release_status', **release, wait=1)['status'], 'receiving')
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(client.post('release_status', **release, wait=60)))
        waiting.start()
        client.post('runs_done', **release)
        waiting.join(120)
        self.assertEqual([answer['status'] for answer in answers], ['reviewing'])
        self.assertTrue(answers[0]['results_url'].startswith(self.origin + '/release?'), answers)

    def test_addresses_are_those_of_clients_whatever_they_say_themselves(self):
        server = self.begin()
        build = self.new_build()
        client = self.client(build, source=ELSEWHERE)
        client.ask('POST', '/api/create_release', headers={'X-Forwarded-For': '192.0.2.7'})
        server.wait_for(rf'event=request .* address={ELSEWHERE} .* path=/api/create_release ')
        self.assertFalse([line for line in server.lines if line and '192.0.2.7' in line])

    def test_a_worker_captures_through_it(self):
        self.begin('--allow-private')
        site = harness.Site({'/': '<body style="background: #0a0">'})
        self.addCleanup(site.close)
        build = self.new_build()
        client = self.client(build)
        release = self.release_of(client, build)
        client.post('request_run', **release, run_name='/', url=site.url + '/')
        client.post('runs_done', **release)
        key = self.new_key()
        arguments = ['worker', '--release-server-prefix', self.origin + '/api', '--allow-private']
        env = {**self.env, 'DPXDT_CLIENT_ID': key[0], 'DPXDT_CLIENT_SECRET': key[1]}
        stranger = self.start(Process(*arguments, env=env))
        stranger.wait_for('event=lease .*certificate')
        self.assertEqual(stranger.stop(), 0)
        worker = self.start(Process(*arguments, env={**env, 'SSL_CERT_FILE': str(self.nginx.ca)}))
        worker.wait_for('event=task ', timeout=300)
        told = client.post('release_status', **release, wait=60)
        self.assertEqual((told['status'], told['new'], told['failed']), ('reviewing', 1, 0))
        self.assertIn('HTTP/2.0 POST /api/report_run 200', self.nginx.log())


class People(ProxiedTestCase):

    def setUp(self):
        super().setUp()
        if why := logging_in.missing():
            self.skipTest(why)
        service = logging_in.LoginService(self.origin + '/oauth2callback')
        self.addCleanup(service.close)
        self.env['DPXDT_OIDC_CLIENT_SECRET'] = logging_in.LoginService.SECRET
        self.begin('--oidc-issuer', service.issuer, '--oidc-client-id', logging_in.LoginService.CLIENT)
        self.alice = VisitorBehind(self.nginx, self.origin, source=ELSEWHERE)
        self.alice.headers['X-Forwarded-For'] = '192.0.2.7'  # a lie
        self.alice.log_in('alice')
        self.build = int(self.alice.send(self.alice.page('/new').to('/new'), name='demo').place.partition('=')[2])

    def test_who_logs_in_has_a_cookie_for_https_only_and_stays_there(self):
        to_service = self.alice.begin_login('/new')
        self.assertIn(urllib.parse.quote(self.origin + '/oauth2callback', safe=''), to_service)
        cookies = [line for _, answer in self.alice.told for line in answer.headers.get_all('Set-Cookie') or []]
        self.assertGreater(len(cookies), 1)
        for cookie in cookies:
            self.assertRegex(cookie, '^__Host-.*; Secure')
        places = [answer.place for _, answer in self.alice.told if answer.place]
        self.assertEqual([place for place in places if place.startswith('http:') and not place.startswith(to_service[:18])], [])

    def test_the_activity_has_the_address_from_which_she_came(self):
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db')) as database:
            told = database.execute('SELECT DISTINCT address FROM audit UNION SELECT address FROM sessions').fetchall()
        self.assertEqual(told, [(ELSEWHERE,)])

    def test_a_page_that_waits_for_news_has_them_before_the_stream_ends(self):
        client = self.client(self.build)
        release = self.release_of(client, self.build)
        cookies = '; '.join(f'{name}={value}' for name, value in self.alice.cookies.items())
        with contextlib.closing(self.nginx.connect()) as connection:
            connection.request('GET', page_of('/events', release), headers={'Cookie': cookies, 'Accept': 'text/event-stream'})
            stream = connection.getresponse()
            self.assertEqual(stream.status, 200)
            self.assertEqual(self.next_event(stream)['release'], 'receiving')
            client.post('runs_done', **release)
            self.assertEqual(self.next_event(stream)['release'], 'reviewing')
            self.assertNotEqual(stream.readline(), b'', 'the stream has ended')

    def next_event(self, stream):
        for line in stream:
            if line.startswith(b'data: '):
                return json.loads(line[6:])
        raise AssertionError('the stream has ended')


if __name__ == '__main__':
    harness.main()
