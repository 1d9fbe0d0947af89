"""What a wire gets from the shared exchange and response: one that counts, in words of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from agui_runtime import Caller, CopilotRuntime, ServerOptions, create_app
from agui_runtime.core.errors import AguiError, InvalidInput
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.exchange import ErrorAnswer, Exchange
from agui_runtime.wires.shared.streaming import Framing, StreamingResponse
from tests.runtime.worlds import Scripted
from tests.support import client_of

COUNT = Framing(
    headers=((b"content-type", b"text/x-count"),),
    opening=b"<",
    part=lambda number: number + b";",
    closing=b">",
    idle=b".",
)


class CountExchange(Exchange):
    async def refuse(self, error: Exception) -> None:
        if isinstance(error, AguiError):
            refusal = ErrorAnswer(error.status, {"no": error.message})
        else:
            refusal = ErrorAnswer(500, {"no": "a fault of ours"}, is_fault=True)
        await self.refuse_with(refusal, error)


class CountWire:
    """Counts to `to`; then waits to be released if it shall `wait`, or fails if it shall `fail`."""

    name = "count"

    def __init__(self, keep_alive: float = 0.0) -> None:
        self.keep_alive = keep_alive
        self.released, self.given_up = asyncio.Event(), asyncio.Event()

    def claims(self, body: Mapping[str, Any]) -> bool:
        return False

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        async def answer(exchange: CountExchange) -> None:
            await exchange.identify(runtime.authenticate)
            body = await exchange.json(options.body)
            if not isinstance(body, dict):
                raise InvalidInput("say how far to count")
            if "describe" in body:
                context = exchange.context({}, options.forwarded)
                await exchange.answer({"caller": context.caller.owner, **context.headers})
                return
            response = exchange.streaming(COUNT, self.keep_alive)
            await response.serve(exchange.receive, self._count(response, body))

        return [Route("/count", _Endpoint(answer), methods=["POST"])]

    async def _count(self, response: StreamingResponse, body: Mapping[str, Any]) -> None:
        for number in range(body.get("to", 0)):
            await response.write((b"%d" % number,))
        if "fail" in body:
            raise RuntimeError(body["fail"])
        try:
            if "wait" in body:
                await self.released.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        await response.end((b"done",))


class _Endpoint:
    def __init__(self, answer: Any) -> None:  # noqa: ANN401  # the handler
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = CountExchange(scope, receive, send)
        await exchange.guard(self._answer(exchange))


def known(request: Request) -> Caller | Response | None:
    owner = request.headers.get("x-owner")
    if owner == "away":
        return Response("come back later", 418)
    return Caller(owner) if owner else None


@asynccontextmanager
async def serving(wire: CountWire | None = None) -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime({"default": Scripted()}, authenticate=known)
    options = ServerOptions(forward_headers=("x-tenant",), body=BodyLimits(bytes=100))
    async with client_of(create_app(runtime, wires=[wire or CountWire()], options=options)) as made:
        made.headers["x-owner"] = "ann"
        yield made


async def test_parts_stand_in_their_framing() -> None:
    async with serving() as client:
        answer = await client.post("/count", json={"to": 3})
        none = await client.post("/count", json={"to": 0})
    assert (answer.status_code, answer.text) == (200, "<0;1;2;done;>")
    assert answer.headers["content-type"] == "text/x-count"
    assert none.text == "<done;>"


async def test_only_listed_headers_go_on_with_the_caller() -> None:
    async with serving() as client:
        headers = {"x-tenant": "acme", "cookie": "secret=1", "x-other": "no"}
        answer = await client.post("/count", json={"describe": True}, headers=headers)
    assert answer.json() == {"caller": "ann", "x-tenant": "acme"}


@pytest.mark.parametrize(
    ("owner", "content", "status", "words"),
    [
        ("ann", b"", 400, '{"no":"say how far to count"}'),
        ("ann", b"{", 400, '{"no":"not JSON'),
        ("ann", b'"' + b"x" * 200 + b'"', 413, '{"no":"The body may have at most 100 bytes'),
        ("", b"{}", 401, '{"no":"this runtime does not know you'),
        ("away", b"{}", 418, "come back later"),
    ],
)
async def test_what_cannot_be_served_is_refused_in_the_wires_own_words(
    owner: str, content: bytes, status: int, words: str
) -> None:
    async with serving() as client:
        headers = {"content-type": "application/json", "x-owner": owner}
        answer = await client.post("/count", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.text.startswith(words)


async def test_a_fault_is_a_status_before_the_first_part_and_a_cut_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as client:
        before = await client.post("/count", json={"fail": "/srv/secret", "to": 0})
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/count", json={"fail": "/srv/secret", "to": 1})
    assert (before.status_code, before.json()) == (500, {"no": "a fault of ours"})
    lines = [each.getMessage() for each in caplog.records if each.name.startswith("agui_runtime")]
    assert len(lines) == 2
    request_id = before.headers["x-request-id"]
    assert lines[0].startswith(f"request {request_id}: failed: /srv/secret (RuntimeError: ")


async def test_silence_is_filled_with_signs_of_life_and_with_none_after_the_end() -> None:
    wire = CountWire(keep_alive=0.01)
    seen = b""
    async with (
        serving(wire) as client,
        client.stream("POST", "/count", json={"to": 1, "wait": True}) as answer,
    ):
        async for chunk in answer.aiter_raw():
            seen += chunk
            if seen.count(b".") > 2:
                wire.released.set()
    assert seen.replace(b".", b"") == b"<0;done;>"
    assert seen.endswith(b"done;>")


async def test_work_for_a_client_that_is_gone_is_given_up() -> None:
    wire = CountWire()
    async with serving(wire) as client:
        async with client.stream("POST", "/count", json={"to": 1, "wait": True}) as answer:
            await anext(answer.aiter_raw())
        await wire.given_up.wait()
