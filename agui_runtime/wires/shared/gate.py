"""What every request passes first, of whatever wire, over HTTP or as a WebSocket; see `admission`
for the rules.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.shared.admission import AdmissionRules, NotAdmitted, not_json
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.http import Headers, headers_for, reply
from agui_runtime.wires.shared.words import Words

logger = logger_of(__name__)

WORTH_A_LINE = frozenset({"ANONYMOUS_NOT_ALLOWED", "HOST_NOT_ALLOWED", "ORIGIN_NOT_ALLOWED"})
"""What an operator may have forgotten to allow."""


class Gate:
    """A middleware that lets in what the rules admit, and takes no part in the answers."""

    def __init__(self, app: ASGIApp, rules: AdmissionRules, words: Words) -> None:
        self._app = app
        self._rules = rules
        self._words = words

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] not in ("http", "websocket"):
            return self._app(scope, receive, send)
        try:
            withheld, bodiless = self._rules.admit(scope)
        except NotAdmitted as refused:
            if refused.code in WORTH_A_LINE:
                logger.warning("refused %s: %s", scope["path"][:200].encode(), refused)
            return refuse(refused, self._words, scope, receive, send)
        headers = scope["headers"]
        if withheld:
            headers = [each for each in headers if each[0].lower() not in withheld]
        # White space around a value is no part of it (RFC 9110 5.5); not all parsers take it off.
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in headers]
        if bodiless:
            return self._without_body(scope, receive, send)
        return self._app(scope, receive, send)

    async def _without_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await _first_content(receive)
        if message.get("body"):
            await refuse(not_json(), self._words, scope, receive, send)
            return
        read = [message]

        async def again() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, again, send)


async def _first_content(receive: Receive) -> Message:
    """The first message that holds a part of the body, or else the last of all."""
    while True:
        message = await receive()
        if message["type"] != "http.request" or message.get("body"):
            return message
        if not message.get("more_body", False):
            return message


async def refuse(
    refused: AguiError, words: Words, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer with the error in place of all wires."""
    note_refusal(refused)
    if scope["type"] == "websocket":
        await receive()  # the handshake
        await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        return
    await reply_refusal(refused, words, scope, send)


async def reply_refusal(
    refused: AguiError, words: Words, scope: Scope, send: Send, more: Headers = ()
) -> None:
    """The same over HTTP, to a request that may be read no further."""
    answer = words.answer(refused, scope)
    headers = [JSON_TYPE, *headers_for(refused), *answer.headers, *more]
    await reply(send, answer.status, headers, jsontext.dumps(answer.body))
