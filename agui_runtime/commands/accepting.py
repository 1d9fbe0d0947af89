"""How one of several processes takes its share of the connections to sockets that all listen on.

The system wakes all of them for a connection, and the first one to come gets it. A process that has
more than another one leaves it to that one, as long as it waits there, but at most PATIENCE.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
from collections.abc import Callable, Sequence
from typing import Any

from agui_runtime.commands.ledger import Share

PATIENCE = 0.1
"""Seconds that a connection may wait for a process that has fewer."""

PAUSE = 0.001
"""Seconds until a process that stands back looks again."""

RETRY = 1.0
"""Seconds until a process tries again that could take no connection."""

logger = logging.getLogger(__name__)


class Acceptor:
    """Gives each connection that comes to the sockets, and is this process's, a protocol. What this
    process has is written in the ledger: its `connections`, and those without a protocol as yet.
    """

    def __init__(self, listeners: Sequence[socket.socket], share: Share) -> None:
        self.connections: set[Any] = _Noticed(self._count)
        self._share = share
        self._doors = [Door(each, share, self._accept) for each in listeners]
        self._protocol: Callable[[], asyncio.Protocol] = asyncio.Protocol
        self._arriving: set[asyncio.Task[Any]] = set()
        self._takes_part = False

    def open(self, protocol: Callable[[], asyncio.Protocol], backlog: int) -> None:
        self._protocol = protocol
        self._takes_part = True
        self._count()
        for each in self._doors:
            each.open(backlog)

    def recede(self) -> None:
        """Take only what no other process takes."""
        self._takes_part = False
        self._share.shut()

    def close(self) -> None:
        """Leave what comes from now on to other processes."""
        self.recede()
        while self._doors:
            self._doors.pop().close()

    async def settle(self) -> None:
        """Until each connection that was taken has its protocol."""
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _accept(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._arriving.add(task)
        task.add_done_callback(self._arrived)
        self._count()

    def _arrived(self, task: asyncio.Task[Any]) -> None:
        self._arriving.discard(task)
        self._count()

    def beat(self) -> None:
        """To be called all the time; other processes go by it."""
        self._share.beat()

    def _count(self) -> None:
        if self._takes_part:
            self._share.put(len(self.connections) + len(self._arriving))


class Door:
    """One listening socket; `accept` gets each connection that this process takes."""

    def __init__(
        self, listener: socket.socket, share: Share, accept: Callable[[socket.socket], None]
    ) -> None:
        self._listener = listener
        self._share = share
        self._accept = accept
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = select.poll()

    def open(self, backlog: int) -> None:
        self._listener.setblocking(False)
        self._listener.listen(backlog)
        self._waiting.register(self._listener, select.POLLIN)
        self._watch()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()

    def _watch(self) -> None:
        asyncio.get_running_loop().add_reader(self._listener, self._come)

    def _come(self) -> None:
        """A connection waits, or waited until another process had it."""
        if self._share.is_ahead():
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._listener)
            self._stand_back(loop.time() + PATIENCE)
        else:
            self._take()

    def _stand_back(self, until: float) -> None:
        if self._share.is_ahead() and self._waiting.poll(0):
            loop = asyncio.get_running_loop()
            if loop.time() < until:
                self._timer = loop.call_later(PAUSE, self._stand_back, until)
                return
            self._share.go_ahead()
        self._watch()
        self._take()

    def _take(self) -> None:
        """All that wait, as long as no other process is to have the next one."""
        while not self._share.is_ahead():
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):  # another process had it, or it went
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            self._accept(connection)

    def _pause(self, error: OSError) -> None:
        """What is wrong is wrong for the next connection, too: no descriptor may be free."""
        logger.error("a connection could not be taken: %s", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        self._timer = loop.call_later(RETRY, self._watch)


class _Noticed(set[Any]):
    """A set that says when it has changed; uvicorn changes its connections in these ways."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def add(self, each: object) -> None:
        super().add(each)
        self._changed()

    def discard(self, each: object) -> None:
        super().discard(each)
        self._changed()

    def remove(self, each: object) -> None:
        super().remove(each)
        self._changed()
