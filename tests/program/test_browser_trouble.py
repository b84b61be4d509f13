"""Browsers that die, hang, are too old or talk nonsense: some in the person of tests/fake-chromium, some real."""
import os
import pathlib
import shutil
import signal
import sys
import threading
import time

import harness
from harness import Picture, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'faults'))
from ledger import TIMES, tell

FAKE = pathlib.Path(__file__).parent.parent / 'fake-chromium'


class Fake(harness.LocalTestCase):

    def run_with(self, mode, n_tests=1, config=None, **options):
        self.site_ = self.site({'/': 'the fake does not look at it'})
        self.suite([{'name': f'it{i}', 'url': self.site_.url + '/', 'config': config or {}} for i in range(n_tests)])
        self.write('tests/it0.png', Picture(9, 9))
        fake = self.folder / f'fake-chromium-{mode}'
        shutil.copy(FAKE, fake)
        before = self.files()
        result = self.dpxdt('update', 'tests', f'--browser={fake}', **options)
        if result.returncode != 0:
            self.assertEqual(self.files(), before)
        return result

    def refuse(self, mode, words, **options):
        result = self.run_with(mode, **options)
        self.assertEqual((result.stdout, result.returncode), ('', 2), result.stderr)
        self.assertRegex(result.stderr, words)

    def fail_with(self, mode, words, **options):
        result = self.run_with(mode, **options)
        self.assertEqual((result.returncode, result.stderr), (1, '1 test(s) failed.\n'), result.stdout)
        self.assertRegex(result.stdout, 'it0 failed\n  .*' + words)

    def test_one_that_behaves_takes_a_picture(self):
        result = self.run_with('well', n_tests=5)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(self.picture('it4')[399, 299], (255, 255, 255, 255))

    def test_one_that_is_too_old_is_refused(self):
        self.refuse('old', 'fake-chromium-old is HeadlessChrome/99.0.4844.51: too old, .*; version 120 or newer')

    def test_one_without_a_version_is_refused(self):
        self.refuse('unversioned', 'too old, or no Chromium')

    def test_one_that_dies_at_once_is_quoted(self):
        self.refuse('dies', r'fake-chromium-dies did not start: ended with status 7; it said:\n'
                            r'[\s\S]*cannot open display: no luck')

    def test_one_that_starts_only_without_its_sandbox_is_used_with_a_warning_and_no_other_is(self):
        for mode, words in {'sandboxless': harness.NO_SANDBOX, 'well': ''}.items():
            self.run_with(mode)
            result = harness.dpxdt('update', 'tests', f'--browser=./fake-chromium-{mode}', cwd=self.folder, env=self.env)
            self.assertEqual((result.stderr, result.returncode), (words + 'All tests passed!\n', 0))

    def test_a_worker_takes_none_without_its_sandbox_unless_it_is_told_to(self):
        self.run_with('sandboxless')
        for env, words in {'required': 'with its sandbox, which this machine may not allow', 'off': '--sandbox must be '
                           'required or preferred, not off'}.items():
            result = harness.dpxdt('worker', '--browser=./fake-chromium-sandboxless', cwd=self.folder,
                                   env={**self.env, 'DPXDT_SANDBOX': env})
            self.assertIn(words, result.stderr)
            self.assertEqual(result.returncode, 2)

    def test_one_that_hangs_up_is_refused(self):
        self.refuse('hangs-up', 'did not start')

    def test_one_that_never_answers_is_given_up(self):
        self.refuse('silent', 'did not start: it does not answer', timeout=100)

    def test_one_that_talks_nonsense_is_given_up(self):
        self.refuse('nonsense', 'did not start', timeout=100)

    def test_one_that_answers_half_a_message_and_hangs_is_given_up(self):
        self.refuse('half', 'did not start: it does not answer', timeout=100)

    def test_one_that_dies_under_every_page_fails_the_test_in_the_end(self):
        self.fail_with('dies-navigating', 'the browser ended')
        self.fail_with('dies-capturing', 'the browser ended')

    def test_one_that_hangs_or_rambles_at_the_picture_fails_the_test_at_its_time_limit(self):
        self.fail_with('half-capturing', 'the browser hangs', config={'timeoutMs': 1000})
        self.fail_with('nonsense-capturing', 'the browser hangs', config={'timeoutMs': 1000})

    def test_one_that_refuses_fails_the_test_with_its_words(self):
        self.fail_with('no-tabs', 'cannot open a tab: Target.createTarget: I would rather not')
        self.fail_with('no-picture', 'captureScreenshot: no data')
        self.fail_with('no-png', 'not a PNG')


PAGE = '<!DOCTYPE html><body style="background: lime">'
TRIES = max(1, TIMES // 2)


class Real(harness.LocalTestCase):

    SMALL = {'viewportSize': {'width': 40, 'height': 30}}

    def kill(self, kind=''):
        """Kills the browser's processes of a kind, if one is there just now; says whether one was."""
        return self.send_to_browsers(signal.SIGKILL, kind)

    def test_100_pages_with_three_browsers_killed_and_two_pages_that_hang(self):
        hanging = (33, 66)
        site = self.site({f'/{i}': f'<!DOCTYPE html><body style="background: rgb({i}, 99, 0)">' for i in range(100)})
        for i in hanging:
            site.pages[f'/{i}'] = '<!DOCTYPE html><script>while (1);</script>'
        self.suite([{'name': f'p{i}', 'url': f'{site.url}/{i}',
                     'config': {**self.SMALL, **({'timeoutMs': 4000} if i in hanging else {})}} for i in range(100)])
        dpxdt = self.start('update', 'tests', '--json=results.json')
        output = []
        reader = threading.Thread(target=lambda: output.extend(dpxdt.communicate(timeout=200)), daemon=True)
        reader.start()
        for i in (10, 40, 80):
            site.wait_for(f'/{i}', seconds=100)
            wait_until(self.kill)
        reader.join(200)
        self.assert_nothing_runs()
        self.assertEqual(dpxdt.returncode, 1, output)
        self.assertEqual(output[1].replace(harness.NO_SANDBOX, ''), '2 test(s) failed.\n')
        for i in hanging:
            self.assertRegex(output[0], f'p{i} failed\n  .*(did not|timed out)')
        wrong = [i for i in range(100) if i not in hanging and self.picture(f'p{i}')[20, 15] != (i, 99, 0, 255)]
        self.assertEqual(wrong, [])
        self.assertFalse(any((self.tests / f'p{i}.png').exists() for i in hanging))
        self.assertEqual(os.listdir(self.tmp), [])

    def test_a_page_whose_process_is_killed_fails_clearly_or_is_tried_again_and_the_rest_goes_on(self):
        crashes = []

        def crash(request):
            """The page waits for its image; it never comes, because the page's process ends first."""
            if not crashes:
                crashes.append(self.kill('renderer'))
                request.server.site.ends.wait()

        site = self.site({'/': PAGE + '<img src=/image>', '/image': crash, '/next': PAGE})
        self.suite([{'name': name, 'url': site.url + path, 'config': self.SMALL}
                    for name, path in {'it': '/', 'next': '/next'}.items()])
        results = self.results('update', 'tests', '--jobs=1')
        self.assertEqual(crashes, [True])
        self.assertEqual(results['next']['status'], 'updated')
        if results['it']['status'] == 'failed':
            self.assertIn('crashed', results['it']['message'])
        crashes.clear()
        results = self.results('update', 'tests', '--jobs=1', '--retries=1', '--test-filter=it', status=0)
        self.assertEqual(crashes, [True])

    OLD, NEW = (255, 0, 0, 255), (0, 255, 0, 255)

    def update_while(self, fault, page=PAGE + '<img src=/image>', image=None, config=None, options=()):
        """Updates the references of a page and of the next one, to which something happens when the image is asked for.
        -> their results; each reference is as before, and the failure told, or as the page is now"""
        moments = []

        def happen(_):
            moments.append(time.monotonic())
            return image()

        site = self.site({'/': page, '/image': happen, '/next': PAGE})
        self.suite([{'name': 'it', 'url': f'{site.url}/', 'config': {**self.SMALL, 'timeoutMs': 8000, **(config or {})}},
                    {'name': 'next', 'url': f'{site.url}/next', 'config': self.SMALL}])
        for name in 'it', 'next':
            self.write(f'tests/{name}.png', Picture(40, 30, self.OLD))
        begun = time.monotonic()
        results = self.results('update', 'tests', '--jobs=1', *options)
        seconds = time.monotonic() - (moments or [begun])[0]
        lost = [name for name, it in results.items() if not self.is_kept(name, it)]
        self.assertEqual((sorted(results), lost), (['it', 'next'], []), results)
        self.assertEqual(results['next']['status'], 'updated', results['next']['message'])
        tell(fault, 'update', len(lost), [seconds])
        return results

    def is_kept(self, name, result):
        wanted = {'updated': self.NEW, 'failed': self.OLD}[result['status']]
        return self.picture(name)[2, 2] == wanted and (result['status'] == 'updated' or bool(result['message']))

    def once(self, act):
        """For a page's image: act() until it has done something. -> its answer, and what act() said"""
        said = []

        def image():
            if True not in said:
                said.append(act())
            return b''
        return image, said

    def test_a_browser_that_was_stopped_is_replaced(self):
        for _ in range(TRIES):
            image, said = self.once(lambda: self.send_to_browsers(signal.SIGSTOP))
            results = self.update_while('the browser is stopped', image=image, config={'timeoutMs': 15000})
            self.assertEqual((said, results['it']['status']), ([True], 'updated'))
            self.assert_nothing_runs()

    def test_processes_of_the_browser_that_are_killed_do_not_stop_the_run(self):
        for name, kind in [*harness.BROWSER_PARTS.items()] * TRIES:
            image, said = self.once(lambda kind=kind: self.kill(kind))
            with self.subTest(name):
                self.update_while(f'{name} is killed', image=image, options=['--retries=2'])
                self.assertIn(True, said)

    def test_a_page_that_eats_all_memory_fails_and_says_that_it_crashed_and_the_next_one_is_captured(self):
        for _ in range(TRIES):
            results = self.update_while('a page is out of memory', harness.HUNGRY, config={'timeoutMs': 60000},
                                        options=[f'--browser={self.small_browser()}'])
            self.assertEqual(results['it']['status'], 'failed')
            self.assertIn('crashed', results['it']['message'])


if __name__ == '__main__':
    harness.main(parallel=4)
