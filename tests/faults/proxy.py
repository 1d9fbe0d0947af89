"""A TCP proxy that cuts, delays and stalls what passes through it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset instead of a farewell


class Proxy:
    """Passes connections on to a port of this machine; everything may be changed while it runs."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.flow()
        self.reset()
        while live := [task for task in self._tasks if task and not task.done()]:
            await asyncio.wait(live)

    def redirect(self, target: int) -> None:
        """From now on connections lead to another port; those that there are get cut."""
        self._target = target
        self.reset()

    def stall(self) -> None:
        """From now on nothing passes, though all connections stay."""
        self._open.clear()

    def flow(self) -> None:
        self._open.set()

    def reset(self) -> None:
        """Cut every connection, without a farewell."""
        for writer in self._writers:
            connection = writer.get_extra_info("socket")
            with suppress(OSError):  # it is closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            ends = {writer, back}
            self._writers |= ends
            try:
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            finally:
                self._writers -= ends
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What arrives within the delay leaves together: it is a distance, not a narrow pipe."""
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
