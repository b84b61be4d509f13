"""A disk that is full, under a server that keeps all on it: a real one, which is small (tmpfs), where we may mount."""
import errno
import os
import subprocess
import unittest

import faults
from faults import TIMES, Faults, FaultTestCase, tell
import harness
import serving

SIZE = '24m'
POINTS = ('posix/io/rw/write', 'posix/io/rw/pwrite')


class NoByte(FaultTestCase):

    def test_a_server_that_can_write_nothing(self):
        """a server that cannot write a byte any more refuses what it cannot keep, loses nothing, and goes on when it can"""
        fiu, recovered = Faults(self.folder), []
        server = self.start(serving.Server(*self.data, env={**self.env, **fiu.env}))
        ledger = self.ledger(server)
        with ledger.writing(2):
            for _ in range(TIMES):
                for point in POINTS:
                    fiu.enable(server.process, point, errno.ENOSPC, 1)
                ledger.wait_for_trouble(5)
                self.assertIsNone(server.process.poll())
                for point in POINTS:
                    fiu.disable(server.process, point)
                recovered.append(ledger.recovered())
        self.assertIn(507, {status for status, _ in ledger.answers})
        tell('a full disk (ENOSPC of all writes)', 'server; uploads, reports, decisions', self.check_all(ledger), recovered)


@unittest.skipUnless(harness.mounting(), 'nothing may be mounted here')
class FullDisk(FaultTestCase):

    def mount(self):
        """Puts a small disk where the data is, for all programs that are started from now on. -> the path by which this one
        sees it, too"""
        folder = self.folder / 'data'
        folder.mkdir()
        words = harness.after_mount(f'mount -t tmpfs -o size={SIZE},mode=755 none {folder}', 'echo there; exec cat')
        keeper = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(keeper.communicate)
        self.assertEqual(keeper.stdout.readline(), 'there\n')
        user = '' if os.getuid() == 0 else '-U --preserve-credentials'
        program = os.environ['DPXDT']
        wrapper = self.write('dpxdt', f'#!/bin/sh\nexec nsenter -t {keeper.pid} {user} -m -r -w -- {program} "$@"\n')
        wrapper.chmod(0o755)
        self.addCleanup(os.environ.update, DPXDT=program)
        os.environ['DPXDT'] = str(wrapper)
        return f'/proc/{keeper.pid}/root{folder}'

    def test_a_server_on_a_full_disk(self):
        """a server whose disk is full refuses what it cannot keep, loses nothing, and goes on when there is room"""
        filler, recovered = f'{self.mount()}/filler', []
        server = self.server()
        ledger = self.ledger(server)
        with ledger.writing(2):
            for _ in range(TIMES):
                self.fill(filler)
                ledger.wait_for_trouble(5)
                self.assertIsNone(server.process.poll())
                os.unlink(filler)
                recovered.append(ledger.recovered())
        self.assertIn(507, {status for status, _ in ledger.answers})
        self.assertTrue(any('No space left on device' in (line or '') for line in server.lines), server.lines[-5:])
        tell('a full disk (tmpfs)', 'server; uploads, reports, decisions', self.check_all(ledger), recovered)

    def fill(self, path):
        """Writes until there is no room for another byte."""
        with open(path, 'wb', buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass


if __name__ == '__main__':
    harness.main()
