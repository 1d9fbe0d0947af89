"""Lines that several processes write to one output, whole. A pipe takes 4096 bytes at once; into
the midst of what is longer another process may write.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TextIO

if sys.platform != "win32":  # where `serve` is one process
    import fcntl


def write_whole_lines() -> None:
    """From now on what this process writes to its outputs is not torn apart by others that do so,
    too.
    """
    sys.stdout, sys.stderr = _WholeLines(sys.stdout), _WholeLines(sys.stderr)


class _WholeLines(TextIOWrapper):
    """Writes while the output is locked, for other processes and for other threads of this one."""

    def __init__(self, below: TextIO) -> None:
        super().__init__(below.buffer, below.encoding, "backslashreplace", line_buffering=True)
        self._below = below  # which would else close the buffer
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def write(self, text: str, /) -> int:
        with self._threads, _locked(self.fileno()):
            written = super().write(text)
            self.flush()
        return written

    def _renew(self) -> None:
        """Another thread, which is not there in a fork, may have had it."""
        self._threads = threading.RLock()


@contextmanager
def _locked(output: int) -> Iterator[None]:
    """Where an output cannot be locked, as on some systems a pipe, lines come as they come."""
    with suppress(OSError):
        fcntl.lockf(output, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.lockf(output, fcntl.LOCK_UN)
