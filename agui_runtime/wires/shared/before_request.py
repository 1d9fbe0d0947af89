"""What an application does before each request; it may answer itself. Knows no wire."""

from __future__ import annotations

import inspect
import logging
from functools import partial

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.hooks.run_log import request_id_of
from agui_runtime.runtime.runtime import BeforeRequest
from agui_runtime.wires.shared.http import headers_of, reply

logger = logging.getLogger(__name__)

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
        except Exception:
            request_id = request_id_of(headers_of(scope))
            logger.exception("request %s: `before_request` failed", request_id)
            answer = partial(_failure, request_id)
        await (answer or self._app)(scope, receive, send)


def _request(scope: Scope) -> Request:
    if scope["type"] == "websocket":
        scope = {**scope, "type": "http", "method": "GET"}
    return Request(scope)


async def _failure(request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake
        await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        return
    headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
    await reply(send, 500, headers, jsontext.dumps(_FAILED))
