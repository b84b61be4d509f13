"""As whom a worker's browser runs, and in what sandbox, by what the kernel says of its processes while they are at a page."""
import os
import pathlib
import pwd
import subprocess

import harness
import serving
from serving import Client

SECCOMP_FILTER = '2'
PAGE = '<!DOCTYPE html><script>document.title = 1</script><img src=held.png>'


def unprivileged():
    """Whom the browser is to be: (user, group)."""
    nobody = pwd.getpwnam('nobody')
    return (nobody.pw_uid, nobody.pw_gid) if os.getuid() == 0 else (os.getuid(), os.getgid())


def has_no_sandbox():
    """Whether the machine does not allow what a sandbox is made of, whoever asks."""
    user, group = unprivileged()
    become = ['setpriv', f'--reuid={user}', f'--regid={group}', '--clear-groups'] if os.getuid() == 0 else []
    tried = subprocess.run([*become, 'unshare', '--user', '--map-root-user', '--pid', '--net', '--fork', 'true'],
                           capture_output=True)
    return tried.returncode != 0


class Seen:
    """A process, as /proc has it."""

    def __init__(self, number):
        self.number = number
        folder = pathlib.Path(f'/proc/{number}')
        lines = (folder / 'status').read_text().splitlines()
        self.facts = {name: value.split() for name, _, value in (line.partition(':') for line in lines)}
        self.parent = int(self.facts['PPid'][0])
        words = (folder / 'cmdline').read_bytes().decode(errors='replace').replace('\0', ' ').split()
        self.is_browser = '--remote-debugging-pipe' in words
        self.kind = next((word.removeprefix('--type=') for word in words if word.startswith('--type=')), '')

    def numbers(self, name):
        return {int(it) for it in self.facts[name]}

    def __repr__(self):
        return f'{self.number} {self.facts["Name"]} {self.kind}'


def all_processes():
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            yield Seen(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended meanwhile


def of_browser(worker):
    """The processes of the browsers that a worker has: what descends from those that it started."""
    everyone = list(all_processes())
    below, found = {worker}, []
    while more := [it for it in everyone if it.parent in below and it.number not in below]:
        below |= {it.number for it in more}
        found += more
    browsers = {it.number for it in found if it.is_browser}
    while more := {it.number for it in found if it.parent in browsers} - browsers:
        browsers |= more
    return [it for it in found if it.number in browsers]


class Sandbox(serving.ServerTestCase):

    def setUp(self):
        super().setUp()
        self.site = harness.Site({'/': PAGE, '/held.png': self.hold})
        self.addCleanup(self.site.close)

    def hold(self, _):
        self.site.ends.wait()
        return 404

    def at_a_page(self, sandbox):
        """-> (the browser's processes while they are at a page, what the worker said)"""
        server = self.server('--allow-private')
        build = self.new_build()
        worker = self.worker(server, self.new_key(), '--sandbox', sandbox)
        worker.wait_for('event=started')
        client = Client(server.port, self.new_key(build))
        release = {'build_id': build, 'release_name': 'r', 'release_number': 1}
        client.post('create_release', build_id=build, release_name='r')
        client.post('request_run', **release, run_name='/', url=self.site.url + '/', config='{}')
        self.site.wait_for('/held.png')
        processes = of_browser(worker.process.pid)
        self.site.ends.set()
        self.assertEqual(worker.stop(), 0)
        said = '\n'.join(filter(None, worker.lines))
        kinds = {it.kind for it in processes}
        self.assertLessEqual({'', 'renderer'}, kinds, f'these were not all found: {processes}; {said}')
        return processes, said

    def test_no_process_of_the_browser_is_root_or_in_a_group_of_root(self):
        if os.getuid() == 0:
            self.addCleanup(os.setgroups, os.getgroups())
            os.setgroups([0])
        processes, _ = self.at_a_page('preferred')
        user, group = unprivileged()
        for it in processes:
            self.assertEqual(it.numbers('Uid'), {user}, it)
            self.assertEqual(it.numbers('Gid'), {group}, it)
            if os.getuid() == 0:
                self.assertLessEqual(it.numbers('Groups'), {group}, it)

    def check_refusal(self):
        """Where there is no sandbox, no worker begins that needs one."""
        refused = harness.dpxdt('worker', '--release-server-prefix', 'http://127.0.0.1:1/api', '--release-client-id', 'x',
                                '--release-client-secret', 'x', '--sandbox', 'required', cwd=self.folder, env=self.env)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn('with its sandbox, which this machine may not allow', refused.stderr)

    def test_a_page_is_in_a_sandbox_of_namespaces_and_of_filtered_calls(self):
        if has_no_sandbox():
            return self.check_refusal()
        processes, said = self.at_a_page('required')
        self.assertNotIn('without its sandbox', said)
        for it in processes:
            if it.kind != 'renderer':
                continue
            self.assertEqual(it.facts['NoNewPrivs'], ['1'], it)
            self.assertEqual(it.facts['Seccomp'], [SECCOMP_FILTER], it)
            self.assertEqual(int(it.facts['CapEff'][0], 16), 0, it)
            self.assertGreater(len(it.facts['NSpid']), 1, f'{it} sees the processes of this machine')

    def test_the_sandbox_is_not_done_without_where_the_machine_allows_it(self):
        _, said = self.at_a_page('preferred')
        self.assertEqual('without its sandbox' in said, has_no_sandbox())


if __name__ == '__main__':
    harness.main()
