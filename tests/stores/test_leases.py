"""What keeps a lease, and what ends it: silence, an event loop that is stuck, a store that forgot.

Here each store stands for a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Busy, Gone, OwnerLost, ThreadNotFound
from agui_runtime.core.events import Cursor, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.sql import SqlLimits
from agui_runtime.stores.states import StateStoreManager
from tests.runtime.worlds import asking, told
from tests.stores.clocks import Clocks
from tests.stores.databases import AnyStore, Place, Processes
from tests.stores.ends import START, ended
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read

LONG = SqlLimits(lease=60, hung=60)
HUNG = "the event loop has not turned"


async def renewed(place: Place[AnyStore]) -> None:
    """Return when the live run's lease was renewed, and again by who began to do so after this."""
    for _ in range(2):
        before = await place.lapses_at()
        while await place.lapses_at() == before:  # noqa: ASYNC110  # no word comes
            await asyncio.sleep(0.01)


def hold_up(work: Coroutine[Any, Any, None]) -> None:
    """The event loop, until the work is done in a thread: no agent must do so, and some do."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def test_a_run_whose_process_is_silent_is_ended_by_the_next_start(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(silent, a_run())
    await silent.log.append(lease, [START, delta(0)])
    clock.now += 7
    assert (await claimed(other, a_run(run="r2"))).fresh
    kinds = [record.event["type"] for record in await read(other, 4)]
    assert kinds[2:] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    with pytest.raises(OwnerLost):
        await silent.log.append(lease, [delta(1)])
    lost = asyncio.Event()
    with silent.log.keep(lease, lost.set):
        await lost.wait()
    assert [run.status for run in await other.threads.runs("t1")] == ["failed", "running"]


async def test_a_run_that_was_lost_before_it_began_leaves_the_next_one_what_was_saved_by_hand(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    await other.threads.obtain("t1", "ann", "default")
    await StateStoreManager(other).save("t1", "default", AgentState({"plan": "edited"}))
    edited = await other.states.load("t1", "default")
    await claimed(silent, a_run())
    clock.now += 7
    await other.log.end_lost_run("t1")
    saved = await other.states.load("t1", "default")
    assert saved and edited
    assert (saved.state, saved.replaced) == ({"plan": "edited"}, edited.replaced)
    assert saved.replaced


async def test_a_lost_run_keeps_what_it_wrote_and_answers_its_open_call(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(silent, a_run())
    call = {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "pay"}
    snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"step": 2}}
    await silent.log.append(lease, [START, delta(0), snapshot, call])
    clock.now += 7
    await other.log.end_lost_run("t1")
    saved = await other.states.load("t1", "default")
    assert saved is not None
    assert saved.state == {"step": 2}
    assert [message["role"] for message in saved.messages] == ["assistant", "assistant", "tool"]


async def test_somebody_notices_a_dead_process_without_being_asked(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    await silent.log.append(await claimed(silent, a_run()), [START])
    clock.now += 7
    records = await ended(other)
    assert records[-1].event["code"] == "OWNER_LOST"
    assert await other.log.active("t1") is None


@pytest.mark.usefixtures("busy_renewals")
async def test_a_busy_event_loop_loses_no_lease(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    owner = await made.start(LONG)
    lease, lost = await claimed(owner, a_run()), asyncio.Event()
    with owner.log.keep(lease, lost.set):
        hold_up(renewed(place))
        await owner.log.append(lease, [delta(0)])
        assert not lost.is_set()


@pytest.mark.usefixtures("busy_renewals")
async def test_a_run_that_ends_while_its_lease_is_renewed_has_not_lost_it(
    made: Processes[AnyStore],
) -> None:
    owner, lost = await made.start(LONG), list[str]()

    async def run(number: int) -> None:
        name = f"t{number}"
        lease = await claimed(owner, a_run(name, f"r-{name}"))
        with owner.log.keep(lease, lambda: lost.append(name)):
            await finish(owner, lease)

    for first in range(0, 240, 8):
        await asyncio.gather(*(run(first + each) for each in range(8)))
    assert lost == []


@pytest.mark.usefixtures("busy_renewals")
async def test_an_event_loop_that_is_dead_gives_its_leases_up(
    made: Processes[AnyStore],
    place: Place[AnyStore],
    clocks: Clocks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def dying() -> None:
        clocks.ahead += 40
        await renewed(place)
        clocks.ahead += 40
        while HUNG not in caplog.text:  # noqa: ASYNC110  # in another thread
            await asyncio.sleep(0.01)
        clocks.ahead += 40

    owner = await made.start(LONG, clocks)
    lease, lost = await claimed(owner, a_run()), asyncio.Event()
    with owner.log.keep(lease, lost.set):
        await owner.log.append(lease, [START])
        hold_up(dying())
        with pytest.raises(OwnerLost):
            await owner.log.append(lease, [delta(0)])
        await lost.wait()
    records = await ended(owner)
    assert records[-1].event["type"] == "RUN_ERROR"


@pytest.mark.usefixtures("busy_renewals")
async def test_an_event_loop_that_had_no_lease_for_long_is_not_taken_for_dead(
    made: Processes[AnyStore],
    place: Place[AnyStore],
    clocks: Clocks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner = await made.start(LONG, clocks)
    clocks.ahead += 61  # longer than `hung`, with nothing to renew
    await clocks.read(2)  # a connection's first use, and a look for what is due
    lease = await claimed(owner, a_run())
    with owner.log.keep(lease, lambda: None):
        await renewed(place)
    assert HUNG not in caplog.text


async def test_a_writer_whose_latest_records_were_forgotten_loses_its_lease(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    await store.log.append(lease, [START])
    await store.log.append(lease, [delta(1)])
    await place.rewind(1)
    with pytest.raises(OwnerLost):
        await store.log.append(lease, [delta(2)])
    with pytest.raises(Gone):
        await read(store, 1, Cursor(lease.start.epoch, 1))


async def test_a_late_owner_that_writes_while_another_ends_its_run_loses_no_history(
    made: Processes[AnyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    late, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(late, a_run())
    await late.log.append(lease, [START])
    before = await other.log.end("t1")
    clock.now += 7
    load = other.states.load

    async def meanwhile(thread_id: str, agent: str) -> AgentState | None:
        await late.log.append(lease, [delta(0)])
        return await load(thread_id, agent)

    monkeypatch.setattr(other.states, "load", meanwhile)
    await other.log.end_lost_run("t1")
    monkeypatch.undo()
    assert [record.event for record in await read(other, 1, before)] == [delta(0)]
    await other.log.end_lost_run("t1")
    kinds = [record.event["type"] for record in await read(other, 3, before)]
    assert kinds == ["TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_ERROR"]
    with pytest.raises(OwnerLost):
        await late.log.append(lease, [delta(1)])


async def test_a_claim_whose_caller_has_gone_holds_nobody_up(made: Processes[AnyStore]) -> None:
    store = await made.start(clock=Clock())
    claiming = asyncio.create_task(claimed(store, a_run()))
    await asyncio.sleep(0)
    claiming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claiming
    while True:
        try:
            assert (await claimed(store, a_run(run="r2"))).fresh
        except Busy:
            await asyncio.sleep(0)
        else:
            break


@pytest.mark.usefixtures("busy_renewals")
async def test_a_renewed_lease_stays(made: Processes[AnyStore], place: Place[AnyStore]) -> None:
    clock = Clock()
    owner, other = await made.start(LONG, clock), await made.start(LONG, clock)
    lease = await claimed(owner, a_run())
    with owner.log.keep(lease, ignore):
        for _ in range(4):
            clock.now += 40
            while await place.lapses_at() < clock.now + 60:  # noqa: ASYNC110  # no word comes
                await asyncio.sleep(0.02)
            await other.log.end_lost_run("t1")
        await owner.log.append(lease, [delta(0)])


async def test_readers_and_owner_learn_that_everything_was_deleted(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    owner, other = await made.start(), await made.start()
    lease, lost = await claimed(owner, a_run()), asyncio.Event()
    await owner.log.append(lease, [START])
    following = [asyncio.create_task(read(store, 2)) for store in (owner, other)]
    await read(other, 1)
    with owner.log.keep(lease, lost.set):
        await place.clear()
        await lost.wait()
    with pytest.raises(OwnerLost):
        await following[0]
    with pytest.raises((Gone, ThreadNotFound)):
        await following[1]


async def test_readers_of_a_run_whose_thread_was_deleted_have_its_end(
    place: Place[AnyStore],
) -> None:
    cleared = asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield START
        await cleared.wait()
        while True:
            yield delta(0)
            await asyncio.sleep(0.01)

    runtime = CopilotRuntime({"default": agent}, store=place.store())
    async with runtime.lifespan():
        handle = await runtime.start(asking())
        reading = asyncio.create_task(told(handle))
        await place.clear()
        cleared.set()
        with pytest.raises(OwnerLost):
            await reading
