"""The system calls that a sandbox refuses, as a program for the kernel's filter (seccomp). Pure.

A sandbox has no use for them, and each reaches something that namespaces and limits do not bound:
memory that belongs to no process, other processes' memory, mounts, keys, or parts of the kernel in
which faults were found time and again.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from errno import EPERM

from agui_runtime.core.errors import Misconfigured

_REFUSED: Mapping[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
"""By their names, the numbers on x86-64 and on ARM with 64 bits."""

_SOCKET = (41, 198)
_FAMILIES = (1, 2, 10, 16)
"""Of sockets: UNIX, IPv4, IPv6, netlink. Others, such as vsock, know no network namespace."""

_MACHINES: Mapping[str, tuple[int, int]] = {
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
}
"""The place of a machine's numbers in the tables, and the kernel's name for it."""

_X32 = 0x40000000
"""The bit of calls that x86-64 has a second time."""

_LOAD, _EQUAL, _SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000 | EPERM


def filter_of(machine: str) -> bytes:
    """The filter; raises Misconfigured for a kind of machine whose calls are not known here."""
    if machine not in _MACHINES:
        raise Misconfigured(
            f"a sandbox on {machine} is not there yet: there is one on {', '.join(_MACHINES)}"
        )
    place, kind = _MACHINES[machine]
    lines = [
        _line(_LOAD, _MACHINE),
        _line(_EQUAL, kind, 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
        _line(_SET, _X32, 0, 1),
        _line(_RETURN, _FAIL),
    ]
    for numbers in _REFUSED.values():
        lines += [_line(_EQUAL, numbers[place], 0, 1), _line(_RETURN, _FAIL)]
    return b"".join([*lines, *_sockets(_SOCKET[place]), _line(_RETURN, _ALLOW)])


def _sockets(number: int) -> Sequence[bytes]:
    """A socket of a family that is not listed is refused."""
    count = len(_FAMILIES)
    listed = [_line(_EQUAL, each, count - index, 0) for index, each in enumerate(_FAMILIES)]
    return [
        _line(_EQUAL, number, 0, count + 2),
        _line(_LOAD, _FIRST_ARGUMENT),
        *listed,
        _line(_RETURN, _FAIL),
    ]


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
