"""The same page gives the same bytes: 40 pages, half of them made to be hostile (tests/site), captured again and again
while other programs keep all processors busy; 40 times two pages on which steps start something; and pages whose workers
take longer than the page's time."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'site'))
import make_site  # noqa: E402
import serve  # noqa: E402

TIMES = 10
TAKES = 40
BUSY = 8  # programs, while a step is taken

# Each step starts a ticker, which shows how much of the page's time has passed since. The last of them has a page of its own.
STEPS = """<!DOCTYPE html><style>i { display: inline-block; width: 20px; transition: width .3s } .on { width: 90px }</style>
<body style="height: 3000px"><button onclick="start('click')">b</button><input oninput="start('type')">
<b onmousemove="start('hover')">h</b><i onclick="this.className = 'on'">t</i>
<script>
  const tickers = {};
  function start(step) {
    if (tickers[step]) return;
    const ticker = tickers[step] = document.body.appendChild(document.createElement('p'));
    let beats = 0;
    setInterval(() => { ticker.textContent = `${step} ${++beats}`; }, 70);
  }
  onkeydown = () => start('press');
  onscroll = () => start('scroll');
  addEventListener('transitionrun', () => start('transition'));
</script>"""
LINK = '<!DOCTYPE html><a href=steps.html>steps</a>'
PAGES = {
    'steps': [{'click': 'button'}, {'hover': 'b'}, {'press': 'x'}, {'type': {'selector': 'input', 'text': 'x'}}, {'click': 'i'},
              {'scroll': {'y': 900}}],
    'link': [{'click': 'a'}, {'click': 'button'}],
}

# What is asked twice of a worker that works for a while each time (Date stands, so it counts), and what comes of it.
# A ticker shows how much of the page's time has passed.
SLOW_WORKER = """<!DOCTYPE html><p id=answers></p><p id=ticker>0</p><script>
  const worker = new Worker('worker.js');
  worker.onmessage = answer => { answers.append(answer.data, ' '); if (answer.data < 2) worker.postMessage(answer.data); };
  worker.postMessage(0);
  setInterval(() => ticker.textContent++, 10);
</script>"""
# Works for `rounds`, then answers.
WORKER = 'onmessage = m => { let n = 0; for (let i = 0; i < %d; i++) n = (n + i * i) % 1000003; postMessage(m.data + 1); };'


class Stillness(harness.TestCase):
    def busy_programs(self, n=os.cpu_count()):
        """One for each processor, or so many, until the test ends."""
        for _ in range(n):
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

    def test_what_steps_start_begins_at_the_same_moment_in_40_takes_under_load(self):
        self.write('site/steps.html', STEPS)
        self.write('site/link.html', LINK)
        server = serve.start_server(self.folder / 'site')
        self.addCleanup(server.stop)
        self.write('tests/site.yaml', json.dumps({'tests': [
            {'name': f'{page}-{take}', 'url': f'{server.url}/{page}.html',
             'config': {'steps': steps, 'viewportSize': {'width': 400, 'height': 300}}}
            for take in range(TAKES) for page, steps in PAGES.items()]}))
        self.busy_programs(BUSY)
        run = harness.dpxdt('update', self.folder / 'tests', timeout=600)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        for page in PAGES:
            seen = [(self.folder / f'tests/{page}-{take}.png').read_bytes() for take in range(TAKES)]
            self.assertEqual(len(set(seen)), 1, page)

    def test_workers_are_waited_for_however_long_they_take(self):
        seen = {}
        for rounds in (1, 10000000):
            self.write('site/slow.html', SLOW_WORKER)
            self.write('site/worker.js', WORKER.replace('%d', str(rounds)))
            server = serve.start_server(self.folder / 'site')
            self.addCleanup(server.stop)
            self.write('tests/site.yaml', json.dumps({'tests': [{'name': 'slow', 'url': f'{server.url}/slow.html'}]}))
            run = harness.dpxdt('update', self.folder / 'tests', timeout=600)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            seen[rounds] = (self.folder / 'tests/slow.png').read_bytes()
        self.assertEqual(len(set(seen.values())), 1)


if __name__ == '__main__':
    harness.main()
