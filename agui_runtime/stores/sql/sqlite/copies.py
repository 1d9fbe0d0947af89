"""Copies of a SQLite file, which say that they are copies, so that one can be put back safely.

SQLite does not know whose log (`-wal`) it finds beside a file: it plays the one that a killed
server left behind into whatever was put in the file's place, and so does a server that still runs.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from agui_runtime.core.errors import StoreUnavailable

if sys.platform != "win32":  # where nothing takes an open file's place
    import fcntl

logger = logging.getLogger(__name__)

A_COPY = 1
"""What `pragma user_version` says of a copy until it is opened; then it is a number of its own."""

AT, LENGTH = 60, 4
"""Where a database's header has it: there the file itself says it, and not its log."""

MOST = 2**31 - 1


def copy_to(source: sqlite3.Connection, path: Path) -> None:
    """Copy the database, for its owner only, whatever else is done with it meanwhile. The copy
    knows that it is one: where it is put back, each thread gets a new epoch with its next run.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path)) as target:
        source.backup(target)
        target.execute(f"pragma user_version = {A_COPY}")
        with target:
            if target.execute("select 1 from sqlite_master where name = 'agui_thread'").fetchone():
                target.execute("update agui_thread set place = 'a copy'")


def version_in(head: bytes) -> int:
    """The `user_version` in a database's first bytes; -1 if they are too few."""
    found = head[AT : AT + LENGTH]
    return int.from_bytes(found, "big") if len(found) == LENGTH else -1


def adopt(path: Path) -> None:
    """Make a copy the database of its place: what is there of the log of another one is dropped,
    and servers that had opened that one know that it is gone.
    """
    with _alone_in(path.parent):
        if _version_of(path) != A_COPY:
            return  # another process has just done it
        if _drop_log(path):
            logger.warning("%s is a copy that was put back: the log beside it is dropped", path)
        _log_of(path).unlink(missing_ok=True)
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"pragma user_version = {2 + secrets.randbelow(MOST - 1)}")
            connection.execute("pragma wal_checkpoint(truncate)")


class OpenedFile:
    """A file that was opened: SQLite would go on writing it where nobody finds it any longer, and
    whatever was copied over it. Close it after all connections: closing gives up their locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        self._is = self._now()
        self._reported = False

    def close(self) -> None:
        self._file.close()

    def check(self) -> None:
        """Raises StoreUnavailable if another file, or none, is there by now."""
        now = self._now()
        if now == self._is:
            return
        if not self._reported:
            self._reported = True
            logger.error("SQLite: %s is another file by now, or missing: start anew", self._path)
        if now is not None and now[2] == A_COPY:
            _keep_out_of(self._path)
        raise StoreUnavailable(
            "the store's file is no longer where it was, or was replaced; the server has to be"
            " started again"
        )

    def _now(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        if sys.platform == "win32":
            return (found.st_dev, found.st_ino, 0)
        version = version_in(os.pread(self._file.fileno(), AT + LENGTH, 0))
        return (found.st_dev, found.st_ino, version)


def _keep_out_of(path: Path) -> None:
    """Drop the log of the file before, which SQLite would play into the copy at the end."""
    with _alone_in(path.parent):
        if _version_of(path) == A_COPY:
            _drop_log(path)


def _version_of(path: Path) -> int:
    with path.open("rb") as file:
        return version_in(file.read(AT + LENGTH))


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _drop_log(path: Path) -> bool:
    """Empty it also for whoever has it open; whether there was anything in it."""
    with suppress(FileNotFoundError):
        if _log_of(path).stat().st_size:
            os.truncate(_log_of(path), 0)
            return True
    return False


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """No other process is in such a block at the same time."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
