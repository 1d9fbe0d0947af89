"""Responses that clients come back to: later, in the middle of a stream, and in the background."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.stores.sql import SqliteStore
from tests.runtime.worlds import text
from tests.wires.openai.serving import (
    USAGE,
    Held,
    Recorder,
    client_of,
    thought,
)
from tests.wires.openai.test_responses import respond, thread_of


async def test_a_response_is_there_later_as_it_was() -> None:
    agent = Recorder(*thought("Well."), *text("m1", "Hello ", "world"), end={"usage": [USAGE]})
    async with client_of(CopilotRuntime({"default": agent})) as client:
        made = await respond(client)
        found = await client.responses.retrieve(made.id)
    assert found.model_dump() == made.model_dump() | {"completed_at": found.completed_at}


async def test_a_client_comes_back_to_any_number_of_a_stream() -> None:
    """Also in the middle of a piece: a store may have joined some."""
    agent = Recorder(*thought("Well", "."), *text("m1", "Hello ", "world"))
    async with client_of(CopilotRuntime({"default": agent})) as client:
        events = [event async for event in await respond(client, stream=True)]
        whole = {event.sequence_number: event for event in events}
        id_ = events[0].response.id
        for after in range(max(whole)):
            rest = [
                event
                async for event in await client.responses.retrieve(
                    id_, stream=True, starting_after=after
                )
            ]
            assert [each.sequence_number for each in rest] == [n for n in whole if n > after]
            words = "".join(each.delta for each in rest if each.type.endswith("output_text.delta"))
            assert "Hello world".endswith(words)
            seen = sum(
                len(each.delta)
                for each in events
                if each.type.endswith("output_text.delta") and each.sequence_number <= after
            )
            assert len(words) <= len("Hello world") - seen
        async with client.responses.stream(response_id=id_, starting_after=2) as stream:
            assert (await stream.get_final_response()).output_text == "Hello world"


async def test_numbers_stay_when_a_store_joins_the_pieces_of_a_run(tmp_path: Path) -> None:
    agent = Recorder(*thought("Well", "."), *text("m1", "Hello", " wo", "rld"))
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db")
    runtime = CopilotRuntime({"default": agent}, store=store)
    async with client_of(runtime) as client:
        events = [event async for event in await respond(client, stream=True)]
        [after] = [each.sequence_number for each in events if getattr(each, "delta", "") == " wo"]
        id_ = events[0].response.id
        assert await store.compact(thread_of(events[0].response)) == 1
        for number, words in ((after, "rld"), (after - 1, "orld"), (after - 2, "world")):
            again = await client.responses.retrieve(id_, stream=True, starting_after=number)
            first, *_, last = [event async for event in again]
            assert first.delta == words
            assert last.sequence_number == events[-1].sequence_number


async def test_a_run_in_the_background_goes_on_without_its_client_until_it_is_cancelled() -> None:
    held = Held()
    async with client_of(CopilotRuntime({"default": held})) as client:
        queued = await respond(client, background=True)
        assert (queued.status, queued.background) == ("queued", True)
        await held.reached.wait()
        live = await client.responses.retrieve(queued.id)
        assert live.status == "in_progress"
        cancelled = await client.responses.cancel(queued.id)
        assert (cancelled.id, cancelled.status) == (queued.id, "cancelled")
        assert held.closed.is_set()
        assert (await client.responses.cancel(queued.id)).status == "cancelled"


async def test_a_stream_in_the_background_is_taken_up_where_it_broke_off() -> None:
    held = Held()
    async with client_of(CopilotRuntime({"default": held})) as client:
        first = await respond(client, background=True, stream=True)
        async for event in first:
            if event.type == "response.created":
                id_ = event.response.id
            if event.type == "response.output_text.delta":
                break
        await first.response.aclose()
        assert not held.closed.is_set()
        coming_back = client.responses.retrieve(
            id_, stream=True, starting_after=event.sequence_number
        )
        again, _ = await asyncio.gather(coming_back, client.responses.cancel(id_))
        types = [each.type async for each in again]
    assert types[0] == "response.output_text.done"
    assert types[-1] == "response.incomplete"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_away_stops_the_run(stream: bool) -> None:
    agent = Held()
    async with client_of(CopilotRuntime({"default": agent})) as client:

        async def read() -> None:
            answer = await respond(client, stream=stream)
            if stream:
                async for _ in answer:
                    pass

        reading = asyncio.create_task(read())
        await agent.reached.wait()
        reading.cancel()
        await asyncio.wait([reading])
        await agent.closed.wait()
