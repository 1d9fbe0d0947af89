"""What is malformed, too much or not allowed: answered with JSON-RPC's own errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from agui_runtime import CopilotRuntime, McpWire, Options, ServerOptions
from agui_runtime.core.errors import Misconfigured
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.wires.mcp.serving import (
    META,
    MODERN,
    STATELESS,
    VERSION,
    Echo,
    a_runtime,
    calling,
    events_in,
    message,
    plain,
    serving,
    session_of,
)
from tests.wires.openai.serving import Held


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"", 400, -32600),
        (b"[]", 400, -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600),
        (b'"ping"', 400, -32600),
        (b'{"id":1,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":1}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":"' + b"x" * 300 + b'","method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":1}}', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"resources/list"}', 200, -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}', 200, -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize"}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":[]}}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":"made-up","result":{}}', 400, -32600),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 300 + b"]" * 300 + b"}",
            413,
            -32000,
        ),
    ],
)
async def test_a_malformed_message_is_an_error_of_json_rpc(
    body: bytes, status: int, code: int
) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        headers = {"content-type": "application/json"}
        answer = await client.post("/mcp", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["jsonrpc"] == "2.0"


@pytest.mark.parametrize(
    ("headers", "meta", "status", "code"),
    [
        ({}, {}, 400, -32602),
        ({}, {"io.modelcontextprotocol/protocolVersion": MODERN}, 400, -32602),
        ({"mcp-method": "tools/call"}, META, 400, -32020),
        ({"mcp-protocol-version": "2027-01-01"}, META, 400, -32020),
        (
            {"mcp-protocol-version": "2027-01-01"},
            META | {"io.modelcontextprotocol/protocolVersion": "2027-01-01"},
            400,
            -32022,
        ),
    ],
)
async def test_a_request_that_contradicts_its_headers_is_refused(
    headers: dict[str, str], meta: Mapping[str, Any], status: int, code: int
) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        body = message("tools/list", {"_meta": meta})
        answer = await client.post("/mcp", json=body, headers=STATELESS | headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_method_of_the_other_generation_is_not_there() -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        body = message("ping", {"_meta": META})
        headers = STATELESS | {"mcp-method": "ping"}
        answer = await client.post("/mcp", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize(
    "method",
    [
        *("resources/list", "resources/templates/list", "resources/read", "resources/subscribe"),
        *("prompts/list", "prompts/get", "completion/complete", "logging/setLevel", "tasks/get"),
        *("sampling/createMessage", "subscriptions/listen", "roots/list"),
    ],
)
async def test_what_no_capability_says_is_no_method(method: str) -> None:
    stateless = STATELESS | {"mcp-method": method, "mcp-name": "x"}
    async with serving(a_runtime()) as origin, plain(origin) as client:
        session = await session_of(client)
        params = {"name": "x", "uri": "x:y", "taskId": "x"}
        older = await client.post("/mcp", json=message(method, params), headers=session)
        body = message(method, {**params, "uri": "x", "taskId": "x", "_meta": META})
        newer = await client.post("/mcp", json=body, headers=stateless)
    assert (older.status_code, older.json()["error"]["code"]) == (200, -32601)
    assert (newer.status_code, newer.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize(
    "params",
    [
        {"requestState": "made-up"},
        {"requestState": 5, "inputResponses": {"answer": {"action": "accept"}}},
        {"requestState": "WyJ0IiwiciIsbnVsbCxudWxsLGZhbHNlXQ"},
    ],
)
async def test_a_state_that_was_never_given_is_refused(params: dict[str, Any]) -> None:
    headers = STATELESS | {"mcp-method": "tools/call", "mcp-name": "default"}
    body = message("tools/call", {"name": "default", **params, "_meta": META})
    async with serving(a_runtime()) as origin, plain(origin) as client:
        answer = await client.post("/mcp", json=body, headers=headers)
    assert answer.json()["error"]["code"] == -32602


@pytest.mark.parametrize("session", ["made-up", "2031-01-01~1~" + "0" * 32, "x" * 5000])
async def test_a_session_that_nobody_began_is_not_found(session: str) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        answer = await client.post(
            "/mcp", json=message("ping"), headers={"mcp-session-id": session}
        )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "event", ["made-up", "a.b.1", "." * 50, "WyJ0IiwiciIsMSxudWxsLGZhbHNlXQ.e.1"]
)
async def test_an_event_that_was_never_sent_is_refused(event: str) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        headers = await session_of(client)
        answer = await client.get("/mcp", headers={**headers, "last-event-id": event})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32600)


@pytest.mark.parametrize(
    ("method", "version"), [("GET", VERSION), ("DELETE", VERSION), ("GET", MODERN)]
)
async def test_what_is_not_offered_is_named(method: str, version: str) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        headers = {"mcp-protocol-version": version}
        answer = await client.request(method, "/mcp", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_who_ends_a_session_learns_that_there_is_nothing_to_end() -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        headers = await session_of(client)
        answer = await client.delete("/mcp", headers=headers)
        after = await client.post("/mcp", json=message("ping"), headers=headers)
    assert answer.status_code == 405
    assert "notifications/cancelled" in answer.json()["error"]["message"]
    assert after.status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "text/html"])
async def test_a_client_that_cannot_read_both_forms_is_refused(accept: str) -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        answer = await client.post("/mcp", json=message("ping"), headers={"accept": accept})
    assert answer.status_code == 406


async def test_who_is_unknown_is_asked_for_credentials() -> None:
    runtime = CopilotRuntime({"default": Echo()}, authenticate=lambda request: None)
    async with serving(runtime) as origin, plain(origin) as client:
        answer = await client.post("/mcp", json=message("tools/list"))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["error"]["data"] == {"code": "UNAUTHENTICATED"}


async def test_a_body_over_the_limit_is_refused() -> None:
    options = ServerOptions(body=BodyLimits(bytes=1000))
    async with serving(a_runtime(), options=options) as origin, plain(origin) as client:
        answer = await client.post("/mcp", json=calling(message="x" * 2000))
    assert answer.status_code == 413
    assert "error" in answer.json()


async def test_a_busy_thread_is_a_result_that_a_model_can_read() -> None:
    held, runtime_options = Held(), Options(on_busy="reject")
    agents = {"default": Echo(), "held": held}
    runtime = CopilotRuntime(agents, options=runtime_options)
    async with serving(runtime) as origin, plain(origin) as client:
        first = await client.post("/mcp", json=calling(message="hi"))
        thread = events_in(first.text)[-1][1]["result"]["structuredContent"]["threadId"]
        body = calling("held", message="hi", threadId=thread)
        busy = asyncio.create_task(client.post("/mcp", json=body))
        await held.reached.wait()
        answer = await client.post("/mcp", json=calling(message="you?", threadId=thread))
        busy.cancel()
        await asyncio.wait([busy])
    assert answer.json()["result"]["isError"]
    assert "busy" in answer.json()["result"]["content"][0]["text"]


ELSEWHERE = "https://evil.example"


@pytest.mark.parametrize(
    ("wire", "origins", "page", "status"),
    [
        (McpWire(), ("*",), ELSEWHERE, 403),
        (McpWire(foreign_pages=True), ("*",), ELSEWHERE, 200),
        (McpWire(), (ELSEWHERE,), ELSEWHERE, 200),
        (McpWire(foreign_pages=True), ("https://other.example",), ELSEWHERE, 403),
        (McpWire(), ("*",), "null", 403),
    ],
)
async def test_pages_of_other_origins_call_where_they_are_listed(
    wire: McpWire, origins: tuple[str, ...], page: str, status: int
) -> None:
    options = ServerOptions(cors_origins=origins)
    async with serving(a_runtime(), wire, options) as origin, plain(origin) as client:
        answer = await client.post("/mcp", json=message("ping"), headers={"origin": page})
    assert answer.status_code == status


async def test_a_page_whose_name_was_made_to_point_here_is_refused() -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        headers = {"host": "evil.example", "origin": "http://evil.example"}
        answer = await client.post("/mcp", json=message("ping"), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"path": "mcp"}, {"pace": -1}, {"keep_alive": "x"}, {"foreign_pages": 3}]
)
def test_a_value_that_cannot_be_obeyed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        McpWire(**wrong)
