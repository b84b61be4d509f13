"""The clients and workers of the Python dpxdt, byte by byte: requests as they were recorded between the programs of old, with
their order of fields and headers, and what those programs read in the replies."""
import base64
import hashlib
import json
import socket
import urllib.parse

import harness
from harness import Picture
from serving import ServerTestCase

RED, BLUE = Picture(40, 30, (255, 0, 0, 255)).png(), Picture(40, 30, (0, 0, 255, 255)).png()


class Old:
    """Speaks as Python 2's urllib2 and poster did: one request a connection, the Authorization behind all else."""

    def __init__(self, port, key):
        self.port, self.key = port, base64.b64encode(':'.join(key).encode()).decode()

    def send(self, request):
        with socket.create_connection(('127.0.0.1', self.port), timeout=60) as peer:
            peer.sendall(request)
            reply = b''
            while piece := peer.recv(65536):
                reply += piece
        head, _, body = reply.partition(b'\r\n\r\n')
        lines = head.decode().split('\r\n')
        status = int(lines[0].split()[1])
        headers = {line.split(':', 1)[0].lower(): line.split(':', 1)[1].strip() for line in lines[1:]}
        assert len(body) == int(headers['content-length']), 'never chunked: urllib of then had no trouble, proxies did'
        return status, headers, body

    def json(self, request):
        status, headers, body = self.send(request)
        assert headers['content-type'].split(';')[0] == 'application/json', headers
        return status, json.loads(body)

    def post(self, path, body):
        """A form whose fields stand as they are given: in the hash order of a dict."""
        return self.json(f'POST /api/{path} HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: {len(body)}\r\n'
                         f'Connection: close\r\nUser-Agent: Python-urllib/2.7\r\nHost: 127.0.0.1:{self.port}\r\n'
                         f'Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic {self.key}\r\n\r\n'
                         f'{body}'.encode())

    def upload(self, build, path, content, content_type):
        """As poster wrote it: each part with its type, the whole path for a name, and a line end behind the end."""
        mark = '251fe0a3086440cb9125c4aa22da6994'
        body = (f'--{mark}\r\nContent-Disposition: form-data; name="build_id"\r\nContent-Type: text/plain; charset=utf-8'
                f'\r\n\r\n{build}\r\n--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\n'
                f'Content-Type: {content_type}\r\n\r\n').encode() + content + f'\r\n--{mark}--\r\n\r\n'.encode()
        return self.json(f'POST /api/upload HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: {len(body)}\r\n'
                         f'Connection: close\r\nUser-Agent: Python-urllib/2.7\r\nHost: 127.0.0.1:{self.port}\r\n'
                         f'Content-Type: multipart/form-data; boundary={mark}\r\nAuthorization: Basic {self.key}'
                         f'\r\n\r\n'.encode() + body)

    def download(self, build, sha1):
        return self.send(f'GET /api/download?sha1sum={sha1}&build_id={build} HTTP/1.1\r\nAccept-Encoding: identity\r\n'
                         f'Host: 127.0.0.1:{self.port}\r\nConnection: close\r\nAuthorization: Basic {self.key}\r\n'
                         f'User-Agent: Python-urllib/2.7\r\n\r\n\r\n'.encode())


class Wire(ServerTestCase):

    def setUp(self):
        super().setUp()
        self.build = self.new_build()
        port = self.server('--allow-private').port
        self.client, self.worker = Old(port, self.new_key(self.build)), Old(port, self.new_key())
        self.port = port

    def upload(self, path, content, content_type='image/png'):
        status, reply = self.client.upload(self.build, path, content, content_type)
        self.assertEqual((status, reply), (200, {'build_id': self.build, 'content_type': content_type, 'success': True,
                                                 'sha1sum': hashlib.sha1(content).hexdigest()}))
        return reply['sha1sum']

    def test_diff_my_images(self):
        self.assertEqual(self.client.post('create_release', 'build_id=1&url=http%3A%2F%2F127.0.0.1%3A5620%2Fa.html&release_name=images+1'),
                         (200, {'build_id': 1, 'release_name': 'images 1', 'release_number': 1, 'success': True,
                                'url': 'http://127.0.0.1:5620/a.html'}))
        self.assertEqual(self.client.post('find_run', 'build_id=1&run_name=My+homepage'), (400, {'error': 'Run not found'}))
        log = self.upload('/home/me/dpxdt/tests/testdata/testlog1.txt', b'This is my first log file\n', 'text/plain')
        image = self.upload('/home/me/dpxdt/tests/testdata/JellyBellyBeans.png', RED)
        url = 'http%3A%2F%2Flocalhost%3A5000%2Fstatic%2Fdummy%2Fdummy_page1.html'
        self.assertEqual(self.client.post('report_run', f'build_id=1&log={log}&url={url}&image={image}&release_number=1&'
                                          'run_name=My+homepage&release_name=images+1'), (200, {'success': True}))
        self.assertEqual(self.client.post('report_run', f'build_id=1&log={log}&url=http%3A%2F%2Flocalhost%2Fx&release_number=1&'
                                          'run_failed=yes&run_name=Failed+one&release_name=images+1'), (200, {'success': True}))
        self.assertEqual(self.client.post('report_run', 'build_id=1&url=http%3A%2F%2Fx%2F&release_name=images+1&release_number=1&'
                                          'run_name=nolog'), (200, {'success': True}))
        status, done = self.client.post('runs_done', 'build_id=1&release_name=images+1&release_number=1')
        self.assertEqual(status, 200)
        self.assertEqual(sorted(done), ['results_url', 'success'])
        where = urllib.parse.urlsplit(done['results_url'])
        self.assertEqual((where.netloc, where.path), (f'127.0.0.1:{self.port}', '/release'))
        self.assertEqual(urllib.parse.parse_qs(where.query), {'id': ['1'], 'name': ['images 1'], 'number': ['1']})
        self.client.post('decide_release', 'build_id=1&release_name=images+1&release_number=1&status=good')
        status, found = self.client.post('find_run', 'build_id=1&run_name=My+homepage')
        self.assertEqual((status, found), (200, {
            'build_id': 1, 'config': None, 'image': image, 'log': log, 'release_name': 'images 1', 'release_number': 1,
            'run_name': 'My homepage', 'success': True, 'url': urllib.parse.unquote(url)}))
        self.assertEqual(self.client.post('create_release', 'build_id=77&url=http%3A%2F%2Fa%2F&release_name=x')[0], 404)

    def test_url_pair_diff_with_the_workers(self):
        self.client.post('create_release', 'build_id=1&url=http%3A%2F%2F127.0.0.1%3A5620%2Fa.html&release_name=pair+1')
        config = urllib.parse.quote_plus('{"injectJs": "document.title=\\"\\u00e9 & b\\"", "httpPassword": "p", '
                                         '"httpUserName": "u", "viewportSize": {"width": 1280, "height": 1024}}')
        status, asked = self.client.post('request_run', f'build_id=1&url=http%3A%2F%2F127.0.0.1%3A5620%2Fa.html&ref_config={config}&'
                                         f'release_number=1&run_name=%2Fa.html&release_name=pair+1&config={config}&'
                                         'ref_url=http%3A%2F%2F127.0.0.1%3A5620%2Fb.html')
        self.assertEqual(status, 200)
        self.assertEqual({key: asked[key] for key in asked if 'config' not in key}, {
            'build_id': 1, 'ref_url': 'http://127.0.0.1:5620/b.html', 'release_name': 'pair 1', 'release_number': 1,
            'run_name': '/a.html', 'success': True, 'url': 'http://127.0.0.1:5620/a.html'})
        self.client.post('runs_done', 'build_id=1&release_name=pair+1&release_number=1')

        status, leased = self.worker.post('work_queue/capture/lease', 'count=2')
        self.assertEqual((status, sorted(leased)), (200, ['tasks']))
        captures = leased['tasks']
        self.assertEqual([task['payload'] for task in captures], [
            {'baseline': False, 'build_id': 1, 'config_sha1sum': asked['config'], 'release_name': 'pair 1',
             'release_number': 1, 'run_name': '/a.html', 'url': 'http://127.0.0.1:5620/a.html'},
            {'baseline': True, 'build_id': 1, 'config_sha1sum': asked['ref_config'], 'release_name': 'pair 1',
             'release_number': 1, 'run_name': '/a.html', 'url': 'http://127.0.0.1:5620/b.html'}])
        first = '1:' + hashlib.sha1(b'http://127.0.0.1:5620/a.html').hexdigest()
        second = '1:' + hashlib.sha1(b'http://127.0.0.1:5620/b.html').hexdigest() + ':baseline'
        self.assertEqual([task['task_id'] for task in captures], [first, second])
        for key in ('created', 'eta', 'last_lease', 'lease_attempts'):
            self.assertIsInstance(captures[0][key], int)
        self.assertEqual(captures[0]['eta'] - captures[0]['last_lease'], 60)
        self.assertEqual((captures[0]['content_type'], captures[0]['queue_name'], captures[0]['source']),
                         ('application/json', 'capture', 'request_run'))
        self.assertEqual(self.worker.post('work_queue/run-pdiff/lease', 'count=1'), (200, {'tasks': []}))

        status, headers, text = self.worker.download(1, asked['config'])
        self.assertEqual((status, headers['content-type'], headers['etag']), (200, 'application/json', f'"{asked["config"]}"'))
        self.assertEqual(json.loads(text)['targetUrl'], 'http://127.0.0.1:5620/a.html')
        self.assertEqual(json.loads(text)['injectJs'], 'document.title="é & b"')
        for task, picture, field in ((first, RED, 'image'), (second, BLUE, 'ref_image')):
            quoted = urllib.parse.quote_plus(task)
            for index, message in enumerate(['Fetching+webpage+capture+config', 'Running+webpage+capture+process']):
                self.assertEqual(self.worker.post('work_queue/capture/heartbeat', f'index={index}&message={message}&task_id={quoted}'),
                                 (200, {'success': True}))
            sha1 = self.upload('/tmp/tmp0/screenshot.png', picture)
            self.assertEqual(self.worker.post('report_run', f'build_id=1&{field}={sha1}&release_number=1&run_name=%2Fa.html&'
                                              'release_name=pair+1'), (200, {'success': True}))
            self.assertEqual(self.worker.post('work_queue/capture/finish', f'task_id={quoted}'), (200, {'success': True}))

        status, leased = self.worker.post('work_queue/run-pdiff/lease', 'count=1')
        task = leased['tasks'][0]
        image, reference = hashlib.sha1(RED).hexdigest(), hashlib.sha1(BLUE).hexdigest()
        self.assertEqual(task['payload'], {'build_id': 1, 'reference_sha1sum': reference, 'release_name': 'pair 1',
                                           'release_number': 1, 'run_name': '/a.html', 'run_sha1sum': image})
        self.assertEqual((task['task_id'], task['source']), (f'1:{image}:{reference}', 'report_run'))
        log, diff = self.upload('/tmp/log.txt', b'x', 'text/plain'), self.upload('/tmp/diff.png', RED + b' ')
        self.assertEqual(self.worker.post('report_run', f'build_id=1&release_number=1&diff_image={diff}&distortion=0.474542&'
                                          f'diff_log={log}&run_name=%2Fa.html&release_name=pair+1'), (200, {'success': True}))
        self.assertEqual(self.worker.post('work_queue/run-pdiff/finish', 'task_id=' + urllib.parse.quote_plus(task['task_id'])),
                         (200, {'success': True}))
        state = self.client.post('release_status', 'build_id=1&release_name=pair+1&release_number=1')[1]
        self.assertEqual((state['status'], state['different']), ('reviewing', 1))

    def test_a_capture_that_fails_three_times(self):
        self.client.post('create_release', 'build_id=1&release_name=urls+2')
        self.client.post('request_run', 'build_id=1&url=http%3A%2F%2Fh%2Fx&release_number=1&run_name=fails&release_name=urls+2&config=%7B%7D')
        self.client.post('runs_done', 'build_id=1&release_name=urls+2&release_number=1')
        task = self.worker.post('work_queue/capture/lease', 'count=1')[1]['tasks'][0]
        quoted = urllib.parse.quote_plus(task['task_id'])
        log = self.upload('/tmp/log.txt', b'broken', 'text/plain')
        self.worker.post('report_run', f'build_id=1&log={log}&release_number=1&run_name=fails&release_name=urls+2&run_failed=yes')
        self.assertEqual(self.worker.post('work_queue/capture/heartbeat', 'index=3&message=CaptureFailedError%3A+returncode%3D3&'
                                          f'task_id={quoted}'), (200, {'success': True}))
        # It is not final before the task is: the worker tries again when its lease has run out.
        state = lambda: self.client.post('release_status', 'build_id=1&release_name=urls+2&release_number=1')[1]
        self.assertEqual((state()['status'], state()['pending']), ('processing', 1))
        self.assertEqual(self.worker.post('work_queue/capture/finish', f'task_id={quoted}&error=1'), (200, {'success': True}))
        self.assertEqual((state()['status'], state()['failed']), ('reviewing', 1))


harness.main()
