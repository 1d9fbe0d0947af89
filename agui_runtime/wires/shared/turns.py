"""Requests that come together begin one after the other, so that the first is answered while the
last waits. A loop gives all of its tasks one step each before any gets its second: as every request
takes a few steps to its answer, all of them would be answered at the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

SHARE = 16
"""Of so many that wait, one more begins in a pass: a crowd needs few passes."""


class InTurn:
    """A middleware that lets a request with a body begin in each pass of the loop. Nobody waits
    for another's answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns: _Turns | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["method"] != "POST":
            return self._app(scope, receive, send)
        loop = asyncio.get_running_loop()
        turns = self._turns
        if turns is None or turns.loop is not loop:
            turns = self._turns = _Turns(loop)
        if turns.begin():
            return self._app(scope, receive, send)
        return self._later(turns.next(), scope, receive, send)

    async def _later(
        self, turn: Awaitable[None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        await turn
        await self._app(scope, receive, send)


class _Turns:
    """Those of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_taken = False

    def begin(self) -> bool:
        """Whether it is one's turn: nobody else began in this pass."""
        if self._is_taken:
            return False
        self._is_taken = True
        self.loop.call_soon(self._pass)
        return True

    def next(self) -> asyncio.Future[None]:
        """Done when it is one's turn, in the order of calls; only where `begin` is false."""
        turn = self.loop.create_future()
        self._waiting.append(turn)
        return turn

    def _pass(self) -> None:
        """The loop has come around."""
        waiting = self._waiting
        self._is_taken = bool(waiting)
        if waiting:
            for _ in range(1 + len(waiting) // SHARE):
                turn = waiting.popleft()
                if not turn.done():  # as when its client has gone
                    turn.set_result(None)
            self.loop.call_soon(self._pass)
