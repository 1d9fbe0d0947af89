"""The promises of a run: one terminal event, whatever happens, and a thread that stays usable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AgentNotFound, ModelFailure
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.jsontext import JsonObject, copied
from agui_runtime.hooks.hook import Hook
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.runtime.worlds import (
    ANN,
    CANCELLED,
    Panic,
    Scripted,
    Waiting,
    asking,
    call,
    kinds,
    ran,
    text,
    told,
)


async def first_record(runtime: CopilotRuntime, thread: str = "t1", count: int = 2) -> None:
    """Return when the thread has so many records."""
    seen = 0
    async with aclosing(runtime.threads.follow(thread, ANN)) as batches:
        async for batch in batches:
            seen += len(batch.records)
            if seen >= count:
                return


async def test_a_run_tells_its_start_its_events_and_one_end() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello ", "you"))})
    events = await ran(runtime, asking(run="r1"))
    assert kinds(events) == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert events[0]["input"]["messages"] == [{"id": "u-hi", "role": "user", "content": "hi"}]
    assert events[-1] == {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}


@pytest.mark.parametrize("state", [{"list": ["theirs"]}, {}])
async def test_what_an_agent_does_to_its_request_changes_nothing_that_was_told(
    state: JsonObject,
) -> None:
    async def careless(request: RunAgentInput) -> AsyncIterator[Event]:
        for theirs in (request.state or {}).values():
            theirs.append("mine")
        request.thread_id, request.run_id = "mine", "mine"
        for event in text("m1", "Hello"):
            yield event

    runtime = CopilotRuntime({"default": careless})
    asked, sent = asking(run="r1"), copied(state)
    asked.input.state = state
    events = await ran(runtime, asked)
    assert events[0]["input"]["state"] == sent
    assert events[-1] == {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
    saved = await runtime.saved_states.load("t1", "default", ANN)
    assert saved is not None
    assert saved.state == sent


async def test_what_an_agent_left_open_is_closed() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello")[:-1])})
    assert kinds(await ran(runtime, asking()))[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]


async def test_an_agent_that_raises_ends_its_run_with_a_safe_message() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "Hel")[0]
        raise RuntimeError("password=hunter2")

    events = await ran(CopilotRuntime({"default": agent}), asking())
    assert kinds(events)[-2:] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    assert (events[-1]["message"], events[-1]["code"]) == ("the agent failed", "AGENT_ERROR")


@pytest.mark.parametrize(
    "failure", [StopIteration(), SystemExit(2), asyncio.CancelledError(), Panic()]
)
@pytest.mark.parametrize("blocks", [True, False])
async def test_what_would_end_more_than_a_run_ends_the_run(
    failure: BaseException, blocks: bool
) -> None:
    def blocking(request: RunAgentInput) -> list[Event]:
        raise failure

    async def on_the_loop(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "Hel")[0]
        raise failure

    runtime = CopilotRuntime({"default": blocking if blocks else on_the_loop})
    assert (await ran(runtime, asking()))[-1]["code"] == "AGENT_ERROR"


async def test_a_run_failure_tells_its_own_code_and_status() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "Hel"):
            yield event
        raise ModelFailure("AUTHENTICATION", "check the key", 401)

    end = (await ran(CopilotRuntime({"default": agent}), asking()))[-1]
    assert end == {
        "type": "RUN_ERROR",
        "message": "check the key",
        "code": "MODEL_AUTHENTICATION",
        "metadata": {"status": 401},
    }


async def test_an_agents_own_error_is_the_one_terminal_event() -> None:
    error = {"type": "RUN_ERROR", "message": "exploded", "code": "BOOM"}
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "x"), error, *text("m2", "late"))})
    events = await ran(runtime, asking())
    assert events[-1] == error
    assert kinds(events).count("TEXT_MESSAGE_START") == 1


async def test_a_stream_that_breaks_off_is_an_error() -> None:
    started = {"type": "RUN_STARTED", "threadId": "x", "runId": "y"}
    events = await ran(CopilotRuntime({"default": Scripted(started, *text("m1", "x"))}), asking())
    assert events[-1]["code"] == "INCOMPLETE_STREAM"
    assert kinds(events).count("RUN_STARTED") == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "never-opened", "delta": "x"},
        {"type": "NO_SUCH_EVENT"},
        {"type": "TEXT_MESSAGE_CONTENT", "delta": "x"},
    ],
)
async def test_events_that_no_client_could_accept_end_the_run(event: Event) -> None:
    events = await ran(CopilotRuntime({"default": Scripted(event)}), asking())
    assert kinds(events) == ["RUN_STARTED", "RUN_ERROR"]
    assert events[-1]["code"] == "AGENT_PROTOCOL_ERROR"


async def test_a_run_outlives_its_reader() -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"default": agent})
    handle = await runtime.start(asking())
    async with aclosing(handle.batches()) as batches:
        await anext(batches)
    agent.go.set()
    assert kinds(await told(handle)) == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]


@pytest.mark.parametrize("over", [True, False], ids=["over", "live"])
async def test_a_reader_who_comes_late_gets_no_later_run_of_the_same_id(over: bool) -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "one")), "waiting": agent})
    first = await runtime.start(asking("one", run="r"))
    assert first.ended is not None
    await first.ended
    second = await runtime.start(asking("two", run="r", agent="waiting"))
    if over:
        agent.go.set()
        await told(second)
    said = ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert kinds(await told(first)) == ["RUN_STARTED", *said, "RUN_FINISHED"]
    agent.go.set()


async def test_stop_closes_what_was_open_and_the_next_run_is_clean() -> None:
    agent = Waiting(*text("m1", "Hel")[:2], *call("c1", "f", "{")[:2])
    runtime = CopilotRuntime({"default": agent, "other": Scripted(*text("m2", "fine"))})
    handle = await runtime.start(asking())
    await first_record(runtime, count=5)
    assert await runtime.stop("t1", ANN)
    events = await told(handle)
    assert events[-1].items() >= CANCELLED.items()
    assert {"TEXT_MESSAGE_END", "TOOL_CALL_END", "TOOL_CALL_RESULT"} <= set(kinds(events))
    assert agent.closed.is_set()
    assert kinds(await ran(runtime, asking("next", agent="other")))[-1] == "RUN_FINISHED"
    assert not await runtime.stop("t1", ANN)


async def test_a_stop_before_the_agent_was_called_still_ends_the_run() -> None:
    class Early(Hook):
        async def before_run(self, run: RunInfo, request: RunAgentInput, context: object) -> None:
            await runtime.stop("t1", ANN)

    agent = Scripted(*text("m1", "never"))
    runtime = CopilotRuntime({"default": agent}, hooks=[Early()])
    events = await ran(runtime, asking())
    assert kinds(events) == ["RUN_STARTED", "RUN_FINISHED"]
    assert agent.asked == []


async def test_an_agent_may_say_its_last_events_after_a_stop() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "")[0]
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for event in text("m1", "(stopped)")[1:]:
                yield event

    runtime = CopilotRuntime({"default": agent})
    handle = await runtime.start(asking())
    await first_record(runtime)
    await handle.stop()
    events = await told(handle)
    assert "(stopped)" in [event.get("delta") for event in events]
    assert events[-1].items() >= CANCELLED.items()


async def test_a_stop_while_the_agent_cleans_up_does_not_change_its_end() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        try:
            yield text("m1", "")[0]
            yield {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
        finally:
            await runtime.stop("t1", ANN)
            await asyncio.sleep(0)

    runtime = CopilotRuntime({"default": agent})
    events = await ran(runtime, asking(run="r1"))
    assert kinds(events) == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert "outcome" not in events[-1]


async def test_a_stopped_run_is_cancelled_though_its_agent_says_that_it_finished() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "")[0]
        await runtime.stop("t1", ANN)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            yield {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}

    runtime = CopilotRuntime({"default": agent})
    assert (await ran(runtime, asking()))[-1].items() >= CANCELLED.items()


async def test_thinking_events_of_older_adapters_are_reasoning() -> None:
    agent = Scripted(
        {"type": "THINKING_START"},
        {"type": "THINKING_TEXT_MESSAGE_START"},
        {"type": "THINKING_TEXT_MESSAGE_CONTENT", "delta": "Hm."},
        {"type": "THINKING_TEXT_MESSAGE_END"},
        {"type": "THINKING_END"},
    )
    events = await ran(CopilotRuntime({"default": agent}), asking())
    assert kinds(events)[1:-1] == [
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
    ]


async def test_an_agent_that_will_not_stop_is_cut_off() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "")[0]
        for number in range(1_000_000):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                continue
            yield text("m1", f"{number}")[1]

    options = Options(limits=RunLimits(stop_grace=0.02))
    runtime = CopilotRuntime({"default": agent}, options=options)
    handle = await runtime.start(asking())
    await handle.stop()
    assert (await told(handle))[-1].items() >= CANCELLED.items()


async def test_closing_the_runtime_ends_its_runs_as_shut_down() -> None:
    runtime = CopilotRuntime({"default": Waiting()})
    handle = await runtime.start(asking())
    await runtime.close()
    assert (await told(handle))[-1]["code"] == "SHUTDOWN"


async def test_an_unknown_agent_is_refused_with_the_names_there_are() -> None:
    runtime = CopilotRuntime({"weather": Scripted()})
    with pytest.raises(AgentNotFound, match=r"no agent 'wether'; there are \['weather'\]"):
        await runtime.start(asking(agent="wether"))


async def test_an_agent_that_never_waits_gives_way_to_readers() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *["x"] * 5000))})
    batches = 0
    async with aclosing((await runtime.start(asking())).batches()) as reading:
        async for _ in reading:
            batches += 1
    assert batches > 5
