"""Login services for tests, and logging in there as a browser without scripts does."""
import base64
import functools
import html.parser
import http.cookiejar
import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

WEB = pathlib.Path(__file__).resolve().parents[1] / 'web'
ACCOUNTS = {
    'alice': {'email': 'Alice@Example.ORG', 'email_verified': True, 'name': 'Alice Adams', 'hd': 'example.org'},
    'bob': {'email': 'bob@example.net', 'email_verified': True},
    'unverified': {'email': 'alice@example.org', 'email_verified': False},
    'unknown': {'name': 'Without an address'},
}


def missing():
    """Why there can be no LoginService here; '' if there can."""
    if not shutil.which('node'):
        return 'node is not installed'
    if not (WEB / 'node_modules/oidc-provider/package.json').exists():
        return 'oidc-provider is not installed: run "npm ci" in tests/web'
    return ''


class LoginService:
    """The certified oidc-provider, with the settings of tests/web/oidc_provider.mjs besides. The caller closes it."""

    CLIENT, SECRET = 'dpxdt', 'test-secret'

    def __init__(self, redirect_uri, accounts=ACCOUNTS, **settings):
        self.log = tempfile.TemporaryFile('w+')
        settings = {'redirectUris': [redirect_uri], 'accounts': accounts, **settings}
        self.process = subprocess.Popen(['node', WEB / 'oidc_provider.mjs', json.dumps(settings)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith('port '):
            self.log.seek(0)
            raise AssertionError(f'the login service did not start: {line}{self.log.read()}')
        self.port = int(line.split()[1])
        self.issuer = f'http://127.0.0.1:{self.port}'

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


class _Form(html.parser.HTMLParser):
    """The action of the first form."""

    action = None

    def handle_starttag(self, tag, attributes):
        if tag == 'form' and self.action is None:
            self.action = dict(attributes).get('action', '')


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies, and goes where it is sent. Forms come from an origin, or from that of their own address."""

    def __init__(self, origin=None):
        self.origin = origin
        self.opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            urllib.request.ProxyHandler({}))

    def ask(self, url, fields=None):
        """-> (status, headers, text)"""
        request = urllib.request.Request(url, None if fields is None else urllib.parse.urlencode(fields).encode())
        if fields is not None:  # as browsers say it of a form
            request.add_header('Origin', self.origin or '{0.scheme}://{0.netloc}'.format(urllib.parse.urlsplit(url)))
        try:
            with self.opener.open(request, timeout=60) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as reply:
            with reply:
                return reply.status, reply.headers, reply.read().decode()

    def go(self, url, until, fields=None):
        """Follows redirects, until one leads to an address that begins so, which is not asked for.
        -> (that address, '') or (the page's address, the page)"""
        for _ in range(20):
            status, headers, text = self.ask(url, fields)
            if status not in (301, 302, 303, 307, 308):
                return url, text
            url, fields = urllib.parse.urljoin(url, headers['Location']), None
            if url.startswith(until):
                return url, ''
        raise AssertionError('redirected for ever')

    def log_in(self, url, until, **fields):
        """From where the site sends the browser, with these fields in the login form, if there is one.
        -> the parameters with which it is sent back"""
        place, text = self.go(url, until)
        if not place.startswith(until):
            form = _Form()
            form.feed(text)
            assert form.action, f'no form at {place}: {text}'
            place, text = self.go(urllib.parse.urljoin(place, form.action), until, fields)
        assert place.startswith(until), f'ended at {place}: {text}'
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(place).query))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class SigningKey:
    """An RSA key, by the openssl command."""

    def __init__(self, kid, folder):
        self.kid, self.file = kid, folder / f'{kid}.pem'
        subprocess.run(['openssl', 'genrsa', '-out', self.file, '2048'], check=True, capture_output=True)

    @functools.cached_property
    def jwk(self):
        told = subprocess.run(['openssl', 'rsa', '-in', self.file, '-noout', '-modulus'], check=True, text=True,
                              capture_output=True).stdout
        return {'kty': 'RSA', 'kid': self.kid, 'use': 'sig', 'e': 'AQAB',
                'n': base64url(bytes.fromhex(told.strip().removeprefix('Modulus=')))}

    def token(self, claims):
        header = {'alg': 'RS256', 'kid': self.kid}
        text = '.'.join(base64url(json.dumps(part).encode()) for part in (header, claims))
        made = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.file], input=text.encode(), check=True,
                              capture_output=True).stdout
        return f'{text}.{base64url(made)}'


class FakeService:
    """A login service that says whatever a test wants. .discovery, .keys and .tokens are what it answers: an object, a
    text, a status, or (status, object or text). .headers are sent with each answer; .requests has (path, headers, body) of
    what was asked. The caller closes it."""

    def __init__(self):
        self.requests, self.headers = [], {}
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _FakeHandler)
        self.server.service = self
        self.issuer = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.discovery = {'issuer': self.issuer, 'authorization_endpoint': f'{self.issuer}/authorize',
                          'token_endpoint': f'{self.issuer}/token', 'jwks_uri': f'{self.issuer}/keys'}
        self.keys, self.tokens = {'keys': []}, 404
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def answer(self, path):
        answers = {'/.well-known/openid-configuration': self.discovery, '/keys': self.keys, '/token': self.tokens}
        return answers.get(path, 404)

    def claims(self, login, **changes):
        """Those of a good token for oidc_tool's client, and what a test has instead."""
        now = int(time.time())
        return {'iss': self.issuer, 'sub': '1', 'aud': 'dpxdt', 'exp': now + 300, 'iat': now, 'nonce': login['nonce'],
                'email': 'alice@example.org', 'email_verified': True, **changes}

    def asked(self, path):
        return [request for request in self.requests if request[0] == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _FakeHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        service = self.server.service
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        service.requests.append((self.path, self.headers, body))
        answer = service.answer(self.path)
        if isinstance(answer, int):
            answer = answer, ''
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        for name, value in service.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET
