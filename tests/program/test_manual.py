"""The manual pages, the completions and the examples in docs/ against the program: what they name exists, and what exists
is named."""
import os
import pathlib
import re
import shutil
import subprocess

import harness
from harness import dpxdt

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAN = ROOT / 'man'
COMPLETIONS = ROOT / 'completions'


def commands():
    """The names that `dpxdt --help` lists."""
    return re.findall(r'^  ([\w-]+) +\S', dpxdt('--help').stdout.split('Usage:')[1], re.M)


def options(command):
    """{'--jobs': True, '-j': True, '--help': False}: the options that a command's --help lists, and whether a value
    follows."""
    found = {}
    listed = dpxdt(command, '--help').stdout.split('\nOptions:\n')[1].split('\n\n')[0]
    for short, name, value in re.findall(r'^  (?:(-\w), )?(--[a-z-]+)(=\S+)?', listed, re.M):
        found[name] = bool(value)
        if short:
            found[short] = bool(value)
    assert '--help' in found, listed
    return found


def section(page, title):
    """The text of a section of a manual page."""
    text = (MAN / page).read_text()
    parts = re.split(r'^# (.*)\n', text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))[title]


class ManualPages(harness.TestCase):

    def test_every_command_has_a_page_and_stands_in_that_of_dpxdt(self):
        listed = re.findall(r'^\*([\w-]+)\*', section('dpxdt.1.scd', 'COMMANDS'), re.M)
        self.assertEqual(sorted(listed), sorted(commands() + ['help']))
        pages = [page.name for page in MAN.glob('dpxdt-*.1.scd')]
        self.assertEqual(sorted(pages), sorted(f'dpxdt-{command}.1.scd' for command in commands()))

    def test_every_option_is_in_its_page_and_none_that_is_not(self):
        for command in commands():
            with self.subTest(command):
                found = {}
                for line in re.findall(r'^(\*-.*)', section(f'dpxdt-{command}.1.scd', 'OPTIONS'), re.M):
                    names = re.findall(r'\*(--?[a-z-]+)\*', line)
                    found.update({name: '=_' in line for name in names})
                self.assertEqual(found, options(command))

    def test_what_dpxdt_itself_takes_works(self):
        for option in re.findall(r'^\*(-.*?)\*', section('dpxdt.1.scd', 'OPTIONS'), re.M):
            self.assertEqual(dpxdt(option).returncode, 0, option)

    def test_scdoc_and_groff_have_nothing_to_say(self):
        if not shutil.which('scdoc'):
            self.skipTest('scdoc is not installed')
        for page in sorted(MAN.glob('*.scd')):
            with self.subTest(page.name):
                rendered = subprocess.run(['scdoc'], stdin=page.open(), capture_output=True)
                self.assertEqual((rendered.returncode, rendered.stderr), (0, b''))
                if shutil.which('groff'):
                    checked = subprocess.run(['groff', '-man', '-ww', '-z', '-Tutf8', '-'], input=rendered.stdout,
                                             capture_output=True)
                    self.assertEqual((checked.returncode, checked.stderr), (0, b''))

    def test_every_page_is_built(self):
        listed = re.findall(r"'((?:lib)?dpxdt\S*\.scd)'", (MAN / 'meson.build').read_text())
        self.assertEqual(sorted(listed), sorted(page.name for page in MAN.glob('*.scd')))


class Keys(harness.TestCase):
    """The rules in src/config are the list of all keys."""

    def keys(self, file):
        source = (ROOT / 'src' / 'config' / file).read_text()
        found = re.findall(r'^    \{(?:\.key = )?"(\w+)", (?:\.kind = )?FIELD_', source, re.M)
        found += re.findall(r'^    \[STEP_\w+\] = \{"(\w+)"', source, re.M)
        self.assertGreater(len(found), 5)
        return set(found)

    def test_every_key_is_in_dpxdt_tests_5(self):
        page = (MAN / 'dpxdt-tests.5.scd').read_text()
        for key in sorted(self.keys('spec.c') | self.keys('suite.c')):
            self.assertIn(f'*{key}*', page)

    def test_every_key_is_in_the_docs(self):
        for file, doc in ('spec.c', 'capture.md'), ('suite.c', 'tests.md'):
            text = (ROOT / 'docs' / doc).read_text()
            for key in sorted(self.keys(file)):
                self.assertRegex(text, rf'[`.{{ ]{key}[`:,}}]', f'{key} in {doc}')

    def test_every_example_loads_without_a_warning(self):
        n_examples = 0
        for doc in [*sorted(ROOT.glob('docs/*.md')), ROOT / 'README.md', *sorted(MAN.glob('*.scd'))]:
            text = doc.read_text() if doc.exists() else ''
            examples = [block for language, block in re.findall(r'^```(\w*)\n(.*?)^```', text, re.M | re.S)
                        if language in ('', 'yaml') and re.search('^tests:', block, re.M)]
            for example in examples:
                with self.subTest(doc.name, example=example):
                    self.write('tests/example.yaml', example)
                    result = dpxdt('test', '--list-tests', 'tests', cwd=self.folder)
                    self.assertEqual((result.returncode, result.stderr), (0, ''))
                    n_examples += 1
        self.assertGreater(n_examples, 8)


class Example(harness.TestCase):

    def site(self):
        return {path.name: path.read_bytes() for path in (self.folder / 'examples' / 'site').iterdir()}

    def test_its_change_can_be_taken_back(self):
        shutil.copytree(ROOT / 'examples', self.folder / 'examples')
        before = self.site()
        subprocess.run(['sh', self.folder / 'examples' / 'change.sh'], check=True)
        changed = self.site()
        self.assertEqual(sorted(name for name in before if before[name] != changed[name]), ['index.html', 'order.html', 'style.css'])
        subprocess.run(['sh', self.folder / 'examples' / 'change.sh', 'back'], check=True)
        self.assertEqual(self.site(), before)


class Completions(harness.TestCase):

    def bash(self, line, cwd=None):
        """What the bash completion offers for the last word of a line."""
        words = re.findall(r'=|[^ =]+', line) + ([''] if line.endswith(' ') else [])
        script = r'''
            source "$1"; COMP_LINE=$2; COMP_POINT=${#COMP_LINE}; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            word=${COMP_WORDS[COMP_CWORD]}
            _dpxdt dpxdt "${word#=}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"'''
        result = subprocess.run(['bash', '-c', script, 'bash', COMPLETIONS / 'dpxdt.bash', line, *words], cwd=cwd,
                                capture_output=True, text=True, env=self.environment())
        self.assertEqual(result.stderr, '', line)
        return result.stdout.split('\n')[:-1] if result.stdout != '\n' else []

    def environment(self):
        folder = pathlib.Path(os.environ['DPXDT']).parent
        return {**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'}

    def test_bash_knows_the_commands(self):
        self.assertEqual(sorted(self.bash('dpxdt ')),
                         sorted([*commands(), 'help', '--help', '-h', '--version']))
        self.assertEqual(self.bash('dpxdt up'), ['update'])
        self.assertEqual(sorted(self.bash('dpxdt help ')), sorted(commands()))

    def test_bash_knows_every_option_of_each_command(self):
        for command in commands():
            offered = self.bash(f'dpxdt {command} -')
            self.assertEqual({name.rstrip('='): name.endswith('=') or name in ('-j', '-o') for name in offered},
                             options(command), command)

    def test_bash_completes_a_few_lines(self):
        self.write('tests/a.yaml', 'tests:\n- {name: front, url: "http://a/"}\n- {name: "the back", url: "http://a/"}\n')
        self.write('before.png', '')
        self.write('notes.txt', '')
        for line, offered in [
            ('dpxdt test --li', ['--list-tests']),
            ('dpxdt test te', ['tests']),
            ('dpxdt test tests --re', ['--report=', '--retries=']),
            ('dpxdt test --report=te', ['tests']),
            ('dpxdt test --report te', ['tests']),
            ('dpxdt test --junit=no', ['notes.txt']),
            ('dpxdt test --junit=', ['before.png', 'notes.txt', 'tests']),
            ('dpxdt test --retries=', []),
            ('dpxdt diff be', ['before.png']),
            ('dpxdt diff --json no', []),
            ('dpxdt api-key ', ['create', 'list', 'revoke']),
            ('dpxdt build create --data te', ['tests']),
            ('dpxdt server --log-format=', ['json', 'logfmt']),
            ('dpxdt server --port ', []),
            ('dpxdt pair-diff --wait be', []),
            ('dpxdt diff-my-urls --tests-json-path=no', ['notes.txt']),
            ('dpxdt approve tests ', ['front', r'the\ back']),
            ('dpxdt approve tests fr', ['front']),
        ]:
            self.assertEqual(sorted(self.bash(line, cwd=self.folder)), offered, line)

    def test_zsh_knows_every_option_of_each_command(self):
        text = (COMPLETIONS / 'dpxdt.zsh').read_text()
        listed = text.split('commands=(')[1].split('\n    )')[0]
        self.assertEqual(sorted(re.findall(r"'([\w-]+):", listed)), sorted(commands() + ['help']))
        shared = dict(re.findall(r'^    (\w+)=\(\n(.*?)\n    \)', text, re.M | re.S))
        branches = re.findall(r'^        ([\w |-]+)\)(.*?);;', text.split('case $words[1] in')[1], re.M | re.S)
        for names, branch in branches:
            found = {}
            branch = re.sub(r'\$(\w+)', lambda name: shared[name[1]], branch).replace('_files -g', '')
            for name, mark in re.findall(r'(--[a-z-]+)(=?)(?=[\[}])', branch):
                found[name] = bool(mark)
            for name, mark in re.findall(r'\{(-[a-z])(\+?),', branch):
                found[name] = bool(mark)
            for command in names.split(' | '):
                if command != 'help':
                    self.assertEqual(found, options(command), command)
        self.assertEqual(sorted(' | '.join(names for names, _ in branches).split(' | ')),
                         sorted(commands() + ['help']))

    def test_fish_knows_every_option_of_each_command(self):
        found, chosen = {}, []
        for line in (COMPLETIONS / 'dpxdt.fish').read_text().splitlines():
            start = re.match(r'for command in (.*)|set -l chosen "__fish_seen_subcommand_from ([\w-]+)"', line)
            if start:
                chosen = (start[1] or start[2]).split()
            if not re.match(r' *complete -c dpxdt -n \$chosen', line):
                continue
            for name in re.findall(r' -l ([a-z-]+)', line):
                for command in chosen:
                    found.setdefault(command, {})['--' + name] = bool(re.search(' -[rx] ', line))
            for name in re.findall(r' -s (\w)', line):
                for command in chosen:
                    found[command]['-' + name] = bool(re.search(' -[rx] ', line))
        self.assertEqual(found, {command: options(command) for command in commands()})

    def test_the_shells_can_read_them(self):
        checked = 0
        for shell in 'bash', 'zsh', 'fish':
            if shutil.which(shell):
                result = subprocess.run([shell, '-n', COMPLETIONS / f'dpxdt.{shell}'], capture_output=True, text=True)
                self.assertEqual((result.returncode, result.stderr), (0, ''), shell)
                checked += 1
        self.assertGreater(checked, 0)


if __name__ == '__main__':
    harness.main()
