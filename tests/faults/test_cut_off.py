"""Databases, stores and servers that cannot be reached for a while, by a proxy that disturbs the way to them (proxy.py)."""
import base64
import contextlib
import http.client
import json
import random
import re
import types

import faults
from faults import Capturing, TIMES, FaultTestCase, tell
import harness
import serving
import with_s3

# What nobody answers is given up after 65 seconds (src/db/postgres.c), or 60; twice that, and a slow machine.
FORGOTTEN_S = 150
ROUNDS_OF_FORGETTING = max(1, TIMES // 10)

TROUBLES = {'delay': 300, 'reset': 0, 'refuse': 0, 'black hole': 0, 'half-open': 0, 'cut': 20000}


class Server(FaultTestCase):
    """A server whose database or store is cut off while clients write."""

    def cut_off(self, what, proxy, *where, env=None):
        self.env.update(env or {})
        self.data += where
        server, recovered = self.server(), {trouble: [] for trouble in TROUBLES}
        ledger, chance = self.ledger(server), random.Random(7)
        with ledger.writing():
            for trouble in [*TROUBLES] * TIMES:
                with proxy.disturbed(trouble, TROUBLES[trouble]):
                    if trouble in ('delay', 'cut'):
                        proxy.wait_until_felt(chance.randint(1, 20))
                    else:
                        ledger.wait_for_trouble(chance.randint(1, 4))
                recovered[trouble].append(ledger.recovered())
                ledger.wait_for_more(4)
        lost = self.check_all(ledger)
        for trouble, seconds in recovered.items():
            tell(f'{what}: {trouble}', 'server; uploads, reports, decisions', lost, seconds)
        return ledger

    def postgresql(self):
        _, socket = self.database('postgres')
        proxy = self.proxy(socket)
        return proxy, f'postgresql://dpxdt@127.0.0.1:{proxy.port}/dpxdt'

    def mariadb(self):
        _, socket = self.database('mysql')
        proxy = self.proxy(socket)
        return proxy, f'mysql://dpxdt:p%40ss%2Fw%3Ard@127.0.0.1:{proxy.port}/dpxdt'

    def test_postgresql(self):
        """PostgreSQL that is cut off in six ways loses nothing, and the server goes on when it is back"""
        proxy, url = self.postgresql()
        self.cut_off('PostgreSQL', proxy, '--database', url)

    def test_mariadb(self):
        """MariaDB that is cut off in six ways loses nothing, and the server goes on when it is back"""
        proxy, url = self.mariadb()
        self.cut_off('MariaDB', proxy, '--database', url)

    def test_s3(self):
        """a store that is cut off in six ways loses nothing, and the server goes on when it is back"""
        variables = self.enterContext(with_s3.s3())
        port = re.search(r'127\.0\.0\.1:(\d+)', variables['DPXDT_TEST_BLOBS'])[1]
        proxy = self.proxy(('127.0.0.1', int(port)))
        self.cut_off('S3', proxy, '--blobs', variables['DPXDT_TEST_BLOBS'].replace(port, str(proxy.port)), env=variables)

    def test_an_upload_that_began_while_the_database_was_away(self):
        """an upload that began while the database was away is not taken for a stranger's, but to be sent again"""
        proxy, url = self.postgresql()
        self.data += ['--database', f'{url}?sslmode=disable&gssencmode=disable']  # so that it tries once to connect
        server = self.server()
        ledger = self.ledger(server)

        def met():
            """Others ask the database, too, so it is not known who has met the trouble; but sooner or later we have."""
            status, answer = self.upload_in_two(server, ledger, proxy)
            self.assertIn(status, (200, 503), answer)
            return status == 503 and answer['error']
        self.assertEqual(harness.wait_until(met, 60), 'the key was not known when the file came; send it again')
        ledger.client().upload(ledger.build, 'a.png', b'again')

    def upload_in_two(self, server, ledger, proxy):
        """Sends a file whose beginning comes while there is no database. -> (status, answer)"""
        mark = 'fe3a0086440cb9125c4aa22da6994251'
        begin = (f'--{mark}\r\nContent-Disposition: form-data; name="build_id"\r\n\r\n{ledger.build}\r\n'
                 f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n{5000 * "."}').encode()
        rest = f'the end\r\n--{mark}--\r\n'.encode()
        with contextlib.closing(http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)) as connection:
            with proxy.disturbed('reset'):
                broken = proxy.felt
                connection.putrequest('POST', '/api/upload')
                connection.putheader('Authorization', 'Basic ' + base64.b64encode(':'.join(ledger.key).encode()).decode())
                connection.putheader('Content-Type', f'multipart/form-data; boundary={mark}')
                connection.putheader('Content-Length', str(len(begin) + len(rest)))
                connection.endheaders(begin)
                proxy.wait_until_felt(broken + 1)
            connection.send(rest)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def forgotten(self, what, proxy, *where):
        """What goes by all connections is swallowed, and nobody ever says so; new ones would be fine."""
        self.data += where
        ledger, recovered = self.ledger(self.server('--db-connections', 3)), []
        with ledger.writing():
            for _ in range(ROUNDS_OF_FORGETTING):
                with proxy.disturbed('black hole', for_ever=True):
                    ledger.wait_for_trouble(8)
                recovered.append(ledger.recovered(FORGOTTEN_S))
        tell(f'{what}: open connections are forgotten', 'server; uploads, reports, decisions',
             self.check_all(ledger), recovered)

    def test_postgresql_that_has_forgotten_its_connections(self):
        """connections to PostgreSQL that are dead, of which nobody was told, are given up after a minute"""
        proxy, url = self.postgresql()
        self.forgotten('PostgreSQL', proxy, '--database', url)

    def test_mariadb_that_has_forgotten_its_connections(self):
        """connections to MariaDB that are dead, of which nobody was told, are given up after a minute"""
        proxy, url = self.mariadb()
        self.forgotten('MariaDB', proxy, '--database', url)


class Worker(FaultTestCase):
    """A worker whose server is cut off while it captures and compares."""

    def test_a_worker(self):
        """a worker that is cut off from its server in six ways does all that there is to do, once it is back"""
        server = self.server('--allow-private')
        build = self.new_build()
        proxy, client = self.proxy(('127.0.0.1', server.port)), serving.Client(server.port, self.new_key(build))
        self.worker(types.SimpleNamespace(prefix=f'http://127.0.0.1:{proxy.port}/api'), self.new_key(), '--lease', 5)
        recovered = {trouble: [] for trouble in TROUBLES}
        chance = random.Random(11)
        for trouble in [*TROUBLES] * TIMES:
            capturing = Capturing(self, client, build)
            capturing.site.wait_for('/b0')
            with proxy.disturbed(trouble, TROUBLES[trouble]):
                proxy.wait_until_felt(chance.randint(1, 2))  # it has few connections, and each may wait
            recovered[trouble].append(capturing.finish())
        lost = self.check_fsck()
        for trouble, seconds in recovered.items():
            tell(f'server: {trouble}', 'worker; captures and comparisons', lost, seconds)


if __name__ == '__main__':
    harness.main(parallel=5)
