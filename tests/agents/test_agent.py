"""Anything that yields AG-UI events is an agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from ag_ui.core import (
    RunAgentInput,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from agui_runtime.agents.border import FunctionAgent, alive, wrap
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.wrappers import limited
from tests.runtime.worlds import CANCELLED, Scripted, asking, kinds, ran, text, told

HELLO = text("m1", "Hello")


async def typed(request: RunAgentInput) -> AsyncIterator[Any]:
    """Yields typed events.

    This part is not its description.
    """
    yield TextMessageStartEvent(message_id="m1", role="assistant")
    yield TextMessageContentEvent(message_id="m1", delta="Hello")
    yield TextMessageEndEvent(message_id="m1")


async def objects(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in HELLO:
        yield event


FRAMES = (
    'data: {"type":"TEXT_MESSAGE_START","messageId":"m1","role":"assistant"}\n\n'
    ": a comment\n\n"
    'data: {"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"Hello"}\n\n'
    'data: {"type":"TEXT_MESSAGE_END","messageId":"m1"}\n\n'
)


async def frames(request: RunAgentInput) -> AsyncIterator[str]:
    yield FRAMES


async def byte_frames(request: RunAgentInput) -> AsyncIterator[bytes]:
    for frame in FRAMES.encode().split(b"\n\n")[:-1]:
        yield frame + b"\n\n"


def factory(request: RunAgentInput) -> Scripted:
    return Scripted(*HELLO)


async def slow_factory(request: RunAgentInput) -> Scripted:
    return Scripted(*HELLO)


class Iterator:
    """An async iterator without `aclose`."""

    def __init__(self) -> None:
        self.events = iter(HELLO)

    def __aiter__(self) -> Iterator:
        return self

    async def __anext__(self) -> Event:
        try:
            return next(self.events)
        except StopIteration:
            raise StopAsyncIteration from None


@pytest.mark.parametrize(
    "source",
    [
        typed,
        objects,
        frames,
        byte_frames,
        factory,
        slow_factory,
        lambda request: Iterator(),
        Scripted(*HELLO),
        FunctionAgent(objects),
    ],
)
async def test_whatever_yields_events_is_an_agent(source: object) -> None:
    events = await ran(CopilotRuntime({"default": source}), asking())
    assert events[1:-1] == HELLO


class Adapter:
    """Keeps the run's state on itself, as LangGraph's adapter does, and so has to be cloned."""

    description = "An adapter"
    used = False

    def clone(self) -> Adapter:
        return Adapter()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        assert not self.used
        self.used = True
        for event in HELLO:
            yield event


async def test_an_adapter_with_state_is_cloned_for_each_run() -> None:
    adapter = Adapter()
    runtime = CopilotRuntime({"default": adapter})
    for number in range(2):
        events = await ran(runtime, asking(thread=f"t{number}"))
        assert events[1:-1] == HELLO
    assert not adapter.used
    assert runtime.describe()[0].description == "An adapter"


async def test_a_frame_that_is_not_json_ends_the_run() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[str]:
        yield "data: {nonsense\n\n"

    events = await ran(CopilotRuntime({"default": agent}), asking())
    assert events[-1]["code"] == "AGENT_PROTOCOL_ERROR"


def test_the_first_line_of_a_docstring_is_the_description() -> None:
    assert wrap(typed).description == "Yields typed events."


def test_what_is_no_agent_is_refused_at_start() -> None:
    with pytest.raises(Misconfigured, match="'weather'"):
        CopilotRuntime({"weather": 3})


async def test_what_becomes_no_event_tells_that_the_agent_lives() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[str | None]:
        for item in (None, ": still here\n\n", "Hello", ""):
            yield item

    signs: list[None] = []
    token = alive.set(lambda: signs.append(None))
    request = RunAgentInput.model_validate({"threadId": "t", "runId": "r", "messages": []})
    events = [event async for event in limited(agent, 1).run(request)]
    alive.reset(token)
    assert kinds(events) == kinds(HELLO)
    assert len(signs) == 3


@pytest.mark.parametrize("item", [None, ": still here\n\n", ""])
@pytest.mark.parametrize("around", [lambda agent: agent, lambda agent: limited(agent, 1)])
async def test_an_agent_that_yields_no_events_and_will_not_stop_is_cut_off(
    item: str | None, around: Callable[[object], object]
) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[str | None]:
        while True:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                continue
            yield item

    options = Options(limits=RunLimits(stop_grace=0.02))
    runtime = CopilotRuntime({"default": around(agent)}, options=options)
    handle = await runtime.start(asking())
    await handle.stop()
    assert (await told(handle))[-1].items() >= CANCELLED.items()
