"""The work folders of threads: what programs in sandboxes leave for the next ones.

No program ever reaches a folder itself. It is packed for a sandbox, and replaced as a whole by what
came out of it, which holds no links. Nothing here believes a name that a client chose.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO

from agui_runtime.core.errors import Misconfigured
from agui_runtime.off_loop import beside
from agui_runtime.sandbox.inside.folder_stream import listing, pack, unpack

_KEY = "key"
_KEY_BYTES = 32
_NAME_BYTES = 20
_PATIENCE = 0.02


class WorkFolder:
    """That of one thread; one at a time has it, see `WorkFolders.held`."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.files = place / "files"

    def pack_into(self, stream: IO[bytes]) -> None:
        """Write what is in it to the stream."""
        root = os.fsencode(self.files)
        pack(root, listing(root).entries, stream)

    def replace_by(self, stream: IO[bytes], most: int) -> None:
        """Have what the stream holds in place of what is there; raises Malformed, and then nothing
        has changed.
        """
        fresh = self._place / f"new-{secrets.token_hex(8)}"
        fresh.mkdir(mode=0o700)
        try:
            unpack(stream, os.fsencode(fresh), most)
        except BaseException:
            shutil.rmtree(fresh)
            raise
        former = self._place / "former"
        self.files.rename(former)
        fresh.rename(self.files)
        shutil.rmtree(former)

    def remove(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self._place)

    def recover(self) -> None:
        """Make it, or bring it in order after a process that died while it was replaced."""
        former = self._place / "former"
        if former.exists() and not self.files.exists():
            former.rename(self.files)
        self.files.mkdir(mode=0o700, exist_ok=True)
        for path in self._place.iterdir():
            if path != self.files:
                shutil.rmtree(path)


class WorkFolders:
    """Those below one folder, for its owner only, each under a name that only this folder's key
    gives: whoever knows owner and thread cannot tell the name, and no id is part of a path.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @asynccontextmanager
    async def held(self, owner: str, thread_id: str) -> AsyncIterator[WorkFolder]:
        """The thread's folder, for the block alone: whoever else wants it waits, in other
        processes of this machine, too.
        """
        place = self.place_of(owner, thread_id)
        descriptor = _opened(place)
        try:
            while not _is_locked(descriptor):  # noqa: ASYNC110  # the lock of a file tells nobody
                await asyncio.sleep(_PATIENCE)
            folder = WorkFolder(place)
            folder.recover()
            yield folder
        finally:
            os.close(descriptor)

    async def forget(self, owner: str, thread_id: str) -> None:
        """Remove the thread's folder, if it has one."""
        if (self.root / _KEY).exists() and self.place_of(owner, thread_id).exists():
            async with self.held(owner, thread_id) as folder:
                await beside(folder.remove)

    def place_of(self, owner: str, thread_id: str) -> Path:
        """Where the thread's folder is, whether or not there is one."""
        self.make()
        words = json.dumps([owner, thread_id]).encode()
        key = (self.root / _KEY).read_bytes()
        return self.root / blake2b(words, key=key, digest_size=_NAME_BYTES).hexdigest()

    def make(self) -> None:
        """Make the root with its key; raises Misconfigured where nothing can be written."""
        key = self.root / _KEY
        if key.exists():
            return
        fresh = self.root / f"{_KEY}-{secrets.token_hex(8)}"
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(_KEY_BYTES))
            with suppress(FileExistsError):  # another process was first, and its key counts
                os.link(fresh, key)
            fresh.unlink()
        except OSError as error:
            raise Misconfigured(
                f"work folders cannot be stored in {self.root}: {error.strerror}; set AGUI_DATA, or"
                " Sandbox(folder=...), to a folder that can be written"
            ) from error


def _opened(place: Path) -> int:
    place.mkdir(mode=0o700, exist_ok=True)
    return os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
