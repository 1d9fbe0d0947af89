"""Event-stream responses: frames, one write for whatever is ready, comments that keep a silent
connection open. Knows nothing of what is in the events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Send

from agui_runtime.core import jsontext
from agui_runtime.wires.shared.http import AS_IT_COMES, Headers, disconnected

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent."""

HEADERS: Headers = ((b"content-type", b"text/event-stream"), *AS_IT_COMES)

_COMMENT = b": keep-alive\n\n"


def frame(data: object, event_id: str | None = None) -> bytes:
    """One frame with the JSON of `data`. LF only: AG-UI clients split at two of them and at
    nothing else.
    """
    encoded = jsontext.dumps(data)
    if event_id is None:
        return b"data: %b\n\n" % encoded
    return b"id: %b\ndata: %b\n\n" % (event_id.encode(), encoded)


class EventStreamAnswer:
    """One response. It begins with the first frames, so that until then an error can be a status.

    Each write holds whole frames; a comment never falls into one. `keep_alive` 0 sends none.
    """

    def __init__(self, send: Send, headers: Headers = (), keep_alive: float = KEEP_ALIVE) -> None:
        self.begun = False
        self._send = send
        self._headers = [*HEADERS, *headers]
        self._keep_alive = keep_alive
        self._now = asyncio.get_running_loop().time
        self._latest = self._now()
        self._writing = False

    async def serve(self, receive: Receive, frames: AsyncGenerator[bytes, None]) -> bool:
        """Send the frames to their end; False if the client closed the connection before.

        The frames are closed in any case. Raises what they raise.
        """
        connection = asyncio.timeout(None)
        watching = asyncio.create_task(self._watch(receive, connection))
        try:
            async with connection, aclosing(frames):
                async for ready in frames:
                    await self.write(ready)
                    del ready  # it may be a whole thread, and the wait for more long
                await self.end()
        except TimeoutError:
            if not connection.expired():
                raise
        finally:
            watching.cancel()
            await asyncio.wait((watching,))
        return not connection.expired()

    async def write(self, frames: bytes) -> None:
        """Send whole frames now."""
        self._writing = True
        await self._begin()
        await self._send({"type": "http.response.body", "body": frames, "more_body": True})
        self._writing = False
        self._latest = self._now()

    async def end(self) -> None:
        """Complete the response, which may be empty."""
        await self._begin()
        await self._send({"type": "http.response.body", "body": b""})

    async def break_off(self, why: str) -> None:
        """Say why in a comment, for those who look, and leave the response incomplete: the server
        then closes the connection, and each client knows that there would have been more.
        """
        await self.write(b": broken off: %b\n\n" % why.encode())

    async def _watch(self, receive: Receive, connection: asyncio.Timeout) -> None:
        """Let the connection expire when the client closes it; until then, a comment for each spell
        of silence.
        """
        gone = False
        while not gone:
            try:
                async with asyncio.timeout(self._until_due() or self._keep_alive or None):
                    await disconnected(receive)
                    gone = True
            except TimeoutError:
                if not (self._writing or self._until_due()):
                    await self.write(_COMMENT)
        connection.reschedule(self._now())

    def _until_due(self) -> float:
        return max(0.0, self._latest + self._keep_alive - self._now())

    async def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            start = {"type": "http.response.start", "status": 200, "headers": self._headers}
            await self._send(start)
