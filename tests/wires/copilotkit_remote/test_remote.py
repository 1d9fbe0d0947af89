"""Our runtime as a remote endpoint: what is told, refused and carried out, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Any

import httpx
import orjson
import pytest
from pydantic import BaseModel, Field
from starlette.requests import Request

from agui_runtime.agents.actions import action
from agui_runtime.agents.agent import current_run
from agui_runtime.app import create_app
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.fakes.agents import scripted_agents
from tests.runtime.worlds import ANN, BOB, Scripted, Waiting, asking, ran
from tests.support import served

PATH = "/copilotkit_remote"
AS_JSON = {"content-type": "application/json"}


@asynccontextmanager
async def node(runtime: CopilotRuntime, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks as a Node runtime does."""
    async with (
        served(create_app(runtime, remote_path=PATH)) as origin,
        httpx.AsyncClient(base_url=f"{origin}{PATH}", headers=headers) as client,
    ):
        yield client


def execution(agent: str, text: str = "hi", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    spoken = {"id": "u1", "type": "TextMessage", "role": "user", "content": text}
    body = {"name": agent, "threadId": "t1", "messages": [spoken], "state": {}, "config": {}}
    return body | {"properties": {}, "actions": []} | more


async def lines(client: httpx.AsyncClient, agent: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    answer = await client.post("/agents/execute", json=execution(agent, **more))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return [orjson.loads(line) for line in answer.content.splitlines()]


class Unit(Enum):
    C = "c"
    F = "f"


class Place(BaseModel):
    city: str
    zip: int | None = None


def weather(
    place: Place, days: Annotated[list[int], Field(description="Which days")], unit: Unit = Unit.C
) -> dict[str, object]:
    """The weather"""
    properties = dict(current_run.get().properties)
    return {"city": place.city, "days": days, "unit": unit.value, "properties": properties}


def fail() -> None:
    raise ValueError("no weather today")


async def test_agents_and_actions_are_described_as_the_sdk_describes_them() -> None:
    runtime = CopilotRuntime({"helper": Scripted()}, actions=[weather])
    async with node(runtime) as client:
        answer = await client.post("/info", json={"properties": {}, "frontendUrl": "http://p/"})
    assert answer.json()["agents"] == [
        {"name": "helper", "description": "A script", "type": "crewai"}
    ]
    [described] = answer.json()["actions"]
    place = [
        {"name": "city", "required": True, "type": "string"},
        {"name": "zip", "required": False, "type": "number"},
    ]
    assert described == {
        "name": "weather",
        "description": "The weather",
        "parameters": [
            {"name": "place", "required": True, "type": "object", "attributes": place},
            {
                "name": "days",
                "required": True,
                "type": "number[]",
                "description": "Which days",
            },
            {"name": "unit", "required": False, "type": "string", "enum": ["c", "f"]},
        ],
    }


async def test_an_action_is_carried_out() -> None:
    arguments = {"place": {"city": "Rome"}, "days": [1, 2], "unit": Unit.F.value}
    body = {"name": "weather", "arguments": arguments, "properties": {"p": 1}}
    async with node(CopilotRuntime({}, actions=[weather])) as client:
        answer = await client.post("/actions/execute", json=body)
    assert orjson.loads(answer.json()["result"]) == {
        "city": "Rome",
        "days": [1, 2],
        "unit": "f",
        "properties": {"p": 1},
    }


async def test_an_action_that_fails_tells_the_model() -> None:
    async with node(CopilotRuntime({}, actions=[action(fail), action(weather)])) as client:
        failed = await client.post("/actions/execute", json={"name": "fail", "arguments": {}})
        bad = await client.post("/actions/execute", json={"name": "weather", "arguments": {}})
    assert "no weather today" in failed.json()["result"]
    assert "INVALID_ARGUMENTS" in bad.json()["result"]


async def test_an_agents_events_become_runtime_events() -> None:
    async with node(CopilotRuntime(scripted_agents())) as client:
        spoken = await lines(client, "backend_tool_agent")
        stated = await lines(client, "state_agent", threadId="t2", state={"old": True})
        interrupted = await lines(client, "interrupt_agent", threadId="t3")
        whole = await lines(client, "snapshot_agent", threadId="t4")
    assert spoken == [
        {"type": "ActionExecutionStart", "actionExecutionId": "ag-tc2", "actionName": "lookup"},
        {"type": "ActionExecutionArgs", "actionExecutionId": "ag-tc2", "args": '{"q":"x"}'},
        {"type": "ActionExecutionEnd", "actionExecutionId": "ag-tc2"},
        {
            "type": "ActionExecutionResult",
            "actionExecutionId": "ag-tc2",
            "actionName": "lookup",
            "result": "42",
        },
        {"type": "TextMessageStart", "messageId": "ag-m4"},
        {"type": "TextMessageContent", "messageId": "ag-m4", "content": "The answer is 42"},
        {"type": "TextMessageEnd", "messageId": "ag-m4"},
    ]
    states = [line for line in stated if line["type"] == "AgentStateMessage"]
    assert [(line["nodeName"], line["running"]) for line in states] == [
        ("plan", True),
        ("plan", True),
        ("plan", True),
        ("write", True),
        ("write", True),
        ("__end__", False),
    ]
    last = {"old": True, "steps": ["one"], "progress": 100}
    assert orjson.loads(states[-1]["state"]) == last
    assert interrupted[-1] == {
        "type": "MetaEvent",
        "name": "LangGraphInterruptEvent",
        "value": '{"question":"Approve?"}',
    }
    messages = orjson.loads(whole[-1]["state"])["messages"]
    assert [it["type"] for it in messages] == [
        "TextMessage",
        "TextMessage",
        "ActionExecutionMessage",
        "ResultMessage",
    ]


async def test_what_is_requested_reaches_the_agent() -> None:
    agent = Scripted()
    runtime = CopilotRuntime({"helper": agent})
    function = {"id": "c1", "type": "ActionExecutionMessage", "name": "look", "arguments": {}}
    answered = {
        "id": "r1",
        "type": "ResultMessage",
        "actionExecutionId": "c1",
        "actionName": "look",
        "result": "seen",
    }
    picture = {"id": "i1", "type": "ImageMessage", "role": "user", "format": "png", "bytes": "AA=="}
    body = execution(
        "helper",
        messages=[picture, function, answered],
        state={"n": 1},
        config={"c": 2},
        nodeName="here",
        properties={"p": 3},
        actions=[{"name": "look", "description": "looks", "parameters": {"type": "object"}}],
        metaEvents=[{"name": "LangGraphInterruptEvent", "response": "yes"}],
    )
    async with node(runtime) as client:
        await client.post("/agents/execute", json=body)
    [seen] = agent.asked
    assert [message.role for message in seen.messages] == ["user", "assistant", "tool"]
    assert seen.state == {"n": 1}
    assert [tool.name for tool in seen.tools or ()] == ["look"]
    assert seen.forwarded_props == {
        "config": {"c": 2},
        "command": {"resume": "yes"},
        "nodeName": "here",
        "p": 3,
    }


async def test_state_goes_to_its_owner_alone() -> None:
    runtime = CopilotRuntime(scripted_agents(), authenticate=_named)
    async with node(runtime, **{"x-owner": "ann"}) as client:
        await lines(client, "lg_like_agent")
        body = {"name": "lg_like_agent", "threadId": "t1", "properties": {}}
        ann = (await client.post("/agents/state", json=body)).json()
        bob = (await client.post("/agents/state", json=body, headers={"x-owner": "bob"})).json()
    assert ann["threadExists"] is True
    assert ann["state"] == {"topic": "dogs"}
    assert [it["id"] for it in ann["messages"]] == ["h1", "t1", "r1", "a2"]
    assert bob == {"threadId": "t1", "threadExists": False, "state": {}, "messages": []}


async def test_whoever_hangs_up_stops_the_agent() -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"helper": agent})
    async with node(runtime) as client:
        request = client.build_request("POST", "/agents/execute", json=execution("helper"))
        answer = await client.send(request, stream=True)
        await anext(answer.aiter_bytes())
        await answer.aclose()
        await agent.closed.wait()
        await runtime.store.log.wait_idle("t1")
        [run] = await runtime.store.threads.runs("t1")
    assert run.status == "stopped"


async def test_an_agent_that_fails_at_once_is_an_http_error() -> None:
    async with node(CopilotRuntime(scripted_agents())) as client:
        answer = await client.post("/agents/execute", json=execution("throw_agent"))
    assert answer.status_code == 500
    assert answer.json() == {"error": "the agent failed"}


async def test_an_agent_that_fails_later_breaks_the_answer_off() -> None:
    async with node(CopilotRuntime(scripted_agents())) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/agents/execute", json=execution("mid_error_agent"))


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("/agents/execute", b"{oops", 400, "not JSON"),
        ("/agents/execute", b"[]", 400, "JSON object"),
        ("/agents/execute", b"{}", 400, "name is required"),
        ("/agents/execute", b'{"name": "nobody"}', 404, "'helper'"),
        ("/agents/execute", b'{"name": "helper", "actions": [1]}', 400, "tools"),
        ("/agents/execute", b'{"name": "helper", "threadId": "a\\nb"}', 400, "thread_id"),
        ("/agents/state", b'{"name": "helper"}', 400, "threadId is required"),
        ("/agents/state", b'{"name": "nobody", "threadId": "t"}', 404, "'helper'"),
        ("/actions/execute", b'{"name": "nope"}', 404, "'nope' not found"),
        ("/info", b"x" * 32_000_001, 413, "32000000"),
    ],
)
async def test_what_cannot_be_served_is_refused_with_its_reason(
    path: str, body: bytes, status: int, expected: str
) -> None:
    async with node(CopilotRuntime({"helper": Scripted()})) as client:
        answer = await client.post(path, content=body, headers=AS_JSON)
    assert answer.status_code == status
    assert expected in answer.json()["error"]


async def test_pages_and_strangers_are_refused() -> None:
    runtime = CopilotRuntime({}, actions=[weather], authenticate=_named)
    async with node(runtime) as client:
        page = await client.post("/info", json={}, headers={"origin": "http://evil.test"})
        stranger = await client.post("/info", json={})
        broken = await client.post("/info", json={}, headers={"x-owner": "broken"})
    assert (page.status_code, stranger.status_code, broken.status_code) == (403, 401, 500)
    assert "database" not in broken.text


async def test_it_is_not_served_by_default() -> None:
    async with served(create_app(CopilotRuntime({}))) as origin, httpx.AsyncClient() as client:
        answer = await client.post(f"{origin}{PATH}/info", json={})
    assert answer.status_code == 404


async def test_one_runtime_may_use_another_ones_agents() -> None:
    far = CopilotRuntime(scripted_agents(), actions=[weather])
    async with served(create_app(far, remote_path=PATH)) as origin:
        near = CopilotRuntime({}, remotes=[RemoteEndpoint(f"{origin}{PATH}")])
        catalog = await near.catalog(RunContext(ANN, "req-1"))
        events = await ran(near, asking(agent="state_agent"))
        await near.close()
    assert set(catalog.agents) == set(scripted_agents())
    assert [each.name for each in catalog.actions] == ["weather"]
    assert [e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT"] == ["State ", "done"]
    assert events[-1]["type"] == "RUN_FINISHED"


async def _named(request: Request) -> Caller | None:
    await asyncio.sleep(0)
    owner = request.headers.get("x-owner")
    if owner == "broken":
        raise RuntimeError("the database of users is down")
    return {"ann": ANN, "bob": BOB}.get(owner or "")
