"""Endpoints that are made when they are first called: what they need takes long to import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.off_loop import off_loop


class Late:
    """An ASGI app that stands for another one. Its first caller waits until that is made, beside
    the event loop, on which everybody else is served meanwhile.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._app: ASGIApp | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._app is None:
            return self._first(scope, receive, send)
        return self._app(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = await off_loop(self._make)
        await self._app(scope, receive, send)
