"""The jobs of examples/ci against the example's site, with the real program and browser: a green build and a red one, and
what a service finds then: the exit status, JUnit, annotations, the gallery. Each is run as ci_services.py says; where
GITLAB_CI_LOCAL or GROOVY names that program (docs/ci.md), by these, too."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree

import harness
from ci_services import BY_HAND, SERVICES, GithubActions, Gitlab, GroovyPipeline, git
from serving import Client, ServerTestCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
N_TESTS, N_CHANGED = 6, 4
PROJECT = 'me/it'


class Repository:
    """That of a user: the examples, with references that are committed, at a port of its own."""

    def __init__(self, folder, environment):
        self.folder = folder
        shutil.copytree(ROOT / 'examples', folder)
        suite = folder / 'tests/site.yaml'
        suite.write_text(suite.read_text().replace('8765', str(harness.free_port())))
        git(folder, 'init', '-q')
        result = harness.dpxdt('update', 'tests', cwd=folder, env=environment, timeout=300)
        assert result.returncode == 0, result.stdout + result.stderr
        self.commit('first')

    def commit(self, message):
        git(self.folder, 'add', '-A')
        git(self.folder, 'commit', '-q', '-m', message)

    def change(self):
        subprocess.run(['sh', self.folder / 'change.sh'], check=True)
        self.commit('another price')


class CiTestCase(harness.TestCase):

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        (self.folder / 'tmp').mkdir()
        path = f'{pathlib.Path(os.environ["DPXDT"]).parent}:{os.environ["PATH"]}'
        self.surroundings = {'TMPDIR': str(self.folder / 'tmp'), 'PATH': path}

    def service(self, kind, repository):
        folder = self.folder / kind.__name__
        folder.mkdir()
        return kind(repository.folder, folder, self.surroundings)


# What Jenkins and GitLab read, by junit-10.xsd of Jenkins's xUnit plugin: the attributes that must and may be there, and the
# elements within. Three more attributes are ours, which its junit step and GitLab know or pass over.
JUNIT = {
    'testsuites': (set(), {'name', 'time', 'tests', 'failures', 'errors', 'skipped'}, {'testsuite'}),
    'testsuite': ({'name', 'tests', 'failures', 'errors'}, {'time', 'skipped', 'timestamp'}, {'testcase'}),
    'testcase': ({'name'}, {'time', 'classname', 'file', 'line'}, {'error', 'failure', 'system-out'}),
    'failure': (set(), {'type', 'message'}, set()),
    'error': (set(), {'type', 'message'}, set()),
    'system-out': (set(), set(), set()),
}


def annotations(output):
    """The commands of a step's output that GitHub makes notes of, as its runner reads them (ActionCommand.cs, TryParseV2):
    one a line, behind blanks; "::", the name, a blank, properties with "," between, "::", the message."""
    def plain(text, *more):
        for escaped, character in [('%0D', '\r'), ('%0A', '\n'), *more, ('%25', '%')]:
            text = text.replace(escaped, character)
        return text
    for line in output.split('\n'):
        line = line.lstrip()
        end = line.find('::', 2)
        if not line.startswith('::') or end < 0:
            continue
        name, _, properties = line[2:end].partition(' ')
        if name in ('error', 'warning', 'notice'):
            pairs = [pair.strip().split('=', 1) for pair in properties.split(',') if pair.strip()]
            yield name, {k: plain(v, ('%3A', ':'), ('%2C', ',')) for k, v in pairs}, plain(line[end + 2:])


class Pages(CiTestCase):
    """The local way: references in the repository."""

    def assert_is_junit(self, element, tag):
        needed, known, within = JUNIT[tag]
        self.assertEqual(element.tag, tag)
        self.assertLessEqual(needed, set(element.attrib))
        self.assertLessEqual(set(element.attrib), needed | known)
        self.assertLessEqual({child.tag for child in element}, within)
        if 'time' in element.attrib:
            self.assertRegex(element.get('time'), r'^[0-9]+\.[0-9]{3}$')
        for child in element:
            self.assert_is_junit(child, child.tag)

    def junit(self, outcome):
        """Name -> its failure's message, or None, of all tests; the numbers in the file are those of its elements."""
        root = xml.etree.ElementTree.parse(outcome.kept / 'dpxdt-junit.xml').getroot()
        self.assert_is_junit(root, 'testsuites')
        for element in [root, *root]:
            found = {'tests': 'testcase', 'failures': 'failure', 'errors': 'error'}
            self.assertEqual({key: int(element.get(key)) for key in found},
                             {key: len(list(element.iter(tag))) for key, tag in found.items()})
        return {case.get('name'): getattr(case.find('failure'), 'attrib', {}).get('message')
                for case in root.iter('testcase')}

    def cases(self, root):
        """Name -> all that is said of a test, but for numbers and the folder of its run."""
        def said(element):
            told = [element.tag, *sorted(element.items()), (element.text or '').strip(), *map(said, element)]
            return re.sub(r'run-\w+|\d[\d.,]*', '#', repr(told))
        return {case.get('name'): said(case) for case in root.iter('testcase')}

    def assert_is_as_the_guide_shows(self, outcome):
        sample = re.search('```xml\n(.*?)```', (ROOT / 'docs/ci.md').read_text(), re.S)[1]
        shown = self.cases(xml.etree.ElementTree.fromstring(f'{sample}</testsuite></testsuites>'.encode()))
        found = self.cases(xml.etree.ElementTree.parse(outcome.kept / 'dpxdt-junit.xml'))
        self.assertEqual(shown, {name: found.get(name) for name in shown})
        self.assertEqual(len(shown), 2)

    def assert_green(self, outcome):
        self.assertEqual(outcome.status, 0, outcome.output)
        tests = self.junit(outcome)
        self.assertEqual((len(tests), set(tests.values())), (N_TESTS, {None}))
        self.assertEqual(list(annotations(outcome.output)), [])

    def assert_red(self, outcome):
        self.assertEqual(outcome.status, 1, outcome.output)
        failed = {name: message for name, message in self.junit(outcome).items() if message}
        self.assertEqual(sorted(failed), ['home/hours', 'home@desk', 'home@phone', 'order'])
        self.assertEqual(len(failed), N_CHANGED)
        self.assert_is_as_the_guide_shows(outcome)
        gallery = outcome.kept / 'dpxdt-gallery'
        self.assertIn('home@desk', (gallery / 'index.html').read_text())
        self.assertGreaterEqual(len(list(gallery.rglob('*.png'))), 3 * N_CHANGED)
        return failed

    def assert_annotated(self, outcome, failed):
        """Each beside the line of its test in a file of the repository, of which GitHub shows the page."""
        noted = list(annotations(outcome.output))
        lines = (self.repository.folder / 'tests/site.yaml').read_text().split('\n')
        self.assertEqual(sorted(note['title'] for _, note, _ in noted),
                         sorted(f'{name}: looks different' for name in failed))
        for level, note, message in noted:
            name = note['title'].split(':')[0]
            self.assertEqual((level, note['file']), ('error', 'tests/site.yaml'))
            self.assertIn(f'name: {name.split("@")[0]}', lines[int(note['line']) - 1])
            self.assertEqual(message, failed[name])

    def test_a_build_is_green_and_a_change_makes_it_red(self):
        self.repository = Repository(self.folder / 'repository', self.surroundings)
        services = [self.service(kind, self.repository) for kind in [*SERVICES, *BY_HAND] if kind is not GroovyPipeline]
        for service in services:
            with self.subTest(type(service).__name__, build='green'):
                self.assert_green(service.run(service.PAGES))
        self.repository.change()
        for service in services:
            with self.subTest(type(service).__name__, build='red'):
                outcome = service.run(service.PAGES)
                failed = self.assert_red(outcome)
                if isinstance(service, GithubActions):
                    self.assert_annotated(outcome, failed)


class Release(CiTestCase, ServerTestCase):
    """The way with a server, which tells the status of the commit; a person makes the first release good."""

    def setUp(self):
        super().setUp()
        self.told = []
        self.api = harness.Site({})
        self.addCleanup(self.api.close)
        self.build = self.new_build()
        self.key = self.new_key(self.build)
        with contextlib.closing(sqlite3.connect(self.folder / 'data/dpxdt.db')) as db:
            db.execute('UPDATE builds SET status_prefix = ?, status_token = ?', (self.api.url + '/', 't0ken'))
            db.commit()
        self.shots = self.server('--allow-private', '--enable-queue-workers')
        self.staging = harness.Site({'/': '<a href="/b">b</a>', '/b': '<body style="background: white">one'})
        self.addCleanup(self.staging.close)

    def take_status(self, handler):
        body = handler.rfile.read(int(handler.headers['Content-Length'])).decode()
        is_json = handler.headers['Content-Type'].startswith('application/json')
        self.told.append((handler.path, json.loads(body)['state'] if is_json else re.search(r'state=(\w+)', body)[1]))
        return '{}'

    def run_job(self, service):
        commit = git(service.repository, 'rev-parse', 'HEAD')
        api, projects = ('/api/v4', 'projects') if isinstance(service, Gitlab) else ('/api/v3', 'repos')
        self.api.pages[f'{api}/{projects}/{PROJECT}/statuses/{commit}'] = self.take_status
        outcome = service.run(service.RELEASE, api=self.api.url + api, project=PROJECT, STAGING_URL=self.staging.url + '/',
                              DPXDT_SERVER=self.shots.prefix.removesuffix('/api'), DPXDT_BUILD=str(self.build),
                              DPXDT_CLIENT_ID=self.key[0], DPXDT_CLIENT_SECRET=self.key[1])
        release = re.search(r'release\?id=(\d+)&name=([0-9a-f]+)&number=(\d+)', outcome.output)
        self.assertIsNotNone(release, outcome.output)
        self.assertEqual(release[2], commit)
        return outcome, {'build_id': release[1], 'release_name': release[2], 'release_number': release[3]}

    def wait_for_status(self, state):
        """Statuses are told by and by: the last one of this commit."""
        harness.wait_until(lambda: self.told and self.told[-1][1] == state)

    def test_a_release_is_green_until_a_page_differs_from_the_last_good_one(self):
        repository = Repository(self.folder / 'repository', self.surroundings)
        client = Client(self.shots.port, self.key)
        for kind in [*SERVICES, *BY_HAND]:
            with self.subTest(kind.__name__):
                service = self.service(kind, repository)
                self.staging.pages['/b'] = '<body style="background: white">one'
                good, release = self.run_job(service)
                self.assertEqual(good.status, 0, good.output)
                self.wait_for_status('success')
                client.post('decide_release', **release, status='good')
                self.staging.pages['/b'] = f'<body style="background: white">not one of {kind.__name__}'
                bad, release = self.run_job(service)
                self.assertEqual(bad.status, 1, bad.output)
                self.assertIn('/b: different', bad.output)
                self.wait_for_status('failed' if isinstance(service, Gitlab) else 'failure')
                self.assertNotIn(self.key[1], good.output + bad.output)
                client.post('decide_release', **release, status='bad')


if __name__ == '__main__':
    harness.main()
