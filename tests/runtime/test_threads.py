"""The promises of a thread: one run at a time, one owner, nothing lost and nothing mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from time import time

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Busy, InvalidInput, ShuttingDown, ThreadNotFound
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.core.fold import fold
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import Lease
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.store import MemoryRunLog
from agui_runtime.stores.memory.thread_table import MemoryLimits, ThreadTable
from tests.runtime.worlds import (
    ANN,
    BOB,
    CANCELLED,
    Scripted,
    Waiting,
    asking,
    kinds,
    ran,
    text,
    told,
)


async def epoch(runtime: CopilotRuntime) -> str:
    async with aclosing(runtime.threads.follow("t1", ANN)) as batches:
        return (await anext(batches)).cursor.epoch


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


async def test_a_start_that_waits_for_its_turn_is_refused_when_the_process_ends() -> None:
    runtime = CopilotRuntime({"default": Waiting()}, options=Options(on_busy="queue"))
    await runtime.start(asking())
    second = asyncio.create_task(runtime.start(asking("next")))
    await asyncio.sleep(0)
    await runtime.drain(0)
    with pytest.raises(ShuttingDown):
        await second
    await runtime.close()


class Remote(MemoryRunLog):
    """A log whose claims take effect before their callers know it."""

    def __init__(self, table: ThreadTable) -> None:
        super().__init__(table)
        self.claimed, self.known = asyncio.Event(), asyncio.Event()

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        lease = await super().claim(run, on_stop)
        self.claimed.set()
        await self.known.wait()
        return lease


async def test_a_start_under_way_when_the_process_ends_has_the_time_of_runs_that_are_live() -> None:
    store = MemoryStore()
    log = store.log = Remote(ThreadTable(MemoryLimits(), time))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "once"))}, store=store)
    starting = asyncio.create_task(runtime.start(asking()))
    await log.claimed.wait()
    draining = asyncio.create_task(runtime.drain(10))
    await asyncio.sleep(0)
    log.known.set()
    assert kinds(await told(await starting))[-1] == "RUN_FINISHED"
    await draining
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
    assert await runtime.saved_states.load("t1", "side", ANN) is None


async def test_live_late_and_replayed_readings_are_equal_at_every_cursor() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *"abcdef"))})
    live = await ran(runtime, asking())
    for start in range(len(live)):
        after = Cursor(await epoch(runtime), start)
        async with aclosing(runtime.threads.follow("t1", ANN, after)) as batches:
            batch = await anext(batches)
        assert [record.event for record in batch.records] == live[start:]


async def test_a_foreign_thread_is_not_found_everywhere() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "secret"))})
    await ran(runtime, asking())
    with pytest.raises(ThreadNotFound):
        await runtime.start(asking("mine", caller=BOB))
    with pytest.raises(ThreadNotFound):
        await runtime.stop("t1", BOB)
    with pytest.raises(ThreadNotFound):
        await anext(runtime.threads.follow("t1", BOB))
    assert await runtime.saved_states.load("t1", "default", BOB) is None


async def test_the_state_of_an_agent_is_kept_by_thread_and_name() -> None:
    state = {"type": "STATE_SNAPSHOT", "snapshot": {"topic": "cats"}}
    runtime = CopilotRuntime({"default": Scripted(state, *text("m1", "Hello"))})
    await ran(runtime, asking())
    saved = await runtime.saved_states.load("t1", "default", ANN)
    assert saved is not None
    assert saved.state == {"topic": "cats"}
    assert [message["id"] for message in saved.messages] == ["u-hi", "m1"]


async def test_a_second_page_that_has_not_seen_the_thread_loses_nothing() -> None:
    runtime = CopilotRuntime(
        {"default": Scripted(*text("m1", "A")), "b": Scripted(*text("m2", "B"))}
    )
    await ran(runtime, asking("one"))
    await ran(runtime, asking("two"))
    saved = await runtime.saved_states.load("t1", "default", ANN)
    assert saved is not None
    assert [message["id"] for message in saved.messages] == ["u-one", "m1", "u-two"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("a" * 1001, "1001 characters; an id has at most 1000"),
        ("a\n", r"U\+000A"),
        ("\0", r"U\+0000"),
        ("\x7f", r"U\+007F"),
        ("\x9b", r"U\+009B"),
        ("\ud83d", r"U\+D83D"),
        ("\u2028", r"U\+2028"),
    ],
)
async def test_ids_that_break_lines_or_are_absurdly_long_are_refused(bad: str, says: str) -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    with pytest.raises(InvalidInput, match=f"^thread_id: .*{says}"):
        await runtime.start(asking(thread=bad))
    with pytest.raises(InvalidInput, match=f"^run_id: .*{says}"):
        await runtime.start(asking(run=bad))


async def connected(runtime: CopilotRuntime, after: Cursor | None = None) -> list[Event]:
    events: list[Event] = []
    async with aclosing(runtime.threads.connect("t1", ANN, after)) as batches:
        async for batch in batches:
            events += [record.event for record in batch.records]
    return events


async def test_who_connects_to_an_idle_thread_reads_it_to_its_end() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    first = await ran(runtime, asking("one"))
    second = await ran(runtime, asking("two"))
    assert await connected(runtime) == [*first, *second]
    end = await runtime.store.log.end("t1")
    assert await connected(runtime, end) == []


async def test_who_connects_to_a_running_thread_reads_it_to_the_end_of_that_run() -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello")), "waiting": agent})
    first = await ran(runtime, asking("one", run="r1"))
    live = await runtime.start(asking("two", run="r1", agent="waiting"))
    reader = asyncio.create_task(connected(runtime))
    await asyncio.sleep(0)
    agent.go.set()
    assert await reader == [*first, *await told(live)]


async def answer(request: RunAgentInput) -> AsyncIterator[Event]:
    """A message of its own in every run."""
    for event in text(f"a-{request.run_id}", "Hello"):
        yield event


async def regenerated(runtime: CopilotRuntime, run: str) -> None:
    """Ask for another answer to the second message."""
    sent = [
        {"id": "u-one", "role": "user", "content": "one"},
        {"id": "a-r1", "role": "assistant", "content": "Hello"},
        {"id": "u-two", "role": "user", "content": "two"},
    ]
    await ran(runtime, asking(run=run, messages=sent))


async def test_who_reads_later_sees_the_regenerated_answer_alone() -> None:
    runtime = CopilotRuntime({"default": answer})
    await ran(runtime, asking("one", run="r1"))
    await ran(runtime, asking("two", run="r2"))
    for again in ("r3", "r4"):
        await regenerated(runtime, again)
        messages = fold(await connected(runtime)).messages
        assert [m["id"] for m in messages] == ["u-one", "a-r1", "u-two", f"a-{again}"]


async def test_a_regenerated_answer_takes_nothing_back_that_another_agent_said() -> None:
    runtime = CopilotRuntime({"default": answer, "other": answer})
    await ran(runtime, asking("one", run="r1"))
    await ran(runtime, asking("aside", run="r0", agent="other"))
    await ran(runtime, asking("two", run="r2"))
    await regenerated(runtime, "r3")
    assert "a-r0" in [m["id"] for m in fold(await connected(runtime)).messages]


async def test_a_page_that_holds_no_state_does_not_wipe_the_agents() -> None:
    runtime = CopilotRuntime({"default": answer})
    await runtime.saved_states.save("t1", "default", ANN, StateUpdate({"notes": ["keep me"]}))
    await ran(runtime, asking("one"))
    kept = await runtime.saved_states.load("t1", "default", ANN)
    assert kept is not None
    assert kept.state == {"notes": ["keep me"]}
