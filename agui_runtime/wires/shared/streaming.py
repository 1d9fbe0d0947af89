"""Responses that grow: how they are framed, what keeps a silent one open, when its client is gone.

Knows nothing of what is in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.types import Receive, Send

from agui_runtime.wires.shared.http import Headers, unless_gone

KEEP_ALIVE = 15.0
"""Seconds of silence after which a sign of life is sent."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How payloads are sent one after the other in one body: `opening`, then parts, then `closing`.

    `idle` may be sent between two writes of parts, as a sign of life that no reader sees; a framing
    without has none.
    """

    headers: Headers
    opening: bytes = b""
    part: Callable[[bytes], bytes] = bytes
    closing: bytes = b""
    idle: bytes = b""

    def parts(self, payloads: Sequence[bytes]) -> bytes:
        """The bytes of the parts that leave in one write."""
        return b"".join(map(self.part, payloads))


Write: TypeAlias = Callable[[bytes], Awaitable[None]]

Frames: TypeAlias = Callable[[Write], Coroutine[Any, Any, None]]
"""Writes frames as they come, to their end, and closes what they are made of in any case. It is no
generator: one that an event has to pass takes time, and memory while it waits.
"""


class StreamingResponse:
    """One response. It begins with the first parts, so that until then an error can be a status;
    `send` is given its head, and `rest` all that follows.

    Each write holds whole parts; a sign of life never falls into one. `keep_alive` is the seconds
    of silence before that, 0 for none.
    """

    __slots__ = (
        *("begun", "_send", "_rest", "_framing", "_headers", "_keep_alive"),
        *("_loop", "_latest", "_writing", "_timer", "_beat"),
    )

    def __init__(
        self,
        send: Send,
        rest: Send,
        framing: Framing,
        keep_alive: float = 0.0,
        headers: Headers = (),
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.begun = False
        self._send = send
        self._rest = rest
        self._framing = framing
        self._headers = headers
        self._keep_alive = keep_alive if framing.idle else 0.0
        self._latest = self._loop.time()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._beat: asyncio.Task[None] | None = None

    async def serve(self, receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
        """Let the work write the response to its end; when the client closes the connection before,
        cancel it and return False. Raises what the work raises.
        """
        self._look()
        try:
            return await unless_gone(receive, work)
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if self._beat is not None:
                self._beat.cancel()
                await asyncio.wait((self._beat,))

    async def pour(
        self, frames: Frames, nothing: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Let all frames be written, and complete the response; where there are none, `nothing`
        answers in its place.
        """
        await frames(self._put)
        if self.begun or nothing is None:
            await self.end()
        else:
            await nothing()

    async def write(self, payloads: Sequence[bytes]) -> None:
        """Send whole parts now; without any, the client still learns that the response begins."""
        await self._put(self._framing.parts(payloads))

    async def end(self, payloads: Sequence[bytes] = ()) -> None:
        """Send the last parts, if any, and complete the response."""
        self._keep_alive = 0.0
        await self._put(self._framing.parts(payloads) + self._framing.closing, more=False)

    async def _put(self, body: bytes, *, more: bool = True) -> None:
        self._writing = True
        if not self.begun:
            self.begun = True
            body = self._framing.opening + body
            headers = [*self._framing.headers, *self._headers]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._rest({"type": "http.response.body", "body": body, "more_body": more})
        self._writing = False
        self._latest = self._loop.time()

    def _look(self) -> None:
        """Give a sign of life if one is due, and look again when the next one may be."""
        if not self._keep_alive:
            return
        early = self._latest + self._keep_alive - self._loop.time()
        if early <= 0 and not self._writing:
            self._beat = asyncio.create_task(self._give_sign())
        self._timer = self._loop.call_later(early if early > 0 else self._keep_alive, self._look)

    async def _give_sign(self) -> None:
        if self._keep_alive:  # not after the end
            await self._put(self._framing.idle)
