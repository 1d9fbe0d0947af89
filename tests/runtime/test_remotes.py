"""Agents of remotes on every wire: listed, asked, and told of when their server is down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson

from agui_runtime.app import create_app
from agui_runtime.connectors.copilotkit import RemoteEndpoint, RemoteOptions
from agui_runtime.connectors.shared.remote import Patience
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import AgentState
from tests.connectors.talk import Waits
from tests.fakes.remote import RemoteFake
from tests.runtime.worlds import ANN, Scripted
from tests.support import served

NAMES = {"default", "remote_crew", "remote_lg", "remote_weird"}
ASKED = {
    "threadId": "t1",
    "runId": "r1",
    "messages": [{"id": "u1", "role": "user", "content": "hi"}],
    "tools": [],
    "context": [],
    "state": {},
    "forwardedProps": {},
}


@asynccontextmanager
async def page(fake: RemoteFake) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a runtime whose one remote this is."""
    async with served(fake.app) as endpoint:
        remote = RemoteEndpoint(
            endpoint, options=RemoteOptions(patience=Patience(retries=0, sleep=Waits()))
        )
        app = create_app(CopilotRuntime({"default": Scripted()}, remotes=[remote]))
        async with (
            served(app) as origin,
            httpx.AsyncClient(base_url=origin) as client,
        ):
            yield client


async def test_the_routes_of_today_list_and_run_remote_agents() -> None:
    async with page(RemoteFake()) as client:
        listed = (await client.get("/copilotkit/info")).json()["agents"]
        answer = await client.post("/copilotkit/agent/remote_crew/run", json=ASKED)
    assert listed.keys() == NAMES
    assert listed["remote_crew"]["description"] == "crew agent"
    assert "says hi" in answer.text
    assert answer.text.count('"RUN_FINISHED"') == 1


async def test_the_routes_of_today_tell_that_a_remote_is_down() -> None:
    async with page(RemoteFake(unavailable=9)) as client:
        listed = (await client.get("/copilotkit/info")).json()["agents"]
        down = await client.post("/copilotkit/agent/remote_crew/run", json=ASKED)
        own = await client.post("/copilotkit/agent/default/run", json=ASKED)
    assert listed.keys() == {"default"}
    assert down.status_code == 502
    assert down.json()["code"] == "REMOTE_REFUSED"
    assert own.text.count('"RUN_FINISHED"') == 1


async def test_an_agent_that_no_remote_has_is_unknown() -> None:
    async with page(RemoteFake()) as client:
        answer = await client.post("/copilotkit/agent/nobody/run", json=ASKED)
    assert answer.status_code == 404


async def test_graphql_lists_remote_agents() -> None:
    query = orjson.dumps({"query": "{ agents { name } availableAgents { agents { name } } }"})
    headers = {"content-type": "application/json"}
    async with page(RemoteFake()) as client:
        data = (await client.post("/copilotkit", content=query, headers=headers)).json()["data"]
    assert {agent["name"] for agent in data["agents"]} == NAMES
    assert {agent["name"] for agent in data["availableAgents"]["agents"]} == NAMES


async def test_state_may_be_saved_for_a_remote_agent() -> None:
    async with served(RemoteFake().app) as endpoint:
        runtime = CopilotRuntime({}, remotes=[RemoteEndpoint(endpoint)])
        await runtime.saved_states.save("t1", "remote_crew", ANN, StateUpdate({"n": 1}))
        found = await runtime.saved_states.load("t1", "remote_crew", ANN)
        await runtime.close()
    assert isinstance(found, AgentState)
    assert found.state == {"n": 1}
