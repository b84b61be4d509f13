"""As much of each CI service as its example needs, to run that on this machine: its jobs one after the other, in a fresh
clone of a repository, with the environment and the shell that the service has. What each is not is said with it.

A service is made with a repository and a folder for what it keeps. run(job, **variables) -> Outcome.
"""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

import yaml

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_S = 300
KEPT = ('PATH', 'HOME', 'LANG', 'DPXDT_CONFIG', 'DPXDT_SANDBOX')


@dataclasses.dataclass
class Outcome:
    status: int          # of the job: 0 is green
    output: str          # its log
    kept: pathlib.Path   # a folder: what the service keeps
    commit: str


class Service:
    def __init__(self, repository, folder, environment):
        self.repository, self.folder, self.environment, self.n = repository, folder, environment, 0

    def file(self, name):
        return (self.repository / name).read_text()

    def begin(self):
        """A new clone, and a folder for what is kept."""
        self.n += 1
        self.kept = self.folder / f'kept-{self.n}'
        self.kept.mkdir()
        self.workspace = self.folder / f'workspace-{self.n}'
        subprocess.run(['git', 'clone', '-q', self.repository, self.workspace], check=True)
        self.commit = git(self.workspace, 'rev-parse', 'HEAD')

    def call(self, words, variables):
        """-> status, output. Of our own environment only what a program needs is left, and what the tests set."""
        ours = {k: v for k, v in os.environ.items() if k in KEPT or k.endswith('SAN_OPTIONS')}
        result = subprocess.run(words, cwd=self.workspace, env={**ours, **self.environment, **variables},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=TIMEOUT_S)
        return result.returncode, result.stdout

    def shell(self, script, variables, words=('sh', '-e', '-c')):
        return self.call([*words, script], variables)

    def keep(self, *patterns):
        """Files of the workspace that match, and all in folders that do; returns whether there are any."""
        found = [path.relative_to(self.workspace)
                 for pattern in patterns for path in self.workspace.glob(pattern.strip('/'))]
        for path in found:
            (self.kept / path).parent.mkdir(parents=True, exist_ok=True)
            if (self.workspace / path).is_dir():
                shutil.copytree(self.workspace / path, self.kept / path, dirs_exist_ok=True)
            else:
                shutil.copy(self.workspace / path, self.kept / path)
        return bool(found)

    def outcome(self, status, output):
        return Outcome(status, output, self.kept, self.commit)


def git(folder, *words):
    identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com']
    return subprocess.run(['git', *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


class Shell(Service):
    """Any service that runs a script and keeps files."""

    PAGES, RELEASE = 'ci/plain.sh', 'ci/plain-release.sh'

    def run(self, job, api='', project='', **variables):
        self.begin()
        variables = {**variables, 'COMMIT': self.commit, 'STATUS_URL': f'{api}/repos/{project}/statuses'}
        status, output = self.shell(f'exec sh {job}', variables)
        self.keep('dpxdt-gallery', 'dpxdt-junit.xml')
        return self.outcome(status, output)


class GithubActions(Service):
    """Not GitHub's runner, which needs GitHub: jobs of a container with steps that run something, or use one of two actions,
    done here; of expressions there are names, ||, and the functions in a step's if. The shell is that of a container."""

    PAGES, RELEASE = 'pages', 'release'

    def run(self, job, api='', project='', **variables):
        self.begin()
        job = yaml.safe_load(self.file('ci/github-actions.yml'))['jobs'][job]
        self.names = {'github.sha': self.commit, **{f'vars.{k}': v for k, v in variables.items()},
                      **{f'secrets.{k}': v for k, v in variables.items()}}
        environment = {'GITHUB_ACTIONS': 'true', 'CI': 'true', 'GITHUB_SHA': self.commit, 'GITHUB_API_URL': api,
                       'GITHUB_SERVER_URL': 'https://github.com', 'GITHUB_REPOSITORY': project,
                       **{k: self.filled(str(v)) for k, v in job.get('env', {}).items()}}
        status, output = 0, ''
        for step in job['steps']:
            if not self.is_to_run(step, status):
                continue
            now, said = self.step(step, environment)
            status, output = status or now, output + said
        return self.outcome(status, output)

    def is_to_run(self, step, status):
        condition = re.sub(r'^\$\{\{ (.*) \}\}$', r'\1', step.get('if', 'success()'))
        return {'success()': status == 0, 'failure()': status != 0, 'always()': True, '!cancelled()': True}[condition]

    def filled(self, text):
        return re.sub(r'\$\{\{ (.*?) \}\}', lambda m: self.value(m[1]), text)

    def value(self, expression):
        return next((self.names[name] for name in expression.split(' || ') if self.names.get(name)), '')

    def step(self, step, environment):
        if 'run' in step:
            return self.shell(self.filled(step['run']), environment)
        action, options = step['uses'].split('@')[0], step.get('with', {})
        if action == 'actions/checkout':
            return 0, ''
        assert action == 'actions/upload-artifact', action
        found = self.keep(*options['path'].split())
        assert found or options['if-no-files-found'] == 'ignore'
        return 0, ''


class Gitlab(Service):
    """Not GitLab's runner: the lines of a job's script in one shell, which ends at the first that fails; its artifacts."""

    PAGES, RELEASE = 'pages-look-alike', 'release-looks-alike'

    def variables(self, api, project):
        return {'GITLAB_CI': 'true', 'CI': 'true', 'CI_COMMIT_SHA': self.commit, 'CI_API_V4_URL': api,
                'CI_PROJECT_ID': project, 'CI_PROJECT_URL': 'https://gitlab.com/me/it'}

    def run(self, job, api='', project='', **variables):
        self.begin()
        job = yaml.safe_load(self.file('ci/gitlab-ci.yml'))[job]
        variables = {**variables, **self.variables(api, project), **job.get('variables', {})}
        status, output = self.shell('set -eo pipefail\n' + '\n'.join(job['script']), variables, ('bash', '-c'))
        artifacts = job.get('artifacts', {})
        if status == 0 or artifacts.get('when') == 'always':
            self.keep(*artifacts.get('paths', []), *[path for path in [artifacts.get('reports', {}).get('junit')] if path])
        return self.outcome(status, output)


class GitlabCiLocal(Gitlab):
    """gitlab-ci-local (npm), which reads the file as GitLab does and runs a job in a shell. It needs rsync."""

    def run(self, job, api='', project='', **variables):
        self.begin()
        shutil.copy(self.workspace / 'ci/gitlab-ci.yml', self.workspace / '.gitlab-ci.yml')
        git(self.workspace, 'remote', 'set-url', 'origin', 'git@gitlab.com:me/it.git')
        variables = {**variables, **self.variables(api, project)}
        words = [os.environ['GITLAB_CI_LOCAL'], '--force-shell-executor', '--no-color',
                 *[word for k, v in variables.items() for word in ('--variable', f'{k}={v}')], job]
        status, output = self.call(words, {})
        self.keep('dpxdt-gallery', 'dpxdt-junit.xml')
        return self.outcome(status, output)


class Jenkins(Service):
    """Not Jenkins: the scripts of the steps of a stage, found by their quotes, and the files that the last section names."""

    PAGES, RELEASE = 'Pages', 'Release'

    def environment_of(self, api, project, variables):
        return {**variables, 'JENKINS_URL': 'http://jenkins/', 'BUILD_URL': 'http://jenkins/job/it/1/',
                'GIT_COMMIT': self.commit, 'STATUS_URL': f'{api}/repos/{project}/statuses'}

    def run(self, job, api='', project='', **variables):
        self.begin()
        text = self.file('ci/Jenkinsfile')
        stage = re.search(rf"stage\('{job}'\) \{{(.*?)\n        \}}", text, re.S)[1]
        quoted = re.search(r"sh '''(.*?)'''|sh '(.*?)'\n", stage, re.S)
        key = {'DPXDT_KEY_USR': variables.pop('DPXDT_CLIENT_ID', ''),
               'DPXDT_KEY_PSW': variables.pop('DPXDT_CLIENT_SECRET', '')}
        status, output = self.shell(quoted[1] or quoted[2], {**self.environment_of(api, project, variables), **key},
                                    ('sh', '-xe', '-c'))
        self.keep(re.search(r"testResults: '(.*?)'", text)[1], re.search(r"artifacts: '(.*?)/\*\*'", text)[1])
        return self.outcome(status, output)


class GroovyPipeline(Jenkins):
    """Groovy runs the file, with jenkinsfile.groovy for its steps: all stages, whichever job is wanted."""

    def run(self, job, api='', project='', **variables):
        self.begin()
        key = ':'.join(variables.pop(name, '') for name in ('DPXDT_CLIENT_ID', 'DPXDT_CLIENT_SECRET'))
        more = {'CREDENTIALS_dpxdt_key': key, 'ARTIFACTS': str(self.kept)}
        words = [os.environ['GROOVY'], HERE / 'jenkinsfile.groovy', 'ci/Jenkinsfile']
        status, output = self.call(words, {**self.environment_of(api, project, variables), **more})
        return self.outcome(status, output)


# In every check; and what is too large for that, where the environment names the program.
SERVICES = [Shell, GithubActions, Gitlab, Jenkins]
BY_HAND = [service for name, service in [('GITLAB_CI_LOCAL', GitlabCiLocal), ('GROOVY', GroovyPipeline)]
           if name in os.environ]
