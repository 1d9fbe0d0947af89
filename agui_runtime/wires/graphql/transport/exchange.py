"""One HTTP exchange: what the client accepts, and the one answer that it gets. Executes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from graphql import ExecutionResult
from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import Forbidden
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.graphql.delivery.framing import GRAPHQL_JSON, JSON
from agui_runtime.wires.graphql.engine.engine import answer, failure, is_understood
from agui_runtime.wires.graphql.engine.operations import Refused
from agui_runtime.wires.graphql.transport.accept import accepted
from agui_runtime.wires.graphql.transport.http import BadRequest, not_acceptable
from agui_runtime.wires.shared.exchange import Exchange
from agui_runtime.wires.shared.expiry import CredentialExpired, while_known
from agui_runtime.wires.shared.http import Headers, headers_for, log_failure
from agui_runtime.wires.shared.sockets import TooManyConnections

logger = logger_of(__name__)


class GraphQLExchange(Exchange):
    """Call `agree` before anything is executed, then answer once, at once or in parts."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._more: Headers = ()
        self._accepted = accepted(self.headers.get("accept", ""))
        self._framing = self._accepted.framing

    @property
    def wants_page(self) -> bool:
        """A browser asks, which a person looks at: no client of GraphQL accepts HTML."""
        return self.method == "GET" and "text/html" in self.headers.get("accept", "")

    def agree(self, *, incremental: bool, subscription: bool = False) -> None:
        """Raises BadRequest if the client accepts no form in which such an answer can be given."""
        if subscription:
            self._framing = self._accepted.events
        whole = not (incremental or subscription)
        if self._framing or (whole and self._accepted.json):
            return
        raise not_acceptable(whole=whole, parts=not subscription)

    async def refuse(self, error: Exception) -> None:
        """Answer a request that is not GraphQL, or an operation that could not even be begun,
        though nothing is wrong with it.
        """
        if self.answered:
            log_failure(logger, error)
            return
        if isinstance(error, TooManyConnections):
            error = BadRequest(error.status, error.message, code=error.code)
        try:
            await (self._reject(error) if isinstance(error, BadRequest) else self._fail(error))
        except BadRequest as unacceptable:
            await self._reject(unacceptable)

    async def refuse_operation(self, errors: Sequence[Mapping[str, object]]) -> None:
        """Answer an operation that cannot be executed."""
        await self._answer(jsontext.dumps({"errors": errors}), understood=False)

    async def answer_result(self, result: ExecutionResult) -> None:
        """Answer an operation that was executed. Without a path, an error is one of the request."""
        causes = [error.original_error for error in result.errors or ()]
        self._more = next((found for each in causes if each and (found := headers_for(each))), ())
        await self._answer(answer(result, self.request_id), understood=is_understood(result))

    def grow(self, keep_alive: float) -> None:
        """From now on the answer is in parts, or in events."""
        assert self._framing is not None  # agreed
        self._response = self.streaming(self._framing, keep_alive)

    async def growing(self, work: Coroutine[Any, Any, None]) -> bool:
        """Let the work write what the answer still lacks; False if the client went away before."""
        try:
            async with while_known(self.caller):
                return await self._response.serve(self.receive, work)
        except (CredentialExpired, Forbidden) as over:
            if not self._response.begun:
                raise
            if self._framing is self._accepted.events:  # in parts, the answer breaks off
                errors = [failure(over, self.request_id)]
                await self._response.end((jsontext.dumps({"errors": errors}),))
            return True

    async def write_whole(self, payloads: Sequence[bytes], last: bool) -> None:
        """Answer with a document that is complete."""
        await self._answer(payloads[0])

    def write_parts(self, payloads: Sequence[bytes], last: bool) -> Awaitable[None]:
        """Answer with the next payloads of a document that grows, in one write."""
        return self._response.end(payloads) if last else self._response.write(payloads)

    async def write_events(self, results: AsyncGenerator[bytes, None]) -> None:
        """Answer with results that come over time, to their end, each one an event."""
        write = self._response.write
        await write(())  # the client knows from now on that it is subscribed
        try:
            async with aclosing(results):
                async for result in results:
                    await write((result,))
        except Refused as refused:
            await write((jsontext.dumps({"errors": refused.errors}),))
        await self._response.end()

    async def _reject(self, bad: BadRequest) -> None:
        if bad.status >= 400:
            note_refusal(bad)
        headers = list(bad.headers)
        if bad.body:
            kind = self._accepted.json or JSON  # who accepts neither may show it all the same
            headers.append(_content_type(kind))
        await self.reply(bad.status, headers, bad.body)

    async def _fail(self, error: Exception) -> None:
        self._more = headers_for(error)
        report = {"errors": [failure(error, self.request_id)], "data": None}
        await self._answer(jsontext.dumps(report))

    async def _answer(self, body: bytes, *, understood: bool = True) -> None:
        kind = self._accepted.json
        if kind:
            # GraphQL over HTTP 6.4: the older media type answers 200 also to what is no operation.
            status = 400 if kind == GRAPHQL_JSON and not understood else 200
            await self.reply(status, [*self._more, _content_type(kind)], body)
        elif self._framing:
            await self.streaming(self._framing, headers=self._more).end((body,))
        else:
            raise not_acceptable(whole=True, parts=True)


def _content_type(kind: str) -> tuple[bytes, bytes]:
    return b"content-type", f"{kind}; charset=utf-8".encode()
