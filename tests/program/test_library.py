"""libdpxdt as others use it: installed, found by pkg-config, linked both ways, from C and C++."""
import os
import pathlib
import re
import subprocess

import harness
from harness import Site
from serving import ServerTestCase

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Library(ServerTestCase):

    @classmethod
    def setUpClass(cls):
        import tempfile
        super().setUpClass()
        cls.place = tempfile.TemporaryDirectory(prefix='dpxdt-library-')
        cls.root = pathlib.Path(cls.place.name)
        build = pathlib.Path(os.environ['DPXDT']).parents[2]
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', cls.root, '--quiet'], check=True,
                       stdout=subprocess.DEVNULL)
        cls.pc = next(cls.root.rglob('libdpxdt.pc'))
        cls.lib = next(cls.root.rglob('libdpxdt.so')).parent
        cls.sanitized = b'asan' in subprocess.run(['ldd', cls.lib / 'libdpxdt.so'], capture_output=True).stdout

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def flags(self, *options):
        env = {**os.environ, 'PKG_CONFIG_PATH': str(self.pc.parent), 'PKG_CONFIG_SYSROOT_DIR': str(self.root)}
        text = subprocess.run(['pkg-config', *options, 'libdpxdt'], env=env, capture_output=True, text=True, check=True)
        # The sysroot is for what we have installed; what it asks for is the system's.
        words = text.stdout.split()
        return [w if 'dpxdt' in w or str(self.root) not in w or pathlib.Path(w[2:]).exists() else w.replace(str(self.root), '')
                for w in words]

    def compile(self, compiler, source, *flags):
        program = self.folder / 'ci'
        sanitizers = ['-fsanitize=address,undefined'] if self.sanitized else []
        result = subprocess.run([compiler, '-Wall', '-Wextra', '-pedantic', '-Werror', *sanitizers, '-o', program, source,
                                 *flags], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return program

    def run_example(self, program):
        site = Site({'/': '<body style="background: white">hello'})
        self.addCleanup(site.close)
        build = self.new_build()
        server = self.server('--allow-private', '--enable-queue-workers')
        key = self.new_key(build)
        env = {**os.environ, 'LD_LIBRARY_PATH': str(self.lib), 'DPXDT_KEY': key[0], 'DPXDT_SECRET': key[1]}
        run = lambda *urls: subprocess.run([program, server.prefix, str(build), 'r', *urls], env=env,
                                           capture_output=True, text=True, timeout=120)
        first = run(site.url + '/')
        self.assertEqual((first.returncode, first.stderr), (0, ''))
        self.assertRegex(first.stdout, r'/release\?id=1&name=r&number=1\n0 different, 0 failed, 0 the same, 1 new\n')
        second = run(site.url + '/none')
        self.assertEqual(second.returncode, 2)
        self.assertRegex(second.stdout, '0 different, 1 failed')
        third = run('ftp://x/')
        self.assertEqual(third.returncode, 2)
        self.assertRegex(third.stderr, 'ci: ftp://x/: url: ftp://x/ is no http or https address')

    def test_the_example_with_the_shared_library(self):
        self.run_example(self.compile('cc', ROOT / 'examples/ci.c', *self.flags('--cflags', '--libs')))

    def test_the_example_with_the_archive(self):
        flags = [w for w in self.flags('--cflags', '--libs', '--static') if w != '-ldpxdt']
        program = self.compile('cc', ROOT / 'examples/ci.c', self.lib / 'libdpxdt.a', *flags)
        self.run_example(program)

    def test_the_header_stands_alone_in_c99_and_in_cpp(self):
        for suffix, compiler, standard in [('c', 'cc', '-std=c99'), ('cpp', 'c++', '-std=c++11')]:
            source = self.write(f'it.{suffix}', '#include <dpxdt.h>\nint main(void) { return dpxdt_version() == 0; }\n')
            if compiler == 'c++' and not pathlib.Path('/usr/bin/c++').exists():
                compiler, standard = 'clang++', '-std=c++11'
            result = subprocess.run([compiler, standard, '-Wall', '-Wextra', '-pedantic', '-Werror', '-fsyntax-only',
                                     f'-I{ROOT}/include', source], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_nothing_but_its_header_is_seen(self):
        declared = set(re.findall(r'\b(dpxdt_\w+)\(', (ROOT / 'include/dpxdt.h').read_text()))
        for arguments in (['-D', self.lib / 'libdpxdt.so'], ['-g', self.lib / 'libdpxdt.a']):
            listed = subprocess.run(['nm', '--defined-only', *arguments], capture_output=True, text=True, check=True)
            names = {line.split()[-1] for line in listed.stdout.splitlines() if ' T ' in line}
            self.assertEqual(names, declared)


harness.main()
