"""Agents whose state has a schema: what front ends save, and what runs begin with and leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, StateSchema, create_app
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.stores.base import AgentState, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.states import StateStoreManager
from tests.stores.servers import RedisServer, opened
from tests.support import served

TRIP = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
SAVE = "mutation ($data: SaveAgentStateInput!) { saveAgentState(data: $data) { version } }"
LOAD = "query ($data: LoadAgentStateInput!) { loadAgentState(data: $data) { state version } }"


async def traveller(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says as its state what the user's message spells."""
    content = str(request.messages[-1].content)
    if content.startswith("["):
        yield {"type": "STATE_DELTA", "delta": orjson.loads(content)}
    elif content:
        yield {"type": "STATE_SNAPSHOT", "snapshot": orjson.loads(content)}


def renamed(state: dict[str, Any]) -> dict[str, Any]:
    return {"city": state["town"]}


@asynccontextmanager
async def app(store: Store, schema: StateSchema) -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime({"default": traveller}, store=store, states={"default": schema})
    async with (
        served(create_app(runtime)) as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        yield client


async def run(client: httpx.AsyncClient, content: str, **more: object) -> list[Event]:
    """The events of a run over AG-UI."""
    answer = await client.post("/copilotkit/agent/default/run", json=run_body(content) | more)
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    return [orjson.loads(line[6:]) for line in lines if line.startswith("data: ")]


def run_body(content: str) -> dict[str, Any]:
    message = {"id": uuid4().hex, "role": "user", "content": content}
    ids = {"threadId": "t1", "runId": uuid4().hex}
    return ids | {"messages": [message], "tools": [], "context": [], "forwardedProps": {}}


async def graphql(client: httpx.AsyncClient, query: str, **data: object) -> dict[str, Any]:
    data = {"threadId": "t1", "agentName": "default"} | data
    answer = await client.post("/copilotkit", json={"query": query, "variables": {"data": data}})
    answered: dict[str, Any] = answer.json()
    return answered


async def loaded(client: httpx.AsyncClient) -> tuple[object, int]:
    answered = (await graphql(client, LOAD))["data"]["loadAgentState"]
    return orjson.loads(answered["state"]), answered["version"]


async def test_a_front_end_can_save_only_what_matches() -> None:
    async with app(MemoryStore(), StateSchema(TRIP)) as client:
        refused = await graphql(client, SAVE, state='{"city": 7}')
        assert (await graphql(client, LOAD))["data"]["loadAgentState"]["version"] == 0
        saved = await graphql(client, SAVE, state='{"city": "Rome"}')
        assert await loaded(client) == ({"city": "Rome"}, 1)
    assert refused["errors"][0]["message"] == (
        "the state does not match the schema of agent 'default': /city: 7 is not of type 'string'"
    )
    assert saved["data"]["saveAgentState"]["version"] == 1


async def test_a_run_does_not_begin_with_a_state_that_does_not_match() -> None:
    async with app(MemoryStore(), StateSchema(TRIP)) as client:
        answer = await client.post(
            "/copilotkit/agent/default/run", json=run_body("") | {"state": {"town": 1}}
        )
        assert answer.status_code == 400
        assert "'city' is a required property" in answer.text
        for state in ({}, None, {"city": "Rome"}):
            assert (await run(client, "", state=state))[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(
    "wrong",
    ['{"town": 1}', '[{"op": "remove", "path": "/city"}, {"op": "add", "path": "/a", "value": 1}]'],
)
async def test_a_run_fails_before_it_tells_a_state_that_does_not_match(wrong: str) -> None:
    async with app(MemoryStore(), StateSchema(TRIP)) as client:
        right = await run(client, '{"city": "Rome"}')
        failed = await run(client, wrong, state={"city": "Rome"})
        assert (await loaded(client))[0] == {"city": "Rome"}
    assert [event["type"] for event in right][1:] == ["STATE_SNAPSHOT", "RUN_FINISHED"]
    assert [event["type"] for event in failed][1:] == ["RUN_ERROR"]
    assert failed[-1]["code"] == "STATE_INVALID"
    assert "its schema: /: 'city' is a required property" in failed[-1]["message"]


async def test_older_states_are_migrated_for_front_ends_and_saved_anew_by_runs() -> None:
    store = MemoryStore()
    await store.threads.obtain("t1", "anonymous", "default")
    await store.states.save("t1", "default", AgentState({"town": "Rome"}))
    async with app(store, StateSchema(TRIP, version=2, migrations={1: renamed})) as client:
        assert (await loaded(client))[0] == {"city": "Rome"}
        await run(client, '{"city": "Bonn"}')
        saved = await store.states.load("t1", "default")
    assert saved is not None
    assert (saved.state, saved.schema_version) == ({"city": "Bonn"}, 2)


async def test_what_a_newer_server_saved_is_told_and_left_as_it_is() -> None:
    store = MemoryStore()
    await store.threads.obtain("t1", "anonymous", "default")
    await store.states.save("t1", "default", AgentState({"new": 1}, schema_version=3))
    async with app(store, StateSchema(TRIP, version=2, migrations={1: renamed})) as client:
        answered = await graphql(client, LOAD)
        events = await run(client, '{"city": "Bonn"}')
        saved = await store.states.load("t1", "default")
    assert "version 3, this server knows 2" in answered["errors"][0]["message"]
    assert answered["errors"][0]["extensions"]["statusCode"] == 500
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "STATE_UNREADABLE")
    assert saved is not None
    assert (saved.state, saved.version) == ({"new": 1}, 1)


@pytest.mark.parametrize(
    ("event", "version"),
    [({"type": "STATE_SNAPSHOT", "snapshot": {"city": "Bonn"}}, 2), ({"type": "RAW"}, 1)],
)
async def test_the_state_of_a_lost_run_has_the_version_of_whoever_told_it(
    redis: RedisServer, event: Mapping[str, Any], version: int
) -> None:
    now = [1_000_000.0]
    async with opened(RedisStore(redis.url, prefix=uuid4().hex, clock=lambda: now[0])) as store:
        await store.threads.obtain("t1", "ann", "default")
        await store.states.save("t1", "default", AgentState({"town": "Rome"}))
        schema = StateSchema(TRIP, version=2, migrations={1: renamed})
        states = StateStoreManager(store, {"default": schema})
        lost = RunInfo("t1", "r1", "default", "ann", now[0], schema_version=2)
        lease = await states.store.log.claim(lost, lambda: None)
        await states.store.log.append(lease, [dict(event) | {"event": {}}])
        now[0] += 60
        await store.janitor.end_lost_runs()
        saved = await store.states.load("t1", "default")
        assert saved is not None
        assert saved.schema_version == version
        migrated = await states.load("t1", "default")
        assert migrated is not None
        assert migrated.state == {"city": "Bonn" if version == 2 else "Rome"}


async def test_a_lost_run_is_ended_even_if_the_saved_state_is_damaged(redis: RedisServer) -> None:
    now, prefix = [1_000_000.0], uuid4().hex
    async with opened(RedisStore(redis.url, prefix=prefix, clock=lambda: now[0])) as store:
        await store.log.claim(RunInfo("t1", "r1", "default", "ann", now[0]), lambda: None)
        redis.command("HSET", f"{prefix}:{{t1}}:states", "s:default", "{")
        now[0] += 60
        await store.janitor.end_lost_runs()
        assert await store.log.active("t1") is None
        assert await store.states.load("t1", "default") is not None


async def test_a_run_that_meets_a_damaged_state_ends_and_leaves_it_alone(
    redis: RedisServer,
) -> None:
    prefix = uuid4().hex
    store = RedisStore(redis.url, prefix=prefix)
    runtime = CopilotRuntime({"default": traveller}, store=store)
    key = f"{prefix}:{{t1}}:states"
    async with (
        served(create_app(runtime)) as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        await run(client, '{"city": "Rome"}')
        redis.command("HSET", key, "s:default", "{")
        failed = await run(client, '{"city": "Bonn"}')
        assert redis.command("HGET", key, "s:default") == b"{"
        await runtime.states.delete("t1", "default")
        right = await run(client, '{"city": "Oslo"}')
        assert (await loaded(client))[0] == {"city": "Oslo"}
    assert [event["type"] for event in failed] == ["RUN_STARTED", "RUN_ERROR"]
    assert failed[-1]["code"] == "STATE_UNREADABLE"
    assert right[-1]["type"] == "RUN_FINISHED"
