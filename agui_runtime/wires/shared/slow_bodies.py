"""A client's time to send its body: one that is too slow gets 408, and its connection is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.shared.admission import NotAdmitted
from agui_runtime.wires.shared.gate import reply_refusal
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.words import Words

GONE: Message = {"type": "http.disconnect"}


class TimedBodies:
    """A middleware that gives up on slow bodies; only what is spent waiting for them counts."""

    def __init__(self, app: ASGIApp, limits: ServerLimits, words: Words) -> None:
        self._app = app
        self.limits = limits
        self.words = words

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        body = _TimedBody(scope, receive, send, self)
        return self._app(scope, body.receive, body.send)


class _TimedBody:
    """One request: what the app receives, and sends unless the client was given up."""

    __slots__ = (
        *("_begun", "_complete", "_given_up", "_of", "_receive", "_remaining", "_scope", "_send"),
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, of: TimedBodies) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._of = of
        self._remaining = of.limits.body_seconds
        self._complete = False
        self._begun = False
        self._given_up = False

    def receive(self) -> Awaitable[Message]:
        return self._receive() if self._complete else self._receive_in_time()

    async def _receive_in_time(self) -> Message:
        if self._given_up:
            return GONE
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with asyncio.timeout(min(self._remaining, self._of.limits.body_stall)):
                message = await self._receive()
        except TimeoutError:
            await self._give_up()
            return GONE
        received = len(message.get("body", b""))
        self._remaining += received / self._of.limits.body_rate - (now() - began)
        self._complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if not self._given_up:
            self._begun = True
            await self._send(message)

    async def _give_up(self) -> None:
        self._given_up = True
        if self._begun:
            return
        slow = NotAdmitted(408, "REQUEST_TIMEOUT", "the body came too slowly; send it again")
        note_refusal(slow)
        closing = [(b"connection", b"close")]
        await reply_refusal(slow, self._of.words, self._scope, self._send, closing)
