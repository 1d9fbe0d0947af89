"""A thread of somebody else is answered as one that does not exist, wherever it is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from agui_runtime import (
    AguiWire,
    CopilotKitRemoteWire,
    CopilotRuntime,
    GraphQLWire,
    RestWire,
    Wire,
    create_app,
)
from agui_runtime.agents.border import wrap
from agui_runtime.core.events import Caller
from agui_runtime.stores.base import Store
from agui_runtime.wires.agui.annotate import Annotation, Recorded
from tests.runtime.worlds import ANN, Scripted, Waiting, asking, ran, text
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import by_header

REST = "/api/v1/agent"
ANSWER = {"interruptId": "i1", "status": "resolved"}

HERS, NOBODYS = "thread-of-ann", "thread-of-not"  # of one length, as answers tell their own


class Question(NamedTuple):
    """A request about the thread `THREAD`."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = {}


def graphql(query: str, **headers: str) -> Question:
    body = {"query": query.replace("$t", '"THREAD"')}
    return Question("POST", "/graphql", body, headers)


def subscribed(query: str) -> Question:
    return graphql("subscription { " + query + " }", accept="text/event-stream")


def enveloped(method: str, body: object = None, **params: str) -> Question:
    return Question("POST", "/copilotkit", {"method": method, "params": params, "body": body})


CONNECT = run_body(thread="THREAD", messages=[])
STATE = '{threadId: $t, agentName: "default"'
QUESTIONS = [
    Question("POST", "/copilotkit/agent/default/connect", CONNECT),
    Question("POST", "/copilotkit/agent/default/connect", CONNECT, {"last-event-id": "CURSOR"}),
    Question("POST", "/copilotkit/agent/default/connect", CONNECT, {"last-event-id": "x.1"}),
    Question("POST", "/copilotkit/agent/default/stop/THREAD"),
    Question("POST", "/copilotkit/agent/default/stop/THREAD", {"runId": "r1"}),
    Question("GET", "/copilotkit/threads/THREAD/messages"),
    Question("GET", "/copilotkit/threads/THREAD/events"),
    Question("GET", "/copilotkit/threads/THREAD/state"),
    Question("PATCH", "/copilotkit/threads/THREAD", {"name": "mine"}),
    Question("PATCH", "/copilotkit/threads/THREAD", {"name": 3}),
    Question("POST", "/copilotkit/threads/THREAD/archive"),
    Question("DELETE", "/copilotkit/threads/THREAD"),
    Question("POST", "/copilotkit/annotate", {"type": "x", "threadId": "THREAD"}),
    enveloped("agent/connect", CONNECT, agentId="default"),
    enveloped("agent/stop", agentId="default", threadId="THREAD"),
    enveloped("resource/request", path="/threads/THREAD/state", httpMethod="GET"),
    enveloped("resource/request", path="/threads/THREAD", httpMethod="DELETE"),
    graphql("{ thread(id: $t) { id runs { id } } }"),
    graphql('{ run(id: "r1", threadId: $t) { id events { nodes { seq } } } }'),
    graphql('{ run(id: "other", threadId: $t) { id } }'),
    graphql(f"{{ loadAgentState(data: {STATE}}}) {{ threadExists state messages version }} }}"),
    subscribed("runEvents(threadId: $t) { seq }"),
    subscribed('runEvents(threadId: $t, after: "CURSOR") { seq }'),
    subscribed("threadUpdated(threadId: $t) { id }"),
    Question("GET", f"{REST}/threads/THREAD/events"),
    Question("GET", f"{REST}/threads/THREAD/events?until=live&after=CURSOR"),
    Question("GET", f"{REST}/threads/THREAD/events", headers={"last-event-id": "CURSOR"}),
    Question("GET", f"{REST}/threads/THREAD/history"),
    Question("POST", f"{REST}/runs/r1/stop", {"threadId": "THREAD"}),
    Question("POST", f"{REST}/runs/r1/resume", {"threadId": "THREAD", "resume": [ANSWER]}),
    Question("POST", "/remote/agents/state", {"name": "default", "threadId": "THREAD"}),
]


@asynccontextmanager
async def bob_beside_ann(store: Store) -> AsyncIterator[tuple[httpx.AsyncClient, CopilotRuntime]]:
    async def keep(caller: Caller, annotation: Annotation) -> Recorded:
        return Recorded(f"{caller.owner} {annotation.own}")

    runtime = CopilotRuntime(
        {"default": Scripted(*text("m1", "Hello"))}, store=store, authenticate=by_header
    )
    wires: list[Wire] = [
        GraphQLWire(),
        CopilotKitRemoteWire("/remote"),
        RestWire(),
        AguiWire(annotations=keep),
    ]
    async with client_of(create_app(runtime, wires=wires)) as bob:
        await ran(runtime, asking(thread=HERS, run="r1", agent="default"))
        bob.headers.update({"x-user": "bob", "x-request-id": "same"})
        yield bob, runtime


async def answered(
    client: httpx.AsyncClient, question: Question, thread: str, cursor: str
) -> tuple[Any, ...]:
    """All of the answer that does not tell the time, with the thread's id taken out."""
    path = question.path.replace("THREAD", thread)
    content = httpx.Request("POST", client.base_url, json=question.body).content
    content = content.replace(b"THREAD", thread.encode()).replace(b"CURSOR", cursor.encode())
    headers = {"content-type": "application/json", **question.headers}
    headers = {name: value.replace("CURSOR", cursor) for name, value in headers.items()}
    body = b"" if question.body is None else content
    answer = await client.request(question.method, path, content=body, headers=headers)
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, answer.content.replace(thread.encode(), b"THREAD")


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_nobody_can_tell_whether_a_thread_is_somebody_elses(
    each_store: Store, question: Question
) -> None:
    async with bob_beside_ann(each_store) as (bob, runtime):
        cursor = str(await each_store.log.end(HERS))
        before = await runtime.threads.read(HERS, ANN), await runtime.threads.get(HERS, ANN)
        hers = await answered(bob, question, HERS, cursor)
        nobodys = await answered(bob, question, NOBODYS, cursor)
        assert hers == nobodys
        assert hers[0] < 500
        assert b"Hello" not in hers[2]
        after = await runtime.threads.read(HERS, ANN), await runtime.threads.get(HERS, ANN)
        assert after == before
        assert await each_store.threads.get(NOBODYS) is None
        assert (await each_store.threads.list("bob")).threads == []


async def test_nor_while_the_thread_runs(each_store: Store) -> None:
    """Not by a stop, nor by waiting for what comes."""
    async with bob_beside_ann(each_store) as (bob, runtime):
        agent = Waiting()
        runtime.agents["default"] = wrap(agent)
        handle = await runtime.start(asking("more", thread=HERS, run="r2", agent="default"))
        for question in QUESTIONS:
            if question.method != "DELETE":
                hers = await answered(bob, question, HERS, "x.1")
                assert hers == await answered(bob, question, NOBODYS, "x.1")
        assert not agent.closed.is_set()
        agent.go.set()
        assert handle.ended
        await handle.ended


STARTS = [
    Question("POST", "/copilotkit/agent/default/run", run_body(thread="THREAD", run="r9")),
    graphql(f'mutation {{ saveAgentState(data: {STATE}, state: "{{}}"}}) {{ version }} }}'),
    graphql(f"mutation {{ executeAgent(data: {STATE}, messages: []}}) {{ runId }} }}"),
    Question("POST", "/remote/agents/execute", {"name": "default", "threadId": "THREAD"}),
]


@pytest.mark.parametrize("question", STARTS, ids=str)
async def test_what_would_make_a_thread_leaves_hers_alone(
    each_store: Store, question: Question
) -> None:
    async with bob_beside_ann(each_store) as (bob, runtime):
        before = await runtime.threads.read(HERS, ANN), await runtime.threads.get(HERS, ANN)
        _, _, content = await answered(bob, question, HERS, "")
        after = await runtime.threads.read(HERS, ANN), await runtime.threads.get(HERS, ANN)
    assert b"no thread 'THREAD'" in content
    assert after == before
