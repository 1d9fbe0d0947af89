"""An answer ends, whatever happens to the reading of its run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from ag_ui.core import RunAgentInput
from starlette.types import Message

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import Cursor, Event, Record
from agui_runtime.runtime.runtime import CopilotRuntime, RunHandle
from agui_runtime.stores.base import AgentState, Batch
from agui_runtime.stores.memory.store import MemoryStateStore
from agui_runtime.wires.graphql.answer.context import StartedAnswer, Streaming
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.graphql.delivery.stream import deliveries
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operations
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from agui_runtime.wires.shared.http import unless_gone
from tests.fakes.agents import text_agent
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import FAILED, RUN, STARTED, open_text, projector, records, say
from tests.wires.graphql.serving import PATH, QUERIES, chat, payloads, serving

NAME = "generateCopilotResponse"
STREAMING = Streaming()
FRAMED = "$properties: JSONObject, $streaming: StreamingConfigInput"


class BreakingHandle:
    """A run of which two records can be read, and then `error` is what the reader gets."""

    run = RUN
    ended = None

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch(records([STARTED, open_text("m1"), say("m1", "Half")]), Cursor("e", 3))
        if self._error:
            raise self._error


async def writes_of(handle: object, streaming: Streaming = STREAMING) -> list[Sequence[bytes]]:
    """What is written of the run behind that handle, to the end of the answer."""
    plan = Operations(build_schema(), OperationLimits()).prepare(QUERIES[NAME], NAME, {}).plan
    assert plan is not None
    made = projector()
    delivery = Delivery(plan, made.response)
    run = StartedAnswer(cast(RunHandle, handle), made, streaming)
    written = [payloads async for payloads in deliveries(run, delivery)]
    assert delivery.finished
    return written


async def payloads_of(handle: object, streaming: Streaming = STREAMING) -> list[bytes]:
    return [payload for payloads in await writes_of(handle, streaming) for payload in payloads]


async def answered(error: Exception | None) -> Any:  # noqa: ANN401  # JSON
    """The answer to a run whose reading ends like this."""
    return merged(await payloads_of(BreakingHandle(error)))["data"][NAME]


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreUnavailable("no store"), "STORE_UNAVAILABLE"), (None, "OWNER_LOST")],
)
async def test_a_run_that_cannot_be_read_to_its_end_has_failed(
    error: Exception | None, code: str
) -> None:
    answer = await answered(error)
    details = answer["status"]["details"]
    assert details["originalError"]["extensions"]["runtimeCode"] == code
    assert details["originalError"]["code"] == "NETWORK_ERROR"
    assert answer["messages"][0]["content"] == ["Half"]
    assert answer["messages"][0]["status"]["reason"] == "Error streaming message content"


async def test_an_unexpected_error_ends_the_answer_and_stays_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await answered(KeyError("/srv/secret"))
    assert answer["status"]["details"]["description"] == "the answer broke off"
    assert "/srv/secret" in caplog.text


async def test_work_is_given_up_when_the_client_goes() -> None:
    gone, given_up = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def work() -> None:
        gone.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    assert not await unless_gone(receive, work())
    assert given_up.is_set()


async def test_work_that_fails_raises_although_the_client_is_there() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> None:
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        await unless_gone(receive, work())


async def test_a_client_who_seems_to_leave_when_the_work_is_done_cancels_nothing() -> None:
    async def receive() -> Message:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:  # as some middlewares do
            return {"type": "http.disconnect"}
        raise AssertionError

    async def work() -> None:
        await asyncio.sleep(0)

    assert await unless_gone(receive, work())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


class FailingHandle:
    """A run of which the last word and its failure are read together."""

    run = RUN
    ended = None

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch(records([STARTED, open_text("m1"), say("m1", "Last"), FAILED]), Cursor("e", 4))


async def test_the_last_words_come_before_the_failure_that_followed() -> None:
    written = await payloads_of(FailingHandle())
    [words] = [number for number, payload in enumerate(written) if b"Last" in payload]
    [failure] = [number for number, payload in enumerate(written) if b"description" in payload]
    assert words < failure


class EndedHandle:
    """A run that was over when its reader came."""

    run = RUN

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self.ended.set_result(None)

    async def batches(self) -> AsyncIterator[Batch]:
        events = [STARTED, open_text("m1"), say("m1", "All"), {"type": "RUN_FINISHED"}]
        yield Batch(records(events), Cursor("e", 4))


async def test_an_answer_to_a_run_that_is_over_leaves_at_one_go() -> None:
    [written] = await writes_of(EndedHandle())
    assert merged(written)["data"][NAME]["messages"][0]["content"] == ["All"]


class Batches:
    """A run that says one word for each wake-up of its reader."""

    run = RUN
    ended = None

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch(records([STARTED, open_text("m1")]), Cursor("e", 2))
        for seq in range(3, 8):
            yield Batch([Record(seq, RUN.run_id, say("m1", str(seq)))], Cursor("e", seq))
        yield Batch([Record(8, RUN.run_id, {"type": "RUN_FINISHED"})], Cursor("e", 8))


async def test_an_answer_in_frames_is_the_same_answer() -> None:
    at_once = await payloads_of(Batches())
    in_frames = await payloads_of(Batches(), Streaming(frame=0.001))
    assert merged(at_once) == merged(in_frames)
    assert merged(at_once)["data"][NAME]["messages"][0]["content"] == list("34567")


async def test_an_answer_begins_before_its_run_has_read_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, load = asyncio.Event(), MemoryStateStore.load

    async def late(store: MemoryStateStore, thread_id: str, agent: str) -> AgentState | None:
        await read.wait()
        return await load(store, thread_id, agent)

    monkeypatch.setattr(MemoryStateStore, "load", late)
    async with (
        serving(CopilotRuntime(agents={"default": text_agent})) as client,
        client.stream("POST", PATH, json=chat()) as response,
    ):
        parts = response.aiter_raw()
        begun = await anext(parts)
        read.set()
        rest = [part async for part in parts]
    assert merged(payloads(begun + b"".join(rest)))["data"][NAME]["status"]["code"] == "Success"


async def test_a_frame_gathers_what_comes_meanwhile() -> None:
    spoken = asyncio.Event()

    async def talker(request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        for number in range(20):
            await asyncio.sleep(0)
            yield say("m1", str(number))
        spoken.set()

    asked = chat()
    asked["query"] = (
        asked["query"]
        .replace("$properties: JSONObject", FRAMED)
        .replace("properties: $properties", "properties: $properties, streaming: $streaming")
    )
    asked["variables"]["streaming"] = {"delivery": "Framed", "frameMilliseconds": 200}
    async with serving(CopilotRuntime(agents={"default": talker})) as client:
        answer = await client.post(PATH, json=asked)
    parts = payloads(answer.content)
    assert spoken.is_set()
    assert len(parts) < 8
    [message] = merged(parts)["data"]["generateCopilotResponse"]["messages"]
    assert message["content"] == [str(number) for number in range(20)]
