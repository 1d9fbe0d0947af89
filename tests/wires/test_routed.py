"""A router behind every wire: each names who answers before the first word, in its own terms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from a2a.types.a2a_pb2 import TaskState
from ag_ui.core import RunAgentInput
from google.protobuf.json_format import MessageToDict
from openai import AsyncOpenAI

from agui_runtime import (
    A2AWire,
    AguiWire,
    CopilotRuntime,
    GraphQLWire,
    McpWire,
    OpenAIWire,
    create_app,
)
from agui_runtime.core.events import ROUTED
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.rest.wire import RestWire
from agui_runtime.wires.shared.wire import Wire
from agui_runtime.wrappers import with_router
from tests.support import served
from tests.wires.a2a.serving import sdk_client, sending
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import ACCEPT, PATH, chat, payloads, user
from tests.wires.graphql.subscribing import data, socket
from tests.wires.mcp.serving import GENERATIONS, client_of

VALUE = {"agent": "notes", "domain": "knowledge", "by": "rule", "confidence": 1.0}
BODY: dict[str, Any] = {
    "threadId": "t1",
    "runId": "r1",
    "messages": [{"id": "u1", "role": "user", "content": "a note"}],
    "tools": [],
    "context": [],
    "state": {},
    "forwardedProps": {},
}


class Notes:
    """Says nothing before it is let go, but for a state."""

    name, description = "notes", "Takes notes"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Any]:
        self.begun.set()
        await self.go.wait()
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}
        yield "no"
        yield "ted"


async def tasks(request: RunAgentInput) -> AsyncIterator[str]:
    """Keeps tasks."""
    yield "done"


@asynccontextmanager
async def serving(*, waits: bool = False) -> AsyncIterator[tuple[str, Notes]]:
    """The origin of a server that speaks all protocols, and its agent, which may have to wait."""
    notes = Notes()
    if not waits:
        notes.go.set()
    router = with_router(
        {"tasks": tasks, "notes": notes},
        rules={"notes": ["note"]},
        domains={"notes": "knowledge"},
    )
    wires: list[Wire] = [GraphQLWire(), AguiWire(), CopilotKitRemoteWire(), RestWire()]
    wires += [OpenAIWire(), A2AWire(), McpWire(pace=0)]
    async with served(create_app(CopilotRuntime({"default": router}), wires=wires)) as origin:
        yield origin, notes


@asynccontextmanager
async def http_of(origin: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=origin) as http:
        yield http


@asynccontextmanager
async def openai_of(origin: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{origin}/v1", api_key="ann", max_retries=0) as client:
        yield client


def events_in(text: str) -> list[dict[str, Any]]:
    lines = (line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data:"))
    return [orjson.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize("client", [{}, {"protocolVersion": "1.0"}])
async def test_agui_and_its_replay_name_the_agent_first(client: dict[str, str]) -> None:
    async with serving() as (origin, _), http_of(origin) as http:
        live = events_in(
            (await http.post("/copilotkit/agent/default/run", json=BODY | client)).text
        )
        again = await http.post("/copilotkit/agent/default/connect", json=BODY | client)
    replayed = events_in(again.text)
    for events in (live, replayed):
        first = next(event for event in events if event["type"] != "RUN_STARTED")
        assert (first["name"], first["value"]) == (ROUTED, VALUE)
        starts = [event for event in events if event["type"] == "TEXT_MESSAGE_START"]
        assert [event["name"] for event in starts] == ["notes"]
    kinds = [{event["type"] for event in events} for events in (live, replayed)]
    assert ("SUBAGENT_STARTED" in kinds[0]) == ("SUBAGENT_STARTED" in kinds[1]) == bool(client)


async def test_rest_names_it_while_the_agent_thinks_and_in_the_history() -> None:
    at = "/api/v1/agent"
    command = {"threadId": "t1", "messages": BODY["messages"]}
    async with serving(waits=True) as (origin, notes), http_of(origin) as http:
        (await http.post(f"{at}/runs", json=command)).raise_for_status()
        async with http.stream("GET", f"{at}/threads/t1/events") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and ROUTED in line:
                    await notes.begun.wait()
                    notes.go.set()
                    named = events_in(line)[0]["value"]
        history = (await http.get(f"{at}/threads/t1/history")).json()
    assert named == VALUE
    assert history["messages"][-1]["name"] == "notes"


async def test_subscriptions_tell_it_as_a_meta_event_before_the_answer() -> None:
    query = """subscription ($data: GenerateCopilotResponseInput!) {
      generateCopilotResponse(data: $data) {
        delta metaEvent { ... on MetaEventResponse { event timing routedTo domain agentName } }
      }
    }"""
    async with serving() as (origin, _), http_of(origin) as http, socket(http) as page:
        await page.initialised()
        await page.subscribe("1", query, data=data(messages=[user("u1", "a note")]))
        updates = []
        while (heard := await page.hear())["type"] == "next":
            updates.append(heard["payload"]["data"]["generateCopilotResponse"])
    met = [update["metaEvent"] for update in updates if update["metaEvent"]]
    assert [each["event"] for each in met[:2]] == ["Started", "Routed"]
    expected = {"timing": "BeforeAnswer", "routedTo": "notes", "domain": "knowledge"}
    assert met[1] == {"event": "Routed", "agentName": "default", **expected}


async def test_openai_s_completions_name_it_in_the_first_chunk_and_in_the_whole() -> None:
    async with serving() as (origin, _), openai_of(origin) as client:
        asked: Any = {"model": "default", "messages": [{"role": "user", "content": "a note"}]}
        whole = await client.chat.completions.create(**asked)
        chunks = [
            chunk async for chunk in await client.chat.completions.create(**asked, stream=True)
        ]
        said = whole.choices[0].message.model_dump(exclude_none=True)
        more = [*asked["messages"], said, {"role": "user", "content": "and now?"}]
        later = await client.chat.completions.create(model="default", messages=more)
    first = chunks[0].choices[0].delta.model_dump()
    for shown in (first, said):
        assert (shown["name"], shown["routed"]) == ("notes", VALUE)
    assert said["content"] == "noted"
    assert later.choices[0].message.model_dump()["routed"]["by"] == "thread"


async def test_openai_s_responses_name_it_in_the_item_before_its_text() -> None:
    async with serving() as (origin, _), openai_of(origin) as client:
        asked: Any = {"model": "default", "input": "a note"}
        stream = await client.responses.create(**asked, stream=True)
        events = [event.model_dump() async for event in stream]
        stored = await client.responses.retrieve(events[-1]["response"]["id"])
    kinds = [event["type"] for event in events]
    added = kinds.index("response.output_item.added")
    assert added < kinds.index("response.output_text.delta")
    items = (events[added]["item"], events[-1]["response"]["output"][0])
    for item in (*items, stored.output[0].model_dump()):
        assert (item["name"], item["routed"]) == ("notes", VALUE)


async def test_a2a_names_it_in_an_update_and_in_the_task() -> None:
    async with serving() as (origin, _), sdk_client(origin) as client:
        updates = [each async for each in client.send_message(sending("a note"))]
        task_id = next(each.task.id for each in updates if each.HasField("task"))
    async with serving() as (origin, _), sdk_client(origin, streaming=False) as client:
        [answer] = [each async for each in client.send_message(sending("a note"))]
    kinds = [each.WhichOneof("payload") for each in updates]
    named = [
        place
        for place, each in enumerate(updates)
        if each.HasField("status_update") and "routed" in each.status_update.metadata
    ]
    assert task_id
    assert named[0] < kinds.index("artifact_update")
    update = updates[named[0]].status_update
    assert update.status.state == TaskState.TASK_STATE_WORKING
    assert MessageToDict(update.metadata) == {"routed": VALUE}
    assert MessageToDict(answer.task.metadata) == {"routed": VALUE}


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_mcp_names_it_as_progress_and_in_the_result(generation: str) -> None:
    notes: list[str | None] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        notes.append(message)
        agent.go.set()

    async with serving(waits=True) as (origin, agent), client_of(origin, generation) as client:
        result = await client.call_tool(
            "default", {"message": "a note"}, progress_callback=progress
        )
    assert notes[0] == "notes answers (knowledge)"
    assert result.structured_content is not None
    assert result.structured_content["routed"] == VALUE
    assert result.structured_content["text"] == "noted"


async def test_pages_and_runtimes_of_1_10_have_its_name_as_the_node_of_the_state() -> None:
    spoken = {"id": "u1", "type": "TextMessage", "role": "user", "content": "a note"}
    asked = {"name": "default", "threadId": "t1", "messages": [spoken], "state": {}, "config": {}}
    async with serving() as (origin, _), http_of(origin) as http:
        answer = await http.post(
            "/copilotkit_remote/agents/execute", json={**asked, "properties": {}, "actions": []}
        )
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    states = [line for line in lines if line["type"] == "AgentStateMessage"]
    assert (states[0]["nodeName"], orjson.loads(states[0]["state"])) == (
        "notes",
        {"notes": {"n": 1}},
    )


async def test_a_page_of_1_10_gets_the_answer_and_nothing_that_it_does_not_know() -> None:
    asked = chat(messages=[user("u1", "a note")], agentSession={"agentName": "default"})
    async with serving() as (origin, _), http_of(origin) as http:
        answer = await http.post(PATH, json=asked, headers={"accept": ACCEPT})
    response = merged(payloads(answer.content))["data"]["generateCopilotResponse"]
    kinds = [each["__typename"] for each in response["messages"]]
    assert set(kinds) == {"TextMessageOutput", "AgentStateMessageOutput"}
    states = [each for each in response["messages"] if "nodeName" in each]
    assert {(each["agentName"], each["nodeName"]) for each in states} == {("default", "notes")}
    assert response["metaEvents"] == []
    assert response["status"]["code"] == "Success"
