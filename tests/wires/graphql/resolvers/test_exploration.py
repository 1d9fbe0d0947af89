"""Looking around: agents with what they can do, the caller's threads, their runs and events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from ag_ui.core import AgentCapabilities, RunAgentInput, TransportCapabilities

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import limited, with_breaker
from tests.wires.graphql.runs import FAILED, FINISHED, open_text, say, text
from tests.wires.graphql.serving import PATH, ask, by_header, chat, serving

THREADS = """query ($first: Int! = 50, $after: String, $agentName: String) {
  threads(first: $first, after: $after, agentName: $agentName) {
    nodes { id agentName name archived createdAt updatedAt runs { id status } }
    pageInfo { hasNextPage endCursor }
  }
}"""
RUN = """query ($id: String!, $first: Int! = 100, $after: String) {
  run(id: $id, threadId: "thread-1") {
    id agentName status
    timing { startedAt endedAt durationMilliseconds }
    usage { inputTokens outputTokens }
    events(first: $first, after: $after) {
      nodes { cursor seq type runId event }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


class Talker:
    """Says a word and tells what it cost."""

    description = "talks"
    capabilities = AgentCapabilities(transport=TransportCapabilities(streaming=True))

    def __init__(self, name: str = "talker") -> None:
        self.name = name

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text(f"m-{request.run_id}", "Well"):
            yield each
        yield FINISHED | {"usage": [{"inputTokens": 7, "outputTokens": 2}]}


class Cloned(Talker):
    """An adapter that is cloned for each run."""

    def clone(self) -> Cloned:
        return Cloned()


async def chatted(client: httpx.AsyncClient, *threads: str, **data: Any) -> None:  # noqa: ANN401
    for thread in threads:
        await client.post(PATH, json=chat(threadId=thread, **data))


async def only_run(client: httpx.AsyncClient) -> str:
    """The id of the only run of thread-1."""
    found = await ask(client, '{ thread(id: "thread-1") { runs { id } } }')
    [run] = found["data"]["thread"]["runs"]
    return str(run["id"])


async def test_agents_tell_what_they_can_do() -> None:
    async def plain(request: RunAgentInput) -> AsyncIterator[Event]:
        """Does little."""
        yield FINISHED

    agents = {"cloned": Cloned(), "plain": plain, "talker": Talker()}
    async with serving(CopilotRuntime(agents=agents)) as client:
        answer = await ask(client, "{ agents { id name description capabilities } }")
    streams = {"transport": {"streaming": True}}
    assert answer["data"]["agents"] == [
        {"id": "cloned", "name": "cloned", "description": "talks", "capabilities": streams},
        {"id": "plain", "name": "plain", "description": "Does little.", "capabilities": None},
        {"id": "talker", "name": "talker", "description": "talks", "capabilities": streams},
    ]


async def test_agents_tell_whether_they_are_left_alone() -> None:
    async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
        yield FAILED

    now = [0.0]
    broken = with_breaker(failing, failures=1, pause=5, clock=lambda: now[0])
    agents = {"default": limited(broken, 4), "well": with_breaker(Talker()), "plain": Talker()}
    async with serving(CopilotRuntime(agents=agents)) as client:
        told = []
        for _ in range(2):
            answer = await ask(client, "{ agents { name breaker } }")
            told.append({each["name"]: each["breaker"] for each in answer["data"]["agents"]})
            await chatted(client, "a")
        now[0] = 5.0
        answer = await ask(client, "{ availableAgents { agents { name breaker } } }")

    assert told[0] == {"default": "Closed", "well": "Closed", "plain": None}
    assert told[1] == {"default": "Open", "well": "Closed", "plain": None}
    assert answer["data"]["availableAgents"]["agents"][0]["breaker"] == "HalfOpen"


async def test_threads_are_listed_in_pages_latest_first() -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, "a", "b", "c")
        first = (await ask(client, THREADS, {"first": 2}))["data"]["threads"]
        after = first["pageInfo"]["endCursor"]
        second = (await ask(client, THREADS, {"first": 2, "after": after}))["data"]["threads"]
    assert [node["id"] for node in first["nodes"]] == ["c", "b"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert [node["id"] for node in second["nodes"]] == ["a"]
    assert second["pageInfo"] == {"hasNextPage": False, "endCursor": None}
    newest = first["nodes"][0]
    assert (newest["agentName"], newest["name"], newest["archived"]) == ("default", None, False)
    assert newest["createdAt"] <= newest["updatedAt"]
    assert [run["status"] for run in newest["runs"]] == ["Finished"]


async def test_threads_may_be_those_of_one_agent() -> None:
    async with serving(CopilotRuntime(agents={"default": Talker(), "x": Talker()})) as client:
        await chatted(client, "a")
        await chatted(client, "b", agentSession={"agentName": "x"})
        found = await ask(client, THREADS, {"agentName": "x"})
    assert [node["id"] for node in found["data"]["threads"]["nodes"]] == ["b"]


async def test_a_thread_tells_its_runs_newest_first() -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, *["thread-1"] * 3)
        query = 'query ($n: Int!) { thread(id: "thread-1") { runs(first: $n) { id timing'
        query += " { startedAt } } } }"
        three = (await ask(client, query, {"n": 9}))["data"]["thread"]["runs"]
        one = (await ask(client, query, {"n": 1}))["data"]["thread"]["runs"]
    begun = [run["timing"]["startedAt"] for run in three]
    assert len(three) == 3
    assert begun == sorted(begun, reverse=True)
    assert one == three[:1]


async def test_a_run_tells_its_events_what_it_cost_and_how_long_it_took() -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, "thread-1")
        id_ = await only_run(client)
        await chatted(client, "thread-1")
        run = (await ask(client, RUN, {"id": id_}))["data"]["run"]
    assert (run["id"], run["agentName"], run["status"]) == (id_, "default", "Finished")
    assert run["usage"] == {"inputTokens": 7, "outputTokens": 2}
    assert run["timing"]["startedAt"] <= run["timing"]["endedAt"]
    assert run["timing"]["durationMilliseconds"] >= 0
    events = run["events"]["nodes"]
    kinds = ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert [each["type"] for each in events] == ["RUN_STARTED", *kinds, "RUN_FINISHED"]
    assert [each["event"]["type"] for each in events] == [each["type"] for each in events]
    assert {each["runId"] for each in events} == {id_}
    assert [each["seq"] for each in events] == [1, 2, 3, 4, 5]


async def test_a_runs_events_are_read_in_pages_without_gap_or_repetition() -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, "thread-1")
        asked: dict[str, Any] = {"id": await only_run(client), "first": 2}
        pages: list[Any] = []
        while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
            page = (await ask(client, RUN, asked))["data"]["run"]["events"]
            pages.append(page)
            asked["after"] = page["pageInfo"]["endCursor"]
    read = [each["seq"] for page in pages for each in page["nodes"]]
    assert read == [1, 2, 3, 4, 5]
    assert [len(page["nodes"]) for page in pages] == [2, 2, 1]


async def test_a_live_run_tells_what_there_is_so_far() -> None:
    speaking, released = asyncio.Event(), asyncio.Event()

    async def slow(request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Well")
        speaking.set()
        await released.wait()

    async with serving(CopilotRuntime(agents={"default": slow})) as client:
        chatting = asyncio.create_task(chatted(client, "thread-1"))
        await speaking.wait()
        run = (await ask(client, RUN, {"id": await only_run(client)}))["data"]["run"]
        released.set()
        await chatting
    assert run["status"] == "Running"
    assert run["timing"]["endedAt"] is None
    assert run["usage"] is None
    assert run["events"]["nodes"][-1]["event"]["delta"] == "Well"
    assert run["events"]["pageInfo"]["hasNextPage"] is False


async def test_a_failed_run_is_told_as_one() -> None:
    async def broken(request: RunAgentInput) -> AsyncIterator[Event]:
        yield FAILED

    async with serving(CopilotRuntime(agents={"default": broken})) as client:
        await chatted(client, "thread-1")
        run = (await ask(client, RUN, {"id": await only_run(client)}))["data"]["run"]
    assert run["status"] == "Failed"
    assert run["events"]["nodes"][-1]["type"] == "RUN_ERROR"


async def test_nobody_sees_the_threads_of_others() -> None:
    runtime = CopilotRuntime(agents={"default": Talker()}, authenticate=by_header)
    async with serving(runtime) as client:
        client.headers["x-user"] = "ann"
        await chatted(client, "thread-1")
        id_ = await only_run(client)
        client.headers["x-user"] = "bob"
        listed = await ask(client, THREADS)
        thread = await ask(client, '{ thread(id: "thread-1") { id } }')
        run = await ask(client, RUN, {"id": id_})
    assert listed["data"]["threads"]["nodes"] == []
    for answer, field in ((thread, "thread"), (run, "run")):
        assert answer["data"] == {field: None}
        assert answer["errors"][0]["extensions"]["runtimeCode"] == "THREAD_NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ thread(id: "nowhere") { id } }', "THREAD_NOT_FOUND"),
        ('{ run(id: "never", threadId: "thread-1") { id } }', "RUN_NOT_FOUND"),
        ("{ threads(first: 0) { nodes { id } } }", "INVALID_INPUT"),
        ("{ threads(first: 101) { nodes { id } } }", "INVALID_INPUT"),
        ('{ threads(after: "else") { nodes { id } } }', "INVALID_INPUT"),
        ('{ thread(id: "thread-1") { runs(first: 101) { id } } }', "INVALID_INPUT"),
    ],
)
async def test_what_is_not_there_or_too_much_is_told(query: str, code: str) -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, "thread-1")
        answer = await ask(client, query)
    [error] = answer["errors"]
    assert error["extensions"]["runtimeCode"] == code


@pytest.mark.parametrize(("after", "code"), [("else", "INVALID_INPUT"), ("gone.1", "HISTORY_GONE")])
async def test_a_cursor_of_another_log_is_told(after: str, code: str) -> None:
    async with serving(CopilotRuntime(agents={"default": Talker()})) as client:
        await chatted(client, "thread-1")
        answer = await ask(client, RUN, {"id": await only_run(client), "after": after})
    assert answer["errors"][0]["extensions"]["runtimeCode"] == code
