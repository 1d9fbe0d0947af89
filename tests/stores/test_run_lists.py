"""What a list of runs shows of each, over every store: its question, and whether its interrupt
still waits for an answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from tests.support import client_of

AGENT = "/copilotkit/agent/default/run"
RUNS = "/copilotkit/threads/t1/runs"
RUN = """{ run(id: "r1", threadId: "t1") {
  status continuedBy question
  timing { startedAt endedAt }
  messageFigures { messageId }
  events { nodes { type } }
} }"""
LIST = '{ thread(id: "t1") { runs { id status continuedBy question } } }'


@asynccontextmanager
async def serving(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime(agents={"default": DemoAgent(pace=0)}, store=store)
    async with client_of(create_app(runtime)) as client:
        yield client


async def say(client: httpx.AsyncClient, run: str, text: str, *before: Mapping[str, str]) -> None:
    messages = [*before, {"id": f"m-{text}", "role": "user", "content": text}]
    await post(client, run, messages=messages)


async def post(client: httpx.AsyncClient, run: str, **given: object) -> None:
    body = {"threadId": "t1", "runId": run, "state": {}, "tools": [], "context": []}
    answer = await client.post(AGENT, json={**body, "forwardedProps": {}, "messages": [], **given})
    assert answer.status_code == 200, answer.text


async def answer(client: httpx.AsyncClient, run: str) -> None:
    """Answer what the thread waits for with a run of that id."""
    events = (await client.get("/copilotkit/threads/t1/events")).json()["events"]
    waiting = [each["outcome"]["interrupts"] for each in events if "outcome" in each]
    entry = {"interruptId": waiting[-1][0]["id"], "status": "resolved", "payload": "yes"}
    await post(client, run, resume=[entry])


async def graphql(client: httpx.AsyncClient, query: str) -> Any:  # noqa: ANN401  # JSON
    found = (await client.post("/copilotkit", json={"query": query})).json()
    assert "errors" not in found, found
    return found["data"]


async def listed(client: httpx.AsyncClient) -> list[tuple[str, str, str | None]]:
    """Id, status and what came after, oldest first, as both kinds of routes have it."""
    routes = [await client.get(path) for path in (RUNS, "/api/v1/agent/threads/t1/history")]
    first, second = (
        [(each["id"], each["status"], each["continuedBy"]) for each in answer.json()["runs"]]
        for answer in routes
    )
    assert first == second
    return first


async def test_an_interrupt_waits_until_a_run_that_does_not_fail(each_store: Store) -> None:
    async with serving(each_store) as client:
        await say(client, "r1", "interrupt")
        assert await listed(client) == [("r1", "interrupted", None)]
        await say(client, "r2", "error")
        assert (await listed(client))[0] == ("r1", "interrupted", None)
        await answer(client, "r3")
        assert await listed(client) == [
            ("r1", "interrupted", "r3"),
            ("r2", "failed", None),
            ("r3", "finished", None),
        ]
        runs = (await graphql(client, LIST))["thread"]["runs"]
    assert [tuple(each.values()) for each in runs] == [
        ("r3", "Finished", None, None),
        ("r2", "Failed", None, "error"),
        ("r1", "Interrupted", "r3", "interrupt"),
    ]


async def test_an_answer_under_the_same_id_ends_the_run() -> None:
    async with serving(MemoryStore()) as client:
        await say(client, "r1", "interrupt")
        await answer(client, "r1")
        assert await listed(client) == [("r1", "interrupted", "r1"), ("r1", "finished", None)]
        parts = (await client.get(RUNS)).json()["runs"]
        run = (await graphql(client, RUN))["run"]
        entry = {"interruptId": "any", "status": "resolved"}
        again = {"threadId": "t1", "resume": [entry]}
        refused = await client.post("/api/v1/agent/runs/r1/resume", json=again)
    assert (run["status"], run["continuedBy"], run["question"]) == ("Finished", None, "interrupt")
    assert run["timing"]["startedAt"][:23] == parts[0]["startedAt"][:23]
    assert run["timing"]["endedAt"][:23] == parts[1]["endedAt"][:23]
    messages = [each["id"] for part in parts for each in part["messages"]]
    assert [each["messageId"] for each in run["messageFigures"]] == messages
    types = [each["type"] for each in run["events"]["nodes"]]
    assert (types[0], types[-1], types.count("RUN_STARTED")) == ("RUN_STARTED", "RUN_FINISHED", 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_NOT_RESUMABLE")


async def test_the_question_of_a_run_is_the_one_that_was_edited() -> None:
    async with serving(MemoryStore()) as client:
        await say(client, "r1", "tea")
        edited = {"id": "m-tea", "role": "user", "content": "coffee"}
        await post(client, "r2", messages=[edited])
        await post(client, "r3", messages=[edited])
        long = {"id": "long", "role": "user", "content": [{"type": "text", "text": "x" * 400}]}
        await post(client, "r4", messages=[edited, long])
        runs = (await graphql(client, LIST))["thread"]["runs"]
    assert [each["question"] for each in runs] == ["x" * 300, "coffee", "coffee", "tea"]
