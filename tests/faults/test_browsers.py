"""Browsers of a worker that are killed, stopped, or out of memory, while it captures; those of the local command are in
tests/program/test_browser_trouble.py, which is also where fake ones are."""
import os
import shlex
import signal
import time

import faults
from faults import TIMES, Capturing, FaultTestCase, tell
import harness
from harness import wait_until
import serving

# Of a browser's processes: its own is '', which has no --type=.
KINDS = {'the browser': '', 'a renderer': 'renderer', 'the GPU process': 'gpu-process', 'the zygote': 'zygote',
         'the network service': 'utility'}

HUNGRY = '<!DOCTYPE html><script>const all = []; for (;;) all.push({n: all.length, text: "y".repeat(99) + all.length})</script>'


class Browsers(FaultTestCase, harness.LocalTestCase):

    def setUp(self):
        super().setUp()
        self.served = self.server('--allow-private')
        self.build = self.new_build()
        self.client = serving.Client(self.served.port, self.new_key(self.build))

    def start_worker(self, *args):
        self.working = self.worker(self.served, self.new_key(), '--lease', 5, *args)

    def send(self, kind, what):
        """Sends a signal to all processes of a kind. -> whether there was one"""
        sent = False
        for process in self.browsers(kind):
            try:
                os.kill(process, what)
                sent = True
            except ProcessLookupError:
                pass
        return sent

    def capture_while(self, kind, what, **config):
        """-> after how many seconds all pages were captured, or have said why not"""
        capturing = Capturing(self, self.client, self.build, config=config)
        capturing.site.wait_for('/b0', seconds=100)
        wait_until(lambda: self.send(kind, what), 60)
        seconds = capturing.finish(may_fail=True)
        for name, run in capturing.runs().items():
            if run['status'] == 'failed':
                self.assertRegex(capturing.log(name), 'crashed|the browser ended|hangs|timed out|did not|cannot', name)
        return seconds

    def end(self):
        """The worker ends, and nothing is left of its browsers."""
        self.assertEqual(self.working.stop(), 0)
        wait_until(lambda: not any(self.browsers(kind) for kind in KINDS.values()), 20)
        self.check_fsck()

    def test_killed(self):
        """whichever process of a worker's browser is killed, each page is captured, or says why not, and the next all are"""
        self.start_worker()
        for name, kind in [*KINDS.items()] * max(1, TIMES // 2):
            seconds = self.capture_while(kind, signal.SIGKILL)
            Capturing(self, self.client, self.build).finish()
            tell(f'{name} is killed', 'worker; captures and comparisons', 0, [seconds])
        self.end()

    def test_stopped(self):
        """a worker's browser that is stopped (SIGSTOP) is replaced"""
        self.start_worker()
        for _ in range(max(1, TIMES // 2)):
            seconds = self.capture_while('', signal.SIGSTOP, timeoutMs=8000)
            Capturing(self, self.client, self.build).finish()
            tell('the browser is stopped', 'worker; captures and comparisons', 0, [seconds])
        self.end()

    def test_out_of_memory(self):
        """a page that eats all memory fails and says that it crashed, and the others are captured"""
        wrapper = self.write('small-browser', f'#!/bin/sh\nexec {shlex.quote(harness.browser())} '
                                              '--js-flags=--max-old-space-size=64 "$@"\n')
        wrapper.chmod(0o755)
        self.start_worker('--browser', wrapper)
        for _ in range(max(1, TIMES // 2)):
            since = time.monotonic()
            capturing = Capturing(self, self.client, self.build, more={'/hungry': HUNGRY})
            capturing.finish(failed=['/hungry'])
            self.assertIn('crashed', capturing.log('/hungry'))
            tell('a page is out of memory', 'worker; captures and comparisons', 0, [time.monotonic() - since])
        self.end()


if __name__ == '__main__':
    harness.main(parallel=3)
