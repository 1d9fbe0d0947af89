"""Agents that say odd things, and a reader of one thread on every wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import uuid4

import httpx
from ag_ui.core import RunAgentInput, StateSnapshotEvent, TextMessageContentEvent
from hypothesis import strategies as some
from pydantic import BaseModel

from agui_runtime.app import create_app
from agui_runtime.core.errors import AgentFailure
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from tests.support import served
from tests.wires.graphql.serving import chat, payloads

LOAD = """query ($data: LoadAgentStateInput!) { loadAgentState(data: $data) { state messages } }"""
EVENTS = """subscription ($threadId: String!) { runEvents(threadId: $threadId) { seq event } }"""


HIGH, LOW, EMOJI = "\ud83d", "\ude00", "\U0001f600"


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    value: object


class Model(BaseModel):
    value: object


class Opaque:
    """JSON has no form for it."""


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


texts = some.text(
    some.sampled_from(["a", "ä", "\x00", '"', "\\", "/", "~", EMOJI, HIGH, LOW, "\ufffe"]),
    max_size=6,
)
keys = texts | some.sampled_from([1, None, True, 2.5, (1, 2), Colour.RED])
scalars = (
    texts
    | some.none()
    | some.integers(-(2**80), 2**80)
    | some.sampled_from([2**64, 10**400])
    | some.floats()
    | some.sampled_from([Colour.RED, Decimal("1.5"), datetime(2026, 1, 1, tzinfo=UTC)])
    | some.sampled_from([b"bytes", b"\xff", Opaque()])
    | some.sampled_from([150, 199, 300]).map(nested)
)
values = some.recursive(
    scalars,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.lists(inner, max_size=3).map(tuple)
        | some.dictionaries(keys, inner, max_size=3)
        | inner.map(Point)
        | inner.map(lambda value: Model(value=value))
    ),
    max_leaves=6,
)
paths = some.sampled_from(["", "/a", "/a/b", "/a/-", "/\ud83d", "/0", "/~1"])
patches = some.lists(
    some.one_of(
        some.fixed_dictionaries(
            {"op": some.sampled_from(["add", "replace"]), "path": paths, "value": values}
        ),
        some.fixed_dictionaries({"op": some.just("copy"), "path": paths, "from": paths}),
    ),
    max_size=3,
)


def event(kind: str, **fields: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    return some.fixed_dictionaries({"type": some.just(kind), **fields})


ids = some.sampled_from(["m1", "m2", "m\ud83d"])
calls = some.sampled_from(["c1", "c\ude00"])
extras = some.fixed_dictionaries(
    {}, optional={"metadata": some.dictionaries(texts, values, max_size=2), "rawEvent": values}
)
plain_events = some.one_of(
    event("TEXT_MESSAGE_START", messageId=ids, role=some.just("assistant"), name=texts),
    event("TEXT_MESSAGE_CONTENT", messageId=ids, delta=texts),
    event("TEXT_MESSAGE_CONTENT", messageId=ids, delta=texts),
    event("TEXT_MESSAGE_END", messageId=ids),
    event("TEXT_MESSAGE_CHUNK", messageId=ids, delta=texts),
    event("REASONING_MESSAGE_CHUNK", messageId=ids, delta=texts),
    event("TOOL_CALL_START", toolCallId=calls, toolCallName=texts),
    event("TOOL_CALL_ARGS", toolCallId=calls, delta=texts),
    event("TOOL_CALL_END", toolCallId=calls),
    event("TOOL_CALL_CHUNK", toolCallId=calls, toolCallName=some.just("f"), delta=texts),
    event("TOOL_CALL_RESULT", messageId=ids, toolCallId=calls, content=texts),
    event("STATE_SNAPSHOT", snapshot=values),
    event("STATE_SNAPSHOT", snapshot=some.dictionaries(texts, values, max_size=3)),
    event("STATE_DELTA", delta=patches),
    event("ACTIVITY_SNAPSHOT", messageId=ids, activityType=texts, content=values),
    event("ACTIVITY_DELTA", messageId=ids, activityType=texts, patch=patches),
    event("CUSTOM", name=texts, value=values),
    event("CUSTOM", name=some.just("on_interrupt"), value=values),
    event("RAW", event=values),
    event("STEP_STARTED", stepName=texts),
    event("RUN_ERROR", message=texts, code=texts),
    event("RUN_FINISHED", threadId=some.just("t1"), runId=some.just("r1"), result=values),
    some.builds(
        lambda message: {"type": "MESSAGES_SNAPSHOT", "messages": [message]},
        some.fixed_dictionaries(
            {"id": ids, "role": some.just("assistant"), "content": texts, "name": texts}
        ),
    ),
)
events = some.builds(lambda one, more: one | more, plain_events, extras) | some.one_of(
    texts.map(lambda delta: TextMessageContentEvent(message_id="m1", delta=delta or "x")),
    values.map(lambda value: StateSnapshotEvent(snapshot=value)),
    texts,
    texts.map(AgentFailure),
    texts.map(ValueError),
)
scripts = some.lists(events, max_size=7)


class Plays:
    """An agent that plays one script after the other, and speaks plainly when there is none."""

    name = "plays"
    description = "Says odd things."

    def __init__(self, scripts: Sequence[Sequence[object]]) -> None:
        self._scripts = iter(scripts)

    async def run(self, request: RunAgentInput) -> AsyncIterator[Any]:
        for item in next(self._scripts, ()):
            if isinstance(item, Exception):
                raise item
            yield item
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": uuid4().hex, "delta": "plain"}


class Reader:
    """Reads one thread on every wire."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def run(self, run: str, **more: Any) -> list[Any]:  # noqa: ANN401  # JSON
        asked = self._asked(run) | more
        answer = await self.post("/copilotkit/agent/default/run", asked)
        assert answer.status_code == 200, answer.text
        return _events(answer.text)

    async def post(self, path: str, asked: object) -> httpx.Response:
        """As browsers write it: half an emoji is an escape."""
        head = {"content-type": "application/json"}
        return await self._client.post(path, content=json.dumps(asked), headers=head)

    async def connected(self) -> list[Any]:
        answer = await self._client.post("/copilotkit/agent/default/connect", json=self._asked("c"))
        assert answer.status_code == 200, answer.text
        return _events(answer.text)

    async def part(self, name: str) -> Any:  # noqa: ANN401  # JSON
        answer = await self._client.get(f"/copilotkit/threads/t1/{name}")
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)[name]

    async def followed(self) -> list[Any]:
        """The whole log by the agent routes."""
        answer = await self._client.get("/api/v1/agent/threads/t1/events")
        assert answer.status_code == 200, answer.text
        return _events(answer.text)

    async def history(self) -> Any:  # noqa: ANN401  # JSON
        answer = await self._client.get("/api/v1/agent/threads/t1/history")
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)

    async def loaded(self) -> Any:  # noqa: ANN401  # JSON
        data = {"threadId": "t1", "agentName": "default"}
        answer = await self._client.post(
            "/copilotkit", json={"query": LOAD, "variables": {"data": data}}
        )
        found = json.loads(answer.text)["data"]["loadAgentState"]
        return json.loads(found["state"]), json.loads(found["messages"])

    async def subscribed(self, count: int) -> list[Any]:
        """The thread's first events."""
        asked = {"query": EVENTS, "variables": {"threadId": "t1"}}
        head = {"accept": "text/event-stream"}
        found: list[Any] = []
        async with self._client.stream("POST", "/copilotkit", json=asked, headers=head) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:])["data"]["runEvents"]["event"])
                if len(found) == count:
                    return found
        raise AssertionError(f"only {len(found)} of {count} events came")

    async def chatted(self) -> bytes:
        """A run by way of the mutation, checked to be whole JSON."""
        answer = await self._client.post("/copilotkit", json=chat(threadId="t1"))
        assert answer.status_code == 200, answer.text
        parts = payloads(answer.content)
        for part in parts:
            json.loads(part)
        return b"".join(parts)

    async def executed(self) -> None:
        """A run as a Node runtime asks for it, on a thread of its own. A failure is a status, or
        breaks the answer off: its protocol knows no other.
        """
        said = {"id": "u1", "type": "TextMessage", "role": "user", "content": "hi"}
        asked = {"name": "default", "threadId": "t2", "messages": [said], "state": {}}
        asked |= {"config": {}, "properties": {}, "actions": []}
        with suppress(httpx.RemoteProtocolError):
            answer = await self._client.post("/remote/agents/execute", json=asked)
            assert answer.status_code == 200 or "error" in json.loads(answer.text)
            for line in answer.text.split("\n"):
                json.loads(line or "null")

    def _asked(self, run: str) -> dict[str, Any]:
        message = {"id": f"u-{run}", "role": "user", "content": "hi"}
        lists: Mapping[str, Any] = {"messages": [message], "tools": [], "context": []}
        ids = {"threadId": "t1", "runId": run, "protocolVersion": "1.0"}
        return {**ids, "state": {}, "forwardedProps": {}, **lists}


def _events(stream: str) -> list[Any]:
    lines = [line for line in stream.split("\n") if line.startswith("data: ")]
    return [json.loads(line[6:]) for line in lines]


@asynccontextmanager
async def reading(agent: object, store: Store) -> AsyncIterator[Reader]:
    app = create_app(CopilotRuntime({"default": agent}, store=store), remote_path="/remote")
    async with (
        served(app) as origin,
        httpx.AsyncClient(base_url=origin, headers={"accept": "*/*"}) as client,
    ):
        yield Reader(client)
