"""The Debian packages: built from a copy of the source, installed by apt in a clean root, their services started there by a
systemd, hardened as they are."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'program'))

import clean_root  # noqa: E402
import harness  # noqa: E402
from clean_root import run  # noqa: E402

SERVER = 'http://127.0.0.1:5000'
# As in .gitignore.
NOT_SOURCE = ('.git', 'build', 'build-*', 'obj-*', 'node_modules', '.dpxdt', '__pycache__')
# Of a hundred, as systemd-analyze counts: what the units have, rounded up. A worker's browser needs namespaces.
EXPOSURE = {'dpxdt-server.service': 12, 'dpxdt-gc.service': 12, 'dpxdt-worker@.service': 23}


def build(place):
    """-> {name: path} of the packages"""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT, place / 'source', symlinks=True, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    options = f'nocheck noautodbgsym parallel={len(os.sched_getaffinity(0))}'
    run('dpkg-buildpackage', '-b', '--no-sign', cwd=place / 'source', timeout=900,
        env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': place, 'LANG': 'C.UTF-8', 'DEB_BUILD_OPTIONS': options})
    return {path.name.split('_')[0]: path for path in place.glob('*.deb')}


def recommended(package):
    """What a package recommends; of what can stand for each other the first."""
    return [word.split('|')[0].split()[0] for word in run('dpkg-deb', '-f', package, 'Recommends').split(',')]


@unittest.skipUnless(clean_root.unshare(), 'a clean root is to be had only by root, who may mount here')
class Packages(harness.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = pathlib.Path(os.environ['DPXDT']).parents[2] / 'tests' / 'packages'
        with concurrent.futures.ThreadPoolExecutor() as pool:
            making_root = pool.submit(clean_root.CleanRoot, place / 'clean-root')
            cls.packages = build(place / 'build')
        cls.root = making_root.result()
        cls.addClassCleanup(cls.root.remove)
        inside = cls.root.path / 'root'
        for package in cls.packages.values():
            shutil.copy(package, inside)
        cls.root.install(*(f'/root/{path.name}' for path in cls.packages.values()), *recommended(cls.packages['dpxdt']),
                         'gcc', 'libc6-dev', 'pkg-config', 'python3')
        for name in 'dpxdt.conf', 'worker.conf':
            settings = cls.root.path / 'etc/dpxdt' / name
            settings.write_text(settings.read_text() + '\nallow-private = yes\n')
        cls.root.boot()
        if not cls.root.has_user_namespaces():
            print('# no user namespaces, as in a chroot: the server runs without PrivateUsers=, browsers without sandbox')
            units = cls.root.path / 'etc/systemd/system'
            cls.root.write(units / 'dpxdt-server.service.d/chroot.conf', '[Service]\nPrivateUsers=no\n')
            cls.root.write(units / 'dpxdt-worker@.service.d/chroot.conf',
                           '[Service]\nEnvironment=DPXDT_SANDBOX=preferred\n')
            cls.root.write(units / 'dpxdt-gc.service.d/chroot.conf', '[Service]\nPrivateUsers=no\n')
            cls.root.run('systemctl', 'daemon-reload')

    def setUp(self):
        super().setUp()
        self.addCleanup(self.tell_the_journal)
        self.addCleanup(self.root.asked, 'systemctl', 'reset-failed')

    def tell_the_journal(self):
        """Of a test that failed."""
        if self._outcome.result.problems:
            print(''.join(f'# {line}\n' for line in self.root.asked('journalctl', '-n', '40', '--no-pager').splitlines()))

    def start(self, unit):
        """Starts a service, which is stopped when the test ends. -> its process, as the system outside sees it"""
        self.addCleanup(self.root.run, 'systemctl', 'stop', unit)
        self.root.run('systemctl', 'start', unit)
        return self.process_of(unit)

    def process_of(self, unit):
        within = self.root.asked('systemctl', 'show', '-P', 'MainPID', unit)
        return next(int(it.name) for it in pathlib.Path('/proc').iterdir() if it.name.isdigit() and
                    self.is_in_root(it) and re.search(rf'^NSpid:.*\t{within}$', (it / 'status').read_text(), re.M))

    def is_in_root(self, process):
        with contextlib.suppress(OSError):
            return os.readlink(process / 'ns/pid') == os.readlink(f'/proc/{self.root.systemd}/ns/pid')
        return False

    def start_server(self):
        process = self.start('dpxdt-server')
        harness.wait_until(self.answers)
        return process

    def start_worker(self):
        """Beside the server. -> (its key, its process)"""
        key = self.as_server('api-key', 'create', '--superuser', '--purpose', 'worker')
        self.addCleanup((self.root.path / 'etc/dpxdt/worker.env').unlink, missing_ok=True)
        self.root.write('etc/dpxdt/worker.env', f'DPXDT_CLIENT_ID={key[0]}\nDPXDT_CLIENT_SECRET={key[1]}\n')
        return key, self.start('dpxdt-worker@1')

    def answers(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f'{SERVER}/healthz', timeout=20).read() == b'ok\n'
        return False

    def as_server(self, *args):
        """A command of whoever looks after the server. -> the words that it prints"""
        return self.root.run('runuser', '-u', 'dpxdt', '--', 'dpxdt', *args).split()

    def status(self, process):
        return dict(re.findall(r'^(\w+):\s+(.*)', pathlib.Path(f'/proc/{process}/status').read_text(), re.M))

    def mode(self, path):
        return self.root.run('stat', '-c', '%U:%G %a', path).strip()

    def test_what_is_installed(self):
        """the program, its manual, completions, settings and user are there, and no service runs unasked"""
        self.assertRegex(self.root.run('dpxdt', '--version'), r'^dpxdt 2\.')
        for path in ('usr/share/man/man1/dpxdt-server.1.gz', 'usr/share/man/man5/dpxdt-tests.5.gz',
                     'usr/share/man/man3/libdpxdt.3.gz', 'usr/share/bash-completion/completions/dpxdt',
                     'usr/share/zsh/vendor-completions/_dpxdt', 'usr/share/fish/vendor_completions.d/dpxdt.fish',
                     'usr/share/doc/dpxdt/README.md.gz'):
            self.assertTrue((self.root.path / path).is_file(), path)
        self.assertEqual(self.mode('/etc/dpxdt/dpxdt.conf'), 'root:root 644')
        self.assertEqual(self.mode('/var/lib/dpxdt'), 'dpxdt:dpxdt 750')
        self.assertRegex(self.root.run('getent', 'passwd', 'dpxdt'), ':/var/lib/dpxdt:/usr/sbin/nologin$')
        for unit in 'dpxdt-server', 'dpxdt-worker@1', 'dpxdt-gc.timer':
            self.assertEqual(self.root.asked('systemctl', 'is-enabled', unit), 'disabled')
            self.assertEqual(self.root.asked('systemctl', 'is-active', unit), 'inactive')

    def test_libraries(self):
        """every library that the program loads when it is needed is there, in the package that the program names"""
        loaded = {pair for path in ROOT.glob('src/**/*.c')
                  for pair in re.findall(r'LIBRARY\(\w+, \w+, "([^"]+)", "([^"]+)"', path.read_text())}
        self.assertGreater(len(loaded), 4)
        for file, package in loaded:
            self.assertIn(f'/{file}\n', self.root.run('dpkg', '-L', package))

    def test_units(self):
        """systemd has nothing to say of the units, and counts little that they are exposed to"""
        for unit, most in EXPOSURE.items():
            path = f'/lib/systemd/system/{unit}'
            self.assertEqual(self.root.run('systemd-analyze', 'verify', '--man=no', path), '')
            self.root.run('cp', path, f'/root/packaged-{unit}')  # a name that no setting of this machine is for
            self.root.run('systemd-analyze', 'security', '--offline=true', f'--threshold={most}', f'/root/packaged-{unit}')

    def test_server(self):
        """the server's service answers, as its user, and may do nothing but keep its data"""
        process = self.start_server()
        status = self.status(process)
        self.assertEqual({self.root.run('id', '-u', 'dpxdt').strip()}, set(status['Uid'].split()))
        self.assertEqual((int(status['CapBnd'], 16), status['NoNewPrivs'], status['Seccomp']), (0, '1', '2'))
        self.assertEqual(self.mode('/var/lib/dpxdt/dpxdt.db'), 'dpxdt:dpxdt 640')
        for path, is_writable in ('/root', False), ('/etc', False), ('/var/lib/dpxdt', True):
            probe = subprocess.run(['nsenter', '-t', str(process), '-m', '-r', 'test', '-w', path])
            self.assertEqual(probe.returncode == 0, is_writable, path)
        self.root.run('systemctl', 'stop', 'dpxdt-server')
        self.assertEqual(self.root.asked('systemctl', 'show', '-P', 'Result', 'dpxdt-server'), 'success')
        self.assertIn('event=stopped unanswered=none', self.root.asked('journalctl', '-u', 'dpxdt-server', '--no-pager'))

    def test_server_that_is_killed(self):
        """a server that is killed is started again"""
        process = self.start_server()
        os.kill(process, 9)
        harness.wait_until(lambda: self.answers() and self.process_of('dpxdt-server') != process)

    def test_gc(self):
        """the service that cleans up does so beside the server, and its timer starts it"""
        self.start_server()
        self.as_server('build', 'create', '--name', 'gc')
        self.root.run('systemctl', 'start', 'dpxdt-gc')
        self.assertEqual(self.root.asked('systemctl', 'show', '-P', 'Result', 'dpxdt-gc'), 'success')
        self.assertIn('0 old releases with 0 runs removed', self.root.asked('journalctl', '-u', 'dpxdt-gc', '--no-pager'))
        self.addCleanup(self.root.run, 'systemctl', 'stop', 'dpxdt-gc.timer')
        self.root.run('systemctl', 'start', 'dpxdt-gc.timer')
        self.assertIn('dpxdt-gc.service', self.root.asked('systemctl', 'list-timers', '--no-pager'))

    def test_worker(self):
        """the worker's service captures pages, with the browser's sandbox, and ends when it is told to"""
        self.start_server()
        site = harness.Site({'/': '<body style="background: white">hello'})
        self.addCleanup(site.close)
        build = self.as_server('build', 'create', '--name', 'worker')[0]
        key, process = self.start_worker()
        status = self.status(process)
        self.assertGreater(int(status['Uid'].split()[0]), 60000)  # nobody who is in /etc/passwd
        self.assertEqual((int(status['CapBnd'], 16), status['NoNewPrivs'], status['Seccomp']), (0, '1', '2'))
        printed = self.root.run('env', f'DPXDT_CLIENT_ID={key[0]}', f'DPXDT_CLIENT_SECRET={key[1]}', 'dpxdt', 'site-diff',
                                  '--upload-build-id', build, '--wait', site.url + '/', timeout=120)
        self.assertIn('0 different, 0 failed, 0 the same, 1 new', printed)
        self.root.run('systemctl', 'stop', 'dpxdt-worker@1')
        self.assertEqual(self.root.asked('systemctl', 'show', '-P', 'Result', 'dpxdt-worker@1'), 'success')
        log = self.root.asked('journalctl', '-u', 'dpxdt-worker@1', '--no-pager')
        self.assertIn('result=done', log)
        self.assertEqual('without its sandbox' in log, not self.root.has_user_namespaces())

    def test_local(self):
        """the example is tested by somebody who has no rights, and its change is found"""
        self.root.run('useradd', '--create-home', 'ada')
        script = ('cp -R /usr/share/doc/dpxdt/examples shop; cd shop; dpxdt update tests; dpxdt test tests; '
                  'sh ./change.sh; dpxdt test tests')
        printed = self.root.run('runuser', '-u', 'ada', '--', 'sh', '-ec', f'cd /home/ada; {script}', expected=1)
        self.assertIn('4 test(s) failed', printed)

    def test_library(self):
        """a program is built with libdpxdt as pkg-config says, either way, and makes a release"""
        self.start_server()
        site = harness.Site({'/': 'hello'})
        self.addCleanup(site.close)
        build = self.as_server('build', 'create', '--name', 'library')[0]
        key = self.as_server('api-key', 'create', '--build-id', build, '--purpose', 'ci')
        source = '/usr/share/doc/libdpxdt-dev/examples/ci.c'
        self.root.run('sh', '-ec', f'cc -o /root/ci {source} $(pkg-config --cflags --libs libdpxdt)')
        self.assertIn('libdpxdt.so.1 => /lib/', self.root.run('ldd', '/root/ci'))
        archive = '$(pkg-config --variable=libdir libdpxdt)/libdpxdt.a'
        self.root.run('sh', '-ec', f'cc -o /root/ci-a {source} {archive} '
                        '$(pkg-config --static --libs libdpxdt | sed s/-ldpxdt//)')
        self.assertNotIn('libdpxdt', self.root.run('ldd', '/root/ci-a'))
        for program in 'ci', 'ci-a':
            printed = self.root.run('env', f'DPXDT_KEY={key[0]}', f'DPXDT_SECRET={key[1]}', f'/root/{program}',
                                      f'{SERVER}/api', build, program, 'ftp://x/', expected=2)
            self.assertIn('ci: ftp://x/: url: ftp://x/ is no http or https address', printed)

    def workers(self):
        """Those that run."""
        listed = self.root.asked('systemctl', 'list-units', '--plain', '--no-legend', '--state=active', 'dpxdt-worker@*')
        return [line.split()[0] for line in listed.splitlines()]

    def newer(self):
        """A newer package, which has other settings of its own. -> its path in the root"""
        folder = self.folder / 'newer'
        run('dpkg-deb', '-R', self.packages['dpxdt'], folder)
        control, settings = folder / 'DEBIAN/control', folder / 'etc/dpxdt/dpxdt.conf'
        control.write_text(control.read_text().replace('Version: ', 'Version: 9:'))
        settings.write_text(settings.read_text() + '\n# Newer.\n')
        run('dpkg-deb', '-b', folder, self.root.path / 'root/newer.deb')
        return '/root/newer.deb'

    def test_way_of_a_package(self):
        """an upgrade restarts server and workers and keeps the settings; removal ends them; not even a purge deletes data"""
        folder = self.root.path / 'etc/dpxdt'
        written = {path: path.read_text() for path in folder.glob('*.conf')}
        old = self.start_server()
        self.as_server('build', 'create', '--name', 'kept')
        _, old_worker = self.start_worker()
        self.root.run('dpkg', '--force-confold', '-i', self.newer())
        self.assertNotEqual(self.process_of('dpxdt-server'), old)
        harness.wait_until(self.answers)
        with self.subTest('a worker that ran runs anew, and no other'):
            self.assertNotEqual(self.process_of('dpxdt-worker@1'), old_worker)
            self.assertEqual(self.workers(), ['dpxdt-worker@1.service'])
        self.assertEqual({path: path.read_text() for path in folder.glob('*.conf')}, written)
        self.assertIn('# Newer.', (folder / 'dpxdt.conf.dpkg-dist').read_text())

        self.root.run('dpkg', '-r', 'dpxdt')
        self.assertFalse(self.answers())
        with self.subTest('nor does a worker run any more'):
            self.assertEqual(self.workers(), [])
        (folder / 'worker.env').unlink()
        self.assertEqual({path: path.read_text() for path in folder.glob('*.conf')}, written)
        self.root.write('etc/dpxdt/server.env', '# mine\n')
        printed = self.root.run('dpkg', '-P', 'dpxdt')
        self.assertIn('/var/lib/dpxdt is not empty, and is kept', printed)
        self.assertEqual([path.name for path in folder.iterdir()], ['server.env'])
        (folder / 'server.env').unlink()

        self.root.run('dpkg', '-i', f'/root/{self.packages["dpxdt"].name}')
        for path, text in written.items():
            path.write_text(text)
        self.assertIn('kept', self.as_server('build', 'list'))


if __name__ == '__main__':
    harness.main()
