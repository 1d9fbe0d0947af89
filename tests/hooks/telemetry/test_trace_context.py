"""The trace of a request goes on: in from every wire, and out to whoever is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.hooks.telemetry.spans import Spans
from tests.fakes.endpoint import Endpoint, sse
from tests.fakes.model import ModelServer
from tests.fakes.remote import RemoteFake
from tests.hooks.telemetry.test_spans import PARENT, TRACE, TRACEPARENT, Trace
from tests.runtime.worlds import Scripted, call
from tests.support import client_of, served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.subscribing import ANSWER, data, socket

STATE = "vendor=1"
HEADERS = {"traceparent": TRACEPARENT, "tracestate": STATE}

Sent = Mapping[str, str]


@pytest.fixture
def recorded() -> Iterator[Trace]:
    trace = Trace()
    yield trace
    trace.provider.shutdown()


async def asked(runtime: CopilotRuntime, agent: str = "default") -> None:
    """One run of the agent, whose request belongs to a trace."""
    async with client_of(create_app(runtime)) as client:
        url = f"/copilotkit/agent/{agent}/run"
        answer = await client.post(url, json=run_body(), headers=HEADERS, timeout=60)
        assert "RUN_FINISHED" in answer.text, answer.text


async def to_agui(spans: Spans) -> Sent:
    ids = {"threadId": "t1", "runId": "r1"}
    endpoint = Endpoint([sse({"type": "RUN_STARTED", **ids}, {"type": "RUN_FINISHED", **ids})])
    async with served(endpoint.app) as origin:
        await asked(CopilotRuntime({"default": AGUIAgent(f"{origin}/agent")}, hooks=[spans]))
    return endpoint.seen[-1][0]


async def to_copilotkit(spans: Spans) -> Sent:
    remote = RemoteFake()
    async with served(remote.app) as origin:
        runtime = CopilotRuntime(
            {"default": Scripted()}, remotes=[RemoteEndpoint(origin)], hooks=[spans]
        )
        await asked(runtime, "remote_lg")
    return next(headers for path, headers, _ in remote.seen if path == "/agents/execute")


async def to_openai(spans: Spans) -> Sent:
    async with ModelServer() as model:
        agent = OpenAIAgent("m", api_key="sk-1", base_url=model.url)
        await asked(CopilotRuntime({"default": agent}, hooks=[spans]))
        return model.seen[-1].headers


async def to_litellm(spans: Spans) -> Sent:
    async with ModelServer() as model:
        agent = LiteLLMAgent("openai/m", api_key="sk-1", base_url=model.url)
        await asked(CopilotRuntime({"default": agent}, hooks=[spans]))
        return model.seen[-1].headers


async def to_mcp(spans: Spans) -> Sent:
    """Its sessions outlive runs, so that it is in what each call says of itself."""
    seen: list[Sent] = []
    async with mcp_server(seen) as url:
        runtime = CopilotRuntime(
            {"default": Scripted(*call("c1", "trace", "{}"))},
            remotes=[McpServers([McpServer(url)])],
            hooks=[spans],
        )
        await asked(runtime)
    return seen[-1]


@asynccontextmanager
async def mcp_server(seen: list[Sent]) -> AsyncIterator[str]:
    """A server of one tool, which notes what comes with its calls."""
    server = MCPServer("seen", log_level="ERROR")

    async def trace(context: Context[Any, Any]) -> str:
        meta = context.request_context.meta
        seen.append({key: str(value) for key, value in (meta or {}).items()})
        return "noted"

    server.tool()(trace)
    async with served(server.streamable_http_app()) as origin:
        yield f"{origin}/mcp"


OUT: Mapping[str, Callable[[Spans], Awaitable[Sent]]] = {
    "AG-UI": to_agui,
    "CopilotKit": to_copilotkit,
    "MCP": to_mcp,
    "OpenAI": to_openai,
    "LiteLLM": to_litellm,
}


@pytest.mark.parametrize("target", OUT)
async def test_who_is_called_gets_the_trace_with_a_span_of_ours(
    target: str, recorded: Trace
) -> None:
    sent = await OUT[target](Spans(recorded.provider))
    _, trace, parent, _ = sent["traceparent"].split("-")
    ours = {f"{span.context.span_id:016x}" for span in recorded.spans if span.context}
    assert (trace, sent["tracestate"]) == (TRACE, STATE)
    assert parent in ours


def traced(recorded: Trace) -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted()}, hooks=[Spans(recorded.provider)])


async def by_remote(runtime: CopilotRuntime) -> None:
    async with client_of(create_app(runtime, remote_path="/remote")) as client:
        body = {"name": "default", "threadId": "t1", "messages": []}
        answer = await client.post("/remote/agents/execute", json=body, headers=HEADERS)
        assert answer.status_code == 200


async def by_web_socket(runtime: CopilotRuntime) -> None:
    async with client_of(create_app(runtime)) as client, socket(client, headers=HEADERS) as ws:
        await ws.initialised()
        await ws.subscribe("a", ANSWER, data=data())
        while (await ws.hear())["type"] != "complete":
            pass


async def by_first_message(runtime: CopilotRuntime) -> None:
    """Pages cannot set headers of a WebSocket."""
    async with client_of(create_app(runtime)) as client, socket(client) as ws:
        await ws.initialised({"traceparent": TRACEPARENT})
        await ws.subscribe("a", ANSWER, data=data())
        while (await ws.hear())["type"] != "complete":
            pass


IN: Mapping[str, Callable[[CopilotRuntime], Awaitable[None]]] = {
    "remote endpoint": by_remote,
    "WebSocket": by_web_socket,
    "first message of a WebSocket": by_first_message,
}


@pytest.mark.parametrize("wire", IN)
async def test_a_run_is_part_of_the_trace_of_its_request(wire: str, recorded: Trace) -> None:
    runtime = traced(recorded)
    await IN[wire](runtime)
    [run] = [span for span in recorded.spans if span.name == "invoke_agent default"]
    assert run.parent is not None
    assert f"{run.parent.trace_id:032x}" == TRACE
    assert f"{run.parent.span_id:016x}" == PARENT
