"""What goes wrong around `dpxdt update` and `dpxdt test`: files, servers, pages, browsers, disks and Ctrl-C. Each gets
a message that says where, and the right exit status; nothing is overwritten, nothing is left."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

import harness
from harness import Picture, free_port, wait_until

WHITE = '<!DOCTYPE html><body style="background: white">'
RED = '<!DOCTYPE html><body style="background: red">'
FAKE = pathlib.Path(__file__).parent.parent / 'fake-chromium'


class BadFile(harness.LocalTestCase):
    """Exit status 2 and file:line:column, before a page is opened."""

    def refuse(self, place, content, words=''):
        """content is all that is in the test file, or its tests as a list."""
        self.write('tests/a.png', 'kept')
        self.write('tests/test.yaml', content)
        before = self.files()
        for command in ('update', 'test'):
            result = self.dpxdt(command, 'tests', '--browser=/no/browser')
            self.assertEqual((result.stdout, result.returncode), ('', 2))
            self.assertRegex(result.stderr, f'dpxdt {command}: (tests/)?{place}.*{words}')
        self.assertEqual(self.files(), before)
        self.assertFalse((self.tests / '.dpxdt').exists())

    def test_what_is_no_yaml(self):
        for place, content in {'test.yaml:4:1:': 'tests:\n- name: a\n  url: "x\n',
                               'test.yaml:2:1:': 'tests:\n\t- name: a\n',
                               'test.yaml:2:11:': 'tests:\n  - name: *nobody\n', 'test.yaml:1:': b'a: \xff\xfe\n',
                               'test.yaml:2:': b'tests:\n- name: "\xe4"\n', 'test.yaml:1:1:': 'just words\n',
                               'test.yaml:1:': '', 'test.yaml:': 'a: 1\na: 2\ntests: []\n'}.items():
            with self.subTest(content):
                self.refuse(place, content)

    def test_aliases_that_never_end_or_explode(self):
        self.refuse('test.yaml:1:', 'tests: &it [*it]\n')
        self.refuse('test.yaml:', 'tests: &it\n- name: a\n  url: http://x/\n  config: {<<: *it}\n')
        laughs = 'a: &a ["lol","lol","lol","lol","lol","lol","lol","lol","lol"]\n' + ''.join(
            f'{it}: &{it} [{",".join([f"*{before}"] * 9)}]\n' for before, it in zip('abcdefgh', 'bcdefghi'))
        self.refuse('test.yaml:', laughs + 'tests: *i\n')

    def test_wrong_types(self):
        for place, tests in {
                'test.yaml:2:9:': '- name: [a]\n  url: http://x/', 'test.yaml:3:8:': '- name: a\n  url: 5',
                'test.yaml:4:11:': '- name: a\n  url: http://x/\n  config: none',
                'test.yaml:5:19:': '- name: a\n  url: http://x/\n  config:\n    viewportSize: 800x600',
                'test.yaml:4:31:': '- name: a\n  url: http://x/\n  config: {resourceTimeoutMs: soon}',
                'test.yaml:2:3:': '- name: a', 'test.yaml:2:3: ': '- just words'}.items():
            with self.subTest(tests):
                self.refuse(place, f'tests:\n{tests}\n')
        self.refuse('test.yaml:1:8:', 'setup: [a]\ntests: [{name: a, url: "http://x/"}]\n')
        self.refuse('test.yaml:1:10:', 'waitFor: 5\ntests: [{name: a, url: "http://x/"}]\n')
        self.refuse('test.yaml:1:', 'setup: a\n', 'tests')

    def test_addresses_that_are_no_web_pages(self):
        for url in ('file:///etc/passwd', 'javascript:alert(1)', 'localhost:8000', 'about:blank', '/demo.html', ''):
            with self.subTest(url):
                self.refuse('test.yaml:1:', json.dumps({'tests': [{'name': 'a', 'url': url}]}), 'http')

    def test_names_that_are_taken(self):
        self.refuse('test.yaml:5:9:', 'tests:\n- name: b\n  url: http://x/\n\n- name: b\n  url: http://x/\n',
                    'b.png.*test.yaml:2:9')
        self.write('tests/before.yaml', 'tests: [{name: b, url: "http://x/"}]')
        self.refuse('test.yaml:2:9:', 'tests:\n- name: b\n  url: http://x/\n', 'b.png.*before.yaml:1:16')

    def test_names_that_leave_the_folder(self):
        for name in ('../a', 'a/../../b', '..', '.', '/etc/a', 'a//b', 'a/', './a', '.dpxdt/last/x', 'a\nb', 'a\x1b[2J',
                     'x' * 300, ''):
            with self.subTest(name):
                self.refuse('test.yaml:1:', json.dumps({'tests': [{'name': name, 'url': 'http://x/'}]}))
        self.assertFalse((self.folder / 'a.png').exists())

    def test_one_bad_file_stops_all_before_any_setup_has_run(self):
        self.suite([('b', 'http://x/')], 'a.yaml', setup='touch ran')
        self.refuse('test.yaml:1:', 'tests: 5\n')
        self.assertFalse((self.folder / 'ran').exists())

    def test_a_folder_that_is_none_or_has_no_tests(self):
        self.write('file', '')
        for where, words in {'nowhere': 'there is no folder nowhere', 'file': 'file is no folder',
                             'tests': 'tests: no tests there'}.items():
            for command in ('update', 'test'):
                result = self.dpxdt(command, where)
                self.assertEqual((result.stdout, result.returncode), ('', 2))
                self.assertIn(words, result.stderr)
        self.assertFalse((self.folder / 'nowhere').exists())

    def test_an_unknown_config_key_is_a_warning_with_what_may_be_meant(self):
        self.write('tests/test.yaml', 'tests:\n- name: a\n  url: http://x/\n  config:\n    viewPortSize: {}\n')
        result = self.dpxdt('test', 'tests', '--list-tests')
        self.assertRegex(result.stderr, r'warning: tests/test.yaml:5:5: .*viewPortSize.*viewportSize')
        self.assertEqual(result.returncode, 0)


class BadReference(harness.LocalTestCase):

    def test_missing_and_corrupted_references_fail_their_tests_and_no_others(self):
        site = self.site({'/': WHITE})
        names = ['good', 'missing', 'cut', 'text', 'empty', 'folder', 'bomb']
        self.suite([(name, site.url + '/') for name in names])
        self.dpxdt('update', 'tests', '--test-filter=good')
        png = (self.tests / 'good.png').read_bytes()
        self.write('tests/cut.png', png[:len(png) // 2])
        self.write('tests/text.png', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n')
        self.write('tests/empty.png', '')
        self.write('tests/folder.png/file', '')
        self.write('tests/bomb.png', harness.PNG_SIGNATURE +
                   harness.png_chunk(b'IHDR', b'\0\1\0\0\0\1\0\0\x08\2\0\0\0'))
        before = self.files()
        results = self.results('test', 'tests', status=1)
        self.assertEqual({name: results[name]['status'] for name in names}, {
            'good': 'passed', 'missing': 'missing', **{it: 'failed' for it in names[2:]}})
        for name, words in {'missing': 'Reference image tests/missing.png does not exist. Try running in update mode.',
                            'cut': 'tests/cut.png: .*cut off',
                            'text': 'tests/text.png: not a PNG but a Git LFS pointer',
                            'empty': 'tests/empty.png: .*empty', 'folder': 'tests/folder.png: not a file',
                            'bomb': 'tests/bomb.png: .*too many'}.items():
            self.assertRegex(results[name]['message'], words)
        self.assertEqual(self.files(), before)

    def test_update_replaces_a_corrupted_reference(self):
        site = self.site({'/': WHITE})
        self.suite([('it', site.url + '/')])
        self.write('tests/it.png', 'nonsense')
        self.assertEqual(self.dpxdt('update', 'tests').returncode, 0)
        self.assertEqual(self.picture('it')[9, 9], (255, 255, 255, 255))

    def test_update_does_not_replace_a_folder(self):
        site = self.site({'/': WHITE})
        self.suite([('it', site.url + '/')])
        self.write('tests/it.png/file', 'kept')
        before = self.files()
        result = self.dpxdt('update', 'tests')
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, 'it failed\n  .*tests/it.png')
        self.assertEqual(self.files(), before)


class BadSetup(harness.LocalTestCase):
    """Exit status 2, and no reference is touched."""

    def refuse(self, words, site, **top):
        if not (self.tests / 'it.png').exists():
            self.write('tests/it.png', Picture(9, 9))
        self.suite([('it', site.url + '/')], **top)
        before = self.files()
        for command in ('update', 'test'):
            result = self.dpxdt(command, 'tests')
            self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
            self.assertRegex(result.stderr, words)
            self.assertNotIn('passed', result.stdout + result.stderr)
        self.assertEqual(self.files(), before)
        return result

    def test_setup_that_dies_before_the_server_answers(self):
        site = self.site({'/up': 503})
        self.refuse(r'^dpxdt \w+: tests/test.yaml: setup ended with status 3; the end of its log:\n'
                    r'  one\n  cannot bind\n$', site,
                    setup='echo one; echo cannot bind >&2; exit 3', waitFor={'url': site.url + '/up'})
        self.refuse('setup was killed by signal 9', site, setup='kill -9 $$', waitFor={'url': site.url + '/up'})
        self.refuse('setup ended with status 127; .*\n.*no-such-program', site, setup='no-such-program',
                    waitFor={'url': site.url + '/up'})
        self.assertNotIn('/', site.requests)

    def test_setup_that_dies_in_the_middle_of_the_tests(self):
        site = self.site({'/1': WHITE})

        def die_meanwhile(request):
            (self.folder / 'die').write_text('')
            wait_until((self.folder / 'dead').exists)
            return 'sorry, no database'

        site.pages['/2'] = die_meanwhile
        self.write('tests/two.png', Picture(9, 9))
        self.suite([('one', site.url + '/1'), ('two', site.url + '/2'), ('three', site.url + '/3')],
                   setup='trap "touch dead" EXIT; until [ -e die ]; do sleep 0.01; done; echo lost; exit 4')
        before = self.files()['two.png']
        for command in ('update', 'test'):
            result = self.dpxdt(command, 'tests', '--jobs=1')
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stderr, 'tests/test.yaml: setup ended with status 4; .*\n  lost\n')
            self.assertNotIn('/3', site.requests)
            self.assertEqual(self.files()['two.png'], before)
            for it in ('die', 'dead'):
                (self.folder / it).unlink()

    def test_a_port_that_is_in_use(self):
        site = self.site({'/': WHITE})
        self.refuse('(?s)something else answers at .*, so its port is in use: .*Address already in use', site,
                    setup=f'exec python3 -m http.server -b 127.0.0.1 {site.port}', waitFor={'url': site.url + '/'})
        self.assertEqual(site.requests.count('/'), 0)  # asked with HEAD, and never captured

    def test_a_port_that_is_in_use_of_a_server_in_the_background(self):
        site = self.site({'/': WHITE})
        # The server has said why it ends before setup does.
        self.suite([('it', site.url + '/')], setup=f'python3 -m http.server -b 127.0.0.1 {site.port} & wait $! || true',
                   waitFor={'url': site.url + '/'})
        result = self.dpxdt('update', 'tests')
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, f'(?s)dpxdt: warning: tests/test.yaml: {site.url}/ answered before setup began, '
                                        "and setup has ended with status 0: .* without '&', .*Address already in use")

    def test_a_server_in_the_background_that_never_comes(self):
        site = self.site({'/': WHITE})
        self.refuse('; setup had ended before, with status 0; the end of setup', site, setup='sleep 0.1 &',
                    waitFor={'url': f'http://127.0.0.1:{free_port()}/', 'timeout_secs': 0.5})

    def test_a_page_that_is_asked_for_before_the_server_is_up(self):
        self.suite([('it', f'http://127.0.0.1:{free_port()}/')], setup='exec sleep 1000')
        result = self.dpxdt('update', 'tests')
        self.assertRegex(result.stdout, 'it failed\n  .*nothing listens there.*; there is no waitFor: the server')
        self.assertEqual(result.returncode, 1)

    def test_wait_for_that_is_never_answered(self):
        site = self.site({'/': WHITE, '/starting': 503, '/there': lambda request: request.answer(WHITE)})
        dead = f'http://127.0.0.1:{free_port()}/'
        for url, why in {dead: 'Failed to connect', site.url + '/starting': 'it answers 503',
                         site.url + '/none': 'it answers 404'}.items():
            with self.subTest(url):
                self.refuse(f'tests/test.yaml: waitFor: {url} did not answer 200 within 0.5 s .timeout_secs.: .*{why}',
                            site, waitFor={'url': url, 'timeout_secs': 0.5})
        self.assertNotIn('/', site.requests)

    def test_the_words_of_a_server_that_does_not_come_up_are_shown(self):
        site = self.site({'/': WHITE})
        self.refuse("the end of setup's log:\n  compiling", site, setup='echo compiling; exec sleep 1000',
                    waitFor={'url': f'http://127.0.0.1:{free_port()}/', 'timeout_secs': 0.5})

    def test_a_wait_for_script_that_fails(self):
        site = self.site({'/': WHITE})
        self.refuse('tests/test.yaml: waitFor ended with status 7; the end of its log:\n  no luck\n', site,
                    waitFor='echo no luck; exit 7')


class BadSecondFile(harness.LocalTestCase):

    def test_what_the_first_file_gave_is_told_and_kept(self):
        site = self.site({'/': WHITE})
        self.suite([('one', site.url + '/')], 'a.yaml')
        self.suite([('two', site.url + '/'), ('three', site.url + '/')], 'b.yaml', waitFor='exit 7')
        result = self.dpxdt('test', 'tests', '--json=all.json', '--junit=all.xml', '--report=gallery')
        self.assertEqual((result.stdout.splitlines()[-1], result.returncode),
                         ('  Reference image tests/one.png does not exist. Try running in update mode.', 2))
        self.assertRegex(result.stderr, r'^2 test\(s\) did not run.\n1 test\(s\) failed.\n'
                                        r'dpxdt test: tests/b.yaml: waitFor ended with status 7; ')
        report = json.loads((self.folder / 'all.json').read_text())
        self.assertEqual([it['name'] for it in report['results']], ['one'])
        self.assertIn('tests="1"', (self.folder / 'all.xml').read_text())
        self.assertIn('one', (self.folder / 'gallery/index.html').read_text())
        self.assertEqual(self.dpxdt('approve', 'tests').stdout, 'one: Approved tests/one.png\n')


class BadPage(harness.LocalTestCase):
    """The test fails and says why; the others still run."""

    def capture(self, pages, config=None, site=None, status=1):
        """Captures all pages in one run, beside a good one, and returns each one's result and log."""
        site = site or self.site()
        site.pages.update({'/good': WHITE, **pages})
        config = {'resourceTimeoutMs': 1000, 'viewportSize': {'width': 60, 'height': 40}, **(config or {})}
        self.suite([{'name': path[1:], 'url': site.url + path, 'config': config}
                    for path in site.pages if not path.startswith('/-')])
        results = self.results('update', 'tests', status=status)
        for result in results.values():
            result['log'] = (self.folder / result['log_path']).read_text()
            self.assertEqual(result['status'] == 'updated', (self.tests / f'{result["name"]}.png').exists())
        self.assertEqual(results['good']['status'], 'updated')
        return results

    def test_pages_that_do_not_come_fail_and_say_why(self):
        def send(status, *headers, body=b''):
            def answer(request):
                request.send_response(status)
                for header in headers:
                    request.send_header(*header)
                request.end_headers()
                request.wfile.write(body)
            return answer

        def begin_and_wait(request):
            request.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>and then')
            request.wfile.flush()
            request.server.site.ends.wait()

        words = {
            'none': 'answers 404', 'broken': 'answers 500', 'circle': 'ERR_TOO_MANY_REDIRECTS',
            'download': 'a download', 'zip': 'a download', 'empty': 'gave no page', 'hung-up': 'hung up',
            'endless': 'did not end within 6000 ms', 'silent': 'did not answer within 6000 ms',
            'to-file': 'to-file does not load: net::ERR_UNSAFE_REDIRECT',
        }
        results = self.capture({
            '/none': 404, '/broken': send(500, body=b'<h1>Oops</h1>'), '/circle': send(302, ('Location', '/circle')),
            '/download': send(200, ('Content-Disposition', 'attachment; filename=a.html'), body=b'<p>'),
            '/zip': send(200, ('Content-Type', 'application/zip'), body=b'PK'), '/empty': send(204),
            '/hung-up': lambda request: request.connection.close(), '/endless': begin_and_wait,
            '/silent': lambda request: request.server.site.ends.wait(),
            '/to-file': send(302, ('Location', 'file:///etc/passwd')),
        }, {'resourceTimeoutMs': 6000})  # a circle is 20 requests
        for name, why in words.items():
            with self.subTest(name):
                self.assertEqual(results[name]['status'], 'failed')
                self.assertRegex(results[name]['message'] or '', why)

    def test_a_port_where_nobody_listens_and_a_host_that_does_not_exist(self):
        port = free_port()
        self.suite([('port', f'http://127.0.0.1:{port}/'), ('host', 'http://no-such-host.invalid/')])
        results = self.results('update', 'tests', status=1)
        self.assertRegex(results['port']['message'], 'net::ERR_CONNECTION_REFUSED, nothing listens there; is the server running[?]$')
        self.assertRegex(results['host']['message'], 'no-such-host.invalid/ does not load: net::ERR_')

    def test_pages_that_are_odd_are_captured_and_the_log_says_what_was_odd(self):
        results = self.capture({
            '/dialogs': RED + '<script>alert("stop"); confirm("sure?"); document.title = prompt("who?", "me")</script>',
            '/leaving': RED + '<script>onbeforeunload = () => "stay"</script>',
            '/endless-image': RED + '<img src=/-never>', '/-never': lambda request: request.server.site.ends.wait(),
            '/missing-image': RED + '<img src=/-none style="display: none">',
            '/new-window': RED + '<script>open("/good")</script>',
            '/tall': RED + '<div style="height: 40000px">',
        }, status=0)
        for name, words in {'dialogs': r'(?s)alert\("stop"\).*confirm\("sure\?"\).*prompt\("who\?"\)',
                            'endless-image': r'aborted after 1000 ms \(resourceTimeoutMs\): .*/-never',
                            'missing-image': '404 http.*/-none', 'tall': r'x40016 px are wanted; the picture ends at 32767 px',
                            'leaving': 'picture', 'new-window': 'picture'}.items():
            with self.subTest(name):
                self.assertEqual(results[name]['status'], 'updated', results[name]['message'])
                self.assertRegex(results[name]['log'], words)
                self.assertEqual(self.picture(name)[5, 30] if name != 'tall' else None,
                                 (255, 0, 0, 255) if name != 'tall' else None)
        self.assertEqual(results['tall']['height'], 32767)

    def test_a_certificate_that_nobody_signed(self):
        both = self.folder / 'both.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-subj', '/CN=somebody', '-days', '3', '-keyout', both, '-out', self.folder / 'cert.pem'],
                       check=True, capture_output=True)
        with both.open('a') as file:
            file.write((self.folder / 'cert.pem').read_text())
        site = self.site({'/': RED}, certificate=both)
        self.suite([{'name': 'default', 'url': site.url + '/'},
                    {'name': 'yes', 'url': site.url + '/', 'config': {'ignoreCertificateErrors': True}},
                    {'name': 'no', 'url': site.url + '/', 'config': {'ignoreCertificateErrors': False}}],
                   waitFor={'url': site.url + '/'})
        results = self.results('update', 'tests', status=1)
        self.assertEqual({name: it['status'] for name, it in results.items()},
                         {'default': 'updated', 'yes': 'updated', 'no': 'failed'})
        self.assertRegex(results['no']['message'],
                         'does not load: net::ERR_CERT_.*, its certificate is not valid; ignoreCertificateErrors: true')
        self.assertIn('certificate of', (self.folder / results['default']['log_path']).read_text())


class BadBrowser(harness.LocalTestCase):
    """Exit status 2 before setup has run; nothing is overwritten."""

    def refuse(self, words, *args, **options):
        site = self.site({'/': WHITE})
        self.suite([('it', site.url + '/')], setup='touch ran')
        self.write('tests/it.png', Picture(9, 9))
        before = self.files()
        result = self.dpxdt('update', 'tests', *args, **options)
        self.assertEqual((result.stdout, result.returncode), ('', 2))
        self.assertRegex(result.stderr, f'^dpxdt update: {words}')
        self.assertEqual((self.files(), site.requests, (self.folder / 'ran').exists()), (before, [], False))
        return result

    def test_a_browser_that_is_not_there(self):
        self.write('plain', 'no program')
        for path in ('/no/browser', 'no-such-browser-anywhere', './plain', '/usr', ''):
            with self.subTest(path):
                self.refuse(f'--browser {path}: there is no such program', f'--browser={path}')

    def test_no_browser_at_all(self):
        self.env['PATH'] = str(self.folder / 'bin')
        (self.folder / 'bin').mkdir()
        for program in ('sh', 'bash', 'env'):
            (self.folder / 'bin' / program).symlink_to(shutil.which(program))
        self.refuse(r'no browser was found; install one \(apt-get install chromium-headless-shell',
                    argv0=self.copy_of_dpxdt(b'/usr/lib/chromium/', b'/usr/lib/no-where/'))

    def test_programs_that_are_no_browsers(self):
        cat_says = r"ended with status 1; it said:\n[\s\S]*cat: unrecognized option '--headless'"
        for program, words in {'/bin/true': 'ended with status 0', '/bin/false': 'ended with status 1',
                               '/bin/cat': cat_says}.items():
            with self.subTest(program):
                self.refuse(f'the browser {program} did not start: {words}', f'--browser={program}')

    def test_a_browser_that_is_too_old_or_no_chromium(self):
        for mode, product in {'old': 'HeadlessChrome/99.0.4844.51', 'unversioned': ''}.items():
            with self.subTest(mode):
                fake = self.folder / f'fake-chromium-{mode}'
                shutil.copy(FAKE, fake)
                self.refuse(f'{fake} is {product}.*: too old, or no Chromium; version 120 or newer is needed',
                            f'--browser={fake}')


class BadDisk(harness.LocalTestCase):

    def setUp(self):
        super().setUp()
        self.noise = ('<!DOCTYPE html><canvas width=400 height=300></canvas><script>'
                      'const c = document.querySelector("canvas").getContext("2d"), d = c.createImageData(400, 300);'
                      'for (let i = 0, r = 1; i < d.data.length; i++) '
                      '{ r = r * 48271 % 2147483647; d.data[i] = i % 4 == 3 ? 255 : r & 255 }; '
                      'c.putImageData(d, 0, 0)</script>')
        self.page = self.site({'/': self.noise})  # as a PNG it has some 360 KB
        self.suite([('it', self.page.url + '/')])

    def test_no_room_for_references_fails_the_test_and_keeps_the_old_one(self):
        self.suite([('it', self.page.url + '/'), ('below/it', self.page.url + '/')])
        (self.tests / 'below').mkdir()
        show = 'ls -A tests/below; cat tests/below/it.png'
        script = f'printf kept > tests/below/it.png; status=0; "$@" || status=$?; {{ {show}; }} > seen; exit $status'
        for way, words in self.without_room(self.tests / 'below', '100k', script):
            with self.subTest(way):
                self.write('tests/it.png', Picture(9, 9))
                result = self.dpxdt('update', 'tests', argv0=words)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertRegex(result.stdout, r'it: Updated tests/it.png\n'
                                                r'below/it: .*\nbelow/it failed\n'
                                                r'  cannot write tests/below/it.png: .*No space left')
                self.assertEqual((self.folder / 'seen').read_text(), 'it.png\nkept')

    def test_no_room_for_the_run_folder_is_said(self):
        self.write('tests/it.png', Picture(400, 300))
        self.write('tests/.dpxdt/.gitignore', 'so small that there is room for it\n')
        before = self.files()
        for way, words in self.without_room(self.tests / '.dpxdt', '100k'):
            with self.subTest(way):
                result = self.dpxdt('test', 'tests', argv0=words)
                self.assertIn(result.returncode, (1, 6))
                self.assertRegex(result.stdout + result.stderr, 'cannot write tests/.dpxdt/.*No space left on device')
                self.assertEqual(self.files(), before)

    def test_hardly_any_room_for_temporary_files_is_no_trouble(self):
        # What refuses writes does not get into the browser by itself: dpxdt gives it an environment of its own.
        full = shlex.join(self.no_room(self.tmp))
        wrapper = self.write('wrapper', f'#!/bin/sh\n{full} sh -c "echo word >file" && exit 9\n'
                                        f'exec {full} {harness.browser()} "$@"\n')
        wrapper.chmod(0o755)
        for way, words in self.without_room(self.tmp, '64k'):
            with self.subTest(way):
                browser = harness.browser() if way == 'a small disk' else wrapper
                result = self.dpxdt('update', 'tests', f'--browser={browser}', argv0=words)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def without_permission(self):
        """The ways to run dpxdt so that it cannot write into tests/: what the system then says, and words to put before
        the command. Root may write everywhere, so that another user must do it, with a copy which that one may read."""
        ways = {'Permission denied': self.copy_of_dpxdt()}
        self.tests.chmod(0o555)
        self.addCleanup(self.tests.chmod, 0o755)
        if os.getuid() == 0:
            self.tmp.chmod(0o777)
            ways['Permission denied'] = ('setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups',
                                         *ways['Permission denied'])
            if harness.mounting():
                ways['Read-only file system'] = harness.after_mount(
                    'mount --bind tests tests; mount -o remount,ro,bind tests')
        return ways.items()

    def test_a_folder_that_cannot_be_written_can_still_be_tested(self):
        self.dpxdt('update', 'tests')
        shutil.rmtree(self.tests / '.dpxdt')
        before = self.files()
        for why, words in self.without_permission():
            with self.subTest(why):
                self.page.pages['/'] = self.noise
                result = self.end(self.start('test', 'tests', argv0=words))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(result.stderr, f'warning: .*{why}; pictures go to a temporary folder')
                self.page.pages['/'] = RED
                result = self.end(self.start('test', 'tests', argv0=words))
                self.assertEqual(result.returncode, 1, result.stderr)
                run = re.search(r'Run:  (.*)', result.stdout)[1]
                self.assertTrue(run.startswith(str(self.tmp)), run)
                harness.read_picture(run)
                result = self.end(self.start('update', 'tests', argv0=words))
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertRegex(result.stdout, f'it failed\n  cannot write tests/it.png: .*{why}')
                self.assertEqual(self.files(), before)

    def test_a_full_device_for_a_report(self):
        for option in ('--json', '--junit'):
            result = self.dpxdt('update', 'tests', f'{option}=/dev/full')
            self.assertEqual(result.returncode, 6)
            self.assertRegex(result.stderr, 'dpxdt update: .*/dev/full: No space left on device')
        self.assertTrue(pathlib.Path('/dev/full').is_char_device())


class BadOutput(harness.LocalTestCase):
    """Exit status 2 before setup has run, since afterwards there would be results to lose."""

    def setUp(self):
        super().setUp()
        self.page = self.site({'/': WHITE})
        self.suite([('it', self.page.url + '/'), ('menu/it', self.page.url + '/')], setup='touch ran')
        self.write('tests/menu/it.png', Picture(9, 9))

    def refuse(self, words, *options):
        before = sorted(self.folder.rglob('*')), self.files()
        for command in ('update', 'test'):
            with self.subTest(options):
                result = self.dpxdt(command, 'tests', *options)
                self.assertEqual((result.stdout, result.returncode), ('', 2))
                self.assertRegex(result.stderr, f'^dpxdt {command}: {words}\n$')
                self.assertEqual((sorted(self.folder.rglob('*')), self.files()), before)

    def test_files_in_folders_that_are_none(self):
        self.write('file', '')
        for option in ('--json', '--junit'):
            self.refuse(f'{option} nowhere/x: there is no folder nowhere', f'{option}=nowhere/x')
            self.refuse(f'{option} file/x: there is no folder file', f'{option}=file/x')
            self.refuse(f'{option} tests: that is a folder', f'{option}=tests')
        self.refuse('--report file/x: file is no folder', '--report=file/x')

    def test_a_gallery_where_something_else_is(self):
        self.write('mine/index.html', 'my site')
        self.write('other/images/holiday.png', 'x')
        self.refuse('--report mine: mine/index.html was not written by dpxdt; nothing was replaced', '--report=mine')
        self.refuse('--report other: other/images is no gallery of dpxdt, since holiday.png is in it; .*',
                    '--report=other')
        self.refuse('--report tests: tests is no gallery of dpxdt, since .* is in it; .*', '--report=tests')

    def test_one_file_for_two(self):
        (self.folder / 'out').mkdir()
        (self.folder / 'link').symlink_to('out')
        self.refuse('--json and --junit are the same file, link/x', '--json=out/x', '--junit=link/x')
        for option in ('--json', '--junit'):
            self.refuse(f'{option} tests/../tests/test.yaml: that is a file of the tests',
                        f'{option}=tests/../tests/test.yaml')
            self.refuse(f'{option} tests/it.png: that is the reference picture of it', f'{option}=tests/it.png')
            self.refuse(f'{option} tests/menu/it.png: that is the reference picture of menu/it',
                        f'{option}=tests/menu/it.png')
            self.refuse(f'{option} out/x: it cannot be in the folder of --report, .*', f'{option}=out/x',
                        '--report=link')

    def test_an_empty_folder_and_an_earlier_gallery_are_written_to(self):
        (self.folder / 'gallery').mkdir()
        for _ in range(2):
            self.assertEqual(self.dpxdt('update', 'tests', '--report=gallery').returncode, 0)


class CtrlC(harness.LocalTestCase):
    """Exit status 130, no process, no file but whole references; the next run works."""

    def wait_forever(self, request):
        request.server.site.ends.wait()

    def interrupt(self, dpxdt):
        """As a terminal does: all of the group are told."""
        os.killpg(dpxdt.pid, signal.SIGINT)
        result = self.end(dpxdt)
        self.assertEqual((result.stderr.splitlines()[-1:], result.returncode),
                         ([f'dpxdt {dpxdt.args[1]}: stopped'], 130))
        self.assertEqual(os.listdir(self.tmp), [])
        return result

    def check_next_run(self):
        self.suite([('it', self.page.url + '/')])
        self.page.pages['/'] = WHITE
        self.assertEqual(self.dpxdt('update', 'tests').returncode, 0)
        self.assertEqual(set(self.files()), {'test.yaml', 'it.png'})
        self.assertEqual(len(os.listdir(self.tests / '.dpxdt')), 3)  # .gitignore, last and what it points to

    def test_while_waiting_for_the_server(self):
        self.page = self.site({'/': WHITE, '/starting': lambda _: 503})
        self.suite([('it', self.page.url + '/')], setup='exec sleep 1000',
                   waitFor={'url': self.page.url + '/starting', 'timeout_secs': 1000})
        dpxdt = self.start('update', 'tests')
        self.page.wait_for('HEAD /starting', 2)
        self.interrupt(dpxdt)
        self.check_next_run()

    def test_while_a_server_takes_the_question_and_says_nothing(self):
        self.page = self.site({'/': WHITE, '/starting': self.wait_forever})
        self.suite([('it', self.page.url + '/')], waitFor={'url': self.page.url + '/starting', 'timeout_secs': 1000})
        dpxdt = self.start('update', 'tests')
        self.page.wait_for('HEAD /starting')
        self.interrupt(dpxdt)
        self.check_next_run()

    def test_while_a_wait_for_script_runs(self):
        self.page = self.site({'/': WHITE, '/hello': WHITE})
        self.suite([('it', self.page.url + '/')], waitFor=f'exec 3<> /dev/tcp/127.0.0.1/{self.page.port}\n'
                                                          'printf "GET /hello HTTP/1.0\\r\\n\\r\\n" >&3; sleep 1000')
        dpxdt = self.start('update', 'tests')
        self.page.wait_for('/hello')
        self.interrupt(dpxdt)
        self.check_next_run()

    def test_while_pages_are_captured(self):
        for content in (self.wait_forever, RED + '<img src=/image>', RED + '<script>while (1);</script>'):
            self.page = self.site({'/': content, '/image': self.wait_forever})
            self.suite([('it', self.page.url + '/'), ('other', self.page.url + '/')])
            dpxdt = self.start('update', 'tests')
            self.page.wait_for('/', 2)
            if '/image' in str(content):
                self.page.wait_for('/image', 2)
            self.interrupt(dpxdt)
            self.assertEqual(set(self.files()) - {'it.png'}, {'test.yaml'})
            self.check_next_run()

    def test_while_references_are_written(self):
        self.page = self.site({'/': RED})
        self.suite([(f'{i}', self.page.url + '/') for i in range(40)])
        for i in range(40):
            self.write(f'tests/{i}.png', Picture(9, 9))
        old = self.files()['0.png'][0]
        dpxdt = self.start('update', 'tests')
        self.assertEqual(dpxdt.stdout.readline(), '0: Running webpage capture process\n')
        self.interrupt(dpxdt)
        files = self.files()
        self.assertEqual(len(files), 41)
        new = files['0.png'][0]
        self.assertNotEqual(new, old)
        self.assertLessEqual({content for name, (content, _) in files.items() if name != 'test.yaml'}, {old, new})
        for i in range(40):
            (self.tests / f'{i}.png').unlink()
        self.check_next_run()

    def test_while_the_browser_starts(self):
        self.page = self.site({'/': WHITE})
        self.suite([('it', self.page.url + '/')])
        fake = self.folder / 'fake-chromium-silent'
        shutil.copy(FAKE, fake)
        dpxdt = self.start('update', 'tests', f'--browser={fake}')
        wait_until(lambda: len(self.processes()) >= 3)
        self.interrupt(dpxdt)
        self.check_next_run()

    def test_while_a_gallery_is_written(self):
        self.page = self.site({'/': WHITE})
        self.suite([('it', self.page.url + '/')])
        self.dpxdt('update', 'tests')
        results = self.tests / '.dpxdt/last/results.json'
        report = json.loads(results.read_text())
        report['results'] *= 8000
        results.write_text(json.dumps(report))
        dpxdt = self.start('report', 'tests', '--no-open', '-o', 'gallery')
        wait_until(lambda: (self.folder / 'gallery/images').exists() and os.listdir(self.folder / 'gallery/images'))
        self.interrupt(dpxdt)
        report['results'] = report['results'][:1]
        results.write_text(json.dumps(report))
        self.assertEqual(self.dpxdt('report', 'tests', '--no-open', '-o', 'gallery').returncode, 0)
        self.assertEqual(len(os.listdir(self.folder / 'gallery/images')), 1)

    def test_in_the_middle_of_retries(self):
        self.page = self.site({'/': lambda _: 500})
        self.suite([('it', self.page.url + '/')])
        dpxdt = self.start('update', 'tests', '--retries=100')
        self.page.wait_for('/', 3)
        self.interrupt(dpxdt)
        self.check_next_run()


if __name__ == '__main__':
    harness.main(parallel=4)
