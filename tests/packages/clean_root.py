"""A clean Debian in a folder: made by debootstrap, filled by apt, and booted by its own systemd, beside the machine's. For
root only, who may mount. What was fetched is kept for the next time."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

import harness

HERE = pathlib.Path(__file__).resolve().parent
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


def run(*args, timeout=600, expected=0, **more):
    """-> what a command printed, both its ways in one"""
    result = subprocess.run([*map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors='replace', timeout=timeout, **more)
    assert result.returncode == expected, f'{args}: {result.returncode}\n{result.stdout[-5000:]}'
    return result.stdout


def unshare():
    """Words for a command that may mount without the machine seeing it, or None. For root only: others have no group."""
    return harness.unshare() if os.getuid() == 0 else None


def sources():
    """Where this machine's Debian comes from: (mirror, release, component), the first being the one to begin with."""
    lines = run('apt-get', 'indextargets', 'Created-By: Packages', 'Origin: Debian',
                '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)').splitlines()
    found = sorted({tuple(line.split()) for line in lines}, key=lambda source: len(source[1]))
    assert found, 'apt knows of no Debian: apt-get update?'
    return found


class CleanRoot:
    """place: a folder, which is kept. self.path is the root, new each time."""

    def __init__(self, place):
        self.place, self.path = place, place / 'root'
        self.fetched = place / 'fetched'
        self.systemd = self.outside = self.group = None
        self.fetched.mkdir(parents=True, exist_ok=True)
        self.remove()
        self.path.mkdir()
        run('tar', '-xf', self.base(), '-C', self.path)
        self.set_up_apt()

    def base(self):
        """A tar file of Debian's smallest system."""
        mirror, release, _ = sources()[0]
        archive = self.place / f'{release}.tar'
        if not archive.exists():
            folder = self.place / 'base'
            shutil.rmtree(folder, ignore_errors=True)
            run('debootstrap', '--variant=minbase', release, folder, mirror)
            run('tar', '-cf', f'{archive}.new', '--exclude=./var/cache/apt/archives/*.deb', '-C', folder, '.')
            os.rename(f'{archive}.new', archive)
            shutil.rmtree(folder)
        return archive

    def set_up_apt(self):
        """From where the machine has its packages; only what is asked for, and quickly: nobody needs this after a crash."""
        self.write('etc/apt/sources.list', ''.join(f'deb {" ".join(source)}\n' for source in sources()))
        self.write('etc/apt/apt.conf.d/machine', run('apt-config', 'dump', 'Acquire') +
                   'APT::Install-Recommends "false";\nAcquire::Languages "none";\n')
        self.write('etc/dpkg/dpkg.cfg.d/unsafe', 'force-unsafe-io\n')
        shutil.copy('/etc/resolv.conf', self.path / 'etc/resolv.conf')
        for package in self.fetched.glob('*.deb'):
            os.link(package, self.path / 'var/cache/apt/archives' / package.name)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def install(self, *packages):
        """As an administrator does: names, or paths in the root. Before it is booted."""
        inside = (*unshare(), '--pid', '--fork', '--kill-child', 'sh', '-ec',
                  'mount -t proc none "$0/proc"; exec chroot "$0" env -i DEBIAN_FRONTEND=noninteractive '
                  f'PATH={PATH} "$@"', self.path)
        run(*inside, 'apt-get', 'update', '-q')
        printed = run(*inside, 'apt-get', 'install', '-q', '-y', *packages)
        for package in (self.path / 'var/cache/apt/archives').glob('*.deb'):
            if not (self.fetched / package.name).exists():
                os.link(package, self.fetched / package.name)
        return printed

    def boot(self):
        """Starts its systemd, and waits until it is up. From then on this thread, and those that it starts, are in its
        network, which leads nowhere else."""
        self.group = f'dpxdt-packages-{os.getpid()}'
        with open(self.place / 'boot.log', 'w') as log:
            self.outside = subprocess.Popen(
                [*unshare(), '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--net', HERE / 'boot', self.path,
                 self.group], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        children = pathlib.Path(f'/proc/{self.outside.pid}/task/{self.outside.pid}/children')
        harness.wait_until(lambda: self.outside.poll() is not None or children.read_text())
        assert self.outside.poll() is None, (self.place / 'boot.log').read_text()
        self.systemd = int(children.read_text())
        harness.wait_until(lambda: self.outside.poll() is not None or
                           self.asked('systemctl', 'is-system-running', '--wait') in ('running', 'degraded'), 120)
        assert self.outside.poll() is None, (self.place / 'boot.log').read_text()
        network = os.open(f'/proc/{self.systemd}/ns/net', os.O_RDONLY)
        assert ctypes.CDLL(None, use_errno=True).setns(network, 0) == 0, os.strerror(ctypes.get_errno())
        os.close(network)

    def inside(self, *args):
        """The words of a command in the booted system."""
        return ('nsenter', '--target', str(self.systemd), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w',
                'env', '-i', f'PATH={PATH}', 'DEBIAN_FRONTEND=noninteractive', *args)

    def run(self, *args, **more):
        return run(*self.inside(*args), **more)

    def asked(self, *args):
        """-> the words that a command printed, whatever became of it"""
        return subprocess.run([*map(str, self.inside(*args))], capture_output=True, text=True).stdout.strip()

    def has_user_namespaces(self):
        return subprocess.run([*map(str, self.inside('unshare', '--user', 'true'))], capture_output=True).returncode == 0

    def remove(self):
        """Ends the system, and removes it."""
        if self.systemd:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.systemd, signal.SIGKILL)
            self.outside.wait()
            self.remove_group()
        run('rm', '-rf', '--one-file-system', self.path)

    def remove_group(self):
        run(*unshare(), 'sh', '-ec', 'mount -t cgroup2 none /mnt; [ ! -d "/mnt/$0" ] || '
            'find "/mnt/$0" -depth -type d -exec rmdir {} \\;', self.group)
