"""The same page gives the same bytes: 40 pages, half of them made to be hostile (tests/site), captured again and again
while other programs keep all processors busy."""
import hashlib
import os
import pathlib
import subprocess
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'site'))
import make_site  # noqa: E402
import serve  # noqa: E402

TIMES = 10


class Stillness(harness.TestCase):
    def busy_programs(self):
        """One for each processor, until the test ends."""
        for _ in range(os.cpu_count()):
            busy = subprocess.Popen([sys.executable, '-c', 'while True: pass'])
            self.addCleanup(busy.wait)
            self.addCleanup(busy.kill)

    def test_40_pages_captured_10_times_under_load_give_40_pictures(self):
        make_site.make_site(self.folder / 'site')
        server = serve.start_server(self.folder / 'site')
        self.addCleanup(server.stop)
        pages = make_site.EASY + make_site.HOSTILE
        self.write('tests/site.yaml', 'tests:\n' + ''.join(
            f'- {{name: {page}, url: "{server.url}/{page}.html", config: {{viewportSize: {{width: 1280, height: 1024}}}}}}\n'
            for page in pages))
        self.busy_programs()
        seen = {page: [] for page in pages}
        for _ in range(TIMES):
            run = harness.dpxdt('update', self.folder / 'tests', timeout=600)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            for page in pages:
                seen[page].append(hashlib.sha256((self.folder / f'tests/{page}.png').read_bytes()).hexdigest())
        differing = {page: len(set(pictures)) for page, pictures in seen.items() if len(set(pictures)) > 1}
        self.assertEqual(sum(map(len, seen.values())), 400)
        self.assertEqual(differing, {})


if __name__ == '__main__':
    harness.main()
