"""Who answers a request on the base path, and how somebody puts a wire of their own beside ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
import orjson
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from agui_runtime import (
    AguiWire,
    CopilotKitRemoteWire,
    CopilotRuntime,
    GraphQLWire,
    ServerLimits,
    ServerOptions,
    Wire,
    WireRoute,
    create_app,
)
from agui_runtime.core.errors import Misconfigured, TooLarge
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.json_bodies import json_body
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served

HELLO = {"query": "{ hello }"}
INFO = {"method": "info"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "agents"}


@dataclass(frozen=True)
class Rpc:
    """Names the agents in JSON-RPC; reads its body as any Starlette route does."""

    name: ClassVar[str] = "rpc"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        async def call(request: Request) -> Response:
            asked = await request.json()
            names = [agent.name for agent in runtime.describe()]
            return JSONResponse({"jsonrpc": "2.0", "id": asked["id"], "result": names})

        async def version(request: Request) -> Response:
            return JSONResponse({"version": options.base})

        return [
            Route(options.path, call, methods=["POST"]),
            Route(f"{options.base}/rpc/version", version),
        ]

    def claims(self, body: Mapping[str, Any]) -> bool:
        return body.get("jsonrpc") == "2.0"


@dataclass(frozen=True)
class Counter:
    """Answers how large the JSON is, by the parts that our own wires share."""

    name: ClassVar[str] = "counter"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        async def count(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                size = len(await json_body(scope, receive, options.body))
            except TooLarge as error:
                answer = JSONResponse({"counter": error.code}, 413)
            else:
                answer = JSONResponse({"size": size})
            await answer(scope, receive, send)

        return [
            WireRoute(options.path, count),
            WireRoute(f"{options.base}/count", count, direct=True),
        ]

    def claims(self, body: Mapping[str, Any]) -> bool:
        return "count" in body


def a_runtime() -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})


@pytest.mark.parametrize("path", ["/copilotkit", "/", "/a/b"])
async def test_each_wire_gets_what_it_claims_on_the_base_path(path: str) -> None:
    wires: list[Wire] = [GraphQLWire(), Rpc(), Counter(), AguiWire()]
    app = create_app(a_runtime(), wires=wires, path=path)
    async with client_of(app) as client:
        hello = await client.post(path, json=HELLO)
        call = await client.post(path, json=CALL)
        count = await client.post(path, json={"count": 1, "method": "info"})
        info = await client.post(path, json=INFO)
        below = await client.get(f"{path.rstrip('/')}/rpc/version")
        direct = await client.post(f"{path.rstrip('/')}/count", json=[1, 2, 3])
        page = await client.get(path, headers={"accept": "text/html"})
    assert hello.json() == {"data": {"hello": "Hello World"}}
    assert call.json() == {"jsonrpc": "2.0", "id": 1, "result": ["default"]}
    assert count.json() == {"size": 2}
    assert info.json()["agents"].keys() == {"default"}
    assert below.json() == {"version": path.rstrip("/")}
    assert direct.json() == {"size": 3}
    assert "text/html" in page.headers["content-type"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"", b"{}", b'{"other": 1}'])
async def test_what_nobody_claims_is_answered_by_the_first_wire_in_its_words(body: bytes) -> None:
    json = {"content-type": "application/json"}
    orders: list[list[Wire]] = [[GraphQLWire(), AguiWire()], [AguiWire(), GraphQLWire()]]
    for wires, key in zip(orders, ("errors", "error"), strict=True):
        async with client_of(create_app(a_runtime(), wires=wires)) as client:
            answer = await client.post("/copilotkit", content=body, headers=json)
        assert answer.status_code == 400
        assert answer.json().keys() >= {key}


async def test_one_limit_of_bodies_holds_for_all_wires() -> None:
    options = ServerOptions(body=BodyLimits(bytes=200))
    wires: list[Wire] = [Rpc(), GraphQLWire(), CopilotKitRemoteWire(), Counter(), AguiWire()]
    app = create_app(a_runtime(), wires=wires, options=options)
    filling = {"more": "x" * 200}
    async with client_of(app) as client:
        for path in (
            "/copilotkit",
            "/graphql",
            "/copilotkit/count",
            "/copilotkit_remote/info",
            "/copilotkit/agent/default/run",
        ):
            for body in (HELLO, INFO, CALL, {"count": 1}):
                answer = await client.post(path, json={**body, **filling})
                assert answer.status_code == 413, path


async def test_graphql_can_be_left_out() -> None:
    async with client_of(create_app(a_runtime(), wires=[AguiWire()])) as client:
        info = await client.post("/copilotkit", json=INFO)
        hello = await client.post("/copilotkit", json=HELLO)
        page = await client.get("/copilotkit", headers={"accept": "text/html"})
        other = await client.post("/graphql", json=HELLO)
    assert info.status_code == 200
    assert (hello.status_code, hello.json()["error"]) == (400, "invalid_request")
    assert page.status_code == 405
    assert other.status_code == 404


async def test_agui_can_be_left_out() -> None:
    async with client_of(create_app(a_runtime(), wires=[GraphQLWire(aliases=())])) as client:
        info = await client.post("/copilotkit", json=INFO)
        hello = await client.post("/copilotkit", json=HELLO)
        below = await client.get("/copilotkit/info")
    assert info.json()["errors"][0]["message"].startswith("Only GraphQL is spoken here")
    assert hello.json() == {"data": {"hello": "Hello World"}}
    assert below.status_code == 404


async def test_a_wire_of_ones_own_passes_the_same_gate() -> None:
    wires: list[Wire] = [Rpc(), AguiWire()]
    app = create_app(a_runtime(), wires=wires, cors_origins=["https://app.example"])
    async with client_of(app) as client:
        as_text = await client.post("/copilotkit", content=orjson.dumps(CALL))
        foreign = await client.post(
            "/copilotkit", json=CALL, headers={"origin": "https://evil.example"}
        )
        renamed = await client.post("/copilotkit", json=CALL, headers={"host": "evil.example"})
    assert as_text.status_code == 415
    assert foreign.json()["code"] == "ORIGIN_NOT_ALLOWED"
    assert renamed.json()["code"] == "HOST_NOT_ALLOWED"


async def test_wires_share_the_places_of_an_app() -> None:
    options = ServerOptions(limits=ServerLimits(caller_requests=3))
    seen: list[object] = []

    class Noting(Rpc):
        def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
            seen.append(options.places)
            return super().routes(runtime, options)

    class Another(Noting):
        name: ClassVar[str] = "another"

    create_app(a_runtime(), wires=[Noting(), Another()], options=options)
    create_app(a_runtime(), wires=[Noting()], options=options)
    first, second, other = seen
    assert first is second
    assert first is not other


@pytest.mark.parametrize(
    ("wires", "hint"),
    [([], "at least one"), ([Rpc(), AguiWire(), Rpc()], r"more than one is named \['rpc'\]")],
)
def test_wires_that_cannot_be_meant_are_refused(wires: list[Wire], hint: str) -> None:
    with pytest.raises(Misconfigured, match=hint):
        create_app(a_runtime(), wires=wires)


@dataclass(frozen=True)
class Heavy(Rpc):
    """Stands for a wire whose library takes long to import, or cannot be imported."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def prepare(self) -> None:
        self.begun.set()
        if self.error:
            raise self.error
        await asyncio.Event().wait()


async def test_a_wire_prepares_while_the_server_answers() -> None:
    heavy = Heavy()
    app = create_app(CopilotRuntime({}), wires=[heavy])
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        await heavy.begun.wait()
        assert (await client.post("/copilotkit", json=CALL)).json()["result"] == []


async def test_a_wire_that_cannot_prepare_is_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heavy = Heavy(error=ImportError("no such module"))
    async with served(create_app(CopilotRuntime({}), wires=[heavy])):
        await heavy.begun.wait()
    [line] = [each.getMessage() for each in caplog.records if "prepared" in each.getMessage()]
    assert line == (
        "wire 'rpc' is not prepared for its first request: ImportError('no such module')"
    )
