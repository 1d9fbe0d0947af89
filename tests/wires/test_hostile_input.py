"""Input that no front end sends, on every wire: each refuses it in its own protocol's form, says
nothing of the server's insides, and goes on serving.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from agui_runtime import CopilotRuntime, GraphQLWire, McpWire, OpenAIWire, ServerOptions, create_app
from agui_runtime.named_wires import _WIRES as NAMED
from agui_runtime.wires.openai.response_ids import Place, response_id
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.runtime.worlds import Scripted, text
from tests.support import client_of
from tests.wires.a2a.serving import TODAY, message as a2a_message
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, by_header, chat
from tests.wires.mcp.serving import ACCEPT as BOTH_FORMS, calling, message as mcp_message
from tests.wires.websocket.serving import opened

Json = dict[str, Any]

HUGE = 20_000
SOCKET = "/copilotkit/socket"
USERS = [{"role": "user", "content": "hi"}]


class Edge(NamedTuple):
    """Where a wire takes a run: a request on thread t1, and the code that a refusal has in that
    protocol's form; a KeyError is another form.
    """

    path: str
    request: Json
    code: Callable[[Any], object]
    headers: Mapping[str, str] = {}


def _a2a(**more: Any) -> Json:  # noqa: ANN401  # JSON
    params = {"message": a2a_message(contextId="t1")}
    return {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params, **more}


def _of_json_rpc(body: Any) -> object:  # noqa: ANN401  # JSON
    assert body.keys() >= {"jsonrpc", "id"}
    return body["error"]["code"] if "error" in body else body["result"]["isError"]


def _of_openai(body: Any) -> object:  # noqa: ANN401  # JSON
    assert body["error"].keys() == {"message", "type", "param", "code"}
    return body["error"]["code"] or body["error"]["type"]


EDGES: Mapping[str, Edge] = {
    "agui": Edge(
        "/copilotkit/agent/default/run",
        run_body(thread="t1", run="r2"),
        lambda body: body.get("code") or body["error"],
    ),
    "graphql": Edge(
        "/copilotkit",
        chat(threadId="t1"),
        lambda body: body["errors"][0]["extensions"]["code"],
        {"accept": ACCEPT},
    ),
    "copilotkit_remote": Edge(
        "/copilotkit_remote/agents/execute",
        {"name": "default", "threadId": "t1", "messages": []},
        lambda body: body.keys() == {"error"},
    ),
    "rest": Edge(
        "/api/v1/agent/runs", {"threadId": "t1", "messages": USERS}, lambda body: body["code"]
    ),
    "openai": Edge(
        "/v1/chat/completions",
        {"model": "default", "messages": USERS},
        _of_openai,
        {"x-thread-id": "t1"},
    ),
    "openai, responses": Edge(
        "/v1/responses", {"model": "default", "input": "hi", "conversation": "t1"}, _of_openai
    ),
    "a2a": Edge("/a2a/default", _a2a(), _of_json_rpc, TODAY),
    "mcp": Edge("/mcp", calling(message="hi", threadId="t1"), _of_json_rpc, BOTH_FORMS),
    "websocket": Edge(
        SOCKET,
        {"type": "home_request", "request_id": "q1", "message": "hi", "thread_id": "t1"},
        lambda body: body["code"],
    ),
}

BODIES: Mapping[str, bytes] = {
    "cut off": b'{"threadId":',
    "not UTF-8": b'{"threadId": "\xff"}',
    "a list": b"[1]",
    "null": b"null",
    "nested": b"[" * 4000,
    "huge": b'{"threadId": "' + b"x" * HUGE + b'"}',
}

REFUSALS: Mapping[str, Mapping[str, tuple[int, object]]] = {
    "agui": {
        **dict.fromkeys(BODIES, (400, "Invalid request body")),
        **dict.fromkeys(("nested", "huge"), (413, "TOO_LARGE")),
        "of somebody else": (404, "THREAD_NOT_FOUND"),
    },
    "graphql": {
        **dict.fromkeys(BODIES, (400, "BAD_REQUEST")),
        **dict.fromkeys(("nested", "huge"), (413, "TOO_LARGE")),
        "of somebody else": (200, "NOT_FOUND"),
    },
    "copilotkit_remote": {
        **dict.fromkeys(BODIES, (400, True)),
        **dict.fromkeys(("nested", "huge"), (413, True)),
        "of somebody else": (404, True),
    },
    "rest": {
        **dict.fromkeys(BODIES, (400, "INVALID_INPUT")),
        **dict.fromkeys(("nested", "huge"), (413, "TOO_LARGE")),
        "of somebody else": (404, "THREAD_NOT_FOUND"),
    },
    "openai": {
        **dict.fromkeys(BODIES, (400, "invalid_request_error")),
        **dict.fromkeys(("nested", "huge"), (413, "request_too_large")),
        "of somebody else": (404, "thread_not_found"),
    },
    "openai, responses": {
        **dict.fromkeys(BODIES, (400, "invalid_request_error")),
        **dict.fromkeys(("nested", "huge"), (413, "request_too_large")),
        "of somebody else": (404, "thread_not_found"),
    },
    "a2a": {
        **dict.fromkeys(("cut off", "not UTF-8"), (200, -32700)),
        **dict.fromkeys(("a list", "null"), (200, -32600)),
        **dict.fromkeys(("nested", "huge"), (413, -32000)),
        "of somebody else": (200, -32001),
    },
    "mcp": {
        **dict.fromkeys(("cut off", "not UTF-8"), (400, -32700)),
        **dict.fromkeys(("a list", "null"), (400, -32600)),
        **dict.fromkeys(("nested", "huge"), (413, -32000)),
        "of somebody else": (200, True),
    },
    "websocket": {
        **dict.fromkeys(BODIES, (200, "INVALID_INPUT")),
        "nested": (200, "TOO_LARGE"),
        "huge": (200, "UNKNOWN_FRAME"),
        "of somebody else": (200, "THREAD_NOT_FOUND"),
    },
}


@asynccontextmanager
async def serving() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that speaks everything, on which thread t1 is ann's."""
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}, authenticate=by_header)
    options = ServerOptions(body=BodyLimits(bytes=HUGE))
    async with client_of(create_app(runtime, wires=[*NAMED], options=options)) as client:
        begun = EDGES["agui"]
        answer = await post(client, begun, orjson.dumps({**begun.request, "runId": "r1"}), "ann")
        assert "RUN_FINISHED" in answer.text
        yield client


async def post(
    client: httpx.AsyncClient, edge: Edge, body: bytes, owner: str = "bob"
) -> httpx.Response:
    if edge.path == SOCKET:
        return await on_a_socket(client, body, owner)
    about = {"content-type": "application/json", "x-user": owner}
    return await client.post(edge.path, content=body, headers={**about, **edge.headers})


async def on_a_socket(client: httpx.AsyncClient, body: bytes, owner: str) -> httpx.Response:
    """What comes on a socket, until nothing more follows, as if it were an answer."""
    frames: list[Json] = []
    async with opened(str(client.base_url).rstrip("/"), {"x-user": owner}) as page:
        await page.connection.send(body, text=b"\xff" not in body)
        while not frames or frames[-1]["type"] not in ("stream_end", "error"):
            frames.append(await page.frame())
    return httpx.Response(200, content=b"".join(map(orjson.dumps, frames)))


def refusal(edge: Edge, answer: httpx.Response) -> tuple[int, object]:
    assert ".py" not in answer.text
    assert "Traceback" not in answer.text
    return answer.status_code, edge.code(answer.json())


@pytest.mark.parametrize("wire", EDGES)
async def test_each_wire_refuses_it_in_its_own_form_and_goes_on(wire: str) -> None:
    edge = EDGES[wire]
    async with serving() as client:
        made = {
            name: refusal(edge, await post(client, edge, body)) for name, body in BODIES.items()
        }
        foreign = await post(client, edge, orjson.dumps(edge.request))
        made["of somebody else"] = refusal(edge, foreign)
        own = await post(client, edge, orjson.dumps(edge.request), "ann")
    assert made == REFUSALS[wire]
    assert own.status_code == 202 or "Hello" in own.text


def test_no_wire_is_missing() -> None:
    assert {wire.partition(",")[0] for wire in EDGES} == {"agui", "graphql", *NAMED}
    assert EDGES.keys() == REFUSALS.keys()


VERSIONS: Mapping[str, tuple[str, Json, Mapping[str, str], tuple[int, object]]] = {
    "AG-UI's is no text": (
        "agui",
        {**EDGES["agui"].request, "protocolVersion": 7},
        {},
        (400, "Invalid request body"),
    ),
    "of persisted queries": (
        "graphql",
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "ab" * 32}}},
        {},
        (200, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ),
    "a command has none": (
        "rest",
        {"messages": USERS, "protocolVersion": "1.0"},
        {},
        (400, "INVALID_INPUT"),
    ),
    "A2A 9": ("a2a", _a2a(), {"a2a-version": "9.0"}, (200, -32009)),
    "JSON-RPC 1 of A2A": ("a2a", _a2a(jsonrpc="1.0"), {}, (200, -32600)),
    "MCP of 1999": (
        "mcp",
        mcp_message("tools/list"),
        {"mcp-protocol-version": "1999-01-01"},
        (400, -32602),
    ),
    "JSON-RPC 1 of MCP": (
        "mcp",
        {**mcp_message("tools/list"), "jsonrpc": "1.0"},
        {},
        (400, -32600),
    ),
}


IN_FRONT: Mapping[str, tuple[object, object]] = {
    "agui": ("UNSUPPORTED_MEDIA_TYPE", "HOST_NOT_ALLOWED"),
    "graphql": ("UNSUPPORTED_MEDIA_TYPE", "HOST_NOT_ALLOWED"),
    "rest": ("UNSUPPORTED_MEDIA_TYPE", "HOST_NOT_ALLOWED"),
    "openai": ("unsupported_media_type", "host_not_allowed"),
    "openai, responses": ("unsupported_media_type", "host_not_allowed"),
    "mcp": (-32000, -32000),
}
"""The codes of a body that is no JSON, and of a foreign name, which no wire sees."""


@pytest.mark.parametrize("wire", IN_FRONT)
async def test_what_no_wire_sees_is_refused_in_its_form_too(wire: str) -> None:
    edge = EDGES[wire]
    async with serving() as client:
        made = [
            refusal(edge, await client.post(edge.path, json=edge.request, headers=headers))
            for headers in ({"content-type": "text/plain"}, {"host": "evil.test"})
        ]
    assert made == list(zip((415, 403), IN_FRONT[wire], strict=True))


async def test_a_wire_at_the_root_has_its_form_for_the_root_alone() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    app = create_app(runtime, wires=[McpWire(path="/"), OpenAIWire(), GraphQLWire()])
    async with client_of(app) as client:
        made = [
            (await client.post(path, content="x", headers={"content-type": "text/plain"})).json()
            for path in ("/", "/v1/responses", "/copilotkit")
        ]
    assert (made[0]["jsonrpc"], made[1]["error"]["code"], made[2]["code"]) == (
        *("2.0", "unsupported_media_type", "UNSUPPORTED_MEDIA_TYPE"),
    )


async def test_versions_that_nobody_speaks_are_refused() -> None:
    async with serving() as client:
        for wire, request, headers, expected in VERSIONS.values():
            edge = EDGES[wire]._replace(headers={**EDGES[wire].headers, **headers})
            answer = await post(client, edge, orjson.dumps(request))
            assert refusal(edge, answer) == expected


async def test_a_version_of_agui_that_is_newer_is_answered_in_ours() -> None:
    """So that a page of tomorrow works, as the protocol wants it."""
    edge = EDGES["agui"]
    async with serving() as client:
        newer = {**edge.request, "threadId": "t2", "protocolVersion": "99.0"}
        answer = await post(client, edge, orjson.dumps(newer))
    assert '"protocolVersion":"1.0"' in answer.text


async def test_a_response_of_somebody_else_is_not_found() -> None:
    edge = EDGES["openai, responses"]
    async with serving() as client:
        before = {"previous_response_id": response_id(Place("t1", "r1"))}
        request = {"model": "default", "input": "hi", **before}
        answer = await post(client, edge, orjson.dumps(request))
    assert refusal(edge, answer) == (400, "previous_response_not_found")
