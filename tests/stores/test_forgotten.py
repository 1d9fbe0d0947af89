"""A long chat whose first runs a store has dropped: a page still gets all that was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryLimits, MemoryStore
from agui_runtime.stores.redis import RedisLimits, RedisStore
from tests.stores.servers import RedisServer
from tests.support import client_of
from tests.wires.agui.serving import Event, events, frames, run_body, serving

TURNS = 5


@pytest.fixture(params=["memory", "redis"])
def forgetful(request: pytest.FixtureRequest, redis: RedisServer) -> Store:
    """A store that holds two runs of a thread."""
    if request.param == "memory":
        return MemoryStore(MemoryLimits(runs_per_thread=2))
    return RedisStore(redis.url, prefix=uuid4().hex, limits=RedisLimits(runs_per_thread=2))


async def counting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Answers with the number of the turn."""
    count = sum(message.role == "user" for message in request.messages)
    ids = {"messageId": f"a{count}"}
    yield {"type": "TEXT_MESSAGE_START", "role": "assistant", **ids}
    yield {"type": "TEXT_MESSAGE_CONTENT", "delta": f"answer {count}", **ids}


async def chat(client: httpx.AsyncClient, turns: int = TURNS) -> None:
    """Each turn sends the whole conversation, as front ends do."""
    messages: list[Event] = []
    for turn in range(1, turns + 1):
        messages.append({"id": f"u{turn}", "role": "user", "content": f"question {turn}"})
        body = run_body(run=f"r{turn}", messages=messages)
        assert (await client.post("/agent/default/run", json=body)).status_code == 200
        messages.append({"id": f"a{turn}", "role": "assistant", "content": f"answer {turn}"})


ALL = [f"{who}{turn}" for turn in range(1, TURNS + 1) for who in "ua"]


async def test_the_messages_of_dropped_runs_are_still_there(forgetful: Store) -> None:
    runtime = CopilotRuntime(agents={"default": counting}, store=forgetful)
    async with serving(runtime) as client:
        await chat(client)
        listed = (await client.get("/threads/t1/messages")).json()
        runs = (await client.get("/threads/t1/runs")).json()
    async with client_of(
        create_app(CopilotRuntime({"default": counting}, store=forgetful))
    ) as all_:
        query = '{ thread(id: "t1") { droppedRecords runs { id } } }'
        answer = await all_.post("/copilotkit", json={"query": query})
        graph = answer.json()["data"]["thread"]
    assert [message["id"] for message in listed["messages"]] == ALL
    assert [run["id"] for run in runs["runs"]] == ["r4", "r5"]
    assert [run["id"] for run in graph["runs"]] == ["r5", "r4"]
    gone = [listed["droppedRecords"], runs["droppedRecords"], graph["droppedRecords"]]
    assert gone == [15, 15, 15]  # three runs of five events


async def test_a_page_that_comes_back_gets_them_and_how_many_records_are_gone(
    forgetful: Store,
) -> None:
    runtime = CopilotRuntime(agents={"default": counting}, store=forgetful)
    async with serving(runtime) as client:
        await chat(client)
        answer = await client.post("/agent/default/connect", json=run_body(messages=[]))
    started, snapshot, notice, finished, *rest = events(answer.text)
    assert [started["type"], finished["type"]] == ["RUN_STARTED", "RUN_FINISHED"]
    assert [message["id"] for message in snapshot["messages"]] == ALL[:6]
    assert notice["name"] == "agui_runtime.forgotten"
    assert notice["value"]["records"] == 15  # three runs of five events
    assert [each["runId"] for each in rest if each["type"] == "RUN_STARTED"] == ["r4", "r5"]


async def test_a_reader_that_was_cut_off_behind_them_goes_on_with_what_is_kept(
    forgetful: Store,
) -> None:
    runtime = CopilotRuntime(agents={"default": counting}, store=forgetful)
    async with serving(runtime) as client:
        await chat(client)
        whole = await client.post("/agent/default/connect", json=run_body(messages=[]))
        behind = next(id_ for id_, event in frames(whole.text) if event["type"] == "RUN_FINISHED")
        rest = await client.post(
            "/agent/default/connect",
            json=run_body(messages=[]),
            headers={"last-event-id": str(behind)},
        )
    runs = [each["runId"] for each in events(rest.text) if each["type"] == "RUN_STARTED"]
    assert runs == ["r4", "r5"]


async def test_nothing_stands_before_a_thread_that_is_whole(forgetful: Store) -> None:
    runtime = CopilotRuntime(agents={"default": counting}, store=forgetful)
    async with serving(runtime) as client:
        await chat(client, turns=2)
        listed = (await client.get("/threads/t1/messages")).json()
        assert "droppedRecords" not in listed
        answer = await client.post("/agent/default/connect", json=run_body(messages=[]))
    assert [each["runId"] for each in events(answer.text) if "runId" in each][::2] == ["r1", "r2"]


async def test_without_a_saved_state_the_gap_is_reported(forgetful: Store) -> None:
    runtime = CopilotRuntime(agents={"default": counting}, store=forgetful)
    async with serving(runtime) as client:
        await chat(client)
        await runtime.store.states.delete("t1")
        answer = await client.post("/agent/default/connect", json=run_body(messages=[]))
    assert [each["type"] for each in events(answer.text)[:3]] == [
        "RUN_STARTED",
        "CUSTOM",
        "RUN_FINISHED",
    ]
