"""The correlation id of a request: on every wire, in every answer and in every line of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.hooks.run_log import RunLogger
from tests.support import served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, PATH, chat
from tests.wires.graphql.subscribing import PROTOCOL

REMOTE = "/copilotkit_remote"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"

EXECUTION = {"name": "default", "threadId": "t1", "messages": [], "state": {}, "properties": {}}

RUNS = {
    "graphql": (PATH, chat()),
    "agui": (f"{PATH}/agent/default/run", run_body()),
    "envelope": (
        PATH,
        {"method": "agent/run", "params": {"agentId": "default"}, "body": run_body()},
    ),
    "remote": (f"{REMOTE}/agents/execute", EXECUTION),
}

ANSWERS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "graphql query": ("POST", PATH, {"json": {"query": "{ hello }"}}, 200),
    "graphql mistake": ("POST", PATH, {"json": {"query": "{ nothing }"}}, 400),
    "graphql no operation": ("POST", PATH, {"json": []}, 400),
    "graphql events": (
        "POST",
        PATH,
        {"json": chat(), "headers": {"accept": "text/event-stream"}},
        200,
    ),
    "playground": ("GET", PATH, {"headers": {"accept": "text/html"}}, 200),
    "agui info": ("GET", f"{PATH}/info", {}, 200),
    "agui run": ("POST", f"{PATH}/agent/default/run", {"json": run_body()}, 200),
    "agui no agent": ("POST", f"{PATH}/agent/nobody/run", {"json": run_body()}, 404),
    "agui long list": ("GET", f"{PATH}/threads/t1/messages", {}, 200),
    "remote info": ("POST", f"{REMOTE}/info", {"json": {}}, 200),
    "remote run": ("POST", f"{REMOTE}/agents/execute", {"json": EXECUTION}, 500),
    "remote page": ("POST", f"{REMOTE}/info", {"json": {}, "headers": {"origin": "null"}}, 403),
    "gate": ("POST", PATH, {"content": "a", "headers": {"content-type": "text/plain"}}, 415),
    "health": ("GET", "/healthz", {}, 200),
    "no route": ("GET", "/nowhere", {}, 404),
    "preflight": (
        "OPTIONS",
        PATH,
        {"headers": {"origin": "http://p.test", "access-control-request-method": "POST"}},
        200,
    ),
}

TRACES = {
    "sampled": (f"00-{TRACE}-{SPAN}-01", True),
    "later version": (f"01-{TRACE}-{SPAN}-01-more", True),
    "version 00 with more": (f"00-{TRACE}-{SPAN}-01-more", False),
    "forbidden version": (f"ff-{TRACE}-{SPAN}-01", False),
    "no trace": (f"00-{'0' * 32}-{SPAN}-01", False),
    "no span": (f"00-{TRACE}-{'0' * 16}-01", False),
    "upper case": (f"00-{TRACE.upper()}-{SPAN}-01", False),
    "words": ("trace me", False),
}


class Failing:
    name = "default"
    description = "Raises."

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if request.messages:
            yield {"type": "STATE_SNAPSHOT", "snapshot": {}}
        raise ValueError("no luck today")


@asynccontextmanager
async def serving(runtime: CopilotRuntime | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(runtime or CopilotRuntime({"default": Failing()}), remote_path=REMOTE)
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        yield client


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_names_its_request_once(name: str) -> None:
    method, path, request, status = ANSWERS[name]
    headers = {"accept": ACCEPT} | request.get("headers", {}) | {"x-request-id": "r-7"}
    async with serving() as client:
        answer = await client.request(method, path, **request | {"headers": headers})
    assert answer.status_code == status
    assert answer.headers.get_list("x-request-id") == ["r-7"]


@pytest.mark.parametrize("name", RUNS)
async def test_every_log_line_of_a_run_names_its_request_and_the_run(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, body = RUNS[name]
    caplog.set_level("INFO", "agui_runtime")
    runtime = CopilotRuntime({"default": Failing()}, hooks=[RunLogger()])
    async with serving(runtime) as client:
        headers = {"accept": ACCEPT, "x-request-id": "r-7"}
        await client.post(path, json=body, headers=headers)
        await runtime.store.log.wait_idle(body.get("threadId") or "t1")
        lines = [
            line.getMessage() for line in caplog.records if line.name.startswith("agui_runtime")
        ]
    assert any("the agent failed" in line and " run " in line for line in lines)
    assert [line for line in lines if not line.startswith("request r-7")] == []


async def test_the_line_of_an_action_that_failed_names_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ValueError("no luck today")

    async with serving(CopilotRuntime({}, actions=[fail])) as client:
        call = {"name": "fail", "arguments": {}}
        headers = {"x-request-id": "r-7"}
        await client.post(f"{REMOTE}/actions/execute", json=call, headers=headers)
    [line] = [each.getMessage() for each in caplog.records]
    assert line.startswith("request r-7: action fail failed (ValueError: no luck today, at ")


@pytest.mark.parametrize("wire", ["graphql", "agui", "remote"])
@pytest.mark.parametrize("given", ["two words", "a" * 129, "é", "r-8\tfailed", ""])
async def test_an_id_that_could_forge_a_line_is_replaced(
    given: str, wire: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, body = RUNS[wire]
    async with serving() as client:
        answer = await client.post(path, json=body, headers={b"x-request-id": given.encode()})
    made = answer.headers["x-request-id"]
    assert len(made) == 32
    assert any(f"request {made} " in each.getMessage() for each in caplog.records)


@pytest.mark.parametrize("name", TRACES)
async def test_a_trace_is_the_id_where_none_is_given(name: str) -> None:
    parent, good = TRACES[name]
    async with serving() as client:
        traced = await client.get("/healthz", headers={"traceparent": parent})
        both = await client.get("/healthz", headers={"traceparent": parent, "x-request-id": "r-7"})
    assert (traced.headers["x-request-id"] == TRACE) is good
    assert both.headers["x-request-id"] == "r-7"


async def test_a_handshake_is_answered_with_its_id_and_a_refused_one_too() -> None:
    async with serving() as client:
        address = str(client.base_url).replace("http", "ws", 1) + PATH
        async with connect(
            address,
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers={"x-request-id": "r-7"},
        ) as socket:
            assert socket.response is not None
            assert socket.response.headers["x-request-id"] == "r-7"


async def test_a_page_may_read_the_id() -> None:
    async with serving() as client:
        answer = await client.get("/healthz", headers={"origin": "http://p.test"})
    assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()
