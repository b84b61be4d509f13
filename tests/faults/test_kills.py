"""Servers and workers that are killed (SIGKILL) at random moments, again and again, on each database.
tests/program/test_survival.py does it to a server on SQLite a hundred times, and to one of several servers and workers."""
import random
import time

import faults
from faults import TIMES, Capturing, FaultTestCase, tell
import harness
import serving


class Kills(FaultTestCase):

    def kill_servers(self, kind):
        url, _ = self.database(kind)
        self.data += ['--database', url]
        server, chance, recovered = self.server(), random.Random(), []
        ledger = self.ledger(server)
        with ledger.writing():
            for _ in range(5 * TIMES):
                ledger.wait_for_some(chance.randint(1, 20))
                time.sleep(chance.uniform(0, 0.05))  # the moment is what is random here
                server.kill()
                server = self.server()
                ledger.port = server.port
                recovered.append(ledger.recovered())
        lost = self.check_all(ledger)
        tell(f'the server is killed (SIGKILL); {kind}', 'server; uploads, reports, decisions', lost, recovered)

    def test_a_server_on_postgresql(self):
        """a server on PostgreSQL that is killed again and again loses nothing"""
        self.kill_servers('postgres')

    def test_a_server_on_mariadb(self):
        """a server on MariaDB that is killed again and again loses nothing"""
        self.kill_servers('mysql')

    def kill_workers(self, kind):
        url, _ = self.database(kind)
        self.data += ['--database', url]
        server, chance, recovered = self.server('--allow-private'), random.Random(), []
        build = self.new_build()
        client, superuser = serving.Client(server.port, self.new_key(build)), self.new_key()
        for _ in range(TIMES):
            worker = self.worker(server, superuser, '--lease', 3)
            capturing = Capturing(self, client, build)
            capturing.site.wait_for(f'/b{chance.randint(0, 2)}', seconds=100)
            time.sleep(chance.uniform(0, 0.5))
            worker.kill()
            worker = self.worker(server, superuser, '--lease', 3)
            recovered.append(capturing.finish())
            worker.kill()
        tell(f'the worker is killed (SIGKILL); {kind}', 'worker; captures and comparisons', self.check_fsck(), recovered)

    def test_a_worker_on_each_database(self):
        """of a worker that is killed, another does what it was at, on each database"""
        for kind in ('sqlite', 'postgres', 'mysql'):
            self.data = ['--data', self.folder / f'data-{kind}']
            self.kill_workers(kind)


if __name__ == '__main__':
    harness.main(parallel=3)
