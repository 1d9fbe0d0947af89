"""What a server is given when an app does not start: one line, in place of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.core.errors import AguiError


class OneLineFailures:
    """A middleware for lifespans. Servers write what they are given into the log, and end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            send = partial(_in_one_line, send)
        return self._app(scope, receive, send)


def _in_one_line(send: Send, message: Message) -> Awaitable[None]:
    error = sys.exception()
    if message["type"].endswith(".failed") and isinstance(error, AguiError):
        message = {**message, "message": f"agui-runtime: {error.message}"}
    return send(message)
