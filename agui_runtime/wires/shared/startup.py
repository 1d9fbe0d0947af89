"""What a server is given when an app does not start: one line, in place of a traceback."""

from __future__ import annotations

import sys

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.core.errors import AguiError


class OneLineFailures:
    """A middleware for lifespans. Servers write what they are given into the log, and end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def in_one_line(message: Message) -> None:
            error = sys.exception()
            if message["type"].endswith(".failed") and isinstance(error, AguiError):
                message = {**message, "message": f"agui-runtime: {error.message}"}
            await send(message)

        await self._app(scope, receive, in_one_line)
