"""One request and its one answer, whether it came by a path of its own or in an envelope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, OwnerLost
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.log_lines import logger_of
from agui_runtime.off_loop import SLICE, is_much, slices
from agui_runtime.wires.agui.envelope import Enveloped
from agui_runtime.wires.agui.errors import HttpRefusal, answer_for
from agui_runtime.wires.shared.bodies import BodyLimits, loaded
from agui_runtime.wires.shared.http import Headers, headers_of, log_failure, read_body, reply
from agui_runtime.wires.shared.request_ids import identified, request_id_of
from agui_runtime.wires.shared.sse import EventStreamAnswer, frame

logger = logger_of(__name__)


class AguiExchange:
    """The request as handlers see it; `caller` is set before a handler is called.

    Where it came in an envelope, `enveloped` takes the place of its method, path and body.
    """

    caller: Caller

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.send = identified(scope, send)
        self.receive = receive
        self.enveloped: Enveloped | None = None
        self.headers = headers_of(scope)
        self.request_id = request_id_of(self.scope)
        self._answered = False

    @property
    def method(self) -> str:
        return self.enveloped.method if self.enveloped else str(self.scope["method"])

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.enveloped.query if self.enveloped else self.scope["query_string"])

    async def payload(self, limits: BodyLimits) -> Any:  # noqa: ANN401  # any JSON
        """The JSON of the body, None without one; raises InvalidInput, TooLarge or ClientGone.

        Of which content type it is was looked at before, see `admission`.
        """
        if self.enveloped:
            return self.enveloped.body
        body = await read_body(self.headers, self.receive, limits)
        return await loaded(body, limits) if body else None

    def context(self, properties: Mapping[str, Any], forward: HeaderNames) -> RunContext:
        """What a run is told of this request; `forward` names the headers that agents may see."""
        return RunContext(
            caller=self.caller,
            request_id=self.request_id,
            properties=properties,
            headers=forward.pick(self.headers),
            url=self.headers.get("referer"),
        )

    async def answer(self, body: object, status: int = 200, headers: Headers = ()) -> None:
        """Answer with JSON; None is an empty body."""
        encoded = b"" if body is None else jsontext.dumps(body)
        self._answered = True
        kind = [] if body is None else [(b"content-type", b"application/json")]
        await reply(self.send, status, [*kind, *headers], encoded)

    async def answer_list(self, name: str, items: Sequence[object]) -> None:
        """Answer with `{name: items}`, of which parts are encoded and sent one after the other."""
        if len(items) <= SLICE and not is_much(items):
            await self.answer({name: list(items)})
            return
        self._answered = True
        headers = [(b"content-type", b"application/json")]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        opening = b"{%b:[" % jsontext.dumps(name)
        for part in slices(items):
            body = opening + jsontext.dumps(list(part))[1:-1]
            await self.send({"type": "http.response.body", "body": body, "more_body": True})
            await asyncio.sleep(0)
            opening = b","
        await self.send({"type": "http.response.body", "body": b"]}"})

    async def stream(self, frames: AsyncGenerator[bytes, None], keep_alive: float) -> bool:
        """Answer with an event stream; False if the client went away before its end.

        After the first frame, that the run is lost is told as its end. Any other failure is the
        reader's own: the connection is cut, so that no client takes the run for over.
        """
        self._answered = True
        stream = EventStreamAnswer(self.send, keep_alive=keep_alive)
        try:
            return await stream.serve(self.receive, frames)
        except Exception as error:
            if not stream.begun:
                self._answered = False
                raise
            if answer_for(error).status >= 500:  # not for a thread that somebody deleted meanwhile
                self._log(error)
            if isinstance(error, OwnerLost):
                await stream.write(frame(_end_of(error)))
                await stream.end()
            else:
                await stream.break_off(getattr(error, "code", AguiError.code))
            return True

    async def refuse(self, error: Exception) -> None:
        """Answer with an error; what is not the caller's fault goes to the log."""
        status, body = answer_for(error)
        if status >= 500 and not (isinstance(error, HttpRefusal) and error.__cause__ is None):
            self._log(error)
        if not self._answered:
            headers = error.headers if isinstance(error, HttpRefusal) else ()
            await self.answer(body, status, headers)

    def _log(self, error: Exception) -> None:
        log_failure(logger, error)


def _end_of(error: OwnerLost) -> Mapping[str, str]:
    return {"type": "RUN_ERROR", "message": error.message, "code": error.code}
