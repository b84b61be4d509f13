"""tools/verdict against what Meson writes: no failure is lost on the way to its last line. TAP on standard output."""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'program'))
import harness  # noqa: E402


class Verdict(harness.TestCase):
    def verdict(self, programs, *options):
        """programs: name -> (how it ended, the elements in its test cases, what it said if anything)"""
        suites = ''.join(f'<testsuite name="dpxdt.{name}">' + ''.join(
            f'<testcase name="{i} it">{case}</testcase>' for i, case in enumerate(cases, 1)) + '</testsuite>'
            for name, (_, cases, *_) in programs.items())
        path = self.write('testlog.junit.xml', f'<testsuites>{suites}</testsuites>')
        self.write('testlog.json', ''.join(
            json.dumps({'name': name, 'result': result, **({'stdout': said[0]} if said else {})}) + '\n'
            for name, (result, _, *said) in programs.items()))
        run = subprocess.run([ROOT / 'tools' / 'verdict', *options, path], capture_output=True, text=True)
        self.assertEqual(run.stderr, '')
        return run.stdout.splitlines(), run.returncode

    def test_all_may_pass(self):
        self.assertEqual(self.verdict({'a': ('OK', ['', '']), 'b': ('OK', [''])}),
                         (['3 passed, 0 failed, 0 skipped'], 0))

    def test_what_failed_is_named(self):
        self.assertEqual(self.verdict({'a': ('OK', ['']), 'b': ('FAIL', ['', '<failure/>', '<error/>'])}),
                         (['failed: dpxdt.b: 2 it', 'failed: dpxdt.b: 3 it', '2 passed, 2 failed, 0 skipped'], 1))

    def test_a_program_that_ends_badly_with_no_test_to_blame_has_failed(self):
        for how in ('ERROR', 'TIMEOUT'):
            self.assertEqual(self.verdict({'a': (how, ['', '']), 'b': ('OK', [''])}),
                             ([f'failed: a: {how}, with no test to blame', '3 passed, 1 failed, 0 skipped'], 1))

    def test_why_it_failed_is_told_beneath_its_name(self):
        said = '1..3\nok 1 it\n# of the first\nnot ok 2 it\n# 7 != 8\n#\n# more\nprinted between\nnot ok 3 it\n# other\n'
        self.assertEqual(self.verdict({'a': ('ERROR', ['', '<failure/>', '<failure/>'], said), 'b': ('OK', [''], said)}),
                         (['failed: dpxdt.a: 2 it', '    # 7 != 8', '    #', '    # more', 'failed: dpxdt.a: 3 it', '    # other',
                           '2 passed, 2 failed, 0 skipped'], 1))
        self.assertEqual(self.verdict({'a': ('TIMEOUT', [''], 'ok 1 it\n# waiting for x\n')}),
                         (['failed: a: TIMEOUT, with no test to blame', '    ok 1 it', '    # waiting for x',
                           '1 passed, 1 failed, 0 skipped'], 1))

    def test_a_skip_is_a_failure_only_where_it_may_not_be(self):
        programs = {'a': ('OK', ['', '<skipped/>']), 'b': ('SKIP', ['<skipped/>'])}
        lines = ['skipped: dpxdt.a: 2 it', 'skipped: dpxdt.b: 1 it', '1 passed, 0 failed, 2 skipped']
        self.assertEqual(self.verdict(programs), (lines, 0))
        self.assertEqual(self.verdict(programs, '--no-skip'), (lines, 1))

    def test_no_tests_at_all_are_a_failure(self):
        self.assertEqual(self.verdict({}), (['0 passed, 0 failed, 0 skipped'], 1))


if __name__ == '__main__':
    harness.main()
