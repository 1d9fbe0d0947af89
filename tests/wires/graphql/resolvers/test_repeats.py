"""Subscriptions to answers that come again: retries read the run that there is, over both protocols
and all stores; what is new, or says so, runs anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput, UserMessage

from agui_runtime.core.events import Caller, Event, RunContext, RunRequest
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.wires.graphql.resolvers import repeats
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer
from tests.wires.graphql.runs import text
from tests.wires.graphql.serving import PATH, by_header, serving, user
from tests.wires.graphql.subscribing import ANSWER, Halting, Socket, data, socket

AS_EVENTS = {"accept": "text/event-stream"}


class Counting:
    """An agent that says how often it was asked; with `halting`, it waits after its first word."""

    name = "counting"
    description = "Counts."

    def __init__(self, halting: Halting | None = None) -> None:
        self.times = 0
        self._halting = halting

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.times += 1
        if self._halting is None:
            for event in text(f"m{self.times}", f"answer {self.times}"):
                yield event
            return
        async for event in self._halting.run(request):
            yield event


@pytest.fixture(params=["memory", "redis"])
def make_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    if request.param == "memory":
        return MemoryStore
    server: RedisServer = request.getfixturevalue("redis")
    prefix = uuid4().hex
    return lambda: RedisStore(server.url, prefix=prefix)


async def by_sse(client: httpx.AsyncClient, sent: dict[str, Any]) -> str:
    asked = {"query": ANSWER, "variables": {"data": sent}}
    return (await client.post(PATH, json=asked, headers=AS_EVENTS)).text


async def by_ws(client: httpx.AsyncClient, sent: dict[str, Any], operation: str = "1") -> str:
    async with socket(client) as ws:
        await ws.initialised()
        await ws.subscribe(operation, ANSWER, data=sent)
        return await _all(ws)


async def _all(ws: Socket) -> str:
    heard = [await ws.hear()]
    while heard[-1]["type"] == "next":
        heard.append(await ws.hear())
    return str(heard)


WAYS = {"graphql-sse": by_sse, "graphql-ws": by_ws}
ASK = pytest.mark.parametrize("ask", list(WAYS.values()), ids=list(WAYS))

WITHOUT_THREAD = {"threadId": None}
SAME: dict[str, list[dict[str, Any]]] = {
    "with the id of a run": [{"runId": "run-1"}] * 2,
    "with the id of a run and no thread": [{"runId": "run-1", **WITHOUT_THREAD}] * 2,
    "without an id": [{}, {}],
    "without an id or a thread": [WITHOUT_THREAD] * 2,
    "with another time": [{}, {"messages": [{**user("u1", "Hello"), "createdAt": "2026-02-02"}]}],
}
NEW: dict[str, list[dict[str, Any]]] = {
    "with another id": [{"runId": "run-1"}, {"runId": "run-2"}],
    "with a new message": [{}, {"messages": [user("u2", "Hello")]}],
    "in another thread": [{}, {"threadId": "thread-2"}],
    "for suggestions": [{"metadata": {"requestType": "Suggestion"}}] * 2,
}


@ASK
@pytest.mark.parametrize("sent", list(SAME.values()), ids=list(SAME))
async def test_a_request_that_comes_again_is_told_of_the_run_that_there_is(
    ask: Any,  # noqa: ANN401  # one of WAYS
    sent: list[dict[str, Any]],
    make_store: Callable[[], Store],
) -> None:
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent}, store=make_store())) as client:
        answers = [await ask(client, data(**each)) for each in sent]
    assert agent.times == 1
    assert all("answer 1" in each and "Success" in each for each in answers)


@ASK
@pytest.mark.parametrize("sent", list(NEW.values()), ids=list(NEW))
async def test_a_new_request_runs_the_agent(ask: Any, sent: list[dict[str, Any]]) -> None:  # noqa: ANN401
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent})) as client:
        answers = [await ask(client, data(**each)) for each in sent]
    assert agent.times == 2
    assert "answer 2" in answers[1]


@ASK
@pytest.mark.parametrize("sent", [{"runId": "r"}, {}, WITHOUT_THREAD])
async def test_a_retry_joins_the_run_that_is_live(ask: Any, sent: dict[str, Any]) -> None:  # noqa: ANN401
    halting = Halting()
    agent = Counting(halting)
    async with serving(CopilotRuntime({"default": agent})) as client:
        asked = {"query": ANSWER, "variables": {"data": data(**sent)}}
        async with client.stream("POST", PATH, json=asked, headers=AS_EVENTS):
            await halting.waiting.wait()
        halting.go.set()
        answer = await ask(client, data(**sent))
    assert agent.times == 1
    assert "Hel" in answer and "Success" in answer


@pytest.mark.parametrize(
    "operation", ["0b5c0a3e-6d5f-4a0e-9c39-52a4ed0d5ff1", "an id\nin two lines", "x" * 1001]
)
@pytest.mark.parametrize("thread", ["thread-1", None])
async def test_an_operation_of_graphql_ws_keeps_its_id_and_its_run_over_retries(
    thread: str | None, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "RETRIED_WITHIN", -1.0)  # its content alone would mean nothing
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent})) as client:
        for _ in range(2):
            assert "answer 1" in await by_ws(client, data(threadId=thread), operation)
        await by_ws(client, data(threadId=thread), str(uuid4()))
    assert agent.times == 2


@pytest.mark.parametrize("thread", ["thread-1", None])
async def test_the_same_words_on_the_same_connection_are_asked_anew(thread: str | None) -> None:
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent})) as client, socket(client) as ws:
        await ws.initialised()
        for number in (1, 2, 3):
            await ws.subscribe(str(number), ANSWER, data=data(threadId=thread))
            assert f"answer {number}" in await _all(ws)


@pytest.mark.parametrize("thread", ["thread-1", None])
async def test_the_same_words_later_are_asked_anew(
    thread: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent})) as client:
        monkeypatch.setattr(repeats, "RETRIED_WITHIN", -1.0)
        answers = [await by_sse(client, data(threadId=thread)) for _ in range(5)]
        monkeypatch.undo()
        retried = await by_sse(client, data(threadId=thread))
    assert agent.times == 5
    assert [f"answer {number}" in each for number, each in enumerate(answers, 1)] == [True] * 5
    assert "answer 5" in retried


@pytest.mark.parametrize("again", [{"messages": [user("u9", "Other")]}, {"threadId": "thread-1"}])
async def test_the_id_of_another_or_an_earlier_run_is_refused(again: dict[str, Any]) -> None:
    agent = Counting()
    async with serving(CopilotRuntime({"default": agent})) as client:
        await by_sse(client, data(runId="run-1"))
        if "threadId" in again:
            await by_sse(client, data(runId="run-2"))
        answer = await by_sse(client, data(runId="run-1", **again))
    assert "INVALID_INPUT" in answer
    assert "give a new id" in answer


async def test_runs_without_a_thread_are_each_callers_own() -> None:
    agent = Counting()
    asked = {"query": ANSWER, "variables": {"data": data(**WITHOUT_THREAD, runId="run-1")}}
    runtime = CopilotRuntime({"default": agent}, authenticate=by_header)
    async with serving(runtime) as client:
        for owner in ("ann", "bob"):
            headers = {**AS_EVENTS, "x-user": owner}
            assert "Success" in (await client.post(PATH, json=asked, headers=headers)).text
    assert agent.times == 2


async def test_a_long_chat_is_compared_while_others_have_their_turns() -> None:
    messages = [UserMessage(id=str(number), content="Hello") for number in range(20_000)]
    asked = RunAgentInput(thread_id="thread-1", run_id="", messages=messages)
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    runtime = CopilotRuntime({"default": Counting()})
    other = asyncio.create_task(turning())
    request = RunRequest(asked, RunContext(Caller("ann"), ""))
    await repeats.identified(request, runtime.threads, repeats.Hints("run-1", "", ()))
    other.cancel()
    assert turns > 10
