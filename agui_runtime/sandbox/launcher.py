"""Becomes bubblewrap, as a user without rights: `launcher.py ORDER`, where the order is JSON.

It runs outside of the sandbox, in a process of its own, on Python's own library alone.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import stat
import sys
from pathlib import Path
from typing import NoReturn, TypedDict

NOBODY = 65534

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_BIND_ALL = 0x1000 | 0x4000  # MS_BIND | MS_REC
_PRIVATE = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
_STAGE = "/tmp"  # a mount of this process alone takes its place
_FAILED = 126

_AT_LAST = ("--remount-ro", "/dev", "--remount-ro", "/")
"""When all is in its place, nothing is to be added."""


class Launch(TypedDict):
    """`seen` are paths of this machine with those that they get in the sandbox; `places`, `links`
    and `command` are bubblewrap's. No file may get more than `most` bytes.
    """

    bwrap: str
    seen: list[tuple[str, str]]
    places: list[str]
    links: list[str]
    filter: str
    most: int
    command: list[str]


def main() -> NoReturn:
    launch: Launch = json.loads(sys.argv[1])
    os.chdir("/")
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_FSIZE, (launch["most"], launch["most"]))
    seen = launch["seen"]
    if os.geteuid() == 0:
        if not all(_reachable(source) for source, _ in seen):
            seen = _staged(seen)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    binds = [word for source, place in seen for word in ("--ro-bind", source, place)]
    options = [*launch["places"], *binds, *launch["links"], *_AT_LAST]
    options += ["--seccomp", str(_filled(launch["filter"]))]
    arguments = _filled(base64.b64encode("\0".join([*options, ""]).encode()).decode())
    os.execv(launch["bwrap"], ["bwrap", "--args", str(arguments), "--", *launch["command"]])


def _reachable(path: str) -> bool:
    """Whether a user without rights gets there."""
    above = Path(path).resolve().parents
    return all(os.stat(each).st_mode & stat.S_IXOTH for each in above)


def _staged(seen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same, from where a user without rights finds them. Nobody else sees these mounts."""
    libc = ctypes.CDLL(None, use_errno=True)
    _done(libc.unshare(_NEW_MOUNTS))
    _done(libc.mount(b"none", b"/", None, _PRIVATE, None))
    sources = [(os.open(source, os.O_PATH), place) for source, place in seen]
    _done(libc.mount(b"stage", _STAGE.encode(), b"tmpfs", 0, b"mode=755"))
    staged = []
    for descriptor, place in sources:
        target = f"{_STAGE}/{descriptor}"
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.mkdir(target, 0o755)
        else:
            Path(target).touch(0o644)
        source = f"/proc/self/fd/{descriptor}".encode()
        _done(libc.mount(source, target.encode(), None, _BIND_ALL, None))
        os.close(descriptor)
        staged.append((target, place))
    return staged


def _done(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _filled(encoded: str) -> int:
    """A descriptor from which this can be read once."""
    reader, writer = os.pipe()
    os.write(writer, base64.b64decode(encoded))
    os.close(writer)
    os.set_inheritable(reader, True)
    return reader


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        os.write(2, f"launcher: {error}\n".encode())
        os._exit(_FAILED)
