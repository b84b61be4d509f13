"""The review site, reviewed by dpxdt: the suite of tests/pages, of a server with the same data each time."""
import pathlib
import shutil

import harness

PAGES = pathlib.Path(__file__).resolve().parents[1] / 'pages'
CHANGED = 'run/swipe'


class Pages(harness.LocalTestCase):

    def take(self, command, status=0):
        result = self.dpxdt(command, 'tests/pages', timeout=600)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def pictures(self):
        """{test: its picture}, of the references"""
        return {str(path.relative_to(self.tests / 'pages')): path.read_bytes() for path in (self.tests / 'pages').rglob('*.png')
                if '.dpxdt' not in path.parts}

    def change(self, text, to):
        suite = self.tests / 'pages/site.yaml'
        self.assertIn(text, suite.read_text())
        suite.write_text(suite.read_text().replace(text, to))

    def test_every_page_of_a_second_server_is_the_same_byte_for_byte_and_one_rule_of_css_is_seen(self):
        shutil.copytree(PAGES, self.tests / 'pages', ignore=shutil.ignore_patterns('*.png', '.dpxdt', '__pycache__'))
        self.change('8769', str(harness.free_port()))
        self.take('update')
        first = self.pictures()
        self.assertGreater(len(first), 50)

        self.take('test')
        self.take('update')
        again = self.pictures()
        self.assertEqual([name for name in first if again[name] != first[name]], [])

        self.change(f'name: {CHANGED}, url: *basket, config: *owner',
                    f'name: {CHANGED}, url: *basket, config: {{<<: *owner, injectCss: ".crumbs {{ letter-spacing: 1px }}"}}')
        changed = self.take('test', 1)
        self.assertIn(f'{CHANGED} failed\n', changed.stdout)
        self.assertIn('1 test(s) failed.', changed.stdout + changed.stderr)


if __name__ == '__main__':
    harness.main()
