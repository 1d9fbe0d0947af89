"""The way out of one socket, on which its requests take turns."""

from __future__ import annotations

import asyncio

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.wires.shared.sockets import Socket


class Outlet:
    """Each request has one frame under way, and whoever has sent one lets the others go first. So
    nothing is buffered for a slow socket: its requests read on, each from its cursor, when it does.
    """

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._turn = asyncio.Lock()  # those who wait get it in the order in which they came

    async def send(self, frame: JsonObject) -> None:
        """Return when the frame is on its way; raises OSError where the client is gone."""
        text = await unless_long(_is_long(frame), jsontext.dumps, frame)
        async with self._turn:
            await self._socket.write(text)
        await asyncio.sleep(0)


def _is_long(frame: JsonObject) -> bool:
    """Whether to encode it takes long; deltas, of which most of a stream is made, do not."""
    if "delta" in frame or "delta" in frame.get("block", ()):
        return False
    return is_much(frame)
