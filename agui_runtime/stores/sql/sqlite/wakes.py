"""How processes over one file wake each other: a datagram to each one's socket beside the file.

What gets lost only delays: the file itself says that it has changed, and is asked now and then.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import orjson

from agui_runtime.stores.sql.backend import Listener
from agui_runtime.stores.sql.news import deliver

logger = logging.getLogger(__name__)

LONGEST = 8000
"""Bytes of a datagram; what would be longer says that anything may have changed."""

READ_AT_ONCE = 64

ANYTHING = b"*"


def folder_of(path: Path) -> Path:
    """Where the sockets are."""
    return path.with_name(path.name + "-wake")


class Doorbell:
    """This process's socket, and those of the others. Without one, nothing is sent or received.

    `send` is called in the thread that writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = uuid.uuid4().hex[:12]
        self._socket: socket.socket | None = None
        self._place: int | None = None
        self._seen = 0
        self._others: list[str] = []
        self._owed: dict[str, set[str] | None] = {}

    def open(self, listener: Listener) -> None:
        """Listen; where that cannot be, the log says so once."""
        try:
            self._bind()
        except (OSError, AttributeError) as error:
            self._socket = None
            logger.warning("readers in other processes learn of news a little later: %s", error)
            return
        loop = asyncio.get_running_loop()
        receive: Callable[[], None] = lambda: self._receive(listener)  # noqa: E731  # a closure
        loop.add_reader(self._socket_of(), receive)

    def close(self) -> None:
        found, self._socket = self._socket, None
        if found is not None:
            asyncio.get_running_loop().remove_reader(found)
            found.close()
            with suppress(OSError):
                (self._folder / self._name).unlink()
        if self._place is not None:
            os.close(self._place)
            self._place = None

    def send(self, thread_ids: Sequence[str]) -> None:
        """These threads changed."""
        for name in self._listeners():
            owed = self._owed.pop(name, set())
            news = None if owed is None else {*owed, *thread_ids}
            if not self._sent(name, _encoded(news)):
                self._owed[name] = news

    def send_stop(self, thread_id: str, token: int) -> None:
        text = orjson.dumps({"stop": [thread_id, token]})
        for name in self._listeners():
            self._sent(name, text)

    def _bind(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._place = os.open(self._folder, os.O_RDONLY)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.bind(self._address(self._name))
        except BaseException:
            made.close()
            raise
        self._socket = made

    def _address(self, name: str) -> str:
        """The socket's path; one that is too long for the kernel goes by the open folder."""
        path = str(self._folder / name)
        return path if len(os.fsencode(path)) < 100 else f"/proc/self/fd/{self._place}/{name}"

    def _listeners(self) -> Iterable[str]:
        """The other processes' sockets; the folder is looked into when it has changed."""
        if self._socket is None:
            return ()
        try:
            changed = os.stat(self._folder).st_mtime_ns
            if changed != self._seen:
                self._others = [each for each in os.listdir(self._folder) if each != self._name]
                self._seen = changed
        except OSError:
            return ()
        return self._others

    def _sent(self, name: str, text: bytes) -> bool:
        """Whether it arrived, or never will."""
        try:
            self._socket_of().sendto(text, self._address(name))
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in (errno.ECONNREFUSED, errno.ENOENT):  # that process is dead
                with suppress(OSError):
                    (self._folder / name).unlink()
            elif error.errno in (errno.ENOBUFS, errno.EAGAIN):
                return False
        return True

    def _receive(self, listener: Listener) -> None:
        for _ in range(READ_AT_ONCE):
            try:
                text = self._socket_of().recv(LONGEST + 1)
            except (BlockingIOError, InterruptedError):
                return
            deliver(text, listener)

    def _socket_of(self) -> socket.socket:
        assert self._socket is not None
        return self._socket


def _encoded(thread_ids: set[str] | None) -> bytes:
    text = ANYTHING if thread_ids is None else orjson.dumps({"changed": list(thread_ids)})
    return text if len(text) <= LONGEST else ANYTHING
