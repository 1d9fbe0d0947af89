"""Streams of tasks: from their start, and from where a broken one ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from a2a.types.a2a_pb2 import CancelTaskRequest, GetTaskRequest, SubscribeToTaskRequest, TaskState
from ag_ui.core import RunAgentInput

from agui_runtime import A2AWire, CopilotRuntime
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.a2a.serving import (
    Asking,
    Json,
    called,
    frames_in,
    message,
    old_message,
    plain_client_of,
    reading,
    result,
    sdk_client,
    sending,
    serving,
    texts_of,
)
from tests.wires.openai.serving import Held, Recorder

SPOKEN = [("JSONRPC", "1.0"), ("JSONRPC", "0.3"), ("HTTP+JSON", "1.0"), ("HTTP+JSON", "0.3")]


class Stepwise:
    """Says a word, and the rest when it may."""

    name = "stepwise"
    description = "Waits in its middle"

    def __init__(self) -> None:
        self.reached, self.may_end = asyncio.Event(), asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        first, begun, rest, end = text("m1", "Hello ", "world")
        yield first
        yield begun
        self.reached.set()
        await self.may_end.wait()
        yield rest
        yield end


def shown(updates: list[Json]) -> str:
    """The text that a client has at the end."""
    made: dict[str, str] = {}
    for each in updates:
        if "artifactUpdate" in each:
            update = each["artifactUpdate"]
            id_, words = update["artifact"]["artifactId"], update["artifact"]["parts"][0]["text"]
            made[id_] = made.get(id_, "") + words if update.get("append") else words
    return "".join(made.values())


async def test_a_stream_is_the_task_its_pieces_and_its_end() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        answer = await called(client, "SendStreamingMessage", {"message": message()})
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = frames_in(answer.text)
    assert {frame["id"] for frame in frames} == {7}
    first, working, *pieces, end = (frame["result"] for frame in frames)
    assert first["task"]["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert working["statusUpdate"]["status"]["state"] == "TASK_STATE_WORKING"
    assert shown(pieces) == "Hello world"
    assert pieces[-1]["artifactUpdate"]["lastChunk"] is True
    assert end["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_the_state_comes_before_the_end() -> None:
    made: list[Event] = [
        {"type": "STATE_SNAPSHOT", "snapshot": {"n": n, "deep": {"n": n}}} for n in range(3)
    ]
    async with plain_client_of(CopilotRuntime({"default": Recorder(*made)})) as client:
        answer = await called(client, "SendStreamingMessage", {"message": message()})
    *_, state, end = (frame["result"] for frame in frames_in(answer.text))
    assert state["artifactUpdate"]["artifact"]["parts"] == [{"data": {"n": 2, "deep": {"n": 2}}}]
    assert end["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


def nested(depth: int) -> Json:
    made: Json = {}
    for _ in range(depth):
        made = {"deep": made}
    return made


@pytest.mark.parametrize("state", [{"n": 10**400}, nested(120)], ids=["large", "deep"])
async def test_a_state_that_protobuf_cannot_hold_comes_as_its_json(state: Json) -> None:
    agent = Recorder({"type": "STATE_SNAPSHOT", "snapshot": state})
    async with plain_client_of(CopilotRuntime({"default": agent})) as client:
        answer = await called(client, "SendStreamingMessage", {"message": message()})
    *_, update, end = (frame["result"] for frame in frames_in(answer.text))
    [part] = update["artifactUpdate"]["artifact"]["parts"]
    assert part["mediaType"] == "application/json"
    assert json.loads(part["text"]) == state
    assert end["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_stream_of_0_3_ends_with_its_final_status() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), headers={}) as client:
        answer = await called(client, "message/stream", {"message": old_message()})
    results = [frame["result"] for frame in frames_in(answer.text)]
    assert [each["kind"] for each in results[:2]] == ["task", "status-update"]
    assert [each.get("final") for each in results if each["kind"] == "status-update"] == [
        False,
        True,
    ]
    assert results[-1]["status"]["state"] == "completed"


@pytest.mark.parametrize(("binding", "version"), SPOKEN)
async def test_the_official_client_reads_a_stream(binding: str, version: str) -> None:
    async with (
        serving(CopilotRuntime({"default": Recorder()})) as origin,
        sdk_client(origin, binding=binding, version=version) as client,
    ):
        updates = [each async for each in client.send_message(sending("hi"))]
        task = await client.get_task(GetTaskRequest(id=updates[0].task.id))
    words = [
        each.artifact_update.artifact.parts[0].text
        for each in updates
        if each.HasField("artifact_update")
    ]
    assert "".join(words) == "Hello world"
    assert updates[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
    assert task.artifacts[0].parts[0].text == "Hello world"


@pytest.mark.parametrize(("binding", "version"), SPOKEN)
async def test_the_official_client_subscribes_again_after_a_broken_stream(
    binding: str, version: str
) -> None:
    runtime = CopilotRuntime({"default": (agent := Stepwise())})
    async with (
        serving(runtime) as origin,
        sdk_client(origin, binding=binding, version=version) as client,
    ):
        broken = client.send_message(sending("hi"))
        task = (await anext(aiter(broken))).task
        await agent.reached.wait()
        await broken.aclose()  # type: ignore[attr-defined]  # it is a generator
        rest = client.subscribe(SubscribeToTaskRequest(id=task.id))
        now = (await anext(aiter(rest))).task
        agent.may_end.set()
        updates = [each async for each in rest]
    assert now.status.state == TaskState.TASK_STATE_WORKING
    begun = now.artifacts[0].parts[0].text
    words = [
        each.artifact_update.artifact.parts[0].text
        for each in updates
        if each.HasField("artifact_update")
    ]
    assert begun + "".join(words) == "Hello world"
    assert updates[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED


@pytest.mark.parametrize(("binding", "version"), SPOKEN)
async def test_the_official_client_cancels(binding: str, version: str) -> None:
    async with (
        serving(CopilotRuntime({"default": (held := Held())})) as origin,
        sdk_client(origin, binding=binding, version=version) as client,
    ):
        stream = client.send_message(sending("hi"))
        task = (await anext(aiter(stream))).task
        await held.reached.wait()
        ended = await client.cancel_task(CancelTaskRequest(id=task.id))
        updates = [each async for each in stream]
        await held.closed.wait()
    assert ended.status.state == TaskState.TASK_STATE_CANCELED
    assert updates[-1].status_update.status.state == TaskState.TASK_STATE_CANCELED


async def test_a_client_that_goes_away_ends_no_task() -> None:
    async with plain_client_of(CopilotRuntime({"default": (agent := Stepwise())})) as client:
        begun = {"message": message(contextId="c-1")}
        async with reading(client, "SendStreamingMessage", begun) as answer:
            assert answer.status_code == 200
            await agent.reached.wait()
        agent.may_end.set()
        [task] = (await result(client, "ListTasks", {"contextId": "c-1"}))["tasks"]
        answer = await called(client, "SubscribeToTask", {"id": task["id"]})
        found = await result(client, "GetTask", {"id": task["id"]})
        while found["status"]["state"] == "TASK_STATE_WORKING":
            found = await result(client, "GetTask", {"id": task["id"]})
    assert texts_of(found) == ["Hello world"]


async def test_who_subscribes_to_a_waiting_task_sees_how_it_goes_on() -> None:
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime) as client:
        task = (await result(client, "SendMessage", {"message": message()}))["task"]
        async with reading(client, "SubscribeToTask", {"id": task["id"]}) as answer:
            lines = answer.aiter_lines()
            assert "INPUT_REQUIRED" in await anext(lines)
            reply = message({"text": "Rome"}, taskId=task["id"])
            await result(client, "SendMessage", {"message": reply})
            rest = "\n".join([line async for line in lines])
    updates = [frame["result"] for frame in frames_in(rest)]
    assert shown(updates) == "resolved Rome"
    assert updates[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_who_subscribes_to_a_waiting_task_sees_that_its_context_went_on() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()})) as client:
        task = (await result(client, "SendMessage", {"message": message(contextId="c-1")}))["task"]
        async with reading(client, "SubscribeToTask", {"id": task["id"]}) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            await result(client, "SendMessage", {"message": message(contextId="c-1")})
            rest = "\n".join([line async for line in lines])
        found = await result(client, "GetTask", {"id": task["id"]})
    [update] = [frame["result"] for frame in frames_in(rest)]
    assert update["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"
    assert found["status"]["state"] == "TASK_STATE_CANCELED"


async def test_a_silent_stream_shows_signs_of_life() -> None:
    runtime = CopilotRuntime({"default": (held := Held())})
    async with (
        plain_client_of(runtime, A2AWire(keep_alive=0.01)) as client,
        reading(client, "SendStreamingMessage", {"message": message()}) as answer,
    ):
        await held.reached.wait()
        async for line in answer.aiter_lines():
            if line == ": keep-alive":
                break
        else:
            pytest.fail("no sign of life")
