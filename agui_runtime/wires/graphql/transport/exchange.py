"""One HTTP exchange: what the client accepts, and the one answer that it gets. Executes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

from graphql import ExecutionResult
from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import TooManyRequests
from agui_runtime.wires.graphql.delivery.framing import EVENTS, GRAPHQL_JSON, JSON, Framing
from agui_runtime.wires.graphql.engine.engine import answer, failure, is_understood
from agui_runtime.wires.graphql.engine.operations import Refused
from agui_runtime.wires.graphql.transport.accept import Accepted
from agui_runtime.wires.graphql.transport.http import BadRequest, not_acceptable
from agui_runtime.wires.shared.http import RETRY_AFTER, Headers, headers_of, reply
from agui_runtime.wires.shared.request_ids import identified, request_id_of


class GraphQLExchange:
    """Call `agree` before anything is executed, then answer once, at once or in parts."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.send = identified(scope, send)
        self.receive = receive
        self.headers = headers_of(scope)
        self.request_id = request_id_of(self.scope)
        self._more: Headers = ()
        self._accepted = Accepted(self.headers.get("accept", ""))
        self._framing = self._accepted.framing()
        self._begun = False
        self._idle = True
        self._writing = False

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def wants_page(self) -> bool:
        """A browser asks, which a person looks at: no client of GraphQL accepts HTML."""
        return self.method == "GET" and "text/html" in self.headers.get("accept", "")

    def agree(self, *, incremental: bool, subscription: bool = False) -> None:
        """Raises BadRequest if the client accepts no form in which such an answer can be given."""
        if subscription:
            self._framing = self._accepted.events()
        whole = not (incremental or subscription)
        if self._framing or (whole and self._accepted.json()):
            return
        raise not_acceptable(whole=whole, parts=not subscription)

    async def reject(self, bad: BadRequest) -> None:
        """Answer a request that is not GraphQL."""
        headers = list(bad.headers)
        if bad.body:
            kind = self._accepted.json() or JSON  # who accepts neither may show it all the same
            headers.append((b"content-type", f"{kind}; charset=utf-8".encode()))
        await reply(self.send, bad.status, headers, bad.body)

    async def refuse(self, errors: Sequence[Mapping[str, object]]) -> None:
        """Answer an operation that cannot be executed."""
        await self._answer(jsontext.dumps({"errors": errors}), understood=False)

    async def answer(self, result: ExecutionResult) -> None:
        """Answer an operation that was executed. Without a path, an error is one of the request."""
        await self._answer(answer(result, self.request_id), understood=is_understood(result))

    async def fail(self, error: Exception) -> None:
        """Answer an operation that could not even be begun, though nothing is wrong with it."""
        if isinstance(error, TooManyRequests):
            self._more = [RETRY_AFTER]
        told = failure(error, self.request_id)
        await self._answer(jsontext.dumps({"errors": [told], "data": None}))

    async def write_whole(self, payloads: Sequence[bytes], last: bool) -> None:
        """Answer with a document that is complete."""
        await self._answer(payloads[0])

    async def write_parts(self, payloads: Sequence[bytes], last: bool) -> None:
        """Answer with the next payloads of a document that grows, in one write."""
        assert self._framing is not None  # agreed
        await self._write(self._framing, payloads, last)

    async def write_events(self, results: AsyncGenerator[bytes, None]) -> None:
        """Answer with results that come over time, to their end, each one an event."""
        await self._write(EVENTS, [], last=False)  # the client knows from now on that it is heard
        try:
            async with aclosing(results):
                async for result in results:
                    await self._write(EVENTS, [result], last=False)
        except Refused as refused:
            await self._write(EVENTS, [jsontext.dumps({"errors": refused.errors})], last=False)
        await self._write(EVENTS, [], last=True)

    @asynccontextmanager
    async def kept_alive(self, seconds: float) -> AsyncIterator[None]:
        """While the block runs, whenever nothing was written for so long, send a sign of life."""
        beating = asyncio.create_task(self._beat(seconds)) if seconds else None
        try:
            yield
        finally:
            if beating is not None:
                beating.cancel()
                await asyncio.wait((beating,))

    async def _beat(self, seconds: float) -> None:
        while True:
            self._idle = True
            await asyncio.sleep(seconds)
            if self._framing and self._begun and self._idle and not self._writing:
                await self._put(self._framing.idle)

    async def _answer(self, body: bytes, *, understood: bool = True) -> None:
        kind = self._accepted.json()
        if kind:
            # GraphQL over HTTP 6.4: the older media type answers 200 also to what is no operation.
            status = 400 if kind == GRAPHQL_JSON and not understood else 200
            headers = [*self._more, (b"content-type", f"{kind}; charset=utf-8".encode())]
            await reply(self.send, status, headers, body)
        elif self._framing:
            await self._write(self._framing, [body], last=True)
        else:
            raise not_acceptable(whole=True, parts=True)

    async def _write(self, framing: Framing, payloads: Sequence[bytes], last: bool) -> None:
        body = framing.body(payloads, last=last)
        if not self._begun:
            headers = [*framing.headers, *self._more]
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
            body = framing.opening + body
            self._begun = True
        await self._put(body, last=last)

    async def _put(self, body: bytes, *, last: bool = False) -> None:
        self._idle, self._writing = False, True
        await self.send({"type": "http.response.body", "body": body, "more_body": not last})
        self._writing = last  # after the last one nothing may be written
