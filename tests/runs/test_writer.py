"""How a run writes to a store that takes its time: its agent goes on, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import (
    AguiError,
    Conflict,
    StoreFailed,
    StoreFull,
    StoreUnavailable,
    TooLarge,
)
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runs.writer import AHEAD, RunWriter
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import Lease, RunEnd
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.store import MemoryRunLog, MemoryStateStore, MemoryThreadIndex
from agui_runtime.stores.memory.thread_table import MemoryLimits, ThreadTable
from tests.runtime.worlds import ANN, asking, call, ran, text, told as heard

RUN = RunInfo("t1", "r1", "default", "ann", 1.0)
AWAY = Lease(RUN, 1, Cursor("e", 0), renew_every=2.0)


class Gated(MemoryRunLog):
    """A log whose writes wait for a gate; `writes` are those that were let through."""

    def __init__(self, refusal: Exception | None = None) -> None:
        super().__init__(ThreadTable(MemoryLimits(), time.time))
        self.gate, self.asked = asyncio.Event(), asyncio.Event()
        self.writes: list[list[Event]] = []
        self._refusal = refusal

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        self.asked.set()
        await self.gate.wait()
        if self._refusal is not None:
            raise self._refusal
        self.writes.append(list(events))


def event(number: int, kind: str = "TEXT_MESSAGE_CONTENT") -> Event:
    return {"type": kind, "number": number}


def journal(log: Gated, failures: list[AguiError] | None = None, lease: Lease = AWAY) -> RunWriter:
    told = list[AguiError]() if failures is None else failures
    return RunWriter(log, lease, told.append)


async def test_what_gathers_during_a_write_is_written_together() -> None:
    log = Gated()
    writing = journal(log)
    await writing.add([event(0)])
    await log.asked.wait()
    for number in (1, 2, 3):
        await writing.add([event(number)])
    log.gate.set()
    await writing.flush()
    assert log.writes == [[event(0)], [event(1), event(2), event(3)]]


async def test_an_agent_that_is_far_ahead_waits() -> None:
    log = Gated()
    writing = journal(log)

    async def talk() -> None:
        for number in range(2 * AHEAD):
            await writing.add([event(number)])

    talking = asyncio.create_task(talk())
    await log.asked.wait()
    assert not talking.done()
    log.gate.set()
    await talking
    await writing.flush()
    assert [each["number"] for write in log.writes for each in write] == list(range(2 * AHEAD))


async def test_a_call_is_stored_before_its_tool_can_start() -> None:
    log = Gated()
    log.gate.set()
    writing = journal(log)
    await writing.add([event(0)])
    await writing.add([event(1, "TOOL_CALL_END")])
    assert [each for write in log.writes for each in write] == [event(0), event(1, "TOOL_CALL_END")]


async def test_a_refused_write_is_told_once_and_what_follows_is_handed_back() -> None:
    log, failures = Gated(TooLarge("too much")), list[AguiError]()
    writing = journal(log, failures)
    await writing.add([event(0)])
    await log.asked.wait()
    await writing.add([event(1)])
    log.gate.set()
    with pytest.raises(TooLarge):
        await writing.flush()
    with pytest.raises(TooLarge):
        await writing.add([event(2)])
    assert await writing.rest() == [event(1), event(2)]
    assert [failure.code for failure in failures] == ["TOO_LARGE"]


async def test_what_a_full_store_turned_away_goes_with_the_rest() -> None:
    log = Gated(StoreFull())
    writing = journal(log)
    await writing.add([event(0)])
    await log.asked.wait()
    await writing.add([event(1)])
    resting = asyncio.create_task(writing.rest())
    log.gate.set()
    assert await resting == [event(0), event(1)]


async def test_a_write_that_dies_unexpectedly_is_told_at_once_and_nothing_follows_upon_the_gap(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, failures = Gated(TypeError("a client's fault")), list[AguiError]()
    writing = journal(log, failures)
    await writing.add([event(0)])
    await log.asked.wait()
    await writing.add([event(1)])
    log.gate.set()
    with pytest.raises(StoreFailed):
        await writing.flush()
    assert await writing.rest() == ()
    assert [failure.code for failure in failures] == ["STORE_FAILED"]
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "run r1 of thread t1" in line.getMessage()


class Failing(MemoryRunLog):
    """A log that breaks once at an event or at the end, if not told else in a way that no store
    knows.
    """

    def __init__(self, *, leased: bool, at: str, error: Exception | None = None) -> None:
        self.table = ThreadTable(MemoryLimits(), time.time)
        super().__init__(self.table)
        self._leased = leased
        self._at = at
        self._error = error or TypeError("a client's fault")

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        lease = await super().claim(run, on_stop)
        if self._leased:
            lease = replace(lease, renew_every=60.0)
            self.table.find(run.thread_id).lease = lease
        return lease

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        if any(each["type"] == self._at for each in events):
            self._at = ""
            raise self._error
        await super().append(lease, events)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        if self._at == "end":
            self._at = ""
            raise self._error
        await super().release(lease, end)


@pytest.mark.parametrize("leased", [False, True])
@pytest.mark.parametrize("at", ["TEXT_MESSAGE_START", "TOOL_CALL_END", "CUSTOM", "end"])
async def test_a_run_whose_writes_die_ends_at_once_and_the_next_one_is_clean(
    at: str, leased: bool
) -> None:
    forever = asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in (*text("m1", "Hello"), *call("c1", "f", "{}")):
            yield each
        if at == "CUSTOM" and request.run_id == "r1":
            yield {"type": "CUSTOM", "name": "n", "value": 1}
            await forever.wait()

    store = MemoryStore()
    store.log = Failing(leased=leased, at=at)
    store.states, store.threads = (
        MemoryStateStore(store.log.table),
        MemoryThreadIndex(store.log.table),
    )
    runtime = CopilotRuntime({"default": agent}, store=store)
    first = await ran(runtime, asking(run="r1"))
    second = await ran(runtime, asking(run="r2"))
    assert first[-1]["code"] == "STORE_FAILED"
    assert [each["type"] for each in first].count("RUN_ERROR") == 1
    assert second[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("error", [StoreFull(), StoreUnavailable("down")])
async def test_no_run_ends_well_whose_last_words_the_store_does_not_take(error: AguiError) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Hello")[:-1]:
            yield each
        yield {"type": "RUN_FINISHED", "threadId": request.thread_id, "runId": request.run_id}

    store = MemoryStore()
    store.log = log = Failing(leased=False, at="TEXT_MESSAGE_CONTENT", error=error)
    store.states, store.threads = MemoryStateStore(log.table), MemoryThreadIndex(log.table)
    *_, closer, end = await ran(CopilotRuntime({"default": agent}, store=store), asking())
    assert (end["type"], end.get("code")) == ("RUN_ERROR", "STORE_UNAVAILABLE")
    assert (closer["type"], closer["metadata"]) == ("TEXT_MESSAGE_END", {"cut": "error"})


async def test_the_rest_waits_for_the_write_under_way_and_starts_none() -> None:
    log = Gated()
    writing = journal(log)
    await writing.add([event(0)])
    await log.asked.wait()
    await writing.add([event(1)])
    ending = asyncio.create_task(writing.rest())
    await asyncio.sleep(0)
    log.gate.set()
    assert await ending == [event(1)]
    assert log.writes == [[event(0)]]


async def test_a_store_in_this_process_gets_each_event_at_once() -> None:
    log = Gated()
    log.gate.set()
    writing = journal(log, lease=Lease(RUN, 1, Cursor("e", 0)))
    await writing.add([event(0)])
    assert log.writes == [[event(0)]]


async def test_a_state_is_saved_while_its_run_goes_on() -> None:
    said, go = asyncio.Event(), asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"step": 1}}
        said.set()
        await go.wait()
        yield {"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/step", "value": 2}]}

    options = Options(limits=RunLimits(save_every=0))
    runtime = CopilotRuntime({"default": agent}, store=MemoryStore(), options=options)
    handle = await runtime.start(asking())
    await said.wait()
    during = await runtime.saved_states.load("t1", "default", ANN)
    go.set()
    await heard(handle)
    after = await runtime.saved_states.load("t1", "default", ANN)
    assert during is not None
    assert after is not None
    assert (during.state, after.state) == ({"step": 1}, {"step": 2})
    assert during.version < after.version
    with pytest.raises(Conflict):
        await runtime.saved_states.save(
            "t1", "default", ANN, StateUpdate({}, expected_version=during.version)
        )


class Stalled(Failing):
    """A log far away that takes no words until its gate is open."""

    def __init__(self) -> None:
        super().__init__(leased=True, at="")
        self.gate = asyncio.Event()

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        if events[0]["type"] == "TEXT_MESSAGE_CONTENT":
            await self.gate.wait()
        await super().append(lease, events)


async def test_a_timeout_of_the_agents_own_does_not_cut_a_run_that_waits_for_its_store() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        start, word, end = text("m1", "x")
        yield start
        for number in range(2 * AHEAD):
            try:
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            except TimeoutError:
                yield word
            if number == AHEAD // 2:
                asyncio.get_running_loop().call_later(0.05, log.gate.set)
        yield end

    store, log = MemoryStore(), Stalled()
    store.log = log
    store.states, store.threads = MemoryStateStore(log.table), MemoryThreadIndex(log.table)
    events = await ran(CopilotRuntime({"default": agent}, store=store), asking())
    assert events[-1]["type"] == "RUN_FINISHED"
    assert [each["type"] for each in events].count("TEXT_MESSAGE_CONTENT") == 2 * AHEAD
