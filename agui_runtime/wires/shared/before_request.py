"""What an application does before each request; it may answer itself. Knows no wire."""

from __future__ import annotations

import inspect

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runtime.runtime import BeforeRequest
from agui_runtime.wires.shared.http import reply

logger = logger_of(__name__)

_FAILED = {"error": "Internal server error", "message": "see the server's log"}


class Before:
    """A middleware that calls `hook` with each request, of which it may not read the body.

    A WebSocket is a request, too, once: its handshake. What the hook returns, unless it is None,
    answers in place of the runtime. One that raises answers 500.
    """

    def __init__(self, app: ASGIApp, hook: BeforeRequest) -> None:
        self._app = app
        self._hook = hook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            answer = self._hook(_request(scope))
            if inspect.isawaitable(answer):
                answer = await answer
            if answer is not None and not callable(answer):
                raise TypeError(f"it returned a {type(answer).__name__}, which is no response")
        except Exception:  # user code: `before_request`
            logger.exception("`before_request` failed")
            answer = _failure
        await (answer or self._app)(scope, receive, send)


def _request(scope: Scope) -> Request:
    if scope["type"] == "websocket":
        scope = {**scope, "type": "http", "method": "GET"}
    return Request(scope)


async def _failure(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake
        await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        return
    await reply(send, 500, [(b"content-type", b"application/json")], jsontext.dumps(_FAILED))
