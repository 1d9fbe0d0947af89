"""What agents yield and return where events are expected: taken if plain, else refused in words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from ag_ui.core import EventType, RunAgentInput
from pydantic import BaseModel

from agui_runtime.agents.agent import current_run
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.agents.test_agent import FRAMES, HELLO
from tests.runtime.worlds import asking, call, kinds, ran, text, told

Yields = Callable[[RunAgentInput], AsyncIterator[Any]]
FRAME = 'data: {"type":"CUSTOM","name":"n","value":1}\n\n'
CUSTOM = {"type": "CUSTOM", "name": "n", "value": 1}


def yields(*items: object) -> Yields:
    async def agent(request: RunAgentInput) -> AsyncIterator[Any]:
        for item in items:
            yield item

    return agent


async def events_of(source: object) -> list[Event]:
    """What a page gets, without the ends of the run."""
    events = await ran(CopilotRuntime({"default": source}), asking())
    assert events[-1]["type"] == "RUN_FINISHED", events[-1]
    return events[1:-1]


def texts(events: list[Event]) -> list[str]:
    """The texts of the messages, in their order."""
    found: dict[str, str] = {}
    for event in events:
        if event["type"].startswith("TEXT_MESSAGE"):
            found[event["messageId"]] = found.get(event["messageId"], "") + event.get("delta", "")
    return list(found.values())


@pytest.mark.parametrize(
    "words",
    [
        ("Hel", "lo"),
        ("", "Hello", "", None),
        ("data", ": is the new oil"),
        (":)", "\n\n", ":-)\n"),
        ("event: a party\n", "id: 7\n"),
        ("\n\n", "Hello"),
        ("data: first\n\n",),
        ("😀",),
    ],
)
async def test_text_that_an_agent_yields_is_one_message(words: tuple[str, ...]) -> None:
    events = await events_of(yields(*words))
    assert texts(events) == ["".join(word or "" for word in words)]
    assert [kinds(events)[0], kinds(events)[-1]] == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_END"]


async def test_text_goes_on_after_a_state_and_ends_before_a_call() -> None:
    state = {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}
    events = await events_of(yields("a", state, "b", *call("c1", "f", "{}"), "c"))
    assert texts(events) == ["ab", "c"]
    assert kinds(events)[4:6] == ["TEXT_MESSAGE_END", "TOOL_CALL_START"]


async def test_events_may_be_mixed_with_frames_and_text() -> None:
    events = await events_of(yields("Hello", FRAME, *text("m1", "there"), ": ping\n\n", "End"))
    assert texts(events) == ["Hello", "there", "End"]
    assert CUSTOM in events


@pytest.mark.parametrize("size", [1, 3, 7, 50])
@pytest.mark.parametrize("encode", [str, str.encode])
async def test_frames_may_be_cut_anywhere(size: int, encode: Callable[[str], object]) -> None:
    pieces = [FRAMES[at : at + size] for at in range(0, len(FRAMES), size)]
    if size < 6 and encode is str:  # the first piece has to look like a frame
        pieces = [FRAMES[:8], *(FRAMES[at : at + size] for at in range(8, len(FRAMES), size))]
    assert await events_of(yields(*map(encode, pieces))) == HELLO


async def test_a_last_frame_without_its_end_is_read() -> None:
    assert await events_of(yields(FRAMES.rstrip("\n"))) == HELLO


class Mine(BaseModel):
    """An event of the user's own making."""

    type: str = "CUSTOM"
    name: str = "n"
    value: int = 1


@pytest.mark.parametrize(
    "items",
    [
        (Mine(),),
        ([CUSTOM],),
        ((CUSTOM, None),),
        ({"type": EventType.CUSTOM, "name": "n", "value": 1},),
    ],
)
async def test_other_forms_of_events_are_taken(items: tuple[object, ...]) -> None:
    assert await events_of(yields(*items)) == [CUSTOM]


async def test_keys_may_be_spelt_as_in_python() -> None:
    keys = {"type": "TEXT_MESSAGE_CONTENT", "message_id": "m1", "delta": "Hello"}
    assert await events_of(yields(HELLO[0], keys, HELLO[2])) == HELLO


async def test_types_of_the_enumeration_are_plain_words_for_everyone() -> None:
    delta = {"type": EventType.TEXT_MESSAGE_CONTENT, "messageId": "m1", "delta": "Hello"}
    events = await events_of(yields(HELLO[0], delta, HELLO[2]))
    assert {type(event["type"]) for event in events} == {str}


def returns_text(request: RunAgentInput) -> str:
    return "Hello"


async def returns_text_later(request: RunAgentInput) -> str:
    return "Hello"


def generates(request: RunAgentInput) -> Iterator[Any]:
    yield "Hel"
    yield "lo"


def builds_a_generator(request: RunAgentInput) -> Iterator[Any]:
    return generates(request)


class Runs:
    """An object whose `run` is a plain generator."""

    def run(self, request: RunAgentInput) -> Iterator[Any]:
        yield from generates(request)


class Answers:
    """An object whose `run` returns a text."""

    name = "answers"
    description = "Answers"

    async def run(self, request: RunAgentInput) -> str:
        return "Hello"


class Called:
    """An object that is called like a function."""

    def __call__(self, request: RunAgentInput) -> str:
        return "Hello"


class Web:
    """The streaming answer of a web framework."""

    def __init__(self, body: AsyncIterator[Any]) -> None:
        self.body_iterator = body


@pytest.mark.parametrize(
    "source",
    [
        returns_text,
        returns_text_later,
        generates,
        builds_a_generator,
        Runs(),
        Answers(),
        Called(),
        partial(returns_text),
        lambda request: HELLO,
        lambda request: tuple(HELLO),
        lambda request: ["Hel", "lo"],
        lambda request: Runs(),
        lambda request: Web(yields(FRAMES)(request)),
        lambda request: {"role": "assistant", "content": "Hello"},
    ],
)
async def test_whatever_plainly_says_hello_is_an_agent(source: object) -> None:
    assert texts(await events_of(source)) == ["Hello"]


async def test_a_single_event_may_be_returned() -> None:
    assert await events_of(lambda request: CUSTOM) == [CUSTOM]


async def test_plain_functions_and_generators_run_in_a_thread_within_their_run() -> None:
    seen: list[tuple[bool, str]] = []

    def note() -> None:
        here = threading.current_thread() is threading.main_thread()
        seen.append((here, current_run.get().caller.owner))

    def function(request: RunAgentInput) -> str:
        note()
        return "Hello"

    def generator(request: RunAgentInput) -> Iterator[str]:
        note()
        yield "Hello"

    def async_factory(request: RunAgentInput) -> AsyncIterator[str]:
        note()
        return yields("Hello")(request)

    for source in (function, generator, async_factory):
        assert texts(await events_of(source)) == ["Hello"]
    assert seen == [(False, "ann"), (False, "ann"), (True, "ann")]


async def test_a_generator_that_blocks_holds_up_nobody_and_is_closed_when_it_lets_go() -> None:
    let_go, closed = threading.Event(), threading.Event()

    def blocks(request: RunAgentInput) -> Iterator[str]:
        try:
            yield "Hello"
            let_go.wait()
            yield "too late"
        finally:
            closed.set()

    runtime = CopilotRuntime({"default": blocks, "other": returns_text})
    handle = await runtime.start(asking())
    async for batch in handle.batches():
        if any(record.event.get("delta") for record in batch.records):
            break
    assert texts(await ran(runtime, asking(thread="t2", agent="other"))) == ["Hello"]
    await handle.stop()
    assert (await told(handle))[-1]["outcome"] == {"type": "cancelled"}
    assert not closed.is_set()
    let_go.set()
    await asyncio.to_thread(closed.wait)


async def test_a_generator_that_waits_is_closed_by_a_stop() -> None:
    closed = threading.Event()

    def generator(request: RunAgentInput) -> Iterator[Event]:
        try:
            yield {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
            yield CUSTOM
        finally:
            closed.set()

    assert await events_of(generator) == []
    assert closed.is_set()


async def test_a_generator_that_fails_fails_its_run() -> None:
    def generator(request: RunAgentInput) -> Iterator[str]:
        yield "Hello"
        raise ZeroDivisionError

    events = await ran(CopilotRuntime({"default": generator}), asking())
    assert [events[-1]["type"], events[-1]["code"]] == ["RUN_ERROR", "AGENT_ERROR"]
    assert texts(events) == ["Hello"]
