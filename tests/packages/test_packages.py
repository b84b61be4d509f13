"""What debian/ and systemd/ say against the program and its source."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'program'))

import harness  # noqa: E402
from harness import dpxdt  # noqa: E402

# Not for a file, or of no effect.
NOT_IN_FILES = {'help', 'config', 'print-config', 'enable-api-server', 'release-client-id', 'release-client-secret'}


def package(name):
    """{'Depends': ['libcurl4', 'libssl3', ...], ...} of a package in debian/control"""
    text = (ROOT / 'debian/control').read_text()
    stanza = next(it for it in text.split('\n\n') if it.startswith(f'Package: {name}\n'))
    fields = re.findall(r'^([\w-]+):(.*(?:\n .*)*)', re.sub(r'^#.*\n', '', stanza, flags=re.M), re.M)
    return {field: re.findall(r'[^\s,|]+', value) for field, value in fields}


def loaded_later(files):
    """The packages that these files name in LIBRARY()."""
    return {found for file in files for found in re.findall(r'LIBRARY\(\w+, \w+, "[^"]+", "([^"]+)"', file.read_text())}


def options(command):
    """{'port': '=N', ...}: the long options that --help lists"""
    return dict(re.findall(r'^  (?:-\w, )?--([a-z-]+)(=\S+)?', dpxdt(command, '--help').stdout, re.M))


def settings(name):
    """[(option, value)] in a file of systemd/, comments too: one that is a setting begins without a blank"""
    return re.findall(r'^#?([a-z][a-z-]*) = (.*)', (ROOT / 'systemd' / name).read_text(), re.M)


class Control(harness.TestCase):

    def test_what_is_loaded_later_stands_there_by_hand(self):
        needs = loaded_later((ROOT / 'src').rglob('*.c'))
        self.assertGreater(len(needs), 4)
        fields = package('dpxdt')
        self.assertEqual(needs - set(fields['Depends'] + fields['Recommends']), set())
        by_hand = {name for name in fields['Depends'] if not name.startswith('${')}
        self.assertEqual(by_hand - needs, set(), 'nothing loads these')

    def test_so_it_does_for_the_library(self):
        listed = (ROOT / 'src/meson.build').read_text().split('client_sources = files(')[1].split(')')[0]
        needs = loaded_later(ROOT / 'src' / name for name in re.findall(r"'(.*)'", listed))
        self.assertEqual({name for name in package('libdpxdt1')['Depends'] if not name.startswith('${')}, needs)
        self.assertEqual(needs, {'libcurl4'})

    def test_the_version_is_that_of_the_program(self):
        version = re.match(r'dpxdt \((.*?)\)', (ROOT / 'debian/changelog').read_text())[1]
        self.assertEqual(dpxdt('--version').stdout.split()[1], version)

    def test_what_meson_looks_for_is_a_build_dependency(self):
        """by the names that it has in ./quickstart"""
        script = (ROOT / 'quickstart').read_text().split('tools/install-packages')[1].split('\n\n')[0]
        wanted = {name for name in script.split() if name.startswith('lib') and name.endswith('-dev')} - {'libc6-dev'}
        text = (ROOT / 'debian/control').read_text().split('\n\n')[0]
        self.assertEqual(set(re.findall(r'^ ((?:lib|zlib)\S+-dev)', text, re.M)) - {'zlib1g-dev'}, wanted)


class Settings(harness.TestCase):

    def check(self, name, command, **values):
        listed = settings(name)
        names = [option for option, _ in listed]
        self.assertEqual(sorted(names), sorted(set(names)), 'twice')
        self.assertEqual(set(names), set(options(command)) - NOT_IN_FILES)
        for option, value in listed:
            self.assertEqual(value in ('yes', 'no'), not options(command)[option], option)

    def test_those_of_the_server_have_every_option(self):
        self.check('dpxdt.conf', 'server')

    def test_those_of_a_worker_have_every_option(self):
        self.check('worker.conf', 'worker')

    def test_numbers_are_those_that_are_usual(self):
        for name, command in ('dpxdt.conf', 'server'), ('worker.conf', 'worker'):
            usual = dict(re.findall(r'--([a-z-]+)=\S+ .*\(default: (\d+)[;)]', dpxdt(command, '--help').stdout))
            numbers = {option: value for option, value in settings(name) if value.isdigit()}
            self.assertEqual(numbers, usual)

    def test_only_where_the_data_is_is_set(self):
        text = (ROOT / 'systemd/dpxdt.conf').read_text() + (ROOT / 'systemd/worker.conf').read_text()
        self.assertEqual(re.findall(r'^[^#\n].*', text, re.M), ['data = /var/lib/dpxdt'])

    def test_the_program_takes_every_line_of_them(self):
        """the program takes each file as it is, and with every line a setting"""
        env = {'DPXDT_OIDC_CLIENT_SECRET': 'x', 'DPXDT_SMTP_PASSWORD': 'x'}
        for name, command in ('dpxdt.conf', 'server'), ('worker.conf', 'worker'):
            text = (ROOT / 'systemd' / name).read_text()
            for_all = re.sub(r'^#([a-z][a-z-]* = )', r'\1', text, flags=re.M)
            certificates = self.write('ca.pem', '-----BEGIN CERTIFICATE-----\n')
            for_all = re.sub('^smtp-ca-file = .*', f'smtp-ca-file = {certificates}', for_all, flags=re.M)
            for content in text, for_all:
                result = dpxdt(command, '--config', self.write(name, content), '--print-config', env=env)
                self.assertEqual((result.returncode, result.stderr), (0, ''))

    def test_a_line_that_is_stale_is_noticed(self):
        result = dpxdt('server', '--config', self.write('old.conf', 'data = /x\nold-name = 1\n'), '--print-config')
        self.assertEqual(result.returncode, 2)


if __name__ == '__main__':
    harness.main()
