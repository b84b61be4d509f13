"""Login by OpenID Connect (src/auth): at a certified login service, as a browser without scripts does it; and at services that
lie, break and change their keys. Drives tests/unit/oidc_tool.c."""
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

import harness
from logging_in import Browser, FakeService, LoginService, SigningKey, missing

CALLBACK = 'http://127.0.0.1:1/oauth2callback'  # nobody is asked there


class Tool:
    """A provider of src/auth that lives as long as this, with what it keeps."""

    def __init__(self, issuer, client=LoginService.CLIENT, secret=LoginService.SECRET, domain=None):
        words = [os.environ['OIDC_TOOL'], issuer, client, secret, CALLBACK, *([domain] if domain else [])]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def begin(self):
        return self.ask({})

    def finish(self, login, callback, **changes):
        """changes: of what was kept since the beginning"""
        kept = {name: login[name] for name in ('state', 'nonce', 'code_verifier')}
        return self.ask({**kept, **changes, 'callback': callback})

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.process.stdout.close()
        assert status == 0, f'oidc_tool: {status}'


class LoginTestCase(harness.TestCase):
    def tool(self, service, **settings):
        tool = Tool(service.issuer, **settings)
        self.addCleanup(tool.close)
        return tool

    def assert_error(self, answer, code, text):
        self.assertEqual(answer.get('error'), code, answer)
        self.assertIn(text, answer['message'] + '$')

    def assert_in(self, answer, email):
        self.assertEqual(answer.get('email'), email, answer)


class Certified(LoginTestCase):
    """A real one, without anything of ours in it."""

    def setUp(self):
        super().setUp()
        if why := missing():
            self.skipTest(why)

    def service(self, **settings):
        service = LoginService(CALLBACK, **settings)
        self.addCleanup(service.close)
        return service

    def log_in(self, tool, account, browser=None):
        """-> (what is kept, parameters of the callback)"""
        login = tool.begin()
        return login, (browser or Browser()).log_in(login['url'], CALLBACK, login=account)

    def test_whoever_logs_in_is_known(self):
        tool = self.tool(self.service())
        self.assertEqual(tool.finish(*self.log_in(tool, 'alice')),
                         {'subject': 'alice', 'email': 'Alice@example.org', 'name': 'Alice Adams',
                          'hosted_domain': 'example.org'})
        self.assertEqual(tool.finish(*self.log_in(tool, 'bob')),
                         {'subject': 'bob', 'email': 'bob@example.net', 'name': 'bob@example.net',
                          'hosted_domain': None})

    def test_who_is_logged_in_there_is_not_asked_again(self):
        tool, browser = self.tool(self.service()), Browser()
        self.log_in(tool, 'alice', browser)
        login = tool.begin()
        place, _ = browser.go(login['url'], CALLBACK)
        callback = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(place).query))
        self.assert_in(tool.finish(login, callback), 'Alice@example.org')

    def test_each_kind_of_signature_is_understood(self):
        for algorithm in ('RS256', 'PS256', 'ES256'):
            with self.subTest(algorithm):
                tool = self.tool(self.service(algorithm=algorithm))
                self.assert_in(tool.finish(*self.log_in(tool, 'alice')), 'Alice@example.org')

    def test_the_secret_goes_where_the_service_wants_it(self):
        # Also one with letters that are escaped in forms.
        clients = [{'id': 'a b:c%&+=', 'secret': 'x y:z/%25&+=?'}]
        for method in ('client_secret_basic', 'client_secret_post'):
            with self.subTest(method):
                service = self.service(authMethod=method, clients=clients)
                tool = self.tool(service, client=clients[0]['id'], secret=clients[0]['secret'])
                self.assert_in(tool.finish(*self.log_in(tool, 'alice')), 'Alice@example.org')

    def test_a_code_is_good_once(self):
        tool = self.tool(self.service())
        login, callback = self.log_in(tool, 'alice')
        self.assert_in(tool.finish(login, callback), 'Alice@example.org')
        self.assert_error(tool.finish(login, callback), 'denied', 'this login was used already')

    def test_a_code_is_good_for_its_own_login_only(self):
        # Else somebody could be made to open the callback of another person's login.
        tool = self.tool(self.service())
        other = tool.begin()
        login, callback = self.log_in(tool, 'alice')
        self.assert_error(tool.finish(other, callback), 'denied', 'no answer to the login that was begun')
        self.assert_error(tool.finish(login, callback, code_verifier=other['code_verifier']), 'denied', 'begin again')
        login, callback = self.log_in(tool, 'alice')
        self.assert_error(tool.finish(login, callback, nonce=other['nonce']), 'denied', 'it belongs to another login')

    def test_a_code_of_another_client_is_refused(self):
        clients = [{'id': 'dpxdt', 'secret': 'test-secret'}, {'id': 'other', 'secret': 'other-secret'}]
        service = self.service(clients=clients)
        ours, other = self.tool(service), self.tool(service, client='other', secret='other-secret')
        login, callback = self.log_in(other, 'alice')
        self.assert_error(ours.finish(login, callback), 'denied', 'begin again')

    def test_a_wrong_secret_is_told_as_a_matter_of_the_administrator(self):
        tool = self.tool(self.service(), secret='not-the-secret')
        answer = tool.finish(*self.log_in(tool, 'alice'))
        self.assert_error(answer, 'failed', 'gives no token: invalid_client')
        self.assertNotIn('not-the-secret', answer['message'])

    def test_who_cancels_is_not_logged_in(self):
        tool = self.tool(self.service())
        login = tool.begin()
        callback = Browser().log_in(login['url'], CALLBACK, cancel=1)
        self.assert_error(tool.finish(login, callback), 'denied', 'access_denied: the login was canceled')

    def test_the_answer_must_name_its_issuer(self):
        # RFC 9207: this service says that it does.
        tool = self.tool(self.service())
        login, callback = self.log_in(tool, 'alice')
        for iss in (None, 'https://evil.example', callback['iss'] + '/'):
            self.assert_error(tool.finish(login, {**callback, 'iss': iss}), 'denied', 'no answer of the login service')
        self.assert_in(tool.finish(login, callback), 'Alice@example.org')

    def test_only_a_verified_address_will_do(self):
        tool = self.tool(self.service())
        self.assert_error(tool.finish(*self.log_in(tool, 'unverified')), 'denied', 'your e-mail address must be verified')
        self.assert_error(tool.finish(*self.log_in(tool, 'unknown')), 'denied', 'did not tell your e-mail address')

    def test_a_hosted_domain_keeps_others_out(self):
        tool = self.tool(self.service(), domain='example.org')
        self.assertIn('&hd=example.org', tool.begin()['url'])
        self.assert_in(tool.finish(*self.log_in(tool, 'alice')), 'Alice@example.org')
        self.assert_error(tool.finish(*self.log_in(tool, 'bob')), 'denied', 'only accounts of example.org')

    def test_an_account_that_is_not_there_is_asked_for_again(self):
        browser, tool = Browser(), self.tool(self.service())
        place, _ = browser.go(tool.begin()['url'], CALLBACK)
        status, _, text = browser.ask(place, {'login': 'nobody'})
        self.assertEqual(status, 403)
        self.assertIn('There is no such account.', text)


class Fake(LoginTestCase):
    """One that says what no good one does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = tempfile.TemporaryDirectory(prefix='dpxdt-keys-')
        cls.one, cls.two, cls.three = (SigningKey(name, pathlib.Path(cls.place.name)) for name in ('one', 'two', 'three'))

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def setUp(self):
        super().setUp()
        self.service = FakeService()
        self.addCleanup(self.service.close)
        self.service.keys = {'keys': [self.one.jwk]}

    def log_in(self, tool, key=None, **claims):
        """-> what comes of a login whose token has these claims"""
        login = tool.begin()
        self.service.tokens = {'access_token': 'x', 'token_type': 'Bearer',
                               'id_token': (key or self.one).token(self.service.claims(login, **claims))}
        return tool.finish(login, {'state': login['state'], 'code': 'c0de'})

    def test_what_is_sent_is_what_the_standards_want(self):
        tool = self.tool(self.service)
        login = tool.begin()
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(login['url']).query))
        challenge = parameters.pop('code_challenge')
        self.assertEqual(parameters, {'response_type': 'code', 'client_id': 'dpxdt', 'redirect_uri': CALLBACK,
                                      'scope': 'openid email profile', 'state': login['state'], 'nonce': login['nonce'],
                                      'code_challenge_method': 'S256'})
        secrets = [challenge, login['state'], login['nonce'], login['code_verifier']]
        self.assertEqual([len(secret) for secret in secrets], [43] * 4)
        self.assertEqual(len({*secrets, *tool.begin().values()}), 8)
        self.assert_in(self.log_in(tool), 'alice@example.org')
        (_, headers, body), = self.service.asked('/token')
        self.assertEqual(headers['Authorization'], 'Basic ZHB4ZHQ6dGVzdC1zZWNyZXQ=')
        fields = dict(urllib.parse.parse_qsl(body))
        self.assertEqual(len(fields.pop('code_verifier')), 43)
        self.assertEqual(fields, {'grant_type': 'authorization_code', 'code': 'c0de', 'redirect_uri': CALLBACK})

    def test_an_endpoint_keeps_its_query(self):
        self.service.discovery['authorization_endpoint'] += '?tenant=1'
        self.assertIn('/authorize?tenant=1&response_type=code&', self.tool(self.service).begin()['url'])

    def test_documents_are_fetched_once(self):
        tool = self.tool(self.service)
        for _ in range(3):
            self.assert_in(self.log_in(tool), 'alice@example.org')
        self.assertEqual(len(self.service.asked('/.well-known/openid-configuration')), 1)
        self.assertEqual(len(self.service.asked('/keys')), 1)

    def test_a_token_for_others_is_refused(self):
        tool = self.tool(self.service)
        self.assert_error(self.log_in(tool, aud='other'), 'denied', 'it is for another program')
        self.assert_error(self.log_in(tool, iss='https://evil.example'), 'denied', 'it is of another issuer')
        self.assert_error(self.log_in(tool, nonce='x'), 'denied', 'it belongs to another login')
        self.assert_error(self.log_in(tool, exp=1), 'denied', 'it has expired')

    def test_new_keys_are_fetched_but_not_all_the_time(self):
        tool = self.tool(self.service)
        self.assert_in(self.log_in(tool), 'alice@example.org')
        self.service.keys = {'keys': [self.two.jwk, self.one.jwk]}
        self.assert_in(self.log_in(tool, self.two), 'alice@example.org')
        self.assert_in(self.log_in(tool, self.one), 'alice@example.org')
        self.service.keys = {'keys': [self.three.jwk]}
        self.assert_error(self.log_in(tool, self.three), 'denied', 'a key that the login service does not list')
        self.assertEqual(len(self.service.asked('/keys')), 2)

    def test_a_key_that_is_not_listed_is_refused(self):
        tool = self.tool(self.service)
        for _ in range(3):
            self.assert_error(self.log_in(tool, self.two), 'denied', 'a key that the login service does not list')
        self.assertLessEqual(len(self.service.asked('/keys')), 2)

    def test_garbage_for_keys_is_told_and_asked_for_again(self):
        tool = self.tool(self.service)
        for keys in ('<html>', '', '[]', '{}', '{"keys": {}}', '{"keys": [], "keys": []}', (500, '{"keys": []}'),
                     {'keys': [{}] * 101}, '{"keys": [' + ' ' * 2**20 + ']}'):
            self.service.keys = keys
            self.assert_error(self.log_in(tool), 'failed', '/keys: ')
        self.service.keys = {'keys': [1, None, {}, {'kty': 7}, self.one.jwk]}
        self.assert_in(self.log_in(tool), 'alice@example.org')

    def test_garbage_instead_of_newer_keys_leaves_the_old_ones(self):
        tool = self.tool(self.service)
        self.assert_in(self.log_in(tool), 'alice@example.org')
        self.service.keys = 'garbage'
        self.assert_error(self.log_in(tool, self.two), 'failed', '/keys: ')
        self.assert_in(self.log_in(tool), 'alice@example.org')

    def test_a_service_that_lies_about_itself_is_not_used(self):
        good = self.service.discovery
        for changes, text in [({'issuer': 'https://accounts.google.com'}, 'it says that it is another issuer'),
                              ({'issuer': good['issuer'] + '/'}, 'it says that it is another issuer'),
                              ({'issuer': None}, 'it says that it is another issuer'),
                              ({'token_endpoint': 'http://evil.example/token'}, 'its token_endpoint is no https address'),
                              ({'jwks_uri': None}, 'its jwks_uri is missing')]:
            with self.subTest(changes):
                self.service.discovery = {**good, **changes}
                self.assert_error(self.tool(self.service).begin(), 'failed', text)

    def test_a_redirect_leads_nowhere(self):
        self.service.discovery, self.service.headers = 302, {'Location': self.service.issuer + '/keys'}
        self.assert_error(self.tool(self.service).begin(), 'failed', 'it answered with status 302')
        self.assertEqual(len(self.service.requests), 1)

    def test_a_service_that_is_down_is_told_at_the_login_and_found_when_it_is_up(self):
        tool = self.tool(self.service)
        good, self.service.discovery = self.service.discovery, (503, 'down')
        self.assert_error(tool.begin(), 'failed', 'it answered with status 503')
        self.service.discovery = good
        self.assertIn('url', tool.begin())

    def test_a_service_that_nobody_runs_is_told_at_the_login(self):
        class Nobody:
            issuer = f'http://127.0.0.1:{harness.free_port()}'
        answer = self.tool(Nobody).begin()
        self.assert_error(answer, 'failed', 'the login service cannot be used: ' + Nobody.issuer)

    def test_an_answer_without_a_token_is_told_in_our_words(self):
        # Which never repeat what was sent.
        tool = self.tool(self.service)
        login = tool.begin()
        for tokens, code, text in [({'access_token': 'x'}, 'failed', 'it answered with status 200'),
                                   ({'id_token': 1}, 'failed', 'it answered with status 200'),
                                   ({'id_token': 'x.y.z'}, 'denied', 'the token of the login service is refused'),
                                   ({'id_token': 'x' * 20000}, 'denied', 'it has more than 16384 bytes'),
                                   ('garbage', 'failed', 'it answered with status 200'),
                                   ((400, {'error': 'invalid_grant'}), 'denied', 'begin again'),
                                   ((401, {'error': 'invalid_client'}), 'failed', 'gives no token: invalid_client'),
                                   ((400, {'error': 'test-secret c0de'}), 'failed', 'it answered with status 400'),
                                   ((400, {'error': 'x', 'error_description': 'c0de'}), 'failed', 'no token: x'),
                                   ((500, '<html>c0de'), 'failed', 'it answered with status 500')]:
            with self.subTest(tokens=tokens):
                self.service.tokens = tokens
                answer = tool.finish(login, {'state': login['state'], 'code': 'c0de'})
                self.assert_error(answer, code, text)
                self.assertNotIn('c0de', answer['message'])
                self.assertNotIn('test-secret', answer['message'])

    def test_what_a_callback_says_is_shortened(self):
        tool = self.tool(self.service)
        login = tool.begin()
        for callback, code, text in [
                ({'error': 'server_error'}, 'failed', 'the login service says: server_error$'),
                ({'error': 'access_denied', 'error_description': 'a\r\nb\x1b[1m\u202e' + 'x' * 500}, 'denied',
                 'the login service says: access_denied: ab[1m' + 'x' * 191 + '$'),
                ({'error': 'e' * 9999}, 'failed', 'the login service says: ' + 'e' * 200 + '$'),
                ({}, 'failed', 'gave no code'),
                ({'code': ''}, 'failed', 'gave no code'),
                ({'code': 'x' * 5000}, 'failed', 'gave no code')]:
            answer = tool.finish(login, {'state': login['state'], **callback})
            self.assert_error(answer, code, text)
            self.assertLess(len(answer['message']), 300)

    def test_an_answer_to_no_login_is_not_believed(self):
        tool = self.tool(self.service)
        login = tool.begin()
        for callback in ({'code': 'c0de'}, {'code': 'c0de', 'state': ''}, {'error': 'x', 'state': login['nonce']}):
            self.assert_error(tool.finish(login, callback), 'denied', 'no answer to the login that was begun')
        wrong_issuer = {'state': login['state'], 'code': 'c0de', 'iss': 'https://evil.example'}
        self.assert_error(tool.finish(login, wrong_issuer), 'denied', 'no answer of the login service')
        self.assertEqual(self.service.asked('/token'), [])


if __name__ == '__main__':
    harness.main()
