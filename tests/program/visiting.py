"""The review site as browsers see it: pages that are taken apart, people who log in at a real login service, send forms and keep
cookies. What the tests of the site share."""
import contextlib
import html.parser
import http.client
import http.cookies
import json
import pathlib
import re
import sqlite3
import urllib.parse

import harness
import logging_in
from serving import Client, ServerTestCase

SOURCE = pathlib.Path(__file__).resolve().parents[2] / 'src'
WITHOUT_END = {'area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr'}


def routes(file):
    """The routes of a table in C: (method, path), in order."""
    found = re.findall(r'^\s*\{"([A-Z]+)", "([^"]+)", \w+\},$', (SOURCE / file).read_text(), re.MULTILINE)
    assert found, file
    return found


class Form:
    def __init__(self, attributes):
        self.action = attributes.get('action', '')
        self.method = attributes.get('method', 'get').upper()
        self.fields, self.buttons = {}, []


class Page(html.parser.HTMLParser):
    """elements: (tag, attributes) in order. texts: what stands between them, by the tag around it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.source, self.elements, self.forms, self.texts = text, [], [], []
        self.open, self.form = [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or '' for name, value in attributes}
        self.elements.append((tag, attributes))
        if tag not in WITHOUT_END:
            self.open.append(tag)
        if tag == 'form':
            self.form = Form(attributes)
            self.forms.append(self.form)
        elif self.form and tag in ('input', 'button') and 'name' in attributes:
            self.take_field(tag, attributes)

    def take_field(self, tag, attributes):
        pair = attributes['name'], attributes.get('value', '')
        if tag == 'button':
            self.form.buttons.append(pair)
        elif attributes.get('type') != 'checkbox':
            self.form.fields[pair[0]] = pair[1]
        elif 'checked' in attributes:
            self.form.fields[pair[0]] = pair[1] or 'on'

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        if tag == 'form':
            self.form = None

    def handle_data(self, text):
        self.texts.append((self.open[-1] if self.open else '', text))

    @property
    def text(self):
        return ' '.join(text for _, text in self.texts)

    def inside(self, tag):
        return ' '.join(text for around, text in self.texts if around == tag).strip()

    def links(self):
        return [attributes['href'] for tag, attributes in self.elements if tag == 'a' and 'href' in attributes]

    def to_log_in(self):
        return next(link for link in self.links() if link.startswith('/login'))

    def addresses(self):
        """All that a browser may go to or fetch."""
        names = ('href', 'src', 'action', 'formaction', 'data', 'poster', 'srcset', 'background', 'ping', 'cite')
        return [value for _, attributes in self.elements for name, value in attributes.items() if name in names]

    def problems(self):
        """What is said beside fields: {id of the message: message}"""
        return {attributes['id']: self.text_of(attributes['id']) for tag, attributes in self.elements
                if 'problem' in attributes.get('class', '').split()}

    def text_of(self, name):
        match = re.search(rf'id="{re.escape(name)}"[^>]*>([^<]*)<', self.source)
        return Page(match[1]).text if match else ''

    def to(self, action, button=None):
        """The first form that is sent to this path, and has this button, a name or (name, value)."""
        for form in self.forms:
            names = [name for name, _ in form.buttons]
            if form.action.partition('?')[0] == action and (button is None or button in names or button in form.buttons):
                return form
        raise AssertionError(f'no form to {action} with {button}: {[(f.action, f.buttons) for f in self.forms]}')


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode('utf-8', 'replace')
        self.place = headers['Location']

    @property
    def page(self):
        return Page(self.text)

    def __repr__(self):
        return f'{self.status} {self.place or ""} {self.text[:2000]}'


def query(path, **fields):
    fields = {name: value for name, value in fields.items() if value is not None}
    return path + ('?' + urllib.parse.urlencode(fields) if fields else '')


class Visitor:
    """A browser: keeps cookies, and says of its requests where they come from. origin: of the site, as it knows itself."""

    def __init__(self, port, origin, **headers):
        self.port, self.origin, self.headers, self.cookies = port, origin, headers, {}
        self.told = []  # (path, Answer) of all that it was told

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)

    def ask(self, method, path, body=None, headers=None):
        headers = {**self.headers, **(headers or {})}
        if self.cookies:
            headers['Cookie'] = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        headers = {name: value for name, value in headers.items() if value is not None}
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        self.take_cookies(answer)
        self.told.append((path, answer))
        return answer

    def take_cookies(self, answer):
        for line in answer.headers.get_all('Set-Cookie') or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel['max-age'] == '0':
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def get(self, path, expected=200, headers=None):
        answer = self.ask('GET', path, headers=headers)
        assert answer.status == expected, f'{path}: {answer}'
        return answer

    def page(self, path, expected=200):
        return self.get(path, expected).page

    def post(self, path, fields, headers=None):
        """As a form of the site is sent. A header that is None is left out."""
        body = urllib.parse.urlencode(fields)
        return self.ask('POST', path, body, {'Content-Type': 'application/x-www-form-urlencoded', 'Origin': self.origin,
                                             'Sec-Fetch-Site': 'same-origin', **(headers or {})})

    def send(self, form, button=None, expected=303, without=(), **changes):
        """Sends a form as it was shown, with what was typed. button: a name or (name, value)."""
        pressed = [pair for pair in form.buttons if button in (pair[0], pair)][:1]
        fields = {**form.fields, **dict(pressed), **changes}
        answer = self.post(form.action, {name: value for name, value in fields.items() if name not in without})
        assert answer.status == expected, f'{form.action} {fields}: {answer}'
        return answer

    def csrf(self):
        return self.page('/whoami').to('/logout').fields['csrf']

    @property
    def token(self):
        return self.cookies.get('dpxdt') or self.cookies.get('__Host-dpxdt')

    def begin_login(self, next_path=None):
        """-> where the service is"""
        return self.get(query('/login', next=next_path), 303).place

    def go_to_service(self, url, account):
        """-> the path of ours to which the service sends back"""
        callback = self.origin + '/oauth2callback'
        parameters = logging_in.Browser().log_in(url, callback, login=account)
        return query('/oauth2callback', **parameters)

    def log_in(self, account, next_path=None):
        answer = self.get(self.go_to_service(self.begin_login(next_path), account), 303)
        assert self.token, answer
        return answer


class SiteTestCase(ServerTestCase):
    """A server that people log in to, by OpenID Connect; and what it keeps."""

    options = ()  # of its server, besides
    accounts = {**logging_in.ACCOUNTS, 'carol': {'email': 'carol@example.com', 'email_verified': True, 'name': 'Carol'}}

    def setUp(self):
        super().setUp()
        if why := logging_in.missing():
            self.skipTest(why)
        self.port = harness.free_port()
        self.origin = f'http://127.0.0.1:{self.port}'
        self.service = logging_in.LoginService(self.origin + '/oauth2callback', accounts=self.accounts)
        self.addCleanup(self.service.close)
        self.env['DPXDT_OIDC_CLIENT_SECRET'] = logging_in.LoginService.SECRET
        self.it = self.site(*self.options)

    def stop_all(self):
        super().stop_all()
        for process in self.running:
            said = [line for line in process.lines if line and re.search('runtime error:|Sanitizer', line)]
            self.assertEqual(said, [])

    def site(self, *args, public_url=None):
        return self.server('--public-url', public_url or self.origin, '--oidc-issuer', self.service.issuer,
                           '--oidc-client-id', logging_in.LoginService.CLIENT, *args, port=self.port)

    def visitor(self, account=None, **headers):
        visitor = Visitor(self.port, self.origin, **headers)
        if account:
            visitor.log_in(account)
        return visitor

    # What is in the database.

    def sql(self, text, *values):
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db', timeout=60)) as database, database:
            return database.execute(text, values).fetchall()

    def asked(self):
        """What the question whether the first release is good all the same is about: its answer says it back."""
        return '{} {} {} {}'.format(*self.sql('SELECT n_found, n_failed, n_pending, modified FROM releases ORDER BY id LIMIT 1')[0])

    def dump(self):
        """All that is kept, but for logins that were begun."""
        tables = [name for name, in self.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, self.sql(f'SELECT * FROM "{name}"'))) for name in tables if name != 'logins'}

    def make_superuser(self, email):
        self.assertNotEqual(self.sql('SELECT id FROM users WHERE email = ?', email), [])
        self.sql('UPDATE users SET is_superuser = 1 WHERE email = ?', email)

    # Builds, releases and runs.

    def build_of(self, visitor, name='demo', **more):
        place = visitor.send(visitor.page('/new').to('/new'), name=name, **more).place
        return int(re.fullmatch(r'/build\?id=(\d+)', place)[1])

    def client_of(self, visitor, build, purpose='tests'):
        """With a new key, made by the form."""
        page = visitor.page(query('/api_keys', build_id=build))
        text = visitor.send(page.to('/api_keys'), purpose=purpose, expected=200).page.inside('pre')
        key = re.search(r'CLIENT_ID=(\S+)', text)[1], re.search(r'CLIENT_SECRET=(\S+)', text)[1]
        return Client(self.port, key)

    def release(self, client, build, runs=None, name='r', url=None, done=True):
        """runs: {name: what report_run is told of it}. A number for image, ref_image and diff_image is a picture of that
        size. -> what the API calls it"""
        told = client.post('create_release', build_id=build, release_name=name, url=url)
        release = {'build_id': build, 'release_name': name, 'release_number': told['release_number']}
        for run, facts in (runs or {}).items():
            self.report(client, release, run, **facts)
        if done:
            client.post('runs_done', **release)
        return release

    def report(self, client, release, run, **facts):
        for name in ('image', 'ref_image', 'diff_image', 'thumbnail'):
            if isinstance(facts.get(name), int):
                facts[name] = client.upload(release['build_id'], 'x.png', harness.Picture(facts[name], 1).png())
        for name in ('log', 'config', 'ref_log', 'ref_config', 'diff_log'):
            if name in facts:
                facts[name] = client.upload(release['build_id'], name + '.txt', facts[name].encode())
        if isinstance(facts.get('findings'), dict):
            facts['findings'] = json.dumps(facts['findings'])
        client.post('report_run', **release, run_name=run, **facts)
        return facts


def different(change=1, n=1, **findings):
    """A run that differs; those with the same change are of one group."""
    return {'image': 1000 + n, 'ref_image': 2000 + n, 'diff_image': 3000 + n, 'distortion': '0.5',
            'findings': {'fingerprint': f'f{change}', 'changed_pixels': 100 * change, 'summary': f'change {change}',
                         **findings}}


def of_release(release, **more):
    """As the parameters of pages have it."""
    return {'id': release['build_id'], 'name': release['release_name'], 'number': release['release_number'], **more}


def page_of(path, release, **more):
    return query(path, **of_release(release, **more))
