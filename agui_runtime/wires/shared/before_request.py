"""What an application does before each request; it may answer itself. Knows no wire."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core.access import Undecided
from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runtime.decisions import decided
from agui_runtime.runtime.runtime import Answer, BeforeRequest
from agui_runtime.wires.shared.gate import refuse
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.words import Words

logger = logger_of(__name__)


class Before:
    """A middleware that calls `hook` with each request, of which it may not read the body.

    A WebSocket is a request, too, once: its handshake. What the hook returns, unless it is None,
    answers in place of the runtime. Where it fails, takes too long, or returns what is no answer,
    the request is refused.
    """

    def __init__(self, app: ASGIApp, hook: BeforeRequest, words: Words) -> None:
        self._app = app
        self._hook = hook
        self._words = words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._answer(_request(scope))
        except AguiError as error:
            if error.status >= 500:
                log_failure(logger, error)
            await refuse(error, self._words, scope, receive, send)
            return
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer | None:
        """Raises Undecided, and errors of ours that the hook raises."""
        answer = await decided("before_request", self._hook, request)
        if answer is None:
            return None
        if callable(answer):
            return answer
        wrong = TypeError(f"it returned a {type(answer).__name__}, which is no response")
        raise Undecided("before_request") from wrong


def _request(scope: Scope) -> Request:
    if scope["type"] == "websocket":
        scope = {**scope, "type": "http", "method": "GET"}
    return Request(scope)
