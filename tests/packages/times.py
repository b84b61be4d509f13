#!/usr/bin/env python3
"""How long it takes in a clean Debian 12: times.py FOLDER [--check]

Makes one in FOLDER by debootstrap, copies a clone of this repository into it, as it was committed last, and does there
what docs/install.md has the times of: ./quickstart, the packages, the example, a server; and, if it is told to, ./check.
Prints that table. For root only, who may mount; what each part said is in FOLDER, and the clean Debian goes when all is
done. ./quickstart wants ports 5000, 8765 and 8766 of this machine.

It is as plain as anybody's: apt takes what is recommended, and dpkg syncs. Of the machine it has where packages come from,
and who is believed there: the sources and proxies of apt, the nameserver, the bundle of certificates, the .npmrc."""
import argparse
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'program'))

import clean_root  # noqa: E402
from clean_root import PATH, run  # noqa: E402

CERTIFICATES = pathlib.Path('/etc/ssl/certs/ca-certificates.crt')
OWN = '/root/machine.crt'  # not where ca-certificates, once it is installed, writes its own
SETTINGS = pathlib.Path.home() / '.npmrc'

# (name of its log, what the table says, what a shell does in the folder of the source)
PARTS = [
    ('quickstart', '`./quickstart`: packages, the program, the main job in a browser, a server with two releases',
     './quickstart'),
    ('deb', '`apt-get build-dep ./`, `dpkg-buildpackage`',
     'apt-get install -q -y dpkg-dev; apt-get build-dep -q -y ./; '
     'DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -b --no-sign'),
    ('install', '`apt-get install ../dpxdt_*.deb`', 'apt-get install -q -y ../dpxdt_*.deb'),
    # The browser of root runs as nobody. The second test finds the change, and ends with 1.
    ('example', '`dpxdt update`, `dpxdt test`, a change, `dpxdt test` on the example, with what was installed',
     'cp -R examples /tmp/shop; chmod -R a+rX /tmp/shop; cd /tmp/shop; dpxdt update tests; dpxdt test tests; '
     'sh ./change.sh; if dpxdt test tests; then false; else [ $? = 1 ]; fi'),
    # It ends with the shell, whose processes these are.
    ('server', '`dpxdt server`, as the user dpxdt, until it answers',
     'cd /; mkfifo /tmp/told; runuser -u dpxdt -- dpxdt server --port 5077 2>/tmp/told & '
     'grep -m1 event=started </tmp/told; '
     'python3 -c "import urllib.request as it; print(it.urlopen(\'http://127.0.0.1:5077/healthz\').read())"'),
]
CHECK = ('check', '`./check`: {tests} tests', './check')


class PlainRoot(clean_root.CleanRoot):
    """With no more of the machine than the way to packages."""

    def set_up_apt(self):
        self.write('etc/apt/sources.list', ''.join(f'deb {" ".join(source)}\n' for source in clean_root.sources()))
        self.write('etc/apt/apt.conf.d/machine', run('apt-config', 'dump', 'Acquire'))
        self.write('etc/hosts', '127.0.0.1 localhost\n')  # debootstrap makes none, and every setup has it
        shutil.copy('/etc/resolv.conf', self.path / 'etc/resolv.conf')
        for file, name in (CERTIFICATES, OWN), (SETTINGS, '/root/.npmrc'):
            if file.exists():
                shutil.copy(file, self.path / name[1:])

    def take_source(self):
        run('git', 'clone', '-q', ROOT, self.path / 'root/dpxdt')
        return run('git', '-C', self.path / 'root/dpxdt', 'log', '-1', '--format=%h').strip()

    def do(self, script, log):
        """Runs a shell in there, as root, in the folder of the source; whatever it starts ends with it. -> seconds"""
        words = [*clean_root.unshare(), '--pid', '--fork', '--kill-child', '--uts', '--ipc', 'sh', '-ec',
                 'mount -t proc none "$0/proc"; mount -t sysfs none "$0/sys"; mount --rbind /dev "$0/dev"; '
                 f'exec chroot "$0" env -i HOME=/root PATH={PATH} TERM=dumb CI=true DEBIAN_FRONTEND=noninteractive '
                 f'NODE_EXTRA_CA_CERTS={OWN} "$@"',
                 str(self.path), 'sh', '-ec', f'cd /root/dpxdt; {script}']
        begin = time.monotonic()
        with open(self.place / f'{log}.log', 'w') as file:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(f'{self.text(log)[-3000:]}\ntimes.py: {script}: {done.returncode}; all that it said is in {file.name}')
        return time.monotonic() - begin

    def text(self, log):
        return (self.place / f'{log}.log').read_text(errors='replace')


def processor():
    found = re.findall(r'^model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text(), re.M)
    return f'{len(os.sched_getaffinity(0))} cores, {found[0] if found else os.uname().machine}'


def told(seconds):
    return f'{seconds:.0f} s' if seconds < 600 else f'{seconds // 60:.0f} min {seconds % 60:.0f} s'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--check', action='store_true', help='./check, too')
    options = parser.parse_args()
    if os.getuid() != 0 or not clean_root.unshare():
        sys.exit('times.py: this is for root, who may mount here')
    root = PlainRoot(options.folder.resolve())
    commit = root.take_source()
    root.do('apt-get update -q', 'update')
    print(f'{commit}, {datetime.date.today()}, {processor()}, load {os.getloadavg()[0]:.0f} as it began\n\n| | |\n|---|---|')
    for log, title, script in [*PARTS, *([CHECK] if options.check else [])]:
        seconds = root.do(script, log)
        verdict = re.findall(r'^(\d+) passed, 0 failed', root.text(log), re.M)
        print(f'| {title.format(tests=f"{int(verdict[-1]):,}" if verdict else "?")} | {told(seconds)} |', flush=True)
    print(f'\nload {os.getloadavg()[0]:.0f} as it ended')
    root.remove()


if __name__ == '__main__':
    main()
