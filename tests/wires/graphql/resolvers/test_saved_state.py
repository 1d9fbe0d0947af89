"""A front end saves an agent's state and loads it again; a save that comes too late is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.thread_table import MemoryLimits
from tests.wires.graphql.runs import event, text
from tests.wires.graphql.serving import PATH, ask, by_header, chat, serving, user

SAVE = """mutation ($data: SaveAgentStateInput!) {
  saveAgentState(data: $data) { threadId agentName version }
}"""
LOAD = """query ($data: LoadAgentStateInput!) {
  loadAgentState(data: $data) { threadExists state messages version }
}"""


async def planner(request: RunAgentInput) -> AsyncIterator[Event]:
    for each in text("m1", "Noted"):
        yield each
    yield event("STATE_SNAPSHOT", snapshot={"steps": 3})


async def save(client: httpx.AsyncClient, **data: Any) -> Any:  # noqa: ANN401  # any JSON
    """The saved version, or the error's extensions."""
    given = {"threadId": "thread-1", "agentName": "default", "state": "{}"}
    answer = await ask(client, SAVE, {"data": given | data})
    if answer.get("errors"):
        assert answer["data"] is None
        [error] = answer["errors"]
        return error["extensions"] | {"message": error["message"]}
    return answer["data"]["saveAgentState"]["version"]


async def load(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    asked = {"data": {"threadId": "thread-1", "agentName": "default"}}
    answer = await ask(client, LOAD, asked, **headers)
    loaded: dict[str, Any] = answer["data"]["loadAgentState"]
    return loaded


async def test_what_is_saved_can_be_loaded_also_on_a_thread_that_is_new() -> None:
    async with serving(CopilotRuntime(agents={"default": planner})) as client:
        before = await load(client)
        messages = [user("u1", "Hello")]
        assert await save(client, state='{"n": 1}', messages=messages, expectedVersion=0) == 1
        after = await load(client)
    assert before == {"threadExists": False, "state": "{}", "messages": "[]", "version": 0}
    assert (after["threadExists"], after["version"]) == (True, 1)
    assert orjson.loads(after["state"]) == {"n": 1}
    assert orjson.loads(after["messages"]) == [{"role": "user", "content": "Hello", "id": "u1"}]


async def test_a_stale_save_is_a_conflict_that_tells_the_current_version() -> None:
    async with serving(CopilotRuntime(agents={"default": planner})) as client:
        assert await save(client, state='{"by": "first"}', expectedVersion=0) == 1
        assert await save(client, state='{"by": "second"}', expectedVersion=1) == 2
        refused = await save(client, state='{"by": "third"}', expectedVersion=1)
        kept = await load(client)
    assert (refused["runtimeCode"], refused["statusCode"]) == ("STATE_CONFLICT", 409)
    assert refused["currentVersion"] == 2
    assert orjson.loads(kept["state"]) == {"by": "second"}


async def test_of_two_saves_at_once_that_expect_the_same_one_wins() -> None:
    async with serving(CopilotRuntime(agents={"default": planner})) as client:
        saves = (save(client, state=f'{{"n": {n}}}', expectedVersion=0) for n in range(5))
        outcomes = await asyncio.gather(*saves)
    assert outcomes.count(1) == 1
    assert [each["currentVersion"] for each in outcomes if each != 1] == [1] * 4


async def test_a_save_without_messages_keeps_those_of_the_thread() -> None:
    async with serving(CopilotRuntime(agents={"default": planner})) as client:
        await client.post(PATH, json=chat())
        told = await load(client)
        version = await save(client, state='{"n": 2}')
        kept = await load(client)
        await save(client, state="{}", messages=[])
        emptied = await load(client)
    assert orjson.loads(told["state"]) == {"steps": 3}
    assert version == told["version"] + 1
    assert kept["messages"] == told["messages"] != "[]"
    assert orjson.loads(kept["state"]) == {"n": 2}
    assert emptied["messages"] == "[]"


async def test_the_threads_of_others_cannot_be_written() -> None:
    runtime = CopilotRuntime(agents={"default": planner}, authenticate=by_header)
    async with serving(runtime) as client:
        client.headers["x-user"] = "ann"
        await save(client, state='{"of": "ann"}')
        client.headers["x-user"] = "bob"
        refused = await save(client, state='{"of": "bob"}')
        client.headers["x-user"] = "ann"
        kept = await load(client)
    assert (refused["code"], refused["runtimeCode"]) == ("NOT_FOUND", "THREAD_NOT_FOUND")
    assert orjson.loads(kept["state"]) == {"of": "ann"}


async def test_a_running_agents_state_cannot_be_saved_since_its_end_would_overwrite_it() -> None:
    speaking, released = asyncio.Event(), asyncio.Event()

    async def slow(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Well"):
            yield each
        speaking.set()
        await released.wait()

    async with serving(CopilotRuntime(agents={"default": slow, "other": planner})) as client:
        chatting = asyncio.create_task(client.post(PATH, json=chat()))
        await speaking.wait()
        refused = await save(client)
        others = await save(client, agentName="other")
        released.set()
        await chatting
        afterwards = await save(client)
    assert refused["runtimeCode"] == "THREAD_BUSY"
    assert others == 1
    assert afterwards == 2


async def test_saves_on_ever_new_threads_do_not_fill_the_memory() -> None:
    store = MemoryStore(MemoryLimits(threads=3))
    async with serving(CopilotRuntime(agents={"default": planner}, store=store)) as client:
        for number in range(10):
            assert await save(client, threadId=f"t{number}") == 1
        listed = await ask(client, "{ threads { nodes { id } } }")
    ids = [node["id"] for node in listed["data"]["threads"]["nodes"]]
    assert sorted(ids) == ["t7", "t8", "t9"]


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        ({"state": "{half"}, "INVALID_INPUT", "state: not the JSON text of an object"),
        ({"state": "[]"}, "INVALID_INPUT", "state: not the JSON text of an object"),
        ({"threadId": "a\nb"}, "INVALID_INPUT", "thread_id: "),
        ({"agentName": "nobody"}, "AGENT_NOT_FOUND", "no agent 'nobody'; there are ['default']"),
        ({"state": '{"a": "' + "x" * 2000 + '"}'}, "TOO_LARGE", "the state has "),
    ],
)
async def test_what_cannot_be_saved_is_told_and_changes_nothing(
    data: dict[str, str], code: str, says: str
) -> None:
    store = MemoryStore(MemoryLimits(state_bytes=1000))
    async with serving(CopilotRuntime(agents={"default": planner}, store=store)) as client:
        refused = await save(client, **data)
        assert (await load(client))["version"] == 0
    assert refused["runtimeCode"] == code
    assert refused["message"].startswith(says)
