"""The least that an answer costs: an app that sends ready-made bytes, the very ones of the runtime,
through the same server. It is served as `AGUI_APP=bench.floor_app:app`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime import create_app
from bench.app import runtime


class Part(NamedTuple):
    """A message of an answer, and how many seconds after its request it was sent."""

    after: float
    message: Message


class ReadyMade:
    """Lets the app answer what is asked for the first time. From then on, whoever asks as much of
    the same path gets the very messages of that answer again, no earlier than they came then.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._recording = asyncio.Lock()
        self._answers: dict[tuple[object, ...], Sequence[Part]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, request = monotonic(), await receive()
        key = scope["path"], *_asked(request["body"])
        if key not in self._answers:
            async with self._recording:
                if key not in self._answers:
                    self._answers[key] = await self._recorded(scope, request)
        for part in self._answers[key]:
            early = part.after - (monotonic() - begun)
            if early > 0:
                await asyncio.sleep(early)
            await send(part.message)

    async def _recorded(self, scope: Scope, request: Message) -> Sequence[Part]:
        begun, unread, parts = monotonic(), [request], list[Part]()

        async def receive() -> Message:
            if not unread:
                await asyncio.Event().wait()  # the client stays
            return unread.pop()

        async def send(message: Message) -> None:
            parts.append(Part(monotonic() - begun, message))

        await self.app(scope, receive, send)
        return parts


def _asked(body: bytes) -> tuple[object, ...]:
    """What tells a request from others at its path: all for the same differ in ids alone."""
    return len(body), b'"paced"' in body, b'"slow"' in body


app = ReadyMade(create_app(runtime))
