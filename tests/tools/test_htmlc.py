"""htmlc as the build calls it, and what the compiler of C says of its output: it must speak of the page. Needs HTMLC (its
path) and CC. TAP on standard output."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'program'))
import harness  # noqa: E402

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']
GLIB = subprocess.run(['pkg-config', '--cflags', 'glib-2.0'], capture_output=True, text=True, check=True).stdout.split()

PAGE = '''\
% static void row(Html *out, const char *name, int n) {
<!doctype html>
<p>What??! It is {{ name }}, <b title="{{ name }}">{{ n }}</b>
%     if (n > 0) {
  <a href="/{{ name }}">
    {{ name }}
  </a>
%     }
% }
% void page(Html *out);
% void page(Html *out) {
%     row(out, "a", 1);
% }
'''


class Htmlc(harness.TestCase):
    def htmlc(self, page):
        self.write('page.html', page)
        return subprocess.run([os.environ['HTMLC'], 'page.html', 'page.c'], cwd=self.folder, capture_output=True,
                              text=True)

    def cc(self, page, standard='gnu17'):
        """The messages of the compiler of C on a page that htmlc takes."""
        run = self.htmlc(page)
        self.assertEqual((run.returncode, run.stderr), (0, ''))
        command = os.environ['CC'].split() + ['-std=' + standard, *WARNINGS, *GLIB, f'-I{ROOT}/src', '-c', 'page.c',
                                              '-o', 'page.o']
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              env={**os.environ, 'LC_ALL': 'C'}).stderr

    def test_a_page_compiles_without_warnings(self):
        for standard in ('gnu17', 'c11'):
            self.assertEqual(self.cc(PAGE, standard), '')

    def test_an_error_in_a_page_is_told_with_the_line_of_the_page(self):
        for right, wrong, line, words in [
            ('row(Html *out', 'row(Htm *out', 1, 'Htm'),
            ('is {{ name }}', 'is {{ nobody }}', 3, 'nobody'),
            ('="{{ name }}"', '="{{ nobody }}"', 3, 'nobody'),
            ('if (n > 0)', 'if (m > 0)', 4, "'m'"),
            ('/{{ name }}', '/{{ nobody }}', 5, 'nobody'),
            ('    {{ name }}', '    {{ nobody }}', 6, 'nobody'),
            ('"a", 1)', '"a")', 12, 'too few arguments'),
            ('%     }\n', '', 12, ''),  # only the end shows that there is one too few
        ]:
            with self.subTest(wrong):
                self.assertIn(right, PAGE)
                errors = [line for line in self.cc(PAGE.replace(right, wrong)).splitlines() if ' error: ' in line]
                self.assertTrue(any(error.startswith(f'page.html:{line}:') and words in error for error in errors),
                                errors)
                self.assertEqual([error for error in errors if not error.startswith('page.html:')], [])

    def test_an_error_is_told_with_the_column_of_the_page(self):
        message = self.cc(PAGE.replace('if (n > 0)', 'if (m > 0)'))
        self.assertIn('page.html:4:11: ', message)
        message = self.cc(PAGE.replace('is {{ name }}', 'is {{ nobody }}'))
        self.assertIn(f'page.html:3:{len("<p>What??! It is {{ n")}: ', message)

    def test_what_has_no_one_way_to_be_written_does_not_compile(self):
        for kind in ('bool', 'char', 'double', 'void *', 'unsigned char *'):
            with self.subTest(kind):
                message = self.cc(PAGE.replace('int n', kind + ' n').replace('n > 0', 'n').replace('"a", 1', '"a", 0')
                                  .replace('% static', '% #include <stdbool.h>\n% static'))
                self.assertIn('page.html:4:', message)
                self.assertIn('_Generic', message)

    def test_only_a_literal_is_written_as_it_is(self):
        self.assertIn('page.html:12:', self.cc(PAGE.replace('row(out, "a", 1)', 'const char *a = ""; html_raw(out, a)')))

    def test_a_page_that_is_refused_leaves_no_output(self):
        run = self.htmlc('% void page(Html *out) {\n<b title={{ x }}>\n% }\n')
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr,
                         'page.html:2:10: quote the value of title, with nothing between = and the quote\n')
        self.assertFalse((self.folder / 'page.c').exists())

    def test_a_page_that_is_not_there_is_named(self):
        run = subprocess.run([os.environ['HTMLC'], 'none.html', 'page.c'], cwd=self.folder, capture_output=True,
                             text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn('none.html', run.stderr)


if __name__ == '__main__':
    harness.main()
