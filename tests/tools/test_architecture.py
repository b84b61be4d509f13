"""src/ against docs/architecture.md: every #include is an arrow of its table, every folder has a row, and every included
file of ours exists. TAP on standard output."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / 'src'
GENERATED = {'version.h'}  # by the build, into src/ of the build folder


def read_table():
    """{'diff': {'image'}, 'cmd': {'any'}, ...} from the section "Who may include whom"."""
    text = (ROOT / 'docs' / 'architecture.md').read_text()
    section = text.split('\n## Who may include whom\n')[1].split('\n## ')[0]
    rows = re.findall(r'^\| (\w+) \| ([\w -]+) \|$', section, re.M)
    return {folder: set(may.split()) - {'-'} for folder, may in rows if folder != 'folder'}


def includes():
    """(file, line number, what is included) for each #include "..." in src/."""
    for file in sorted([*SRC.rglob('*.c'), *SRC.rglob('*.h')]):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if include:
                yield file.relative_to(SRC), number, include[1]


def folders():
    return sorted(path.name for path in SRC.iterdir() if path.is_dir())


def names_no_file():
    return [f'src/{file}:{number}: there is no src/{what}' for file, number, what in includes()
            if what not in GENERATED and not (SRC / what).is_file()]


def arrows_that_are_not_there(table):
    problems = []
    for file, number, what in includes():
        if '/' not in what or what in GENERATED:
            continue
        source, target = file.parts[0], what.split('/')[0]
        allowed = table.get(source, set()) | {source, 'base'}
        if target == 'cmd' and source != 'cmd' or target not in allowed and 'any' not in allowed:
            problems.append(f'src/{file}:{number}: {source} may not include {target} ("{what}")')
    return problems


def folders_without_a_row(table):
    return [f'src/{folder}/ has no row' for folder in folders() if folder not in table]


def rows_that_name_no_folder(table):
    known = set(table) | {'any'}
    return [f'the row of {folder} names {name}, which has none' for folder, may in table.items()
            for name in sorted(may - known)]


def cycles(table):
    """Folders that can be reached from themselves, though the table may not say so in one step."""
    problems = []
    for start in table:
        reached, waiting = set(), [start]
        while waiting:
            for name in table.get(waiting.pop(), set()) - {'any'} - reached:
                reached.add(name)
                waiting.append(name)
        if start in reached:
            problems.append(f'{start} includes itself by way of others')
    return problems


def main():
    table = read_table()
    checks = [
        ('the table has a row for each folder of src/', folders_without_a_row(table) if table else ['no table']),
        ('the table names only folders that have a row', rows_that_name_no_folder(table)),
        ('the table has no cycle', cycles(table)),
        ('every #include names a file of src/', names_no_file()),
        ('every #include is an arrow of the table', arrows_that_are_not_there(table)),
        ('src/ was found', [] if len(list(includes())) > 20 else ['hardly an #include']),
    ]
    print(f'1..{len(checks)}')
    for number, (name, problems) in enumerate(checks, 1):
        print(f'{"not ok" if problems else "ok"} {number} - {name}')
        for problem in problems:
            print(f'# {problem}')
    sys.exit(any(problems for _, problems in checks))


if __name__ == '__main__':
    main()
