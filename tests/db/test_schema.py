#!/usr/bin/env python3
"""The tables of SQLite, PostgreSQL and MariaDB are the same after migration. test_schema.py SCHEMA_TOOL"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def schema(kind, tool):
    printed = subprocess.run([f"{HERE}/with_database.py", kind, tool], capture_output=True, text=True, check=False)
    if printed.returncode != 0:
        sys.exit(f"Bail out! {kind}: {printed.stderr}")
    return set(printed.stdout.splitlines())


def main():
    tool = sys.argv[1]
    expected = schema("sqlite", tool)
    print("1..3")
    print(f"{'ok' if len(expected) > 50 else 'not ok'} 1 - SQLite has tables")
    for number, kind in enumerate(("postgres", "mysql"), 2):
        found = schema(kind, tool)
        for line in sorted(found ^ expected):
            print(f"# {'only in ' + kind if line in found else 'not in ' + kind}: {line}")
        print(f"{'ok' if found == expected else 'not ok'} {number} - {kind} has the same tables as SQLite")


if __name__ == "__main__":
    main()
