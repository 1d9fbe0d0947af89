"""A SQLite file that is a store, or may become one: what it has to be, and how it is opened.

Whatever cannot be a store is refused before a byte of it is changed.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from agui_runtime.core.errors import Misconfigured, StoreFailed, StoreFull, StoreUnavailable
from agui_runtime.stores.sql.sqlite import copies

logger = logging.getLogger(__name__)

APPLICATION = 0x61677569
"""What `pragma application_id` says of our files: `agui`."""

HEAD = 100
"""Bytes of a database's header, in which that stands."""

OLDEST = (3, 35)
"""SQLite since 2021: `returning`."""

PRAGMAS = ("foreign_keys = off", "temp_store = memory", "cache_size = -16000")

REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs"}
    | {"fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs", "lustre", "beegfs", "ocfs2", "gfs2", "davfs"}
    | {"fuse.rclone", "fuse.juicefs", "fuse.ceph-fuse", "fuse.mfs", "fuse.goofys", "fuse.blobfuse2"}
    | {"gpfs", "orangefs", "pvfs2", "coda", "vboxsf", "prl_fs", "fuse.vmhgfs-fuse"}
)
"""File systems whose locks or shared memory SQLite's log cannot rely on."""

OF_ALL = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
    | {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_NOTADB}
    | {sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS}
)
"""Errors of the whole file."""

MOUNTS = Path("/proc/self/mounts")


BOOT = Path("/proc/sys/kernel/random/boot_id")


class DatabaseFile(NamedTuple):
    """Where the database is and how it is written; `patience` is the longest wait for a lock."""

    path: Path
    synchronous: str
    patience: float
    clock: Callable[[], float]


def prepare(place: DatabaseFile) -> None:
    """Make the file, for its owner only, if it is missing; raises Misconfigured for what cannot
    hold a store. No other program's file is opened as a database, let alone changed.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise Misconfigured(
            f"this Python has SQLite {sqlite3.sqlite_version}; 3.35 is the oldest that can be used"
        )
    path = place.path
    if not path.parent.is_dir():
        raise Misconfigured(f"there is no folder {path.parent}; make it, or name another file")
    kind = file_system_of(path.parent)
    if kind in REMOTE:
        raise Misconfigured(
            f"{path.parent} is on a network file system ({kind}), where SQLite loses data; name a"
            " file on a local disk, or use postgresql:// or redis://"
        )
    if not os.access(path.parent, os.W_OK):
        raise Misconfigured(f"the folder {path.parent} cannot be written; SQLite needs files in it")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        head = file.read(HEAD)
    if head and _application_of(head) != APPLICATION:
        raise Misconfigured(f"{path} is another program's file; name another one for the threads")
    if copies.version_in(head) == copies.A_COPY:
        copies.adopt(path)


def connect(place: DatabaseFile, *, writes: bool) -> sqlite3.Connection:
    """A connection for one thread; raises sqlite3.Error, and Misconfigured."""
    connection = sqlite3.connect(
        place.path,
        timeout=place.patience,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.row_factory = sqlite3.Row
        if writes:
            _prepare_to_write(connection, place)
        for each in (*PRAGMAS, f"synchronous = {place.synchronous}"):
            connection.execute(f"pragma {each}")
        connection.create_function("seconds", 0, place.clock)
        # After a power cut a file that is not synced may lack what was acknowledged.
        boot = boot_id() if place.synchronous != "full" else ""
        connection.create_function("place", 0, lambda: boot)
    except BaseException:
        connection.close()
        raise
    return connection


def file_system_of(folder: Path, mounts: Path | None = None) -> str:
    """The kind of file system that the folder is on; empty where nobody says."""
    try:
        lines = (mounts or MOUNTS).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    real, best, kind = str(folder.resolve()), "", ""
    for line in lines:
        _, at, name, *_ = [*line.split(" "), "", "", ""]
        at = re.sub(r"\\([0-7]{3})", lambda number: chr(int(number[1], 8)), at)
        within = real == at or real.startswith(at.rstrip("/") + "/")
        if within and len(at) >= len(best):
            best, kind = at, name
    return kind


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """Make the file smaller by so many of the pages that nothing uses."""
    # `execute` would take the first step alone, which is for one page.
    connection.executescript(f"pragma incremental_vacuum({pages})")


def boot_id() -> str:
    """Differs with each start of the machine, where the system says so."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


def is_full(error: sqlite3.Error) -> bool:
    """Whether there is no room: a quota and a limit of a process's files are errors of a write."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_WRITE


def failure_of(error: sqlite3.Error, level: int = logging.WARNING) -> StoreUnavailable:
    """What callers are told of it: no path, and nothing that the file holds."""
    code = _code_of(error)
    logger.log(level, "SQLite: %s (%s)", error, getattr(error, "sqlite_errorname", "no code"))
    if is_full(error):
        return StoreFull()
    if is_locked(error):
        return StoreUnavailable("the store is locked by another program; try again later")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreUnavailable("the store's file is damaged; put back a backup of it")
    if is_of_all(error):
        return StoreUnavailable("the store cannot be reached; try again later")
    return StoreFailed()


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another program has what this one waited for."""
    return _code_of(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_of_all(error: sqlite3.Error) -> bool:
    """Whether any other statement would meet the same now: nobody gets the lock, or the file."""
    return _code_of(error) in OF_ALL and not is_full(error)


def _code_of(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _application_of(head: bytes) -> int | None:
    """The application that a file's first bytes name; None if it is no database."""
    if len(head) < HEAD or not head.startswith(b"SQLite format 3\0"):
        return None
    return int.from_bytes(head[68:72], "big")


def _prepare_to_write(connection: sqlite3.Connection, place: DatabaseFile) -> None:
    if connection.execute("pragma page_count").fetchone()[0] == 0:
        connection.execute("begin")  # nobody sees a file that is not ours yet
        connection.execute("pragma auto_vacuum = incremental")  # counts before the first table
        connection.execute(f"pragma application_id = {APPLICATION}")
        connection.execute("commit")
    mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
    if mode != "wal":
        raise Misconfigured(
            f"{place.path} cannot have a write-ahead log (it says {mode!r}): its file system is"
            " read-only or lacks shared memory; name a file on a local disk"
        )
