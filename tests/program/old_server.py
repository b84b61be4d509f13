"""The database of a server of the Python dpxdt, with the tables and columns that it made, in SQLite, MariaDB or PostgreSQL;
and what is in any database, to compare it with itself."""
import contextlib
import hashlib
import pathlib
import re
import sqlite3
import subprocess
import urllib.parse

RELEASE_STATES = ('receiving', 'processing', 'reviewing', 'bad', 'good')
RUN_STATES = ('data_pending', 'diff_approved', 'diff_found', 'diff_not_found', 'needs_diff', 'no_diff_needed', 'failed')
TASK_STATES = ('live', 'done', 'error', 'canceled')
LOG_TYPES = ('changed_settings', 'created_api_key', 'created_build', 'invite_accepted', 'invited_new_admin', 'revoked_admin',
             'revoked_api_key', 'run_approved', 'run_rejected', 'release_bad', 'release_good', 'release_reviewing')

# Table: its columns, by SQLAlchemy's types. There are no other indexes, and SQLite holds nobody to a length or a key.
TABLES = {
    'user': 'id:name! created:time last_seen:time email_address:name superuser:bool',
    'build': 'id:id created:time modified:time name:name public:bool send_email:bool email_alias:name',
    'build_ownership': 'build_id:int user_id:name',
    'api_key': 'id:name! secret:name created:time modified:time active:bool purpose:name revoked:time superuser:bool build_id:int',
    'release': 'id:id name:name number:int created:time modified:time status:release_state build_id:int url:url',
    'artifact': 'id:hash! created:time data:bytes alternate:text content_type:name',
    'artifact_ownership': 'artifact:hash build_id:int',
    'run': 'id:id release_id:int name:name created:time modified:time status:run_state image:hash log:hash config:hash url:url '
           'ref_image:hash ref_log:hash ref_config:hash ref_url:url diff_image:hash diff_log:hash distortion:real',
    'admin_log': 'id:id build_id:int release_id:int run_id:int user_id:name created:time log_type:log_type message:text',
    'work_queue': 'task_id:hash queue_name:hash status:task_state eta:time build_id:int release_id:int run_id:int source:url '
                  'created:time finished:time lease_attempts:int last_lease:time last_owner:url heartbeat:text '
                  'heartbeat_number:int payload:bytes content_type:hash',
}
ENUMS = {'release_state': RELEASE_STATES, 'run_state': RUN_STATES, 'task_state': TASK_STATES, 'log_type': LOG_TYPES}
TYPES = {
    'sqlite': {'id': 'INTEGER PRIMARY KEY', 'int': 'INTEGER', 'name': 'VARCHAR(255)', 'hash': 'VARCHAR(100)', 'url': 'VARCHAR(2048)',
               'text': 'TEXT', 'time': 'DATETIME', 'bool': 'BOOLEAN', 'bytes': 'BLOB', 'real': 'FLOAT'},
    'mysql': {'id': 'INTEGER AUTO_INCREMENT PRIMARY KEY', 'int': 'INTEGER', 'name': 'VARCHAR(255)', 'hash': 'VARCHAR(100)',
              'url': 'VARCHAR(2048)', 'text': 'TEXT', 'time': 'DATETIME', 'bool': 'BOOL', 'bytes': 'LONGBLOB', 'real': 'FLOAT'},
    'postgres': {'id': 'SERIAL PRIMARY KEY', 'int': 'INTEGER', 'name': 'VARCHAR(255)', 'hash': 'VARCHAR(100)',
                 'url': 'VARCHAR(2048)', 'text': 'TEXT', 'time': 'TIMESTAMP', 'bool': 'BOOLEAN', 'bytes': 'BYTEA',
                 'real': 'DOUBLE PRECISION'},
}


def quoted(kind, name):
    return f'`{name}`' if kind == 'mysql' else f'"{name}"'


def type_of(kind, name):
    if name not in ENUMS:
        return TYPES[kind][name]
    values = ', '.join(f"'{value}'" for value in ENUMS[name])
    return {'sqlite': 'VARCHAR(17)', 'mysql': f'ENUM({values})', 'postgres': name}[kind]


def schema(kind):
    if kind == 'postgres':
        for name, values in ENUMS.items():
            yield f'CREATE TYPE {name} AS ENUM ({", ".join(map(repr, values))})'
    for table, columns in TABLES.items():
        lines = []
        for column in columns.split():
            name, of = column.split(':')
            key = ' NOT NULL PRIMARY KEY' if of.endswith('!') else ''
            lines.append(f'{quoted(kind, name)} {type_of(kind, of.rstrip("!"))}{key}')
        options = ' ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci' if kind == 'mysql' else ''
        yield f'CREATE TABLE {quoted(kind, table)} ({", ".join(lines)}){options}'


def literal(kind, value):
    if value is None:
        return 'NULL'
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if kind == 'postgres' else f"X'{value.hex()}'"
    if isinstance(value, bool):
        return str(value).upper() if kind == 'postgres' else str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def client(url):
    """-> the command that runs SQL of standard input, and prints rows"""
    parts = urllib.parse.urlsplit(url)
    options = dict(urllib.parse.parse_qsl(parts.query))
    if parts.scheme == 'mysql':
        return ['mariadb', '--no-defaults', '-N', '-B', '--default-character-set=utf8mb4', f'-u{parts.username}',
                f'-p{urllib.parse.unquote(parts.password)}', '-S', options['socket'], parts.path[1:]]
    return ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', options['host'], '-U', parts.username, parts.path[1:]]


def ask(url, sql):
    """-> what a database answers, a line for each row"""
    kind = kind_of(url)
    if kind == 'sqlite':
        with contextlib.closing(sqlite3.connect(url.removeprefix('sqlite:'))) as database, database:
            if ';' in sql:
                database.executescript(sql)
                return []
            return [repr(row) for row in database.execute(sql)]
    if kind == 'mysql':
        sql = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', foreign_key_checks = 0;\n" + sql
    result = subprocess.run(client(url), input=sql, capture_output=True, text=True, errors='surrogateescape', check=False,
                            timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def kind_of(url):
    return {'sqlite': 'sqlite', 'mysql': 'mysql', 'postgresql': 'postgres'}[url.split(':')[0]]


def dump(url):
    """-> {table: its rows}"""
    tables = {'sqlite': "SELECT name FROM sqlite_master WHERE type = 'table'",
              'mysql': 'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()',
              'postgres': "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"}[kind_of(url)]
    names = [re.sub(r"^\('|',\)$", '', line) for line in ask(url, tables)]
    assert 'imports' in names, names
    return {name: sorted(ask(url, f'SELECT * FROM {name}')) for name in names}


class OldServer:
    """Rows of the old database; each may be told by add() what it has, and has the rest as the old server gave it."""

    def __init__(self):
        self.rows = {table: [] for table in TABLES}
        self.minute = 0

    def time(self):
        """Each row a minute after the one before."""
        self.minute += 1
        return f'2015-03-{1 + self.minute // 1440:02} {self.minute // 60 % 24:02}:{self.minute % 60:02}:07.250000'

    def add(self, table, **row):
        """-> its id"""
        names = [column.split(':')[0] for column in TABLES[table].split()]
        assert set(row) <= set(names), (table, row)
        now = self.time()
        usual = {'id': len(self.rows[table]) + 1, 'created': now, 'modified': now, 'last_seen': now, 'eta': now, 'superuser': False,
                 'public': False, 'send_email': True, 'active': True, 'lease_attempts': 0}
        row = {name: row.get(name, usual.get(name)) for name in names}
        self.rows[table].append(row)
        return row.get('id')

    def user(self, subject, email, **more):
        return self.add('user', id=f'google_oauth2:{subject}', email_address=email, **more)

    def own(self, build, *users):
        for user in users:
            self.add('build_ownership', build_id=build, user_id=user)

    def artifact(self, build, data, content_type=None, **more):
        """-> its SHA-1"""
        sha1 = more.pop('id', hashlib.sha1(data or b'').hexdigest())
        if not any(row['id'] == sha1 for row in self.rows['artifact']):
            self.add('artifact', id=sha1, data=data, content_type=content_type, **more)
        if build:
            self.add('artifact_ownership', artifact=sha1, build_id=build)
        return sha1

    def statements(self, kind, tables=TABLES):
        for table in tables:
            for row in self.rows[table]:
                columns = ', '.join(quoted(kind, name) for name in row)
                values = ', '.join(literal(kind, value) for value in row.values())
                yield f'INSERT INTO {quoted(kind, table)} ({columns}) VALUES ({values})'

    def make(self, url):
        """Makes the database, which is empty. -> url"""
        kind = kind_of(url)
        ask(url, ';\n'.join([*schema(kind), *self.statements(kind)]) + ';')
        return url

    def make_file(self, path):
        pathlib.Path(path).unlink(missing_ok=True)
        return self.make(f'sqlite:{path}')
