"""Browsers of a worker that are killed, stopped, or out of memory, while it captures; those of the local command are in
tests/program/test_browser_trouble.py, which is also where fake ones are."""
import signal
import time

import faults
from faults import TIMES, Capturing, FaultTestCase, tell
import harness
from harness import wait_until
import serving

TRIES = max(1, TIMES // 2)


class Browsers(FaultTestCase, harness.LocalTestCase):

    def setUp(self):
        super().setUp()
        self.served = self.server('--allow-private')
        self.build = self.new_build()
        self.client = serving.Client(self.served.port, self.new_key(self.build))

    def start_worker(self, *args):
        self.working = self.worker(self.served, self.new_key(), '--lease', 5, *args)

    def capture_while(self, kind, what, **config):
        """-> how much is lost, and after how many seconds all pages were captured, or have said why not"""
        capturing = Capturing(self, self.client, self.build, config=config)
        capturing.site.wait_for('/b0', seconds=100)
        wait_until(lambda: self.send_to_browsers(what, kind), 60)
        seconds = capturing.finish(may_fail=True)
        for name, run in capturing.runs().items():
            if run['status'] == 'failed':
                self.assertRegex(capturing.log(name), 'crashed|the browser ended|hangs|timed out|did not|cannot', name)
        return capturing.lost(), seconds

    def end(self):
        """The worker ends, and nothing is left of its browsers."""
        self.assertEqual(self.working.stop(), 0)
        wait_until(lambda: not any(map(self.browsers, harness.BROWSER_PARTS.values())), 20)
        self.check_fsck()

    def test_killed(self):
        """whichever process of a worker's browser is killed, each page is captured, or says why not, and the next all are"""
        self.start_worker()
        for name, kind in [*harness.BROWSER_PARTS.items()] * TRIES:
            lost, seconds = self.capture_while(kind, signal.SIGKILL)
            Capturing(self, self.client, self.build).finish()
            tell(f'{name} is killed', 'worker; captures and comparisons', lost, [seconds])
        self.end()

    def test_stopped(self):
        """a worker's browser that is stopped (SIGSTOP) is replaced"""
        self.start_worker()
        for _ in range(TRIES):
            lost, seconds = self.capture_while('', signal.SIGSTOP, timeoutMs=8000)
            Capturing(self, self.client, self.build).finish()
            tell('the browser is stopped', 'worker; captures and comparisons', lost, [seconds])
        self.end()

    def test_out_of_memory(self):
        """a page that eats all memory fails and says that it crashed, and the others are captured"""
        self.start_worker('--browser', self.small_browser())
        for _ in range(TRIES):
            since = time.monotonic()
            capturing = Capturing(self, self.client, self.build, more={'/hungry': harness.HUNGRY})
            capturing.finish(failed=['/hungry'])
            self.assertIn('crashed', capturing.log('/hungry'))
            seconds = time.monotonic() - since
            tell('a page is out of memory', 'worker; captures and comparisons', capturing.lost(), [seconds])
        self.end()


if __name__ == '__main__':
    harness.main(parallel=3)
