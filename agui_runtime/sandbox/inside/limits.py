"""What a program in a sandbox may take: limits that the kernel enforces for each process, and what
all of them together are watched for.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from math import ceil
from typing import TypedDict

MOST_INODES = 12_000
"""So many files, folders and links there may be at a time in each place that can be written."""


class Limits(TypedDict):
    """As they are passed on, as JSON. Sizes are in bytes. `seconds` is None for a server, and
    `sockets` where the network is the machine's.
    """

    seconds: float | None
    memory: int
    files: int
    processes: int
    output: int
    sockets: int | None


WORK = "/sandbox"
"""The work folder; no machine is likely to have something there that is to be shown."""

PLACES = (WORK, "/tmp", "/dev/shm")  # of the sandbox, not of the machine
"""All that can be written."""

OPEN_FILES = 128


def apply(limits: Limits) -> None:
    """Limit the present process and all that it starts, for good."""
    resource.setrlimit(resource.RLIMIT_NPROC, _both(limits["processes"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, _both(limits["files"]))
    resource.setrlimit(resource.RLIMIT_CORE, _both(0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, _both(0))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, _both(0))
    if limits["seconds"] is None:
        # Runtimes such as Node reserve far more addresses than they ever use.
        resource.setrlimit(resource.RLIMIT_DATA, _both(limits["memory"]))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, _both(OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, _both(limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, _both(ceil(limits["seconds"]) + 1))


def _both(most: int) -> tuple[int, int]:
    return most, most


def exceeded(limits: Limits) -> str | None:
    """The name of the limit that all processes of the sandbox together exceed, if there is one."""
    if sum(_resident()) > limits["memory"]:
        return "memory"
    room = [os.statvfs(place) for place in PLACES]
    if any(each.f_files - each.f_ffree > MOST_INODES for each in room):
        return "files"
    most = limits["sockets"]
    return "sockets" if most is not None and _sockets() > most else None


def _sockets() -> int:
    """The sockets of the sandbox's network, those that nobody has a descriptor of included."""
    with open("/proc/net/sockstat", "rb") as file:
        return int(file.readline().split()[2])


def _resident() -> Iterator[int]:
    """The bytes of memory that each process but this one has for itself or shares."""
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            yield _resident_of(name)


def _resident_of(process: str) -> int:
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            lines = [line.split() for line in file if line.startswith((b"RssAnon", b"RssShmem"))]
    except OSError:  # it has ended
        return 0
    return sum(int(words[1]) * 1024 for words in lines)


class Printed(TypedDict):
    """What was printed, without as many bytes of its middle as `cut` says."""

    text: str
    cut: int


class Output:
    """The beginning and the end of what a program writes; what is between them is counted."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = 0

    def feed(self, data: bytes) -> None:
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        surplus = len(self._tail) - self._half
        if surplus > 0:
            del self._tail[:surplus]
            self._cut += surplus

    @property
    def words(self) -> Printed:
        gap = f"\n[{self._cut} bytes left out]\n".encode() if self._cut else b""
        text = bytes(self._head) + gap + bytes(self._tail)
        return Printed(text=text.decode(errors="replace"), cut=self._cut)
