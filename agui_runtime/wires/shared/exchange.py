"""One HTTP request and the one answer that it gets, as every wire needs it.

A wire adds in what words it refuses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.runtime import Authenticate
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.http import (
    CHALLENGE,
    ClientGone,
    Header,
    Headers,
    headers_for,
    headers_of,
    log_failure,
    reply,
)
from agui_runtime.wires.shared.identity import OwnAnswer, caller_of
from agui_runtime.wires.shared.json_bodies import NoBody, is_short_body, json_body
from agui_runtime.wires.shared.own_scope import send_of_rest
from agui_runtime.wires.shared.request_ids import identified, request_id_of
from agui_runtime.wires.shared.streaming import Framing, StreamingResponse

logger = logger_of(__name__)

JSON_TYPE = (b"content-type", b"application/json")


class ErrorAnswer(NamedTuple):
    """The response to a request that failed; `is_fault` says that it is ours, and logged."""

    status: int
    body: Mapping[str, Any]
    headers: Headers = ()
    is_fault: bool = False


class Exchange(ABC):
    """The request, and the ways to answer it. `caller` is set by `identify`; `challenge` is what
    somebody unknown is to do.
    """

    caller: Caller
    challenge: Header = CHALLENGE

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.send = identified(scope, send)
        self.receive = receive
        self.headers = headers_of(scope)
        self.request_id = request_id_of(scope)
        self._replied = False
        self._rest = send_of_rest(scope, send)
        self._stream: StreamingResponse | None = None

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def media_type(self) -> str:
        """That of the body, lower-case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def answered(self) -> bool:
        """Whether the answer has begun, so that no other can be given."""
        return self._replied or (self._stream is not None and self._stream.begun)

    async def identify(self, authenticate: Authenticate | None) -> Caller:
        """Who calls; raises Unauthenticated, OwnAnswer, and whatever `authenticate` does."""
        self.caller = await caller_of(Request(self.scope), authenticate)
        return self.caller

    async def json(self, limits: BodyLimits) -> Json:
        """The JSON of the body, None without one; raises InvalidInput, TooLarge or ClientGone.

        Of which content type it is was looked at before, see `admission`.
        """
        try:
            return await json_body(self.scope, self.receive, limits)
        except NoBody:
            return None

    @property
    def is_long(self) -> bool:
        """Whether work on the JSON of the body, which was read, may be long."""
        return not is_short_body(self.scope)

    def context(
        self, properties: Mapping[str, Json], forward: HeaderNames, url: str | None = None
    ) -> RunContext:
        """What a run learns of this request; `forward` names the headers that agents may see."""
        return RunContext(
            caller=self.caller,
            request_id=self.request_id,
            properties=properties,
            headers=forward.pick(self.headers),
            url=url,
        )

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer as a whole."""
        self._replied = True
        await reply(self.send, status, headers, body)

    async def answer(self, body: object, status: int = 200, headers: Headers = ()) -> None:
        """Answer with JSON; None is an empty body."""
        if body is None:
            await self.reply(status, headers, b"")
        else:
            await self.reply(status, [JSON_TYPE, *headers], jsontext.dumps(body))

    async def answer_much(self, body: object, headers: Headers = ()) -> None:
        """Answer with JSON of any size; what is long is encoded in a thread."""
        text = await unless_long(is_much(body), jsontext.dumps, body)
        await self.reply(200, [JSON_TYPE, *headers], text)

    def streaming(
        self, framing: Framing, keep_alive: float = 0.0, headers: Headers = ()
    ) -> StreamingResponse:
        """Answer over time: the response to write to, which has not begun."""
        self._stream = StreamingResponse(self.send, self._rest, framing, keep_alive, headers)
        return self._stream

    async def guard(self, answer: Awaitable[None]) -> None:
        """Await what answers; of its errors each becomes the answer, if none was begun."""
        try:
            await answer
        except ClientGone:
            return
        except OwnAnswer as own:
            await own.answer(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001  # a wire's edge, and user code: `authenticate`
            await self.refuse(error)

    @abstractmethod
    async def refuse(self, error: Exception) -> None:
        """Answer with an error, in the wire's own words, or log it where the answer has begun. Of
        one that is not an AguiError, nothing is shown.
        """

    async def refuse_with(self, refusal: ErrorAnswer, error: Exception) -> None:
        """Give this answer for the error, unless another one has begun; a fault goes to the log."""
        if refusal.is_fault:
            log_failure(logger, error)
        if not self.answered:
            note_refusal(error, f"HTTP_{refusal.status}")
            headers = [*refusal.headers, *headers_for(error, self.challenge)]
            await self.answer(refusal.body, refusal.status, headers)
