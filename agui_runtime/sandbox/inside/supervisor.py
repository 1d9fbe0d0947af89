"""The first process of a sandbox: it starts the program, watches it, and lets nothing outlive it.

As process 1 no process of the sandbox can end or stop it. When it ends, the kernel ends the rest.
It is given its order as JSON.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import selectors
import signal
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypedDict

from agui_runtime.sandbox.inside.folder_stream import Listing, listing, pack, unpack
from agui_runtime.sandbox.inside.limits import WORK, Limits, Output, apply, exceeded

RESULT = 3
"""The descriptor to which a function's result is written."""

_NOT_DUMPABLE = (4, 0)  # prctl(PR_SET_DUMPABLE, 0)
_TICK = 0.05
_NOT_FOUND = 127
_NICE = 10
_SPARE = 64


class Order(TypedDict):
    """What is to be carried out. `keeps`: names of variables that a server is given as they are."""

    command: list[str]
    environment: dict[str, str]
    keeps: list[str]
    limits: Limits
    stores: bool


def main() -> None:
    order: Order = json.loads(sys.argv[1])
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    # Whatever runs short of memory on this machine, the sandbox goes first.
    Path("/proc/self/oom_score_adj").write_text("1000")
    ctypes.CDLL(None).prctl(*_NOT_DUMPABLE)
    # As Python does not handle it any more, it is ignored: no signal from within ends process 1.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    order["environment"].update({name: os.environ[name] for name in order["keeps"]})
    os.chdir(WORK)
    if order["limits"]["seconds"] is None:
        _serve(order)
    _call(order)


def _serve(order: Order) -> NoReturn:
    """Carry out a server, which speaks through this process's own descriptors."""
    child = _started(order, (0, 1, 2))
    for number in (0, 1):
        os.close(number)
    while True:
        time.sleep(_TICK)
        status = _reaped(child)
        if status is not None:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        limit = exceeded(order["limits"])
        if limit is not None:
            os.write(2, f"the server exceeded the limit of {limit} of its sandbox\n".encode())
            os._exit(1)


def _call(order: Order) -> None:
    """Carry out one program, and write how it ended and what it stored to standard output."""
    with open(0, "rb", closefd=False) as given:
        unpack(given, WORK.encode(), order["limits"]["files"])
        input_ = _unnamed(given.read())
    program = _Program(order, input_)
    ended_by = program.watched()
    _end_others()
    about = program.words(ended_by)
    stored = listing(WORK.encode(), ours=True) if order["stores"] else Listing((), 0)
    about |= {"skipped": stored.skipped, "stored": stored.fits(order["limits"]["files"])}
    entries = stored.entries if about["stored"] else ()
    head = json.dumps(about).encode()
    with open(1, "wb", closefd=False) as out:
        out.write(struct.pack(">I", len(head)) + head)
        pack(WORK.encode(), entries, out)


class _Program:
    """The program of a call, and what it writes."""

    def __init__(self, order: Order, input_: int) -> None:
        limits = order["limits"]
        self._limits = limits
        self._deadline = time.monotonic() + (limits["seconds"] or 0)
        self._outputs = [Output(limits["output"]) for _ in range(RESULT)]
        self._selector = selectors.DefaultSelector()
        pipes = [os.pipe() for _ in self._outputs]
        self._child = _started(order, (input_, *(writer for _, writer in pipes)))
        os.close(input_)
        for (reader, writer), output in zip(pipes, self._outputs, strict=True):
            os.close(writer)
            os.set_blocking(reader, False)
            self._selector.register(reader, selectors.EVENT_READ, output)
        self._status: int | None = None

    def watched(self) -> str:
        """Wait for its end, and end it where it exceeds a limit; by which it ended."""
        while True:
            self._read(_TICK)
            self._status = _reaped(self._child)
            if self._status is not None:
                return "itself"
            if time.monotonic() > self._deadline:
                return "seconds"
            limit = exceeded(self._limits)
            if limit is not None:
                return limit

    def words(self, ended_by: str) -> dict[str, Any]:
        """How it ended; all processes have, so that nothing more is written."""
        while self._selector.get_map():
            self._read(None)
        code = None if self._status is None else os.waitstatus_to_exitcode(self._status)
        stdout, stderr, result = (output.words for output in self._outputs)
        about: dict[str, Any] = {"ended_by": ended_by, "code": code}
        return {**about, "stdout": stdout, "stderr": stderr, "result": result}

    def _read(self, patience: float | None) -> None:
        for key, _ in self._selector.select(patience):
            try:
                data = os.read(key.fd, 1 << 16)
            except BlockingIOError:
                continue
            key.data.feed(data)
            if not data:
                self._selector.unregister(key.fd)


def _started(order: Order, descriptors: Sequence[int]) -> int:
    """Start the program with these as its descriptors from 0 on, and no others."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        # First above the numbers that they get, so that none is overwritten before its turn.
        moved = [fcntl.fcntl(each, fcntl.F_DUPFD, _SPARE) for each in descriptors]
        for number, each in enumerate(moved):
            os.dup2(each, number)
        os.closerange(len(descriptors), os.sysconf("SC_OPEN_MAX"))
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
            signal.signal(number, signal.SIG_DFL)
        os.nice(_NICE)
        apply(order["limits"])
        os.execvpe(order["command"][0], order["command"], order["environment"])
    except (OSError, ValueError) as error:
        os.write(2, f"{order['command'][0]}: {error}; is it within the sandbox?\n".encode())
    finally:
        os._exit(_NOT_FOUND)


def _reaped(child: int) -> int | None:
    """Take leave of all that have ended; the status of the child, if it is among them."""
    status = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                status = ended[1]
    return status


def _end_others() -> None:
    """Kill all processes but this one; those that they leave behind are this one's to reap."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _unnamed(data: bytes) -> int:
    """A descriptor of a file with this text, which has no name any more."""
    path = "/tmp/input"  # of the sandbox, before anything else is in it
    Path(path).write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    os.unlink(path)
    return descriptor


if __name__ == "__main__":
    main()
