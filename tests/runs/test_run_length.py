"""How long an agent may take, how many events it may emit, and of how many bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options, RunLimits
from agui_runtime.core.events import Event
from tests.clocks import LoopClock
from tests.runtime.worlds import Scripted, Waiting, asking, ran, text


@pytest.mark.parametrize(("most", "ends"), [(0, "RUN_TOO_LONG"), (4, "RUN_TOO_LONG"), (5, None)])
async def test_an_agent_emits_no_more_events_than_it_may(most: int, ends: str | None) -> None:
    agent = Scripted(*text("m1", "a", "b", "c"))
    options = Options(limits=RunLimits(events=most))
    events = await ran(CopilotRuntime({"default": agent}, options=options), asking())
    assert events[-1].get("code") == ends


async def test_an_endless_agent_is_cut_at_its_limit() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "")[0]
        while True:
            yield text("m1", "x")[1]

    options = Options(limits=RunLimits(events=1000))
    events = await ran(CopilotRuntime({"default": agent}, options=options), asking())
    assert (events[-1]["code"], events[-2]["type"]) == ("RUN_TOO_LONG", "TEXT_MESSAGE_END")
    assert [each["type"] for each in events].count("TEXT_MESSAGE_CONTENT") == 1000


@pytest.mark.parametrize("words", [["x" * 100] * 50, ["ü" * 5000]])
async def test_an_agent_that_emits_too_many_bytes_is_cut_and_what_it_said_stays(
    words: list[str],
) -> None:
    options = Options(limits=RunLimits(bytes=2000))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "first", *words))}, options=options)
    events = await ran(runtime, asking())
    assert (events[-1]["code"], events[-2]["type"]) == ("RUN_TOO_LARGE", "TEXT_MESSAGE_END")
    said = "".join(each["delta"] for each in events if each["type"] == "TEXT_MESSAGE_CONTENT")
    assert said.startswith("first")
    assert len(said.encode()) < 2000
    saved = await runtime.store.states.load("t1", "default")
    assert saved is not None
    assert saved.messages[-1]["content"] == said


async def test_an_agent_that_emits_fewer_bytes_is_not() -> None:
    options = Options(limits=RunLimits(bytes=2000))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "x" * 1000))}, options=options)
    assert (await ran(runtime, asking()))[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (RunLimits(first_event=0.02), "FIRST_EVENT_TIMEOUT"),
        (RunLimits(idle=0.02), "IDLE_TIMEOUT"),
        (RunLimits(total=0.02), "RUN_TIMEOUT"),
    ],
)
async def test_each_limit_ends_the_run_with_its_own_code(limits: RunLimits, code: str) -> None:
    async def silent(request: RunAgentInput) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield {}

    agent = silent if code == "FIRST_EVENT_TIMEOUT" else Waiting()
    runtime = CopilotRuntime({"default": agent}, options=Options(limits=limits))
    assert (await ran(runtime, asking()))[-1]["code"] == code


async def test_a_limit_of_the_first_event_alone_ends_with_that_event(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = LoopClock(monkeypatch)

    async def slow(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "one")[0]
        await clock.pass_by(200)
        yield text("m1", "one")[2]

    limits = RunLimits(first_event=100, idle=None, total=None)
    runtime = CopilotRuntime({"default": slow}, options=Options(limits=limits))
    assert (await ran(runtime, asking()))[-1]["type"] == "RUN_FINISHED"
    assert not caplog.records
