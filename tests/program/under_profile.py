"""Runs a command as a container engine does: under_profile.py PROFILE COMMAND ... applies a seccomp profile of containers,
as for a container from which all capabilities were dropped, and which can get none again."""
import errno
import json
import os
import sys

import seccomp

ARCHES = {'x86_64': 'amd64', 'aarch64': 'arm64'}
COMPARISONS = {'SCMP_CMP_EQ': seccomp.EQ, 'SCMP_CMP_NE': seccomp.NE, 'SCMP_CMP_MASKED_EQ': seccomp.MASKED_EQ}


def holds(rule, arch):
    """Whether a rule is for a container without capabilities on this machine."""
    wanted, unwanted = rule.get('includes') or {}, rule.get('excludes') or {}
    return (not wanted.get('caps') and ('arches' not in wanted or arch in wanted['arches']) and
            arch not in unwanted.get('arches', []))


def action(rule, default=errno.EPERM):
    return seccomp.ALLOW if rule['action'] == 'SCMP_ACT_ALLOW' else seccomp.ERRNO(rule.get('errnoRet', default))


def argument(it):
    comparison = COMPARISONS[it['op']]
    masked = (it['value'], it['valueTwo']) if comparison == seccomp.MASKED_EQ else (it['value'],)
    return seccomp.Arg(it['index'], comparison, *masked)


def profile(text):
    """-> the filter that an engine makes of it"""
    told = json.loads(text)
    arch, standing = ARCHES[os.uname().machine], seccomp.ERRNO(told.get('defaultErrnoRet', errno.EPERM))
    made = seccomp.SyscallFilter(standing)
    for rule in told['syscalls']:
        is_standing = rule['action'] == told['defaultAction'] and rule.get('errnoRet') == told.get('defaultErrnoRet')
        for name in rule['names'] if holds(rule, arch) and not is_standing else []:
            try:
                number = seccomp.resolve_syscall(seccomp.Arch(), name)
            except RuntimeError:
                continue  # of a newer kernel, or another machine: engines pass over it, too
            if number >= 0:
                made.add_rule(action(rule), name, *map(argument, rule.get('args') or []))
    return made


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        made = profile(file.read())
    made.load()  # and no_new_privs with it
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == '__main__':
    main()
