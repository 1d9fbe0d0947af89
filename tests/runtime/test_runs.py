"""The promises of a run: one terminal event, whatever happens, and a thread that stays usable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.errors import AgentNotFound, Busy, InvalidInput, ModelFailure, ThreadNotFound
from agui_runtime.events import Cursor, Event, RunInfo
from agui_runtime.hooks import Hook, RunReport
from agui_runtime.run import Limits, current_run
from agui_runtime.runtime import CopilotRuntime, Options
from tests.runtime.worlds import ANN, BOB, Scripted, Waiting, asking, call, kinds, ran, text, told

CANCELLED = {"outcome": {"type": "cancelled"}}


async def first_record(runtime: CopilotRuntime, thread: str = "t1", count: int = 2) -> None:
    """Return when the thread has so many records."""
    seen = 0
    async with aclosing(runtime.follow(thread, ANN)) as batches:
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


async def test_only_messages_new_to_the_thread_are_told_at_the_start() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    await ran(runtime, asking("one"))
    sent = [
        {"id": "s", "role": "system", "content": "be nice"},
        {"id": "u-one", "role": "user", "content": "one"},
        {"id": "m1", "role": "assistant", "content": "Hello"},
        {"id": "u-two", "role": "user", "content": "two"},
    ]
    events = await ran(runtime, asking(messages=sent))
    assert [message["id"] for message in events[0]["input"]["messages"]] == ["u-two"]


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


async def test_an_agent_that_will_not_stop_is_cut_off() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield text("m1", "")[0]
        for number in range(1_000_000):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                continue
            yield text("m1", f"{number}")[1]

    options = Options(limits=Limits(stop_grace=0.02))
    runtime = CopilotRuntime({"default": agent}, options=options)
    handle = await runtime.start(asking())
    await handle.stop()
    assert (await told(handle))[-1].items() >= CANCELLED.items()


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(first_event=0.02), "FIRST_EVENT_TIMEOUT"),
        (Limits(idle=0.02), "IDLE_TIMEOUT"),
        (Limits(total=0.02), "RUN_TIMEOUT"),
    ],
)
async def test_each_limit_ends_the_run_with_its_own_code(limits: Limits, code: str) -> None:
    async def silent(request: RunAgentInput) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield {}

    agent = silent if code == "FIRST_EVENT_TIMEOUT" else Waiting()
    runtime = CopilotRuntime({"default": agent}, options=Options(limits=limits))
    assert (await ran(runtime, asking()))[-1]["code"] == code


async def test_closing_the_runtime_ends_its_runs_as_shut_down() -> None:
    runtime = CopilotRuntime({"default": Waiting()})
    handle = await runtime.start(asking())
    await runtime.close()
    assert (await told(handle))[-1]["code"] == "SHUTDOWN"


async def test_two_runs_at_once_do_not_touch_each_other() -> None:
    seen: dict[str, str] = {}

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text(f"m-{request.thread_id}", *"abc"):
            await asyncio.sleep(0)
            seen[request.thread_id] = current_run.get().caller.owner
            yield event

    runtime = CopilotRuntime({"default": agent})
    one, two = await asyncio.gather(
        ran(runtime, asking(thread="t1")), ran(runtime, asking(thread="t2", caller=BOB))
    )
    assert {event["messageId"] for event in one if "messageId" in event} == {"m-t1"}
    assert {event["messageId"] for event in two if "messageId" in event} == {"m-t2"}
    assert seen == {"t1": "ann", "t2": "bob"}


async def test_a_busy_thread_rejects_a_second_start() -> None:
    runtime = CopilotRuntime({"default": Waiting()})
    await runtime.start(asking(run="r1"))
    with pytest.raises(Busy, match="r1"):
        await runtime.start(asking(run="r2"))
    await runtime.close()


async def test_a_queued_start_waits_for_its_turn() -> None:
    first = Waiting()
    agents = {"default": first, "second": Scripted(*text("m2", "mine"))}
    runtime = CopilotRuntime(agents, options=Options(on_busy="queue"))
    handle = await runtime.start(asking())
    second = asyncio.create_task(runtime.start(asking("next", agent="second")))
    await asyncio.sleep(0)
    assert not second.done()
    first.go.set()
    assert kinds(await told(handle))[-1] == "RUN_FINISHED"
    assert "mine" in [event.get("delta") for event in await told(await second)]


async def test_a_queue_has_an_end() -> None:
    options = Options(on_busy="queue", queue_timeout=0.02)
    runtime = CopilotRuntime({"default": Waiting()}, options=options)
    await runtime.start(asking())
    with pytest.raises(Busy):
        await runtime.start(asking("next"))
    await runtime.close()


async def test_a_superseding_start_stops_the_first() -> None:
    agents = {"default": Waiting(), "second": Scripted(*text("m2", "mine"))}
    runtime = CopilotRuntime(agents, options=Options(on_busy="supersede"))
    first = await runtime.start(asking())
    second = await runtime.start(asking("next", agent="second"))
    assert (await told(first))[-1].items() >= CANCELLED.items()
    assert kinds(await told(second))[-1] == "RUN_FINISHED"


async def test_the_same_start_again_reads_the_same_run() -> None:
    agent = Scripted(*text("m1", "once"))
    runtime = CopilotRuntime({"default": agent})
    request = asking(run="r1", fingerprint="f")
    assert await ran(runtime, request) == await ran(runtime, request)
    assert len(agent.asked) == 1


async def test_ephemeral_runs_neither_wait_for_a_thread_nor_show_in_it() -> None:
    runtime = CopilotRuntime({"default": Waiting(), "side": Scripted(*text("m2", "aside"))})
    handle = await runtime.start(asking())
    aside = await ran(runtime, asking("suggest", agent="side", ephemeral=True))
    assert kinds(aside)[-1] == "RUN_FINISHED"
    await handle.stop()
    assert "aside" not in [event.get("delta") for event in await told(handle)]
    assert await runtime.load_state("t1", "side", ANN) is None


async def test_live_late_and_replayed_readings_are_equal_at_every_cursor() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *"abcdef"))})
    live = await ran(runtime, asking())
    for start in range(len(live)):
        after = Cursor(await epoch(runtime), start)
        async with aclosing(runtime.follow("t1", ANN, after)) as batches:
            batch = await anext(batches)
        assert [record.event for record in batch.records] == live[start:]


async def epoch(runtime: CopilotRuntime) -> str:
    async with aclosing(runtime.follow("t1", ANN)) as batches:
        return (await anext(batches)).cursor.epoch


async def test_a_foreign_thread_is_not_found_everywhere() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "secret"))})
    await ran(runtime, asking())
    with pytest.raises(ThreadNotFound):
        await runtime.start(asking("mine", caller=BOB))
    with pytest.raises(ThreadNotFound):
        await runtime.stop("t1", BOB)
    with pytest.raises(ThreadNotFound):
        await anext(runtime.follow("t1", BOB))
    assert await runtime.load_state("t1", "default", BOB) is None


async def test_the_state_of_an_agent_is_kept_by_thread_and_name() -> None:
    state = {"type": "STATE_SNAPSHOT", "snapshot": {"topic": "cats"}}
    runtime = CopilotRuntime({"default": Scripted(state, *text("m1", "Hello"))})
    await ran(runtime, asking())
    saved = await runtime.load_state("t1", "default", ANN)
    assert saved is not None
    assert saved.state == {"topic": "cats"}
    assert [message["id"] for message in saved.messages] == ["u-hi", "m1"]


async def test_a_second_page_that_has_not_seen_the_thread_loses_nothing() -> None:
    runtime = CopilotRuntime(
        {"default": Scripted(*text("m1", "A")), "b": Scripted(*text("m2", "B"))}
    )
    await ran(runtime, asking("one"))
    await ran(runtime, asking("two"))
    saved = await runtime.load_state("t1", "default", ANN)
    assert saved is not None
    assert [message["id"] for message in saved.messages] == ["u-one", "m1", "u-two"]


@pytest.mark.parametrize("bad", ["a" * 201, "a b", "a{b}", "a\n", "é"])
async def test_ids_that_could_not_be_keys_are_refused(bad: str) -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    with pytest.raises(InvalidInput):
        await runtime.start(asking(thread=bad))
    with pytest.raises(InvalidInput):
        await runtime.start(asking(run=bad))


async def test_an_unknown_agent_is_refused_with_the_names_there_are() -> None:
    runtime = CopilotRuntime({"weather": Scripted()})
    with pytest.raises(AgentNotFound, match=r"no agent 'wether'; there are \['weather'\]"):
        await runtime.start(asking(agent="wether"))


async def test_hooks_see_the_run_and_cannot_break_it() -> None:
    seen: list[str] = []

    class Broken(Hook):
        async def before_run(self, run: RunInfo, request: RunAgentInput, context: object) -> None:
            raise RuntimeError("before")

        def on_event(self, run: RunInfo, event: Event) -> None:
            raise RuntimeError("event")

        async def after_run(self, report: RunReport) -> None:
            raise RuntimeError("after")

    class Watching(Hook):
        def on_event(self, run: RunInfo, event: Event) -> None:
            seen.append(event["type"])

        async def after_run(self, report: RunReport) -> None:
            seen.append(report.messages[0]["content"])
            done.set()

    done = asyncio.Event()
    agent = Scripted(*text("m1", "Hel", "lo"))
    runtime = CopilotRuntime({"default": agent}, hooks=[Broken(), Watching()])
    events = await ran(runtime, asking())
    await done.wait()
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert seen[-1] == "Hello"
    assert seen[:-1] == kinds(events)[1:]


async def test_an_agent_that_never_waits_gives_way_to_readers() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *["x"] * 5000))})
    batches = 0
    async with aclosing((await runtime.start(asking())).batches()) as reading:
        async for _ in reading:
            batches += 1
    assert batches > 5
