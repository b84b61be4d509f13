"""Where pages of strangers may lead a browser that captures for a server: to the public internet, and nowhere else. All of it
happens in a network of its own, in which 93.184.216.34 is the public internet, and everything else listens, too."""
import contextlib
import http.server
import ipaddress
import itertools
import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import unittest
import urllib.parse

import harness
import mail_server
from serving import Client, Process, ServerTestCase

# This program runs again, behind these words, with a network of its own, in which nothing leads outside, and names of its own.
IS_IN_IT = 'IS_IN_OWN_NETWORK' in os.environ
OWN_NETWORK = None if IS_IN_IT else harness.unshare('--net', user=('--map-current-user', '--keep-caps'))

PUBLIC, PUBLIC_6 = '93.184.216.34', '2606:4700::1'
PRIVATE = ['10.0.0.1', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '168.63.129.16', '192.0.2.1', 'fd00::1',
           '64:ff9b:1::a9fe:a9fe', '127.0.0.1', '::1']

# What the name server says, each time the next; the last one stays. Those that rebind are public when the server looks, and the worker.
NAMES = {
    'public.test': [[PUBLIC]], 'six.test': [[PUBLIC_6]], 'both.test': [['10.0.0.1', PUBLIC]],
    'private.test': [['10.0.0.1']], 'meta.test': [['169.254.169.254']], 'loop.test': [['127.0.0.1']], 'loop6.test': [['::1']],
    'mapped.test': [['::ffff:10.0.0.1']], 'any.test': [['0.0.0.0']],
    **{f'rebind{i}.test': [[PUBLIC], [PUBLIC], [private]] for i, private in enumerate(['127.0.0.1', '10.0.0.1', '::1'])},
}

# Hosts of URLs, each of which is a private address, or leads to one.
HOSTS = ['10.0.0.1', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '168.63.129.16', '192.0.2.1',
         '[fd00::1]', '[64:ff9b:1::a9fe:a9fe]', '127.0.0.1', '[::1]', '0.0.0.0', '[::]',
         '2130706433', '0x7f000001', '017700000001', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', '[::ffff:10.0.0.1]', '[::ffff:a00:1]',
         '2852039166', '0xa9fea9fe', 'localhost', 'x.localhost', 'private.test', 'meta.test', 'loop.test', 'loop6.test', 'mapped.test',
         'any.test', 'PRIVATE.test', 'private.test.']

# What listens at each address, and what its URLs begin with.
TCP, UDP, ORIGINS = (80, 443, 8080), (443, 3478), ('http://{}', 'https://{}', 'http://{}:8080')
# Where a page is only led there, three hosts are tried with all of them.
TARGETS = [ORIGINS[0].format(host) for host in HOSTS] + [it.format(host) for it in ORIGINS[1:] for host in ('10.0.0.1', '[::1]', 'meta.test')]

# How a page gets at an address, as a script that is given a URL and its host; what comes is told by its path.
WAYS = {
    'image': 'new Image().src = url',
    'frame': 'add("iframe", {src: url})',
    'object': 'add("object", {data: url, type: "text/html"})',
    'embed': 'add("embed", {src: url})',
    'style': 'add("link", {rel: "stylesheet", href: url})',
    'import': 'add("style", {textContent: `@import url(${url})`})',
    'background': 'add("i", {style: `background: url(${url})`, textContent: "x"})',
    'font': 'new FontFace("x", `url(${url})`).load().catch(() => {})',
    'script': 'add("script", {src: url})',
    'module': 'import(url).catch(() => {})',
    'video': 'add("video", {src: url, preload: "auto"}).load()',
    'fetch': 'fetch(url, {mode: "no-cors"}).catch(() => {})',
    'posted': 'fetch(url, {method: "POST", mode: "no-cors", body: "x"}).catch(() => {})',
    'request': 'x = new XMLHttpRequest(); x.open("GET", url); x.send()',
    'beacon': 'navigator.sendBeacon(url, "x")',
    'events': 'new EventSource(url)',
    'socket': 'new WebSocket(url.replace("http", "ws"))',
    'prefetch': 'add("link", {rel: "preload", as: "image", href: url})',
    'preconnect': 'add("link", {rel: "preconnect", href: url})',
    'form': 'f = add("form", {action: url, target: url}); add("iframe", {name: url}); f.submit()',
    'window': 'open(url)',
    'redirected': 'new Image().src = `/to?${encodeURIComponent(url)}`',
    'redirected frame': 'add("iframe", {src: `/to?${encodeURIComponent(url)}`})',
    'refreshed': 'add("iframe", {srcdoc: `<meta http-equiv=refresh content="0; url=${url}">`})',
    'worker': 'new Worker(URL.createObjectURL(new Blob([`fetch("${url}", {mode: "no-cors"})`])))',
    'peer': 'p = new RTCPeerConnection({iceServers: [{urls: `stun:${host}:3478`}]}); p.createDataChannel("x"); p.createOffer().then(o => p.setLocalDescription(o))',
    'transport': 'new WebTransport(`https://${host}:443/x`).ready.catch(() => {})',
}
# What has no way to the network at all, or leaves no trace in a path.
NOWHERE = {'peer', 'transport', 'preconnect'}

PAGE = '''<!doctype html><meta charset=utf-8><body style="background: #0a0"><script>
const add = (name, attributes) => {
  const {textContent, ...others} = attributes, it = document.body.appendChild(Object.assign(document.createElement(name), textContent ? {textContent} : {}));
  for (const [key, value] of Object.entries(others)) it.setAttribute(key, value);
  return it;
};
for (const host of %s) for (const origin of %s) for (const [way, act] of Object.entries(%s)) {
  const url = `${origin.replace('{}', host)}/${encodeURIComponent(way)}`;
  try { new Function('add', 'url', 'host', 'let f, p, x; ' + act)(add, url, host); } catch (error) { console.log(way, url, error.message); }
}
</script>'''


def page(hosts, ways=WAYS):
    return PAGE % (json.dumps(hosts), json.dumps(ORIGINS), json.dumps(ways))


FAMILIES = {'0.0.0.0': socket.AF_INET, '::': socket.AF_INET6}


class NameServer(socketserver.UDPServer):
    """Answers of NAMES, and notes who was asked for."""

    def __init__(self):
        self.asked, self.turns = [], {name: itertools.chain(answers[:-1], itertools.repeat(answers[-1])) for name, answers in NAMES.items()}
        self.answers = {}
        super().__init__(('127.0.0.1', 53), NameServer.Handler)

    def of(self, name, kind):
        # An A and an AAAA question are one look at a name.
        waiting = self.answers.setdefault(name, {})
        if kind not in waiting:
            addresses = [ipaddress.ip_address(it) for it in next(self.turns[name])] if name in self.turns else []
            for version, record in ((4, 1), (6, 28)):
                waiting.setdefault(record, []).append([it.packed for it in addresses if it.version == version])
        answer = waiting[kind].pop(0)
        if not waiting[kind]:
            del waiting[kind]
        return answer

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            query, peer = self.request
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind, = struct.unpack('!H', query[at + 1:at + 3])
            name = '.'.join(labels).lower()
            self.server.asked.append(name)
            found = self.server.of(name, kind) if kind in (1, 28) else []
            code = 0 if name in NAMES else 3
            records = b''.join(b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 0, len(it)) + it for it in found)
            peer.sendto(query[:2] + struct.pack('!HHHHH', 0x8580 | code, 1, len(found), 0, 0) + query[12:at + 5] + records, self.client_address)


class Listener(http.server.ThreadingHTTPServer):
    """On a port of every address: notes (the address that was reached, the path). With a certificate it speaks TLS."""

    daemon_threads = True

    def __init__(self, pages, host, port, certificate=None):
        self.address_family, self.pages, self.reached, self.tls = FAMILIES[host], pages, [], None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        super().__init__((host, port), Listener.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()

    def get_request(self):
        connection, peer = super().get_request()
        connection.settimeout(30)
        self.reached.append((connection.getsockname()[0], None))
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def handle_error(self, *_):
        pass  # who gives up a connection knows why

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            self.server.reached.append((self.connection.getsockname()[0], self.path))
            path, _, query = self.path.partition('?')
            if path == '/to':
                self.answer(302, b'', {'Location': urllib.parse.unquote(query)})
            elif path in self.server.pages:
                self.answer(200, self.server.pages[path].encode(), {'Content-Type': 'text/html'})
            else:
                self.answer(200, b'', {'Content-Type': 'text/plain', 'Connection': 'close'})

        def do_POST(self):
            self.rfile.read(int(self.headers.get('Content-Length', 0)))
            self.do_GET()

        def answer(self, status, body, headers):
            self.send_response(status)
            for name, value in {**headers, 'Content-Length': len(body)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


@unittest.skipUnless(OWN_NETWORK or IS_IN_IT, 'a network of its own is not to be had here (unshare --net --mount)')
class Egress(ServerTestCase):

    def setUp(self):
        super().setUp()
        self.pages = {}
        certificate = mail_server.certificate(self.folder, 'public.test')
        self.listeners = [Listener(self.pages, host, port, certificate if port == 443 else None) for host in FAMILIES for port in TCP]
        self.names = NameServer()
        threading.Thread(target=self.names.serve_forever, daemon=True).start()
        for server in (*self.listeners, self.names):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.udp = [self.listen_by_udp(host, port) for host in FAMILIES for port in UDP]
        self.build = self.new_build()
        self.it = self.server()
        self.client = Client(self.it.port, self.new_key(self.build))
        self.start(Process('worker', '--release-server-prefix', self.it.prefix, '--release-client-id', (key := self.new_key())[0],
                           '--release-client-secret', key[1], env=self.env))

    def listen_by_udp(self, host, port):
        it = socket.socket(FAMILIES[host], socket.SOCK_DGRAM)
        self.addCleanup(it.close)
        if it.family == socket.AF_INET6:
            it.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        it.bind((host, port))
        it.setblocking(False)
        return it

    def capture(self, pages, expected=200):
        """pages: {run: url}. -> {run: (what became of it, its log)}"""
        number = self.client.post('create_release', build_id=self.build, release_name='r')['release_number']
        release = {'build_id': self.build, 'release_name': 'r', 'release_number': number}
        config = json.dumps({'resourceTimeoutMs': 5000, 'ignoreCertificateErrors': True})
        for name, url in pages.items():
            self.client.post('request_run', expected, **release, run_name=name, url=url, config=config)
        self.client.post('runs_done', **release)
        for _ in range(5):
            if self.client.post('release_status', **release, wait=60)['status'] == 'reviewing':
                break
        return {run['run_name']: (run['status'], self.client.download(self.build, run['log']).decode() if run['log'] else '')
                for run in self.client.post('list_runs', **release)['runs']}

    def reached(self):
        """-> {(address, port): paths}, of all that anything came to"""
        found = {}
        for listener in self.listeners:
            for address, path in listener.reached:
                found.setdefault((address, listener.server_address[1]), set()).add(path and path.partition('?')[0])
        for it in self.udp:
            with contextlib.suppress(BlockingIOError):
                it.recv(2000)
                found[f'{it.getsockname()} by UDP'] = {None}
        return found

    def test_a_page_reaches_the_public_internet_in_every_way_and_nothing_else_in_any(self):
        self.pages['/all'] = page(['public.test', PUBLIC, f'[{PUBLIC_6}]'])
        for i, host in enumerate(HOSTS):
            self.pages[f'/of/{i}'] = page([host])
        found = self.capture({'all': 'http://public.test/all', **{host: f'http://public.test/of/{i}' for i, host in enumerate(HOSTS)}})
        self.assertEqual({name: status for name, (status, log) in found.items() if status != 'no_diff_needed'}, {}, found)
        reached = self.reached()
        self.assertEqual(set(reached), {(address, port) for address in (PUBLIC, PUBLIC_6) for port in TCP})
        wanted = {'/' + urllib.parse.quote(way, safe="!'()*") for way in WAYS if way not in NOWHERE}
        missing = {(address, port): wanted - paths for (address, port), paths in reached.items()}
        for address in PUBLIC, PUBLIC_6:
            missing[address, 443] -= {'/form', '/window'}  # where they lead, no certificate is taken that nobody knows
        self.assertEqual(missing, {where: set() for where in reached})
        self.assertIn('it leads to a private address, which is not allowed here', found['10.0.0.1'][1])

    def test_a_page_that_is_elsewhere_by_then_is_not_captured(self):
        self.pages['/there'] = '<body style="background: red">'
        targets = {f'redirect to {target}': f'http://public.test/to?{urllib.parse.quote(f"{target}/there", safe="")}' for target in TARGETS}
        targets |= {f'rebound {i}': f'http://rebind{i}.test/there' for i in range(3)}
        targets |= {f'refreshed {i}': f'http://public.test/refresh/{i}' for i in range(len(TARGETS))}
        for i, target in enumerate(TARGETS):
            self.pages[f'/refresh/{i}'] = f'<meta http-equiv=refresh content="0; url={target}/there">'
        found = self.capture(targets)
        self.assertEqual({name: status for name, (status, log) in found.items() if status != 'failed'}, {})
        for name, (status, log) in found.items():
            self.assertIn('it leads to a private address', log, name)
        self.assertLessEqual(set(self.reached()), {(PUBLIC, 80)})

    def test_what_a_browser_shows_besides_the_web_is_not_captured(self):
        schemes = ['file:///etc/passwd', 'chrome://version/', 'view-source:http://public.test/', 'about:blank', 'data:text/html,x', 'ftp://public.test/',
                   'javascript:1', 'blob:http://public.test/x', 'devtools://devtools/bundled/inspector.html', 'chrome-extension://x/y']
        self.capture({str(i): url for i, url in enumerate(schemes)}, expected=400)
        self.pages['/stays'] = '<body style="background: #0a0"><script>for (const url of %s) { try { open(url); location = url } catch (error) { console.log(error.message) } }' \
            '</script>' % json.dumps([url for url in schemes if not url.startswith(('javascript:', 'about:', 'data:', 'ftp:', 'blob:'))])
        found = self.capture({'stays': 'http://public.test/stays'})
        self.assertEqual(found['stays'][0], 'no_diff_needed', found)

    def test_an_address_with_a_public_and_a_private_side_is_reached_on_the_public_one(self):
        self.pages['/x'] = 'x'
        self.assertEqual(self.capture({'both': 'http://both.test/x'}, expected=400), {})  # the server takes no chances
        self.pages['/all'] = page(['both.test'], {'image': WAYS['image']})
        self.capture({'all': 'http://public.test/all'})
        self.assertEqual(set(self.reached()), {(PUBLIC, port) for port in TCP})


SETTINGS = {'/etc/resolv.conf': 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n',
            '/etc/nsswitch.conf': 'hosts: files dns\n', '/etc/hosts': '127.0.0.1 localhost\n'}


def set_up_network():
    run = lambda *args: subprocess.run(args, check=True)
    run('ip', 'link', 'set', 'lo', 'up')
    for address in [PUBLIC, PUBLIC_6, *PRIVATE]:
        if not ipaddress.ip_address(address).is_loopback:
            run('ip', 'address', 'add', address, 'dev', 'lo')
    run('mount', '-t', 'tmpfs', 'none', '/mnt')
    for path, text in SETTINGS.items():
        own = f'/mnt/{os.path.basename(path)}'
        with open(own, 'w') as file:
            file.write(text)
        if os.path.exists(path):
            run('mount', '--bind', own, os.path.realpath(path))


if __name__ == '__main__':
    if IS_IN_IT:
        set_up_network()
    elif OWN_NETWORK:
        os.execvpe(OWN_NETWORK[0], [*OWN_NETWORK, sys.executable, *sys.argv], {**os.environ, 'IS_IN_OWN_NETWORK': 'yes'})
    harness.main()
