"""A folder as a stream of bytes, on its way into a sandbox and out of it.

Only folders and files are in it: no links, devices, owners or times. Whoever unpacks believes
nothing: a stream that is malformed, too large or climbs out of the folder is refused.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable, Sequence
from typing import IO, NamedTuple

MOST_ENTRIES = 10_000
"""So many files and folders there may be, in all."""

DEEPEST = 32
LONGEST_PATH = 2048

_HEAD = struct.Struct(">BHQ")
_FOLDER, _FILE, _PROGRAM, _END = range(4)
_CHUNK = 1 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Entry(NamedTuple):
    """A folder or a file, by its path below the folder that is packed."""

    path: bytes
    kind: int
    size: int


class Listing(NamedTuple):
    """What there is to pack, parents first, and how many links and the like no stream holds."""

    entries: Sequence[Entry]
    skipped: int

    def fits(self, most: int) -> bool:
        """Whether a stream for at most `most` bytes holds all of it."""
        size = sum(entry.size for entry in self.entries)
        return size <= most and len(self.entries) <= MOST_ENTRIES


class Malformed(ValueError):
    """The stream is none that `pack` writes, or too large."""


def listing(root: bytes, *, ours: bool = False) -> Listing:
    """What is in the folder; `ours`: make readable what its owner has made unreadable."""
    entries: list[Entry] = []
    skipped = 0
    waiting = [b""]
    if ours:
        os.chmod(root, 0o700)
    while waiting and len(entries) <= MOST_ENTRIES:
        parent = waiting.pop()
        with os.scandir(os.path.join(root, parent)) as inside:
            for found in inside:
                entry = _entry(os.path.join(parent, found.name), found)
                if entry is None:
                    skipped += 1
                    continue
                if ours:
                    os.chmod(found.path, 0o700 if entry.kind != _FILE else 0o600)
                entries.append(entry)
                if entry.kind == _FOLDER:
                    waiting.append(entry.path)
    return Listing(entries, skipped)


def _entry(path: bytes, found: os.DirEntry[bytes]) -> Entry | None:
    status = found.stat(follow_symlinks=False)
    if len(path) > LONGEST_PATH or path.count(b"/") >= DEEPEST:
        return None
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, _FOLDER, 0)
    if stat.S_ISREG(status.st_mode):
        kind = _PROGRAM if status.st_mode & stat.S_IXUSR else _FILE
        return Entry(path, kind, status.st_size)
    return None


def pack(root: bytes, entries: Sequence[Entry], out: IO[bytes]) -> None:
    """Write the stream of these entries of the folder."""
    for entry in entries:
        out.write(_HEAD.pack(entry.kind, len(entry.path), entry.size) + entry.path)
        if entry.kind != _FOLDER:
            with open(os.open(os.path.join(root, entry.path), _AS_IT_IS), "rb") as file:
                _copy(file.read, out.write, entry.size)
    out.write(_HEAD.pack(_END, 0, 0))


def unpack(stream: IO[bytes], root: bytes, most: int) -> None:
    """Make the entries in the folder, which is empty; raises Malformed for more than `most` bytes,
    and for what `pack` would not write.
    """
    for _ in range(MOST_ENTRIES + 1):
        kind, length, size = _HEAD.unpack(_exactly(stream, _HEAD.size))
        if kind == _END:
            return
        most -= size
        if kind > _END or most < 0 or (kind == _FOLDER and size):
            raise Malformed("an entry is too large, or of no known kind")
        path = os.path.join(root, _checked(_exactly(stream, length)))
        try:
            if kind == _FOLDER:
                os.mkdir(path, 0o700)
                continue
            new = os.open(path, _NEW, 0o700 if kind == _PROGRAM else 0o600)
        except OSError as error:
            raise Malformed("an entry is there twice, or without its folder") from error
        with open(new, "wb") as file:
            _copy(stream.read, file.write, size)
    raise Malformed("there are too many entries")


def _checked(path: bytes) -> bytes:
    """The path; raises Malformed where it could lead out of the folder."""
    parts = path.split(b"/")
    fits = len(path) <= LONGEST_PATH and len(parts) <= DEEPEST and b"\0" not in path
    if not fits or any(part in (b"", b".", b"..") for part in parts):
        raise Malformed("the path of an entry leads elsewhere")
    return path


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise Malformed("the stream breaks off")
    return data


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], object], size: int) -> None:
    while size:
        data = read(min(size, _CHUNK))
        if not data:
            raise Malformed("the stream breaks off")
        write(data)
        size -= len(data)
