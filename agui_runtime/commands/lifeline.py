"""What the parent of several processes and each of them say to each other, over a pair of sockets.

The process says once that it serves, and then what it counts whenever the parent asks for that. The
parent says how it is to end; that the line is cut says that the other one is gone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

READY = b"ready\n"
DRAIN = b"drain\n"
RETIRE = b"retire\n"
MAKE_WAY = b"make way\n"
CUT = b"cut\n"
FIGURES = b"figures\n"


class Lifeline:
    """One end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Lifeline:
        return cls(*await asyncio.open_connection(sock=end))

    def say(self, word: bytes) -> None:
        """Nothing happens where nobody is there any more."""
        if not self._writer.is_closing():
            self._writer.write(word)

    def send(self, body: bytes) -> None:
        """The same with anything, which the other end gets by `body`."""
        self.say(b"%d\n%b" % (len(body), body))

    async def body(self) -> bytes | None:
        """What the other end sends next; None when it is gone."""
        length = await self.next()
        try:
            return await self._reader.readexactly(int(length)) if length else None
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def next(self) -> bytes:
        """What the other end says next; empty when it is gone."""
        try:
            return await self._reader.readline()
        except ConnectionError:
            return b""

    async def obey(self, orders: Mapping[bytes, Callable[[], None]]) -> None:
        """Call what stands for each word, and what stands for none when the other end is gone."""
        while word := await self.next():
            orders[word]()
        orders[b""]()

    def close(self) -> None:
        self._writer.close()

    async def finish(self) -> None:
        """Close it when the other end has all that was said, or is gone."""
        self.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
